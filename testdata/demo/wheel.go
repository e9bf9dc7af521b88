package shop

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"
)

// sitePackages is where pip installs on Debian, which keeps dist-packages of /usr/lib/python3 for its own packages.
const sitePackages = "usr/local/lib/python3.11/dist-packages"

// wheel is a Python package as pip installs it: its files and a dist-info folder with RECORD
// (https://packaging.python.org/en/latest/specifications/recording-installed-packages/). Names and contents are made up.
type wheel struct {
	name, version string
	needs         []string
	modules       []file // by their path in site-packages
}

// content makes the files of a wheel as they lie in a layer.
func (w wheel) content() []file {
	info := strings.ReplaceAll(w.name, "-", "_") + "-" + w.version + ".dist-info"
	metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\nSummary: an example\n", w.name, w.version)
	for _, n := range w.needs {
		metadata += "Requires-Dist: " + n + "\n"
	}
	own := slices.Concat(w.modules, []file{
		text(info+"/INSTALLER", "pip\n"),
		text(info+"/METADATA", metadata),
		text(info+"/WHEEL", "Wheel-Version: 1.0\nGenerator: bdist_wheel (0.43.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
	})
	var record strings.Builder
	for n, f := range own {
		sum := sha256.Sum256(f.body)
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.path, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.body))
		own[n].path = path.Join(sitePackages, f.path)
	}
	record.WriteString(info + "/RECORD,,\n")
	return append(own, text(path.Join(sitePackages, info, "RECORD"), record.String()))
}

// module is a module that does nothing.
func module(at, says string) file { return text(at, `"""`+says+`"""`+"\n") }
