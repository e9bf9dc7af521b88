package autorun

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isComposerList recognizes the list of what composer installed. vendor/composer/installed.json is its usual place; the
// name of the vendor directory can be configured, so only the last two parts count.
func isComposerList(p, base string) bool {
	return base == "installed.json" && strings.HasSuffix(path.Dir(p), "/composer")
}

// composerPackage is what of a row of installed.json starts something. Composer includes the files of autoload in every
// request, before the first line of the application, and runs the class of a plugin at each of its commands.
type composerPackage struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Type     string `json:"type"`
	Place    string `json:"install-path"`
	Autoload struct {
		Files []string `json:"files"`
	} `json:"autoload"`
	Extra struct {
		Class any `json:"class"`
	} `json:"extra"`
}

// readComposer makes a hook of each file that is loaded with every request (autoload.files), and of each plugin of
// composer itself. The list is that of composer 2; that of composer 1 is the array alone.
// (https://getcomposer.org/doc/04-schema.md#files) install-path is relative to vendor/composer; an absolute one is not
// followed. An example of an entry:
// {"name":"acme/log","version":"1.2.0","install-path":"../acme/log","autoload":{"files":["boot.php"]}}.
func readComposer(ctx context.Context, s *scene, n *inspect.Node) []hook {
	vendor := path.Dir(path.Dir(n.Path))
	var all []hook
	for _, p := range composerPackages(s.text(ctx, n)) {
		dir := path.Join(vendor, p.Name)
		if p.Place != "" && !strings.HasPrefix(p.Place, "/") {
			dir = path.Join(path.Dir(n.Path), p.Place)
		}
		of := hook{
			kind: KindComposer, node: n, pkg: "composer " + p.Name, place: dir, version: p.Version,
			inline: true, text: []byte{},
		}
		for _, f := range p.Autoload.Files[:min(len(p.Autoload.Files), MaxLoads)] {
			h := of
			h.name, h.command = dir+" "+f, shorten(f)
			h.title, h.trigger = p.Name+": "+f, "is loaded with every request (autoload.files)"
			if to := s.tree.Resolve(path.Join(dir, f)); to != nil && layer.IsRegular(to) {
				h.node, h.loads = to, []*inspect.Node{to}
			}
			all = append(all, h)
		}
		if p.Type == "composer-plugin" {
			h := of
			class, _ := json.Marshal(p.Extra.Class)
			h.name, h.command = dir+" plugin", shorten(string(class))
			h.title, h.trigger = "composer plugin "+p.Name, "is loaded by composer"
			h.loads = s.phpFiles(dir)
			all = append(all, h)
		}
		if len(all) > MaxRows {
			break
		}
	}
	return all
}

// composerPackages reads an installed.json; nil where it cannot be read. The file is bounded by MaxText before it is
// parsed; one that was cut there is broken JSON and lists nothing.
func composerPackages(text []byte) []composerPackage {
	var list struct {
		Packages []composerPackage `json:"packages"`
	}
	if json.Unmarshal(text, &list) != nil && json.Unmarshal(text, &list.Packages) != nil {
		return nil
	}
	return list.Packages
}

// phpFiles lists the first PHP files of a directory. A plugin names a class and no file, and which one holds it is
// decided by rules of autoloading that need not be followed here: the first MaxLoads of them are enough to see what it
// does.
func (s *scene) phpFiles(dir string) []*inspect.Node {
	var found []*inspect.Node
	for n := range s.tree.Below(dir) {
		if path.Ext(n.Path) == ".php" && layer.IsRegular(n) {
			if found = append(found, n); len(found) == MaxLoads {
				break
			}
		}
	}
	return found
}

// isPHPSettings recognizes the files of settings that PHP reads: php.ini, those of conf.d, and .user.ini. .user.ini is
// read from the directory of each script, so that whoever may write there needs no right to change php.ini.
func isPHPSettings(p, base string) bool {
	return base == "php.ini" || base == ".user.ini" || base == ".htaccess" || path.Ext(base) == ".ini" &&
		strings.HasSuffix(path.Dir(p), "/conf.d") ||
		path.Ext(base) == ".conf" && strings.Contains(p, "/php") && strings.Contains(p, "fpm")
}

// readPHPSettings makes a hook of auto_prepend_file, auto_append_file and opcache.preload. It reads the three forms in
// which they are written:
//
//	auto_prepend_file = /srv/p.php                    php.ini, .user.ini
//	php_value auto_prepend_file /srv/p.php            .htaccess
//	php_admin_value[auto_prepend_file] = /srv/p.php   pools of php-fpm
func readPHPSettings(ctx context.Context, s *scene, n *inspect.Node) []hook {
	var all []hook
	layer.Lines(s.text(ctx, n), func(line string) {
		line = strings.TrimSpace(line)
		lower := strings.ToLower(line)
		if strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") || len(all) > MaxLoads {
			return
		}
		for _, name := range []string{"auto_prepend_file", "auto_append_file", "opcache.preload"} {
			_, value, ok := strings.Cut(lower, name)
			if value = strings.Trim(value, "]= \t\"'"); !ok || value == "" || value == "none" ||
				strings.HasPrefix(value, "_user") {
				continue
			}
			value = strings.Trim(line[len(line)-len(strings.TrimLeft(line[strings.Index(lower, name)+len(name):],
				"]= \t\"'")):], " \t\"'")
			h := hook{
				kind: KindPHP, node: n, name: named(n) + " " + name, title: name + " in " + n.Path,
				trigger: "runs with every PHP script (" + name + ")", command: shorten(value), inline: true,
				text:  []byte{},
				loads: s.targets(value, s.config.WorkingDir, "/usr/share/php", "/usr/local/lib/php"),
			}
			if len(h.loads) == 0 {
				h.missing = value
			}
			all = append(all, h)
			return
		}
	})
	return all
}
