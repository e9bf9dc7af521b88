package image

import (
	"crypto/md5" //nolint:gosec // dpkg's own format
	"fmt"
	"strings"
)

// Package is a Debian package with the files it owns.
type Package struct {
	Name    string
	Version string
	Files   []File
}

// Database gives the files of the packages and of dpkg's database that names them: status, and a list and
// md5sums for each package (dpkg(1), deb-md5sums(5)).
func Database(packages ...Package) []File {
	var files []File
	var status strings.Builder
	for _, p := range packages {
		files = append(files, p.Files...)
		files = append(files, p.info()...)
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nPriority: required\nSection: base\nInstalled-Size: 64\n"+
			"Maintainer: Stack <stack@example.org>\nArchitecture: amd64\nVersion: %s\nDescription: %s for the test stack\n\n", p.Name, p.Version, p.Name)
	}
	return append(files, File{Path: "var/lib/dpkg/status", Mode: 0o644, Body: []byte(status.String())})
}

func (p Package) info() []File {
	list := "/.\n"
	var sums string
	listed := map[string]bool{}
	for _, file := range p.Files {
		for i, c := range file.Path {
			if folder := file.Path[:i]; c == '/' && !listed[folder] {
				listed[folder] = true
				list += "/" + folder + "\n"
			}
		}
		list += "/" + file.Path + "\n"
		if file.Link == "" {
			sums += fmt.Sprintf("%x  %s\n", md5.Sum(file.Body), file.Path) //nolint:gosec // as above
		}
	}
	base := "var/lib/dpkg/info/" + p.Name
	return []File{
		{Path: base + ".list", Mode: 0o644, Body: []byte(list)},
		{Path: base + ".md5sums", Mode: 0o644, Body: []byte(sums)},
	}
}
