package binary

import (
	"context"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

const preloadFile = "/etc/ld.so.preload"

// preloaded finds what ld.so.preload and the environment make every program load (ld.so(8)).
func (h *scanner) preloaded(ctx context.Context) map[*inspect.Node]string {
	found := map[*inspect.Node]string{}
	dirs := libraryDirs(ctx, h.tree)
	mark := func(names, by string) {
		for _, name := range strings.FieldsFunc(names, func(r rune) bool { return strings.ContainsRune(" \t\n\r\v\f:", r) }) {
			for _, p := range libraryPaths(name, dirs) {
				n := h.tree.Resolve(p)
				if n == nil || !layer.IsRegular(n) {
					continue
				}
				if !h.own.Intact(n.Path) && len(found) < MaxRows {
					found[n] = by + " makes every program load it"
				}
				break // the loader takes the first one
			}
		}
	}
	if data, err := h.tree.ReadFile(ctx, preloadFile, MaxPreload); err == nil {
		// Comments end with their line; a very long line is no longer one path, and is read like the others.
		for line := range strings.SplitSeq(string(data), "\n") {
			line, _, _ = strings.Cut(line, "#")
			mark(line, preloadFile)
		}
	}
	for _, e := range h.image.Settings.Env {
		for _, name := range []string{"LD_PRELOAD", "LD_AUDIT"} {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				mark(value, name+" in the image's environment")
			}
		}
	}
	return found
}

// platforms are what $PLATFORM and the directories of Debian's multiarch may be.
func platforms() []string {
	return []string{"x86_64", "aarch64", "i386", "i686", "arm", "armv7l", "ppc64le", "s390x", "riscv64", "haswell"}
}

// triplets are Debian's directories below lib.
func triplets() []string {
	return []string{
		"x86_64-linux-gnu", "aarch64-linux-gnu", "i386-linux-gnu", "arm-linux-gnueabihf", "powerpc64le-linux-gnu", "s390x-linux-gnu", "riscv64-linux-gnu",
	}
}

// libraryDirs are the directories in which the loader looks for a name without a slash: those of ld.so.conf, then its own.
func libraryDirs(ctx context.Context, t *layer.Tree) []string {
	var dirs []string
	read := func(p string) {
		data, err := t.ReadFile(ctx, p, MaxPreload)
		if err != nil {
			return
		}
		layer.Lines(data, func(line string) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "/") && len(dirs) < MaxPathDirs {
				dirs = append(dirs, path.Clean(line))
			}
		})
	}
	read("/etc/ld.so.conf")
	for name := range t.Files("/etc/ld.so.conf.d", MaxPathDirs) {
		if path.Ext(name) == ".conf" {
			read("/etc/ld.so.conf.d/" + name)
		}
	}
	for _, dir := range []string{"/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"} {
		dirs = append(dirs, dir)
		for _, triplet := range triplets() {
			dirs = append(dirs, layer.Join(dir, triplet))
		}
	}
	return dirs
}

// libraryPaths are the places at which the loader looks for a library, first to last: names without a slash in its
// directories, and what $LIB, $PLATFORM and $ORIGIN stand for.
func libraryPaths(name string, dirs []string) []string {
	if !strings.Contains(name, "/") {
		var all []string
		for _, dir := range dirs {
			all = append(all, layer.Join(dir, name))
		}
		return all
	}
	all := []string{name}
	for token, values := range map[string][]string{
		"LIB":      append([]string{"lib", "lib64"}, prefixed("lib/", triplets())...),
		"PLATFORM": platforms(),
		"ORIGIN":   {"/usr/bin", "/bin", "/usr/sbin", "/sbin"},
	} {
		var next []string
		for _, p := range all {
			if !strings.Contains(p, "$"+token) && !strings.Contains(p, "${"+token+"}") {
				next = append(next, p)
				continue
			}
			for _, v := range values {
				next = append(next, strings.NewReplacer("${"+token+"}", v, "$"+token, v).Replace(p))
			}
		}
		all = next
	}
	return all
}

func prefixed(prefix string, list []string) []string {
	all := make([]string, 0, len(list))
	for _, s := range list {
		all = append(all, prefix+s)
	}
	return all
}
