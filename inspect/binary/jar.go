package binary

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Bounds of a jar that is compared with another: entries, and bytes that are unpacked.
const (
	maxJarEntries = 50_000
	maxJarBytes   = 256 << 20
	// maxJarsBytes bounds what is unpacked of all jars of an image: a small jar may unpack to much.
	maxJarsBytes = 4 << 30
)

// coordinates identify a jar as Maven does. Whoever builds a jar writes them.
type coordinates struct{ group, artifact, version string }

// released reports coordinates of a release: what a repository serves under them never changes. Maven publishes a
// -SNAPSHOT again under the same version, so other content in it is ordinary.
func (c coordinates) released() bool {
	return c.version != "" && !strings.HasSuffix(strings.ToUpper(c.version), "SNAPSHOT")
}

// jars compares two jars at one path. A library of somebody else is the same release if its coordinates are; the
// application and its own libraries follow the image. A jar that cannot be read falls back to the release of the image:
// an attacker who breaks a jar gains no more than the judgment that all other files of the image get.
func (c *comparison) jars(ctx context.Context, n, old *inspect.Node) release {
	a, closeA := openJar(ctx, c.now.tree, n)
	defer closeA()
	b, closeB := openJar(ctx, c.before, old)
	defer closeB()
	if a == nil || b == nil {
		return c.image
	}
	x, y := coordinatesOf(a), coordinatesOf(b)
	switch {
	case x.version != "" && y.version != "" && x != y:
		return otherRelease
	case c.sameClasses(a, b):
		return unknownRelease // packed again
	case x.released() && x == y && (x.group == "" && versioned(n.Path) || x.group != "" && !c.own(x.group)):
		return sameRelease
	}
	return c.image
}

// own reports whether a group is that of the application: the first two names of both are the same.
func (c *comparison) own(group string) bool {
	return c.group != "" && ownerOfGroup(group) == ownerOfGroup(c.group)
}

// ownerOfGroup is the part of a group that names an organization: org.example of org.example.shop.web.
func ownerOfGroup(group string) string {
	names := strings.SplitN(group, ".", 3)
	return strings.Join(names[:min(2, len(names))], ".")
}

// applicationGroup finds the group of the jar that the image starts.
func applicationGroup(ctx context.Context, h *scanner) string {
	for _, n := range h.started {
		if n.Kind != inspect.KindJar {
			continue
		}
		r, done := openJar(ctx, h.tree, n)
		if r != nil {
			group := coordinatesOf(r).group
			done()
			return group
		}
		done()
	}
	return ""
}

// openJar opens a jar by its central directory; the reader is nil for what cannot be read as one. Call the function
// that is returned when the reader is no longer used, also where there is none. zip.NewReader takes the last central
// directory, as the Java loader does; bytes in front of the archive are allowed. A jar with more than maxJarEntries
// entries counts as unreadable.
func openJar(ctx context.Context, t *layer.Tree, n *inspect.Node) (*zip.Reader, func()) {
	nothing := func() {}
	content, err := t.Open(ctx, n)
	if err != nil {
		return nil, nothing
	}
	var r *zip.Reader
	err = layer.Guarded(func() (err error) { r, err = zip.NewReader(content, content.Size()); return err })
	done := func() { _ = content.Close() }
	if err != nil || len(r.File) > maxJarEntries {
		return nil, done
	}
	return r, done
}

// coordinatesOf reads pom.properties where a jar has exactly one, else the version of its manifest. All of it is
// written by whoever built the jar: it decides only whether other content is to be expected. A fat jar has one
// pom.properties for each library that was packed into it: none of them names the jar. Example:
// META-INF/maven/org.apache.commons/commons-text/pom.properties with groupId, artifactId and version, one on a line.
func coordinatesOf(r *zip.Reader) coordinates {
	var c coordinates
	poms := 0
	for _, f := range r.File {
		switch {
		case strings.HasPrefix(f.Name, "META-INF/maven/") && path.Base(f.Name) == "pom.properties":
			if poms++; poms == 1 {
				p := properties(f, "=")
				c = coordinates{p["groupId"], p["artifactId"], p["version"]}
			}
		case f.Name == "META-INF/MANIFEST.MF" && c.version == "":
			m := properties(f, ":")
			for _, key := range []string{"Implementation-Version", "Bundle-Version", "Specification-Version"} {
				if m[key] != "" {
					c.version = m[key]
					break
				}
			}
		}
	}
	if poms > 1 { // libraries packed into one
		return coordinates{version: c.version}
	}
	return c
}

// properties reads lines of KEY, a separator and a value. It reads at most MaxScript bytes and keeps at most 1000 keys;
// of a key that stands twice the last one counts. It is nil for an entry that cannot be read. Continuation lines are
// not joined: no value that is used here needs them.
func properties(f *zip.File, separator string) map[string]string {
	in, err := f.Open()
	if err != nil {
		return nil
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, MaxScript))
	if err != nil {
		return nil
	}
	all := map[string]string{}
	layer.Lines(data, func(line string) {
		if key, value, ok := strings.Cut(line, separator); ok && len(all) < 1000 {
			all[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	})
	return all
}

// manifestName is the entry that names what a jar starts (JAR File Specification).
const manifestName = "META-INF/MANIFEST.MF"

// startingLines hashes the lines of a manifest that decide what is started or loaded. The others are of the build: its
// time, its user, its JDK. A long line continues on the next one, behind a blank.
func startingLines(f *zip.File) [sha256.Size]byte {
	sum := sha256.New()
	in, err := f.Open()
	if err != nil {
		return [sha256.Size]byte{1} // as no manifest has
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, MaxScript))
	if err != nil {
		return [sha256.Size]byte{1}
	}
	text := strings.NewReplacer("\r\n ", "", "\n ", "", "\r ", "").Replace(string(data))
	layer.Lines([]byte(text), func(line string) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "main-class", "class-path", "premain-class", "agent-class", "launcher-agent-class", "boot-class-path",
			"start-class", "can-redefine-classes", "can-retransform-classes":
			fmt.Fprintf(sum, "%s:%s\n", strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value))
		}
	})
	return [sha256.Size]byte(sum.Sum(nil))
}

// sameClasses reports whether two jars hold the same entries with the same content, but for what each build writes
// anew: lines of the manifest that start nothing, and properties with times. Past the bounds they are taken as
// different. A jar can unpack to a thousand times its size, so the budget is for unpacked bytes, of this jar and of
// all.
func (c *comparison) sameClasses(a, b *zip.Reader) bool {
	budget := min(maxJarBytes, maxJarsBytes-c.unpacked)
	left := budget
	defer func() { c.unpacked += budget - left }()
	x, ok := digests(a, &left)
	if !ok {
		return false
	}
	y, ok := digests(b, &left)
	if !ok || len(x) != len(y) {
		return false
	}
	for name, sum := range x {
		if y[name] != sum {
			return false
		}
	}
	return true
}

// digests hashes the entries of a jar by name. ok is false where one cannot be read, stands twice, or left, the bytes
// that may be unpacked, is used up. The declared size of an entry is not relied on: one byte more than allowed is read
// to see that the bound is passed.
func digests(r *zip.Reader, left *int64) (map[string][sha256.Size]byte, bool) {
	all := map[string][sha256.Size]byte{}
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") || path.Ext(f.Name) == ".properties" {
			continue
		}
		if f.Name == manifestName {
			if _, twice := all[manifestName]; twice {
				return nil, false
			}
			all[manifestName] = startingLines(f)
			continue
		}
		in, err := f.Open()
		if err != nil {
			return nil, false
		}
		sum := sha256.New()
		size, err := io.Copy(sum, io.LimitReader(in, *left+1))
		_ = in.Close()
		if *left -= size; err != nil || *left < 0 {
			return nil, false
		}
		if _, twice := all[f.Name]; twice {
			return nil, false // two entries of one name: which one is loaded depends on the reader
		}
		all[f.Name] = [sha256.Size]byte(sum.Sum(nil))
	}
	return all, true
}
