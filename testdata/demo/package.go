package shop

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// debian is a package of Debian 12 as far as the incident needs it: real names, versions and paths, contents made up.
type debian struct {
	name, version string
	source        string // where it is not the name
	shared        bool   // Multi-Arch: same: its info files carry the architecture
	needs         string
	files         []string // as its .list names them: with /bin and /lib, which are links to /usr/bin and /usr/lib
	conffiles     []string
}

// content makes the files of a package, its copyright file too, where they really lie.
func (p debian) content() ([]file, error) {
	all := []file{text("usr/share/doc/"+p.name+"/copyright", p.copyright())}
	for _, listed := range p.files {
		f, err := p.file(listed)
		if err != nil {
			return nil, fmt.Errorf("making %s of package %s: %w", listed, p.name, err)
		}
		all = append(all, f)
	}
	return all, nil
}

func (p debian) file(listed string) (file, error) {
	at, base := merged(listed), path.Base(listed)
	says := fmt.Sprintf("%s (%s %s)", base, p.name, p.version)
	switch {
	case listed == "/bin/sh":
		return symlink(at, "dash"), nil
	case listed == "/usr/bin/python3":
		return symlink(at, "python3.11"), nil
	case listed == "/lib64/"+base:
		return symlink(at, "../lib/x86_64-linux-gnu/"+base), nil
	case base == "os-release":
		return text(at, osRelease), nil
	case base == "liblzma.so.5":
		upstream, _, _ := strings.Cut(p.version, "-")
		return symlink(at, "liblzma.so."+upstream), nil
	case strings.Contains(base, ".so."):
		return program{says: says, library: true}.at(at)
	case isScript(base):
		return script(at, "#!/bin/sh\n# "+says+"\nset -eu\nexit 0\n"), nil
	case strings.Contains(at, "bin/"):
		return program{says: says}.at(at)
	default:
		return text(at, "# "+says+"\n"), nil
	}
}

func isScript(base string) bool {
	return slices.Contains(strings.Fields(
		"add-shell bashbug c_rehash egrep fgrep gunzip ldd update-ca-certificates which.debianutils xzdiff xzgrep xzless zcat zgrep"), base)
}

// merged is where a file lies since /bin, /sbin and /lib are links into /usr, without the leading slash.
func merged(listed string) string {
	for _, dir := range list("/bin/", "/sbin/", "/lib/", "/lib64/") {
		if strings.HasPrefix(listed, dir) {
			return "usr" + listed
		}
	}
	return strings.TrimPrefix(listed, "/")
}

const osRelease = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`

// copyright is in Debian's form that machines can read.
func (p debian) copyright() string {
	licence := "GPL-2+"
	if p.shared {
		licence = "LGPL-2.1+"
	}
	return "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: " + p.name +
		"\n\nFiles: *\nCopyright: the authors of " + p.name + "\nLicense: " + licence + "\n"
}
