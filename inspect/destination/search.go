package destination

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/text"
)

// Search is what is searched: an image with its merged tree and the owners of its files.
type Search struct {
	Image *inspect.Image
	Tree  *layer.Tree
	Own   *owner.Ownership
	Check string // the check that the findings are of
}

// counted is how far a search of the files went.
type counted struct {
	files, unread int
	bytes         int64
	limit         bool
}

// Alerts looks up the destinations of the alerts about this image, and emits a finding for each place that has one, and
// a notice with what was looked through where none has. Errors are those of the context: a file that cannot be read is
// counted.
func (s Search) Alerts(ctx context.Context, alerts []inspect.Alert, emit func(inspect.Event)) error {
	targets, passed := targetsOf(alerts, s.Image.Container)
	for _, p := range passed {
		emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: fmt.Sprintf("the destination %s of an alert was "+
			"not looked up in the image of %s: it is of a private or special range, which many images name", p,
			s.Image.Container)}})
	}
	if len(targets) == 0 {
		return nil
	}
	found := s.settings(targets)
	files, went, err := s.files(ctx, targets)
	if err != nil {
		return err
	}
	found = append(found, files...)
	for _, f := range found[:min(len(found), MaxFindings)] {
		emit(inspect.Event{Fact: f.finding(s)})
	}
	if more := len(found) - MaxFindings; more > 0 {
		emit(inspect.Event{Fact: inspect.Notice{
			Level: "info",
			Text: fmt.Sprintf("destinations of alerts stand in %s more "+
				"of the image of %s", text.Count(more, "place"), s.Image.Container),
		}})
	}
	for _, t := range targets {
		if !slices.ContainsFunc(found, func(f place) bool { return f.target.text == t.text }) {
			emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: t.nowhere(s.Image.Container, went)}})
		}
	}
	return nil
}

// nowhere words that a destination was not found, and what that is worth.
func (t target) nowhere(container string, went counted) string {
	words := fmt.Sprintf("the destination %s of the alert %q was not found in the image of %s: config, environment, "+
		"build steps and %s that no package vouches for (%s) were looked through", t.text, t.alert, container,
		text.Count(went.files, "file"), text.Size(went.bytes))
	if went.unread > 0 {
		words += fmt.Sprintf(", %s could not be read", text.Count(went.unread, "file"))
	}
	if went.limit {
		words += ", the rest is past the limit"
	}
	return words + "; it may be given at run time, packed or encoded"
}

// place is where a destination stands.
type place struct {
	target target
	node   *inspect.Node // nil for what is no file
	where  string        // the environment variable X, build step 3 …
	key    string        // of the subject, for what is no file
}

// settings looks through what the config of the image has: environment, command lines, labels, build steps. Values
// are not repeated: they may hold secrets.
func (s Search) settings(targets []target) []place {
	var found []place
	look := func(value, where, key string) {
		lower := lowered([]byte(value))
		for _, t := range targets {
			if t.in(lower) {
				found = append(found, place{target: t, where: where, key: key})
			}
		}
	}
	c := s.Image.Settings
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		look(value, "the environment variable "+name+" of its config", "env "+name)
	}
	look(strings.Join(c.Entrypoint, " "), "the entrypoint of its config", "entrypoint")
	look(strings.Join(c.Cmd, " "), "the command of its config", "cmd")
	look(strings.Join(c.Health, " "), "the health check of its config", "healthcheck")
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		look(c.Labels[name], "the label "+name+" of its config", "label "+name)
	}
	for _, l := range s.Image.Layers {
		look(l.CreatedBy, fmt.Sprintf("build step %d, as the image's history has it", l.Position+1),
			fmt.Sprintf("step %d", l.Position+1))
	}
	return found
}

// files looks through the files that no package vouches for, programs first, those of the newest layers first. What
// cannot be read is counted: a bundle does not have all layers.
func (s Search) files(ctx context.Context, targets []target) ([]place, counted, error) {
	var look []*inspect.Node
	for n := range s.Tree.All() {
		if layer.IsRegular(n) && n.Size > 0 && !s.Own.Intact(n.Path) {
			look = append(look, n)
		}
	}
	slices.SortFunc(look, func(a, b *inspect.Node) int {
		return cmp.Or(-compareBool(owner.IsProgram(a), owner.IsProgram(b)), -cmp.Compare(a.Layer, b.Layer),
			layer.ComparePaths(a.Path, b.Path))
	})
	var found []place
	var went counted
	for _, n := range look {
		size := min(n.Size, MaxFile)
		if went.files == MaxFiles || went.bytes+size > MaxAll {
			went.limit = true
			break
		}
		hits, err := s.file(ctx, n, targets)
		if ctx.Err() != nil {
			return nil, went, ctx.Err()
		}
		if err != nil {
			went.unread++
			continue
		}
		went.files++
		went.bytes += size
		went.limit = went.limit || n.Size > MaxFile
		for _, t := range hits {
			found = append(found, place{target: t, node: n})
		}
	}
	return found, went, nil
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// file searches one file in pieces of a megabyte. Pieces overlap by more than the longest name and what stands around
// it, so that none is missed at a seam; the bytes that are read again are at most a thousandth.
func (s Search) file(ctx context.Context, n *inspect.Node, targets []target) ([]target, error) {
	const piece, overlap = 1 << 20, 1 << 10
	c, err := s.Tree.Open(ctx, n)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var found []target
	buffer := make([]byte, min(int64(piece), c.Size()))
	for at := int64(0); at < min(c.Size(), MaxFile); at += int64(len(buffer)) - overlap {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		read, err := c.ReadAt(buffer, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		lower := lowered(buffer[:read])
		for _, t := range targets {
			if !slices.ContainsFunc(found, func(o target) bool { return o.text == t.text }) && t.in(lower) {
				found = append(found, t)
			}
		}
		if at+int64(read) >= c.Size() || len(buffer) <= overlap {
			break
		}
	}
	return found, nil
}

// lowered makes the letters of ASCII small, in place. The bytes are those of programs: bytes.ToLower would take them
// for UTF-8 and replace what is none.
func lowered(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

// finding names the place. A file that no package vouches for is worth a look (medium); a setting that everybody sees
// is for information.
func (p place) finding(s Search) inspect.Finding {
	severity, subject, where := inspect.Info, s.Image.Container+" "+p.key, p.where
	var evidence []inspect.Evidence
	if p.node != nil {
		severity, subject, where = inspect.Medium, s.Image.Container+":"+p.node.Path, p.node.Path
		evidence = []inspect.Evidence{
			{Kind: "file", Digest: "sha256:" + p.node.SHA256, Path: p.node.Path, Text: "it names " + p.target.text},
			{
				Kind: "layer", Path: p.node.Path,
				Digest: cmp.Or(s.Tree.Layer(p.node.Layer).Digest, s.Tree.DiffID(p.node.Layer)),
			},
		}
	} else {
		evidence = []inspect.Evidence{{Kind: "config", Digest: s.Image.Config, Text: "it names " + p.target.text}}
	}
	return inspect.Finding{
		ID:    inspect.FindingID(s.Check, inspect.CodeDestination, subject+" "+p.target.text),
		Check: s.Check, Code: inspect.CodeDestination, Status: severity.RowStatus(), Severity: severity,
		Subject: subject,
		Title: fmt.Sprintf("%s, where the connection of the alert %q leads, stands in %s", p.target.text,
			p.target.alert, where),
		Detail:   "The image brings the destination. That does not show which process connected.",
		Evidence: evidence,
	}
}
