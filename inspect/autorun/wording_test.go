package autorun

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
)

// The title of a finding: what it is, when it runs, and the one thing that makes it a finding.
func TestTitlesNameWhatMakesTheFinding(t *testing.T) {
	yes := true
	lib := &inspect.Node{Entry: inspect.Entry{Path: "/opt/x.so"}}
	for want, change := range map[string]func(r *row){
		"/etc/cron.d/x starts programs by the clock": func(*row) {},
		"/etc/cron.d/x starts programs by the clock, and runs what it " +
			"downloads": func(r *row) { r.found = []content.Found{{Sign: content.RunsDownload}} },
		"/etc/cron.d/x starts programs by the clock that no package owns: " +
			"/opt/x.so": func(r *row) { r.grave, r.loads = true, []*inspect.Node{lib} },
		"/etc/cron.d/x lets everyone in": func(r *row) { r.opens = "lets everyone in" },
		"/etc/cron.d/x starts programs by the clock, and is a script now that starts the original " +
			"program": func(r *row) { r.codes = []string{inspect.CodeWrapsOriginal} },
		"/etc/cron.d/x starts programs by the clock, and starts " +
			"/tmp/.x": func(r *row) { r.hidden = "/tmp/.x" },
		"/etc/cron.d/x starts programs by the clock, and names " +
			"/tmp/lib": func(r *row) { r.hidden, r.dir = "/tmp/lib", "/tmp/lib" },
		"/etc/cron.d/x starts programs by the clock, and differs at the same version of the " +
			"package": func(r *row) { r.codes = []string{inspect.CodeSameVersion} },
		"/etc/cron.d/x starts programs by the clock, and does not match package " +
			"cron": func(r *row) { r.altered, r.owner = true, "cron" },
		"/etc/cron.d/x starts programs by the clock, new since the previous " +
			"image": func(r *row) { r.isNew = &yes },
		"a job (/etc/cron.d/x) starts programs by the " +
			"clock": func(r *row) { r.title = "a job" },
		"NODE_OPTIONS starts programs by the clock: NODE_OPTIONS=-r " +
			"x": func(r *row) {
			r.node, r.title, r.command = nil, "NODE_OPTIONS",
				"NODE_OPTIONS=-r x"
		},
	} {
		r := rowWith(KindCron, "/etc/cron.d/x", nil)
		r.trigger = "starts programs by the clock"
		change(r)
		if got := (report{good: &inspect.KnownGood{}}).title(r); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}

// How the other image has the row: the strongest statement alone, and none where nothing was compared.
func TestHowTheOtherImageHasIt(t *testing.T) {
	p := report{good: &inspect.KnownGood{Confirmed: true}}
	for want, codes := range map[string][]string{
		"has the same version of the package with other content": {
			inspect.CodeNotInKnownGood,
			inspect.CodeSameVersion,
		},
		"starts the program itself, which this script starts now": {
			inspect.CodeChangedSinceKnownGood,
			inspect.CodeWrapsOriginal,
		},
		"has the package without it": {inspect.CodeNotInKnownGood, inspect.CodeGained},
		"has another command there": {
			inspect.CodeNotInKnownGood,
			inspect.CodeChangedSinceKnownGood,
		},
		"does not have it":        {inspect.CodeNotInKnownGood},
		"has other content there": {inspect.CodeChangedSinceKnownGood},
		"has the same":            nil,
	} {
		got := p.detail(rowWith(KindCron, "/etc/cron.d/x", nil, codes...))
		if !strings.HasSuffix(got, " image "+want) {
			t.Errorf("%q: %q", codes, got)
		}
	}
	if got := (report{}).detail(rowWith(KindCron, "/etc/cron.d/x", nil,
		inspect.CodeNotInKnownGood)); strings.Contains(got, "image") {
		t.Errorf("nothing was compared: %q", got)
	}
}

// The cause is the package that brought a hook; where its content is not the package's it is the hook itself.
func TestTheCauseOfAHook(t *testing.T) {
	lib := &inspect.Node{Entry: inspect.Entry{Path: "/opt/x.jar"}}
	for name, tt := range map[string]struct {
		change func(r *row)
		want   string
	}{
		"of no package": {func(*row) {}, "hook:/etc/cron.d/x"},
		"of a package":  {func(r *row) { r.owner, r.version = "npm tiny", "4.1.1" }, "package:npm tiny@4.1.1"},
		"altered":       {func(r *row) { r.owner, r.altered = "cron", true }, "hook:/etc/cron.d/x"},
		"a variable":    {func(r *row) { r.node, r.title = nil, "BASH_ENV" }, "hook:BASH_ENV"},
		"a variable that loads a jar": {func(r *row) {
			r.node, r.loads, r.codes = nil, []*inspect.Node{lib}, []string{inspect.CodeUnownedTarget}
		}, "hook:/opt/x.jar"},
	} {
		r := rowWith(KindCron, "/etc/cron.d/x", nil)
		tt.change(r)
		if got := r.cause(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A row is verified by the bytes of its package or of a confirmed known-good, and by nothing else: not because nothing
// was found in it.
func TestWhichRowsAreVerified(t *testing.T) {
	for name, tt := range map[string]struct {
		row  *row
		want bool
	}{
		"nothing found": {rowWith(KindProfile, "/etc/profile", nil), false},
		"a package of the system": {with(rowWith(KindProfile, "/etc/profile", nil),
			func(r *row) { r.system = true }), true},
		"a package, altered": {with(rowWith(KindProfile, "/etc/profile", nil), func(r *row) {
			r.system,
				r.altered = true, true
		}), false},
		"a package of a language": {with(rowWith(KindProfile, "/etc/profile", nil), func(r *row) {
			r.vouched,
				r.owner = true, "npm a"
		}), false},
		"a confirmed known-good": {rowWith(KindProfile, "/etc/profile", nil, inspect.CodeKnownGood), true},
		"an unconfirmed comparison": {
			rowWith(KindProfile, "/etc/profile", nil, inspect.CodeChangedSinceKnownGood),
			false,
		},
	} {
		tt.row.severity, _ = tt.row.judge()
		if got := (report{}).fact(tt.row).Status == inspect.RowVerified; got != tt.want {
			t.Errorf("%s: verified %v", name, got)
		}
	}
	packaged := with(rowWith(KindCron, "/etc/cron.d/x", signs(content.RunsDownload)), func(r *row) { r.system = true })
	packaged.severity, _ = packaged.judge()
	if got := (report{}).fact(packaged).Status; got != inspect.RowFailed {
		t.Errorf("a package that runs what it downloads is %s", got)
	}
}

// The layer of a row is named by the digest that can be looked up, in the listing or the registry.
func TestEvidenceOfARow(t *testing.T) {
	p := report{container: "web", config: "sha256:c", layers: []inspect.Layer{
		{Number: 0, Digest: "sha256:0", CreatedBy: "ADD /"}, {Number: -1, Empty: true, Digest: "sha256:e"}, {
			Number: 1, DiffID: "sha256:d1", CreatedBy: "RUN x",
		},
	}}
	r := rowWith(KindCron, "/etc/cron.d/x", nil)
	r.node.Layer, r.node.SHA256, r.command = 1, "ab", "curl"
	f := p.finding(r, findingNew, p.fact(r))
	if f.Subject != "web:/etc/cron.d/x" || len(f.Evidence) != 2 {
		t.Fatalf("%+v", f)
	}
	if e := f.Evidence[0]; e.Digest != "sha256:ab" || e.Path != "/etc/cron.d/x" || e.Text != "curl" {
		t.Errorf("the file: %+v", e)
	}
	if e := f.Evidence[1]; e.Digest != "sha256:d1" || e.Text != "RUN x" {
		t.Errorf("the layer: %+v", e)
	}
	f = p.finding(
		with(rowWith(KindShellEnv, "", nil), func(r *row) { r.command = "BASH_ENV=/x" }),
		findingNew,
		inspect.Autorun{},
	)
	if f.Subject != "web" || len(f.Evidence) != 1 || f.Evidence[0].Kind != "config" ||
		f.Evidence[0].Digest != "sha256:c" {
		t.Errorf("a variable: %+v", f)
	}
}
