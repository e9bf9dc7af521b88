package binary

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// suspect is a program that no unaltered package answers for, or that an alert names.
type suspect struct {
	node   *inspect.Node
	codes  []string
	detail []string // sentences without a period
	owner  string   // package of the system
	// vouched reports whether a language's package manager lists this content. It is a suspect all the same, for
	// anybody may write its lists, and is shown only if it has a sign.
	vouched bool
	release release // how its version compares with that in the known-good
	novel   bool    // its package, of a language's package manager, is not in the earlier image at all
	library string  // of a language's package manager, for content that nothing vouches for
}

// add notes a code once, and a sentence. Either may be empty.
func (s *suspect) add(code, detail string) {
	if code != "" && !slices.Contains(s.codes, code) {
		s.codes = append(s.codes, code)
	}
	if detail != "" {
		s.detail = append(s.detail, detail)
	}
}

// has reports whether a suspect has one of the codes.
func (s *suspect) has(codes ...string) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return slices.Contains(s.codes, c) })
}

// scanner looks for suspects in an image.
type scanner struct {
	tree     *layer.Tree
	owners   *owner.Cache
	own      *owner.Ownership
	image    inspect.Image
	layers   []inspect.Layer
	mounts   []inspect.Mount          // of the container
	alerted  map[*inspect.Node]string // what the alert says
	acted    map[*inspect.Node]bool   // alerted programs that act by themselves: no interpreter, launcher or tool
	given    map[*inspect.Node]string // files that an alerted interpreter ran, and which
	started  []*inspect.Node          // the image's own programs
	path     *searchPath
	hijacked map[*inspect.Node]string // loaded into every program, and by what
	suspects []*suspect
	shows    map[string]string // what modules show, as a predicate, by path
	unread   int               // modules that were not read, or not to their end

	shadowed  []layer.ShadowedEntry
	deletions []deletion
}

// run considers every file of the merged tree, then what layers hide, and reads the bytes of the suspects. It is called
// once for an image; the alerts are located before it.
func (h *scanner) run(ctx context.Context) error {
	h.started = programs(h.tree, h.image.Settings, h.path.dirs)
	h.hijacked = autorun.Preloads(ctx, h.tree, h.own, h.image.Settings.Env)
	h.shadowed = h.tree.Shadowed()
	below := map[string]layer.ShadowedEntry{}
	for _, r := range h.shadowed {
		if r.Replaced {
			below[r.Node.Path] = r
		}
	}
	for n := range h.tree.All() {
		s := h.consider(n)
		if s == nil {
			continue
		}
		if r, ok := below[n.Path]; ok {
			s.add("", fmt.Sprintf("layer %d replaced the file that layer %d has there (sha256 %.12s)", r.By,
				r.Node.Layer, r.Node.SHA256))
		}
		h.suspects = append(h.suspects, s)
	}
	h.twins()
	if err := mining(ctx, h, MaxModules); err != nil {
		return err
	}
	if err := h.lookBelow(ctx); err != nil {
		return err
	}
	return h.examineAll(ctx)
}

// examineAll reads the suspects' bytes and adds what they show.
func (h *scanner) examineAll(ctx context.Context) error {
	look := make([]*inspect.Node, 0, len(h.suspects))
	for _, s := range h.suspects {
		look = append(look, s.node)
	}
	_, arch, _ := strings.Cut(h.image.Platform, "/")
	arch, _, _ = strings.Cut(arch, "/")
	found, err := lookInto(ctx, h.tree, look, arch)
	if err != nil {
		return err
	}
	for _, s := range h.suspects {
		f, read := found[s.node.SHA256]
		if !read {
			s.add("", unreadWords)
		}
		for _, c := range f.Codes {
			s.add(c, "")
		}
		for _, d := range f.Detail {
			if d != memfdWords || s.alone() {
				s.add("", d)
			}
		}
		if s.vouched && s.alone() {
			s.add(inspect.CodeUnowned, "")
		}
	}
	return nil
}

// consider makes a suspect of a file, or nil. A file of a package is one only if its content differs, if nothing proves
// it and it came later, or if an alert or the loader leads to it.
func (h *scanner) consider(n *inspect.Node) *suspect {
	if !layer.IsRegular(n) {
		return nil
	}
	c, owned := h.own.Claims[n.Path], h.own.Packaged(n.Path)
	_, alerted := h.alerted[n]
	_, hijacked := h.hijacked[n]
	own := slices.Contains(h.started, n)
	program := owner.IsProgram(n)
	changed := owned && h.own.Altered(n.Path) && severityOfAltered(n, c) == inspect.High
	_, run := h.given[n]
	unproven := owned && program && h.own.Unproven(n.Path)
	unproven = unproven && !c.Config
	shown := alerted || hijacked || run
	if !shown && (owned && !changed && !(unproven && h.own.Later(n)) || !owned && !program && !own) {
		return nil
	}
	s := &suspect{node: n}
	if owned {
		s.owner = c.Package
	}
	h.vouch(s, c, owned, changed, unproven)
	if !owned && !s.vouched {
		h.ofLibrary(s, c)
	}
	if own {
		s.add(inspect.CodeEntrypoint, "the image starts it")
	}
	h.involve(s)
	for _, code := range pathCodes(n) {
		s.add(code, "")
	}
	if other := h.path.inFrontOf(n); other != "" && !owned {
		s.add(inspect.CodeShadowsPath, "it is found in PATH before "+other)
	}
	return s
}

// involve adds how alerts and the loader are about a file.
func (h *scanner) involve(s *suspect) {
	if alert, alerted := h.alerted[s.node]; alerted {
		s.add(inspect.CodeAlerted, alert)
		if !h.acted[s.node] {
			s.add(inspect.CodeUsed,
				"it does what it is given: it counts only if its own bytes are not what they should be")
		}
	}
	if given, run := h.given[s.node]; run {
		s.add(inspect.CodeRanByAlert, given)
	}
	if by, hijacked := h.hijacked[s.node]; hijacked {
		s.add(inspect.CodeLoaderHijack, by)
	}
}

// vouch adds what the package databases have about a file's content.
func (h *scanner) vouch(s *suspect, c owner.Claim, owned, changed, unproven bool) {
	n := s.node
	switch {
	case changed:
		s.add(inspect.CodeAltered, fmt.Sprintf("its content is not that of package %s", c.Package))
		s.add("", c.Rewritten())
	case unproven:
		s.add(inspect.CodeNoDigest, fmt.Sprintf("package %s lists it without a digest of its content", c.Package))
		if h.own.Later(n) {
			s.add("", fmt.Sprintf("layer %d, later than that of the package, brought it", n.Layer))
		}
	case owned && c.Sum == "":
		s.add("", fmt.Sprintf("package %s lists it without a digest of its content", c.Package))
	case owned:
		s.add("", strings.TrimSuffix(fmt.Sprintf("its content is that of package %s, %s", c.Package, c.Weakness()),
			", "))
	case h.own.Intact(n.Path):
		s.vouched = true
		s.add("", fmt.Sprintf("its only owner is the list of %s, which anyone may write", c.Package))
	case h.own.Level == owner.Unknown:
		s.add(inspect.CodeOwnershipUnknown, "whose file it is cannot be known: "+h.own.Detail)
	default:
		s.add(inspect.CodeUnowned, "no package owns it")
	}
}

// ofLibrary describes which language's package a program may belong to.
func (h *scanner) ofLibrary(s *suspect, c owner.Claim) {
	switch {
	case h.own.Altered(s.node.Path):
		s.add("", fmt.Sprintf("its content does not match package %s", c.Package))
		if _, run := h.given[s.node]; run {
			s.add(inspect.CodeAltered, "")
		}
	case c.Package != "":
		s.library = c.Package
		s.add("", fmt.Sprintf("%s lists it without a digest", c.Package))
	default:
		if s.library = owner.ByPlace(h.tree, s.node.Path); s.library != "" {
			s.add("", fmt.Sprintf("it lies in the directory of %s, which keeps no list of its files", s.library))
		}
	}
}

// alone reports whether a suspect is a row of its own. A packed program that is vouched for is an ordinary file of a
// language's package and stays in its group.
func (s *suspect) alone() bool {
	if s.has(inspect.CodeAltered, inspect.CodeAlerted, inspect.CodeHiddenPath, inspect.CodeTmpPath,
		inspect.CodeSetuid, inspect.CodeCapability, inspect.CodeLoaderHijack,
		inspect.CodeMinerString, inspect.CodeObfuscated, inspect.CodeRunsDownload) || s.owner != "" ||
		s.has(inspect.CodeRanByAlert, inspect.CodeChangedSameVersion, inspect.CodeModuleSigns) {
		return true
	}
	return !s.vouched && s.has(inspect.CodePacked, inspect.CodeEntrypoint)
}

// notable reports whether a suspect is shown at all: of scripts and archives only those with a sign, and where
// ownership is unknown only what has one.
func (s *suspect) notable() bool {
	if s.isAutorun() {
		return false
	}
	if s.alone() {
		return true
	}
	if s.vouched || s.has(inspect.CodeDeleted) {
		return false
	}
	if s.has(inspect.CodeOwnershipUnknown) {
		return s.has(inspect.CodeNotInKnownGood, inspect.CodeChangedSinceKnownGood) && !s.text()
	}
	return !s.text()
}

// isAutorun reports whether a suspect is a script that starts by itself, which package autorun judges. One that an
// alert leads to or that has further rights is shown here too.
func (s *suspect) isAutorun() bool {
	if s.node.Kind != inspect.KindScript && s.node.Kind != "" || s.has(inspect.CodeAlerted, inspect.CodeRanByAlert,
		inspect.CodeSetuid,
		inspect.CodeCapability, inspect.CodeAltered, inspect.CodeRuntime, inspect.CodeDeleted) {
		return false
	}
	_, starts := autorun.Place(s.node.Path)
	return starts || autorun.IsMaintainerScript(s.node.Path)
}

// text reports whether a suspect is a script or an archive: an image's own ones are many.
func (s *suspect) text() bool {
	return s.node.Kind == inspect.KindScript || s.node.Kind == inspect.KindJar || s.node.Kind == ""
}

// severity judges the suspect by the rule of severity.go.
func (h *scanner) severity(s *suspect, confirmed bool) inspect.Severity {
	return severityOf(signs{
		path: s.node.Path, kind: s.node.Kind, codes: s.codes, ownership: h.own.Listing,
		searched: h.searched(s.node.Path), confirmed: confirmed, library: s.library != "",
		base: h.fromBase(s.node.Layer), release: s.release, novel: s.novel,
	})
}

// rows are the suspects as they are shown: ordinary ones of one tree and one build step are one row. Those with a sign
// are rows of their own, the worst first, at most MaxRows. confirmed is whether the earlier image was.
func (h *scanner) rows(confirmed bool) []inspect.Binary {
	groups := map[string][]*suspect{}
	var keys []string
	for _, s := range h.suspects {
		if !s.notable() {
			continue
		}
		key := s.node.Path
		if !s.alone() {
			key = fmt.Sprintf("%d %s %t %t %t", s.node.Layer, treeOf(s.node.Path), s.has(inspect.CodeKnownGood),
				s.has(inspect.CodeNotInKnownGood), s.has(inspect.CodeChangedSinceKnownGood))
		}
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], s)
	}
	rows := make([]inspect.Binary, 0, len(keys))
	for _, k := range keys {
		rows = append(rows, h.row(groups[k], confirmed))
	}
	slices.SortStableFunc(rows, func(a, b inspect.Binary) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(len(b.Codes), len(a.Codes)))
	})
	return rows[:min(len(rows), MaxRows)]
}

// row makes one row of suspects that belong together. The first to be named is the one that is most likely run; the
// choice rests on nothing that a later comparison changes, so that a row keeps its path.
func (h *scanner) row(group []*suspect, confirmed bool) inspect.Binary {
	first := slices.MinFunc(group, func(a, b *suspect) int {
		return cmp.Or(libraryRank(a.node)-libraryRank(b.node), strings.Count(a.node.Path,
			"/")-strings.Count(b.node.Path, "/"),
			cmp.Compare(b.node.Size, a.node.Size), layer.ComparePaths(a.node.Path, b.node.Path))
	})
	n := first.node
	b := inspect.Binary{
		Path: n.Path, Kind: n.Kind, SHA256: n.SHA256, Size: n.Size, Mode: fmt.Sprintf("%04o", n.Mode),
		Layer: n.Layer, Owner: first.owner,
		CreatedBy: h.createdBy(n.Layer), Count: len(group), Severity: h.severity(first, confirmed),
		Codes:  slices.Clone(first.codes),
		Detail: strings.Join(first.detail, "; "),
	}
	for _, s := range group {
		if severity := h.severity(s, confirmed); severity.Rank() < b.Severity.Rank() {
			b.Severity = severity
		}
		for _, c := range s.codes {
			if !slices.Contains(b.Codes, c) {
				b.Codes = append(b.Codes, c)
			}
		}
	}
	b.Status = b.Severity.RowStatus()
	// a list of a language's package manager proves nothing: whoever writes the file writes the list
	intact := h.own.Intact(n.Path) && !h.own.Claims[n.Path].From.Language
	if intact && !first.has(inspect.CodeAltered) || confirmed && first.has(inspect.CodeKnownGood) &&
		b.Status != inspect.RowFailed {
		b.Status = inspect.RowVerified
	}
	if len(group) > 1 {
		b.Detail = fmt.Sprintf("one of %d programs below %s that came with this build step; %s", len(group),
			treeOf(n.Path), b.Detail)
	}
	return b
}

// fromBase reports whether a layer is of the base image.
func (h *scanner) fromBase(number int) bool {
	return slices.ContainsFunc(h.layers, func(l inspect.Layer) bool { return !l.Empty && l.Number == number && l.Base })
}

// libraryRank puts programs before libraries among the names of a row.
func libraryRank(n *inspect.Node) int {
	if n.Mode&0o111 != 0 && !strings.Contains(path.Base(n.Path), ".so") {
		return 0
	}
	return 1
}

// createdBy is the build step of a layer as the config claims it; "" for none.
func (h *scanner) createdBy(layer int) string {
	for _, l := range h.layers {
		if l.Number == layer && !l.Empty {
			return l.CreatedBy
		}
	}
	return ""
}

// treeOf names the tree that a path belongs to: /usr/local, /opt/jdk, /app. A file in the root is its own. It groups
// rows and decides nothing. It takes two names below directories in which every entry is a world of its own, else one.
func treeOf(p string) string {
	names := strings.SplitN(strings.TrimPrefix(p, "/"), "/", 3)
	deep := slices.Contains([]string{"usr", "opt", "home", "srv", "var", "nix", "layers", "mnt", "root"}, names[0])
	switch {
	case len(names) == 1:
		return p
	case len(names) == 2 || !deep:
		return "/" + names[0]
	default:
		return "/" + names[0] + "/" + names[1]
	}
}

// searched reports whether a path is in a directory of PATH, or where something runs what is there.
func (h *scanner) searched(p string) bool {
	if _, starts := autorun.Place(p); starts {
		return true
	}
	if h.path == nil {
		return owner.SystemProgram(p)
	}
	_, ok := h.path.at[path.Dir(p)]
	return ok
}
