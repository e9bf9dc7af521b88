package lock

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// pnpmLock is a pnpm-lock.yaml. Keys of packages are /name/1.0.0, /name@1.0.0 or name@1.0.0 by its version, and may end
// with the peers in parentheses or after an underscore.
type pnpmLock struct {
	Version  any                    `json:"lockfileVersion"`
	Packages map[string]pnpmPackage `json:"packages"`
}

// pnpmPackage is an entry of "packages". A tarball is written only where it is not what the registry serves for name
// and version; its host is then what a person should look at.
type pnpmPackage struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Resolution struct {
		Integrity string `json:"integrity"`
		Tarball   string `json:"tarball"`
		Repo      string `json:"repo"`
		Commit    string `json:"commit"`
		Directory string `json:"directory"`
	} `json:"resolution"`
	Dev      bool     `json:"dev"`
	Optional bool     `json:"optional"`
	Build    bool     `json:"requiresBuild"`
	OS       anyValue `json:"os"`
	CPU      anyValue `json:"cpu"`
	LibC     anyValue `json:"libc"`
}

// readPNPM reads pnpm-lock.yaml. The keys have had several forms since version 5: /NAME/VERSION, /NAME@VERSION,
// NAME@VERSION. requiresBuild stands for an install script: pnpm does not keep more. YAML aliases can make a small text
// large: the decoder bounds them, and limit bounds the text.
func readPNPM(data []byte) ([]entry, error) {
	var l pnpmLock
	if err := yaml.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("reading a pnpm-lock: %w", err)
	}
	if l.Version == nil {
		return nil, fmt.Errorf("reading a pnpm-lock: it has no lockfileVersion")
	}
	var all []entry
	for key, p := range l.Packages {
		name, version := pnpmKey(key)
		e := entry{
			name: first(p.Name, name), version: first(p.Version, version), resolved: p.Resolution.Tarball,
			integrity: p.Resolution.Integrity, script: p.Build,
			link: p.Resolution.Directory != "", spare: p.Dev || p.Optional || bool(p.OS || p.CPU || p.LibC),
		}
		if p.Resolution.Repo != "" {
			e.resolved = "git+" + p.Resolution.Repo + "#" + p.Resolution.Commit
		}
		if e.name != "" {
			all = append(all, e)
		}
	}
	return clip(all), nil
}

// pnpmKey takes the name and the version out of the key of a package. Both are empty for what is no key. A scope holds
// a slash and an @ of its own, so that the last of each counts.
func pnpmKey(key string) (name, version string) {
	key, _, _ = strings.Cut(strings.TrimPrefix(key, "/"), "(")
	if at := strings.LastIndexByte(key, '/'); at > 0 && at+1 < len(key) && key[at+1] >= '0' && key[at+1] <= '9' {
		name, version = key[:at], key[at+1:] // the form before version 6
		version, _, _ = strings.Cut(version, "_")
	} else if at := strings.LastIndexByte(key, '@'); at > 0 {
		name, version = key[:at], key[at+1:]
	}
	if strings.Contains(version, ":") || strings.Contains(version, "/") {
		version = "" // a repository or an archive
	}
	return name, version
}
