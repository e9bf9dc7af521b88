package journal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// folded is a case about a pod of web that runs one image, as of a day of the tests.
func folded(t *testing.T, name string, day int, more ...inspect.Event) *inspect.Case {
	t.Helper()
	at := inspect.At(noon.AddDate(0, 0, day))
	i := image(name)
	facts := []inspect.Event{
		{Fact: inspect.Header{Target: inspect.Target{Kind: inspect.TargetPod, Name: "pod/web-0", Context: web.Cluster}}},
		{Fact: inspect.Pod{
			Name: "web-0", Namespace: web.Namespace, Created: inspect.At(at.Add(-2 * time.Hour)),
			Owner: []inspect.Owner{{Kind: "Deployment", Name: "web"}},
			Containers: []inspect.Container{{
				Name: "app", Reference: "registry.example/shop/web:1",
				ImageID: "registry.example/shop/web@" + i.Digest, Started: inspect.At(at.Add(-time.Hour)),
			}},
		}},
		{Container: "app", Fact: i.ImageHead},
		{Container: "app", Fact: inspect.Packages{List: i.Packages}},
		{Container: "app", Fact: i.Layers[0]},
	}
	facts = append(facts, more...)
	for _, check := range []string{"layers", "packages", "binaries", "advisories"} {
		facts = append(facts, inspect.Event{Check: check, Container: "app", Fact: inspect.Begin{}},
			inspect.Event{Check: check, Container: "app", Fact: inspect.End{Status: inspect.CheckDone}})
	}
	facts = append(facts, inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}})
	c := &inspect.Case{}
	for _, e := range facts {
		c.Apply(e.Stamped(at))
	}
	return c
}

func fold(t *testing.T, j *Journal, c *inspect.Case) {
	t.Helper()
	err := j.Fold(t.Context(), c, func(inspect.Image) ([]File, error) { return someFiles, nil })
	if err != nil {
		t.Fatal(err)
	}
}

func TestACaseIsFolded(t *testing.T) {
	j := opened(t)
	fold(t, j, folded(t, "a", 0))
	if _, err := j.Image(t.Context(), digest("a"), Full); err != nil {
		t.Error(err)
	}
	runs, err := j.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v", runs, err)
	}
	r := runs[0]
	if r.Place != web || !r.First.Equal(noon.Add(-time.Hour)) || !r.Last.Equal(noon) {
		t.Errorf("%+v", r)
	}
}

func TestADumpProvesNothingAboutNow(t *testing.T) {
	j := opened(t)
	c := folded(t, "a", 0)
	c.Target.Context = "snapshot dump.json"
	fold(t, j, c)
	runs, err := j.Runs(t.Context())
	if err != nil || len(runs) != 1 || !runs[0].Last.Equal(noon.Add(-time.Hour)) {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestWhatWasNotLookedAtIsNotStored(t *testing.T) {
	blocked := inspect.Event{Check: "binaries", Container: "app", Fact: inspect.End{Status: inspect.CheckBlocked}}
	c := folded(t, "a", 0)
	c.Apply(blocked)
	if d := DepthOf(c, "app"); d != Packages {
		t.Errorf("without the binaries: %s", d)
	}
	blocked.Check = "layers"
	c.Apply(blocked)
	if d := DepthOf(c, "app"); d != Identity {
		t.Errorf("without the layers: %s", d)
	}
	if d := DepthOf(c, "sidecar"); d != 0 {
		t.Errorf("of a container that is not there: %s", d)
	}
}

func TestFilesThatCannotBeReadLowerTheDepth(t *testing.T) {
	j, broken := opened(t), errors.New("broken")
	err := j.Fold(t.Context(), folded(t, "a", 0), func(inspect.Image) ([]File, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := j.Image(t.Context(), digest("a"), Packages); err != nil {
		t.Error(err)
	}
	if _, err := j.Image(t.Context(), digest("a"), Full); !errors.Is(err, ErrNotStored) {
		t.Errorf("error %v", err)
	}
}

func TestTheImageThatTheTagMeantBeforeIsACandidate(t *testing.T) {
	j := opened(t)
	fold(t, j, folded(t, "a", 0))
	fold(t, j, folded(t, "a", 40))
	fold(t, j, folded(t, "b", 41))
	got, err := j.Candidates(t.Context(), web, "registry.example/shop/web:1", digest("b"))
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	c := got[0]
	if c.Location != "registry.example/shop/web@"+digest("a") || c.Confidence != "high" {
		t.Errorf("%+v", c)
	}
	for _, want := range []string{"this tag meant sha256:aaaaaaaaaaaa", "until 2026-04-10", "ran 40 days without a recorded alert"} {
		if !strings.Contains(c.Why, want) {
			t.Errorf("%q does not contain %q", c.Why, want)
		}
	}
	if got, err := j.Candidates(t.Context(), web, "registry.example/shop/web:1", digest("a")); err != nil || len(got) != 0 {
		t.Errorf("what ran later is no candidate: %+v, %v", got, err)
	}
}

func TestAlertsAndFindingsLowerTheConfidence(t *testing.T) {
	alert := inspect.Event{Fact: inspect.Alert{
		ID: "1", Rule: "Terminal shell", Time: inspect.At(noon), Subject: "app",
		Match: inspect.MatchDigest,
	}}
	finding := inspect.Event{Fact: inspect.Finding{ID: "1", Severity: inspect.Critical, Subject: "app:/usr/bin/top"}}
	for want, more := range map[string]inspect.Event{"1 rule raised alerts": alert, "1 high or critical finding": finding} {
		j := opened(t)
		fold(t, j, folded(t, "a", 0, more))
		fold(t, j, folded(t, "a", 20, more))
		fold(t, j, folded(t, "b", 21, more)) // the next image has it too: that clears nothing
		got, err := j.Candidates(t.Context(), web, "registry.example/shop/web:1", digest("b"))
		if err != nil || len(got) != 1 || got[0].Confidence != "low" || !strings.Contains(got[0].Why, want) {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
}

func TestTheSameTagElsewhereIsAWeakerCandidate(t *testing.T) {
	j := opened(t)
	fold(t, j, folded(t, "a", 0))
	other := web
	other.Workload = "deployment/api"
	got, err := j.Candidates(t.Context(), other, "registry.example/shop/web:1", digest("b"))
	if err != nil || len(got) != 1 || got[0].Confidence != "low" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestADamagedFileIsReplacedWhileItIsUsed(t *testing.T) {
	path, tried := Path(t.TempDir()), 0
	notice, err := Record(t.Context(), path, func(j *Journal) error {
		if tried++; tried == 1 {
			return ErrDamaged
		}
		return j.See(t.Context(), []Sighting{saw("shop/web:1", digest("a"), noon)})
	})
	if err != nil || tried != 2 || !strings.Contains(notice, ".damaged-") {
		t.Errorf("tried %d times, notice %q, %v", tried, notice, err)
	}
}
