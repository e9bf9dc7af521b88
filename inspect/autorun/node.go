package autorun

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isPackageJSON recognizes the manifests of installed packages: node_modules/NAME/package.json, NAME with a scope or
// without. pnpm keeps them below node_modules/.pnpm/NAME@VERSION/node_modules.
func isPackageJSON(p, base string) bool {
	if base != "package.json" {
		return false
	}
	at := strings.LastIndex(p, "/node_modules/")
	if at < 0 {
		return false
	}
	rest := p[at+len("/node_modules/"):]
	if strings.HasPrefix(rest, "@") {
		return strings.Count(rest, "/") == 2
	}
	return strings.Count(rest, "/") == 1
}

// manifest is what of a package.json starts something.
type manifest struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Scripts map[string]string `json:"scripts"`
	Gypfile *bool             `json:"gypfile"`
}

// installScripts are the scripts that npm, pnpm, yarn and bun run of a dependency when it is installed, in their order
// (https://docs.npmjs.com/cli/using-npm/scripts).
func installScripts() []string { return []string{"preinstall", "install", "postinstall"} }

// readPackageJSON makes a hook of each install script. node-gyp's build of binding.gyp is one that no script names.
// Scripts of the application itself do not run by themselves in an image, those of dependencies ran when they were
// installed, and run again with the next installation. An attacker who publishes a release needs only one line, as
// "postinstall": "node x.js"; it runs on the machine of each developer and in each build.
func readPackageJSON(ctx context.Context, s *scene, n *inspect.Node) []hook {
	var m manifest
	if json.Unmarshal(s.whole(ctx, n), &m) != nil {
		return nil // what npm could not read either
	}
	dir := path.Dir(n.Path)
	var all []hook
	for _, script := range installScripts() {
		command := m.Scripts[script]
		if command == "" {
			continue
		}
		all = append(all, s.npmHook(n, m, script, command))
	}
	gyp := s.tree.Get(path.Join(dir, "binding.gyp"))
	if gyp != nil && layer.IsRegular(gyp) && m.Scripts["install"] == "" && m.Scripts["preinstall"] == "" &&
		(m.Gypfile == nil || *m.Gypfile) {
		h := s.npmHook(n, m, "install", "node-gyp rebuild")
		h.loads = append(h.loads, gyp)
		all = append(all, h)
	}
	return all
}

// npmHook is the hook of one script. Its package is its owner, whoever else owns the file: the script runs since the
// package declares it.
func (s *scene) npmHook(n *inspect.Node, m manifest, script, command string) hook {
	dir := path.Dir(n.Path)
	return hook{
		kind: KindNpmScript, node: n, name: npmPlace(dir) + " " + script, title: "the " + script + " script of " +
			m.Name, trigger: "runs when the package is installed (" + script + ")",
		command: shorten(command), inline: true, pkg: "npm " + m.Name, place: dir, version: m.Version,
		text: []byte(command), loads: s.targets(command, dir),
	}
}

// npmPlace is the directory of a package in any version of it: pnpm's has the version in its name.
// /app/node_modules/.pnpm/x@1.0.0/node_modules/x gives /app/node_modules/.pnpm/node_modules/x, so that an update is
// compared with the version before it.
func npmPlace(dir string) string {
	at := strings.Index(dir, "/.pnpm/")
	if at < 0 {
		return dir
	}
	_, rest, _ := strings.Cut(dir[at+len("/.pnpm/"):], "/")
	return dir[:at] + "/.pnpm/" + rest
}

// manifestVersion is the version that a package.json names.
func manifestVersion(text []byte) string {
	var m manifest
	if json.Unmarshal(text, &m) != nil {
		return ""
	}
	return m.Version
}

// isNodeConfig recognizes the files by which package managers of Node.js, and bun, load code of their own.
func isNodeConfig(p, base string) bool {
	switch base {
	case ".pnpmfile.cjs", ".yarnrc.yml", ".yarnrc", "bunfig.toml", ".npmrc":
		return !strings.Contains(p, "/node_modules/")
	default:
		return strings.Contains(p, "/.yarn/plugins/") && path.Ext(base) == ".cjs"
	}
}

// readNodeConfig makes a hook of settings that load code or replace the shell of scripts; others start nothing. Keys
// are compared as they begin a line; a value over several lines is not followed. Tokens may stand in .npmrc: only the
// lines of the listed keys are kept, and the ledger removes secrets from those.
func readNodeConfig(ctx context.Context, s *scene, n *inspect.Node) []hook {
	text := s.text(ctx, n)
	var lines []string
	layer.Lines(text, func(line string) {
		key := strings.TrimSpace(line)
		for _, name := range []string{
			"script-shell", "node-options", "onload-script", "git=", "yarnPath",
			"yarn-path", "path:", "preload", "init-module",
		} {
			if strings.HasPrefix(key, name) && len(lines) < MaxLoads {
				lines = append(lines, key)
				return
			}
		}
	})
	h := hook{
		kind: KindNodeConfig, node: n, name: named(n), trigger: "is loaded by the package manager",
		command: strings.Join(lines, "; "),
	}
	if path.Ext(n.Path) == ".cjs" {
		h.command, h.text = excerpt(text), text
		return []hook{h}
	}
	if len(lines) == 0 {
		return nil // settings only
	}
	h.command = shorten(h.command)
	h.text, h.loads = []byte(h.command), s.targets(h.command, path.Dir(n.Path))
	return []hook{h}
}
