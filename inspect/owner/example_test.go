package owner_test

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// alpine is a store of one layer with apk's database and three programs; the content of a file is its name, but for the
// database.
type alpine struct{}

const installed = "P:busybox\nV:1.37.0-r12\nF:bin\nR:busybox\nR:ls\n\n"

func (alpine) Index(context.Context, string) ([]inspect.Entry, error) {
	var list []inspect.Entry
	for _, p := range []string{"/lib/apk/db/installed", "/bin/busybox", "/bin/ls", "/bin/dropped"} {
		list = append(
			list,
			inspect.Entry{Path: p, Type: inspect.EntryFile, Mode: 0o755, Size: int64(len(installed)), SHA256: p},
		)
	}
	return list, nil
}

func (alpine) Open(_ context.Context, _ string, e inspect.Entry) (inspect.Content, error) {
	if e.Path == "/lib/apk/db/installed" {
		return content{bytes.NewReader([]byte(installed))}, nil
	}
	return content{bytes.NewReader([]byte(e.Path))}, nil
}

func (alpine) Catalogue(context.Context, string) ([]inspect.Package, error) {
	return nil, inspect.ErrNotKept
}

func (alpine) Blob(context.Context, string) (io.ReadCloser, error) { return nil, inspect.ErrNotKept }

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// The ownership of an image names the package of each file, and how much of that is proven.
func ExampleCache_Of() {
	tree, err := layer.TreeOf(context.Background(), alpine{}, []inspect.Layer{{Number: 0, DiffID: "sha256:base"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	own, err := owner.NewCache().Of(context.Background(), tree)
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range tree.Below("/bin") {
		claim, owned := own.Claims[n.Path]
		fmt.Println(n.Path, owned, claim.Package, claim.Version, "proven:", own.Intact(n.Path))
	}
	// Output:
	// /bin/busybox true busybox 1.37.0-r12 proven: false
	// /bin/dropped false   proven: false
	// /bin/ls true busybox 1.37.0-r12 proven: false
}
