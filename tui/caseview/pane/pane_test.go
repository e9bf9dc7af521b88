package pane

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/widget"
)

var now = time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC)

// ago is a time that many minutes before now.
func ago(minutes int) inspect.Time { return inspect.At(now.Add(-time.Duration(minutes) * time.Minute)) }

// imageOf is the image of a container.
func imageOf(container string) inspect.Image {
	return inspect.Image{ImageHead: inspect.ImageHead{
		Container: container,
		Reference: "registry.example.com/acme/" + container + ":1.4", Digest: "sha256:" + strings.Repeat("ab", 32),
	}}
}

// check is a check of a container that has ended, or could not run.
func check(name, container string, status inspect.CheckStatus, reason string) inspect.CheckState {
	return inspect.CheckState{Name: name, Container: container, Status: status, Reason: reason}
}

// viewOf looks at a case of one image, whose container is web.
func viewOf(i inspect.Image) View {
	return View{
		Case: &inspect.Case{Images: []inspect.Image{i}}, Container: "web",
		Paint: widget.NewPaint(true, true, false), Now: now,
	}
}

// plain is a drawn line without its colors.
func plain(drawn string) string { return ansi.Strip(drawn) }

// line draws a row in a width.
func line(v View, r Row, width int) string {
	return strings.TrimRight(plain(v.Paint.Line(width, widget.LookPlain, r.Cells(width)...)), " ")
}

// detail is what is read beside a row.
func detail(v View, r Row) string {
	d := widget.NewDocument(v.Paint, 160)
	r.Detail(d)
	return ansi.Strip(strings.Join(d.Lines, "\n"))
}

// find gives the row with an identity.
func find(t *testing.T, rows []Row, id string) Row {
	t.Helper()
	var all []string
	for _, r := range rows {
		if r.Key() == id {
			return r
		}
		all = append(all, r.Key())
	}
	t.Fatalf("there is no row %s among %q", id, all)
	return Row{}
}

// keys are the identities of rows.
func keys(rows []Row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Key())
	}
	return all
}

// has checks that a text has others in it.
func has(t *testing.T, where, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not have %q:\n%s", where, want, text)
		}
	}
}

func TestEveryPaneHasItsParts(t *testing.T) {
	names := map[string]bool{}
	for k := range Count {
		s := k.Spec()
		if s.Name == "" || s.Tab == "" || s.List == "" || s.Empty == "" || s.Rows == nil || s.Share < 30 ||
			s.Share > 70 {
			t.Errorf("pane %d is not complete: %+v", k, s)
		}
		if names[s.Name] {
			t.Errorf("two panes are called %s", s.Name)
		}
		names[s.Name] = true
	}
	if Overview.OfImage() || Timeline.OfImage() || !Layers.OfImage() || !Binaries.OfImage() {
		t.Error("a pane is of an image, or is not, against its kind")
	}
}

func TestAnEmptyCaseHasEmptyPanes(t *testing.T) {
	v := View{Case: &inspect.Case{}, Paint: widget.NewPaint(true, true, false), Now: now}
	for k := range Count {
		if rows := k.Spec().Rows(v); k != Overview && len(rows) != 0 {
			t.Errorf("%s has rows: %q", k.Spec().Name, keys(rows))
		}
	}
}

func TestAnEmptyPaneSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name    string
		checks  []inspect.CheckState
		running bool
		status  inspect.Status
		want    string
	}{
		{
			"it still runs",
			[]inspect.CheckState{check("layers", "web", inspect.CheckBlocked, inspect.Running)},
			true,
			inspect.Unknown, "still checking: layers …",
		},
		{
			"it could not run",
			[]inspect.CheckState{check("layers", "web", inspect.CheckBlocked, "404")},
			false,
			inspect.Unknown, "could not run: 404",
		},
		{
			"it does not apply",
			[]inspect.CheckState{check("layers", "web", inspect.CheckSkipped,
				"no layers in a config")},
			false, inspect.Absent, "no layers in a config",
		},
		{
			"there is nothing",
			[]inspect.CheckState{check("layers", "web", inspect.CheckDone, "")},
			false, inspect.Absent,
			"no layers",
		},
		{
			"a check of the case",
			[]inspect.CheckState{check("layers", "", inspect.CheckBlocked, "no cluster")},
			false,
			inspect.Unknown, "could not run: no cluster",
		},
		{"nothing has begun", nil, true, inspect.Unknown, "…"},
		{"nothing will come", nil, false, inspect.Absent, "no layers"},
	} {
		v := viewOf(imageOf("web"))
		v.Case.Checks = c.checks
		if status, why := v.Why(Layers, c.running); status != c.status || why != c.want {
			t.Errorf("%s: %s %q, want %s %q", c.name, status, why, c.status, c.want)
		}
	}
}

func TestTheOverviewListsTheWorstFirst(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Alerts = []inspect.Alert{{
		ID: "a1", Rule: "Drop and execute", Subject: "web", Count: 3,
		File: inspect.AlertFile{Path: "/tmp/x", Origin: inspect.OriginImage, Layer: 2},
	}}
	v.Case.Findings = []inspect.Finding{
		{
			ID: "f1", Check: "binaries", Code: "unexpected-binary", Severity: inspect.Critical, Status: inspect.RowFailed,
			Subject: "web:/tmp/x", Title: "unpackaged executable", Detail: "no package owns it",
			Evidence: []inspect.Evidence{{Kind: "file", Path: "/tmp/x", Text: "layer 2", Digest: "sha256:aa"}},
		},
		{ID: "f2", Check: "answers", Severity: inspect.Medium, Title: "xz-utils changed", Subject: "web"},
	}
	v.Case.Checks = []inspect.CheckState{
		check("layers", "proxy", inspect.CheckBlocked, "404"),
		check("pod", "", inspect.CheckDone, ""),
	}
	v.Case.Notes = []inspect.Note{{Subject: "f1", Author: "ada", Text: "seen"}}
	v.Steps = []respond.NextStep{
		{Why: "Preserve the pod", Command: "kubectl annotate pod"},
		{Why: "Export the evidence bundle"},
	}
	rows := overviewRows(v)
	if got, want := keys(rows)[:4], []string{
		"finding:f1", "finding:f2", "alert:a1",
		"check:layers:proxy",
	}; !slices.Equal(got, want) {
		t.Errorf("the rows are %q, want %q", got, want)
	}
	for _, c := range []struct{ id, line, detail string }{
		{"alert:a1", "! ALERT Drop and execute ×3", "Where the file is"},
		{"finding:f1", "  CRIT  unpackaged executable", "check       binaries, unexpected-binary"},
		{"check:layers:proxy", "? open  layers of proxy could not run: 404", "r retries it."},
		{"next:0", "  next  1 Preserve the pod", "kubectl annotate pod"},
		{"next:1", "  next  2 Export the evidence bundle", "Next step 2"},
	} {
		r := find(t, rows, c.id)
		has(t, c.id, line(v, r, 60), c.line)
		has(t, c.id, detail(v, r), c.detail)
	}
	f := find(t, rows, "finding:f1")
	has(t, "the finding", detail(v, f), "no package owns it", "Evidence", "• file /tmp/x", "layer 2", "sha256:aa",
		"Notes", "ada  seen")
	if f.Path != "/tmp/x" || f.Container != "web" || f.Mark != "f1" {
		t.Errorf("the finding leads to %s in %s", f.Path, f.Container)
	}
	v.Sort = 1
	if got := keys(overviewRows(v))[0]; got != "finding:f2" {
		t.Errorf("by check the first finding is %s", got)
	}
	if got, _ := v.FindingOf("/tmp/x"); got != "finding:f1" {
		t.Errorf("about the file is first %s", got)
	}
	for _, path := range []string{"", "/none"} {
		if got, _ := v.FindingOf(path); got != "" {
			t.Errorf("about %q is %s", path, got)
		}
	}
}

// Findings of one cause are one row until a person opens it, or a filter looks for one of them.
func TestFindingsOfOneCauseAreOneRow(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Images[0].Layers = []inspect.Layer{{Number: 2, Digest: "sha256:l2", CreatedBy: "COPY fonts/ / # buildkit"}}
	for _, path := range []string{"/tmp/x", "/usr/bin/top"} {
		v.Case.Findings = append(v.Case.Findings,
			inspect.Finding{
				ID: path, Check: "binaries", Code: "unexpected-binary",
				Severity: inspect.High, Status: inspect.RowFailed, Subject: "web:" + path,
				Title:    path + " is unpackaged",
				Evidence: []inspect.Evidence{{Kind: "layer", Digest: "sha256:l2"}},
			})
	}
	v.Steps = []respond.NextStep{{Why: "Preserve the pod", Command: "kubectl annotate pod"}}
	rows := overviewRows(v)
	g := find(t, rows, "group:layer:web:2")
	has(t, "the group", line(v, g, 70), "▸ HIGH  layer 2 (COPY fonts/ /) adds a file", "2 files")
	has(t, "its detail", detail(v, g), "HIGH /tmp/x is unpackaged", "HIGH /usr/bin/top is unpackaged",
		"layer       2  COPY fonts/ /", "→ shows the findings")
	has(t, "the filter's text", g.Find(), "/usr/bin/top is unpackaged")
	if g.Value != "kubectl annotate pod" || slices.Contains(keys(rows), "finding:/tmp/x") {
		t.Errorf("y copies %q, the rows are %q", g.Value, keys(rows))
	}
	v.Opened = func(group string) bool { return group == "layer:web:2" }
	rows = overviewRows(v)
	has(t, "the open group", line(v, find(t, rows, "group:layer:web:2"), 70), "▾ HIGH")
	has(t, "its finding", line(v, find(t, rows, "finding:/tmp/x"), 70), "    HIGH  /tmp/x is unpackaged")
	if id, group := v.FindingOf("/usr/bin/top"); id != "finding:/usr/bin/top" || group != "layer:web:2" {
		t.Errorf("about the file is %s of %s", id, group)
	}
}

func TestAPodThatIsGoneIsInTheOverview(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Changes = []inspect.PodChange{{
		Time: ago(2), State: inspect.PodGone, What: []string{"it was deleted"},
		Exhibit: "cluster/pod@9.json",
	}}
	for _, r := range overviewRows(v) {
		if strings.HasPrefix(r.Key(), "change:") {
			has(t, "the row", line(v, r, 60), "! POD   gone: it was deleted")
			has(t, "the detail", detail(v, r), "seen at     2026-03-14 03:18:00Z", "• it was deleted",
				"collected as cluster/pod@9.json")
			return
		}
	}
	t.Error("there is no row of the pod")
}

func TestAnAnswerIsNeverAVerdict(t *testing.T) {
	for _, c := range []struct {
		a            inspect.Answer
		line, detail string
	}{
		{
			inspect.Answer{Question: inspect.WhereFrom, Status: inspect.Answered, Text: "layer 2"},
			"ans.  Origin: layer 2", "answered",
		},
		{
			inspect.Answer{
				Question: inspect.HowIn, Status: inspect.AnswerOpen, Text: "so far",
				Waiting: []string{"layers"},
			},
			"open  Entry path: so far", "open: layers",
		},
		{
			inspect.Answer{Question: inspect.WhyMissed, Status: inspect.AnswerNone, Text: "nothing"},
			"ans.  Why not blocked: nothing", "nothing to explain",
		},
		{
			inspect.Answer{Question: inspect.WhyMissed, Status: inspect.AnswerOpen, Text: "not known"},
			"open  Why not blocked: not known", "open",
		},
	} {
		v := viewOf(imageOf("web"))
		r := answerRow(v, c.a)
		has(t, c.line, line(v, r, 60), c.line)
		has(t, c.line, detail(v, r), questionText(c.a.Question), c.detail)
		if strings.ContainsAny(line(v, r, 60)+detail(v, r), "✓✗") {
			t.Errorf("an answer has a sign: %s", line(v, r, 60))
		}
	}
}

func TestAnAnswerNamesItsFindingsAndItsBasis(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Findings = []inspect.Finding{{ID: "f1", Title: "unpackaged executable"}, {ID: "f2", Title: "another"}}
	text := detail(v, answerRow(v, inspect.Answer{
		Question: inspect.WhereFrom, Findings: []string{"f1"},
		Waiting: []string{"packages"}, Sentences: []inspect.Sentence{
			{Text: "it is in layer 2", Basis: inspect.Derived},
			{Text: "the builder is ci", Basis: inspect.Claimed, By: "its labels", Run: "helm get"},
		},
	}))
	has(t, "the answer", text, "Still checking: packages. So far:", "it is in layer 2", "the builder is ci",
		"find out with: helm get", "Follows from these findings", "• unpackaged executable")
	if strings.Contains(text, "another") {
		t.Errorf("the answer names a finding that it does not follow from:\n%s", text)
	}
}

func TestBinariesAreSorted(t *testing.T) {
	i := imageOf("web")
	i.Binaries = []inspect.Binary{
		{
			Path: "/b", Severity: inspect.High, Status: inspect.RowFailed, Layer: 1, Kind: inspect.KindELF,
			Codes: []string{"unowned", "alerted"}, Mode: "0755", Size: 81_920, CreatedBy: "COPY b /", Detail: "why",
		},
		{Path: "/c", Severity: inspect.Critical, Layer: 3, Count: 7},
	}
	i.Altered = []inspect.Altered{
		{Path: "/b", Severity: inspect.High},
		{
			Path: "/a", Severity: inspect.High, Layer: 2, Package: "procps",
			Expected: "md5:0a", Actual: "md5:ff", Status: inspect.RowFailed, Detail: "replaced",
		},
		{Path: "/etc/conf", Severity: inspect.Low, Config: true, Expected: "sha256:0a"},
	}
	i.Missing = []inspect.Missing{{Path: "/m", Severity: inspect.Medium, Package: "curl", Executable: true}}
	for sort, want := range [][]string{
		{"binary:/c", "binary:/b", "altered:/a", "missing:/m", "altered:/etc/conf"},
		{"altered:/a", "binary:/b", "binary:/c", "altered:/etc/conf", "missing:/m"},
		{"binary:/c", "altered:/a", "binary:/b", "missing:/m", "altered:/etc/conf"},
	} {
		v := viewOf(i)
		v.Sort = sort
		if got := keys(binaryRows(v)); !slices.Equal(got, want) {
			t.Errorf("by %s: %q, want %q", Binaries.Spec().Sorts[sort], got, want)
		}
	}
	v := viewOf(i)
	v.Case.Alerts = []inspect.Alert{{Rule: "Drop", Priority: "Critical", Path: "/b"}}
	rows := binaryRows(v)
	has(t, "a binary", line(v, find(t, rows, "binary:/b"), 70), "HIGH   /b", "unowned alerted", "elf", "L1")
	has(t, "a binary", detail(v, find(t, rows, "binary:/b")), "no package owns it (unowned)",
		"an alert names it (alerted)", "owner       no package owns it", "step        COPY b /", "Alerts that name it",
		"81.9 kB")
	has(t, "many files", detail(v, find(t, rows, "binary:/c")), "One row for 7 files")
	has(t, "an altered file", line(v, find(t, rows, "altered:/a"), 100), "does not match procps", "altered")
	has(t, "an altered file", detail(v, find(t, rows, "altered:/a")), "does not match the checksum of its package",
		"legacy digest", "replaced")
	has(t, "a config file", line(v, find(t, rows, "altered:/etc/conf"), 70), "config")
	has(t, "a missing file", detail(v, find(t, rows, "missing:/m")), "in the file list of its package",
		"It was executable.")
}

func TestCodesAreWorded(t *testing.T) {
	for code, w := range codeWords() {
		if w == "" || strings.Contains(w, "  ") || codeText(code) != w+" ("+code+")" {
			t.Errorf("%s is worded %q", code, codeText(code))
		}
	}
	if got := codeText("of-a-later-version"); got != "of-a-later-version" {
		t.Errorf("an unknown code is %q", got)
	}
}

func TestLayersAreNewestFirstBelowTheMergedImage(t *testing.T) {
	i := imageOf("web")
	i.Status, i.Config, i.Platform = inspect.Verified, "sha256:cc", "linux/amd64"
	i.Settings = inspect.ImageConfig{Entrypoint: []string{"/bin/web"}, User: "1000", Env: []string{"PATH=/bin"}}
	i.Notable = []inspect.Setting{{Detail: "runs as root", Severity: inspect.Medium}}
	i.Files = inspect.Files{Total: 9, Owned: 7, Unowned: 2, Ownership: "known", Equal: 6, Unverifiable: 1}
	i.Diff = &inspect.Diff{Layers: &inspect.LayerDiff{Shared: 2, Added: 1}}
	i.Layers = []inspect.Layer{
		{
			Position: 0, Number: 0, Size: 29_000_000, Base: true, Status: inspect.Verified, Digest: "sha256:l0",
			DiffID: "sha256:d0", CreatedBy: "ADD rootfs /", Added: 3,
		},
		{Position: 1, Number: -1, Empty: true, CreatedBy: `CMD ["bash"]`},
		{
			Position: 2, Number: 1, Size: 84_000, Status: inspect.Unknown, Reason: inspect.Running,
			CreatedBy: "COPY cache /",
		},
		{Position: 3, Number: 2, Status: inspect.Unknown, Reason: "missing-blob", Detail: "404"},
	}
	i.Binaries = []inspect.Binary{{Path: "/x", Layer: 0, Severity: inspect.Critical}}
	v := viewOf(i)
	rows := layerRows(v)
	if got, want := keys(rows), []string{MergedID, "layer:3", "layer:2", "layer:1", "layer:0"}; !slices.Equal(got,
		want) {
		t.Fatalf("the rows are %q, want %q", got, want)
	}
	has(t, "the image", detail(v, rows[0]), "✓ verified", "config      sha256:cc", "██░ 2 shared, 1 not",
		"9, 7 owned by packages, 2 not", "6 equal to their digests, 1 not verifiable", "MED runs as root", "• PATH=/bin", "entrypoint  /bin/web")
	for n, want := range map[int]string{0: "all merged image", 1: "  2 ?", 2: "  1 …", 3: "  –", 4: "  0 !"} {
		has(t, rows[n].Key(), line(v, rows[n], 60), want)
	}
	has(t, "a layer", detail(v, rows[4]), "Layer 0", "✓ verified", "of the base image",
		"3 added, 0 modified, 0 removed", "29.0 MB in the registry")
	has(t, "a layer that is read", detail(v, rows[2]), "… layer 1: still being read")
	has(t, "a layer that is missing", detail(v, rows[1]), "? not checked: missing-blob: 404")
	has(t, "a step", detail(v, rows[3]), "A build step without a layer")
	if !slices.Equal(rows[1].Retry, []inspect.Key{LayersKey("web")}) || rows[4].Retry != nil || rows[2].Retry != nil {
		t.Error("r would retry a layer that was read, or not one that was not")
	}
	if got := UnreadLayers(v.Case); !slices.Equal(got, []inspect.Key{LayersKey("web")}) {
		t.Errorf("layers to read again: %v", got)
	}
	for layer, want := range map[int]string{0: "ADD rootfs /", 9: "", -1: ""} {
		if got := StepOf(i, layer); got != want {
			t.Errorf("the step of layer %d is %q", layer, got)
		}
	}
	if LayerOf(i, "/x") != 0 || LayerOf(i, "/none") != -1 {
		t.Error("the layer of a file is another")
	}
	if base := BaseLayers(i); !base[0] || base[1] {
		t.Errorf("the base is %v", base)
	}
}

func TestTracesOfALostImage(t *testing.T) {
	d := widget.NewDocument(widget.NewPaint(true, true, false), 60)
	if Traces(d, inspect.Image{}); len(d.Lines) != 0 {
		t.Errorf("nothing is left, and written is %q", d.Lines)
	}
	Traces(d, inspect.Image{ImageHead: inspect.ImageHead{Left: []string{"node-3 still has it"}}})
	has(t, "the traces", strings.Join(d.Lines, "\n"), "What is left of it", "• node-3 still has it")
}

func TestALayerIsReadSkippedOrListed(t *testing.T) {
	for _, c := range []struct {
		name                     string
		l                        inspect.Layer
		running, skipped, listed bool
	}{
		{"read", inspect.Layer{DiffID: "d"}, false, false, true},
		{"being read", inspect.Layer{DiffID: "d", Reason: inspect.Running}, true, false, false},
		{"skipped", inspect.Layer{Reason: "skipped"}, false, true, false},
		{"empty", inspect.Layer{Empty: true, DiffID: "d"}, false, false, false},
	} {
		if Running(c.l) != c.running || Skipped(c.l) != c.skipped || Listed(c.l) != c.listed {
			t.Errorf("%s: running %v, skipped %v, listed %v", c.name, Running(c.l), Skipped(c.l), Listed(c.l))
		}
	}
}

func TestSignaturesGatesAndStores(t *testing.T) {
	i := imageOf("web")
	i.Index = "sha256:index"
	step := func(name string, status inspect.Status) inspect.Step {
		return inspect.Step{
			Name: name, Status: status,
			Detail: "compared",
		}
	}
	i.Signatures = []inspect.Signature{
		{
			ID: "ok", Status: inspect.Verified, Identity: "https://github.com/acme", Issuer: "https://issuer",
			Kind: "cosign", Store: "tag", LogIndex: 7, Notes: []string{"a note"},
			Certificate: &inspect.Certificate{
				Subject: []string{"acme"}, Issuer: "CN=sigstore",
				Extensions: map[string]string{"repo": "acme/web"},
			},
		},
		{
			ID: "bad", Status: inspect.Failed, Reason: "subject-mismatch", Key: "sha256:0123456789abcdef",
			Steps: []inspect.Step{step("integrity", inspect.Verified), step("subject", inspect.Failed)},
		},
		{ID: "who", Status: inspect.Unknown, Reason: "no-expectation", PredicateType: "https://slsa.dev/provenance/v1"},
		{ID: "key", Status: inspect.Unknown, Reason: "unknown-key"},
	}
	i.Gates = []inspect.Gate{
		{
			Name: "late policy", Status: inspect.GatePassed, By: "Kyverno", FailsOpen: true, Since: ago(60),
			Changed: ago(30),
		},
		{Name: inspect.GateSignature, Status: inspect.GateRefused, Detail: "the known-good was signed"},
		{Name: inspect.GateProvenance, Status: inspect.GateAbsent},
	}
	i.Stores = []inspect.StoreReply{
		{Store: "tag", Subject: "sha256:index", Status: inspect.StoreFound, Found: 1},
		{Store: "referrers", Status: inspect.StoreEmpty},
		{Store: "layout", Status: inspect.StoreUnreachable, Detail: "500"},
		{Store: "many", Status: inspect.StoreFound, Found: 12},
	}
	i.Diff = &inspect.Diff{
		Signers:   []string{"signed by acme before"},
		KnownGood: &inspect.KnownGood{Reference: "acme/web:1.3"},
	}
	v := viewOf(i)
	rows := signatureRows(v)
	want := []string{
		"drift:signers:0", "gate:signature", "signature:bad", "signature:who", "signature:key",
		"signature:ok", "gate:late policy", "store:tag:sha256:index", "store:referrers:", "store:layout:",
		"store:many:",
	}
	if got := keys(rows); !slices.Equal(got, want) {
		t.Fatalf("the rows are %q, want %q", got, want)
	}
	for id, want := range map[string]string{
		"drift:signers:0": "≠ signed by acme before",
		"gate:signature":  "✗ gate      signature would refuse: the known-good was signed",
		"signature:bad":   "✗ signature key 0123456789ab",
		"signature:who":   "? attested  unknown signer", "signature:ok": "✓ signature github.com/acme",
		"store:tag:sha256:index": "1 store     tag index: 1 signature or attestation",
		"store:referrers:":       "– store     referrers : none",
		"store:layout:":          "? store     layout : unreachable: 500",
		"store:many:":            "9 store     many : 12 signatures or attestations",
	} {
		has(t, id, line(v, find(t, rows, id), 80), want)
	}
	has(t, "an unknown key", line(v, find(t, rows, "signature:key"), 80), "no known key")
	has(t, "no policy", line(v, find(t, rows, "signature:who"), 80), "no policy requires a signer")
	has(t, "the bad one", detail(v, find(t, rows, "signature:bad")), "✗ failed: the signature is of another image",
		"The chain, from root to subject", "✓ integrity         compared",
		"proves who signed these bytes, not that they are harmless")
	has(t, "the good one", detail(v, find(t, rows, "signature:ok")), "✓ verified", "log entry   7", "Certificate",
		"issued by   CN=sigstore", "repo acme/web", "• a note", "Required", "No flag and no policy requires a signer.")
	has(t, "a gate", detail(v, find(t, rows, "gate:late policy")), "system      Kyverno", "Fails open", "set up",
		"changed")
	has(t, "a store", detail(v, find(t, rows, "store:tag:sha256:index")), "This digest is the index")
	v.Case.Expected = inspect.Expected{
		Identities: []string{"a@b", "c@d"}, Issuers: []string{"https://issuer"},
		Keys: []inspect.ExpectedKey{{Digest: "sha256:key"}},
	}
	has(t, "what is required", detail(v, find(t, signatureRows(v), "signature:ok")), "identity    a@b, or c@d",
		"key         sha256:key")
}

func TestProvenanceIsAClaimUnlessSigned(t *testing.T) {
	i := imageOf("web")
	i.Signatures = []inspect.Signature{{ID: "g1", Identity: "ci@acme", Status: inspect.Verified}}
	i.Gates = []inspect.Gate{{Name: inspect.GateProvenance, Status: inspect.GateAbsent}, {Name: "other"}}
	i.Provenance = []inspect.Provenance{
		{
			ID: "p1", Status: inspect.Unknown, Reason: "unsigned", Source: "git+https://github.com/acme/web",
			Commit: "9f8e7d6c5b4a3928", Builder: "ci", Notes: []string{"another builder"},
			Materials:  []inspect.Material{{URI: "pkg:docker/debian", Digest: "sha256:aa"}},
			Parameters: map[string]string{"b": "2", "a": "1"},
		},
		{
			ID: "p2", Status: inspect.Verified, Signed: true, Signature: "g1", Builder: "https://builder", Started: ago(9),
			Finished: ago(8),
		},
	}
	v := viewOf(i)
	rows := provenanceRows(v)
	if got, want := keys(rows), []string{"gate:provenance", "provenance:p1", "provenance:p2"}; !slices.Equal(got,
		want) {
		t.Fatalf("the rows are %q, want %q", got, want)
	}
	has(t, "a claim", line(v, rows[1], 70), "? claim  github.com/acme/web", "9f8e7d6c5b4a")
	has(t, "a claim", detail(v, rows[1]), "Unsigned: self-reported by the builder.", "• another builder", "1 material",
		"• pkg:docker/debian sha256:aa", "a 1")
	has(t, "a signed one", line(v, rows[2], 70), "✓ signed https://builder")
	has(t, "a signed one", detail(v, rows[2]), "signed by   ci@acme (verified)",
		"built       2026-03-14 03:11:00Z to 2026-03-14 03:12:00Z")
}

func TestPackagesAreComparedOrAllListed(t *testing.T) {
	i := imageOf("web")
	i.Packages = []inspect.Package{
		{
			Type: "deb", Name: "xz", Version: "5.6", Layer: 1, PURL: "pkg:deb/xz",
			Locations: []string{"/var/lib/dpkg/status"},
		},
		{Type: "apk", Name: "zlib", Version: "1", Layer: 3},
		{Type: "deb", Name: "curl", Version: "7", Layer: 2},
	}
	i.Vulns = []inspect.Vuln{
		{
			ID: "CVE-1", Package: "xz", Version: "5.6", Severity: inspect.Critical,
			Threshold: inspect.LevelBlock,
		},
		{ID: "CVE-2", Package: "curl", Version: "7", Severity: inspect.Low},
	}
	i.SBOMs = []inspect.SBOM{
		{Origin: "generated", Format: "spdx", Packages: 3, Status: inspect.Verified},
		{Origin: "attached", Format: "cyclonedx", Packages: 1, Status: inspect.Unknown, Reason: "unsigned"},
	}
	i.Altered = []inspect.Altered{{Path: "/usr/bin/xz", Package: "xz 5.6"}}
	i.Files.Packages = []inspect.PackageFiles{{
		Name: "xz", Version: "5.6", Database: "dpkg", Files: 4, Equal: 2, Unverifiable: 1, Altered: 1,
	}}
	i.Diff = &inspect.Diff{
		KnownGood: &inspect.KnownGood{Reference: "acme/web:1.3"},
		Packages: &inspect.PackageDiff{
			Changed: []inspect.PackageChange{{
				Type: "deb", Name: "xz", From: "5.4", To: "5.6", Change: "upgrade",
				Layer: 1,
			}},
			Added: i.Packages[2:], Removed: []inspect.Package{{Type: "deb", Name: "gone", Version: "1", Layer: -1}},
		},
		Files: &inspect.FileDiff{Added: 9, Truncated: true, List: []inspect.FileChange{
			{Path: "/new", Change: "added", Type: "file", Executable: true, Layer: 2},
			{Path: "/old", Change: "removed", Layer: -1},
			{Path: "/mod", Change: "changed"},
		}},
		Settings: []string{"user changed"},
	}
	v := viewOf(i)
	rows := packageRows(v)
	if got := keys(rows)[0]; got != "changed:deb:xz:5.4" ||
		!strings.Contains(PackagesMode(v), "compared with the previous acme/web:1.3") {
		t.Errorf("first is %s, the title is %q", got, PackagesMode(v))
	}
	has(t, "a changed package", line(v, rows[0], 80), "~ xz", "5.4 → 5.6", "1 vuln", "deb", "L1")
	has(t, "its files", detail(v, rows[0]), "4: 2 equal to their digests, 1 not verifiable, 1 altered (dpkg)")
	has(t, "a changed package", detail(v, rows[0]), "upgrade compared with the previous acme/web:1.3",
		"CRIT CVE-1 of xz, block, fixed in: not known", "Its files that something was found about",
		"• /usr/bin/xz: does not match its checksum")
	for id, want := range map[string]string{
		"file:/new": "+ /new", "file:/old": "- /old", "file:/mod": "~ /mod",
		"drift:settings:0": "≠ user changed", "drift:files": "in total 9 added",
	} {
		has(t, id, line(v, find(t, rows, id), 120), want)
	}
	if r := find(t, rows, "file:/old"); r.Path != "" {
		t.Errorf("a file that was removed leads to %s", r.Path)
	}
	has(t, "an executable", detail(v, find(t, rows, "file:/new")), "added compared with the previous",
		"It is executable.")
	if last := rows[len(rows)-1]; !strings.Contains(line(v, last, 80), "SBOM generated, spdx: 3 packages") {
		t.Errorf("the last row is %s", line(v, last, 80))
	}
	v.Whole = true
	for sort, want := range [][]string{{"curl", "xz", "zlib"}, {"zlib", "curl", "xz"}, {"zlib", "curl", "xz"}} {
		v.Sort = sort
		var got []string
		for _, r := range packageRows(v)[:3] {
			got = append(got, r.Object.(inspect.Package).Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %s: %q, want %q", Packages.Spec().Sorts[sort], got, want)
		}
	}
	if PackagesMode(v) != ", all" {
		t.Errorf("the title is %q", PackagesMode(v))
	}
}

func TestTheTimelinePartsPastAndFuture(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Timeline = []inspect.Moment{
		{Time: ago(100), What: "image built", Trust: inspect.ByClaim, Source: "config"},
		{Time: ago(40), What: "rollout", Trust: inspect.ByCluster},
		{Time: ago(-60), What: "early warning is due", Trust: inspect.ByUs},
	}
	var got []string
	for _, r := range timelineRows(v) {
		got = append(got, line(v, r, 80))
	}
	has(t, "the timeline", strings.Join(got, "\n"), "2026-03-14 01:40:00Z", "● image built", "+1 h ● rollout", "── now",
		"○ early warning is due", "claimed")
	rows := timelineRows(v)
	has(t, "a moment", detail(v, rows[0]), "trust       self-reported, unauthenticated", "source      config",
		"oldest first")
	for trust, want := range map[string]string{
		inspect.BySignature: "signed: the time is part of what was verified",
		inspect.ByCluster:   "recorded by the cluster", inspect.ByRegistry: "recorded by the registry",
		inspect.ByAlert: "reported by the alert", inspect.ByUs: "local: this machine's clock", "another": "another",
	} {
		if got := trustText(trust); got != want {
			t.Errorf("%s: %q, want %q", trust, got, want)
		}
	}
	if gapText(time.Millisecond) != "" {
		t.Error("less than a second is a gap")
	}
}

func TestTheBlastRadius(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Pod = &inspect.Pod{
		Name: "web-1", Namespace: "shop",
		Owner: []inspect.Owner{
			{
				UID: "u1", Kind: "Deployment", Name: "web", Created: ago(9),
				Managers: []inspect.Manager{{Name: "kubectl-set", Time: ago(5), Images: []string{"web"}}},
			},
			{UID: "u2", Kind: "ReplicaSet", Name: "web-6d4"},
		},
		Revisions: []inspect.Revision{{
			Number: 4, Name: "web-6d4", Current: true, Cause: "hotfix",
			Images: map[string]string{"web": "acme/web:2"}, Running: map[string]string{"web": "sha256:aa"},
		}},
		Containers: []inspect.Container{{
			Name: "proxy", Type: inspect.ContainerSidecar, Injected: true,
			Reference: "mesh/proxy:2", State: "running", Restarts: 1,
			Mounts: []inspect.Mount{{Path: "/tls", Kind: "secret", Source: "web-tls", ReadOnly: true}},
		}},
	}
	rows := reachRows(v)
	for id, want := range map[string]string{
		"container:proxy":  "container    proxy sidecar, injected mesh/proxy:2",
		"owner:u1":         "owner        Deployment web, last written by kubectl-set",
		"revision:web-6d4": "revision     4, unknown, this pod's",
	} {
		has(t, id, line(v, find(t, rows, id), 80), want)
	}
	for id, want := range map[string][]string{
		"container:proxy": {
			"Injected: the owner's template does not have it.", "restarts    1",
			"mount       /tls: secret web-tls, read only",
		},
		"owner:u1":         {"Written by, the last first", "set the image of web", "A field manager names itself"},
		"owner:u2":         {"Not known who wrote it"},
		"revision:web-6d4": {"hotfix (free text, unauthenticated)", "runs        sha256:aa"},
	} {
		has(t, id, detail(v, find(t, rows, id)), want...)
	}
}

// What was not collected comes before what was: it vanishes.
func TestEvidenceIsASectionOfTheOverview(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Pod = &inspect.Pod{Name: "web-1", Namespace: "shop"}
	v.Case.Exhibits = []inspect.Exhibit{
		{
			Path: "logs/web.log", Digest: "sha256:log", Size: 40_123, Source: "GET log", Truncated: true,
			Redacted: []string{"env DB"}, Kept: ago(1),
		}, {Path: "logs/before.log", Missing: "not found"},
	}
	rows := overviewRows(v)
	r := find(t, rows, "exhibit:logs/web.log")
	has(t, "the log", line(v, r, 90), "collected    logs/web.log")
	has(t, "its detail", detail(v, r), "redacted    env DB", "Truncated at a size limit.")
	all := keys(rows)
	if slices.Contains(all, "exhibit:logs/before.log") {
		t.Error("what was not collected is listed as collected")
	}
	lost, kept := slices.Index(all, "preserved:run-time file"), slices.Index(all, "preserved:log")
	if lost < 0 || kept < lost {
		t.Errorf("what was not collected is row %d, what was is row %d of %q", lost, kept, all)
	}
}

func TestWhatWasCollectedIsCounted(t *testing.T) {
	v := viewOf(imageOf("web"))
	for _, c := range []struct {
		k    respond.Preserved
		want string
	}{
		{respond.Preserved{Word: "log", Kept: 2}, "collected    2 logs"},
		{
			respond.Preserved{Word: "log", Kept: 1, Lost: 1, Why: []string{"not found"}},
			"collected    1 log, not collected: 1 (not found)",
		},
		{respond.Preserved{Word: "event", Lost: 3}, "missing      3 events"},
		{respond.Preserved{Word: "run-time file", Lost: 1, Whole: true}, "missing      run-time files"},
	} {
		r := preservedRow(v, c.k)
		has(t, c.want, line(v, r, 90), c.want)
		has(t, c.want, detail(v, r), "Sorted by how soon they vanish from the cluster.")
	}
}

func TestASuspectLayerNamesTheOtherImagesThatHaveIt(t *testing.T) {
	sharing := &inspect.Sharing{
		Suspect: []int{2}, Looked: 9, Left: 1, Unread: 2,
		Others: []inspect.SharedImage{{Reference: "acme/job:3", Layers: []int{2}, Pods: []string{"shop/job-1"}}},
	}
	for name, c := range map[string]struct {
		s    *inspect.Sharing
		l    inspect.Layer
		want []string
	}{
		"shared": {
			sharing,
			inspect.Layer{Number: 2},
			[]string{
				"also in     acme/job:3, 1 pod: shop/job-1",
				"9 other images compared by manifest, 2 not readable, 1 not compared",
			},
		},
		"in no other": {
			&inspect.Sharing{Suspect: []int{2}, Looked: 3},
			inspect.Layer{Number: 2},
			[]string{"in none of 3 other images"},
		},
	} {
		d := widget.NewDocument(widget.NewPaint(true, true, false), 120)
		sharingDetail(d, c.s, c.l)
		has(t, name, strings.Join(d.Lines, "\n"), c.want...)
	}
	d := widget.NewDocument(widget.NewPaint(true, true, false), 120)
	sharingDetail(d, nil, inspect.Layer{Number: 2})
	sharingDetail(d, sharing, inspect.Layer{Number: 1})
	if len(d.Lines) != 0 {
		t.Errorf("a layer that is not suspect has %q", d.Lines)
	}
}

func TestFlagsGoUpToTheTop(t *testing.T) {
	i := imageOf("web")
	i.Binaries = []inspect.Binary{{Path: "/usr/bin/x", Severity: inspect.Critical}}
	i.Altered = []inspect.Altered{{Path: "/usr/lib/y", Severity: inspect.High}}
	v := viewOf(i)
	v.Case.Alerts = []inspect.Alert{
		{Subject: "web", File: inspect.AlertFile{Path: "/tmp/z", Origin: inspect.OriginImage}},
		{Subject: "proxy", File: inspect.AlertFile{Path: "/other", Origin: inspect.OriginImage}},
		{Subject: "web", File: inspect.AlertFile{Path: "/run/memfd", Origin: "memfd"}},
	}
	v.Case.Findings = []inspect.Finding{
		{Subject: "web:/etc/passwd", Severity: inspect.Low},
		{Subject: "proxy:/proxy", Severity: inspect.High},
	}
	v.Case.Notes = []inspect.Note{
		{Subject: "/usr/bin/x", Mark: "benign"},
		{Subject: "/usr/bin/x", Mark: "malicious"},
		{Subject: "f", Text: "no mark"},
	}
	flags := v.Flags()
	for path, want := range map[string]inspect.Severity{
		"/usr/bin/x": inspect.Critical, "/usr/bin": inspect.Critical, "/usr": inspect.Critical,
		"/usr/lib": inspect.High, "/tmp": inspect.Critical, "/etc/passwd": inspect.Low, "/other": "", "/run": "",
	} {
		if got := flags[path]; got != want {
			t.Errorf("%s is flagged %q, want %q", path, got, want)
		}
	}
	if marks := v.Marks(); len(marks) != 1 || marks["/usr/bin/x"] != "malicious" {
		t.Errorf("the marks are %v", marks)
	}
}

func TestAFindingLeadsToItsLayerAndFile(t *testing.T) {
	i := imageOf("web")
	i.Layers = []inspect.Layer{{Number: 0, Digest: "sha256:l0"}, {Number: 1, DiffID: "sha256:d1"}}
	v := viewOf(i)
	for _, c := range []struct {
		f               inspect.Finding
		container, path string
		layer           int
	}{
		{
			inspect.Finding{Subject: "web:/bin/x", Evidence: []inspect.Evidence{{Kind: "layer", Digest: "sha256:l0"}}},
			"web", "/bin/x", 0,
		},
		{inspect.Finding{Subject: "web", Evidence: []inspect.Evidence{{Kind: "file", Path: "/y"}, {
			Kind:   "layer",
			Digest: "sha256:d1",
		}}}, "web", "/y", 1},
		{inspect.Finding{Subject: "cluster"}, "", "", -1},
		{inspect.Finding{Subject: "web", Evidence: []inspect.Evidence{{Kind: "layer"}, {
			Kind:   "layer",
			Digest: "sha256:zz",
		}}}, "web", "", -1},
	} {
		container, path := findingPlace(v, c.f)
		if layer := findingLayer(v, container, c.f); container != c.container || path != c.path || layer != c.layer {
			t.Errorf("%+v leads to %q %q layer %d", c.f, container, path, layer)
		}
	}
}

func TestALongListOfEvidenceIsCut(t *testing.T) {
	f := inspect.Finding{ID: "f"}
	for n := range widget.MaxListed + 2 {
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "file", Path: fmt.Sprint("/f", n)})
	}
	v := viewOf(imageOf("web"))
	has(t, "the finding", detail(v, findingRow(v, f)), "… and 2 more")
}

func TestRowsGiveTheBytesBehindThem(t *testing.T) {
	if parts := (Row{Object: map[string]int{"a": 1}}).Parts(); len(parts) != 1 || len(parts[0].Text) == 0 {
		t.Errorf("the object is %v", parts)
	}
	i := imageOf("web")
	i.Signatures = []inspect.Signature{{ID: "g", Raw: []inspect.RawPart{{Name: "payload", Digest: "sha256:aa"}}}}
	if parts := signatureRows(viewOf(i))[0].Parts(); len(parts) != 1 || parts[0].Digest != "sha256:aa" {
		t.Errorf("the bytes are %v", parts)
	}
}
