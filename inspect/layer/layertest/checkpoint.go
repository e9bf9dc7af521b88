package layertest

import (
	"archive/tar"
	"encoding/json"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Checkpoint makes a checkpoint archive of a container web of pod shop/web-0, as the runtimes do. changed are the
// members of its rootfs-diff.tar; /etc/motd is listed as deleted.
func Checkpoint(t testing.TB, changed ...Member) []byte {
	t.Helper()
	text := func(v any) string {
		data, err := json.Marshal(v)
		Must(t, err)
		return string(data)
	}
	return Tar(t, Dir("checkpoint/"), File("checkpoint/pages-1.img", "memory"),
		File("config.dump", text(map[string]any{
			"id": strings.Repeat("ab", 32), "rootfsImageName": "shop:1",
			"checkpointedTime": "2026-11-20T10:00:00Z",
		})),
		File("spec.dump", text(map[string]any{
			"process": map[string]any{"args": []string{"/app"}, "env": []string{"PASSWORD=secret"}},
			"annotations": map[string]string{
				"io.kubernetes.container.name": "web",
				"io.kubernetes.pod.name":       "web-0", "io.kubernetes.pod.namespace": "shop",
			},
		})),
		File("rootfs-diff.tar", string(Tar(t, changed...))), File("deleted.files", `["/etc/motd"]`))
}

// Zstd packs data.
func Zstd(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	Must(t, err)
	return w.EncodeAll(data, nil)
}

// Special is a member of a type of its own: devices have the number 1:3, that of /dev/null.
func Special(name string, kind byte) Member {
	return Member{Header: tar.Header{Name: name, Typeflag: kind, Mode: 0o666, Devmajor: 1, Devminor: 3}}
}

// Many makes n members from a pattern with their number in it, from 0.
func Many(n int, of func(i int) Member) []Member {
	list := make([]Member, n)
	for i := range list {
		list[i] = of(i)
	}
	return list
}
