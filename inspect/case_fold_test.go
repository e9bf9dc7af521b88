package inspect

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestHeaderAndExpected(t *testing.T) {
	h := Header{
		Schema: Schema, Tool: Tool{Name: "backtrail", Version: "1"}, Target: Target{
			Kind: TargetPod,
			Name: "pod/web-0",
		},
		Started: at(1),
	}
	c := fold(Event{Time: at(1), Fact: h}, Event{
		Time: at(2),
		Fact: Expected{Keys: []ExpectedKey{{Digest: "sha256:1"}}},
	},
		Event{Time: at(3), Fact: Expected{SourceURIs: []string{"github.com/shop/web"}}})
	if c.Schema != h.Schema || c.Tool != h.Tool || c.Target != h.Target || c.Started != h.Started {
		t.Errorf("the head of the case is %+v", c)
	}
	if len(c.Expected.Keys) != 0 || len(c.Expected.SourceURIs) != 1 {
		t.Errorf("the later expectation takes the place of the first, whole: %+v", c.Expected)
	}
	if c.AsOf() != at(3) {
		t.Errorf("as of %s", c.AsOf().Stamp())
	}
}

// An expectation about the signer does not ask for a source, and the other way round.
func TestWhatIsExpected(t *testing.T) {
	for name, tt := range map[string]struct {
		e                  Expected
		signer, provenance bool
	}{
		"nothing":            {},
		"an identity":        {Expected{Identities: []string{"a"}}, true, false},
		"a pattern of one":   {Expected{IdentityRegexps: []string{"a"}}, true, false},
		"an issuer":          {Expected{Issuers: []string{"a"}}, true, false},
		"a pattern of these": {Expected{IssuerRegexps: []string{"a"}}, true, false},
		"a key":              {Expected{Keys: []ExpectedKey{{}}}, true, false},
		"a Notary policy":    {Expected{Notation: "sha256:1"}, true, false},
		"a source":           {Expected{SourceURIs: []string{"a"}}, false, true},
		"a branch":           {Expected{SourceBranches: []string{"a"}}, false, true},
		"a tag":              {Expected{SourceTags: []string{"a"}}, false, true},
		"a versioned tag":    {Expected{SourceVersioneds: []string{"v1"}}, false, true},
		"a builder":          {Expected{BuilderIDs: []string{"a"}}, false, true},
		"policies only":      {Expected{Policies: []string{"p"}}, false, false}, // their gates have what they require
		"both":               {Expected{Issuers: []string{"a"}, SourceTags: []string{"a"}}, true, true},
	} {
		if tt.e.Signer() != tt.signer || tt.e.Provenance() != tt.provenance {
			t.Errorf("%s: signer %v, provenance %v", name, tt.e.Signer(), tt.e.Provenance())
		}
	}
}

// Sessions are an account of who worked on the case: each counts, also two that are alike.
func TestSessionsAreKeptInOrder(t *testing.T) {
	c := fold(about("", Session{Operator: "ada"}, Session{Operator: "bob"}, Session{Operator: "ada"})...)
	var who []string
	for _, s := range c.Sessions {
		who = append(who, s.Operator)
	}
	if !slices.Equal(who, []string{"ada", "bob", "ada"}) {
		t.Errorf("sessions of %v", who)
	}
}

// Requests are many: they are counted, and neither kept nor counted as news.
func TestRequestsAreCounted(t *testing.T) {
	c := fold(Event{Time: at(1), Fact: Note{Text: "x"}}, Event{
		Time: at(5),
		Fact: Request{URL: "https://r.example/v2/"},
	},
		Event{Time: at(6), Fact: Request{URL: "https://r.example/v2/"}})
	if c.Requests != 2 || len(c.Events()) != 1 || c.AsOf() != at(1) {
		t.Errorf("%d requests, %d events, as of %s", c.Requests, len(c.Events()), c.AsOf().Stamp())
	}
}

// A check is running from its beginning to its end; it is blocked until then, so that nobody takes it for done.
func TestAChecksLife(t *testing.T) {
	begin := Event{Time: at(1), Check: "layers", Container: "web", Fact: Begin{}}
	end := func(s CheckStatus, reason string) Event {
		return Event{Time: at(4), Check: "layers", Container: "web", Fact: End{Status: s, Reason: reason}}
	}
	for name, tt := range map[string]struct {
		events  []Event
		want    CheckState
		running bool
	}{
		"begun": {[]Event{begin}, CheckState{Status: CheckBlocked, Reason: Running, Started: at(1)}, true},
		"done": {[]Event{begin, end(CheckDone, "")}, CheckState{
			Status: CheckDone, Started: at(1),
			Ended: at(4),
		}, false},
		"blocked": {[]Event{begin, end(CheckBlocked, "404")}, CheckState{
			Status: CheckBlocked, Reason: "404",
			Started: at(1), Ended: at(4),
		}, false},
		"not applicable": {[]Event{end(CheckSkipped, "no pod")}, CheckState{
			Status: CheckSkipped, Reason: "no pod",
			Ended: at(4),
		}, false},
		"begun again": {[]Event{begin, end(CheckDone, ""), begin}, CheckState{
			Status: CheckBlocked,
			Reason: Running, Started: at(1),
		}, true},
	} {
		tt.want.Name, tt.want.Container = "layers", "web"
		c := fold(tt.events...)
		got, ok := c.Check("layers", "web")
		if !ok || got != tt.want || got.Running() != tt.running {
			t.Errorf("%s: %+v", name, got)
		}
		if len(c.Images) != 0 || c.End != nil {
			t.Errorf("%s: a check makes no image and ends no case", name)
		}
	}
	if _, ok := fold(begin).Check("layers", "sidecar"); ok {
		t.Error("a check of another container is there")
	}
}

// The end without a check is that of the case.
func TestTheEndOfACase(t *testing.T) {
	c := fold(Event{Time: at(7), Fact: End{Status: CheckBlocked, Reason: "interrupted"}})
	if c.End == nil || *c.End != (End{Status: CheckBlocked, Reason: "interrupted"}) || c.Finished != at(7) ||
		len(c.Checks) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestChecksAreSortedByContainerAndName(t *testing.T) {
	c := &Case{}
	for _, k := range []Key{{"signatures", "web"}, {"layers", "web"}, {"subject", ""}, {"layers", "a"}} {
		c.Apply(Event{Check: k.Check, Container: k.Container, Fact: Begin{}})
	}
	var got []string
	for _, s := range c.Checks {
		got = append(got, s.Container+"/"+s.Name)
	}
	if want := []string{"/subject", "a/layers", "web/layers", "web/signatures"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Progress is of a check that runs, and is no part of what is kept.
func TestProgress(t *testing.T) {
	half := Event{Time: at(2), Check: "layers", Container: "web", Fact: Progress{Done: 5, Total: 10, Unit: "bytes"}}
	c := fold(Event{Time: at(1), Check: "layers", Container: "web", Fact: Begin{}}, half)
	if p, ok := c.Progress("layers", "web"); !ok || p.Done != 5 {
		t.Errorf("%+v, %v", p, ok)
	}
	if len(c.Events()) != 1 || c.AsOf() != at(1) {
		t.Errorf("%d events are kept, as of %s", len(c.Events()), c.AsOf().Stamp())
	}
	if copied := c.Clone(); copied.progress != nil || copied.Events() != nil {
		t.Error("a copy has progress or a log")
	}
	c.Apply(Event{Time: at(3), Check: "layers", Container: "web", Fact: End{Status: CheckDone}})
	if _, ok := c.Progress("layers", "web"); ok {
		t.Error("a check that ended has progress")
	}
}

// failed and retried: what a check recorded before it is run again.
func beforeReset() []Event {
	on := func(check, container string, f Fact) Event {
		return Event{Time: at(2), Check: check, Container: container, Fact: f}
	}
	return []Event{
		on("subject", "web", ImageHead{Reference: "r", Location: "r"}),
		on("layers", "web", Begin{}), on("layers", "web", Layer{Position: 0}), on("layers", "web", Setting{Code: "a"}),
		on("layers", "web", End{Status: CheckBlocked, Reason: "503"}),
		on("layers", "sidecar", Layer{Position: 1}), on("layers", "sidecar", End{Status: CheckDone}),
		on("binaries", "web", Binary{Path: "/a"}), on("binaries", "web", Begin{}),
		on("binaries", "web", Progress{Done: 1}), on("layers", "web", Progress{Done: 2}),
		on("", "", Note{Text: "seen"}), on("", "web", Redaction{Where: "layer", Original: "hmac"}),
		on("", "", Request{URL: "u"}), on("layers", "web", Request{URL: "v"}),
		on("layers", "web", UnknownFact{Name: "radar"}), on("other", "", UnknownFact{Name: "radar"}),
		on("", "", End{Status: CheckDone}),
	}
}

// A retry drops what those checks said of those containers, and nothing else.
func TestResetDropsWhatIsRetriedAlone(t *testing.T) {
	c := fold(append(beforeReset(), Event{Time: at(8), Fact: Reset{Drop: []Key{{"layers", "web"}}}})...)
	web, _ := c.Image("web")
	side, _ := c.Image("sidecar")
	if len(web.Layers)+len(web.Notable) != 0 || web.Reference != "r" || len(web.Binaries) != 1 {
		t.Errorf("the image that is retried: %+v", web)
	}
	if len(side.Layers) != 1 {
		t.Error("the same check of another container was dropped")
	}
	if _, ok := c.Check("layers", "web"); ok {
		t.Error("the check that is retried still has a state")
	}
	if s, ok := c.Check("binaries", "web"); !ok || !s.Running() {
		t.Errorf("a check that runs: %+v, %v", s, ok)
	}
	if _, ok := c.Progress("layers", "web"); ok {
		t.Error("progress of the dropped check is left")
	}
	if p, ok := c.Progress("binaries", "web"); !ok || p.Done != 1 {
		t.Error("progress of another check was dropped")
	}
	if c.End != nil || !c.Finished.IsZero() {
		t.Error("a case that goes on has an end")
	}
	if len(c.Notes) != 1 || len(c.Redactions) != 1 || c.Requests != 2 {
		t.Errorf("notes %d, redactions %d, requests %d: these stay", len(c.Notes), len(c.Redactions), c.Requests)
	}
	if c.NotUnderstood != 1 {
		t.Errorf("%d entries not understood, want that of the other check", c.NotUnderstood)
	}
	if c.AsOf() != at(2) {
		t.Errorf("as of %s: a reset is no news", c.AsOf().Stamp())
	}
}

// To reset twice is to reset once, and a reset of what never ran changes nothing but the end.
func TestResetIsAtRest(t *testing.T) {
	reset := Event{Fact: Reset{Drop: []Key{{"layers", "web"}}}}
	once, twice := fold(append(beforeReset(), reset)...), fold(append(beforeReset(), reset, reset)...)
	if string(encoded(t, once)) != string(encoded(t, twice)) || !reflect.DeepEqual(once.progress, twice.progress) {
		t.Error("a second reset changes the case")
	}
	before, after := fold(beforeReset()...), fold(append(beforeReset(), Event{Fact: Reset{Drop: []Key{{
		"layers",
		"gone",
	}}}})...)
	before.End, before.Finished = nil, Time{}
	if string(encoded(t, before)) != string(encoded(t, after)) {
		t.Error("a reset of a check that never ran changes the case")
	}
	empty := fold(Event{Fact: Reset{Drop: []Key{{}}}})
	if len(empty.Events()) != 0 {
		t.Errorf("%+v", empty)
	}
}

// A retry that finds the same gives the same case as the first run would have.
func TestARetryEndsLikeAFirstRun(t *testing.T) {
	run := []Event{
		{Time: at(1), Check: "layers", Container: "web", Fact: Begin{}},
		{Time: at(2), Check: "layers", Container: "web", Fact: Layer{Position: 0, Status: Verified}},
		{Time: at(3), Check: "layers", Container: "web", Fact: End{Status: CheckDone}},
	}
	broken := []Event{
		run[0],
		{Time: at(1), Check: "layers", Container: "web", Fact: Layer{
			Position: 9,
			Status:   Failed,
		}},
		{Time: at(1), Check: "layers", Container: "web", Fact: End{Status: CheckBlocked, Reason: "503"}},
		{Fact: Reset{Drop: []Key{{"layers", "web"}}}},
	}
	if got, want := encoded(t, fold(append(broken, run...)...)), encoded(t, fold(run...)); string(got) != string(want) {
		t.Errorf("retried\n%s\nfirst\n%s", got, want)
	}
}

// Where one fact of a kind is enough, the latest counts.
func TestTheLatestTakesThePlace(t *testing.T) {
	c := fold(about("web", Files{Total: 1}, Files{Total: 2}, VulnData{Compared: 1}, VulnData{Compared: 2},
		Sharing{Looked: 1},
		Sharing{Looked: 2}, Pod{Name: "a"}, Pod{Name: "b"}, Thresholds{Source: "a"}, Thresholds{Source: "b"})...)
	i, _ := c.Image("web")
	if i.Files.Total != 2 || i.VulnData.Compared != 2 || i.Sharing.Looked != 2 || c.Pod.Name != "b" ||
		c.Thresholds.Source != "b" {
		t.Errorf("%+v %+v", c, i)
	}
}

// A fact may overtake the one that names its image: the image is unknown until then, never verified.
func TestTheHeadOfAnImage(t *testing.T) {
	c := fold(about("web", Layer{Position: 0})...)
	i, ok := c.Image("web")
	if !ok || i.Named() || i.Status != Unknown || i.Reason != Running {
		t.Errorf("before its head came: %+v", i)
	}
	c = fold(about("web", Layer{Position: 0}, ImageHead{Container: "another", Reference: "r", Status: Verified},
		ImageHead{Container: "another", Reference: "s", Status: Verified})...)
	i, _ = c.Image("web")
	if i.Container != "web" || i.Reference != "s" || len(i.Layers) != 1 || len(c.Images) != 1 {
		t.Errorf("the head replaces the head alone, of the container of its entry: %+v", c.Images)
	}
	if _, ok := c.Image("another"); ok {
		t.Error("a head names the image of another container")
	}
}

// Images are sorted by container, also those that no head has named.
func TestImagesAreSorted(t *testing.T) {
	c := &Case{}
	for _, container := range []string{"web", "", "init", "proxy"} {
		c.Apply(Event{Container: container, Fact: Files{}})
	}
	var got []string
	for _, i := range c.Images {
		got = append(got, i.Container)
	}
	if !slices.Equal(got, []string{"", "init", "proxy", "web"}) {
		t.Errorf("%q", got)
	}
}

// Checks fill the comparison part by part: a part that one does not carry stays, one that it carries is replaced whole.
func TestADiffComesInParts(t *testing.T) {
	whole := filledFact(Diff{}).Interface().(Diff)
	c := fold(about("web", whole, Diff{})...)
	i, _ := c.Image("web")
	if !reflect.DeepEqual(*i.Diff, whole) {
		t.Errorf("an empty part took something away: %+v", i.Diff)
	}
	v := reflect.ValueOf(whole)
	for n := range v.NumField() {
		part := reflect.New(v.Type()).Elem()
		part.Field(n).Set(v.Field(n))
		c := fold(about("web", Diff{Signers: []string{"a", "b", "c"}, Layers: &LayerDiff{Shared: 99}},
			part.Interface().(Diff))...)
		i, _ := c.Image("web")
		if got := reflect.ValueOf(*i.Diff).Field(n); !reflect.DeepEqual(got.Interface(), v.Field(n).Interface()) {
			t.Errorf("%s is not taken over", v.Type().Field(n).Name)
		}
	}
	c = fold(about("web", Diff{Settings: []string{"x"}}, Diff{Settings: []string{}})...)
	if i, _ := c.Image("web"); i.Diff.Settings == nil || len(i.Diff.Settings) != 0 {
		t.Errorf("a part that found nothing is a part: %+v", i.Diff.Settings)
	}
}

// Batches of packages come in order. What a foreign ledger claims beyond them is ignored, and takes no memory.
func TestBatchesOfPackages(t *testing.T) {
	names := func(n int, name string) []Package {
		list := make([]Package, n)
		for i := range list {
			list[i].Name = name
		}
		return list
	}
	for name, tt := range map[string]struct {
		batches []Fact
		want    string // names, in short
	}{
		"in order":            {[]Fact{Packages{0, names(2, "a")}, Packages{2, names(1, "b")}}, "aab"},
		"one again":           {[]Fact{Packages{0, names(2, "a")}, Packages{0, names(1, "b")}}, "ba"},
		"they overlap":        {[]Fact{Packages{0, names(2, "a")}, Packages{1, names(2, "b")}}, "abb"},
		"an empty one":        {[]Fact{Packages{0, nil}}, ""},
		"a gap":               {[]Fact{Packages{0, names(1, "a")}, Packages{2, names(1, "b")}}, "a"},
		"below 0":             {[]Fact{Packages{-1, names(2, "a")}}, ""},
		"far out":             {[]Fact{Packages{1 << 62, names(1, "a")}}, ""},
		"past the largest":    {[]Fact{Packages{0, make([]Package, maxPackages+1)}}, ""},
		"not past it by much": {[]Fact{Packages{0, names(1, "a")}, Packages{1, make([]Package, maxPackages)}}, "a"},
	} {
		i := web(fold(about("web", tt.batches...)...))
		got := ""
		for _, p := range i.Packages {
			got += p.Name
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if i := web(fold(about("web", Packages{0, make([]Package, maxPackages)})...)); len(i.Packages) != maxPackages {
		t.Errorf("%d packages at the bound", len(i.Packages))
	}
}

// What is kept is kept since the first time that it was, as long as it is the same.
func TestKeptSince(t *testing.T) {
	blob := func(state string, kept Time) Fact { return Blob{Digest: "sha256:1", State: state, Kept: kept} }
	exhibit := func(digest string, kept Time) Fact { return Exhibit{Path: "logs/a", Digest: digest, Kept: kept} }
	missing := Exhibit{Path: "logs/a", Missing: "no access"}
	for name, tt := range map[string]struct {
		facts []Fact
		kept  Time
		state string // of a blob; digest of an exhibit
	}{
		"a blob again": {
			[]Fact{blob(BlobCarried, at(1)), blob(BlobCarried, at(5))},
			at(1),
			BlobCarried,
		},
		"in the other order": {
			[]Fact{blob(BlobCarried, at(5)), blob(BlobCarried, at(1))},
			at(1),
			BlobCarried,
		},
		"it could not be read before": {
			[]Fact{blob("missing", Time{}), blob(BlobCarried, at(5))},
			at(5),
			BlobCarried,
		},
		"other bytes came": {
			[]Fact{blob(BlobDamaged, at(1)), blob(BlobCarried, at(5))},
			at(5),
			BlobCarried,
		},
		"an exhibit again":           {[]Fact{exhibit("1", at(1)), exhibit("1", at(5))}, at(1), "1"},
		"with other content":         {[]Fact{exhibit("1", at(1)), exhibit("2", at(5))}, at(5), "2"},
		"a second try fails":         {[]Fact{exhibit("1", at(1)), missing}, at(1), "1"},
		"a second try succeeds":      {[]Fact{missing, exhibit("1", at(5))}, at(5), "1"},
		"a time that was not stated": {[]Fact{exhibit("1", Time{}), exhibit("1", at(5))}, at(5), "1"},
	} {
		c := fold(about("", tt.facts...)...)
		var kept Time
		var state string
		if len(c.Blobs) == 1 {
			kept, state = c.Blobs[0].Kept, c.Blobs[0].State
		} else if len(c.Exhibits) == 1 {
			kept, state = c.Exhibits[0].Kept, c.Exhibits[0].Digest
		}
		if kept != tt.kept || state != tt.state || len(c.Blobs)+len(c.Exhibits) != 1 {
			t.Errorf("%s: %q since %s, want %q since %s", name, state, kept.Stamp(), tt.state, tt.kept.Stamp())
		}
	}
}

// Rows are worst first. A row whose severity changes moves, and does not stand twice.
func TestRowsAreWorstFirst(t *testing.T) {
	yes := true
	c := fold(about("web",
		Binary{Path: "/calm", Severity: Low}, Binary{Path: "/b", Severity: High, Codes: []string{"unowned"}},
		Binary{Path: "/many", Severity: High, Codes: []string{"unowned", "setuid", "packed"}},
		Binary{Path: "/alerted", Severity: High, Codes: []string{"alerted"}}, Binary{
			Path: "/a", Severity: High,
			Codes: []string{"unowned"},
		},
		Binary{Path: "/calm", Severity: Critical}, Binary{Path: "/odd", Severity: "of tomorrow"},
		Autorun{Path: "/old", Severity: High}, Autorun{Path: "/new", Severity: High, New: &yes},
		Autorun{Path: "/low", Severity: Low, New: &yes},
		Finding{ID: "1", Severity: Low, Subject: "web"}, Finding{ID: "2", Severity: High, Subject: "web"},
		Finding{ID: "1", Severity: Critical, Subject: "web"}, Finding{ID: "3", Severity: High, Subject: "a"})...)
	i := web(c)
	var got []string
	for _, b := range i.Binaries {
		got = append(got, b.Path)
	}
	for _, a := range i.Autoruns {
		got = append(got, a.Path)
	}
	for _, f := range c.Findings {
		got = append(got, f.ID)
	}
	want := "/calm /alerted /many /a /b /odd /new /old /low 1 3 2"
	if strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A finding takes the cause that its check named, else that of the file that it is about, else its check.
func TestTheCauseOfAFinding(t *testing.T) {
	for n, tt := range []struct {
		f    Finding
		want string
	}{
		{Finding{Cause: "package:python litellm@1.82.8", Subject: "web:/x.pth"}, "package:python litellm@1.82.8"},
		{Finding{Subject: "web:/usr/bin/top"}, "file:/usr/bin/top"},
		{Finding{Subject: "web", Check: "signatures"}, "unknown:signatures"},
		{Finding{Subject: ":/usr/bin/top", Check: "binaries"}, "unknown:binaries"},
		{Finding{Subject: "web:relative", Check: "binaries"}, "unknown:binaries"},
		{Finding{}, "unknown:"},
	} {
		tt.f.ID = fmt.Sprint(n)
		if c := fold(about("web", tt.f)...); c.Findings[0].Cause != tt.want {
			t.Errorf("%+v: cause %q, want %q", tt.f, c.Findings[0].Cause, tt.want)
		}
	}
}
