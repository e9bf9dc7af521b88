package binary

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/elfread"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// release is how the version of something compares with that of an earlier image. Versions are claims: that they are
// the same while the content is not speaks against whoever built it; that they differ clears nothing, and is only the
// ordinary reason for other content.
type release int

const (
	unknownRelease release = iota // no version stands on both sides
	sameRelease
	otherRelease
)

// Labels that name version and commit, of the OCI image specification and of label-schema before it.
var (
	versionLabels  = []string{"org.opencontainers.image.version", "org.label-schema.version", "version"}
	revisionLabels = []string{"org.opencontainers.image.revision", "org.label-schema.vcs-ref", "vcs-ref"}
)

// comparison judges the files of an image by what an earlier one has at their paths.
type comparison struct {
	now      *scanner
	before   *layer.Tree
	good     inspect.KnownGood
	image    release         // of the images as wholes
	unpacked int64           // bytes of jars so far
	paths    map[string]bool // of the earlier image, without versions, where they have one
	group    string          // of the Java application itself: its own libraries are rebuilt with it
}

// imageRelease compares the versions that two images claim: tags, labels, and the variables in which official images
// name what they hold. system is the version of the operating system below. One pair that differs makes it another
// release; the same label alone is taken for the same one, unless it was inherited from the base. An attacker who
// rebuilds an image keeps tag and labels to look ordinary, and other content in the same release is then loud. Raising
// the version instead makes the change ordinary, but it still is shown as changed.
func imageRelease(now, before inspect.ImageConfig, nowRef, beforeRef, system string) release {
	version, same := labelPair(now.Labels, before.Labels, versionLabels)
	revision, sameRevision := labelPair(now.Labels, before.Labels, revisionLabels)
	a, b := tagOf(nowRef), tagOf(beforeRef)
	switch {
	case version && !same, revision && !sameRevision, a != "" && b != "" && a != b, otherVersions(now.Env, before.Env):
		return otherRelease
	case version && same && !inherited(now.Labels, system):
		return sameRelease
	}
	return unknownRelease
}

// labelPair reports whether both sides have one of the labels, and whether it is the same.
func labelPair(now, before map[string]string, names []string) (both, same bool) {
	for _, n := range names {
		if now[n] != "" && before[n] != "" {
			return true, now[n] == before[n]
		}
	}
	return false, false
}

// inherited reports a version label that is only that of the operating system below, as Ubuntu sets it.
func inherited(labels map[string]string, system string) bool {
	for _, n := range versionLabels {
		if v := labels[n]; v != "" {
			return system != "" && (strings.HasPrefix(v, system) || strings.HasPrefix(system, v))
		}
	}
	return false
}

// tagOf is the tag of a reference; "" for a digest, a folder, or none. registry:5000/app has no tag: a colon before the
// last slash belongs to the port.
func tagOf(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if strings.HasPrefix(name, "oci:") || strings.HasPrefix(name, "oci-archive:") || strings.HasPrefix(name,
		"docker-archive:") {
		return ""
	}
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		return name[colon+1:]
	}
	return ""
}

// otherVersions reports whether a variable like NGINX_VERSION has another value than before.
func otherVersions(now, before []string) bool {
	was := map[string]string{}
	for _, e := range before {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasSuffix(name, "_VERSION") {
			was[name] = value
		}
	}
	return slices.ContainsFunc(now, func(e string) bool {
		name, value, _ := strings.Cut(e, "=")
		return was[name] != "" && was[name] != value
	})
}

// systemVersion is VERSION_ID of os-release.
func systemVersion(ctx context.Context, t *layer.Tree) string {
	data, err := t.ReadFile(ctx, "/etc/os-release", MaxScript)
	if err != nil {
		return ""
	}
	version := ""
	layer.Lines(data, func(line string) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_ID="); ok {
			version = strings.Trim(value, `"'`)
		}
	})
	return version
}

// of compares the versions of one file in both images. What a program or a library claims of itself counts more than
// the labels around it. n and old lie at one path.
func (c *comparison) of(ctx context.Context, n, old *inspect.Node) release {
	if n.Size > MaxScanned || old.Size > MaxScanned {
		return c.image
	}
	if r := c.ofLibrary(ctx, n, old); r != unknownRelease {
		return r
	}
	switch {
	case n.Kind == inspect.KindJar && old.Kind == inspect.KindJar:
		return c.jars(ctx, n, old)
	case n.Kind == inspect.KindELF && old.Kind == inspect.KindELF:
		a, b := c.read(ctx, c.now.tree, n), c.read(ctx, c.before, old)
		if r := goRelease(a, b); r != unknownRelease {
			return r
		}
		if c.image == sameRelease && sameCode(a, b) {
			return unknownRelease // built again: notes and symbols differ
		}
	}
	return c.image
}

// ofLibrary compares the versions of the package of npm in whose directory a file lies: that the image has the same
// version proves nothing about its libraries. An addon such as node_gyp's build/Release/x.node is compiled on each
// install, so equal versions prove nothing about its bytes.
func (c *comparison) ofLibrary(ctx context.Context, n, old *inspect.Node) release {
	dir, ok := owner.NpmDirectory(c.now.tree, n.Path)
	if !ok || n.Path != old.Path {
		return unknownRelease
	}
	a, b := c.npmVersion(ctx, c.now.tree, dir), c.npmVersion(ctx, c.before, dir)
	switch {
	case a == "" || b == "":
		return unknownRelease
	case a != b:
		return otherRelease
	default:
		return unknownRelease // native modules are built where they are installed
	}
}

// npmVersion is the version that the package.json of a directory names, "" for none.
func (c *comparison) npmVersion(ctx context.Context, t *layer.Tree, dir string) string {
	data, err := t.ReadFile(ctx, path.Join(dir, "package.json"), MaxScript)
	if err != nil {
		return ""
	}
	var manifest struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(data, &manifest) != nil {
		return ""
	}
	return manifest.Version
}

// read gives the first MaxScanned bytes of a file; nil where it cannot be read, which then compares as unknown.
func (c *comparison) read(ctx context.Context, t *layer.Tree, n *inspect.Node) []byte {
	data, err := t.Head(ctx, n, MaxScanned)
	if err != nil {
		return nil
	}
	return data
}

// goRelease compares the main module's version and the commit that Go's build information names. A commit outweighs a
// version: builds of one version number differ by it. Builds with -trimpath or -buildvcs=false have no commit; two
// sides are needed for a comparison.
func goRelease(now, before []byte) release {
	a, err := buildinfo.Read(elfread.Stored(bytes.NewReader(now)))
	if err != nil {
		return unknownRelease
	}
	b, err := buildinfo.Read(elfread.Stored(bytes.NewReader(before)))
	if err != nil || a.Main.Path != b.Main.Path {
		return unknownRelease
	}
	commits := [2]string{commitOf(a), commitOf(b)}
	versions := [2]string{moduleVersion(a), moduleVersion(b)}
	known := false
	for _, pair := range [][2]string{commits, versions} {
		if pair[0] == "" || pair[1] == "" {
			continue
		}
		if pair[0] != pair[1] {
			return otherRelease
		}
		known = true
	}
	if known {
		return sameRelease
	}
	return unknownRelease
}

// moduleVersion is the version of a program's main module; "" for a build from a working tree.
func moduleVersion(info *buildinfo.BuildInfo) string {
	if v := info.Main.Version; v != "(devel)" {
		return v
	}
	return ""
}

// commitOf is the commit that Go's build information names; "" for none.
func commitOf(info *buildinfo.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// sameCode reports whether two programs map the same bytes, but for notes: a rebuild gives another build ID. Both are
// the first MaxScanned bytes of their files. Notes hold the build ID (NT_GNU_BUILD_ID), symbols and debug sections are
// not mapped. The sections are compared in their order, by name, size and bytes.
func sameCode(now, before []byte) bool {
	a, err := elfread.Open(bytes.NewReader(now))
	if err != nil {
		return false
	}
	b, err := elfread.Open(bytes.NewReader(before))
	if err != nil {
		return false
	}
	x, y := mapped(a), mapped(b)
	return len(x) > 0 && slices.EqualFunc(x, y, func(p, q *elf.Section) bool {
		return p.Name == q.Name && p.Size == q.Size && sameSection(p, q)
	})
}

// mapped lists the sections that are loaded and hold bytes.
func mapped(f *elf.File) []*elf.Section {
	var all []*elf.Section
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NOTE {
			all = append(all, s)
		}
	}
	return all
}

// sameSection compares the bytes of two sections, up to MaxScanned.
func sameSection(p, q *elf.Section) bool {
	if p.Size > MaxScanned {
		return false
	}
	a, err := io.ReadAll(io.LimitReader(p.Open(), MaxScanned))
	if err != nil {
		return false
	}
	b, err := io.ReadAll(io.LimitReader(q.Open(), MaxScanned))
	return err == nil && bytes.Equal(a, b)
}

// versioned reports a file whose name carries its version: commons-text-1.12.0.jar.
func versioned(p string) bool {
	name := strings.TrimSuffix(path.Base(p), path.Ext(p))
	at := strings.LastIndexByte(name, '-')
	return at > 0 && at+1 < len(name) && name[at+1] >= '0' && name[at+1] <= '9' && strings.Contains(name[at:], ".")
}
