package pane

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// checked are the panes that one check fills.
func checked() []Kind { return []Kind{Layers, Signatures, Provenance, Packages, Binaries, Autoruns} }

// An empty list is the most dangerous screen: it reads as "nothing wrong". Only a check that came to its end may leave
// one that reads so.
func TestAnEmptyListIsNeverMistakenForNothingFound(t *testing.T) {
	for _, k := range checked() {
		spec := k.Spec()
		for _, c := range []struct {
			name    string
			events  []inspect.Event
			running bool
			status  inspect.Status
			want    string
		}{
			{"no facts, the case runs", nil, true, inspect.Unknown, "…"},
			{"no facts, the case has ended", nil, false, inspect.Absent, spec.Empty},
			{
				"the check has begun",
				[]inspect.Event{on(spec.Check, "web", inspect.Begin{})},
				true, inspect.Unknown,
				"still checking: " + spec.Check + " …",
			},
			{
				"the check could not run", ended(spec.Check, inspect.CheckBlocked, "registry: 401"), true, inspect.Unknown,
				"could not run: registry: 401",
			},
			{
				"the check does not apply", ended(spec.Check, inspect.CheckSkipped, "a config only"), true, inspect.Absent,
				"a config only",
			},
			{"the check is done", ended(spec.Check, inspect.CheckDone, ""), true, inspect.Absent, spec.Empty},
			{
				"the check of another container could not run",
				[]inspect.Event{
					on(spec.Check, "proxy", inspect.Begin{}),
					on(spec.Check, "proxy", inspect.End{Status: inspect.CheckBlocked, Reason: "404"}),
				},
				true,
				inspect.Unknown, "…",
			},
			{"a check that is retried", append(ended(spec.Check, inspect.CheckBlocked, "401"),
				on(spec.Check, "web", inspect.Begin{})), true, inspect.Unknown, "still checking: " + spec.Check + " …"},
		} {
			v := folded(c.events...)
			if rows := k.Listed(v); len(rows) != 0 {
				t.Errorf("%s, %s: rows %q", spec.Name, c.name, keys(rows))
			}
			if status, why := v.Why(k, c.running); status != c.status || why != c.want {
				t.Errorf("%s, %s: %s %q, want %s %q", spec.Name, c.name, status, why, c.status, c.want)
			}
		}
	}
}

// A blocked check is a row of the overview, with its reason in full and a way to retry it, for each container.
func TestEveryBlockedCheckIsListed(t *testing.T) {
	var events []inspect.Event
	for _, k := range checked() {
		for _, container := range []string{"web", "proxy"} {
			events = append(events, on(k.Spec().Check, container, inspect.Begin{}), on(k.Spec().Check, container,
				inspect.End{Status: inspect.CheckBlocked, Reason: "registry.example.com answered 401 Unauthorized"}))
		}
	}
	events = append(events, on("pod", "", inspect.Begin{}), on("pod", "", inspect.End{
		Status: inspect.CheckBlocked,
		Reason: "forbidden",
	}))
	v := folded(events...)
	blocked := 0
	for _, r := range Overview.Listed(v) {
		if !strings.HasPrefix(r.Key(), "check:") {
			continue
		}
		blocked++
		c := r.Object.(inspect.CheckState)
		has(t, r.Key(), line(v, r, 120), "? open", c.Name, "could not run: "+c.Reason)
		has(t, r.Key(), detail(v, r), "? "+c.Name, "could not run", c.Reason, "r retries it.")
		if len(r.Retry) != 1 || r.Retry[0] != (inspect.Key{Check: c.Name, Container: c.Container}) {
			t.Errorf("%s: r retries %v", r.Key(), r.Retry)
		}
		if r.Container != c.Container {
			t.Errorf("%s is about container %q", r.Key(), r.Container)
		}
	}
	if want := 2*len(checked()) + 1; blocked != want {
		t.Errorf("%d blocked checks are listed, want %d", blocked, want)
	}
	for _, c := range []Kind{Signatures, Provenance} {
		v.Case.Apply(on("subject", "web", inspect.ImageHead{Reference: "acme/web", Digest: "sha256:ab"}))
		has(t, c.Spec().Name, top(c, v, 100), "? not checked")
	}
}

// The panes without a check of their own are empty for reasons of their own.
func TestPanesOfSeveralChecks(t *testing.T) {
	for _, c := range []struct {
		pane  Kind
		empty string
	}{
		{Timeline, "no times are known"}, {BlastRadius, "not in a pod: no blast radius"}, {Overview, "nothing found"},
	} {
		v := folded()
		if status, why := v.Why(c.pane, false); status != inspect.Absent || why != c.empty {
			t.Errorf("%s: %s %q", c.pane.Spec().Name, status, why)
		}
		if status, why := v.Why(c.pane, true); status != inspect.Unknown || why != "…" {
			t.Errorf("%s of a case that runs: %s %q", c.pane.Spec().Name, status, why)
		}
	}
}

// Of a container that the case has no image of, no pane shows what another one has.
func TestAContainerWithoutAnImageHasNothingOfAnother(t *testing.T) {
	v := incident()
	v.Container = "proxy"
	for k := range Count {
		if !k.OfImage() {
			continue
		}
		if rows := k.Listed(v); len(rows) > 0 {
			t.Errorf("%s of a container without an image has rows %q", k.Spec().Name, keys(rows))
		}
		if above := k.Top(v, 80); above != nil {
			t.Errorf("above %s stands %q", k.Spec().Name, above)
		}
	}
	if flags := v.Flags(); flags["/usr/bin/top"] != "" {
		t.Errorf("the tree of proxy flags a file of web: %v", flags)
	}
}
