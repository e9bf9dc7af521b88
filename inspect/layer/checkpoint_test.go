package layer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

func TestCheckpoint(t *testing.T) {
	b := newBench(t)
	p, err := (checkpointReader{b.cache}).readCheckpoint(
		t.Context(),
		bytes.NewReader(packed(t, checkpointOf(t, file("tmp/x", "y")))),
	)
	must(t, err)
	got := fmt.Sprint(
		p.Container,
		" ",
		p.Pod,
		" ",
		p.ContainerID[:4],
		" ",
		p.Image,
		" ",
		p.Taken.Format("15:04"),
		" ",
		p.Args,
		p.Deleted,
	)
	if want := "web shop/web-0 abab shop:1 10:00 [/app] [/etc/motd]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	entries, err := b.cache.Index(t.Context(), p.DiffID)
	must(t, err)
	if len(entries) != 1 || entries[0].Path != "/tmp/x" {
		t.Errorf("entries %+v", entries)
	}
	pod := &inspect.Pod{
		Name:      "web-0",
		Namespace: "shop",
		Containers: []inspect.Container{
			{Name: "web", ContainerID: "containerd://" + p.ContainerID},
			{Name: "proxy", ContainerID: "containerd://cd"},
		},
	}
	for name, want := range map[string]bool{"web": true, "proxy": false} {
		if ok, why := p.Of(inspect.Image{ImageHead: inspect.ImageHead{Container: name}}, pod, 2); ok != want ||
			ok == (why != "") {
			t.Errorf("of %s: %v %s", name, ok, why)
		}
	}
}

// goneIn reads a checkpoint whose list of deleted files is given as JSON, over a layer of some files, and lists what a
// container still sees of them.
func goneIn(t *testing.T, deleted string) (files []string, odd Oddness, p *Checkpoint, err error) {
	t.Helper()
	b := newBench(t)
	archive := tarOf(t, file(memberConfig, "{}"), file(memberDeleted, deleted))
	p, err = checkpointReader{b.cache}.readCheckpoint(t.Context(), bytes.NewReader(archive))
	if err != nil {
		return nil, Oddness{}, nil, err
	}
	id, entries := keptLayer(
		t,
		b.cache,
		file("etc/motd", "m"),
		file("srv/a/x", "x"),
		file("srv/a/y", "y"),
		file("srv/b", "b"),
	)
	must(t, b.cache.keep("", proof{DiffID: id}, entries))
	layers := []inspect.Layer{{Number: 0, DiffID: id}}
	if p.GoneID != "" {
		layers = append(layers, inspect.Layer{Number: 1, DiffID: p.GoneID})
	}
	tree, err := b.cache.Tree(t.Context(), layers)
	must(t, err)
	for n := range tree.All() {
		if isRegular(n) {
			files = append(files, n.Path)
		}
	}
	return files, tree.Oddness(1), p, nil
}

// CRI-O lists what was deleted. However it is listed, twice or with what lay in a deleted directory, it is gone, and
// the layer that is made of the list is not called odd.
func TestFilesThatARuntimeListsAsDeleted(t *testing.T) {
	for name, test := range map[string]struct{ deleted, want string }{
		"nothing":                       {`[]`, "/etc/motd /srv/a/x /srv/a/y /srv/b"},
		"one":                           {`["/etc/motd"]`, "/srv/a/x /srv/a/y /srv/b"},
		"without a slash":               {`["etc/motd"]`, "/srv/a/x /srv/a/y /srv/b"},
		"the same twice":                {`["/etc/motd","/etc/motd","etc//motd"]`, "/srv/a/x /srv/a/y /srv/b"},
		"a directory":                   {`["/srv/a"]`, "/etc/motd /srv/b"},
		"a directory and what is in it": {`["/srv/a/x","/srv/a","/srv/a/y"]`, "/etc/motd /srv/b"},
		"what is not there":             {`["/nothing/here"]`, "/etc/motd /srv/a/x /srv/a/y /srv/b"},
		"a name that climbs out":        {`["../../etc/motd"]`, "/srv/a/x /srv/a/y /srv/b"},
		"the root, which stays":         {`["/","..",""]`, "/etc/motd /srv/a/x /srv/a/y /srv/b"},
		"a name that cannot be":         {`["/srv/b\u0000","/etc/motd"]`, "/srv/a/x /srv/a/y /srv/b"},
		"a name that is too long": {
			`["/` + strings.Repeat("n/", 2500) + `"]`, "/etc/motd /srv/a/x /srv/a/y /srv/b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files, odd, _, err := goneIn(t, test.deleted)
			must(t, err)
			if got := strings.Join(files, " "); got != test.want {
				t.Errorf("left %s, want %s", got, test.want)
			}
			if odd.Refused != "" || odd.Stopped != "" || len(odd.Differs) > 0 {
				t.Errorf("the layer of deletions is odd: %+v", odd)
			}
		})
	}
}

// A few bytes of JSON stand for a kilobyte of tar each: the list is bounded before anything is written.
func TestDeletedFilesAreBounded(t *testing.T) {
	list := make([]string, MaxDeleted+1)
	for i := range list {
		list[i] = fmt.Sprintf("%q", fmt.Sprint(i))
	}
	_, _, _, err := goneIn(t, "["+strings.Join(list, ",")+"]")
	var limit *registry.LimitError
	if !errors.As(err, &limit) || limit.Limit != MaxDeleted {
		t.Errorf("error %v", err)
	}
	same := "[" + strings.Repeat(`"a",`, MaxDeleted+1) + `"a"]`
	if _, _, p, err := goneIn(t, same); err != nil || p.GoneID == "" {
		t.Errorf("one file, listed very often: %v", err)
	}
}

// The names of pod and container are annotations; CRI-O's and containerd's differ.
func TestWhoseCheckpointItIs(t *testing.T) {
	for name, test := range map[string]struct{ spec, want string }{
		"CRI-O": {
			`{"annotations":{"io.kubernetes.container.name":"web","io.kubernetes.pod.name":"p",` +
				`"io.kubernetes.pod.namespace":"n"}}`,
			"web n/p []",
		},
		"containerd": {
			`{"process":{"args":["/app","-x"]},"annotations":{"io.kubernetes.cri.container-name":"web",` +
				`"io.kubernetes.cri.sandbox-name":"p","io.kubernetes.cri.sandbox-namespace":"n"}}`,
			"web n/p [/app -x]",
		},
		"neither": {`{}`, " / []"},
	} {
		var p Checkpoint
		must(t, p.spec([]byte(test.spec)))
		if got := fmt.Sprint(p.Container, " ", p.Pod, " ", p.Args); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	for name, test := range map[string]struct{ config, want string }{
		"a digest": {
			`{"rootfsImage":"id","rootfsImageName":"shop:1","rootfsImageRef":"shop@sha256:a"}`, "shop@sha256:a",
		},
		"a name":        {`{"rootfsImage":"id","rootfsImageName":"shop:1"}`, "shop:1"},
		"an ID":         {`{"rootfsImage":"id"}`, "id"},
		"none":          {`{}`, ""},
		"another field": {`{"image":"x"}`, ""},
	} {
		var p Checkpoint
		must(t, p.config([]byte(test.config)))
		if p.Image != test.want {
			t.Errorf("%s: %s, want %s", name, p.Image, test.want)
		}
	}
	var p Checkpoint
	if p.config([]byte(`[]`)) == nil || p.spec([]byte(`{"annotations":[]}`)) == nil {
		t.Error("what is no description is read")
	}
}

// A checkpoint of another container is not taken for this one's: its files would be blamed on the wrong image.
func TestACheckpointIsMatchedToItsContainer(t *testing.T) {
	id := strings.Repeat("ab", 32)
	pod := &inspect.Pod{Name: "web-0", Namespace: "shop", Containers: []inspect.Container{
		{Name: "web", ContainerID: "cri-o://" + id}, {Name: "proxy"},
	}}
	for name, test := range map[string]struct {
		point     Checkpoint
		container string
		pod       *inspect.Pod
		images    int
		want      bool
	}{
		"the same ID":                    {Checkpoint{ContainerID: id}, "web", pod, 2, true},
		"the same ID, another container": {Checkpoint{ContainerID: id}, "proxy", pod, 2, false},
		"no ID, the same names":          {Checkpoint{Container: "web", Pod: "shop/web-0"}, "web", pod, 2, true},
		"another pod of that name":       {Checkpoint{Container: "web", Pod: "other/web-0"}, "web", pod, 2, false},
		"another container":              {Checkpoint{Container: "db", Pod: "shop/web-0"}, "web", pod, 2, false},
		"a container without an ID":      {Checkpoint{ContainerID: ""}, "proxy", pod, 2, false},
		"no pod, and one image":          {Checkpoint{}, "image", nil, 1, true},
		"no pod, and two images":         {Checkpoint{}, "image", nil, 2, false},
	} {
		ok, why := test.point.Of(
			inspect.Image{ImageHead: inspect.ImageHead{Container: test.container}},
			test.pod,
			test.images,
		)
		if ok != test.want || !ok && why == "" {
			t.Errorf("%s: %v %q", name, ok, why)
		}
	}
}

func TestWordsOfACheckpoint(t *testing.T) {
	for want, p := range map[string]Checkpoint{
		"a checkpoint of container without a name": {},
		"a checkpoint of container web":            {Container: "web", ContainerID: "short"},
		"a checkpoint of container web (0123456789ab), taken 2026-11-20T10:00:00Z, which ran shop:1": {
			Container: "web", ContainerID: "0123456789abcdef", Image: "shop:1",
			Taken: time.Date(2026, 11, 20, 11, 0, 0, 0, time.FixedZone("", 3600)),
		},
	} {
		if got := p.Words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The file on disk is named in errors, packed in any way, and what it changed is read from the cache.
func TestReadCheckpoint(t *testing.T) {
	b, dir := newBench(t), t.TempDir()
	archive := checkpointOf(t, file("tmp/x", "y"), device("etc/motd", 0, 0))
	for name, data := range map[string][]byte{
		"plain": archive, "gzip": packed(t, archive), "zstd": zstdOf(t, archive),
	} {
		path := filepath.Join(dir, name+".tar")
		must(t, os.WriteFile(path, data, 0o600))
		p, err := b.cache.ReadCheckpoint(t.Context(), path)
		must(t, err)
		tree, err := b.cache.Tree(t.Context(), []inspect.Layer{{Number: 0, DiffID: p.DiffID}})
		must(t, err)
		if got := strings.Join(regular(t, tree), " "); got != "/tmp/x=y" || p.Size == 0 || p.GoneID == "" {
			t.Errorf("%s: files %q, %d bytes", name, got, p.Size)
		}
	}
	missing := filepath.Join(dir, "missing.tar")
	if _, err := b.cache.ReadCheckpoint(t.Context(), missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	empty := filepath.Join(dir, "empty.tar")
	must(t, os.WriteFile(empty, tarOf(t), 0o600))
	if _, err := b.cache.ReadCheckpoint(t.Context(), empty); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("an archive of nothing: %v", err)
	}
	if _, err := (checkpointReader{b.cache}).readCheckpoint(t.Context(),
		&emptyFiles{dir: "x", n: MaxCheckpointMembers + 2}); !errors.As(err, new(*registry.LimitError)) {
		t.Errorf("an archive of very many members: %v", err)
	}
}

func TestWhatIsNoCheckpoint(t *testing.T) {
	for name, archive := range map[string][]byte{
		"empty":            nil,
		"no tar":           []byte(strings.Repeat("x", 2000)),
		"another tar":      tarOf(t, file("a", "b")),
		"broken config":    tarOf(t, file("config.dump", "{")),
		"broken changes":   tarOf(t, file("rootfs-diff.tar", strings.Repeat("x", 2000))),
		"broken deletions": tarOf(t, file("deleted.files", "{}")),
		"cut off":          checkpointOf(t, file("tmp/x", "y"))[:6000],
		"too long":         tarOf(t, file("spec.dump", strings.Repeat(" ", MaxCheckpointText+1))),
	} {
		reader := checkpointReader{newBench(t).cache}
		if _, err := reader.readCheckpoint(t.Context(), bytes.NewReader(archive)); err == nil {
			t.Errorf("%s is a checkpoint", name)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(checkpointOf(f, file("tmp/x", "y")))
	b := newBench(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := (checkpointReader{b.cache}).readCheckpoint(t.Context(), bytes.NewReader(data)); err == nil {
			p.Words()
		}
	})
}
