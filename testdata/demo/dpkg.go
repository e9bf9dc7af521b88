package shop

import (
	"crypto/md5"
	"fmt"
	"path"
	"slices"
	"strings"
)

// database writes dpkg's status file of all packages, and the info files of those that a step installs.
func database(all, installed []debian) ([]file, error) {
	var status strings.Builder
	for _, p := range sorted(all) {
		stanza, err := p.stanza()
		if err != nil {
			return nil, err
		}
		status.WriteString(stanza + "\n")
	}
	files := []file{text("var/lib/dpkg/status", status.String())}
	for _, p := range installed {
		sums, err := p.sums()
		if err != nil {
			return nil, err
		}
		base := "var/lib/dpkg/info/" + p.name
		if p.shared {
			base += ":amd64"
		}
		files = append(files, text(base+".list", p.listing()), text(base+".md5sums", sums))
	}
	return files, nil
}

func sorted(all []debian) []debian {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b debian) int { return strings.Compare(a.name, b.name) })
	return all
}

// stanza is the entry of a package in the status file.
func (p debian) stanza() (string, error) {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	field("Package", p.name)
	field("Status", "install ok installed")
	field("Priority", "optional")
	field("Section", "utils")
	field("Installed-Size", fmt.Sprint(len(p.files)))
	field("Maintainer", "Debian maintainers of "+p.name+" <"+p.name+"@packages.debian.org>")
	field("Architecture", "amd64")
	if p.shared {
		field("Multi-Arch", "same")
	}
	field("Source", p.source)
	field("Version", p.version)
	field("Depends", p.needs)
	if len(p.conffiles) > 0 {
		b.WriteString("Conffiles:\n")
	}
	for _, listed := range p.conffiles {
		f, err := p.file(listed)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, " %s %s\n", listed, md5Of(f.body))
	}
	field("Description", "the package "+p.name)
	return b.String(), nil
}

// listing is the .list file: every path with the directories above it.
func (p debian) listing() string {
	lines := []string{"/."}
	for _, f := range append([]string{"/usr/share/doc/" + p.name + "/copyright"}, p.files...) {
		for dir := path.Dir(f); dir != "/"; dir = path.Dir(dir) {
			lines = append(lines, dir)
		}
		lines = append(lines, f)
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}

// sums is the .md5sums file: no links, no configuration.
func (p debian) sums() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  usr/share/doc/%s/copyright\n", md5Of([]byte(p.copyright())), p.name)
	for _, listed := range p.files {
		f, err := p.file(listed)
		if err != nil {
			return "", err
		}
		if f.link == "" && !slices.Contains(p.conffiles, listed) {
			fmt.Fprintf(&b, "%s  %s\n", md5Of(f.body), strings.TrimPrefix(listed, "/"))
		}
	}
	return b.String(), nil
}

// md5Of is the digest that dpkg keeps.
func md5Of(data []byte) string { return fmt.Sprintf("%x", md5.Sum(data)) }

// install is what installing packages leaves in a layer: their files, and the database with all packages in it.
func install(all, installed []debian) ([]file, error) {
	files, err := database(all, installed)
	if err != nil {
		return nil, fmt.Errorf("writing the package database: %w", err)
	}
	for _, p := range installed {
		own, err := p.content()
		if err != nil {
			return nil, err
		}
		files = append(files, own...)
	}
	return files, nil
}
