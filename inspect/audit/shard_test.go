package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestShardsTakeEqualPartsAndMoveLittle(t *testing.T) {
	const keys = 4000
	counts := make([]int, 8)
	moved := 0
	for n := range keys {
		key := fmt.Sprintf("sha256:%064d", n)
		at := shardOf(key, 8)
		counts[at]++
		if nine := shardOf(key, 9); nine != at {
			moved++
			if nine != 8 {
				t.Fatalf("%s moved from shard %d to %d, which was there before", key, at, nine)
			}
		}
	}
	for i, n := range counts {
		if n < keys/8*8/10 || n > keys/8*12/10 {
			t.Errorf("shard %d has %d of %d", i, n, keys)
		}
	}
	if moved > keys/9*12/10 {
		t.Errorf("%d of %d moved to a ninth shard", moved, keys)
	}
}

func TestParseShard(t *testing.T) {
	for _, good := range []string{"0/1", "7/8", "9999/10000"} {
		if s, err := ParseShard(good); err != nil || s.String() != good {
			t.Errorf("%s: %v %v", good, s, err)
		}
	}
	for _, bad := range []string{"", "1", "1/1", "-1/4", "4/4", "0/0", "0/10001", "a/b", "1/2/3"} {
		if s, err := ParseShard(bad); err == nil {
			t.Errorf("%q is %v", bad, s)
		}
	}
}

func FuzzParsePart(f *testing.F) {
	f.Add([]byte(`{"schema":"backtrail.dev/audit-part/v1","shard":{"index":0,"of":2},"scope":{"depth":"identity"}}`))
	f.Add([]byte(`{"shard":{"index":-1}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePart("part", raw)
		if err == nil && (p.Shard.Index >= p.Shard.Of || p.Scope.Depth == "") {
			t.Errorf("took %+v", p)
		}
	})
}

func FuzzDecodeFacts(f *testing.F) {
	raw, err := encodeFacts(Facts{Form: FactsForm, Unit: "a"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("{}"))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = decodeFacts(raw) })
}

func TestStoreTakesNoFactsOfAnotherKind(t *testing.T) {
	s := OpenStore(t.TempDir())
	put := func(f Facts) {
		t.Helper()
		if err := s.Put(f); err != nil {
			t.Fatal(err)
		}
	}
	put(Facts{Form: FactsForm, Unit: "a", Depth: Packages, State: Done})
	put(Facts{Form: FactsForm + 1, Unit: "b", Depth: Identity, State: Done})
	put(Facts{Form: FactsForm, Unit: "c", Depth: Identity, State: NotChecked})
	for _, tt := range []struct {
		unit  string
		depth Depth
		want  bool
	}{
		{"a", Identity, true},
		{"a", Packages, true},
		{"a", Full, false},
		{"b", Identity, false},
		{"c", Identity, false},
		{"d", Identity, false},
	} {
		if _, ok, err := s.Facts(tt.unit, tt.depth); ok != tt.want || err != nil {
			t.Errorf("%s at %s: %v %v, want %v", tt.unit, tt.depth, ok, err, tt.want)
		}
	}
	// a file that was cut off counts as none, and is written again
	path := s.path("a", Packages)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.Facts("a", Identity); ok || err != nil {
		t.Errorf("half a file: %v %v", ok, err)
	}
	left, err := filepath.Glob(filepath.Join(s.dir, "*", ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %s %v", strings.Join(left, " "), err)
	}
}
