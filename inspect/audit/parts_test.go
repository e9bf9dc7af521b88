package audit

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// partOf examines the images of a listing that a shard chooses, and writes them into a folder of its own.
func partOf(t *testing.T, s Shard, scope Scope, known *Known, l Listing) string {
	t.Helper()
	dir := t.TempDir()
	r := runs(t, &looks{}, scope.Depth)
	r.Known = known
	w := NewPart(dir, s, scope, known, l)
	r.Keep = w.Keep
	report, err := r.Run(t.Context(), s.Choose(t.Context(), l, func(_ context.Context, u Unit) string { return u.Key }))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(&report); err != nil {
		t.Fatal(err)
	}
	return dir
}

func known() *Known { return &Known{Digest: "sha256:known", At: inspect.At(moment("2026-03-02"))} }

var prod = Scope{Contexts: []string{"prod"}, Depth: Identity}

// Between two shards of one audit a workload is scaled and another comes. Neither makes the rows of the first shard
// wrong: they follow from what it listed.
func TestAClusterMayChangeBetweenTwoShards(t *testing.T) {
	images := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	before := listingOf(images...)
	after := listingOf(images...)
	for n := range after.Places {
		after.Places[n].Pods = 9
		after.Places[n].Since = inspect.At(moment("2026-03-01"))
	}
	fresh := after.Places[0]
	fresh.Workload = "deployment/new" // of an image that the first shard examined, and that was not there for it
	for _, p := range after.Places {
		if shardOf(p.Unit, 2) == 0 {
			fresh.Unit, fresh.Reference = p.Unit, p.Reference
		}
	}
	after.Places = append(after.Places, fresh)
	for range 20 { // which image is derived again is left to chance
		m, err := Merge([]string{partOf(t, Shard{0, 2}, prod, known(), before), partOf(t, Shard{1, 2}, prod, known(), after)}, known())
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Wrong) > 0 {
			t.Fatalf("rows are called wrong: %q", m.Wrong)
		}
		if m.Books != (Books{Listed: 9, Done: 8, NotChecked: 1}) {
			t.Fatalf("books %+v", m.Books)
		}
		if r := m.Unchecked(); !strings.Contains(r[0], "deployment/new") || !strings.Contains(r[0], "not there yet") {
			t.Fatalf("unchecked %q", r)
		}
	}
}

func TestARowThatThePartLeavesOutIsFound(t *testing.T) {
	dir := partOf(t, Shard{0, 1}, prod, known(), listingOf("web"))
	rewrite(t, dir, func(p *Part) { p.Images[0].Rows = nil })
	m, err := Merge([]string{dir}, known())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Wrong) != 1 || !strings.Contains(m.Wrong[0], "has no row of it") || m.Books.NotChecked != 1 {
		t.Errorf("wrong %q, books %+v", m.Wrong, m.Books)
	}
}

// rewrite changes the part in a folder.
func rewrite(t *testing.T, dir string, change func(p *Part)) {
	t.Helper()
	path := filepath.Join(dir, "part-0-of-1.json")
	p, err := readPart(path)
	if err != nil {
		t.Fatal(err)
	}
	change(&p)
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whoever writes a part, which comes from another machine, cannot make the merge read a file elsewhere.
func TestPartsThatLie(t *testing.T) {
	sum := "sha256:" + strings.Repeat("0", 64)
	for name, tt := range map[string]struct {
		change func(p *Part)
		wrong  string
	}{
		"another state":         {func(p *Part) { p.Images[0].Rows[0].State = Failed }, "does not follow"},
		"another digest":        {func(p *Part) { p.Images[0].Rows[0].Digest = "sha256:other" }, "does not follow"},
		"allowed after all":     {func(p *Part) { p.Images[0].Rows[0].Allowed = No }, "does not follow"},
		"facts that are gone":   {func(p *Part) { p.Images[0].Facts = sum }, "reading its facts"},
		"facts outside":         {func(p *Part) { p.Images[0].Facts = "sha256:../../../../etc/passwd" }, "is no digest"},
		"facts without a name":  {func(p *Part) { p.Images[0].Facts = "" }, "is no digest"},
		"facts of another unit": {func(p *Part) { p.Images[0].Unit, p.Places[0].Unit = "other", "other" }, "they are of web"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := partOf(t, Shard{0, 1}, prod, known(), listingOf("web"))
			rewrite(t, dir, tt.change)
			m, err := Merge([]string{dir}, known())
			if err != nil || len(m.Wrong) != 1 || !strings.Contains(m.Wrong[0], tt.wrong) {
				t.Errorf("wrong %q: %v", m.Wrong, err)
			}
		})
	}
}

func TestPartsOfOtherPoliciesAreComparedByTheirFacts(t *testing.T) {
	dir := partOf(t, Shard{0, 1}, prod, known(), listingOf("web"))
	rewrite(t, dir, func(p *Part) { p.Images[0].Rows[0].Allowed = No })
	other := known()
	other.Digest = "sha256:other"
	for name, k := range map[string]*Known{"other policies here": other, "none here": nil} {
		m, err := Merge([]string{dir}, k)
		if err != nil || len(m.Wrong) > 0 || m.Rows[0].Allowed != No {
			t.Errorf("%s: wrong %q: %v", name, m.Wrong, err)
		}
	}
}

func TestPartsOfTwoAuditsAreRefused(t *testing.T) {
	first := partOf(t, Shard{0, 2}, prod, known(), listingOf("web"))
	for name, scope := range map[string]Scope{
		"another cluster":  {Contexts: []string{"staging"}, Depth: Identity},
		"another selector": {Contexts: []string{"prod"}, Depth: Identity, Selector: "app=web"},
		"another choice":   {Contexts: []string{"prod"}, Depth: Identity, Image: "nginx"},
		"another depth":    {Contexts: []string{"prod"}, Depth: Packages},
	} {
		second := partOf(t, Shard{1, 2}, scope, known(), listingOf("web"))
		if _, err := Merge([]string{first, second}, known()); err == nil || !strings.Contains(err.Error(), "different audits") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// which namespaces could be listed may change between two shards
	scope := prod
	scope.Namespaces = []string{"shop"}
	if _, err := Merge([]string{first, partOf(t, Shard{1, 2}, scope, known(), listingOf("web"))}, known()); err != nil {
		t.Error(err)
	}
}

func TestParsePart(t *testing.T) {
	part := func(rest string) string { return `{"schema":"` + PartSchema + `",` + rest + `}` }
	const scope = `"scope":{"depth":"identity"}`
	for name, tt := range map[string]struct{ raw, err string }{
		"a part":             {part(`"shard":{"index":1,"of":2},` + scope), ""},
		"no JSON":            {"<html>", "invalid character"},
		"another schema":     {`{"schema":"backtrail.dev/audit/v1"}`, "its schema is"},
		"no shard":           {part(scope), "there is no shard 0/0"},
		"a shard past N":     {part(`"shard":{"index":2,"of":2},` + scope), "there is no shard 2/2"},
		"too many shards":    {part(`"shard":{"index":0,"of":10001},` + scope), "there is no shard"},
		"the most shards":    {part(`"shard":{"index":9999,"of":10000},` + scope), ""},
		"no depth":           {part(`"shard":{"index":0,"of":1},"scope":{}`), "out of bounds"},
		"a negative count":   {part(`"skipped":-1,"shard":{"index":0,"of":1},` + scope), "out of bounds"},
		"a negative rest":    {part(`"over":-1,"shard":{"index":0,"of":1},` + scope), "out of bounds"},
		"a count as a text":  {part(`"skipped":"1","shard":{"index":0,"of":1},` + scope), "cannot unmarshal"},
		"a list of nothing":  {part(`"places":null,"shard":{"index":0,"of":1},` + scope), ""},
		"an unknown field":   {part(`"later":1,"shard":{"index":0,"of":1},` + scope), ""},
		"a number too large": {part(`"shard":{"index":0,"of":1e30},` + scope), "cannot unmarshal"},
	} {
		_, err := parsePart("part-x", []byte(tt.raw))
		if (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) ||
			!strings.Contains(err.Error(), "part-x")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDepthOfParts(t *testing.T) {
	dir := partOf(t, Shard{0, 1}, Scope{Contexts: []string{"prod"}, Depth: Packages}, known(), listingOf("web"))
	if d, err := DepthOf([]string{t.TempDir(), dir}); err != nil || d != Packages {
		t.Errorf("got %s: %v", d, err)
	}
	if _, err := DepthOf([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "--shard I/N --out DIR") {
		t.Errorf("an empty folder: %v", err)
	}
	path := filepath.Join(dir, "part-0-of-1.json")
	for name, content := range map[string]string{
		"cut off": `{"schema":"x","sc`, "empty": "", "no scope": `{"shard":{}}`,
		"no object": `[1]`, "no depth": `{"scope":{"depth":"abyss"}}`, "broken before": `{"shard":}`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := DepthOf([]string{dir}); err == nil {
			t.Errorf("%s: got %s", name, d)
		}
	}
}

// The folder of parts may have any name, also one that is a pattern.
func TestAFolderIsNoPattern(t *testing.T) {
	from := partOf(t, Shard{0, 1}, prod, known(), listingOf("web"))
	for _, name := range []string{"parts [2026]", "a*b", "what?", `back\slash`} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		if m, err := Merge([]string{dir}, known()); err != nil || m.Books.Done != 1 {
			t.Errorf("%s: %+v, %v", name, m.Books, err)
		}
	}
}

// The same listing with the same facts is the same part, byte by byte, in whatever order images were examined.
func TestTheSameListingIsTheSameBytes(t *testing.T) {
	l := listingOf("a", "b", "c", "d", "e", "f")
	var first string
	for range 5 {
		raw, err := os.ReadFile(filepath.Join(partOf(t, Shard{0, 1}, prod, known(), l), "part-0-of-1.json"))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(raw)
		}
		if string(raw) != first {
			t.Fatalf("got\n%s\nand\n%s", first, raw)
		}
	}
}

func TestDigestsOfWhatIsKnown(t *testing.T) {
	seen := map[string]string{}
	for name, values := range map[string][]any{
		"nothing": nil, "a name": {[]string{"p"}}, "two names": {[]string{"p", "q"}}, "one text": {"pq"},
		"expected": {inspect.Expected{Identities: []string{"a"}}}, "another": {inspect.Expected{Identities: []string{"b"}}},
		"a date": {[]Data{{Source: "osv", Date: inspect.At(moment("2026-03-01"))}}}, "a depth": {Full},
	} {
		d := DigestOf(values...)
		if !strings.HasPrefix(d, "sha256:") || seen[d] != "" {
			t.Errorf("%s is %s, as %s", name, d, seen[d])
		}
		seen[d] = name
		if DigestOf(values...) != d {
			t.Errorf("%s: the digest changes", name)
		}
	}
}
