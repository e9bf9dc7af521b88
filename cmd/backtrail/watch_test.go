package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// watched is a session whose list of pods is kept fresh.
type watched struct {
	t     *testing.T
	s     *session
	feed  *alert.Feed
	lists chan inspect.PodList
	ended chan error
	last  inspect.PodList
}

func watchList(t *testing.T, server *apiServer, change func(s *session)) *watched {
	t.Helper()
	f := &flags{kubeconfig: server.kubeconfig(t), cache: t.TempDir()}
	s, err := newSession(f, streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	s.alerts.Preset, s.alerts.File = nil, ""
	if err := s.alerts.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	w := &watched{t: t, s: s, feed: s.alerts.Store.Open(alert.KindFile, "x"), lists: make(chan inspect.PodList, 100), ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() { w.ended <- s.lister.Watch(ctx, true, func(l inspect.PodList) { w.lists <- l }) }()
	return w
}

func (w *watched) alert(lines ...string) {
	w.t.Helper()
	if _, err := alert.Scan(strings.NewReader(strings.Join(lines, "\n")), alert.Limits{}, func(b alert.Batch) bool { w.feed.Append(b); return true }); err != nil {
		w.t.Fatal(err)
	}
}

// until waits for a list that is as it should be.
func (w *watched) until(what string, is func(l inspect.PodList) bool) inspect.PodList {
	w.t.Helper()
	deadline := time.After(15 * time.Second)
	for {
		if is(w.last) {
			return w.last
		}
		select {
		case w.last = <-w.lists:
		case err := <-w.ended:
			w.t.Fatalf("%s: the list ended with %v", what, err)
		case <-deadline:
			w.t.Fatalf("%s: the last list is %+v", what, w.last)
		}
	}
}

// rows are the pods of a list in their order, with their alerts.
func rows(l inspect.PodList) string {
	var all []string
	for _, p := range l.Pods {
		text := p.Name
		for _, a := range p.Alerts {
			text += "!" + a.Rule
		}
		if p.Gone != nil {
			text += " gone→" + p.Gone.ReplacedBy
			if p.Gone.Digest == inspect.SameDigest {
				text += "="
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestThePodsAreWatched(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0), webPod("web-7d9c5b6f48-bbbbb", "b", 0))
	w := watchList(t, server, nil)
	w.until("the first list", func(l inspect.PodList) bool { return l.State.Whole && len(l.Pods) == 2 })
	w.until("live", func(l inspect.PodList) bool { return l.State.Live })

	w.alert(falcoLine("Shell", "Warning", "b", "web-7d9c5b6f48-bbbbb", 5))
	w.until("an alert", func(l inspect.PodList) bool {
		return rows(l) == "web-7d9c5b6f48-bbbbb!Shell, web-7d9c5b6f48-aaaaa" && l.Said == 1 && l.Sources[0].Name == "x"
	})
	server.apply("DELETED", webPod("web-7d9c5b6f48-bbbbb", "b", 0))
	server.apply("DELETED", webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	server.apply("ADDED", webPod("web-7d9c5b6f48-ccccc", "c", 60))
	w.until("a flagged pod that is gone stays, another does not", func(l inspect.PodList) bool {
		return rows(l) == "web-7d9c5b6f48-bbbbb!Shell gone→web-7d9c5b6f48-ccccc=, web-7d9c5b6f48-ccccc"
	})
	w.alert(falcoLine("Late", "Critical", "a", "web-7d9c5b6f48-aaaaa", 6))
	w.until("an alert about a pod that has just gone", func(l inspect.PodList) bool {
		return strings.HasPrefix(rows(l), "web-7d9c5b6f48-aaaaa!Late gone→web-7d9c5b6f48-ccccc=, web-7d9c5b6f48-bbbbb!Shell gone→")
	})
	restarted := webPod("web-7d9c5b6f48-ccccc", "d", 60)
	restarted.Status.ContainerStatuses[0].RestartCount = 1
	server.apply("MODIFIED", restarted)
	w.alert(falcoLine("Again", "Critical", "d", "web-7d9c5b6f48-ccccc", 70))
	w.until("an alert about a container that was started since", func(l inspect.PodList) bool {
		return strings.Contains(rows(l), "web-7d9c5b6f48-ccccc!Again")
	})
}

// Times are in seconds: a pod of the same second takes the place of one that is gone if it came later, and a sibling that
// was there with it does not.
func TestAPodOfTheSameSecondTakesThePlace(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0), webPod("web-7d9c5b6f48-bbbbb", "b", 0))
	w := watchList(t, server, nil)
	w.alert(falcoLine("Shell", "Warning", "a", "web-7d9c5b6f48-aaaaa", 5))
	w.until("live", func(l inspect.PodList) bool {
		return l.State.Live && rows(l) == "web-7d9c5b6f48-aaaaa!Shell, web-7d9c5b6f48-bbbbb"
	})
	server.apply("DELETED", webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	w.until("gone", func(l inspect.PodList) bool {
		return rows(l) == "web-7d9c5b6f48-aaaaa!Shell gone→, web-7d9c5b6f48-bbbbb"
	})
	server.apply("ADDED", webPod("web-7d9c5b6f48-ccccc", "c", 0))
	w.until("replaced", func(l inspect.PodList) bool {
		return rows(l) == "web-7d9c5b6f48-aaaaa!Shell gone→web-7d9c5b6f48-ccccc=, web-7d9c5b6f48-bbbbb, web-7d9c5b6f48-ccccc"
	})
}

// A connection that is lost is said, with the time of the last news, and nothing ends; it goes on by itself.
func TestALostConnectionIsTakenUpAgain(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	w := watchList(t, server, nil)
	w.until("live", func(l inspect.PodList) bool { return l.State.Live && l.State.Lost == "" })
	server.set(func() { server.down = true })
	lost := w.until("lost", func(l inspect.PodList) bool { return l.State.Lost != "" })
	if len(lost.Pods) != 1 || lost.State.AsOf.IsZero() {
		t.Errorf("while it is lost: %+v", lost)
	}
	w.alert(falcoLine("Shell", "Warning", "a", "web-7d9c5b6f48-aaaaa", 5))
	w.until("alerts come all the same", func(l inspect.PodList) bool { return rows(l) == "web-7d9c5b6f48-aaaaa!Shell" && l.State.Lost != "" })
	server.set(func() { server.down = false })
	w.until("back", func(l inspect.PodList) bool { return l.State.Lost == "" && l.State.Live })
	server.apply("ADDED", webPod("web-7d9c5b6f48-bbbbb", "b", 60))
	w.until("news again", func(l inspect.PodList) bool { return len(l.Pods) == 2 })
}

// A server that does not answer yet is asked again.
func TestAServerThatComesLater(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	server.down = true
	w := watchList(t, server, nil)
	w.until("no answer", func(l inspect.PodList) bool { return l.State.Lost != "" && !l.State.Whole })
	server.set(func() { server.down = false })
	w.until("there", func(l inspect.PodList) bool { return l.State.Whole && len(l.Pods) == 1 && l.State.Lost == "" })
}

// Who may list and not watch gets a list that is read again.
func TestWithoutWatchTheListIsReadAgain(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0), webPod("web-7d9c5b6f48-bbbbb", "b", 0))
	server.forbid["watch"] = true
	w := watchList(t, server, func(s *session) { s.lister.Relist = 200 * time.Millisecond })
	w.alert(falcoLine("Shell", "Warning", "b", "web-7d9c5b6f48-bbbbb", 5))
	w.until("by listing", func(l inspect.PodList) bool { return l.State.Every > 0 && !l.State.Live && l.State.Lost == "" })
	server.apply("DELETED", webPod("web-7d9c5b6f48-bbbbb", "b", 0))
	server.apply("ADDED", webPod("web-7d9c5b6f48-ccccc", "c", 60))
	w.until("what is gone was seen", func(l inspect.PodList) bool {
		return rows(l) == "web-7d9c5b6f48-bbbbb!Shell gone→web-7d9c5b6f48-ccccc=, web-7d9c5b6f48-aaaaa, web-7d9c5b6f48-ccccc"
	})
}

// Where all namespaces may not be listed, those that may be are watched.
func TestWatchingOneNamespace(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	server.forbid["/api/v1/pods"] = true
	w := watchList(t, server, nil)
	w.until("live", func(l inspect.PodList) bool { return l.State.Live && len(l.Pods) == 1 })
	server.apply("ADDED", webPod("web-7d9c5b6f48-bbbbb", "b", 60))
	w.until("news", func(l inspect.PodList) bool { return len(l.Pods) == 2 })
	said := false
	for _, n := range w.last.Notices {
		said = said || strings.Contains(n.Text, "not permitted to list the pods of all namespaces")
	}
	if !said {
		t.Errorf("notices %+v", w.last.Notices)
	}
}

// A name that is used again is another pod: what was said of the one before stays with it.
func TestANameThatIsUsedAgain(t *testing.T) {
	first, second := webPod("db-0", "a", 0), webPod("db-0", "b", 60)
	second.UID = "uid-2"
	server := newAPIServer(t, first)
	w := watchList(t, server, nil)
	w.alert(falcoLine("Shell", "Warning", "a", "db-0", 5))
	w.until("flagged", func(l inspect.PodList) bool { return rows(l) == "db-0!Shell" && l.State.Live })
	server.apply("DELETED", first)
	server.apply("ADDED", second)
	w.until("both", func(l inspect.PodList) bool { return rows(l) == "db-0!Shell gone→db-0=, db-0" })
	w.alert(falcoLine("By name", "Warning", "", "db-0", 6))
	w.until("by name it is of the one that was there then", func(l inspect.PodList) bool {
		return rows(l) == "db-0!By name!Shell gone→db-0=, db-0"
	})
	w.alert(falcoLine("Before both", "Warning", "", "db-0", -60))
	l := w.until("before both", func(l inspect.PodList) bool { return len(l.Unmatched) == 1 })
	if a := l.Unmatched[0]; !a.Earlier || !strings.Contains(a.Why, "an earlier pod of the name") {
		t.Errorf("%+v", a)
	}
}
