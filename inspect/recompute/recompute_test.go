package recompute

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
)

// What the checks found comes out again from the bytes of the bag alone, field by field.
func TestABagGivesItsOwnCaseAgain(t *testing.T) {
	bag := newLab(t, falco("Drop and execute new binary", dropped)).bag(t, evidence.LayersAll)
	was, now := again(t, bag)
	for _, check := range []string{
		"subject", "policies", "signatures", "provenance", "layers", "attached",
		"binaries", "packages", inspect.CheckAutoruns, inspect.CheckLockFiles, inspect.CheckAdvisories,
	} {
		if !slices.Contains(now.Checks, check) && check != "attached" {
			t.Errorf("%s did not run again: %q", check, now.Checks)
		}
	}
	a, b := was.Images[0], now.Case.Images[0]
	for name, pair := range map[string][2]any{
		"layers": {a.Layers, b.Layers}, "binaries": {a.Binaries, b.Binaries}, "files": {a.Files, b.Files},
		"packages": {a.Packages, b.Packages}, "autoruns": {a.Autoruns, b.Autoruns}, "locks": {a.Lock, b.Lock},
		"advisories": {a.Advisories, b.Advisories},
		"settings":   {a.Notable, b.Notable}, "digest": {a.Digest, b.Digest}, "status": {a.Status, b.Status},
		"config":   {a.Settings, b.Settings},
		"findings": {was.Findings, now.Case.Findings}, "answers": {was.Answers, now.Answers},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: was\n%+v\nagain\n%+v", name, pair[0], pair[1])
		}
	}
	if len(a.Autoruns) < 2 || len(a.Lock) == 0 || len(a.Advisories) == 0 {
		t.Errorf("%d hooks, %d rows of locks, %d advisories", len(a.Autoruns), len(a.Lock), len(a.Advisories))
	}
	if got := paths(now.Case); !slices.Contains(got, dropped) {
		t.Errorf("the dropped program does not come out again: %q", got)
	}
	for _, l := range a.Layers {
		if len(now.Listings[l.DiffID]) == 0 {
			t.Errorf("layer %d is not listed again", l.Number)
		}
	}
	if len(now.Changes[a.Container]) != 2 || len(now.Alerts) != 1 {
		t.Errorf("%d layers counted, %d alerts read", len(now.Changes[a.Container]), len(now.Alerts))
	}
	v, failed := verify(t, bag)
	if failed != "" || v.Reproduced != inspect.Verified || v.Claims.Recomputed < 50 {
		t.Errorf("reproduced %s, %+v\n%s", v.Reproduced, v.Claims, failed)
	}
}

// Without the layers nothing is said about contents: what cannot be computed again is claimed, and never held to be so.
func TestABagWithoutLayers(t *testing.T) {
	bag := newLab(t, falco("Drop and execute new binary", dropped)).bag(t, evidence.LayersNone)
	_, now := again(t, bag)
	for _, check := range []string{"binaries", "packages"} {
		if slices.Contains(now.Checks, check) {
			t.Errorf("%s ran without the layers", check)
		}
	}
	if len(now.Listings) != 0 || len(paths(now.Case)) != 0 {
		t.Errorf("%d layers were listed, binaries %q", len(now.Listings), paths(now.Case))
	}
	v, failed := verify(t, bag)
	if failed != "" || v.Claims.NotInBag == 0 {
		t.Errorf("%+v\n%s", v.Claims, failed)
	}
}

// A rewritten ledger that fits its bag in every digest is contradicted by the bytes beside it.
func TestLiesAreFound(t *testing.T) {
	honest := newLab(t, falco("Drop and execute new binary", dropped), falco("Outbound connection to a pool",
		"/usr/bin/bash"))
	for name, tt := range map[string]struct {
		change func(inspect.Fact) inspect.Fact
		found  string
	}{
		"the dropped program is left out": {func(f inspect.Fact) inspect.Fact {
			switch x := f.(type) {
			case inspect.Binary:
				if x.Path == dropped {
					return nil
				}
			case inspect.Finding:
				if strings.HasSuffix(x.Subject, dropped) {
					return nil
				}
			}
			return f
		}, dropped},
		"it is called calm": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Binary); is && x.Path == dropped {
				x.Severity, x.Status = inspect.Info, inspect.RowObserved
				return x
			}
			return f
		}, "severity is"},
		"a layer is called verified that has other counts": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Layer); is {
				x.Added += 3
				return x
			}
			return f
		}, "by the listings"},
		"an alert is told in other words": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Alert); is {
				x.Rule = "Nothing happened"
				return x
			}
			return f
		}, "rule is"},
		"a job is told to be another": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Autorun); is && x.Kind == "cron" {
				x.Command = "root /usr/sbin/logrotate"
				return x
			}
			return f
		}, "autorun"},
		"a job is left out": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Autorun); is && x.Kind == "cron" {
				return nil
			}
			return f
		}, "the case does not have it"},
		"a job is called calm": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Autorun); is && x.Kind == "cron" {
				x.Severity, x.Status, x.Codes = inspect.Info, inspect.RowObserved, nil
				return x
			}
			return f
		}, "autorun"},
		"the locked version is the installed one": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.LockRow); is {
				x.Locked = x.Installed
				return x
			}
			return f
		}, "locked is"},
		"a row of a lock is left out": {func(f inspect.Fact) inspect.Fact {
			if _, is := f.(inspect.LockRow); is {
				return nil
			}
			return f
		}, "the case does not have it"},
		"an advisory about a package that is not there": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Advisory); is {
				x.Subject = "axios@0.30.4"
				return x
			}
			return f
		}, "it does not come out again"},
		"an advisory is withdrawn": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Advisory); is {
				x.Withdrawn, x.Severity, x.Status = true, inspect.Info, inspect.RowObserved
				return x
			}
			return f
		}, "withdrawn is"},
		"an advisory with another record": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Advisory); is {
				x.Record = strings.Replace(x.Record, "1.14.1", "9.9.9", 1)
				return x
			}
			return f
		}, "advisor"},
		"an answer is another": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Answer); is && x.Question == inspect.WhereFrom {
				x.Text, x.Sentences = "from nowhere", nil
				return x
			}
			return f
		}, "text is"},
		"an answer is left out": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Answer); is && x.Question == inspect.HowIn {
				return nil
			}
			return f
		}, "the case does not have it"},
		"an alert is left out, and its line stays": {func(f inspect.Fact) inspect.Fact {
			if x, is := f.(inspect.Alert); is && strings.HasPrefix(x.Rule, "Drop") {
				return nil
			}
			return f
		}, "the case does not have it"},
	} {
		t.Run(name, func(t *testing.T) {
			v, failed := verify(t, honest.told(tt.change).bag(t, evidence.LayersAll))
			if !strings.Contains(failed, tt.found) || v.Reproduced != inspect.Failed {
				t.Errorf("reproduced %s; failed:\n%s", v.Reproduced, failed)
			}
		})
	}
}

// Repetitions of one alert are one, with the lines of the other texts beside it: these are no alerts that were lost.
func TestTheLinesOfARepetition(t *testing.T) {
	first, second := falco("Outbound connection to a pool", dropped),
		strings.Replace(falco("Outbound connection to a pool", dropped), ":08.1", ":09.1", 1)
	honest := newLab(t, first)
	more := honest.received(t, strings.Replace(second, "pool "+dropped, "pool again "+dropped, 1))
	var merged []inspect.Event
	for _, e := range honest.events {
		if a, is := e.Fact.(inspect.Alert); is {
			a.Count, a.Variants, a.Also = 2, 2, []string{"another text"}
			e.Fact = a
		}
		merged = append(merged, e)
		if _, is := e.Fact.(inspect.Header); is {
			merged = append(merged, more[1])
		}
	}
	honest.events = merged
	if v, failed := verify(t, honest.bag(t, evidence.LayersNone)); strings.Contains(failed, "alert") {
		t.Errorf("%+v\n%s", v.Claims, failed)
	}
}

// The pod is read again from its object; one that says something else is another pod.
func TestThePodIsReadAgain(t *testing.T) {
	const object = `{"kind":"Pod","metadata":{"name":"web-0","namespace":"shop","uid":"u1"},"spec":{"nodeName":"node-1","containers":[{"name":"web","image":"shop/web:1"}]}}`
	in := newLab(t)
	pod := inspect.Pod{
		Name: "web-0", Namespace: "shop", UID: "u1", Node: "node-1",
		Containers: []inspect.Container{{Name: "web", Reference: "shop/web:1"}},
	}
	in.events = slices.Insert(in.events, len(in.events)-1, inspect.Event{Fact: pod}, in.exhibit(t,
		"cluster/pod-shop-web-0.json", object),
		in.exhibit(t, "cluster/pod-shop-other.json", "not read"), in.exhibit(t, "logs/web.log", "not read"))
	_, now := again(t, in.bag(t, evidence.LayersNone))
	if now.Pod == nil || now.Pod.UID != "u1" || now.Pod.Node != "node-1" || len(now.Pod.Containers) != 1 {
		t.Fatalf("%+v", now.Pod)
	}
	// A part of the bag that cannot be read is an error, which verify shows, and no silent gap.
	in.events = slices.Insert(in.events, len(in.events)-1, in.exhibit(t, "cluster/pod-shop-web-0.json", `{"kind":`))
	bag := in.bag(t, evidence.LayersNone)
	was, err := bag.Case(t.Context())
	must(t, err)
	if _, err := (Bundle{}).Run(t.Context(), bag, was); err == nil || !strings.Contains(err.Error(),
		"decoding cluster/pod-shop-web-0.json") {
		t.Errorf("%v", err)
	}
}

// Lines that are no alerts, or alone do not give the alert, give none.
func TestLinesThatGiveNoAlert(t *testing.T) {
	in := newLab(t)
	for path, content := range map[string]string{
		"alerts/1.json": "not JSON", "alerts/2.json": `{"policy":"p","rule":"r","result":"fail","severity":"high"}`,
		"alerts/3.json": "",
	} {
		in.events = slices.Insert(in.events, len(in.events)-1, in.exhibit(t, path, content))
	}
	in.events = slices.Insert(in.events, len(in.events)-1, inspect.Event{Fact: inspect.Exhibit{
		Path:    "alerts/4.json",
		Missing: "too many",
	}})
	if _, now := again(t, in.bag(t, evidence.LayersNone)); len(now.Alerts) != 0 {
		t.Errorf("%+v", now.Alerts)
	}
}

// The answers are drawn again where the case has ended, also where its ledger does not name the check: to leave that
// out is no way around it. A case that was interrupted has open answers.
func TestWhenAnswersAreDrawnAgain(t *testing.T) {
	in := newLab(t)
	without := func(f inspect.Fact) inspect.Fact {
		if _, is := f.(inspect.Answer); is {
			return nil
		}
		return f
	}
	for name, tt := range map[string]struct {
		change func(e inspect.Event) (inspect.Event, bool)
		drawn  bool
	}{
		"ended": {func(e inspect.Event) (inspect.Event, bool) { return e, true }, true},
		"the check is not named": {
			func(e inspect.Event) (inspect.Event, bool) { return e, e.Check != "answers" },
			true,
		},
		"interrupted, and the check is not named": {func(e inspect.Event) (inspect.Event, bool) {
			if _, is := e.Fact.(inspect.End); is && e.Check == "" {
				e.Fact = inspect.End{Status: inspect.CheckBlocked, Reason: "interrupted"}
			}
			return e, e.Check != "answers"
		}, false},
	} {
		other := in.told(without)
		var events []inspect.Event
		for _, e := range other.events {
			if e, keep := tt.change(e); keep {
				events = append(events, e)
			}
		}
		other.events = events
		_, now := again(t, other.bag(t, evidence.LayersNone))
		if got := len(now.Answers) > 0; got != tt.drawn {
			t.Errorf("%s: %d answers", name, len(now.Answers))
		}
	}
}

// Whoever stops the verification gets that error, and nothing is left behind.
func TestAStoppedRun(t *testing.T) {
	bag := newLab(t).bag(t, evidence.LayersAll)
	was, err := bag.Case(t.Context())
	must(t, err)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := (Bundle{}).Run(ctx, bag, was); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(temp, "gone"))
	if _, err := (Bundle{}).Run(t.Context(), bag, was); err == nil {
		t.Error("a place to check in was made in a folder that is not there")
	}
	if _, err := os.Stat(bag.Path()); err != nil {
		t.Error(err)
	}
}

// What the case names and the bag does not have is an error for roots and policies, since verdicts rest on them, and a
// claim for everything else.
func TestRootsThatTheBagDoesNotHave(t *testing.T) {
	in := newLab(t)
	bag := in.bag(t, evidence.LayersNone)
	was, err := bag.Case(t.Context())
	must(t, err)
	for kind, says := range map[string]string{
		"sigstore": "reading the trust root", "policy": "reading the policy",
		"notation": "reading the trust store",
	} {
		c := was
		c.Trust = []inspect.Trust{{Kind: kind, Digest: digestOf([]byte("gone")), Name: "x"}}
		if _, err := (Bundle{}).Run(t.Context(), bag, c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
