package binary

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/registry"
)

// Modules are code that an interpreter loads. They have no bit that makes them programs and start nothing by
// themselves: a release that was poisoned has its code in one of them, its package vouches for it, and the alert names
// the interpreter.

// isModule reports whether a file is a module that is none of the programs that are suspects already.
func isModule(n *inspect.Node) bool {
	return layer.IsRegular(n) && n.Size > 0 && (n.Kind == "" || n.Kind == inspect.KindScript) && !owner.IsProgram(n) &&
		slices.Contains([]string{
			".py", ".js", ".cjs", ".mjs", ".ts", ".rb", ".php", ".phtml", ".inc", ".pl", ".pm", ".lua",
		}, path.Ext(n.Path))
}

// moduleReader reads modules while bytes are left of a budget, and counts those that were not read, or not to their
// end.
type moduleReader struct {
	left int64
	past int
}

// text is the beginning of a module, nil past the bound and where it cannot be read. Errors: those of the context, and
// of a store that is damaged.
func (r *moduleReader) text(ctx context.Context, t *layer.Tree, n *inspect.Node) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n.Size > MaxModule || r.left < min(n.Size, MaxModule) {
		r.past++
	}
	if r.left -= min(n.Size, MaxModule); r.left < 0 {
		return nil, nil
	}
	data, err := t.Head(ctx, n, MaxModule)
	if errors.Is(err, registry.ErrDamagedStore) {
		return nil, err
	}
	return data, nil //nolint:nilerr // a file that cannot be read is shown as such elsewhere
}

// mining finds modules with strings of miners, without anything to compare with: two different ones, since one may
// stand in a list of what is looked for. budget is in bytes. The image decides how many modules it has: those past the
// bounds are counted in the scanner, and not passed over in silence.
func mining(ctx context.Context, h *scanner, budget int64) error {
	reader := moduleReader{left: budget}
	defer func() { h.unread = reader.past }()
	for n := range h.tree.All() {
		if !isModule(n) {
			continue
		}
		text, err := reader.text(ctx, h.tree, n)
		if err != nil {
			return err
		}
		if content.Miners(text) < 2 || suspected(h, n) {
			continue
		}
		for _, f := range content.Strict(text) {
			if f.Sign == content.Mines {
				h.suspects = append(h.suspects, h.module(n, f))
			}
		}
	}
	return nil
}

// suspected reports whether a file is a suspect already.
func suspected(h *scanner, n *inspect.Node) bool {
	return slices.ContainsFunc(h.suspects, func(s *suspect) bool { return s.node == n })
}

// module makes a suspect of a module by one sign.
func (h *scanner) module(n *inspect.Node, f content.Found) *suspect {
	s := &suspect{node: n}
	s.add(inspect.CodeModuleSigns, "it "+f.Sign.Words()+": "+f.Excerpt)
	c, owned := h.own.Claims[n.Path]
	switch {
	case owned && h.own.Packaged(n.Path) && !h.own.Altered(n.Path):
		s.owner = c.Package
		s.add("", "package "+c.Package+" lists it")
	case owned:
		s.add("", c.Package+" lists it")
	default:
		s.add(inspect.CodeUnowned, "no package lists it")
		if s.library = owner.ByPlace(h.tree, n.Path); s.library != "" {
			s.add("", "it lies in the directory of "+s.library)
		}
	}
	if h.shows == nil {
		h.shows = map[string]string{}
	}
	h.shows[n.Path] = f.Sign.Words()
	return s
}

// changedModules finds modules that the earlier image does not have, or has with other content, and that show more
// than they did: what hardly any harmless module does, or any strong sign where the version of the package is the same.
func changedModules(ctx context.Context, h *scanner, with *comparison) ([]*suspect, error) {
	reader := moduleReader{left: MaxModules}
	var found []*suspect
	for n := range h.tree.All() {
		old := with.before.Get(n.Path)
		if !isModule(n) || old != nil && layer.IsRegular(old) && old.SHA256 == n.SHA256 {
			continue
		}
		now, err := reader.text(ctx, h.tree, n)
		if err != nil {
			return nil, err
		}
		var was []byte
		if old != nil && layer.IsRegular(old) {
			if was, err = reader.text(ctx, with.before, old); err != nil {
				return nil, err
			}
		}
		f, ok := gainedSign(content.Strict(now), content.Strict(was))
		if !ok && was != nil && with.sameModuleVersion(ctx, n) {
			f, ok = gainedSign(content.Scan(now), content.Scan(was))
		}
		if !ok || len(found) >= MaxRows || suspected(h, n) {
			continue
		}
		s := h.module(n, f)
		s.compare(ctx, with)
		found = append(found, s)
	}
	return found, nil
}

// gainedSign is the first strong sign that a text has and the earlier one has not.
func gainedSign(now, was []content.Found) (content.Found, bool) {
	at := slices.IndexFunc(now, func(f content.Found) bool {
		return f.Sign.Strong() && !slices.ContainsFunc(was, func(o content.Found) bool { return o.Sign == f.Sign })
	})
	if at < 0 {
		return content.Found{}, false
	}
	return now[at], true
}

// sameModuleVersion reports whether the package of a module, which lies at one path in both images, has one version in
// both: that of npm by its package.json, a gem and a wheel by the directories that carry the version, the standard
// library by the interpreter beside it. Where it is not known, false.
func (c *comparison) sameModuleVersion(ctx context.Context, n *inspect.Node) bool {
	if dir, ok := owner.NpmDirectory(c.now.tree, n.Path); ok {
		version := c.npmVersion(ctx, c.now.tree, dir)
		return version != "" && version == c.npmVersion(ctx, c.before, dir)
	}
	if name := owner.ByPlace(c.now.tree, n.Path); strings.HasPrefix(name, "gem ") {
		return true // the path has the version in it
	}
	if claim, ok := c.now.own.Claims[n.Path]; ok && claim.From != nil && claim.From.File != "" {
		list := c.before.Get(claim.From.File) // NAME-VERSION.dist-info/RECORD
		return claim.From.Language && list != nil && strings.HasSuffix(claim.From.File, ".dist-info/RECORD")
	}
	prefix, rest, ok := strings.Cut(n.Path, "/lib/python3.")
	minor, _, below := strings.Cut(rest, "/")
	if !ok || !below || strings.Contains(rest, "site-packages/") || strings.Contains(rest, "dist-packages/") {
		return false
	}
	interpreter := path.Join(prefix, "bin", "python3."+minor)
	a, b := c.now.tree.Get(interpreter), c.before.Get(interpreter)
	return a != nil && b != nil && layer.IsRegular(a) && layer.IsRegular(b) && a.SHA256 == b.SHA256
}

// hasOtherVersion reports whether the earlier image has a file of another version of a package in its place, by paths
// that carry the version: …/nokogiri-1.18.3/x.so for …/nokogiri-1.18.4/x.so.
func (c *comparison) hasOtherVersion(p string) bool {
	key := autorun.Versionless(p)
	if key == p {
		return false
	}
	return c.versionless()[key]
}

// versionless are the paths of the earlier image that carry a version, without it.
func (c *comparison) versionless() map[string]bool {
	if c.paths == nil {
		c.paths = map[string]bool{}
		for n := range c.before.All() {
			if key := autorun.Versionless(n.Path); key != n.Path {
				c.paths[key] = true
			}
		}
	}
	return c.paths
}

// newLibrary reports whether the earlier image has no version of the package, of npm or RubyGems, in whose directory a
// file lies.
func (c *comparison) newLibrary(p string) bool {
	if dir, ok := owner.NpmDirectory(c.now.tree, p); ok {
		return c.before.Get(path.Join(dir, "package.json")) == nil
	}
	name, ok := strings.CutPrefix(owner.ByPlace(c.now.tree, p), "gem ")
	if !ok {
		return false
	}
	for _, dir := range []string{"/gems/", "/extensions/"} {
		if home, _, found := strings.Cut(p, dir); found {
			spec := path.Join(home, "specifications", name+".gemspec")
			return !c.versionless()[autorun.Versionless(spec)] && c.before.Get(spec) == nil
		}
	}
	return false
}
