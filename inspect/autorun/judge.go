package autorun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// examine finds out whose a hook is and what it does. Files that a hook loads are scanned unless a package of the
// system vouches for them byte by byte. The hook's own text is read before those of its targets, which count against
// MaxTextAll as well.
func (s *scene) examine(ctx context.Context, h hook) *row {
	r := &row{hook: h}
	if h.node != nil {
		r.owner, r.system = s.owned(h.node.Path)
		r.altered = s.own.Altered(h.node.Path)
		r.vouched = s.vouched(h.node.Path)
		if c, ok := s.own.Claims[h.node.Path]; ok && r.version == "" {
			r.version = c.Version
		}
	}
	if h.pkg != "" {
		r.owner, r.vouched = h.pkg, !r.altered
	}
	if r.altered {
		r.add(inspect.CodeAltered)
	} else if h.node != nil && !r.vouched {
		r.add(inspect.CodeUnowned)
	}
	s.examineTargets(ctx, r)
	if r.text == nil && h.node != nil {
		r.text = s.text(ctx, h.node)
	}
	r.scan(r.text)
	for _, n := range h.loads {
		switch _, system := s.owned(n.Path); {
		case system && n != h.node && isModule(n.Path):
			r.scanStrong(s.text(ctx, n))
		case !system:
			r.scan(s.text(ctx, n))
		}
	}
	if h.missing != "" {
		r.add(inspect.CodeMissingTarget)
	}
	if h.opens != "" {
		r.add(inspect.CodeLetsIn)
	}
	return r
}

// examineTargets looks at the files that a hook starts or loads. They are examined even where a package owns the hook:
// a unit of a package may start a script that a later layer replaced. For a hook without a file of its own, as a
// variable, the files that it loads decide whose it is: it is vouched for only if all of them are.
func (s *scene) examineTargets(ctx context.Context, r *row) {
	if r.dir != "" {
		r.hidden = r.dir
		r.add(inspect.CodeHiddenTarget)
	}
	for _, n := range r.loads {
		if hides(n.Path) && n != r.node && (n.Kind != "" || n.Executable()) {
			r.hidden = n.Path
			r.add(inspect.CodeHiddenTarget)
		}
		if r.node != nil || r.kind == KindEntrypoint || r.kind == KindHealthCheck {
			continue
		}
		name, system := s.owned(n.Path)
		if name == "" && n.Kind == inspect.KindJar {
			name = s.jarOwner(ctx, n)
		}
		switch {
		case name == "" || s.own.Altered(n.Path):
			r.add(inspect.CodeUnownedTarget)
		case r.owner == "":
			r.owner, r.system = name, system
		}
	}
	if r.node == nil && len(r.loads) > 0 && !r.has(inspect.CodeUnownedTarget) {
		r.vouched = true
	}
}

// add notes a code, once.
func (r *row) add(code string) {
	if !slices.Contains(r.codes, code) {
		r.codes = append(r.codes, code)
	}
}

// has reports whether a row has one of the codes.
func (r *row) has(codes ...string) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return slices.Contains(r.codes, c) })
}

// scan adds the signs of a text, each once. The order is that in which texts are scanned, so that the first strong
// sign, whose excerpt is shown, is that of the hook itself.
func (r *row) scan(text []byte) {
	for _, f := range content.Scan(text) {
		if !slices.ContainsFunc(r.found, func(o content.Found) bool { return o.Sign == f.Sign }) {
			r.found = append(r.found, f)
		}
	}
}

// scanStrong adds the strong signs of a text. A package of the system vouches for the bytes of its modules and not for
// what they do: one that fetches what it runs was poisoned before it was packaged. Weak signs are usual there.
func (r *row) scanStrong(text []byte) {
	was := len(r.found)
	r.scan(text)
	r.found = append(r.found[:was], slices.DeleteFunc(slices.Clone(r.found[was:]), func(f content.Found) bool {
		return !f.Sign.Strong()
	})...)
}

// isModule reports whether a file is code of an interpreter, by its name.
func isModule(p string) bool {
	return slices.Contains([]string{".py", ".js", ".cjs", ".mjs", ".rb", ".pl", ".pm", ".php"}, path.Ext(p))
}

// sign gives what was found of a sign.
func (r *row) sign(s content.Sign) (content.Found, bool) {
	at := slices.IndexFunc(r.found, func(f content.Found) bool { return f.Sign == s })
	if at < 0 {
		return content.Found{}, false
	}
	return r.found[at], true
}

// strong is the first strong sign.
func (r *row) strong() (content.Found, bool) {
	at := slices.IndexFunc(r.found, func(f content.Found) bool { return f.Sign.Strong() })
	if at < 0 {
		return content.Found{}, false
	}
	return r.found[at], true
}

// weak counts the weak signs.
func (r *row) weak() int {
	n := 0
	for _, f := range r.found {
		if !f.Sign.Strong() {
			n++
		}
	}
	return n
}

// fingerprint is the same for two hooks that run the same: the command, where that is all, else the content, and the
// files that are loaded. Time and mode are no part of it. Fields are separated by a zero byte, which no path and no
// command holds, so that moving text from one field to the next gives another fingerprint.
func (h hook) fingerprint() string {
	sum := sha256.New()
	put := func(s string) { sum.Write([]byte(s + "\x00")) }
	switch {
	case h.inline:
		put(h.command)
	case h.kind == KindMaintainerScript || h.node == nil:
		put(string(h.text))
	default:
		put(h.node.SHA256)
	}
	var loads []string
	for _, n := range h.loads {
		loads = append(loads, n.SHA256)
	}
	slices.Sort(loads)
	put(strings.Join(loads, " "))
	return hex.EncodeToString(sum.Sum(nil))
}

// interpreters are the first letters of the programs that run the hooks of a kind, as alerts name them. python3.12 and
// python are one program here. A kind that no interpreter runs has none, and no alert raises its rows.
func interpreters(kind string) []string {
	switch kind {
	case KindPythonPth, KindPythonSite, KindPythonEntry:
		return []string{"python", "pypy"}
	case KindNpmScript, KindNodeConfig:
		return []string{"node", "bun", "npm"}
	case KindGem:
		return []string{"ruby"}
	case KindComposer, KindPHP:
		return []string{"php", "php-fpm", "php-cgi"}
	case KindJavaAgent, KindJavaService:
		return []string{"java"}
	case KindPerlSite:
		return []string{"perl"}
	case KindInterpreterEnv:
		return []string{"node", "python", "ruby", "perl", "php", "dotnet", "bun"}
	case KindProfile, KindShellEnv, KindEntrypointFolder, KindInit, KindEntrypoint:
		return []string{"sh", "bash", "dash", "ash", "busybox"}
	case KindCron:
		return []string{"sh", "bash", "dash", "cron", "crond", "busybox"}
	default:
		return nil
	}
}

// alertedBy reports whether one of the programs that alerts name runs the hooks of a kind. Versions behind the name are
// cut off: python3.12 is python.
func alertedBy(kind string, programs []string) bool {
	for _, p := range programs {
		base := strings.TrimRight(path.Base(p), "0123456789.")
		if slices.Contains(interpreters(kind), base) {
			return true
		}
	}
	return false
}

// Odd names what a file that starts something does and few harmless ones do, as a predicate; "" for nothing. "" also
// where the file is in none of the places. It is for callers outside of a run of the check, as for files that were
// written at run time. Nothing is compared with an earlier image.
func Odd(ctx context.Context, tree *layer.Tree, own *owner.Ownership, n *inspect.Node) string {
	s := &scene{tree: tree, own: own}
	for _, h := range readPlace(ctx, s, n) {
		r := s.examine(ctx, h)
		switch found, strong := r.strong(); {
		case strong:
			return found.Sign.Words()
		case h.opens != "" && h.kind == KindPAM:
			return h.opens
		case r.hidden != "":
			return r.reaches()
		}
	}
	return ""
}
