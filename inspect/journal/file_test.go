package journal

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestFilesThatCanRunOrBeLoadedAreKept(t *testing.T) {
	sum := strings.Repeat("a", 64)
	file := func(path string, mode uint32, kind inspect.Kind) *inspect.Node {
		return &inspect.Node{Entry: inspect.Entry{Path: path, Type: inspect.EntryFile, Mode: mode, Kind: kind, SHA256: sum}}
	}
	link := func(path, to string) *inspect.Node {
		return &inspect.Node{Entry: inspect.Entry{Path: path, Type: inspect.EntrySymlink, Link: to}, Layer: 1}
	}
	var got []string
	for _, f := range FilesOf(slices.Values([]*inspect.Node{
		file("/etc/passwd", 0o644, ""),
		file("/usr/bin/top", 0o755, inspect.KindELF),
		file("/usr/bin/run", 0o644, inspect.KindScript),
		file("/usr/lib/liblzma.so.5.4.1", 0o644, inspect.KindELF),
		file("/app/app.jar", 0o644, inspect.KindJar),
		link("/usr/lib/liblzma.so.5", "liblzma.so.5.4.1"),
		link("/lib", "usr/lib"),
		link("/usr/bin/up", "/lib/liblzma.so.5"), // through two other links
		link("/usr/bin/loop", "loop"),
		link("/usr/bin/users", "/etc/passwd"),
		{Entry: inspect.Entry{Path: "/usr/bin", Type: inspect.EntryDir, Mode: 0o755}},
	})) {
		got = append(got, f.Kind+" "+f.Path)
	}
	slices.Sort(got)
	want := []string{
		"executable /usr/bin/run", "executable /usr/bin/top", "library /app/app.jar", "library /usr/bin/up",
		"library /usr/lib/liblzma.so.5", "library /usr/lib/liblzma.so.5.4.1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
