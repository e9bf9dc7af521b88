// Command unpack prints what backtrail makes of the layers of images, for the test that compares it with containerd: a line
// of JSON for each OCI layout whose directory is named by a line of its input.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

type image struct {
	Layers []unpacked     `json:"layers"`
	Nodes  []inspect.Node `json:"nodes"`
	Error  string         `json:"error,omitempty"`
}

type unpacked struct {
	layer.Oddness
	Status string
	Detail string
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "unpack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "unpack-cache-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := registry.OpenStore(dir)
	if err != nil {
		return err
	}
	client, err := registry.New(registry.Options{Store: store})
	if err != nil {
		return err
	}
	defer client.Close()
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		cache := layer.NewCache(store)
		got, err := read(ctx, client, cache, in.Text())
		if err != nil {
			got.Error = err.Error()
		}
		if err := out.Encode(got); err != nil {
			return err
		}
	}
	return in.Err()
}

func read(ctx context.Context, client *registry.Client, cache *layer.Cache, dir string) (image, error) {
	var got image
	layers, _, err := cache.ImageLayers(ctx, client, "oci:"+dir, v1.Platform{OS: "linux", Architecture: "amd64"})
	if err != nil {
		return got, err
	}
	tree, err := cache.Tree(ctx, layers)
	if err != nil {
		return got, err
	}
	for _, l := range layers {
		got.Layers = append(got.Layers, unpacked{tree.Oddness(l.Number), string(l.Status), l.Detail})
	}
	for n := range tree.All() {
		if n.Type == inspect.EntryFile || n.Type == inspect.EntryHardlink {
			if err := check(ctx, tree, n); err != nil {
				return got, err
			}
		}
		got.Nodes = append(got.Nodes, *n)
	}
	return got, nil
}

// check reads a file where the tree has it, and compares it with what the tree has of it.
func check(ctx context.Context, tree *layer.Tree, n *inspect.Node) error {
	c, err := tree.Open(ctx, n)
	if err != nil {
		return err
	}
	defer c.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(c, 0, c.Size())); err != nil {
		return err
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != n.SHA256 {
		return fmt.Errorf("%s: the content is %s, the tree has %s", n.Path, sum, n.SHA256)
	}
	return nil
}
