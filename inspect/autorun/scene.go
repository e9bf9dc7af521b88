package autorun

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// scene is an image as the collectors see it.
type scene struct {
	tree     *layer.Tree
	own      *owner.Ownership
	config   inspect.ImageConfig
	read     int64             // bytes read so far
	linked   int               // files looked at through links to directories
	skipped  int               // files past MaxFound and MaxTextAll
	versions map[string]string // of the system's packages, by name; nil until it is asked for
}

// collect gathers the hooks of the image, at most MaxFound. Hooks of the config come first, then those of files in the
// order of the tree. Errors: those of the context. The order of the tree is that of the paths, so that two runs over
// one image give the same rows.
func (s *scene) collect(ctx context.Context) ([]hook, error) {
	var all []hook
	for _, read := range configSources() {
		all = append(all, read(ctx, s)...)
	}
	table := sources()
	for n := range s.tree.All() {
		if n.Type != inspect.EntrySymlink && !layer.IsRegular(n) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all = s.gather(ctx, all, table, n)
		for _, below := range s.throughLink(n) {
			all = s.gather(ctx, all, table, below)
		}
	}
	return all, nil
}

// gather adds the hooks of a file, by the first source that matches its path. One file is one kind of thing: a script
// in /etc/cron.d is no module of Python too, whatever its name ends in.
func (s *scene) gather(ctx context.Context, all []hook, table []fileSource, n *inspect.Node) []hook {
	base := path.Base(n.Path)
	for _, source := range table {
		if !source.match(n.Path, base) {
			continue
		}
		switch file := s.file(n); {
		case file == nil:
		case len(all) >= MaxFound:
			s.skipped++
		default:
			all = append(all, source.read(ctx, s, file)...)
		}
		break
	}
	return all
}

// throughLink lists the files of a directory that a link leads to, each as a link with the path that it has through it:
// /root/.ssh may be a link to /opt/keys. At most MaxLinked files of an image are looked at so.
func (s *scene) throughLink(n *inspect.Node) []*inspect.Node {
	if n.Type != inspect.EntrySymlink || s.linked >= MaxLinked {
		return nil
	}
	dir := s.tree.Resolve(n.Path)
	if dir == nil || dir.Type != inspect.EntryDir {
		return nil
	}
	var list []*inspect.Node
	for _, below := range s.tree.Children(dir.Path) {
		if s.linked++; s.linked > MaxLinked {
			break
		}
		if layer.IsRegular(below) || below.Type == inspect.EntrySymlink {
			at := *below
			at.Path, at.Type = path.Join(n.Path, path.Base(below.Path)), inspect.EntrySymlink
			list = append(list, &at)
		}
	}
	return list
}

// file is the file that a node is, or that a link in its place leads to; nil for none, and for a link to a file that
// is a hook by its own path. The path stays that of the link: what starts it looks there. A copy of the node is
// returned, since the tree is shared by all checks and must not change.
func (s *scene) file(n *inspect.Node) *inspect.Node {
	if layer.IsRegular(n) {
		return n
	}
	to := s.tree.Resolve(n.Path)
	if to == nil || !layer.IsRegular(to) {
		return nil
	}
	if _, same := Place(to.Path); same {
		return nil
	}
	for _, source := range sources() {
		if source.match(to.Path, path.Base(to.Path)) {
			return nil
		}
	}
	at := *to
	at.Path = n.Path
	return &at
}

// text reads the first MaxText bytes of a text; nil for other files, and past MaxTextAll. Zero bytes are left out, as
// shells do: they hide nothing. Programs have no text here: package binary looks at their bytes. The digest of the file
// was computed when its layer was read and is not checked again here.
func (s *scene) text(ctx context.Context, n *inspect.Node) []byte {
	if n == nil || n.Kind != "" && n.Kind != inspect.KindScript {
		return nil
	}
	if s.read > MaxTextAll {
		s.skipped++
		return nil
	}
	data, err := s.tree.Head(ctx, n, MaxText)
	if err != nil {
		return nil
	}
	s.read += int64(len(data))
	return bytes.ReplaceAll(data, []byte{0}, nil)
}

// whole reads a text like text, but up to MaxWhole bytes of it: of files whose lines are taken apart, and that are
// small unless somebody padded them.
func (s *scene) whole(ctx context.Context, n *inspect.Node) []byte {
	if n == nil || n.Size <= MaxText || s.read > MaxTextAll {
		return s.text(ctx, n)
	}
	data, err := s.tree.Head(ctx, n, MaxWhole)
	if err != nil {
		return nil
	}
	if n.Size > MaxWhole {
		s.skipped++
	}
	s.read += int64(len(data))
	return bytes.ReplaceAll(data, []byte{0}, nil)
}

// scanRest looks for strong signs behind the first MaxText bytes of a text, one window after the other. Weak signs are
// usual in programs of megabytes, as bundles of JavaScript are. What lies behind MaxWhole, or behind MaxTextAll of all
// files, counts as not read.
func (s *scene) scanRest(ctx context.Context, r *row, n *inspect.Node) {
	if n == nil || n.Size <= MaxText || n.Kind != "" && n.Kind != inspect.KindScript {
		return
	}
	c, err := s.tree.Open(ctx, n)
	if err != nil {
		return
	}
	defer c.Close()
	window := make([]byte, MaxText)
	end := min(c.Size(), MaxWhole)
	for at := int64(MaxText - overlap); at < end; at += MaxText - overlap {
		if s.read > MaxTextAll || ctx.Err() != nil {
			end = at
			break
		}
		got, err := c.ReadAt(window[:min(MaxText, end-at)], at)
		s.read += int64(got)
		r.scanStrong(bytes.ReplaceAll(window[:got], []byte{0}, nil))
		if err != nil && !errors.Is(err, io.EOF) {
			end = at
			break
		}
	}
	if end < c.Size() {
		s.skipped++
		r.readTo = end
	}
}

// owned names the package that a file belongs to: that of the system, of a language's list, or of the directory that
// it lies in. system is true where the first is so and its digest is that of the content. A language's list is no
// proof, since anybody who can write the file can write the list.
func (s *scene) owned(p string) (name string, system bool) {
	c, ok := s.own.Claims[p]
	switch {
	case ok && !c.From.Language:
		return c.Package, s.own.Intact(p)
	case ok:
		return c.Package, false
	default:
		return owner.ByPlace(s.tree, p), false
	}
}

// vouched reports whether a package answers for a file: a list names it and its content is not another, or it lies in
// the directory of a language's package.
func (s *scene) vouched(p string) bool {
	if c, ok := s.own.Claims[p]; !ok || c.From.Language {
		if _, placed := Place(p); placed {
			return false // what starts with the system is of a package of the system, or of none
		}
	}
	name, _ := s.owned(p)
	return name != "" && !s.own.Altered(p)
}

// targets finds the files that the words of a command name: absolute ones, and those below the directories given. At
// most MaxWords words are looked at and MaxLoads files found.
func (s *scene) targets(command string, dirs ...string) []*inspect.Node {
	var found []*inspect.Node
	words := strings.FieldsFunc(command, func(r rune) bool { return strings.ContainsRune(" \t\n\"'=;&|(),<>`", r) })
	for _, w := range words[:min(len(words), MaxWords)] {
		if n := s.target(w, dirs...); n != nil && !slices.Contains(found, n) && len(found) < MaxLoads {
			found = append(found, n)
		}
	}
	return found
}

// target resolves one word: a file, or a module of Node.js without its extension.
func (s *scene) target(word string, dirs ...string) *inspect.Node {
	if word == "" || strings.HasPrefix(word, "-") || len(word) > 4096 || strings.Contains(word, "://") {
		return nil
	}
	if strings.HasPrefix(word, "/") {
		dirs = []string{"/"}
	}
	for _, dir := range dirs {
		for _, end := range []string{"", ".js", ".cjs", ".mjs"} {
			if n := s.tree.Resolve(below(dir, word) + end); n != nil && layer.IsRegular(n) {
				return n
			}
		}
	}
	return nil
}

// below puts a path below a directory as it is written: "..", which goes up from where a link leads to, is left to the
// tree.
func below(dir, word string) string { return "/" + strings.TrimPrefix(dir+"/"+word, "/") }

// excerpt joins the first lines of a text that are no comments. It is what a person sees of the script in a table, and
// is cut at a length that fits there; the whole of it is a file of the image that can be opened.
func excerpt(text []byte) string {
	var b strings.Builder
	layer.Lines(text[:min(len(text), 64<<10)], func(line string) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || b.Len() > MaxCommand {
			return
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(line)
	})
	return shorten(b.String())
}

// shorten joins the lines of a command and cuts it to MaxCommand bytes. Secrets are removed by the ledger.
func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "�")
	}
	if len(s) <= MaxCommand {
		return s
	}
	return strings.ToValidUTF8(s[:MaxCommand], "") + "…"
}
