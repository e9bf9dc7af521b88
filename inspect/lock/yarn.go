package lock

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect/layer"
)

// readYarn reads a yarn.lock: the first version has a form of its own, later ones are YAML.
//
//	debug@^4.0.0, debug@4.x:
//	version "4.4.1"
//	resolved "https://registry.yarnpkg.com/debug/-/debug-4.4.1.tgz#…"
//
// Deeper lines are dependencies. What stands before the first block is left out. A block without a name is left out.
func readYarn(data []byte) ([]entry, error) {
	if bytes.Contains(data[:min(len(data), 4096)], []byte("__metadata:")) {
		return readBerry(data)
	}
	if !bytes.Contains(data[:min(len(data), 4096)], []byte("yarn lockfile v1")) {
		return nil, fmt.Errorf("reading a yarn.lock: it has neither of the two forms")
	}
	var all []entry
	var e entry
	end := func() {
		if e.name != "" && len(all) < maxEntries {
			all = append(all, e)
		}
		e = entry{}
	}
	layer.Lines(data, func(line string) {
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			end()
			e.name = yarnName(line)
		case strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "    "):
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			value = strings.Trim(value, `"`)
			switch key {
			case "version":
				e.version = value
			case "resolved":
				e.resolved = value
			case "integrity":
				e.integrity = value
			}
		}
	})
	end()
	return clip(all), nil
}

// yarnName is the name in the head of a block: "debug@^4.0.0, debug@4.x:".
func yarnName(head string) string {
	one, _, _ := strings.Cut(strings.TrimSuffix(head, ":"), ",")
	one = strings.Trim(strings.TrimSpace(one), `"`)
	if at := strings.IndexByte(one[min(1, len(one)):], '@'); at >= 0 {
		return one[:at+1]
	}
	return one
}

// berryPackage is a block of a yarn.lock since version 2.
type berryPackage struct {
	Version    string   `json:"version"`
	Resolution string   `json:"resolution"` // debug@npm:4.4.1
	Checksum   string   `json:"checksum"`
	Conditions anyValue `json:"conditions"` // of a platform
	Link       string   `json:"linkType"`   // hard, soft
}

// readBerry reads the lock of yarn 2 and later, which is YAML. Packages of a workspace, links and patches fetch nothing
// of their own. (https://yarnpkg.com/protocol/npm)
func readBerry(data []byte) ([]entry, error) {
	var l map[string]berryPackage
	if err := yaml.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("reading a yarn.lock: %w", err)
	}
	var all []entry
	for key, p := range l {
		if key == "__metadata" {
			continue
		}
		name, reference := cutReference(first(p.Resolution, key))
		e := entry{
			name: name, version: p.Version, integrity: p.Checksum, link: p.Link == "soft",
			spare: bool(p.Conditions),
		}
		switch kind, rest, _ := strings.Cut(reference, ":"); kind {
		case "npm":
			e.resolved = archiveOf(rest)
		case "workspace", "portal", "link", "file", "patch":
			e.link = true
		default:
			e.resolved = reference
		}
		all = append(all, e)
	}
	return clip(all), nil
}

// archiveOf is the address that a locator of npm is fetched from where it is not its registry's own:
// 1.0.0::__archiveUrl=https%3A%2F%2Fnpm.example%2Fdebug.tgz. Parameters are escaped as in a query, and joined by "&".
// What cannot be unescaped is kept as it is: it must not read as no address. It is "" for a package of the configured
// registry.
func archiveOf(locator string) string {
	_, parameters, _ := strings.Cut(locator, "::")
	for p := range strings.SplitSeq(parameters, "&") {
		address, ok := strings.CutPrefix(p, "__archiveUrl=")
		if !ok {
			continue
		}
		if plain, err := url.QueryUnescape(address); err == nil {
			return plain
		}
		return address
	}
	return ""
}

// cutReference splits what stands after the name, whose scope begins with the same sign.
func cutReference(s string) (name, reference string) {
	if at := strings.IndexByte(s[min(1, len(s)):], '@'); at >= 0 {
		return s[:at+1], s[at+2:]
	}
	return s, ""
}
