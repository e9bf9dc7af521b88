package bagit

import (
	"strings"
	"testing"
)

func TestManifestLines(t *testing.T) {
	sum := strings.Repeat("a", 64)
	for _, tt := range []struct {
		line    string
		path    string
		defects int
	}{
		{sum + "  data/case.json\n", "data/case.json", 0},
		{strings.ToUpper(sum) + " *data/case.json\r\n", "data/case.json", 0},
		{sum + "  data/a%25b\n", "data/a%b", 0},
		{sum + "  data/a b\n", "data/a b", 0},
		{sum + "  ../x\n", "", 1},
		{sum + "  /etc/passwd\n", "", 1},
		{sum + "  data/x%0Ay\n", "", 1},
		{sum + "  C:/x\n", "", 1},
		{"abc  data/x\n", "", 1},
		{"\n", "", 1},
		{sum + "  data/x\n" + sum + "  data/x\n", "data/x", 1},
		{"\xff", "", 1},
	} {
		sums, defects := ParseManifest([]byte(tt.line), 64)
		if len(defects) != tt.defects || tt.path != "" && sums[tt.path] != sum {
			t.Errorf("%q: %v, %v", tt.line, sums, defects)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  data/case.json\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sums, _ := ParseManifest(text, 64)
		for path := range sums {
			if BadPath(path) != "" {
				t.Errorf("%q was let pass", path)
			}
		}
	})
}

// A path that passes is one file below the bag's root on every system.
func TestBadPathsNameTheReason(t *testing.T) {
	for path, reason := range map[string]string{
		"data/case.json": "", "bagit.txt": "", "data/ä b%": "", "data/..x": "", "data/x..": "",
		"": "is empty", "..": "leaves the bag", "data/../x": "leaves the bag", "data/..": "leaves the bag",
		"/x": "leaves the bag", "~root/x": "leaves the bag", "c:x": "leaves the bag",
		".": "is not in its plain form", "data/": "is not in its plain form", "data//x": "is not in its plain form",
		"data/./x": "is not in its plain form", `data\x`: "character", "x\x00": "character", "x\r": "character",
		"x\xff": "is not UTF-8", strings.Repeat("x", MaxName+1): "is longer", strings.Repeat("x", MaxName): "",
	} {
		got := BadPath(path)
		if reason == "" && got != "" || !strings.Contains(got, reason) {
			t.Errorf("%.40q: %q, want %q", path, got, reason)
		}
	}
}

func TestDefectsOfAManifestAreBounded(t *testing.T) {
	_, defects := ParseManifest([]byte(strings.Repeat("x\n", 100_000)), 64)
	if len(defects) != maxDefects+1 || defects[maxDefects] != "and more" {
		t.Errorf("%d defects, the last %q", len(defects), defects[len(defects)-1])
	}
}

// What is written is read as it was.
func TestManifestsAreReadAsTheyAreWritten(t *testing.T) {
	sums := []FileSum{{Name: "data/a", SHA256: strings.Repeat("1", 64)}, {Name: "data/b c", SHA256: strings.Repeat("f", 64)}}
	read, defects := ParseManifest(manifestOf(sums, sum256), 64)
	if len(defects) > 0 || len(read) != 2 || read["data/a"] != sums[0].SHA256 || read["data/b c"] != sums[1].SHA256 {
		t.Errorf("%v, defects %q", read, defects)
	}
}
