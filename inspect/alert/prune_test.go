package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// ofWeb says that alerts about pods web-… belong to pods of the cluster.
func ofWeb(a *Alert) string {
	if strings.HasPrefix(a.Pod, "web-") {
		return a.Pod
	}
	return ""
}

func TestInventedRulesDoNotPushOutTheAlertsOfAPod(t *testing.T) {
	s := newStore(t, 100)
	s.KnowPods(ofWeb)
	f := s.Open(KindFile, "falco.log")
	take(t, f, said("Shell", "web-0", "/bin/sh", "a", 0), said("Drop", "web-1", "/tmp/x", "a", 0))
	for i := range 1000 {
		take(t, f, said(fmt.Sprint("invented ", i), fmt.Sprint("nowhere-", i), "/x", "a", i))
	}
	for number, rule := range map[string]string{"1": "Shell", "2": "Drop"} {
		if a, ok := s.Find(number); !ok || a.Rule != rule || a.Line == "" {
			t.Errorf("alert %s is %q, %v, line %q", number, a.Rule, ok, a.Line)
		}
	}
	if n := len(all(s)); n > 100 {
		t.Errorf("%d entries", n)
	}
}

// Whoever floods one pod with alerts cannot push out those of another.
func TestEachPodHasItsShare(t *testing.T) {
	s := newStore(t, 100)
	s.KnowPods(ofWeb)
	f := s.Open(KindFile, "falco.log")
	take(t, f, said("Shell", "web-0", "/bin/sh", "a", 0))
	for i := range 1000 {
		take(t, f, said(fmt.Sprint("invented ", i), "web-9", "/x", "a", i))
	}
	if a, ok := s.Find("1"); !ok || a.Rule != "Shell" {
		t.Errorf("alert 1 is %q, %v", a.Rule, ok)
	}
}

// Beyond the newest the texts go and the counts stay.
func TestOldTextsAreDropped(t *testing.T) {
	s := newStore(t, 0)
	s.texts = 50
	f := s.Open(KindFile, "falco.log")
	for i := range 120 {
		line := said("R", fmt.Sprint("pod-", i), "/x", "a", i)
		take(t, f, line, line)
	}
	list := all(s)
	if len(list) != 120 || s.full > 50 {
		t.Fatalf("%d entries, %d with their text", len(list), s.full)
	}
	for i, a := range list {
		if a.Count != 2 || a.Raw == "" || a.Path != "/x" {
			t.Errorf("alert %d: count %d, digest %q, path %q", i, a.Count, a.Raw, a.Path)
		}
	}
	if list[0].Line != "" || list[119].Line == "" || list[119].Output == "" {
		t.Errorf("the first has line %q, the last %q", list[0].Line, list[119].Line)
	}
	if notes := s.Summary().Notes; len(notes) != 1 || !strings.Contains(notes[0], "their counts are complete") {
		t.Errorf("notes %q", notes)
	}
}

// Lines of a megabyte do not fill the memory.
func TestTextsAreBoundedInBytes(t *testing.T) {
	s := newStore(t, 0)
	f := s.Open(KindFile, "x")
	long := strings.Repeat("x", 400<<10)
	for i := range 150 {
		take(t, f, said("R", fmt.Sprint("pod-", i), "/x", long, i))
	}
	if s.size > maxTextSize+2<<20 || len(all(s)) != 150 {
		t.Errorf("%d bytes of %d alerts", s.size, len(all(s)))
	}
}

// At the bounds feeds wait for the pods, so that nothing is dropped that belongs to one.
func TestFeedsWaitForThePods(t *testing.T) {
	s := newStore(t, 10)
	s.AwaitPods()
	f := s.Open(KindFile, "x")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		take(t, f, said("Shell", "web-0", "/bin/sh", "a", 0))
		for i := range 50 {
			take(t, f, said(fmt.Sprint("invented ", i), "nowhere", "/x", "a", i))
		}
	}()
	<-s.AtLimit()
	select {
	case <-ended:
		t.Error("nothing waited")
	case <-time.After(20 * time.Millisecond):
	}
	if got := s.Namespaces(); len(got) != 1 || got[0] != "shop" {
		t.Errorf("meanwhile the namespaces are %v", got)
	}
	s.KnowPods(ofWeb)
	<-ended
	if a, ok := s.Find("1"); !ok || a.Rule != "Shell" {
		t.Errorf("alert 1 is %q, %v", a.Rule, ok)
	}
	if n := s.Summary().Alerts; n != 51 {
		t.Errorf("%d alerts", n)
	}
}
