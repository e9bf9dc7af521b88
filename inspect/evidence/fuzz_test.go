package evidence

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

func FuzzBag(f *testing.F) {
	f.Add([]byte(`{"seq":1,"header":{"schema":"backtrail.dev/case/v1"}}`+"\n"), []byte("{}"), []byte(`{"digest":"sha256:00","state":"carried"}`))
	f.Fuzz(func(t *testing.T, events, exhibits, blobs []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{
			"bagit.txt": []byte(bagit.Declaration), "bag-info.txt": exhibits, "data/events.jsonl": events, "data/case.json": events,
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
		if name := exhibitName(path); bagit.BadPath(name) != "" || strings.Count(name, "/") < 2 {
			t.Errorf("%q becomes %q", path, name)
		}
	})
}
