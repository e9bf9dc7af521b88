package audit_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
)

// ran is a row of shop's web that was checked: by default allowed, signed, with provenance and counts.
func ran(change func(*audit.Row)) audit.Row {
	one, two, same := 1, 2, false
	r := audit.Row{
		Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "app",
		Reference: "reg.example/web:1", Digest: "sha256:" + strings.Repeat("1", 64), State: audit.Done,
		Signer: "ci@shop.example", Signature: inspect.Verified, Provenance: inspect.Verified,
		Source: "github.com/shop/web", Allowed: audit.Yes, Advisories: []string{"MAL-1"}, TagMoved: &same,
		Vulnerabilities: audit.Levels{Block: &one, Warn: &two, Log: &two}, Level: audit.Log,
	}
	if change != nil {
		change(&r)
	}
	return r
}

// of is a report of rows, as far as Compare reads it.
func of(rows ...audit.Row) *audit.Report {
	return &audit.Report{Scope: audit.Scope{Contexts: []string{"prod"}}, Rows: rows}
}

var another = "sha256:" + strings.Repeat("2", 64)

func TestWhatCountsAsAChange(t *testing.T) {
	yes, three := true, 3
	for name, tt := range map[string]struct {
		before, after func(*audit.Row)
		want          []audit.ChangeKind
	}{
		"nothing": {nil, nil, nil},
		"another image by the same signer": {
			nil, func(r *audit.Row) { r.Digest = another },
			[]audit.ChangeKind{audit.NewDigest},
		},
		"another image by another signer": {
			nil, func(r *audit.Row) { r.Digest, r.Signer = another, "eve@evil.example" },
			[]audit.ChangeKind{audit.ChangedSigner, audit.NewDigest},
		},
		"another image that is unsigned": {nil, func(r *audit.Row) {
			r.Digest, r.Signer, r.Signature = another, "", inspect.Absent
		}, []audit.ChangeKind{audit.NewDigest, audit.VanishedSignature}},
		"another image whose signature could not be read": {nil, func(r *audit.Row) {
			r.Digest, r.Signer, r.Signature = another, "", inspect.Unknown
		}, []audit.ChangeKind{audit.NewDigest}},
		"a pod that has not started": {nil, func(r *audit.Row) { r.Digest, r.State = "", audit.NotChecked }, nil},
		"a pod that had not started": {func(r *audit.Row) { r.Digest, r.State = "", audit.NotChecked }, nil, nil},
		"a tag that moved":           {nil, func(r *audit.Row) { r.TagMoved, r.TagMeans = &yes, another }, []audit.ChangeKind{audit.MovedTag}},
		"a tag that had moved before": {
			func(r *audit.Row) { r.TagMoved, r.TagMeans = &yes, another },
			func(r *audit.Row) { r.TagMoved, r.TagMeans = &yes, another }, nil,
		},
		"a tag that moved on": {
			func(r *audit.Row) { r.TagMoved, r.TagMeans = &yes, another },
			func(r *audit.Row) { r.TagMoved, r.TagMeans = &yes, "sha256:3" },
			[]audit.ChangeKind{audit.MovedTag},
		},
		"a tag nobody could read before": {
			func(r *audit.Row) { r.TagMoved = nil },
			func(r *audit.Row) { r.TagMoved, r.TagMeans = &yes, another }, nil,
		},
		"a signature that is gone": {
			nil, func(r *audit.Row) { r.Signer, r.Signature = "", inspect.Absent },
			[]audit.ChangeKind{audit.VanishedSignature},
		},
		"a registry that is silent": {nil, func(r *audit.Row) {
			r.Signer, r.Signature, r.Provenance, r.Allowed = "", inspect.Unknown, inspect.Unknown, audit.Unknown
		}, nil},
		"a second signer":         {nil, func(r *audit.Row) { r.Signer = "eve@evil.example" }, []audit.ChangeKind{audit.ChangedSigner}},
		"provenance that is gone": {nil, func(r *audit.Row) { r.Provenance = inspect.Absent }, []audit.ChangeKind{audit.VanishedProvenance}},
		"a new advisory":          {nil, func(r *audit.Row) { r.Advisories = []string{"MAL-1", "MAL-2"} }, []audit.ChangeKind{audit.NewAdvisory}},
		"an advisory withdrawn":   {nil, func(r *audit.Row) { r.Advisories = nil }, nil},
		"more vulnerabilities":    {nil, func(r *audit.Row) { r.Vulnerabilities.Block = &three }, []audit.ChangeKind{audit.NewVulnerabilities}},
		"fewer vulnerabilities":   {func(r *audit.Row) { r.Vulnerabilities.Block = &three }, nil, nil},
		"never counted before":    {func(r *audit.Row) { r.Vulnerabilities = audit.Levels{} }, nil, nil},
		"not counted any more":    {nil, func(r *audit.Row) { r.Vulnerabilities = audit.Levels{} }, nil},
		"no longer allowed":       {nil, func(r *audit.Row) { r.Allowed, r.Reason = audit.No, "p: no" }, []audit.ChangeKind{audit.NoLongerAllowed}},
		"not known any more":      {nil, func(r *audit.Row) { r.Allowed = audit.Unknown }, nil},
		"past warn":               {nil, func(r *audit.Row) { r.Level = audit.Warn }, []audit.ChangeKind{audit.CrossedThreshold}},
		"past block after warn":   {func(r *audit.Row) { r.Level = audit.Warn }, func(r *audit.Row) { r.Level = audit.Block }, []audit.ChangeKind{audit.CrossedThreshold}},
		"better than before":      {func(r *audit.Row) { r.Level = audit.Block }, nil, nil},
		"log where nothing was":   {func(r *audit.Row) { r.Level = "" }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds []audit.ChangeKind
			for _, c := range audit.Compare(of(ran(tt.before)), of(ran(tt.after))) {
				kinds = append(kinds, c.Kind)
				if c.Namespace != "shop" || c.Workload != "deployment/web" || c.Container != "app" {
					t.Errorf("the change is at another place: %+v", c)
				}
			}
			if slices.Sort(kinds); !slices.Equal(kinds, tt.want) {
				t.Errorf("got %v, want %v", kinds, tt.want)
			}
		})
	}
}

func TestWorkloadsThatAreNewOrGone(t *testing.T) {
	web := ran(nil)
	pay := ran(func(r *audit.Row) { r.Namespace, r.Workload = "pay", "statefulset/ledger" })
	kinds := func(before, after *audit.Report) (all []audit.ChangeKind) {
		for _, c := range audit.Compare(before, after) {
			all = append(all, c.Kind)
		}
		return all
	}
	if got := kinds(of(web), of(web, pay)); !slices.Equal(got, []audit.ChangeKind{audit.NewWorkload}) {
		t.Errorf("a workload that came: %v", got)
	}
	if got := kinds(of(web, pay), of(web)); !slices.Equal(got, []audit.ChangeKind{audit.GoneWorkload}) {
		t.Errorf("a workload that went: %v", got)
	}
	// an account that lost the permission to list pay has not seen its workloads go, nor come when it is back
	narrow := of(web)
	narrow.Scope.Namespaces = []string{"shop"}
	if got := kinds(of(web, pay), narrow); len(got) > 0 {
		t.Errorf("a namespace that could not be listed is gone: %v", got)
	}
	if got := kinds(narrow, of(web, pay)); len(got) > 0 {
		t.Errorf("a namespace that could not be listed before is new: %v", got)
	}
}

// A report has not changed against itself, and the order of rows, which two API servers need not share, is no change.
func TestCompareHasProperties(t *testing.T) {
	var before, after []audit.Row
	for n := range 40 {
		at := func(r *audit.Row) {
			r.Workload = "deployment/" + string(rune('a'+n%26)) + strings.Repeat("x", n/26)
			if n%3 == 0 {
				r.Container = "proxy"
			}
		}
		before = append(before, ran(at))
		after = append(after, ran(func(r *audit.Row) {
			at(r)
			if n%4 == 0 {
				r.Digest = another
			}
			if n%5 == 0 {
				r.Level = audit.Block
			}
		}))
	}
	want := audit.Compare(of(before...), of(after[:35]...))
	if len(want) < 10 {
		t.Fatalf("%d changes, too few to compare", len(want))
	}
	if got := audit.Compare(of(before...), of(before...)); len(got) > 0 {
		t.Errorf("a report changed against itself: %+v", got)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		a, b := slices.Clone(before), slices.Clone(after[:35])
		r.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
		r.Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
		if got := audit.Compare(of(a...), of(b...)); !slices.Equal(got, want) {
			t.Fatal("the order of the rows changes the changes")
		}
	}
}

func TestSentencesOfChanges(t *testing.T) {
	const where = "shop deployment/web container app: "
	digest := "sha256:" + strings.Repeat("1", 64)
	for kind, tt := range map[audit.ChangeKind]struct{ from, to, want string }{
		audit.NewWorkload:        {"", digest, "new, runs sha256:111111111111"},
		audit.GoneWorkload:       {digest, "", "gone, ran sha256:111111111111"},
		audit.NewDigest:          {digest, another, "runs sha256:222222222222, before sha256:111111111111"},
		audit.MovedTag:           {digest, another, "its tag means sha256:222222222222 now; it runs sha256:111111111111"},
		audit.ChangedSigner:      {"a", "b", "signed by b, before by a"},
		audit.VanishedSignature:  {"a", "", "the signature by a is no longer in the registry"},
		audit.VanishedProvenance: {"a", "", "its provenance from a is no longer in the registry"},
		audit.NewAdvisory:        {"", "MAL-1", "matches MAL-1, which was not known before"},
		audit.NoLongerAllowed:    {"yes", "p: unsigned", "would no longer be let in: p: unsigned"},
		audit.CrossedThreshold:   {"", "block", "crosses block, before none"},
		audit.NewVulnerabilities: {"1", "3", "3 vulnerabilities past block or warn, before 1"},
		"of-a-newer-version":     {"a", "b", "of-a-newer-version a → b"},
	} {
		c := audit.Change{
			Kind: kind, Namespace: "shop", Workload: "deployment/web", Container: "app", From: tt.from,
			To: tt.to,
		}
		if got := c.Sentence(); got != where+tt.want {
			t.Errorf("%s: got %q", kind, got)
		}
	}
}
