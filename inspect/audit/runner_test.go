package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// listingOf is a listing of one place for each image, of a workload of its own.
func listingOf(images ...string) Listing {
	l := Listing{Context: "prod"}
	for _, i := range images {
		p := Place{
			Cluster: "prod", Namespace: "shop", Workload: "deployment/" + i, Container: "app", Pods: 1,
			Reference: "reg.example/" + i + ":1", Unit: i,
		}
		if i == "" {
			p.Problem = "the node has not reported a digest"
		}
		l.Places = append(l.Places, p)
	}
	return l
}

// looks counts how often each image is examined, at which depth.
type looks struct {
	mu    sync.Mutex
	seen  map[string]int
	image func(u Unit, d Depth) (Facts, error)
}

func (x *looks) examine(_ context.Context, u Unit, d Depth) (Facts, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.seen == nil {
		x.seen = map[string]int{}
	}
	x.seen[u.Key+" "+string(d)]++
	if x.image != nil {
		return x.image(u, d)
	}
	return looked(u, d), nil
}

// looked are facts of an image that was examined at a time.
func looked(u Unit, d Depth) Facts {
	f := Facts{Form: FactsForm, Unit: u.Key, Depth: d, State: Done, Collected: inspect.At(moment("2026-03-01"))}
	f.Image.Location, f.Image.Digest = u.Key, "sha256:"+u.Key
	f.Image.Stores = []inspect.StoreReply{{Store: "tag", Status: inspect.StoreEmpty}}
	if d.Covers(Packages) {
		f.Image.Packages = []inspect.Package{{Name: "libx", Version: "1"}}
		f.Findings = []inspect.Finding{{ID: "deep", Check: "binaries", Severity: inspect.High}}
		f.Base.Distribution = "debian 12 (os-release)"
	}
	return f
}

// runs is a runner over a store of its own.
func runs(t *testing.T, x *looks, d Depth) *Runner {
	t.Helper()
	return &Runner{
		Examine: x.examine, Store: OpenStore(t.TempDir()), Known: &Known{}, Depth: d, Parallel: 3,
		Fresh: moment("2026-02-01"),
	}
}

func TestEveryContainerIsAccountedFor(t *testing.T) {
	x := &looks{image: func(u Unit, d Depth) (Facts, error) {
		f := looked(u, d)
		switch u.Key {
		case "broken":
			return Facts{}, errors.New("disk on fire")
		case "refused":
			f.State, f.Reason = NotChecked, "401"
		case "faulty":
			f.State, f.Reason = Failed, "a check panicked"
		}
		return f, nil
	}}
	l := listingOf("good", "broken", "refused", "faulty", "")
	l.Skipped, l.Over = 3, 2
	r, err := runs(t, x, Identity).Run(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	want := Books{Listed: 10, Done: 1, Failed: 2, NotChecked: 4, Skipped: 3}
	if r.Books != want || !r.Books.Balanced() {
		t.Errorf("books %+v, want %+v", r.Books, want)
	}
	words := strings.Join(r.Unchecked(), "\n")
	for _, reason := range []string{
		"disk on fire", "401", "a check panicked", "the node has not reported a digest",
		"2 containers past the bound",
	} {
		if !strings.Contains(words, reason) {
			t.Errorf("no reason %q in %s", reason, words)
		}
	}
}

func TestWhatIsFreshIsNotExaminedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		fresh   string
		recheck bool
		want    map[string]int // examinations of the second audit
	}{
		"collected since then": {"2026-02-01", false, map[string]int{}},
		// who signed it may have changed; the layers of a digest have not
		"older than that": {"2026-04-01", false, map[string]int{"web identity": 1}},
		"a recheck":       {"2026-04-01", true, map[string]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			x := &looks{}
			r := runs(t, x, Full)
			first, err := r.Run(t.Context(), listingOf("web"))
			if err != nil || x.seen["web full"] != 1 {
				t.Fatalf("the first audit: %v %v", x.seen, err)
			}
			x.seen = nil
			r.Fresh, r.Recheck = moment(tt.fresh), tt.recheck
			second, err := r.Run(t.Context(), listingOf("web"))
			if err != nil || fmt.Sprint(x.seen) != fmt.Sprint(tt.want) {
				t.Errorf("examined %v, want %v (%v)", x.seen, tt.want, err)
			}
			if a, b := encodeRow(first.Rows[0]), encodeRow(second.Rows[0]); a != b {
				t.Errorf("the row differs:\n%s\n%s", a, b)
			}
		})
	}
}

// The tag of an image that is known by its config was moved: the facts at hand are of other bytes, and an identity of
// the new ones is no answer at depth full.
func TestOtherBytesAreExaminedAtFullDepth(t *testing.T) {
	x := &looks{}
	r := runs(t, x, Full)
	if _, err := r.Run(t.Context(), listingOf("web")); err != nil {
		t.Fatal(err)
	}
	x.seen, x.image = nil, func(u Unit, d Depth) (Facts, error) {
		f := looked(u, d)
		f.Image.Digest = "sha256:other"
		return f, nil
	}
	r.Fresh = moment("2026-04-01")
	report, err := r.Run(t.Context(), listingOf("web"))
	if err != nil || x.seen["web identity"] != 1 || x.seen["web full"] != 1 {
		t.Errorf("examined %v (%v)", x.seen, err)
	}
	if row := report.Rows[0]; row.Digest != "sha256:other" || row.Findings.High != 1 || row.Base.Distribution == "" {
		t.Errorf("row %+v", row)
	}
}

func TestARegistryThatIsDownForgetsNothing(t *testing.T) {
	x := &looks{}
	r := runs(t, x, Full)
	if _, err := r.Run(t.Context(), listingOf("web")); err != nil {
		t.Fatal(err)
	}
	x.image = func(u Unit, d Depth) (Facts, error) {
		return Facts{Unit: u.Key, Depth: d, State: NotChecked, Reason: "connection refused"}, nil
	}
	r.Fresh = moment("2026-04-01")
	down, err := r.Run(t.Context(), listingOf("web"))
	if err != nil || down.Rows[0].State != NotChecked || down.Rows[0].Allowed != Unknown {
		t.Errorf("%s, allowed %s: %v", down.Rows[0].State, down.Rows[0].Allowed, err)
	}
	x.seen, x.image = nil, nil
	if _, err := r.Run(t.Context(), listingOf("web")); err != nil || x.seen["web full"] != 0 || x.seen["web identity"] != 1 {
		t.Errorf("once it is back: examined %v (%v)", x.seen, err)
	}
}

func TestADiskThatIsFullLosesNoRow(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := runs(t, &looks{}, Identity)
	r.Store = OpenStore(blocked)
	kept := 0
	var mu sync.Mutex
	r.Keep = func(*Facts, []Row) error {
		mu.Lock()
		defer mu.Unlock()
		kept++
		return errors.New("no space left on device")
	}
	report, err := r.Run(t.Context(), listingOf("a", "b", "c"))
	if err == nil || report.Books.Done != 3 || kept != 3 {
		t.Errorf("books %+v, kept %d: %v", report.Books, kept, err)
	}
}

func TestProgressCountsEachImageOnce(t *testing.T) {
	x := &looks{}
	r := runs(t, x, Identity)
	if _, err := r.Run(t.Context(), listingOf("a", "b")); err != nil {
		t.Fatal(err)
	}
	var all []Progress
	r.Progress = func(p Progress) { all = append(all, p) } // never from two goroutines at once
	l := listingOf("a", "b", "c", "d")
	l.Places = append(l.Places, l.Places[0]) // a second place of the same image
	l.Places[4].Workload = "deployment/second"
	if _, err := r.Run(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 || all[3].Done != 4 || all[3].Total != 4 || all[3].Reused != 2 {
		t.Errorf("progress %+v", all)
	}
	for n, p := range all {
		if p.Done != n+1 || p.Now.Before(p.Began) {
			t.Errorf("step %d: %+v", n, p)
		}
	}
}

func TestAnAuditThatIsOverBeforeItBegins(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	x := &looks{}
	r, err := runs(t, x, Identity).Run(ctx, listingOf("a", "b"))
	if !errors.Is(err, context.Canceled) || len(x.seen) > 0 || r.Books.NotChecked != 2 || !r.Books.Balanced() {
		t.Errorf("examined %v, books %+v: %v", x.seen, r.Books, err)
	}
	if !strings.Contains(r.Rows[0].Reason, "interrupted") {
		t.Errorf("reason %q", r.Rows[0].Reason)
	}
}

func TestGapsOfManyImagesAreOne(t *testing.T) {
	r := runs(t, &looks{}, Packages)
	r.Known.Vulnerable = func(inspect.Image) ([]inspect.Vuln, bool, error) {
		return nil, false, errors.New("there is no vulnerability database")
	}
	report, err := r.Run(t.Context(), listingOf("a", "b", "c"))
	if err != nil || len(report.NotLookedAt) != 1 || report.NotLookedAt[0].What != "vulnerabilities" {
		t.Errorf("gaps %+v: %v", report.NotLookedAt, err)
	}
	for _, row := range report.Rows {
		if row.Vulnerabilities != (Levels{}) {
			t.Errorf("without a database there are counts: %+v", row.Vulnerabilities)
		}
	}
}

// Facts keep nothing that a row does not need and that may hold a secret: settings of the config and raw documents.
func TestFactsKeepNoSettings(t *testing.T) {
	var c inspect.Case
	image := inspect.ImageHead{Digest: "sha256:1", Settings: inspect.ImageConfig{Env: []string{"PASSWORD=hunter2"}}}
	for _, fact := range []inspect.Fact{
		image,
		inspect.Signature{ID: "k1", Key: "k1", Status: inspect.Verified, Raw: []inspect.RawPart{{}}},
		inspect.Provenance{ID: "p", Raw: []inspect.RawPart{{}}, Status: inspect.Verified},
		inspect.Finding{ID: "1", Check: "signatures", Code: "unsigned"},
		inspect.Finding{ID: "2", Check: "binaries", Code: "unowned", Detail: "long", Evidence: []inspect.Evidence{{Text: "x"}}},
	} {
		c.Apply(inspect.Event{Container: unitContainer, Fact: fact, Time: inspect.At(time.Unix(0, 0))})
	}
	var f Facts
	f.collect(&c)
	raw, err := encodeFacts(f)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := decodeFacts(raw); err != nil || len(again.Image.Settings.Env) > 0 || len(again.Image.Signatures) != 1 {
		t.Errorf("kept %+v: %v", again.Image, err)
	}
	if s := f.Image.Signatures[0]; s.Status == inspect.Verified || s.Raw != nil {
		t.Errorf("a verdict of that day is kept: %+v", s)
	}
	if len(f.Findings) != 1 || f.Findings[0].Check != "binaries" || f.Findings[0].Evidence != nil {
		t.Errorf("findings %+v", f.Findings)
	}
}
