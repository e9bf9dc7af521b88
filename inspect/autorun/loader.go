package autorun

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// PreloadFile names the libraries that the dynamic loader takes into every program (ld.so(8)). It works for programs
// with setuid too, which LD_PRELOAD mostly does not: whoever writes it has code in every process.
const PreloadFile = "/etc/ld.so.preload"

// MaxPreload bounds a file of the loader, in bytes; maxLibraryDirs the directories that it names, maxIncludes the
// patterns of further files.
const (
	MaxPreload     = 4 << 20
	maxLibraryDirs = 1_000
	maxIncludes    = 100
)

// isPreload matches the one file that the loader reads.
func isPreload(p, _ string) bool { return p == PreloadFile }

// readPreload makes a hook of each library that ld.so.preload names. Comments end with their line. A file that is too
// long to be read is a hook that names why: the loader would still read it. The loader ignores names that it does not
// find, so that a missing library is a row and not an error; it may be written at run time.
func readPreload(ctx context.Context, s *scene, n *inspect.Node) []hook {
	data, err := s.tree.ReadFile(ctx, n.Path, MaxPreload)
	if err != nil {
		return []hook{{
			kind: KindLoader, node: n, name: n.Path, trigger: "is loaded into every program",
			command: "not read: " + err.Error(), text: []byte{}, missing: "?",
		}}
	}
	dirs := LibraryDirs(ctx, s.tree)
	var all []hook
	for line := range strings.SplitSeq(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, library := range libraryNames(line) {
			if len(all) >= MaxRows {
				s.skipped++
			} else {
				h := s.preload(library, dirs)
				h.node, h.name, h.trigger = n, n.Path+" "+library, "makes every program load a library"
				all = append(all, h)
			}
		}
	}
	return all
}

// libraryNames splits a list of libraries: by blanks in the file, by colons too in the environment.
func libraryNames(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(" \t\n\r\v\f:", r) })
}

// preload is the hook by which a library is loaded into every program: grave if no package answers for the library. A
// library that only a language's list names is grave too: anybody can write such a list. It is grave only where bytes
// are there and no package's digest covers them.
func (s *scene) preload(library string, dirs []string) hook {
	h := hook{kind: KindLoader, command: shorten(library), inline: true, text: []byte{}}
	if n := Library(s.tree, library, dirs); n != nil {
		h.loads, h.grave = []*inspect.Node{n}, !s.own.Intact(n.Path) || !s.own.Packaged(n.Path)
	} else {
		h.missing = library
	}
	return h
}

// Preloads lists the files that ld.so.preload and the environment make every program load, each with what does so.
// Only those for which no package answers are listed.
func Preloads(ctx context.Context, t *layer.Tree, own *owner.Ownership, env []string) map[*inspect.Node]string {
	s := &scene{tree: t, own: own}
	found := map[*inspect.Node]string{}
	note := func(list []hook, by string) {
		for _, h := range list {
			if h.grave && len(h.loads) > 0 && len(found) < MaxRows && !own.Intact(h.loads[0].Path) {
				found[h.loads[0]] = by + " makes every program load it"
			}
		}
	}
	if n := t.Resolve(PreloadFile); n != nil && layer.IsRegular(n) {
		note(readPreload(ctx, s, n), PreloadFile)
	}
	dirs, seen := LibraryDirs(ctx, t), 0
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if name != "LD_PRELOAD" && name != "LD_AUDIT" {
			continue
		}
		for _, library := range libraryNames(value) {
			if seen++; seen > MaxRows || ctx.Err() != nil {
				return found
			}
			note([]hook{s.preload(library, dirs)}, name+" in the image's environment")
		}
	}
	return found
}

// LibraryDirs are the directories in which the loader looks for a name without a slash: those of ld.so.conf and of the
// files that it and they include (ldconfig(8)), in their order, then its own. A pattern without a leading slash is of
// the directory of the file that has it; each file is read once, however they include each other. Bounds: MaxPreload
// bytes of each file, maxIncludes patterns, maxLibraryDirs directories before the usual ones. musl has no ld.so.conf
// and searches the usual directories only.
func LibraryDirs(ctx context.Context, t *layer.Tree) []string {
	var dirs, patterns []string
	seen := map[string]bool{}
	read := func(p string) {
		data, err := t.ReadFile(ctx, p, MaxPreload)
		if seen[p] || err != nil {
			return
		}
		seen[p] = true
		layer.Lines(data, func(line string) {
			words := strings.Fields(line)
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "/") && len(dirs) < maxLibraryDirs:
				dirs = append(dirs, path.Clean(line))
			case len(words) > 1 && words[0] == "include":
				for _, pattern := range words[1:min(len(words), maxLibraryDirs)] {
					if !path.IsAbs(pattern) {
						pattern = path.Join(path.Dir(p), pattern)
					}
					patterns = append(patterns, pattern)
				}
			}
		})
	}
	read("/etc/ld.so.conf")
	patterns = append([]string{"/etc/ld.so.conf.d/*.conf"}, patterns...)
	for i := 0; i < len(patterns) && i < maxIncludes; i++ {
		at, base := path.Split(patterns[i])
		files := t.Files(path.Clean(at), maxLibraryDirs)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if ok, err := path.Match(base, name); ok && err == nil && len(dirs) < maxLibraryDirs {
				read(path.Join(at, name))
			}
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

// Library finds the file that the loader takes for a name, nil for none: the first of its places. Only places are
// looked at, not whether the file is a library for this machine.
func Library(t *layer.Tree, name string, dirs []string) *inspect.Node {
	for _, p := range libraryPaths(name, dirs) {
		if n := t.Resolve(p); n != nil && layer.IsRegular(n) {
			return n
		}
	}
	return nil
}

// platforms are what $PLATFORM may be.
func platforms() []string {
	return []string{"x86_64", "aarch64", "i386", "i686", "arm", "armv7l", "ppc64le", "s390x", "riscv64", "haswell"}
}

// triplets are Debian's directories below lib.
func triplets() []string {
	return []string{
		"x86_64-linux-gnu", "aarch64-linux-gnu", "i386-linux-gnu", "arm-linux-gnueabihf", "powerpc64le-linux-gnu",
		"s390x-linux-gnu", "riscv64-linux-gnu",
	}
}

// libraryPaths are the places at which the loader looks for a library, first to last: names without a slash in its
// directories, and what $LIB, $PLATFORM and $ORIGIN stand for. The tokens are those of ld.so(8), Dynamic string tokens.
// The result is sorted, since a map has no order and the first place that is found counts.
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
	slices.Sort(all)
	return all
}

// prefixed puts a prefix before each text.
func prefixed(prefix string, list []string) []string {
	all := make([]string, 0, len(list))
	for _, s := range list {
		all = append(all, prefix+s)
	}
	return all
}
