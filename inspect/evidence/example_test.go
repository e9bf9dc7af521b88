package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// nothingKept is a store without bytes, as of a case whose checks read none.
type nothingKept struct{ inspect.Store }

func (nothingKept) Blob(context.Context, string) (io.ReadCloser, error) {
	return nil, inspect.ErrNotKept
}

// Export writes the record of a case as one bundle; Verify checks one that was handed on. Nothing of this bundle
// could be computed again, so it is intact and nothing more.
func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	var record bytes.Buffer
	started := inspect.At(time.Date(2026, 11, 23, 3, 12, 4, 0, time.UTC))
	previous := ""
	for n, fact := range []inspect.Fact{
		inspect.Header{
			Schema: inspect.Schema, Tool: inspect.Tool{Name: "backtrail", Version: "1"}, Started: started,
			Target: inspect.Target{Kind: inspect.TargetImage, Name: "registry.example/web:1"},
		},
		inspect.Note{Time: started, Author: "ada", Subject: "case", Text: "paged at 03:12"},
		inspect.End{Status: inspect.CheckDone},
	} {
		line, err := inspect.Event{Seq: uint64(n + 1), Time: started, Prev: previous, Fact: fact}.MarshalJSON()
		if err != nil {
			panic(err)
		}
		record.Write(append(line, '\n'))
		previous = bagit.Digest(line)
	}
	events := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(record.Bytes())), nil }

	made, err := evidence.Export(context.Background(), events, nothingKept{}, filepath.Join(dir, "case.tar.gz"),
		evidence.Options{Who: "ada@laptop"})
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Join(strings.Fields(made.Line)[:3], " "), made.Files, "files")

	found, err := evidence.Verify(context.Background(), made.Path, evidence.VerifyOptions{Expect: made.TagManifest})
	if err != nil {
		panic(err)
	}
	fmt.Println("fits:", found.Fits)
	fmt.Println("reproduced:", found.Reproduced)
	fmt.Println("authentic:", found.Authentic)
	// Output:
	// backtrail 20261123T031204Z-web-1 tagmanifest 10 files
	// fits: verified
	// reproduced: unknown
	// authentic: absent
}
