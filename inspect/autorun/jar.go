package autorun

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// maxManifest bounds the text of a jar's entry that is read, in bytes, maxJarEntries the entries that are looked at.
const (
	maxManifest   = 64 << 10
	maxJarEntries = 100_000
)

// jarOwner names the library that a jar claims to be: the coordinates that Maven writes into it, or the title or
// symbolic name of its manifest; "" for a jar without any, or one that cannot be read. It proves nothing: anybody can
// write coordinates. It separates a known agent from a file without any origin. A panic of the archive reader becomes
// an error, by layer.Guarded.
func (s *scene) jarOwner(ctx context.Context, n *inspect.Node) string {
	c, err := s.tree.Open(ctx, n)
	if err != nil {
		return ""
	}
	defer c.Close()
	name := ""
	err = layer.Guarded(func() error {
		z, err := zip.NewReader(c, c.Size())
		if err == nil {
			name = identity(z)
		}
		return err
	})
	if err != nil {
		return ""
	}
	return name
}

// identity is the first of Maven's coordinates, else what the manifest names with a version. A title without a
// version is written by hand as easily as it is read.
func identity(z *zip.Reader) string {
	name := ""
	for _, f := range z.File[:min(len(z.File), maxJarEntries)] {
		switch {
		case strings.HasPrefix(f.Name, "META-INF/maven/") && strings.HasSuffix(f.Name, "/pom.properties"):
			fields := properties(f)
			if fields["artifactId"] != "" {
				return "maven " + strings.Trim(fields["groupId"]+":"+fields["artifactId"], ":")
			}
		case f.Name == "META-INF/MANIFEST.MF":
			fields := properties(f)
			for _, key := range []string{"Automatic-Module-Name", "Bundle-SymbolicName", "Implementation-Title"} {
				if value := fields[key]; value != "" && (fields["Implementation-Version"] != "" ||
					fields["Bundle-Version"] != "") {
					name = "jar " + value
				}
			}
		}
	}
	return name
}

// properties reads the lines of an entry as KEY=VALUE or KEY: VALUE. The last of several lines with one key counts.
// What lies behind maxManifest is left out: the keys that are used stand at the beginning of what Maven and Gradle
// write.
func properties(f *zip.File) map[string]string {
	fields := map[string]string{}
	r, err := f.Open()
	if err != nil {
		return fields
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err != nil {
		return fields
	}
	for line := range bytes.Lines(data) {
		if at := bytes.IndexAny(line, "=:"); at > 0 {
			fields[strings.TrimSpace(string(line[:at]))] = strings.TrimSpace(string(line[at+1:]))
		}
	}
	return fields
}
