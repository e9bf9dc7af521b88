package advisory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// vulnerable walks sorted events as the OSV schema describes it ("Evaluation"), over versions that are numbers.
func vulnerable(events []osvEvent, version int) bool {
	number := func(s string) (n int) {
		_, _ = fmt.Sscanf(s, "%d", &n)
		return n
	}
	is := false
	for _, e := range events {
		switch {
		case e.Introduced != "":
			is = is || version >= number(e.Introduced)
		case e.Fixed != "":
			is = is && version < number(e.Fixed)
		case e.LastAffected != "":
			is = is && version <= number(e.LastAffected)
		}
	}
	return is
}

// For any events, in any order, a version is affected by the reduced line exactly if it is by the schema's own
// algorithm: neither a version more, which accuses, nor one less.
func TestRangesAffectWhatTheSchemaEvaluates(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		var events []osvEvent
		for at := range 1 + r.IntN(6) {
			version := fmt.Sprintf("%d.0.0", 1+at*2)
			switch r.IntN(3) {
			case 0:
				events = append(events, osvEvent{Introduced: version})
			case 1:
				events = append(events, osvEvent{Fixed: version})
			default:
				events = append(events, osvEvent{LastAffected: version})
			}
		}
		if r.IntN(3) == 0 {
			events = slices.Insert(events, 0, osvEvent{Introduced: "0"})
		}
		shuffled := slices.Clone(events)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		spans, err := osvRange{Type: "SEMVER", Events: shuffled}.spans("npm")
		if err != nil {
			t.Fatal(err)
		}
		line := record{affected: strings.Join(spans, ",")}
		if slices.Contains(spans, "") {
			line.affected = "*"
		}
		for version := range 14 {
			want := vulnerable(events, version)
			if got := len(spans) > 0 && line.affects("npm", fmt.Sprintf("%d.0.0", version)); got != want {
				t.Fatalf("%d.0.0 of %+v: affected %v, want %v; written as %q", version, events, got, want, line.affected)
			}
		}
	}
}

func TestEventsOfOneVersion(t *testing.T) {
	for name, tt := range map[string]struct {
		events []osvEvent
		want   string
	}{
		"introduced twice":              {[]osvEvent{{Introduced: "1.0.0"}, {Introduced: "2.0.0"}, {Fixed: "3.0.0"}}, ">=1.0.0 <3.0.0"},
		"fixed and introduced again":    {[]osvEvent{{Introduced: "0"}, {Introduced: "1.0.0"}, {Fixed: "1.0.0"}, {Fixed: "2.0.0"}}, "<1.0.0,>=1.0.0 <2.0.0"},
		"the first is the last":         {[]osvEvent{{LastAffected: "1.0.0"}, {Introduced: "1.0.0"}}, ">=1.0.0 <=1.0.0"},
		"fixed before it is introduced": {[]osvEvent{{Fixed: "1.0.0"}, {Introduced: "2.0.0"}}, ">=2.0.0"},
		"a limit, which is no version":  {[]osvEvent{{Introduced: "1.0.0"}, {}, {Fixed: "2.0.0"}}, ">=1.0.0 <2.0.0"},
		"never introduced":              {[]osvEvent{{Fixed: "1.0.0"}}, ""},
	} {
		spans, err := osvRange{Events: tt.events}.spans("npm")
		if got := strings.Join(spans, ","); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
	if _, err := (osvRange{Events: make([]osvEvent, maxConstraints+1)}).spans("npm"); err == nil {
		t.Error("a range without a bound on its events is read")
	}
}

// What a Builder writes does not depend on the order of records, has each once, and reads back as it was.
func TestBuildingIsAFold(t *testing.T) {
	var records []string
	for n := range 60 {
		records = append(records, record1(n%40, fmt.Sprintf("evil-%d", n%40), "1.0.0"))
	}
	records = append(records, osvExample, "{", "[]")
	build := func(list []string) *Builder {
		var b Builder
		for _, r := range list {
			if err := b.Add([]byte(r)); err != nil {
				t.Fatal(err)
			}
		}
		return &b
	}
	want := build(records)
	if want.Len() != 43 || want.Broken != 2 {
		t.Fatalf("%d lines, %d broken", want.Len(), want.Broken)
	}
	r := rand.New(rand.NewPCG(9, 10))
	for range 10 {
		r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		if got := build(records); string(got.Bytes()) != string(want.Bytes()) {
			t.Fatal("the order of the records changes the file")
		}
	}
	db, err := ReadDatabase(want.Bytes())
	if err != nil || db.Records != 43 {
		t.Fatalf("%+v, %v", db, err)
	}
	var again Builder
	if err := again.Keep(db); err != nil || string(again.Bytes()) != string(want.Bytes()) {
		t.Errorf("what is kept of the file is another file: %v", err)
	}
	var without Builder
	if err := without.Keep(db, "npm"); err != nil || without.Len() != 1 || len(without.Bytes()) == 0 {
		t.Errorf("without npm: %d lines, %v", without.Len(), err)
	}
}

func TestMatchersOfOneIncident(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	window := &Window{From: inspect.Time{}, To: inspect.Time{}}
	packages := []Affected{{PURL: "pkg:npm/%40scope/left-pad", Range: ">=1.0.0 <2.0.0"}}
	for name, tt := range map[string]struct {
		pack         func(*Pack)
		names        []string
		heads, whole bool
	}{
		"packages":           {func(p *Pack) { p.Packages = packages }, []string{"@scope/left-pad", "left-pad"}, false, true},
		"packages and files": {func(p *Pack) { p.Packages, p.Files = packages, []string{sum} }, []string{"@scope/left-pad", "left-pad"}, false, true},
		"files alone":        {func(p *Pack) { p.Files = []string{sum} }, nil, false, false},
		"paths alone":        {func(p *Pack) { p.Paths = []string{"/tmp/x"} }, nil, false, false},
		"who signed":         {func(p *Pack) { p.Identities = []string{"mallory"} }, nil, true, true},
		"a commit":           {func(p *Pack) { p.Commits = []string{"0123456"} }, nil, true, true},
		"a text":             {func(p *Pack) { p.Strings = []string{"evil.example"} }, nil, true, true},
		"an image":           {func(p *Pack) { p.References = []string{"shop/web:1"} }, nil, true, true},
		"a window":           {func(p *Pack) { p.Window = window }, nil, false, true},
	} {
		p := packWith(tt.pack)
		m := MatchPacks(p)
		names := m.Names()
		slices.Sort(names)
		if !slices.Equal(names, tt.names) || m.Heads() != tt.heads || (m.Whole() == nil) != tt.whole {
			t.Errorf("%s: names %q, heads %v, whole %v", name, names, m.Heads(), m.Whole())
		}
		sums, paths := m.Files()
		if !slices.Equal(sums, p.Files) || !slices.Equal(paths, p.Paths) {
			t.Errorf("%s: files %q %q", name, sums, paths)
		}
		windows := len(slices.Collect(m.Windows()))
		p.Withdrawn = "2026-01-01"
		if after := len(slices.Collect(MatchPacks(p).Windows())); windows != map[bool]int{true: 1}[p.Window != nil] || after != 0 {
			t.Errorf("%s: %d windows, and %d once it was withdrawn", name, windows, after)
		}
	}
	m := MatchPacks(packWith(func(p *Pack) { p.Packages = packages }))
	for version, want := range map[string]bool{"0.9.9": false, "1.0.0": true, "1.9.9": true, "2.0.0": false, "": false} {
		if got := m.Affects(inspect.Package{Type: "npm", Name: "@scope/left-pad", Version: version}); got != want {
			t.Errorf("version %q: %v", version, got)
		}
	}
}

func TestPackageURLsThatPeopleAskAbout(t *testing.T) {
	debian := inspect.Package{
		Type: "deb", Name: "liblzma5", Version: "5.6.1-1",
		PURL: "pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64&upstream=xz-utils",
	}
	for purl, want := range map[string]bool{
		"pkg:deb/debian/liblzma5@5.6.1-1": true,
		"pkg:deb/debian/liblzma5":         true,
		"pkg:deb/liblzma5":                true, // of any distribution
		"pkg:deb/debian/xz-utils@5.6.1-1": true, // by its source package
		"pkg:deb/ubuntu/liblzma5":         false,
		"pkg:deb/debian/liblzma5@5.6.1":   false,
		"pkg:rpm/debian/liblzma5":         false,
		"PKG:deb/debian/liblzma5":         false,
	} {
		name, is, err := PURL(purl)
		if (err == nil && is(debian)) != want {
			t.Errorf("%s: by %q, %v", purl, name, err)
		}
	}
	for _, bad := range []string{"", "pkg:", "pkg:npm", "pkg:npm/", "pkg:/x", "npm/x", "pkg:npm/@"} {
		if name, _, err := PURL(bad); err == nil && name != "@" {
			t.Errorf("%q is taken, by the name %q", bad, name)
		}
	}
}

func TestTitlesOfFindings(t *testing.T) {
	row := func(kind inspect.AdvisoryKind, subject string) inspect.Advisory {
		return inspect.Advisory{
			ID: "MAL-1", Source: SourceOSV, Kind: kind, Subject: subject, Title: "it calls home",
			Severity: inspect.High,
		}
	}
	withdrawn := row(inspect.AdvisoryPackage, "x 1")
	withdrawn.Withdrawn = true
	for want, rows := range map[string][]inspect.Advisory{
		"known-compromised package x 1 (MAL-1): it calls home":                {row(inspect.AdvisoryPackage, "x 1"), row(inspect.AdvisoryPackage, "x 1")},
		"known-compromised package a, b, c (MAL-1): it calls home":            {row(inspect.AdvisoryPackage, "a"), row(inspect.AdvisoryPackage, "b"), row(inspect.AdvisoryPackage, "c")},
		"known-compromised package a, b, c and 1 more (MAL-1): it calls home": {row(inspect.AdvisoryPackage, "a"), row(inspect.AdvisoryPackage, "b"), row(inspect.AdvisoryPackage, "c"), row(inspect.AdvisoryPackage, "d")},
		"known compromise MAL-1 by its file /tmp/x: it calls home":            {row(inspect.AdvisoryFile, "/tmp/x"), row(inspect.AdvisoryPackage, "x 1")},
		"x 1 matched MAL-1, which was withdrawn: it calls home":               {withdrawn},
		"built in May, within the exposure window of MAL-1: it calls home":    {row(inspect.AdvisoryWindow, "built in May")},
	} {
		if got := title(rows); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The database of a distribution's packages is no file of one of them: a finding about a package does not name it.
func TestSubjectsOfFindings(t *testing.T) {
	for location, want := range map[string]string{
		"/app/node_modules/x/package.json": "app:/app/node_modules/x/package.json", "/var/lib/dpkg/status": "app",
		"/lib/apk/db/installed": "app", "/usr/lib/apk/db/installed": "app", "/var/lib/rpm/rpmdb.sqlite": "app",
		"/usr/lib/sysimage/rpm/Packages": "app", "/var/lib/pacman/local/x/desc": "app", "entrypoint": "app", "": "app",
	} {
		rows := []inspect.Advisory{{ID: "1", Kind: inspect.AdvisoryPackage, Subject: "x 1", Locations: []string{location}}}
		f := findings(inspect.Image{ImageHead: inspect.ImageHead{Container: "app"}}, rows)
		if len(f) != 1 || f[0].Subject != want {
			t.Errorf("%s: %+v", location, f)
		}
	}
}
