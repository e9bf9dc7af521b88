package layer

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestCheckpoint(t *testing.T) {
	b := newBench(t)
	p, err := (checkpointReader{b.cache}).readCheckpoint(t.Context(), bytes.NewReader(packed(t, checkpointOf(t, file("tmp/x", "y")))))
	must(t, err)
	got := fmt.Sprint(p.Container, " ", p.Pod, " ", p.ContainerID[:4], " ", p.Image, " ", p.Taken.Format("15:04"), " ", p.Args, p.Deleted)
	if want := "web shop/web-0 abab shop:1 10:00 [/app] [/etc/motd]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	entries, err := b.cache.Index(t.Context(), p.DiffID)
	must(t, err)
	if len(entries) != 1 || entries[0].Path != "/tmp/x" {
		t.Errorf("entries %+v", entries)
	}
	pod := &inspect.Pod{Name: "web-0", Namespace: "shop", Containers: []inspect.Container{{Name: "web", ContainerID: "containerd://" + p.ContainerID}, {Name: "proxy", ContainerID: "containerd://cd"}}}
	for name, want := range map[string]bool{"web": true, "proxy": false} {
		if ok, why := p.Of(inspect.Image{ImageHead: inspect.ImageHead{Container: name}}, pod, 2); ok != want || ok == (why != "") {
			t.Errorf("of %s: %v %s", name, ok, why)
		}
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
		if _, err := (checkpointReader{newBench(t).cache}).readCheckpoint(t.Context(), bytes.NewReader(archive)); err == nil {
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
