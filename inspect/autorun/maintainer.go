package autorun

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// dpkgInfo is where dpkg keeps the scripts and lists of installed packages.
const dpkgInfo = "/var/lib/dpkg/info"

// isMaintainerScript recognizes the scripts that dpkg runs with the rights of root when a package comes or goes
// (https://www.debian.org/doc/debian-policy/ch-maintainerscripts.html).
func isMaintainerScript(p, base string) bool {
	return path.Dir(p) == dpkgInfo && slices.Contains([]string{
		".preinst", ".postinst", ".prerm", ".postrm",
		".config",
	}, path.Ext(base))
}

// IsMaintainerScript reports whether a path is that of a script of a package manager: its list of files does not name
// it.
func IsMaintainerScript(p string) bool { return isMaintainerScript(p, path.Base(p)) }

// readMaintainerScript makes a hook of a script, which belongs to the package in its name: no list of files names it.
// What it starts was run when the package was installed, and will be again at the next update or removal, in whatever
// image is built on this one. NAME:ARCH.postinst is the form for packages that may be installed for several
// architectures.
func readMaintainerScript(ctx context.Context, s *scene, n *inspect.Node) []hook {
	base := path.Base(n.Path)
	script := strings.TrimPrefix(path.Ext(base), ".")
	name, _, _ := strings.Cut(strings.TrimSuffix(base, path.Ext(base)), ":")
	text := s.text(ctx, n)
	return []hook{{
		kind: KindMaintainerScript, node: n, name: n.Path, trigger: "runs when package " + name +
			" is installed or removed (" + script + ")",
		command: excerpt(text), text: text, pkg: name, version: s.dpkgVersion(ctx, name),
	}}
}

// dpkgVersion is the version of a package as dpkg's status names it, "" where it does not. The status is read once for
// an image. A package that stands there twice, for two architectures, has the version of the last. A status that is
// longer than 64 MiB is not read, and no package has a version then.
func (s *scene) dpkgVersion(ctx context.Context, name string) string {
	if s.versions == nil {
		s.versions = map[string]string{}
		data, err := s.tree.ReadFile(ctx, "/var/lib/dpkg/status", 64<<20)
		if err != nil {
			return ""
		}
		at := ""
		layer.Lines(data, func(line string) {
			if rest, ok := strings.CutPrefix(line, "Package: "); ok {
				at = strings.TrimSpace(rest)
			} else if rest, ok := strings.CutPrefix(line, "Version: "); ok && len(s.versions) < MaxFound {
				s.versions[at] = strings.TrimSpace(rest)
			}
		})
	}
	return s.versions[name]
}

// isAPKScripts matches the archives in which apk keeps the scripts of all packages (compressed since apk-tools 3).
func isAPKScripts(p, base string) bool {
	dir := path.Dir(p)
	return (dir == "/lib/apk/db" || dir == "/usr/lib/apk/db") && (base == "scripts.tar" || base == "scripts.tar.gz")
}

// readAPKScripts reads the archive in which apk keeps the scripts of all packages: its members are named
// NAME-VERSION.HASH.SCRIPT (https://wiki.alpinelinux.org/wiki/Apk_spec). An archive that cannot be read has no hooks;
// its packages still list their files. An example of a member: busybox-1.37.0-r12.Q1abc….post-install.
func readAPKScripts(ctx context.Context, s *scene, n *inspect.Node) []hook {
	data, err := s.tree.ReadFile(ctx, n.Path, MaxScripts)
	if err != nil {
		return nil
	}
	var r io.Reader = bytes.NewReader(data)
	if strings.HasSuffix(n.Path, ".gz") {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil
		}
		r = z
	}
	return apkScripts(tar.NewReader(io.LimitReader(r, MaxScripts)), n)
}

// apkScripts makes a hook of each member, up to the first that cannot be read. The archive is sequential: behind a
// broken header nothing can be found. The name of a member is PACKAGE-VERSION.HASH.KIND, of which the package is kept.
func apkScripts(archive *tar.Reader, n *inspect.Node) []hook {
	var all []hook
	for len(all) < MaxRows {
		member, err := archive.Next()
		if err != nil {
			break
		}
		full, script := strings.TrimSuffix(member.Name, path.Ext(member.Name)),
			strings.TrimPrefix(path.Ext(member.Name), ".")
		full = strings.TrimSuffix(full, path.Ext(full)) // the hash
		name, version := cutRelease(full)
		text, err := io.ReadAll(io.LimitReader(archive, MaxText))
		if err != nil {
			break
		}
		all = append(all, hook{
			kind: KindMaintainerScript, node: n, name: n.Path + " " + name + " " + script, title: "the " + script +
				" script of package " + name,
			trigger: "runs when package " + name + " is installed or removed (" + script + ")",
			command: excerpt(text), text: text, pkg: name, version: version,
		})
	}
	return all
}

// cutRelease takes NAME-VERSION-rRELEASE apart. busybox-1.37.0-r12 gives busybox and 1.37.0-r12. A name without a
// release is returned whole, without a version.
func cutRelease(full string) (name, version string) {
	at := strings.LastIndex(full, "-r")
	if at < 0 {
		return full, ""
	}
	if dash := strings.LastIndex(full[:at], "-"); dash > 0 {
		return full[:dash], full[dash+1:]
	}
	return full, ""
}
