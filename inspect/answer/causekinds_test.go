package answer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// cause is that of the first answer. The other two have the same.
func cause(t *testing.T, c inspect.Case) inspect.Cause {
	t.Helper()
	answers := answer.Answers(c, nil)
	for _, a := range answers[1:] {
		if a.Cause != answers[0].Cause {
			t.Errorf("%s has cause %+v, %s %+v", a.Question, a.Cause, answers[0].Question, answers[0].Cause)
		}
	}
	return answers[0].Cause
}

// Where no finding failed the cause is what the alert alone proves, and never a program that happened to run.
func TestCausesThatAlertsAloneProve(t *testing.T) {
	pod := func(change func(k *inspect.Container)) *inspect.Pod {
		k := inspect.Container{Name: "web", Type: inspect.ContainerMain}
		change(&k)
		return &inspect.Pod{Name: "web-1", Namespace: "shop", Containers: []inspect.Container{k}}
	}
	plain := func(*inspect.Container) {}
	for name, tt := range map[string]struct {
		pod   *inspect.Pod
		alert inspect.Alert
		want  inspect.Cause
	}{
		"a debug container": {
			pod(func(k *inspect.Container) { k.Type = inspect.ContainerEphemeral }),
			alertOf("/bin/sh", inspect.OriginImage),
			inspect.Cause{Kind: inspect.CauseRuntime, Name: "web", Layer: -1},
		},
		"a file of a volume": {
			pod(plain), alertOf("/data/x", inspect.OriginVolume),
			inspect.Cause{Kind: inspect.CauseVolume, Path: "/data/x", Layer: -1},
		},
		"a file of run time": {
			pod(plain), alertOf("/tmp/x", inspect.OriginRuntime),
			inspect.Cause{Kind: inspect.CauseRuntime, Path: "/tmp/x", Layer: -1},
		},
		"a changed file": {
			pod(plain), alertOf("/app", inspect.OriginChanged),
			inspect.Cause{Kind: inspect.CauseRuntime, Path: "/app", Layer: -1},
		},
		"memory": {pod(plain), alertOf("", inspect.OriginMemfd), inspect.Cause{
			Kind:  inspect.CauseRuntime,
			Layer: -1,
		}},
		"an injected container": {
			pod(func(k *inspect.Container) { k.Injected = true }), alertOf("/bin/sh",
				inspect.OriginImage),
			inspect.Cause{Kind: inspect.CauseSidecar, Name: "web", Layer: -1},
		},
		"the image's own shell": {
			pod(plain), alertOf("/bin/sh", inspect.OriginImage),
			inspect.Cause{Kind: inspect.CauseUnknown, Layer: -1},
		},
		"an alert of another pod": {pod(plain), inspect.Alert{
			Match: inspect.MatchNone, Subject: "web",
			File: inspect.AlertFile{Origin: inspect.OriginVolume},
		}, inspect.Cause{
			Kind:  inspect.CauseUnknown,
			Layer: -1,
		}},
	} {
		c := caseWith(web())
		c.Pod, c.Alerts = tt.pod, []inspect.Alert{tt.alert}
		if got := cause(t, c); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// A file of a package is its package: advice is about that, and the version says which.
func TestAFileIsRaisedToItsPackage(t *testing.T) {
	for name, tt := range map[string]struct {
		path string
		want inspect.Cause
	}{
		"owned by its row": {"/usr/lib/libx.so", inspect.Cause{Kind: inspect.CausePackage, Name: "libx1"}},
		"npm": {"/app/node_modules/event-pipe/run.js", inspect.Cause{
			Kind: inspect.CausePackage,
			Name: "event-pipe", Version: "3.3.6",
		}},
		"npm, nested": {
			"/app/node_modules/a/node_modules/event-pipe/x",
			inspect.Cause{Kind: inspect.CausePackage, Name: "event-pipe", Version: "3.3.6"},
		},
		"npm, scoped": {
			"/app/node_modules/@ctrl/tinycolor/x.js",
			inspect.Cause{Kind: inspect.CausePackage, Name: "@ctrl/tinycolor", Version: "4.1.1"},
		},
		"npm, not listed": {"/app/node_modules/other/x.js", inspect.Cause{
			Kind: inspect.CausePackage,
			Name: "other",
		}},
		"a jar": {"/srv/lib/text-1.2.jar", inspect.Cause{
			Kind: inspect.CausePackage, Name: "text",
			Version: "1.2",
		}},
		"a jar of another package": {"/srv/lib/other-1.jar", inspect.Cause{Kind: inspect.CauseFile}},
		"no package":               {"/opt/x", inspect.Cause{Kind: inspect.CauseFile}},
	} {
		i := web()
		i.Binaries = []inspect.Binary{{Path: "/usr/lib/libx.so", Owner: "libx1", Layer: 1}}
		i.Packages = []inspect.Package{
			{Type: "npm", Name: "event-pipe", Version: "3.3.6"},
			{
				Type: "npm", Name: "@ctrl/tinycolor",
				Version: "4.1.1",
			},
			{Type: "java-archive", Name: "text", Version: "1.2", Locations: []string{
				"/srv/lib/text-1.2.jar",
				"/srv/lib/other-1.jar",
			}},
		}
		c := caseWith(i, inspect.Finding{
			ID: "f", Check: "binaries", Code: "swapped-program",
			Subject: "web:" + tt.path, Status: inspect.RowFailed, Severity: inspect.High,
		})
		tt.want.Path, tt.want.Layer = tt.path, -1
		if got := cause(t, c); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// A change of the builder is a claim of both images' statements; a cause without a file has no layer.
func TestCausesWithoutAFile(t *testing.T) {
	for check, want := range map[string]inspect.CauseKind{
		"drift": inspect.CauseBuilder, "signatures": inspect.CauseBuilder, "policies": inspect.CauseBuilder,
		"base": inspect.CauseBase,
		"diff": inspect.CauseUnknown,
	} {
		c := caseWith(web(), inspect.Finding{
			ID: "f", Check: check, Subject: "web", Status: inspect.RowFailed,
			Severity: inspect.High, Title: "web: built by another builder.",
		})
		if got := cause(t, c); got.Kind != want || got.Layer != -1 {
			t.Errorf("%s: %+v", check, got)
		}
		first := answer.Answers(c, nil)[0].Sentences[0]
		if basis := map[bool]inspect.Basis{
			true:  inspect.Claimed,
			false: inspect.Seen,
		}[check == "drift"]; first.Basis != basis || first.Text != "built by another builder" {
			t.Errorf("%s: %+v", check, first)
		}
	}
}

// The layer of the cause is found by either of its digests; a digest of no layer places nothing.
func TestTheLayerOfACause(t *testing.T) {
	for digest, want := range map[string]int{"sha256:blob": 1, "sha256:diff": 1, "sha256:other": -1, "": -1} {
		i, f := dropped(1)
		i.Layers[1].Digest, i.Layers[1].DiffID = "sha256:blob", "sha256:diff"
		i.Layers = append(i.Layers, inspect.Layer{Position: 2, Number: 2, Empty: true, Digest: "sha256:other"})
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "layer", Digest: digest})
		if got := cause(t, caseWith(i, f)); got.Layer != want || got.Path != "/var/tmp/.font/x" {
			t.Errorf("%q: %+v", digest, got)
		}
	}
}

// An alert about one container does not let a worse finding about its neighbor lead.
func TestTheAlertedContainerLeads(t *testing.T) {
	i, f := dropped(1)
	side := web()
	side.Container = "side"
	worse := inspect.Finding{
		ID: "w", Check: "binaries", Code: "unexpected-binary", Subject: "side:/x",
		Status: inspect.RowFailed, Severity: inspect.Critical,
	}
	c := inspect.Case{Images: []inspect.Image{i, side}, Findings: []inspect.Finding{worse, f}}
	if got := cause(t, c); got.Path != "/x" {
		t.Errorf("without alerts: %+v", got)
	}
	c.Alerts = []inspect.Alert{alertOf("/usr/bin/curl", inspect.OriginImage)}
	if got := cause(t, c); got.Path != "/var/tmp/.font/x" {
		t.Errorf("with an alert on web: %+v", got)
	}
	c.Alerts[0].Match = inspect.MatchNone
	if got := cause(t, c); got.Path != "/x" {
		t.Errorf("with an alert on another pod: %+v", got)
	}
}

// The same case gives the same cause in whatever order its alerts came.
func TestTheOrderOfAlertsDoesNotMatter(t *testing.T) {
	c := viaPython(hook())
	c.Alerts = append(c.Alerts, alertOf("/tmp/x", inspect.OriginRuntime), alertOf("/bin/sh", inspect.OriginImage))
	want := cause(t, c)
	slices.Reverse(c.Alerts)
	if got := cause(t, c); got != want {
		t.Errorf("%+v and %+v", got, want)
	}
}

// What a package, a path or a build step is called is written by whoever made the image: no answer carries its control
// characters to a terminal, nor to the report.
func TestForeignStringsAreCleaned(t *testing.T) {
	const evil = "\x1b]0;x\x07\u202eevil\r\n"
	i := web()
	i.Layers[1].CreatedBy = "COPY " + evil
	i.Binaries = []inspect.Binary{{Path: "/" + evil, Layer: 1, Status: inspect.RowFailed}}
	i.Altered = []inspect.Altered{{Path: "/a" + evil, Package: evil, Layer: 1, Status: inspect.RowFailed}}
	i.Provenance = []inspect.Provenance{{Source: evil, Builder: evil, Commit: evil}}
	i.Diff = &inspect.Diff{
		KnownGood: &inspect.KnownGood{Reference: evil}, Signers: []string{evil},
		Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{Name: evil, From: evil, To: evil}}},
	}
	c := caseWith(i, inspect.Finding{
		ID: "f", Check: "autoruns", Subject: "web:/" + evil, Status: inspect.RowFailed,
		Title: evil + "runs",
		Cause: inspect.Cause{Kind: inspect.CausePackage, Name: "npm " + evil, Version: evil}.Key(),
	})
	a := alertOf("/bin/"+evil, inspect.OriginImage)
	a.CommandLine, a.Parent, a.Ran = "sh -c "+evil, evil, &inspect.Ran{
		Program: "/bin/sh" + evil,
		Act:     inspect.ActCommand,
	}
	c.Alerts = []inspect.Alert{a}
	for _, got := range answer.Answers(c, nil) {
		if strings.ContainsAny(got.Text, "\x1b\x07\u202e\r\n") {
			t.Errorf("%s: %q", got.Question, got.Text)
		}
	}
}
