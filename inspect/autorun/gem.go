package autorun

import (
	"context"
	"path"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isGemspec recognizes the specifications of installed gems, which lie beside the directory of all gems.
func isGemspec(p, base string) bool {
	return strings.HasSuffix(base, ".gemspec") && path.Base(path.Dir(p)) == "specifications"
}

var (
	gemExtensions = regexp.MustCompile(`\.extensions\s*=\s*\[([^\]]*)\]`)
	gemString     = regexp.MustCompile(`["']([^"'\n]+)["']`)
	gemField      = regexp.MustCompile(`(?m)\.(name|version)\s*=\s*["']([^"'\n]+)["']`)
)

// readGemspec makes a hook of each native extension: its extconf.rb or Rakefile runs when the gem is installed. A
// gemspec is Ruby: it is read by its usual form and never run. One that is written in another way has no hook here.
func readGemspec(ctx context.Context, s *scene, n *inspect.Node) []hook {
	text := s.text(ctx, n)
	list := gemExtensions.FindSubmatch(text)
	if list == nil {
		return nil
	}
	name, version := "", ""
	for _, f := range gemField.FindAllSubmatch(text, 4) {
		if string(f[1]) == "name" {
			name = string(f[2])
		} else {
			version = string(f[2])
		}
	}
	dir := path.Join(path.Dir(path.Dir(n.Path)), "gems", strings.TrimSuffix(path.Base(n.Path), ".gemspec"))
	var all []hook
	for _, m := range gemString.FindAllSubmatch(list[1], MaxLoads) {
		h := hook{
			kind: KindGem, node: n, name: versionless(path.Dir(n.Path)) + " " + name + " " + string(m[1]),
			title: "the extension of gem " + name, trigger: "runs when the gem is installed",
			command: shorten(string(m[1])), inline: true, pkg: "gem " + name, place: dir, version: version,
			text: []byte{},
		}
		if to := s.target(string(m[1]), dir); to != nil && layer.Within(to.Path, dir) {
			h.loads, h.node = []*inspect.Node{to}, to
		}
		all = append(all, h)
	}
	return all
}

// isGemPlugin recognizes the files that RubyGems loads with every command of its own, and those that Ruby loads with
// RubyGems (https://guides.rubygems.org/plugins/).
func isGemPlugin(p, base string) bool {
	return base == "rubygems_plugin.rb" || base == "operating_system.rb" && strings.HasSuffix(path.Dir(p),
		"/rubygems/defaults") ||
		path.Base(path.Dir(p)) == "plugins" && strings.HasSuffix(base, "_plugin.rb") && strings.Contains(p, "/gems/")
}

// readGemPlugin makes one hook of the file: Ruby loads it whole.
func readGemPlugin(ctx context.Context, s *scene, n *inspect.Node) []hook {
	text := s.text(ctx, n)
	return []hook{{
		kind: KindGem, node: n, name: named(n), trigger: "is loaded by RubyGems", command: excerpt(text),
		text: text,
	}}
}
