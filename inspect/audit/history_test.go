package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/journal"
)

// opened is the history of a journal in a folder of its own.
func opened(t *testing.T, path string) *History {
	t.Helper()
	h, gaps := OpenHistory(t.Context(), path)
	if h == nil || len(gaps) > 0 {
		t.Fatalf("gaps %+v", gaps)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// nightly is the report of one row that runs an image.
func nightly(digest string) *Report {
	r := &Report{Scope: Scope{Contexts: []string{"prod"}, Depth: Identity}, Rows: []Row{{
		Cluster: "prod", Namespace: "shop",
		Workload: "deployment/web", Container: "app", Reference: "reg.example/web:1", Digest: digest, State: Done,
	}}}
	r.settle(1, 0, 0)
	return r
}

func TestReportsAreFoundAgainByScopeAndTime(t *testing.T) {
	h := opened(t, filepath.Join(t.TempDir(), "journal.db"))
	monday, tuesday := moment("2026-03-02"), moment("2026-03-03")
	for at, r := range map[time.Time]*Report{monday: nightly("sha256:1"), tuesday: nightly("sha256:2")} {
		if err := h.Record(t.Context(), "all", Identity, at, r); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		scope  string
		before time.Time
		want   string // digest; empty: there is none
	}{
		"the last one":             {"all", time.Time{}, "sha256:2"},
		"before Tuesday":           {"all", tuesday, "sha256:1"},
		"just after Tuesday":       {"all", tuesday.Add(time.Millisecond), "sha256:2"},
		"before there was any":     {"all", monday, ""},
		"of a scope without any":   {"namespace shop", time.Time{}, ""},
		"a scope is no expression": {"%", time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := h.Report(t.Context(), tt.scope, tt.before)
			if tt.want == "" {
				if !errors.Is(err, journal.ErrNotStored) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || len(r.Rows) != 1 || r.Rows[0].Digest != tt.want || !r.Books.Balanced() {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestGoodIsWhatRanBeforeAtThePlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	h := opened(t, path)
	old, now := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64)
	for day, digest := range map[string]string{"2026-01-01": old, "2026-01-20": old, "2026-02-01": now, "2026-02-09": now} {
		if err := h.Record(t.Context(), "all", Identity, moment(day), nightly(digest)); err != nil {
			t.Fatal(err)
		}
	}
	place := Place{Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "app", Reference: "reg.example/web:1"}
	again := opened(t, path) // what ran is read once, when the history is opened
	good, since := again.Good(t.Context())(place, now)
	if good != old || since.Format(time.DateOnly) != "2026-02-01" {
		t.Errorf("known-good %s, since %s", good, since.Stamp())
	}
	if good, since := again.Good(t.Context())(Place{Namespace: "other"}, now); good != "" || !since.IsZero() {
		t.Errorf("at a place that nothing is known of: %s %s", good, since.Stamp())
	}
}

func TestWithoutAJournalNothingIsKnownAndNothingFails(t *testing.T) {
	var h *History
	if h.Good(t.Context()) != nil {
		t.Error("without a journal there is a known-good")
	}
	if err := h.Record(t.Context(), "all", Identity, moment("2026-03-02"), nightly("sha256:1")); err != nil {
		t.Error(err)
	}
}

func TestAJournalThatIsDamagedIsAGap(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	h, gaps := OpenHistory(t.Context(), path)
	if h == nil || len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "journal") {
		t.Fatalf("gaps %+v", gaps)
	}
	defer h.Close()
	if err := h.Record(t.Context(), "all", Identity, moment("2026-03-02"), nightly("sha256:1")); err != nil {
		t.Errorf("the journal that took its place: %v", err)
	}
	if h, gaps := OpenHistory(t.Context(), filepath.Join(path, "below-a-file")); h != nil || len(gaps) != 1 {
		t.Errorf("a journal that cannot be made: %v %+v", h, gaps)
	}
}

func TestADocumentOfAnotherFormIsAnError(t *testing.T) {
	h := opened(t, filepath.Join(t.TempDir(), "journal.db"))
	if err := h.PutAudit(t.Context(), journal.Audit{
		Scope: "all", At: inspect.At(moment("2026-03-02")),
		Document: []byte(`{"rows":"many"}`),
	}); err != nil {
		t.Fatal(err)
	}
	if r, err := h.Report(t.Context(), "all", time.Time{}); err == nil || !strings.Contains(err.Error(), "reading the audit of 2026-03-02") {
		t.Errorf("got %+v, %v", r, err)
	}
	if err := h.Record(t.Context(), "all", "unheard-of", moment("2026-03-02"), nightly("sha256:1")); err == nil {
		t.Error("an audit of no depth is stored")
	}
}
