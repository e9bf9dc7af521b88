package journal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// put stores facts of image a that were collected on a day of the tests.
func put(t *testing.T, j *Journal, day int, depth Depth, change func(*Facts)) {
	t.Helper()
	f := Facts{Image: image("a"), Depth: depth, Files: someFiles, Collected: inspect.At(noon.AddDate(0, 0, day))}
	if change != nil {
		change(&f)
	}
	if err := j.Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// signedBy makes who signed the image what a look found.
func signedBy(who string) func(*Facts) {
	return func(f *Facts) { f.Image.Signatures[0].Identity = who }
}

// A case that was saved last month and is opened again today is folded after the audits of the nights between. Who
// signed is what the newest look found, in whatever order the looks are stored.
func TestTheNewestLookAtSignersCounts(t *testing.T) {
	type look struct {
		day   int
		depth Depth
		who   string
	}
	all := []look{{1, Full, "first"}, {2, Identity, "second"}, {3, Packages, "third"}}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		j := opened(t)
		for _, at := range order {
			put(t, j, all[at].day, all[at].depth, signedBy(all[at].who))
		}
		got, err := j.Image(t.Context(), digest("a"), Full)
		if err != nil || len(got.Packages) != 2 || got.Signatures[0].Identity != "third" {
			t.Errorf("order %v: signed by %s, %d packages, %v", order, got.Signatures[0].Identity, len(got.Packages), err)
		}
		hits, err := j.Lookup().ImagesWithContent(t.Context(), someFiles[0].SHA256)
		if err != nil || len(hits) != 1 {
			t.Errorf("order %v: %d images with its file, %v", order, len(hits), err)
		}
	}
}

// A case compares an image with vulnerabilities and advisories; the audit of the next night examines the same bytes as
// deep without comparing them. The image must not count as compared and not affected.
func TestALookWithoutDataForgetsNoMatch(t *testing.T) {
	compared := func(day int, ids ...string) func(*Facts) {
		return func(f *Facts) {
			f.Advisories, f.Vulnerabilities = inspect.At(noon.AddDate(0, 0, day)), inspect.At(noon.AddDate(0, 0, day))
			for _, id := range ids {
				f.Image.Vulns = append(f.Image.Vulns, inspect.Vuln{ID: "CVE-" + id, Package: "xz-utils", Version: "5.6.1-1"})
				f.Image.Advisories = append(f.Image.Advisories, inspect.Advisory{ID: "MAL-" + id, Kind: inspect.AdvisoryPackage})
			}
		}
	}
	for name, tt := range map[string]struct {
		second func(*Facts)
		want   bool
	}{
		"a look without data":             {nil, true},
		"compared with older data":        {compared(-3), true},
		"compared with newer data":        {compared(3), false}, // the records were withdrawn
		"found again with newer data":     {compared(3, "1"), true},
		"another match with newer data":   {compared(3, "2"), false},
		"compared with the same data":     {compared(1, "1"), true},
		"withdrawn within the same night": {compared(1), false},
	} {
		t.Run(name, func(t *testing.T) {
			j := opened(t)
			put(t, j, 1, Full, compared(1, "1"))
			put(t, j, 2, Full, tt.second)
			for _, id := range []string{"CVE-1", "MAL-1"} {
				hits, err := j.Lookup().ImagesWithLead(t.Context(), id)
				if err != nil || (len(hits) > 0) != tt.want {
					t.Errorf("%s: %v, %v", id, hits, err)
				}
			}
			images, _, err := j.Lookup().Stored(t.Context(), false)
			if err != nil || len(images) != 1 {
				t.Fatalf("%d images, %v", len(images), err)
			}
			for _, i := range images {
				if i.Vulnerabilities.Before(noon.AddDate(0, 0, 1)) || i.Advisories.Before(noon.AddDate(0, 0, 1)) {
					t.Errorf("compared with data of %s and %s", i.Vulnerabilities, i.Advisories)
				}
			}
		})
	}
}

func TestFactsStoredTwiceAreStoredOnce(t *testing.T) {
	j := opened(t)
	tables := []string{
		"image", "alias", "layer", "signer", "lead", "package", "path", "content", "part", "part_package",
		"part_file", "image_part",
	}
	count := func() (all []int) {
		for _, table := range tables {
			all = append(all, rowsOf(t, j, table))
		}
		return all
	}
	put(t, j, 1, Full, nil)
	once := count()
	for range 3 {
		put(t, j, 1, Full, nil)
	}
	if twice := count(); !slices.Equal(once, twice) {
		t.Errorf("rows of %v: %v, then %v", tables, once, twice)
	}
}

// An older look, of a case that is opened again, finds what a later one closed.
func TestLooksAtFindingsMayComeInAnyOrder(t *testing.T) {
	one := []inspect.Finding{{ID: "1", Code: "unowned", Severity: inspect.High, Title: "one"}}
	day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	for name, tt := range map[string]struct {
		looks []int // days; negative: a look that found nothing
		open  bool
	}{
		"found, gone":                       {[]int{1, -2}, false},
		"found, gone, found":                {[]int{1, -2, 3}, true},
		"gone before it was looked for":     {[]int{-2, 3}, true},
		"an old case opened later":          {[]int{2, -3, 1}, false},
		"the same case twice":               {[]int{2, -3, 2}, false},
		"an old look that found nothing":    {[]int{3, -1}, true},
		"found at the moment it was gone":   {[]int{1, -2, 2}, true},
		"two old looks, in the other order": {[]int{4, -5, 2, 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			j := opened(t)
			for _, n := range tt.looks {
				found := one
				if n < 0 {
					n, found = -n, nil
				}
				if err := j.PutFindings(t.Context(), web, digest("a"), day(n), found, true); err != nil {
					t.Fatal(err)
				}
			}
			all, err := j.Findings(t.Context(), web)
			if err != nil || len(all) != 1 || all[0].Closed.IsZero() != tt.open {
				t.Errorf("got %+v, %v", all, err)
			}
		})
	}
}

func TestAFindingStaysTheSameInANewImage(t *testing.T) {
	j, ctx := opened(t), t.Context()
	one := []inspect.Finding{{ID: "1", Code: "unsigned", Severity: inspect.High, Title: "one"}}
	for n, name := range []string{"a", "b", "c"} {
		if err := j.PutFindings(ctx, web, digest(name), noon.AddDate(0, 0, n), one, true); err != nil {
			t.Fatal(err)
		}
	}
	all, err := j.Findings(ctx, web)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d findings, %v", len(all), err)
	}
	if f := all[0]; f.Digest != digest("c") || !f.Opened.Equal(noon) || !f.Closed.IsZero() {
		t.Errorf("got %+v", f)
	}
	other := web
	other.Container = "proxy"
	if all, err := j.Findings(ctx, other); err != nil || len(all) != 0 {
		t.Errorf("at another container: %v, %v", all, err)
	}
}

func TestWaivers(t *testing.T) {
	at := inspect.At(noon)
	day := func(n int) inspect.Time { return inspect.At(noon.AddDate(0, 0, n)) }
	for name, tt := range map[string]struct {
		w    *Waiver
		want bool
	}{
		"none":                    {nil, false},
		"without an end":          {&Waiver{Given: day(-1)}, true},
		"given just now":          {&Waiver{Given: at, Ends: day(1)}, true},
		"given tomorrow":          {&Waiver{Given: day(1), Ends: day(2)}, false},
		"ends now":                {&Waiver{Given: day(-2), Ends: at}, false},
		"ends in a moment":        {&Waiver{Given: day(-2), Ends: inspect.At(noon.Add(time.Millisecond))}, true},
		"ends before it is given": {&Waiver{Given: day(1), Ends: day(-1)}, false},
	} {
		if got := tt.w.Holds(noon); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	j := opened(t)
	for _, reason := range []string{"first", "second"} {
		if err := j.Waive(t.Context(), web, "1", Waiver{Owner: "ops", Reason: reason, Given: at}); err != nil {
			t.Fatal(err)
		}
	}
	// a waiver of a finding that is not there yet is kept for it
	if err := j.PutFindings(t.Context(), web, digest("a"), noon, []inspect.Finding{{ID: "1"}}, true); err != nil {
		t.Fatal(err)
	}
	all, err := j.Findings(t.Context(), web)
	if err != nil || len(all) != 1 || all[0].Waiver == nil || all[0].Waiver.Reason != "second" || !all[0].Waiver.Ends.IsZero() {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestAuditsAreTheNewestFirstAndBounded(t *testing.T) {
	j, ctx := opened(t), t.Context()
	for n := range 5 {
		a := Audit{Scope: "all", At: inspect.At(noon.AddDate(0, 0, n)), Depth: Packages, Document: fmt.Appendf(nil, `{"night":%d}`, n)}
		for range 2 { // of the same scope and time: replaced
			if err := j.PutAudit(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n, want := range map[int]int{0: 0, 1: 1, 3: 3, 5: 5, 100: 5} {
		all, err := j.Audits(ctx, "all", n)
		if err != nil || len(all) != want {
			t.Errorf("at most %d: %d, %v", n, len(all), err)
		}
		for at, a := range all {
			if string(a.Document) != fmt.Sprintf(`{"night":%d}`, 4-at) || a.Depth != Packages {
				t.Errorf("the one at %d is %s", at, a.Document)
			}
		}
	}
	for name, a := range map[string]Audit{
		"no time":      {Scope: "all", Document: []byte(`{}`)},
		"no document":  {Scope: "all", At: inspect.At(noon)},
		"no JSON":      {Scope: "all", At: inspect.At(noon), Document: []byte(`{`)},
		"two, not one": {Scope: "all", At: inspect.At(noon), Document: []byte(`{}{}`)},
	} {
		if err := j.PutAudit(ctx, a); err == nil {
			t.Errorf("an audit of %s is stored", name)
		}
	}
}

func TestCountsOfAJournal(t *testing.T) {
	j := opened(t)
	if c, err := j.Count(t.Context()); err != nil || c != (Counts{}) {
		t.Errorf("an empty journal has %+v, %v", c, err)
	}
	fold(t, j, folded(t, "a", 0))
	fold(t, j, folded(t, "b", 1))
	if err := j.PutAudit(t.Context(), Audit{Scope: "all", At: inspect.At(noon), Document: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if c, err := j.Count(t.Context()); err != nil || c != (Counts{Places: 1, Sightings: 2, Images: 2, Packages: 2, Audits: 1}) {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestSpellingsOfNames(t *testing.T) {
	for name, want := range map[string]string{"Zope.Interface": "zope-interface", "a_b.c-d": "a-b-c-d", "": "", "ÄÖ": "äö"} {
		if got := spelling(name); got != want || spelling(got) != got {
			t.Errorf("%q: got %q, and again %q", name, got, spelling(got))
		}
	}
	for name, want := range map[string]string{"github.com/Shop/Cart_v2": "cart-v2", "@scope/left.pad": "left-pad", "plain": "", "a/": ""} {
		if got := baseOf(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestBytesOfADigest(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for text, ok := range map[string]bool{
		sum: true, "sha256:" + sum: true, strings.ToUpper(sum): true, sum[1:]: false,
		sum + "00": false, "sha512:" + sum: false, "sha256:" + strings.Repeat("zz", 32): false, "": false,
	} {
		if b := bytesOf(text); (len(b) == 32) != ok || !ok && b != nil {
			t.Errorf("%q: %d bytes", text, len(b))
		}
	}
}

// Links of an image may lead anywhere: in a circle, out of the root, through forty others.
func TestLinksAreFollowedAsLinuxDoes(t *testing.T) {
	links := map[string]*inspect.Node{}
	link := func(path, to string) {
		links[path] = &inspect.Node{Entry: inspect.Entry{Path: path, Type: inspect.EntrySymlink, Link: to}}
	}
	link("/bin", "usr/bin")
	link("/usr/bin/sh", "dash")
	link("/up", "../../../etc")
	link("/a", "b")
	link("/b", "a")
	link("/self", "/self/x")
	link("/abs", "/usr/lib")
	for n := range maxLinks + 1 {
		link(fmt.Sprintf("/chain%d", n), fmt.Sprintf("chain%d", n+1))
	}
	for path, want := range map[string]string{
		"/usr/bin/ls": "/usr/bin/ls", "/bin/sh": "/usr/bin/dash", "/up/passwd": "/etc/passwd", "/a": "", "/self": "",
		"/abs/x.so": "/usr/lib/x.so", "/chain2": fmt.Sprintf("/chain%d", maxLinks+1), "/chain0": "", "/": "/",
	} {
		if got := resolved(path, links); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
