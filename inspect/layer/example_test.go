package layer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// listed is a store of two layers: a base, and one that replaces a program and hides a file.
type listed struct{}

func (listed) Index(_ context.Context, diffID string) ([]inspect.Entry, error) {
	file := func(p, content string) inspect.Entry {
		return inspect.Entry{Path: p, Type: inspect.EntryFile, Mode: 0o755, Size: int64(len(content)), SHA256: content}
	}
	return map[string][]inspect.Entry{
		"sha256:base": {file("/usr/bin/top", "aa"), file("/root/.ssh/id_rsa", "bb")},
		"sha256:own":  {file("/usr/bin/top", "cc"), {Path: "/root/.ssh/id_rsa", Type: inspect.EntryWhiteout}},
	}[diffID], nil
}

func (listed) Open(_ context.Context, _ string, e inspect.Entry) (inspect.Content, error) {
	return content{bytes.NewReader([]byte(e.SHA256))}, nil
}

func (listed) Catalogue(context.Context, string) ([]inspect.Package, error) {
	return nil, inspect.ErrNotKept
}

func (listed) Blob(context.Context, string) (io.ReadCloser, error) { return nil, inspect.ErrNotKept }

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// A tree shows what a container sees, and still has what its layers hide.
func ExampleTreeOf() {
	tree, err := layer.TreeOf(context.Background(), listed{}, []inspect.Layer{
		{Number: 0, DiffID: "sha256:base"}, {Number: 1, DiffID: "sha256:own"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range tree.All() {
		if layer.IsRegular(n) {
			fmt.Println(n.Path, "of layer", n.Layer, "is", n.Change)
		}
	}
	for _, s := range tree.Shadowed() {
		data, _ := tree.Head(context.Background(), s.Node, 100)
		fmt.Printf("%s of layer %d is hidden by layer %d: %s\n", s.Node.Path, s.Node.Layer, s.By, data)
	}
	// Output:
	// /usr/bin/top of layer 1 is modified
	// /root/.ssh/id_rsa of layer 0 is hidden by layer 1: bb
	// /usr/bin/top of layer 0 is hidden by layer 1: aa
}
