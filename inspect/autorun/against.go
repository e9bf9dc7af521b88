package autorun

import (
	"cmp"
	"context"
	"path"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// other is the previous or known-good image, as far as the hooks of this one are compared with it.
type other struct {
	scene     *scene
	hooks     map[string][]hook // by kind and name
	packages  map[string]string // version by directory or name of a package that has hooks
	confirmed bool
	start     *inspect.Node // what it starts
}

// newOther collects the hooks of an earlier image. Whose its files are is not asked: only what they hold is compared.
// confirmed is whether a person confirmed it: only then it lowers anything. The config is that of the earlier image; an
// image without a config has the zero value, and then only its files have hooks.
func newOther(ctx context.Context, tree *layer.Tree, config inspect.ImageConfig, confirmed bool) (*other, error) {
	s := &scene{tree: tree, own: &owner.Ownership{Tree: tree}, config: config}
	hooks, err := s.collect(ctx)
	if err != nil {
		return nil, err
	}
	o := &other{scene: s, hooks: map[string][]hook{}, packages: map[string]string{}, confirmed: confirmed}
	for _, h := range hooks {
		o.hooks[h.kind+" "+h.name] = append(o.hooks[h.kind+" "+h.name], h)
		o.packages[h.kind+" "+h.pkg] = h.version
	}
	if words := append(append([]string{}, config.Entrypoint...), config.Cmd...); len(words) > 0 {
		o.start = s.program(words[0], true)
	}
	return o, nil
}

// compare adds to a row what the earlier image has in its place. Hooks are matched by kind and name; of several with
// one name, one that is the same is enough. It adds codes and never a severity: the rule in severity.go weighs them. A
// hook that is the same in an image that nobody confirmed gets no code, since the earlier image may have been poisoned
// already.
func (o *other) compare(ctx context.Context, s *scene, r *row) {
	isNew := false
	defer func() { r.isNew = &isNew }()
	olds := o.hooks[r.kind+" "+r.name]
	if len(olds) == 0 {
		isNew = true
		r.add(inspect.CodeNotInKnownGood)
		if o.hadPackage(r) {
			r.add(inspect.CodeGained)
		}
		if r.version != "" && r.version == o.versionOf(ctx, r) {
			r.add(inspect.CodeSameVersion)
		}
		return
	}
	print := r.fingerprint()
	for _, old := range olds {
		if old.fingerprint() == print {
			if o.confirmed {
				r.add(inspect.CodeKnownGood)
			}
			return
		}
	}
	old := olds[0]
	if r.inline && old.command != r.command {
		isNew = true
		r.add(inspect.CodeNotInKnownGood)
	}
	r.add(inspect.CodeChangedSinceKnownGood)
	if r.version != "" && r.version == old.version {
		r.add(inspect.CodeSameVersion)
	}
	o.wraps(s, r)
	r.found = o.since(ctx, r.found, old)
}

// hadPackage reports whether the earlier image has the package of a hook that it does not have. An install script that
// a package gained between two versions is how most poisoned releases came in. The specifications of gems are named
// NAME-VERSION.gemspec; the digit behind the dash keeps rack-test from counting as rack.
func (o *other) hadPackage(r *row) bool {
	if r.place != "" && r.kind == KindNpmScript {
		return o.scene.tree.Get(r.place+"/package.json") != nil
	}
	if r.place != "" && r.kind == KindComposer {
		return o.scene.tree.Get(r.place) != nil
	}
	if r.kind == KindGem && r.pkg != "" {
		name := strings.TrimPrefix(r.pkg, "gem ")
		for _, n := range o.scene.tree.Children(path.Join(path.Dir(path.Dir(r.place)), "specifications")) {
			if rest, ok := strings.CutPrefix(path.Base(n.Path), name+"-"); ok && rest != "" && rest[0] >= '0' &&
				rest[0] <= '9' {
				return true
			}
		}
	}
	_, ok := o.packages[r.kind+" "+r.pkg]
	return ok && r.pkg != ""
}

// versionOf is the version that the earlier image has of the package of a hook, "" where it is not known. Scripts of
// packages belong to nothing that a list of files names, so that the package is looked up by its name there. Versions
// are claims of the package: an attacker who changes a file keeps the version, which is what makes the same version
// with other content loud.
func (o *other) versionOf(ctx context.Context, r *row) string {
	switch r.kind {
	case KindNpmScript:
		n := o.scene.tree.Get(r.place + "/package.json")
		if n == nil || !layer.IsRegular(n) {
			return ""
		}
		return manifestVersion(o.scene.text(ctx, n))
	case KindComposer:
		return o.composerVersion(ctx, r)
	case KindMaintainerScript:
		return cmp.Or(o.scene.dpkgVersion(ctx, r.pkg), o.packages[r.kind+" "+r.pkg])
	default:
		return o.packages[r.kind+" "+r.pkg]
	}
}

// composerVersion looks a package up in the list that lies two directories above it. Where that list is not there
// there is no finding on the version; other content then counts as changed, and not as rewritten at the same version.
func (o *other) composerVersion(ctx context.Context, r *row) string {
	name := strings.TrimPrefix(r.pkg, "composer ")
	vendor := strings.TrimSuffix(r.place, "/"+name)
	n := o.scene.tree.Get(vendor + "/composer/installed.json")
	if n == nil || !layer.IsRegular(n) {
		return ""
	}
	for _, p := range composerPackages(o.scene.text(ctx, n)) {
		if p.Name == name {
			return p.Version
		}
	}
	return ""
}

// wraps notes a script that stands where the earlier image has the program that it starts, which now lies elsewhere and
// is started by the script. It looks for the content of the old program in the whole tree: it may have been moved
// anywhere.
func (o *other) wraps(s *scene, r *row) {
	if r.kind != KindEntrypoint || r.node == nil || o.start == nil || o.start.SHA256 == r.node.SHA256 ||
		o.start.Kind == inspect.KindScript || o.start.Kind == "" {
		return
	}
	for n := range s.tree.All() {
		if layer.IsRegular(n) && n.SHA256 == o.start.SHA256 && n.Size > 0 && n.Path != r.node.Path {
			r.add(inspect.CodeWrapsOriginal)
			if hides(n.Path) {
				r.hidden = n.Path
				r.add(inspect.CodeHiddenTarget)
			}
			return
		}
	}
}

// digits stand in for versions in excerpts: the next release downloads the next version.
var digits = regexp.MustCompile(`[0-9]+`)

// since leaves out the signs that the earlier image's hook has too: the weak ones by name, the strong ones by the
// text that shows them. An attacker cannot hide a new download behind an old one, since strong signs are compared by
// their text and not by their kind.
func (o *other) since(ctx context.Context, found []content.Found, old hook) []content.Found {
	if len(found) == 0 {
		return found
	}
	was := &row{hook: old}
	text := old.text
	if text == nil && old.node != nil {
		text = o.scene.text(ctx, old.node)
	}
	was.scan(text)
	for _, n := range old.loads {
		was.scan(o.scene.text(ctx, n))
	}
	var left []content.Found
	for _, f := range found {
		before, had := was.sign(f.Sign)
		if had && (!f.Sign.Strong() || digits.ReplaceAllString(before.Excerpt,
			"#") == digits.ReplaceAllString(f.Excerpt, "#")) {
			continue
		}
		left = append(left, f)
	}
	return left
}
