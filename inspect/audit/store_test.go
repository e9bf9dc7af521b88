package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// moment is a day, for tests.
func moment(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestAnAuditIsGoneOnWithForADay(t *testing.T) {
	began := moment("2026-03-01")
	for name, tt := range map[string]struct {
		after time.Duration
		goes  bool
	}{
		"at once":                        {0, true},
		"the next morning":               {9 * time.Hour, true},
		"just within the day":            {resumeFor - time.Millisecond, true},
		"a day later":                    {resumeFor, false},
		"with a clock that was set back": {-time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := OpenStore(t.TempDir())
			if since, err := s.Begin("all", began); err != nil || !since.Equal(began) {
				t.Fatalf("begun %s: %v", since, err)
			}
			now := began.Add(tt.after)
			want := now
			if tt.goes {
				want = began
			}
			if since, err := s.Begin("all", now); err != nil || !since.Equal(want) {
				t.Errorf("facts count since %s, want %s: %v", since, want, err)
			}
		})
	}
}

func TestScopesBeginAndEndByThemselves(t *testing.T) {
	s, began := OpenStore(t.TempDir()), moment("2026-03-01")
	for n, scope := range []string{"all", "namespace shop", "../../etc/passwd", ""} {
		if _, err := s.Begin(scope, began.Add(time.Duration(n)*time.Minute)); err != nil {
			t.Fatalf("%q: %v", scope, err)
		}
	}
	if err := s.End("all"); err != nil {
		t.Fatal(err)
	}
	if err := s.End("all"); err != nil {
		t.Errorf("ended twice: %v", err)
	}
	later := began.Add(time.Hour)
	if since, err := s.Begin("namespace shop", later); err != nil || !since.Equal(began.Add(time.Minute)) {
		t.Errorf("the end of one scope ends another: %s %v", since, err)
	}
	if since, err := s.Begin("all", later); err != nil || !since.Equal(later) {
		t.Errorf("an audit that ended is gone on with: %s %v", since, err)
	}
	if entries, err := os.ReadDir(s.dir); err != nil || len(entries) != 1 {
		t.Errorf("a scope is a path: %v %v", entries, err)
	}
}

func TestABrokenRecordBeginsAnew(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "cut off": `{"since":"2026-0`, "no JSON": "\x00\x01", "another form": `[]`,
		"too large": `{"since":"2026-03-01T00:00:00Z","x":"` + strings.Repeat("x", maxMarker) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, now := OpenStore(t.TempDir()), moment("2026-03-01")
			if _, err := s.Begin("all", now); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(s.marker("all"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			later := now.Add(time.Hour)
			if since, err := s.Begin("all", later); err != nil || !since.Equal(later) {
				t.Errorf("facts count since %s: %v", since, err)
			}
		})
	}
}

func TestFactsThatCannotBeKeptAreAnError(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := OpenStore(blocked) // a file stands where the folder would be
	if err := s.Put(Facts{Unit: "a", Depth: Identity}); err == nil || !strings.Contains(err.Error(), "keeping the facts of a") {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Begin("all", moment("2026-03-01")); err == nil || !strings.Contains(err.Error(), "recording the beginning") {
		t.Errorf("begin: %v", err)
	}
	if _, ok, err := s.Facts("a", Identity); ok || err == nil {
		t.Errorf("facts: %v %v", ok, err)
	}
}

// The deepest look that was kept answers for those before it, and a later one of depth identity does not hide it.
func TestDeeperFactsAnswerForShallowerOnes(t *testing.T) {
	s := OpenStore(t.TempDir())
	for _, d := range []Depth{Full, Identity} {
		f := Facts{Form: FactsForm, Unit: "a", Depth: d, State: Done, Collected: inspect.At(moment("2026-03-01"))}
		if err := s.Put(f); err != nil {
			t.Fatal(err)
		}
	}
	for want, asked := range map[Depth]Depth{Identity: Identity, Full: Packages} {
		if f, ok, err := s.Facts("a", asked); err != nil || !ok || f.Depth != want {
			t.Errorf("asked for %s: %s %v %v", asked, f.Depth, ok, err)
		}
	}
}

func TestFactsOfAnotherUnitUnderTheSameNameAreNotTaken(t *testing.T) {
	s := OpenStore(t.TempDir())
	if err := s.Put(Facts{Form: FactsForm, Unit: "evil", Depth: Identity, State: Done}); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path("good", Identity)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("evil", Identity), s.path("good", Identity)); err != nil {
		t.Fatal(err)
	}
	if f, ok, err := s.Facts("good", Identity); ok || err != nil {
		t.Errorf("took the facts of %s: %v", f.Unit, err)
	}
}

func TestFactsAreTheSameBytesTwice(t *testing.T) {
	f := Facts{Form: FactsForm, Unit: "a", Depth: Packages, State: Done, Keys: []string{"k1"}, Image: inspect.Image{
		ImageHead: inspect.ImageHead{Digest: "sha256:1"},
	}, Tags: []Tag{{Reference: "a:1", Reason: "429"}}}
	one, err := encodeFacts(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := decodeFacts(one)
	if err != nil {
		t.Fatal(err)
	}
	two, err := encodeFacts(again)
	if err != nil || string(one) != string(two) {
		t.Errorf("facts that were read and written are other bytes: %v", err)
	}
}

func TestFilesPastTheirBoundAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for size, ok := range map[int]bool{0: true, 9: true, 10: true, 11: false, 1000: false} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if raw, err := readFile(path, 10); (err == nil) != ok || ok && len(raw) != size {
			t.Errorf("%d bytes with a bound of 10: %d, %v", size, len(raw), err)
		}
	}
}

func TestDepths(t *testing.T) {
	for i, a := range Depths() {
		if d, err := ParseDepth(string(a)); err != nil || d != a {
			t.Errorf("%s: %s %v", a, d, err)
		}
		for j, b := range Depths() {
			if a.Covers(b) != (i >= j) {
				t.Errorf("%s covers %s: %v", a, b, a.Covers(b))
			}
		}
		if gaps := DepthGaps(a); len(gaps) != map[Depth]int{Identity: 2, Packages: 2, Full: 1}[a] {
			t.Errorf("%s leaves out %+v", a, gaps)
		}
	}
	for _, bad := range []string{"", "Full", "deep", "identity "} {
		if d, err := ParseDepth(bad); err == nil || !strings.Contains(err.Error(), "identity, packages or full") {
			t.Errorf("%q is %s: %v", bad, d, err)
		}
	}
}

func TestTimeLeft(t *testing.T) {
	began := moment("2026-03-01")
	for name, tt := range map[string]struct {
		p    Progress
		want time.Duration
	}{
		"nothing is done":        {Progress{Total: 10}, 0},
		"all was there already":  {Progress{Done: 5, Reused: 5, Total: 10}, 0},
		"half of it":             {Progress{Done: 5, Total: 10, Began: began, Now: began.Add(time.Minute)}, time.Minute},
		"those reused cost none": {Progress{Done: 6, Reused: 5, Total: 10, Began: began, Now: began.Add(time.Minute)}, 4 * time.Minute},
		"all is done":            {Progress{Done: 10, Total: 10, Began: began, Now: began.Add(time.Minute)}, 0},
	} {
		if got := tt.p.Left(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
