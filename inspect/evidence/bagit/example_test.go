package bagit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

func Example() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	out, err := bagit.NewOutlet(filepath.Join(dir, "case.tar.gz"), "case")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Discard() // nothing is left where one of the steps fails
	w := bagit.NewWriter(ctx, out, nil)
	_ = w.AddBytes(bagit.DeclarationFile, []byte(bagit.Declaration))
	_ = w.AddBytes("data/note.txt", []byte("the pod was isolated at 03:12\n"))
	_, _ = w.WriteManifests()
	_ = out.Publish()

	files, err := bagit.Open(ctx, filepath.Join(dir, "case.tar.gz"), dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close()
	manifest, _ := files.Read(bagit.Manifest256, bagit.MaxManifest)
	sums, defects := bagit.ParseManifest(manifest, 64)
	sum, _ := files.Sum(ctx, "data/note.txt")
	fmt.Println(len(defects), sums["data/note.txt"] == sum.SHA256)
	// Output: 0 true
}
