package evidence

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
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
		sums, defects := parseManifest([]byte(tt.line), 64)
		if len(defects) != tt.defects || tt.path != "" && sums[tt.path] != sum {
			t.Errorf("%q: %v, %v", tt.line, sums, defects)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  data/case.json\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sums, _ := parseManifest(text, 64)
		for path := range sums {
			if badPath(path) != "" {
				t.Errorf("%q was let pass", path)
			}
		}
	})
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("not a tar"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := listArchive(context.Background(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for name := range files.sizes {
			_, _ = files.read(name, 1<<20)
		}
	})
}

func FuzzBag(f *testing.F) {
	f.Add([]byte(`{"seq":1,"header":{"schema":"backtrail.dev/case/v1"}}`+"\n"), []byte("{}"), []byte(`{"digest":"sha256:00","state":"carried"}`))
	f.Fuzz(func(t *testing.T, events, exhibits, blobs []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{
			"bagit.txt": []byte(bagitText), "bag-info.txt": exhibits, "data/events.jsonl": events, "data/case.json": events,
			"data/exhibits.json": exhibits, "data/blobs.jsonl": blobs, "data/custody.jsonl": blobs, "data/report.md": nil, "data/report.html": nil,
		} {
			must(t, os.MkdirAll(filepath.Join(dir, "data"), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		}
		reseal(t, dir)
		if _, err := Verify(context.Background(), dir, trusting()); err != nil {
			t.Errorf("%v", err)
		}
	})
}

func FuzzListing(f *testing.F) {
	good, _ := packListing([]inspect.Entry{{Path: "/x", Type: inspect.EntryFile}})
	f.Add(good)
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readListing(context.Background(), bytes.NewReader(data)) })
}

func FuzzCustody(f *testing.F) {
	f.Add([]byte(`{"number":1,"previous":""}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _, _ = checkCustody(bytes.NewReader(data)) })
}

func FuzzExhibitName(f *testing.F) {
	f.Add("cluster/pod.json")
	f.Add("logs/../../../etc/passwd")
	f.Fuzz(func(t *testing.T, path string) {
		if name := exhibitName(path); badPath(name) != "" || strings.Count(name, "/") < 2 {
			t.Errorf("%q becomes %q", path, name)
		}
	})
}
