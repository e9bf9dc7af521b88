package lock

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// registries are hosts that packages of an ecosystem are commonly taken from. The list decides only which hosts are
// ordinary; an image that takes all from another host has no rows for that.
var registries = map[string][]string{
	"npm": {
		"registry.npmjs.org", "registry.yarnpkg.com", "npm.pkg.github.com", "npm.jsr.io", "registry.npmmirror.com",
		"cdn.npmmirror.com",
		"registry.npm.taobao.org", "cdn.sheetjs.com", "npm.fontawesome.com", "registry.npm.gsap.com",
	},
	"python": {
		"pypi.org", "pypi.python.org", "files.pythonhosted.org", "download.pytorch.org", "pypi.nvidia.com",
		"www.piwheels.org", "storage.googleapis.com",
	},
	"gem": {
		"rubygems.org", "index.rubygems.org", "rubygems.pkg.github.com", "gems.contribsys.com",
		"gem.fury.io", "rails-assets.org",
	},
	"composer": {
		"api.github.com", "codeload.github.com", "github.com", "gitlab.com", "bitbucket.org",
		"repo.packagist.com", "packagist.org", "git.drupalcode.org", "ftp.drupal.org", "downloads.wordpress.org",
	},
}

// origin is where a lock takes a package from. The zero origin is the registry that is configured, or no address at
// all.
type origin struct {
	host string
	git  bool // of a repository, not a registry
}

// originOf reads the address of an entry; the empty origin is the registry that is set. Credentials are no part of the
// host: https://registry.npmjs.org@evil.example/ is of evil.example. The host is in lower case and without a port.
// Another scheme than http, https and git gives what can be read of it.
func originOf(resolved string) origin {
	git := strings.HasPrefix(resolved, "git") || strings.HasSuffix(strings.SplitN(resolved, "#", 2)[0], ".git")
	text := strings.TrimPrefix(resolved, "git+")
	if rest, ok := strings.CutPrefix(text, "git@"); ok { // git@host:path
		host, _, _ := strings.Cut(rest, ":")
		return origin{strings.ToLower(host), true}
	}
	for _, short := range []string{"github:", "gitlab:", "bitbucket:"} {
		if strings.HasPrefix(text, short) {
			return origin{strings.TrimSuffix(short, ":"), true}
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return origin{git: git}
	}
	host := strings.ToLower(u.Hostname())
	if host == "codeload.github.com" {
		git = true
	}
	return origin{host, git}
}

// foreign makes rows of packages that are not taken from where the others are. before are the entries of the same lock
// in the image that is compared with, by name; nil without one. The host of most packages is the rule of the lock,
// whatever host that is; a lock that has all from one proxy has no rows. One that poses as a registry is reported
// whatever the others are. Private registries are common: what weighs is that the host is new or poses as another.
func (c *comparison) foreign(before map[string][]entry) {
	known := registries[c.file.eco]
	if known == nil {
		return
	}
	counts, scopes := map[string]int{}, map[string]map[string]bool{}
	for _, e := range c.file.entries {
		if o := originOf(e.resolved); !e.link && o.host != "" && !o.git {
			counts[o.host]++
			if s := scopeOf(e.name); s != "" {
				if scopes[s] == nil {
					scopes[s] = map[string]bool{}
				}
				scopes[s][o.host] = true
			}
		}
	}
	main := mostOf(counts, known)
	for _, e := range c.file.entries {
		o := originOf(e.resolved)
		if e.link || o.host == "" {
			continue
		}
		if poses := posesAs(o.host, known); poses != "" {
			c.source(e, before, inspect.High, fmt.Sprintf("host %s is one slip away from %s", o.host, poses))
			continue
		}
		switch {
		case o.git && c.file.eco == "composer", !o.git && slices.Contains(known, o.host), o.host == main:
		case o.git:
			c.repository(e, o, before)
		case counts[o.host] == len(c.file.entries):
		case len(scopes[scopeOf(e.name)]) == 1:
			c.scope(e, o, before)
		default:
			c.source(e, before, inspect.Medium, fmt.Sprintf("it is taken from %s, and %d others from %s", o.host,
				counts[main], main))
		}
	}
}

// scopeOf is the scope of an npm package; empty for others.
func scopeOf(name string) string {
	if scope, _, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(scope, "@") {
		return scope
	}
	return ""
}

// mostOf is the host that most packages are taken from; of several, a known registry. Empty where no package has an
// address.
func mostOf(counts map[string]int, known []string) string {
	hosts := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(hosts, func(a, b string) int {
		rank := func(host string) int { return slices.Index(known, host) }
		return cmp.Or(counts[b]-counts[a], min(rank(b), 0)-min(rank(a), 0))
	})
	if len(hosts) == 0 {
		return ""
	}
	return hosts[0]
}

// scope makes a row of a package whose scope is taken from one host, as those of companies are. A scope that came from
// elsewhere in the image that is compared with is no company's own.
func (c *comparison) scope(e entry, o origin, before map[string][]entry) {
	severity, why := inspect.Info, fmt.Sprintf("all of %s is taken from %s", scopeOf(e.name), o.host)
	if old := before[e.name]; len(old) > 0 {
		if was := originOf(old[0].resolved).host; was != "" && was != o.host {
			severity, why = inspect.Medium, why+", and came from "+was+" before"
		}
	}
	c.source(e, before, severity, why)
}

// repository makes a row of a package that is taken from a repository. Many are, so that only a change of it counts.
func (c *comparison) repository(e entry, o origin, before map[string][]entry) {
	severity, why := inspect.Info, "it is taken from a repository at "+o.host
	if old := before[e.name]; len(old) > 0 && !slices.ContainsFunc(old,
		func(b entry) bool { return originOf(b.resolved).git }) {
		severity, why = inspect.Medium, why+", and came from a registry before"
	}
	c.source(e, before, severity, why)
}

// source adds the row, lowered where the same package came from the same host before. That the same package came from
// the same host before is no proof that the host is fine; it is no news either. The row has the whole address in
// Resolved, so that a person can judge it.
func (c *comparison) source(e entry, before map[string][]entry, severity inspect.Severity, why string) {
	host := originOf(e.resolved).host
	if slices.ContainsFunc(before[e.name], func(b entry) bool { return originOf(b.resolved).host == host }) {
		severity, why = inspect.Info, why+", as before"
	}
	c.add(inspect.LockRow{
		Name: e.name, Locked: e.version, Resolved: e.resolved, Change: inspect.LockForeignSource,
		Severity: severity, Detail: why,
	})
}

// posesAs returns the registry that a host is made to be taken for. Known hosts themselves never pose. Short names are
// left out, which too many others are like. registry.npmjs.org and registry.npmjs.0rg differ in one character; the
// bound of one keeps chance matches rare.
func posesAs(host string, known []string) string {
	if slices.Contains(known, host) {
		return ""
	}
	for _, k := range known {
		if strings.Count(k, ".") > 0 && len(k) >= 8 && (oneSlip(host, k) || strings.Contains(host, k+".") ||
			strings.HasSuffix(host, "-"+k)) {
			return k
		}
	}
	return ""
}

// oneSlip reports whether two texts differ by one character, or by two neighbors that changed places. It cuts what both
// begin and end with; at most one character of each may be left, or two that changed places. It compares bytes, which
// is right for the names of hosts: others than ASCII are written as xn--….
func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 && len(a)+len(b) > 0 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// rewritten makes rows of packages that have other content at the same version than before: registries do not replace a
// release, and a tag that was moved is how a poisoned one gets in. Registries refuse a second upload of a version, so
// that other content means that the lock, a mirror or the registry was tampered with. Without an earlier image there is
// nothing to compare, and no rows.
func (c *comparison) rewritten(before map[string][]entry) {
	for _, e := range c.file.entries {
		if e.integrity == "" || e.version == "" || e.link || c.file.kind != "composer" && originOf(e.resolved).git ||
			movingVersion(e.version) {
			continue
		}
		for _, b := range before[e.name] {
			if b.version == e.version && comparable(b.integrity, e.integrity) && b.integrity != e.integrity {
				c.add(inspect.LockRow{
					Name: e.name, Locked: e.version, Resolved: e.resolved, Change: inspect.LockRewritten,
					Severity: inspect.High,
					Detail:   fmt.Sprintf("its content was %s and is %s at the same version", b.integrity, e.integrity),
				})
				break
			}
		}
	}
}

// movingVersion reports whether a version of composer is a branch.
func movingVersion(v string) bool {
	return strings.HasPrefix(v, "dev-") || strings.HasSuffix(v, "-dev")
}

// comparable reports whether two integrities are of one algorithm: "sha512-…", or commits, which have no prefix.
// Checksums of yarn's own archives are not: they follow its version and settings. Integrities of two algorithms are
// never equal, and prove nothing about the content.
func comparable(a, b string) bool {
	algorithm := func(s string) string {
		before, _, ok := strings.Cut(s, "-")
		if before2, _, colon := strings.Cut(s, ":"); !ok && colon {
			before, ok = before2, true
		}
		if !ok && len(s) == 40 {
			return "commit"
		}
		if ok && len(before) <= 8 {
			return before
		}
		return ""
	}
	return algorithm(a) != "" && algorithm(a) == algorithm(b)
}
