package headline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
)

func volume(path string) inspect.Event {
	return because(inspect.Cause{Kind: inspect.CauseVolume, Path: path, Layer: -1})
}

// mounted is the pod of a story with volumes.
func mounted(mounts ...inspect.Mount) inspect.Event {
	return on("subject", "", inspect.Pod{Name: "web-1", Created: at(2), Containers: []inspect.Container{{
		Name: "web",
		Type: inspect.ContainerMain, Mounts: mounts,
	}}})
}

// A file of a volume came by the deepest mount above it: that one hides what the others have there.
func TestTheVolumeOfAFile(t *testing.T) {
	data := inspect.Mount{Path: "/data", Volume: "data", Kind: "persistentVolumeClaim", Source: "shop-data"}
	cache := inspect.Mount{Path: "/data/cache/", Volume: "cache", Kind: "emptyDir"}
	root := inspect.Mount{Path: "/", Volume: "root", Kind: "hostPath", Source: "/"}
	for name, tt := range map[string]struct {
		mounts []inspect.Mount
		path   string
		want   string
	}{
		"in it": {
			[]inspect.Mount{data},
			"/data/x",
			"volume data (persistentVolumeClaim shop-data) mounted at /data",
		},
		"the deepest one": {
			[]inspect.Mount{data, cache},
			"/data/cache/x",
			"volume cache (emptyDir) mounted at /data/cache/",
		},
		"in whatever order": {
			[]inspect.Mount{cache, data},
			"/data/cache/x",
			"volume cache (emptyDir) mounted at /data/cache/",
		},
		"beside the deeper": {
			[]inspect.Mount{cache, data},
			"/data/x",
			"volume data (persistentVolumeClaim shop-data) mounted at /data",
		},
		"a name that begins alike":  {[]inspect.Mount{data}, "/database/x", "by a mounted volume"},
		"over everything":           {[]inspect.Mount{root}, "/x", "volume root (hostPath /) mounted at /"},
		"a volume that is not seen": {nil, "/data/x", "by a mounted volume"},
	} {
		if got := words(story(mounted(tt.mounts...), volume(tt.path)), How); got != tt.want+" |" {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	c := story(mounted(data), volume("/data/x"), alertOf("/data/x", inspect.OriginVolume))
	if got := words(c, What); got != "/data/x ran from a mounted volume; it is not in the image |" {
		t.Error(got)
	}
	if got := words(c, Step); got != "none: it came with a volume, not with the image |" {
		t.Error(got)
	}
}

// A container that the workload's template does not have was injected: by what, where a finding says so.
func TestAnInjectedContainer(t *testing.T) {
	pod := func(created inspect.Time) inspect.Event {
		return on("subject", "", inspect.Pod{
			Name: "web-1", Created: created,
			Containers: []inspect.Container{{
				Name: "web",
				Type: inspect.ContainerMain, Injected: true,
			}}, Revisions: []inspect.Revision{{
				Number:  2,
				Current: true,
			}},
		})
	}
	cause := because(inspect.Cause{Kind: inspect.CauseSidecar, Name: "web", Layer: -1})
	for name, tt := range map[string]struct {
		c    *inspect.Case
		want string
	}{
		"a finding says by what": {
			story(pod(at(2)), cause, finding("cluster", "injected-container", "web",
				"web: injected by webhook agent.example", "")),
			"injected by webhook agent.example",
		},
		"nothing does":     {story(pod(at(2)), cause), "injected when the pod was created, 14:02:00Z"},
		"no time is known": {story(pod(inspect.Time{}), cause), "injected into the pod"},
		"a file of the injected": {
			story(pod(at(2)), because(inspect.Cause{
				Kind: inspect.CauseFile, Path: "/x",
				Layer: 6,
			})),
			"injected when the pod was created, 14:02:00Z",
		},
	} {
		if got := words(tt.c, How); got != tt.want+" |" {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	got := words(story(pod(at(2)), cause, alertOf("/x", inspect.OriginImage)), What)
	if !strings.HasPrefix(got, "container web was injected; the workload's template does not have it; alert: ") {
		t.Error(got)
	}
}

// policyGate is one that refuses the image today.
func policyGate(change func(*inspect.Gate)) inspect.Event {
	g := inspect.Gate{
		Name: "policy p", Kind: inspect.GateKindImagePolicy, Status: inspect.GateRefused,
		Mode: inspect.ModeEnforce,
	}
	change(&g)
	return on("cluster", "web", g)
}

func admission(s inspect.GateStatus, detail string) inspect.Event {
	return on("cluster", "web", inspect.Gate{
		Name: "admission", Kind: inspect.GateKindAdmission, Status: s,
		Detail: detail,
	})
}

// Why a policy that refuses the image today let it in: the first reason that is certain, else that it is not known.
func TestWhyAPolicyLetItIn(t *testing.T) {
	unsigned := finding("signatures", "signature-expected", "web", "web: unsigned", "")
	absent := admission(inspect.GateAbsent, "nothing in the cluster verifies images")
	off := admission(inspect.GateNotEnforced, "Kyverno not enforced in shop: excluded")
	for name, tt := range map[string]struct {
		add  []inspect.Event
		want string
	}{
		"it only warns": {[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Mode = inspect.ModeWarn; g.Since = at(9) })}, "p would deny it, but is in mode warn: violations are admitted"},
		"it came later": {
			[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Since = at(3) }), off},
			"p would deny it, but was set up at 14:03:00Z, after the pod was admitted",
		},
		"it was there": {
			[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Since = at(1) })},
			"p would deny it; why it was admitted is not known",
		},
		"in the same second": {
			[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Since = at(2) })},
			"p would deny it; why it was admitted is not known",
		},
		"it is not enforced": {
			[]inspect.Event{policyGate(func(*inspect.Gate) {}), off},
			"p would deny it; Kyverno not enforced in shop: excluded",
		},
		"it fails open": {
			[]inspect.Event{policyGate(func(g *inspect.Gate) { g.FailsOpen = true }), absent},
			"p would deny it, but it fails open: requests are admitted unchecked while its controller is down",
		},
		"it was changed later": {[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Since = at(1); g.Changed = at(4) })}, "p would deny it, but was changed at 14:04:00Z, after the pod was admitted"},
		"no controller": {
			[]inspect.Event{policyGate(func(*inspect.Gate) {}), absent},
			"p would deny it, but nothing in the cluster verifies images",
		},
		"a person's own": {
			[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Asked = true }), absent},
			"nothing in the cluster verifies images",
		},
		"it is met": {[]inspect.Event{
			policyGate(func(g *inspect.Gate) { g.Status = inspect.GatePassed }),
			off,
		}, "Kyverno not enforced in shop: excluded"},
		"it is not known": {
			[]inspect.Event{policyGate(func(g *inspect.Gate) { g.Status = inspect.GateUnknown })},
			"not known",
		},
	} {
		if got := words(story(append(tt.add, unsigned)...), Missed); got != tt.want+" |" {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// Gates are no news where nothing is wrong, and never praise.
func TestGatesWithoutAProblem(t *testing.T) {
	for _, e := range []inspect.Event{
		admission(inspect.GateAbsent, "nothing verifies"),
		admission(inspect.GateNotEnforced, "off"),
		admission(inspect.GatePassed, "evaluated the pod: admitted"), signedBy(workflowID),
	} {
		if got := words(story(e), Missed); got != "nothing to block |" {
			t.Errorf("%+v: %s", e.Fact, got)
		}
	}
}

// Who signed leads with whether that counts: yes for a verified signature alone.
func TestWhoSigned(t *testing.T) {
	sig := func(id string, status inspect.Status, reason string) inspect.Event {
		return on("signatures", "web", inspect.Signature{ID: id, Status: status, Reason: reason, Identity: workflowID})
	}
	const by = "shop/web/release.yml@refs/tags/v1.4.2"
	for name, tt := range map[string]struct {
		add  []inspect.Event
		want string
	}{
		"verified": {[]inspect.Event{sig("1", inspect.Verified, "")}, "yes, by " + by +
			" · no policy requires a signature"},
		"one holds, another does not": {[]inspect.Event{sig("1", inspect.Failed, "invalid-signature"), sig("2",
			inspect.Verified, "")}, "yes, by " + by + " · no policy requires a signature"},
		"one fails, another is open": {
			[]inspect.Event{sig("1", inspect.Unknown, "no-expectation"), sig("2",
				inspect.Failed, "subject-mismatch")},
			"no valid signature: the signature is of another image · no policy requires a signature",
		},
		"open": {
			[]inspect.Event{sig("1", inspect.Unknown, "unknown-key")},
			"not checked: signed with a key that is not at hand · no policy requires a signature",
		},
		"open, for a policy": {[]inspect.Event{
			sig("1", inspect.Unknown, "no-expectation"),
			policyGate(func(g *inspect.Gate) { g.Status = inspect.GateUnknown }),
		}, "not checked: signed by " + by +
			", no policy requires a signer · required: policy p"},
		"a reason of tomorrow": {
			[]inspect.Event{sig("1", inspect.Failed, "clock-skew")},
			"no valid signature: clock skew · no policy requires a signature",
		},
		"no reason": {
			[]inspect.Event{sig("1", inspect.Unknown, "")},
			"not checked: no reason given · no policy requires a signature",
		},
		"another than required": {[]inspect.Event{sig("1", inspect.Verified, ""), on("e", "",
			inspect.Expected{Keys: []inspect.ExpectedKey{{Digest: "sha256:abcdef0123456789"}}})}, "yes, by " + by +
			" · required: key abcdef01"},
		"unsigned, a flag requires": {[]inspect.Event{on("e", "", inspect.Expected{
			Notation:   "sha256:1",
			Identities: []string{workflowID},
		})}, "no · required: " + by + " or the Notary Project trust policy"},
		"unsigned, two policies": {[]inspect.Event{
			policyGate(func(g *inspect.Gate) { g.Requires = "key a" }),
			policyGate(func(g *inspect.Gate) { g.Name = "policy q" }),
		}, "no · required: key a (p) and policy q"},
		"the check runs": {
			[]inspect.Event{on("signatures", "web", inspect.Begin{})},
			"still checking: signatures",
		},
	} {
		if got := words(story(tt.add...), Signed); got != tt.want+" |" {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// Where all could not be checked, no line says that there is nothing: not found is not absent.
func TestNothingIsClaimedOfWhatWasNotChecked(t *testing.T) {
	for name, add := range map[string][]inspect.Event{
		"a check could not run": {done("binaries", "web", inspect.CheckBlocked, "503")},
		"the answers could not": {done("answers", "web", inspect.CheckBlocked, "a panic")},
		"bytes could not be checked": {on("subject", "web", inspect.ImageHead{
			Reference: "r",
			Status:    inspect.Unknown, Reason: "missing-blob",
		})},
		"an expectation is open": {
			on("e", "", inspect.Expected{Identities: []string{"a"}}),
			on("signatures", "web", inspect.Gate{Name: inspect.GateSignature, Status: inspect.GateUnknown}),
		},
		"the case was interrupted": {{Fact: inspect.End{Status: inspect.CheckBlocked, Reason: "interrupted"}}},
	} {
		c := story()
		for _, e := range add {
			c.Apply(e)
		}
		if s := verdict.Of(c).Status; s != inspect.CaseIncomplete {
			t.Fatalf("%s: the case is %s", name, s)
		}
		for _, l := range Of(c, nil) {
			if strings.HasPrefix(l.Text, "no problems") || strings.HasPrefix(l.Text, "nothing to ") {
				t.Errorf("%s: %s %s", name, l.Label, l.Text)
			}
		}
	}
}

// Every combination of a cause, an alert and how the checks ended has six lines with words, no sign of a verification,
// and no "no problems" above an alert or what could not be checked.
func TestNoCombinationIsCalledWell(t *testing.T) {
	kinds := []inspect.CauseKind{
		"", inspect.CausePackage, inspect.CauseFile, inspect.CauseHook, inspect.CauseLayer,
		inspect.CauseBase,
		inspect.CauseSidecar, inspect.CauseChart, inspect.CauseTag, inspect.CauseBuilder, inspect.CauseManager,
		inspect.CauseRuntime,
		inspect.CauseVolume, inspect.CauseUnknown, "of tomorrow",
	}
	origins := []string{
		"", inspect.OriginImage, inspect.OriginChanged, inspect.OriginRuntime, inspect.OriginMemfd,
		inspect.OriginVolume,
		inspect.OriginHost, inspect.OriginUnknown,
	}
	for _, kind := range kinds {
		for _, origin := range origins {
			for _, status := range []inspect.CheckStatus{inspect.CheckDone, inspect.CheckBlocked} {
				for _, withFinding := range []bool{true, false} {
					add := []inspect.Event{done("binaries", "web", status, "503")}
					if kind != "" {
						add = append(add, because(inspect.Cause{Kind: kind, Path: "/x", Layer: 6}))
					}
					if origin != "" {
						add = append(add, alertOf("/x", origin))
					}
					if withFinding {
						add = append(add, finding("binaries", "unexpected-binary", "web:/x", "x is odd", "sha256:l6"))
					}
					name := fmt.Sprintf("cause %q, origin %q, %s, finding %v", kind, origin, status, withFinding)
					wellCalled(t, name, Of(story(add...), nil), origin != "" || withFinding ||
						status == inspect.CheckBlocked)
				}
			}
		}
	}
}

// wellCalled fails for lines that show a sign of a verification, are empty, or praise a case that is open or failed.
func wellCalled(t *testing.T, name string, lines []Line, open bool) {
	t.Helper()
	if len(lines) != 6 {
		t.Fatalf("%s: %d lines", name, len(lines))
	}
	for _, l := range lines {
		if l.Text == "" || strings.ContainsAny(l.Text+l.Aside+l.Short, "✓\n\x1b") {
			t.Errorf("%s: %s %q", name, l.Label, l.Text)
		}
		if open && l.Label == What && strings.HasPrefix(l.Text, "no problems") {
			t.Errorf("%s: %s", name, l.Text)
		}
	}
}

// What to do is the first step without its explanation; what vanishes and was not collected stands behind it.
func TestTheNextStep(t *testing.T) {
	for name, tt := range map[string]struct {
		c     *inspect.Case
		steps []respond.NextStep
		want  Line
	}{
		"the first": {
			story(),
			[]respond.NextStep{{
				Why:     "Isolate: established connections may survive (see kubectl)",
				Command: "kubectl apply",
			}, {Why: "Cordon"}},
			Line{Text: "Isolate", Command: "kubectl apply"},
		},
		"without a reason": {
			story(),
			[]respond.NextStep{{Why: "Export the evidence bundle"}},
			Line{Text: "Export the evidence bundle"},
		},
		"none":              {story(), nil, Line{Text: "nothing urgent"}},
		"none, and it runs": {fold(on("layers", "web", inspect.Begin{})), nil, Line{Text: "still checking: layers"}},
	} {
		lines := Of(tt.c, tt.steps)
		got := lines[len(lines)-1]
		if got.Label != Next || got.Text != tt.want.Text || got.Command != tt.want.Command {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The answer's own sentence is taken where no rule knows better: what is certain first, a claim with who claims it.
func TestTheSentenceOfAnAnswer(t *testing.T) {
	answer := func(sentences ...inspect.Sentence) inspect.Event {
		return on("answers", "", inspect.Answer{Question: inspect.HowIn, Sentences: sentences, Text: "all of it"})
	}
	claimed := inspect.Sentence{Text: "in web: built by ci", Basis: inspect.Claimed, By: "its labels"}
	seen := inspect.Sentence{Text: "in web: the chart was upgraded", Basis: inspect.Seen}
	open := inspect.Sentence{Text: "who pushed it", Basis: inspect.NotKnown}
	for name, tt := range map[string]struct {
		e    inspect.Event
		want string
	}{
		"certain before a claim":   {answer(claimed, seen), "the chart was upgraded"},
		"a claim names its author": {answer(claimed, open), "built by ci (claimed by its labels)"},
		"not known is called so":   {answer(open), "who pushed it (not known)"},
		"no sentences, but a text": {answer(), "all of it"},
		"it still waits for checks": {
			on("answers", "", inspect.Answer{
				Question: inspect.HowIn,
				Waiting:  []string{"layers"}, Sentences: []inspect.Sentence{seen},
			}),
			"the chart was upgraded; still checking: layers",
		},
	} {
		if got := words(story(tt.e), How); got != tt.want+" |" {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A running case names at most three checks, and a digest or a name of others is cut, never broken.
func TestShortForms(t *testing.T) {
	c := &inspect.Case{}
	for _, check := range []string{"a", "b", "c", "d", "e", "answers"} {
		c.Apply(on(check, "web", inspect.Begin{}))
	}
	if got := words(c, What); got != "still checking: a, b, c, 2 more |" {
		t.Error(got)
	}
	for in, want := range map[string]string{
		digestNow: "32e45c9a", "sha256:ab": "ab", "": "", "noalgorithm": "noalgori",
	} {
		if got := short(in); got != want {
			t.Errorf("short %q: %q", in, got)
		}
	}
	for in, want := range map[string]string{
		"registry.example/shop/web:1.4.2": "shop/web:1.4.2", "localhost:5000/web@sha256:1": "web",
		"shop/web": "shop/web",
		"web":      "web", "": "", "docker.io/library/nginx:1": "library/nginx:1",
	} {
		if got := shortName(in); got != want {
			t.Errorf("short name of %q: %q, want %q", in, got, want)
		}
	}
	if got := clock(inspect.At(time.Date(2026, 1, 1, 23, 59, 59, 0, time.FixedZone("", 3600)))); got != "22:59:59Z" {
		t.Error(got)
	}
	if got := clock(inspect.Time{}); got != "at an unknown time" {
		t.Error(got)
	}
	for want, names := range map[string][]string{
		"": nil, "a": {"a", "a"}, "a, b": {"b", "a"},
		"a, b and 2 more": {"d", "c", "b", "a", "b"},
	} {
		if got := listed(names); got != want {
			t.Errorf("%q: %q", names, got)
		}
	}
}
