package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isPerlSite recognizes the file that perl runs before every program, where it was built with -Dusesitecustomize
// (perlrun(1), -f): $Config{sitelib}/sitecustomize.pl. Debian's perl looks below /etc/perl first.
func isPerlSite(p, base string) bool {
	return base == "sitecustomize.pl" && strings.Contains(path.Dir(p), "perl")
}

// readPerlSite makes one hook of the file.
func readPerlSite(ctx context.Context, s *scene, n *inspect.Node) []hook {
	text := s.text(ctx, n)
	return []hook{{
		kind: KindPerlSite, node: n, name: named(n), trigger: "runs at every start of Perl", command: excerpt(text),
		text: text,
	}}
}

// moduleHomes are directories in which perl and ruby find modules of the site, beside those that options and variables
// name. Their own are left out: what lies there is of their packages.
func moduleHomes(variable string) []string {
	if variable == "PERL5OPT" {
		return []string{"/etc/perl", "/usr/local/lib/site_perl", "/usr/local/share/perl"}
	}
	return []string{"/usr/local/lib/site_ruby", "/usr/local/lib/ruby/site_ruby"}
}

// namedModules finds the modules that options of PERL5OPT and RUBYOPT name: -MFoo::Bar=x is Foo/Bar.pm, -rfoo/bar is
// foo/bar.rb. The directories of -I come first, then those of PERL5LIB or RUBYLIB, as perlrun(1) and ruby(1) have it.
func (s *scene) namedModules(variable, value string) []*inspect.Node {
	options, end, list := []string{"-M", "-m"}, ".pm", "PERL5LIB"
	switch variable {
	case "PERL5OPT":
	case "RUBYOPT":
		options, end, list = []string{"-r"}, ".rb", "RUBYLIB"
	default:
		return nil
	}
	words := strings.Fields(value)
	words = words[:min(len(words), MaxWords)]
	var dirs []string
	for _, w := range words {
		if dir, ok := strings.CutPrefix(w, "-I"); ok && dir != "" {
			dirs = append(dirs, path.Join("/", dir))
		}
	}
	for _, e := range s.config.Env {
		if rest, ok := strings.CutPrefix(e, list+"="); ok {
			dirs = append(dirs, absolute(rest)...)
		}
	}
	dirs = append(dirs, moduleHomes(variable)...)
	var found []*inspect.Node
	for _, w := range words {
		for _, o := range options {
			name, ok := strings.CutPrefix(w, o)
			if !ok || name == "" {
				continue
			}
			name, _, _ = strings.Cut(strings.TrimPrefix(name, "-"), "=")
			if n := s.firstOf(dirs, strings.TrimSuffix(strings.ReplaceAll(name, "::", "/"), end)+end); n != nil {
				found = append(found, n)
			}
		}
	}
	return found
}

// firstOf is the regular file of a name in the first directory that has one.
func (s *scene) firstOf(dirs []string, name string) *inspect.Node {
	for _, dir := range dirs[:min(len(dirs), maxLibraryDirs)] {
		if n := s.tree.Resolve(path.Join(dir, name)); n != nil && layer.IsRegular(n) {
			return n
		}
	}
	return nil
}

// absolute are the absolute directories of a list with colons between.
func absolute(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ":"), func(dir string) bool { return !path.IsAbs(dir) })
}

// ownModules are modules that nearly every program of the language loads, by the variable that names directories in
// which they are found before the language's own. A directory of the application has other names in it.
func ownModules(variable string) []string {
	if variable == "PERL5LIB" {
		return []string{
			"strict.pm", "warnings.pm", "Config.pm", "Exporter.pm", "Carp.pm", "utf8.pm", "vars.pm", "constant.pm",
			"overload.pm", "POSIX.pm", "Data/Dumper.pm", "File/Spec.pm", "Getopt/Long.pm", "Socket.pm",
		}
	}
	return []string{
		"rubygems.rb", "did_you_mean.rb", "error_highlight.rb", "set.rb", "json.rb", "uri.rb", "net/http.rb",
		"openssl.rb", "yaml.rb", "logger.rb", "time.rb", "monitor.rb",
	}
}

// standIns makes a hook of each file that a variable puts before one of the language's own.
func (s *scene) standIns(v variable, value string) []hook {
	var all []hook
	for _, name := range ownModules(v.name) {
		n := s.firstOf(absolute(value), name)
		if n == nil || s.own.Packaged(n.Path) && s.own.Intact(n.Path) {
			continue
		}
		all = append(all, hook{
			kind: v.kind, name: v.name + " " + name, title: v.name, trigger: v.trigger + " in place of its own " + name,
			command: shorten(v.name + "=" + value), inline: true, text: []byte{}, loads: []*inspect.Node{n},
		})
	}
	return all
}
