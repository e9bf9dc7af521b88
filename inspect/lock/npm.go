package lock

import (
	"encoding/json"
	"fmt"
	"strings"
)

// npmLock is a package-lock.json or npm-shrinkwrap.json: packages since version 2, a tree of dependencies in version 1.
type npmLock struct {
	Version      int                   `json:"lockfileVersion"`
	Packages     map[string]npmPackage `json:"packages"`
	Dependencies map[string]npmDep     `json:"dependencies"`
}

// npmPackage is an entry of "packages" (lockfileVersion 2 and 3). What it is for (dev, optional, peer) and the machines
// that it is for (os, cpu, libc) only say whether it may be missing; of the latter it counts that they are there.
type npmPackage struct {
	Name      string   `json:"name"` // where it differs from the name of the folder
	Version   string   `json:"version"`
	Resolved  string   `json:"resolved"`
	Integrity string   `json:"integrity"`
	Link      bool     `json:"link"`
	Dev       bool     `json:"dev"`
	Optional  bool     `json:"optional"`
	DevOpt    bool     `json:"devOptional"`
	Peer      bool     `json:"peer"`
	Bundled   bool     `json:"inBundle"`
	Script    bool     `json:"hasInstallScript"`
	OS        anyValue `json:"os"`
	CPU       anyValue `json:"cpu"`
	LibC      anyValue `json:"libc"`
}

// anyValue records only that a field is there: old packages write one string where others write a list.
type anyValue bool

// UnmarshalJSON takes any value. It never returns an error, so that one odd field does not end the reading of a lock.
func (a *anyValue) UnmarshalJSON(b []byte) error {
	*a = string(b) != "null"
	return nil
}

// npmDep is an entry of "dependencies" (lockfileVersion 1), which has its own below it.
type npmDep struct {
	Version      string            `json:"version"` // or an address
	Resolved     string            `json:"resolved"`
	Integrity    string            `json:"integrity"`
	Dev          bool              `json:"dev"`
	Optional     bool              `json:"optional"`
	Bundled      bool              `json:"bundled"`
	Dependencies map[string]npmDep `json:"dependencies"`
}

// modules begins the place of a package below the folder of its lock.
const modules = "node_modules/"

// readNPM reads npm's lock files, and the hidden one that it leaves in node_modules.
//
//	"node_modules/debug": {"version": "4.4.1", "resolved": "https://…", "integrity": "sha512-…"}
//
// A package of a workspace has a place outside of node_modules and is left out; the link to it is kept as a link.
// (https://docs.npmjs.com/cli/configuring-npm/package-lock-json)
// An entry named "" is the application itself and is left out.
func readNPM(data []byte) ([]entry, error) {
	var l npmLock
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("reading a package-lock: %w", err)
	}
	var all []entry
	for place, p := range l.Packages {
		at := strings.LastIndex(place, modules)
		if at < 0 {
			continue // the project itself, or a package of its workspace
		}
		all = append(all, entry{
			name: first(p.Name, place[at+len(modules):]), version: p.Version, place: place, resolved: p.Resolved,
			integrity: p.Integrity,
			script:    p.Script, link: p.Link, spare: p.Dev || p.Optional || p.DevOpt || p.Peer || p.Bundled ||
				bool(p.OS || p.CPU || p.LibC),
		})
	}
	if len(l.Packages) == 0 {
		all = npmTree(all, "", l.Dependencies, 0)
	}
	if l.Version == 0 && len(all) == 0 && l.Packages == nil {
		return nil, fmt.Errorf("reading a package-lock: it has no lockfileVersion")
	}
	return clip(all), nil
}

// maxDepth bounds how deep dependencies lie in each other.
const maxDepth = 100

// npmTree reads the tree of a lock of version 1, in which each package lies in the folder of the one that has it.
// encoding/json itself bounds how deep a text may nest; this bounds what is kept of it. below is the place of the
// parent with a slash, "" for the root.
func npmTree(all []entry, below string, deps map[string]npmDep, depth int) []entry {
	if depth > maxDepth {
		return all
	}
	for name, d := range deps {
		if len(all) >= maxEntries {
			return all
		}
		e := entry{
			name: name, version: d.Version, place: below + modules + name, resolved: d.Resolved,
			integrity: d.Integrity, spare: d.Dev || d.Optional || d.Bundled,
		}
		switch {
		case strings.HasPrefix(d.Version, "file:"):
			e.link = true
		case strings.Contains(d.Version, ":"):
			e.version, e.resolved = "", d.Version // a git repository or an archive
		}
		all = npmTree(append(all, e), e.place+"/", d.Dependencies, depth+1)
	}
	return all
}

// first is the first that is not empty.
func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
