package headline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
)

// at is a time of the night of the incident.
func at(minute int) inspect.Time {
	return inspect.At(time.Date(2026, 5, 14, 14, minute, 0, 0, time.UTC))
}

func on(check, container string, f inspect.Fact) inspect.Event {
	return inspect.Event{Check: check, Container: container, Fact: f}.Stamped(at(9))
}

func done(check, container string, status inspect.CheckStatus, reason string) inspect.Event {
	return on(check, container, inspect.End{Status: status, Reason: reason})
}

const (
	digestNow    = "sha256:32e45c9a7ba9b8eaed47a8a959d459da6925988634d622eed9ae30278770c9ae"
	digestBefore = "sha256:9de70d7a4af08fcb2516f9381cbbd27a4df909bc37ad7f94b4b5eb227d86db9b"
	workflowID   = "https://github.com/shop/web/.github/workflows/release.yml@refs/tags/v1.4.2"
)

// story folds an ended case of a pod with one container and seven layers, and what a test adds.
func story(add ...inspect.Event) *inspect.Case {
	events := []inspect.Event{
		on("subject", "", inspect.Pod{
			Name: "web-1", Namespace: "shop", Created: at(2),
			Owner: []inspect.Owner{{
				Kind: "Deployment", Name: "web",
				Managers: []inspect.Manager{{Name: "kubectl-rollout", Time: at(2)}},
			}},
			Containers: []inspect.Container{{Name: "web", Type: inspect.ContainerMain}},
			Revisions:  []inspect.Revision{{Number: 2, Current: true, Created: at(2)}},
		}),
		on("subject", "web", inspect.ImageHead{
			Container: "web", Reference: "registry.example/shop/web:1.4.2",
			Digest: digestNow, Status: inspect.Verified,
		}),
		on("layers", "web", inspect.Layer{
			Position: 0, Number: 0, Digest: "sha256:l0", CreatedBy: "ADD rootfs /",
			Base: true, Status: inspect.Verified,
		}),
		on("layers", "web", inspect.Layer{
			Position: 1, Number: 6, Digest: "sha256:l6",
			CreatedBy: "COPY fonts/ / # buildkit", Status: inspect.Verified,
		}),
	}
	for _, check := range []string{"subject", "layers", "signatures", "binaries", "answers"} {
		events = append(events, done(check, "web", inspect.CheckDone, ""))
	}
	events = append(events, add...)
	events = append(events, inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}}.Stamped(at(9)))
	return fold(events...)
}

func fold(events ...inspect.Event) *inspect.Case {
	c := &inspect.Case{}
	for _, e := range events {
		c.Apply(e)
	}
	return c
}

// finding is one that failed, of a file in a layer where the digest names one.
func finding(check, code, subject, title, layer string) inspect.Event {
	f := inspect.Finding{
		ID: check + code + subject, Check: check, Code: code, Status: inspect.RowFailed,
		Severity: inspect.Critical, Subject: subject, Title: title,
	}
	if layer != "" {
		f.Evidence = []inspect.Evidence{{Kind: "layer", Digest: layer}}
	}
	return on(check, "web", f)
}

// because is the answer to the first question, with a cause.
func because(c inspect.Cause) inspect.Event {
	return on("answers", "", inspect.Answer{Question: inspect.WhereFrom, Status: inspect.Answered, Cause: c})
}

func alertOf(path, origin string) inspect.Event {
	return on("alert", "", inspect.Alert{
		ID: "a", Rule: "Program started from a hidden folder", Priority: "Critical",
		Match: inspect.MatchContainer, Subject: "web", Path: path,
		File: inspect.AlertFile{Path: path, Origin: origin, Layer: 6},
	})
}

// words gives the line with a label.
func words(c *inspect.Case, label string) string {
	steps := []respond.NextStep{{
		Why:     "Preserve the pod: its memory exists nowhere else (here)",
		Command: "kubectl annotate",
	}}
	for _, l := range Of(c, steps) {
		if l.Label == label {
			return strings.TrimSpace(l.Text + " | " + l.Aside)
		}
	}
	return ""
}

// movedTag is a program in a layer of an image that was pushed over the tag of a signed one.
func movedTag() *inspect.Case {
	return story(
		finding("binaries", "unexpected-binary", "web:/var/tmp/fontd", "/var/tmp/fontd is unpackaged", "sha256:l6"),
		because(inspect.Cause{Kind: inspect.CauseFile, Path: "/var/tmp/fontd", Layer: 6}),
		alertOf("/var/tmp/fontd", inspect.OriginImage),
		on("binaries", "web", inspect.Binary{
			Path: "/var/tmp/fontd", Layer: 6, Codes: []string{
				"unowned",
				"miner-string",
			},
			Status: inspect.RowFailed, Severity: inspect.Critical,
		}),
		finding("drift", "signature-gone", "web", "web: signed before, unsigned now", ""),
		finding("cluster", "restarted", "pod", "restarted", ""),
		on("diff", "web", inspect.Diff{KnownGood: &inspect.KnownGood{
			Reference: "registry.example/shop/web",
			Digest:    digestBefore,
		}, Layers: &inspect.LayerDiff{Shared: 5, Added: 2}}),
		on("expected", "", inspect.Expected{IdentityRegexps: []string{
			`^https://github\.com/shop/.+/release\.yml@refs/tags/`,
		}}),
		on("cluster", "web", inspect.Gate{
			Name: "policy shop-images", Kind: inspect.GateKindImagePolicy,
			Status: inspect.GateRefused, By: inspect.PolicyController, Mode: inspect.ModeEnforce,
		}),
		on("cluster", "web", inspect.Gate{
			Name: "admission", Kind: inspect.GateKindAdmission,
			Status: inspect.GateNotEnforced, Detail: "policy-controller not enforced in shop: label is missing",
		}),
		on("sharing", "web", inspect.Sharing{Suspect: []int{6}, Others: []inspect.SharedImage{{
			Layers: []int{6},
			Pods:   []string{"shop/report-1"},
		}}}),
	)
}

// The key stories: the line leads with what brought the behavior in, whatever the first finding of the list is.
func TestTheHeadlineOfEachStory(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    *inspect.Case
		want map[string]string
	}{
		{"a tag was moved", movedTag(), map[string]string{
			What: "miner /var/tmp/fontd ran; it is in the image (layer 6) |",
			Step: "COPY fonts/ / | same layer runs in shop/report-1",
			How: "tag shop/web:1.4.2 overwritten: 9de70d7a (signed) → 32e45c9a (unsigned), pulled by " +
				"`kubectl rollout restart` 14:02:00Z |",
			Signed: "no · required: shop/*/release.yml@refs/tags/* |",
			Missed: "shop-images would deny it; policy-controller not enforced in shop: label is missing |",
			Next:   "Preserve the pod | evidence: no logs, no runtime state",
		}},
		{"a package is a known compromise", story(
			finding("advisories", "known-compromise", "web", "known-compromised package litellm 1.82.8", ""),
			because(inspect.Cause{Kind: inspect.CausePackage, Name: "python litellm", Version: "1.82.8", Layer: 6}),
			alertOf("/usr/local/bin/python3.12", inspect.OriginImage),
			on("advisories", "web", inspect.Advisory{
				ID: "MAL-2026-1", Kind: inspect.AdvisoryPackage,
				Subject: "litellm 1.82.8", Status: inspect.RowFailed,
			}),
			on("diff", "web", inspect.Diff{Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{
				Type: "python",
				Name: "litellm", From: "1.82.6", To: "1.82.8",
			}}}}),
			on("signatures", "web", inspect.Signature{ID: "s", Status: inspect.Verified, Identity: workflowID}),
			on("expected", "", inspect.Expected{Identities: []string{workflowID}}),
		), map[string]string{
			What: "python package litellm 1.82.8 (layer 6) is a known-compromised release (MAL-2026-1); alert: Program " +
				"started from a hidden folder (/usr/local/bin/python3.12) |",
			How: "dependency litellm changed in the image's own build: 1.82.6 → 1.82.8; revision 2 rolled it out " +
				"14:02:00Z |",
			Signed: "yes, by shop/web/release.yml@refs/tags/v1.4.2, as required |",
			Missed: "the image is signed as required, and no gate looks at content: a signature does not vouch " +
				"for it |",
		}},
		{"a hook starts it", story(
			finding("autoruns", "autorun-python-pth", "web:/usr/lib/python3/x.pth", "x.pth runs code", "sha256:l6"),
			because(inspect.Cause{Kind: inspect.CauseHook, Path: "/usr/lib/python3/x.pth", Layer: 6}),
			on("autoruns", "web", inspect.Autorun{
				Path: "/usr/lib/python3/x.pth", Kind: "python-pth", Layer: 6,
				Trigger: "runs at each start of Python", Command: "exec(x)", Status: inspect.RowFailed,
			}),
			alertOf("/usr/bin/python3", inspect.OriginImage),
		), map[string]string{
			What: "/usr/lib/python3/x.pth runs at each start of Python: exec(x) (layer 6); alert: Program started " +
				"from a hidden folder (/usr/bin/python3) |",
			Step: "COPY fonts/ / |", How: "by the image's own build; revision 2 rolled it out 14:02:00Z |",
		}},
		{"unsigned only", story(
			finding("signatures", "signature-expected", "web", "The image of web is unsigned.", ""),
			on("cluster", "web", inspect.Gate{
				Name: "policy shop-images", Kind: inspect.GateKindImagePolicy,
				Status: inspect.GateRefused, Mode: inspect.ModeWarn,
				Detail: "requires key sha256:ab; no signature found", Requires: "key sha256:ab",
			}),
		), map[string]string{
			What: "image 32e45c9a is unsigned |", Step: "not known: nothing found points to a build step |",
			Signed: "no · required: key sha256:ab (shop-images) |",
			Missed: "shop-images would deny it, but is in mode warn: violations are admitted |",
		}},
		{"a replaced program", story(
			finding("binaries", "replaced-program", "web:/usr/bin/top", "/usr/bin/top is other", "sha256:l6"),
			on("binaries", "web", inspect.Altered{
				Path: "/usr/bin/top", Package: "procps", Layer: 6,
				Status: inspect.RowFailed,
			}),
		), map[string]string{
			What: "/usr/bin/top was replaced: it does not match the checksum of package procps (layer 6) |",
		}},
		{"written at run time", story(alertOf("/tmp/x", inspect.OriginRuntime),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/tmp/x", Layer: -1})), map[string]string{
			What: "/tmp/x ran; it is not in the image: it was written after the container started |",
			Step: "none: it came at run time, not with the image |",
			How: "after the container had started; who wrote it is not known (see pods/exec in the API server's " +
				"audit " +
				"log) |",
			Missed: "signatures and admission cover images only; this did not come with the image |",
		}},
		{"nothing found", story(), map[string]string{
			What: "no problems found |", Step: "nothing to attribute |", How: "nothing to explain |",
			Signed: "no · no policy requires a signature |", Missed: "nothing to block |",
		}},
		{"an alert without a cause", story(alertOf("/bin/sh", inspect.OriginImage)), map[string]string{
			What: "alert: Program started from a hidden folder (/bin/sh); nothing in the image explains it |",
			How:  "not known |", Missed: "not known |",
		}},
		{
			"incomplete", story(done("layers", "web", inspect.CheckBlocked, "the registry answered 404")),
			map[string]string{
				What: "incomplete: nothing found, and 1 check could not run: layers |",
				Step: "not known: layers could not be read: the registry answered 404 |",
			},
		},
		{"an alert, and not all was checked", story(alertOf("/bin/sh", inspect.OriginImage),
			done("layers", "web", inspect.CheckBlocked, "404")), map[string]string{
			What: "alert: Program started from a hidden folder (/bin/sh); no cause found, and not all could be " +
				"checked |",
		}},
		{"still running", fold(on("layers", "web", inspect.Begin{})), map[string]string{
			What: "still checking: layers |", Step: "still checking: layers |", How: "still checking: layers |",
			Signed: "still checking: layers |", Missed: "still checking: layers |",
		}},
		{"bytes that are not their digest", story(on("subject", "web", inspect.ImageHead{
			Container: "web",
			Status:    inspect.Failed, Reason: "digest-mismatch", Detail: "layer 2 has other bytes",
		})), map[string]string{
			What: "image content of web does not match its digests: layer 2 has other bytes |",
		}},
	} {
		for label, want := range tt.want {
			if got := words(tt.c, label); got != want {
				t.Errorf("%s: %s\n got %s\nwant %s", tt.name, label, got, want)
			}
		}
	}
}

// All six lines are always there, so that nothing moves while checks end, and no text of others draws on the screen.
func TestTheLinesAreAlwaysTheSameSix(t *testing.T) {
	hostile := story(finding("binaries", "x", "web:/x", "evil\x1b[2J\u202e", "sha256:l6"))
	for name, c := range map[string]*inspect.Case{"empty": {}, "moved tag": movedTag(), "hostile": hostile} {
		var labels []string
		for _, l := range Of(c, nil) {
			labels = append(labels, l.Label)
			if l.Text == "" || strings.ContainsAny(l.Text+l.Aside, "\x1b\u202e\n") {
				t.Errorf("%s: %s is %q", name, l.Label, l.Text)
			}
		}
		if !slices.Equal(labels, []string{What, Step, How, Signed, Missed, Next}) {
			t.Errorf("%s: %q", name, labels)
		}
	}
}

func TestAnImageThatCannotBeCheckedIsNotUnsigned(t *testing.T) {
	for want, c := range map[string]*inspect.Case{
		"not known: referrers unreachable: 503 · no policy requires a signature": story(on("signatures", "web",
			inspect.StoreReply{Store: "referrers", Status: inspect.StoreUnreachable, Detail: "503"})),
		"not checked: no trust root · no policy requires a signature": story(done("signatures", "web",
			inspect.CheckBlocked, "no trust root")),
		"not checked: signed by key ab12, no policy requires a signer · no policy requires a signature": story(on(
			"signatures", "web", inspect.Signature{
				ID: "s", Status: inspect.Unknown, Reason: "no-expectation",
				Key: "sha256:ab12",
			})),
		"no valid signature: signature is invalid · no policy requires a signature": story(on("signatures", "web",
			inspect.Signature{ID: "s", Status: inspect.Failed, Reason: "invalid-signature"})),
		"not known: no image was read": fold(inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}}),
	} {
		if got := strings.TrimSuffix(words(c, Signed), " |"); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func TestGroupsAreByCause(t *testing.T) {
	c := movedTag()
	var got []string
	for _, g := range Groups(c) {
		got = append(got, fmt.Sprintf("%s %s (%s) %d", g.Severity, g.Title, g.Aside, len(g.Findings)))
	}
	want := []string{
		"critical layer 6 (COPY fonts/ /) plants a miner (1 file · 1 other pod) 1",
		"critical restarted () 1", "critical image is unsigned (signer gone) 1",
	}
	slices.Sort(got[1:])
	slices.Sort(want[1:])
	if !slices.Equal(got, want) {
		t.Errorf("the groups are\n%s", strings.Join(got, "\n"))
	}
}

func TestAPatternIsShownAsAPersonReadsIt(t *testing.T) {
	for re, want := range map[string]string{
		`^https://github\.com/shop/.+/release\.yml@refs/tags/`:                     "shop/*/release.yml@refs/tags/*",
		`^https://github\.com/shop/web/\.github/workflows/x\.yml@refs/heads/main$`: "shop/web/x.yml@refs/heads/main",
		`shop`:        "*shop*",
		`^(a|b)@acme`: "identity matching ^(a|b)@acme",
	} {
		if got := pattern(re); got != want {
			t.Errorf("%s is shown as %s, want %s", re, got, want)
		}
	}
}

func TestABuildStepWithoutItsWrapping(t *testing.T) {
	for step, want := range map[string]string{
		"COPY fonts/ / # buildkit":                       "COPY fonts/ /",
		"RUN /bin/sh -c apt-get install -y x # buildkit": "RUN apt-get install -y x",
		"/bin/sh -c #(nop)  CMD [\"bash\"]":              "CMD [\"bash\"]",
		"/bin/sh -c make":                                "RUN make",
		"":                                               "",
	} {
		if got := StepText(step); got != want {
			t.Errorf("%q becomes %q, want %q", step, got, want)
		}
	}
}

func ExampleOf() {
	for _, l := range Of(movedTag(), []respond.NextStep{{Why: "Preserve the pod", Command: "kubectl annotate …"}})[:2] {
		fmt.Println(l.Label, l.Text)
	}
	// Output:
	// WHAT miner /var/tmp/fontd ran; it is in the image (layer 6)
	// STEP COPY fonts/ /
}

// A case that failed without a finding leads with what failed it, never with "no problems found".
func TestAFailedCaseLeadsWithItsReason(t *testing.T) {
	c := inspect.Case{
		Images: []inspect.Image{{
			ImageHead: inspect.ImageHead{Container: "web", Status: inspect.Verified},
			Gates: []inspect.Gate{{
				Name: "policy p", Kind: inspect.GateKindImagePolicy, Status: inspect.GateRefused,
				Detail: "requires key k", Asked: true,
			}},
		}},
		End: &inspect.End{Status: inspect.CheckDone},
	}
	if got := Of(&c, nil)[0].Text; !strings.Contains(got, "policy p") {
		t.Errorf("WHAT %q", got)
	}
}

// A line is shorter where the screens below it show the rest in full; one that has nothing to leave out has no shorter
// form.
func TestLinesShorten(t *testing.T) {
	gate := inspect.Gate{
		Kind: inspect.GateKindAdmission, Status: inspect.GateNotEnforced,
		Detail: "Kyverno not enforced: a; policy-controller not enforced: b",
	}
	v := view{c: &inspect.Case{}, alert: &inspect.Alert{}, image: inspect.Image{
		Gates: []inspect.Gate{gate, {
			Name: inspect.GatePolicy + "p", Kind: inspect.GateKindImagePolicy, Status: inspect.GateRefused,
		}},
		Diff: &inspect.Diff{Layers: &inspect.LayerDiff{Added: 2, Shared: 5}},
	}}
	build := func(v view) (string, string) { return v.ownBuild() + "; revision 4", "" }
	volume := func(view) (string, string) { return "by a mounted volume", "" }
	for name, tt := range map[string]struct {
		label, want, short string
		rule               rule
	}{
		"a policy that was not asked": {
			Missed, "p would deny it; " + gate.Detail,
			"p would deny it; image policies are not enforced in its namespace", missedPolicy,
		},
		"no policy of the image": {
			Missed, gate.Detail, "image policies are not enforced in its namespace", missedNotEnforced,
		},
		"an own build": {
			How, "by the image's own build (2 layers new, 5 shared with the previous image); revision 4",
			"by the image's own build; revision 4", build,
		},
		"nothing to leave out": {How, "by a mounted volume", "", volume},
	} {
		if l := v.line(tt.label, []rule{tt.rule}); l.Text != tt.want || l.Short != tt.short {
			t.Errorf("%s: %q, shorter %q", name, l.Text, l.Short)
		}
	}
}

// A signature is not called required where a policy refuses it, or could not be compared.
func TestSignedAsRequired(t *testing.T) {
	policy := func(s inspect.GateStatus) inspect.Gate {
		return inspect.Gate{Name: "policy p", Kind: inspect.GateKindImagePolicy, Status: s, Requires: "key k"}
	}
	for name, tt := range map[string]struct {
		expected inspect.Expected
		gates    []inspect.Gate
		want     bool
	}{
		"nobody requires one":        {},
		"a flag":                     {inspect.Expected{Identities: []string{"a"}}, nil, true},
		"a policy that passes":       {gates: []inspect.Gate{policy(inspect.GatePassed)}, want: true},
		"a policy that refuses":      {gates: []inspect.Gate{policy(inspect.GateRefused)}},
		"one of two is not compared": {gates: []inspect.Gate{policy(inspect.GatePassed), policy(inspect.GateUnknown)}},
		"a flag, and a policy that refuses": {
			inspect.Expected{Identities: []string{"a"}},
			[]inspect.Gate{policy(inspect.GateRefused)},
			false,
		},
	} {
		v := view{c: &inspect.Case{Expected: tt.expected}, image: inspect.Image{Gates: tt.gates}}
		if got := v.asRequired(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
