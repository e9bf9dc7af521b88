package owner

import (
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// Files of a package manager that lists none can be attributed only by where it puts them. That is of low confidence:
// whoever drops a file can drop it there. It explains a program, and clears none that shows a sign.

// ByPlace names whose directory a program lies in: npm's, RubyGems', a Python egg's, Nix's; "" for none of
// them. The innermost directory decides: a package may bring packages of its own. "npm debug" is an example of an
// answer.
func ByPlace(t *layer.Tree, p string) string {
	if at := strings.LastIndex(p, "/node_modules/"); at >= 0 {
		return npmPackage(t, p, at+len("/node_modules/"))
	}
	if at := strings.LastIndex(p, "/gems/"); at >= 0 {
		name, _, below := strings.Cut(p[at+len("/gems/"):], "/")
		if below && t.Get(p[:at]+"/specifications/"+name+".gemspec") != nil {
			return "gem " + name
		}
	}
	if at := strings.LastIndex(p, "/extensions/"); at >= 0 { // PLATFORM/ABI/NAME-VERSION, beside gems
		if words := strings.SplitN(p[at+len("/extensions/"):], "/", 4); len(words) == 4 &&
			t.Get(p[:at]+"/specifications/"+words[2]+".gemspec") != nil {
			return "gem " + words[2]
		}
	}
	if at := strings.Index(p, ".egg/"); at >= 0 && t.Get(p[:at]+".egg/EGG-INFO") != nil {
		name, _, _ := strings.Cut(path.Base(p[:at]), "-")
		return "python " + name
	}
	if rest, ok := strings.CutPrefix(p, "/nix/store/"); ok {
		if name, _, below := strings.Cut(rest, "/"); below && len(name) > 33 && name[32] == '-' {
			return "nix " + name[33:]
		}
	}
	return ""
}

// npmPackage names the package whose directory begins at a place of a path, if its package.json is there. A scope is
// part of the name: @scope/name.
func npmPackage(t *layer.Tree, p string, at int) string {
	words := strings.SplitN(p[at:], "/", 3)
	name := words[0]
	if strings.HasPrefix(name, "@") && len(words) > 1 {
		name = path.Join(name, words[1])
	}
	if n := t.Get(path.Join(p[:at], name, "package.json")); n == nil || !layer.IsRegular(n) {
		return ""
	}
	return "npm " + name
}

// NpmDirectory is the directory of the package of npm that a path lies in, if its package.json is there.
func NpmDirectory(t *layer.Tree, p string) (dir string, ok bool) {
	at := strings.LastIndex(p, "/node_modules/")
	if at < 0 {
		return "", false
	}
	at += len("/node_modules/")
	name := npmPackage(t, p, at)
	if name == "" {
		return "", false
	}
	return path.Join(p[:at], strings.TrimPrefix(name, "npm ")), true
}
