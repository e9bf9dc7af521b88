package lock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/backtrail/backtrail/inspect/layer"
)

// tomlLock is the part of a uv.lock or a poetry.lock that is compared.
type tomlLock struct {
	Packages []tomlPackage `toml:"package"`
}

// tomlPackage is a [[package]] of uv.lock or poetry.lock.
type tomlPackage struct {
	Name     string     `toml:"name"`
	Version  string     `toml:"version"`
	Optional bool       `toml:"optional"`
	Category string     `toml:"category"` // of old poetry: main, dev
	Source   tomlSource `toml:"source"`
	Sdist    tomlFile   `toml:"sdist"`
	Wheels   []tomlFile `toml:"wheels"`
}

// tomlFile is an archive of a package in uv.lock. uv fetches it from its own address, whatever the registry is.
type tomlFile struct {
	URL string `toml:"url"`
}

// tomlSource is a source of uv, by its kind, or of poetry, by type and url. Fields that a tool does not write stay
// empty; the first of them that is set names the source.
type tomlSource struct {
	Registry  string `toml:"registry"`
	Git       string `toml:"git"`
	URL       string `toml:"url"`
	Path      string `toml:"path"`
	Editable  string `toml:"editable"`
	Virtual   string `toml:"virtual"`
	Directory string `toml:"directory"`
	Type      string `toml:"type"`
	Reference string `toml:"resolved_reference"`
}

// maxBlock bounds a package of a lock in TOML, in bytes. The decoder goes down a level for each bracket, and would end
// the program by the depth of a longer one; real ones have some tens of thousands.
const maxBlock = 128 << 10

// readTOML reads a lock package by package: so a hostile one costs no more than a package may. The whole file is never
// decoded at once: a table of a million keys costs a decoder far more memory than its bytes. What stands between
// packages is passed over. An error of one package is an error of the lock: the rest could be read otherwise than uv or
// poetry reads it.
func readTOML(data []byte) ([]entry, error) {
	var all []entry
	for _, block := range tomlBlocks(data) {
		if len(block) > maxBlock {
			if bytes.HasPrefix(block, []byte("[metadata")) {
				continue // hashes of all files, in old locks of poetry
			}
			return nil, fmt.Errorf("reading a lock of Python: a package of more than %d bytes", maxBlock)
		}
		var l tomlLock
		if err := toml.Unmarshal(block, &l); err != nil {
			return nil, fmt.Errorf("reading a lock of Python: %w", err)
		}
		if all = append(all, l.entries()...); len(all) > maxEntries {
			return nil, fmt.Errorf("reading a lock of Python: more than %d packages", maxEntries)
		}
	}
	return clip(all), nil
}

// tomlBlocks cuts a lock before each package and before what stands after them. Lines within strings of several lines
// could look like a head; what such a cut leaves is no TOML, and an error. A block is at most maxBlock bytes; a longer
// one is an error of the reader.
func tomlBlocks(data []byte) [][]byte {
	var blocks [][]byte
	start, at := 0, 0
	for line := range bytes.Lines(data) {
		head := bytes.TrimRight(line, "\r\n \t")
		if at > start && (bytes.Equal(head, []byte("[[package]]")) || bytes.HasPrefix(head, []byte("[metadata"))) {
			blocks, start = append(blocks, data[start:at]), at
		}
		at += len(line)
	}
	return append(blocks, data[start:])
}

// entries are the packages by their normalized names. Sources by path and editable ones are links: nothing is fetched
// for them.
func (l tomlLock) entries() []entry {
	var all []entry
	for _, p := range l.Packages {
		s := p.Source
		e := entry{name: pythonName(p.Name), version: p.Version, resolved: s.Registry, spare: p.Optional ||
			p.Category == "dev"}
		switch {
		case s.Editable != "" || s.Virtual != "" || s.Directory != "" || s.Path != "" || s.Type == "directory" ||
			s.Type == "file":
			e.link = true
		case s.Git != "":
			e.resolved = "git+" + strings.TrimPrefix(s.Git, "git+")
		case s.Type == "git":
			e.resolved = "git+" + s.URL + "#" + s.Reference
		case s.URL != "":
			e.resolved = s.URL
		default:
			e.resolved = p.fetched()
		}
		all = append(all, e)
	}
	return all
}

// fetched is where a package of a registry is really taken from: the address of an archive on a host that is neither
// the registry's nor one of those that archives commonly lie on, else the registry.
func (p tomlPackage) fetched() string {
	registry := originOf(p.Source.Registry).host
	for _, f := range append([]tomlFile{p.Sdist}, p.Wheels...) {
		if host := originOf(f.URL).host; host != "" && host != registry && !slices.Contains(registries["python"],
			host) {
			return f.URL
		}
	}
	return p.Source.Registry
}

// pipfileLock is a Pipfile.lock.
type pipfileLock struct {
	Meta struct {
		Sources []struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"sources"`
	} `json:"_meta"`
	Default map[string]pipfilePackage `json:"default"`
	Develop map[string]pipfilePackage `json:"develop"`
}

// pipfilePackage is an entry of Pipfile.lock.
type pipfilePackage struct {
	Version string `json:"version"` // ==2.32.3
	Index   string `json:"index"`
	Git     string `json:"git"`
	Ref     string `json:"ref"`
	File    string `json:"file"`
	Path    string `json:"path"`
}

// readPipfile reads Pipfile.lock. Packages of "develop" may be missing. An index that no source defines has no address.
// A file or a repository of git stands before the index. Hashes are not compared: each package has those of all its
// archives, for every platform.
func readPipfile(data []byte) ([]entry, error) {
	var l pipfileLock
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("reading a Pipfile.lock: %w", err)
	}
	sources := map[string]string{}
	for _, s := range l.Meta.Sources {
		sources[s.Name] = s.URL
	}
	var all []entry
	add := func(list map[string]pipfilePackage, spare bool) {
		for name, p := range list {
			e := entry{
				name: pythonName(name), version: strings.TrimLeft(p.Version, "="), resolved: sources[p.Index],
				spare: spare, link: p.Path != "",
			}
			switch {
			case p.Git != "":
				e.resolved = "git+" + p.Git + "#" + p.Ref
			case p.File != "":
				e.resolved = p.File
			}
			all = append(all, e)
		}
	}
	add(l.Default, false)
	add(l.Develop, true)
	return clip(all), nil
}

// requirement is a line of a requirements file that names one version: name[extra]==1.0 ; marker.
var requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;\\]+)`)

// readRequirements reads a requirements file with hashes, which pip takes for a lock. Without any hash it is none: a
// list of wishes, to which other packages may be added. Options are about the whole file wherever they stand
// (https://pip.pypa.io/en/stable/reference/requirements-file-format/), the last index counts. A marker behind a
// semicolon makes a package spare. "requests==2.32.3 --hash=sha256:…" is an example, with a backslash at the end of a
// line that continues.
func readRequirements(data []byte) ([]entry, error) {
	var all []entry
	hashed, index := false, ""
	layer.Lines(data, func(line string) {
		line = strings.TrimSpace(line)
		switch {
		case strings.Contains(line, "--hash=sha256:"):
			hashed = true
		case strings.HasPrefix(line, "--index-url"), strings.HasPrefix(line, "-i "):
			index = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(line, "--index-url"), "-i"), " =")
		}
		if name, address, at := strings.Cut(line, " @ "); at && !strings.HasPrefix(line, "#") &&
			strings.Contains(address, "://") && len(all) < maxEntries {
			address, _, _ = strings.Cut(address, " ")
			all = append(all, entry{name: pythonName(name), resolved: address})
			return
		}
		if m := requirement.FindStringSubmatch(line); m != nil && len(all) < maxEntries {
			all = append(all, entry{name: pythonName(m[1]), version: m[2], spare: strings.Contains(line, ";")})
		}
	})
	if !hashed {
		return nil, nil
	}
	for i := range all {
		all[i].resolved = first(all[i].resolved, index)
	}
	return clip(all), nil
}

// pythonSeparators are what names are normalized over (PEP 503).
var pythonSeparators = regexp.MustCompile(`[-_.]+`)

// pythonName is the one spelling of a name (PEP 503). Flask_SQLAlchemy, flask.sqlalchemy and flask-sqlalchemy are one
// package.
func pythonName(s string) string {
	return strings.ToLower(pythonSeparators.ReplaceAllString(strings.TrimSpace(s), "-"))
}
