package lock

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// spec is a gem in a section of a Gemfile.lock: four blanks, the name, the version with its platform.
var spec = regexp.MustCompile(`^ {4}([^ !(]+) \(([^)]+)\)$`)

// readGemfile reads a Gemfile.lock. Its sections GEM, GIT and PATH have a remote and specs.
//
//	GEM
//	remote: https://rubygems.org/
//	specs:
//	rack (3.1.12)
//	base64
//
// Deeper lines are dependencies. A version with a platform behind a dash is spare: bundler locks those of all
// platforms. GIT sections have a revision beside their remote, and gems of PATH sections are links.
func readGemfile(data []byte) ([]entry, error) {
	var all []entry
	section, remote, revision, sections := "", "", "", 0
	layer.Lines(data, func(line string) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		m := spec.FindStringSubmatch(line)
		switch {
		case line == "":
		case line[0] != ' ':
			section, remote, revision = strings.TrimSpace(line), "", ""
			sections++
		case key == "remote":
			remote = value
		case key == "revision":
			revision = value
		case m != nil && len(all) < maxEntries && (section == "GEM" || section == "GIT" || section == "PATH"):
			version, platform, of := strings.Cut(m[2], "-")
			e := entry{name: m[1], version: version, resolved: remote, link: section == "PATH", spare: of &&
				platform != ""}
			if section == "GIT" {
				e.resolved, e.integrity = "git+"+remote+"#"+revision, revision
			}
			all = append(all, e)
		}
	})
	if sections == 0 {
		return nil, fmt.Errorf("reading a Gemfile.lock: it has no section")
	}
	return clip(all), nil
}
