package binary

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// Runtime is the check that lays what changed at run time over the image, as one more layer on top, and looks there for
// programs that were dropped or changed. It is no layer of the manifest: the image's rows and counts stay as they are.
// It does not apply to a container that the checkpoint is not of, and is blocked where the checkpoint has no changes to
// look at. A checkpoint is made by the node, which may be compromised: its facts are claims (inspect.ByClaim), although
// its bytes are hashed. Needs binaries, so that alerts already have their file when join looks at them.
func Runtime(cache *layer.Cache, owners *owner.Cache, checkpoint *layer.Checkpoint) engine.Check {
	return engine.Check{
		Name: inspect.CheckRuntime, Needs: []string{inspect.CheckLayers, inspect.CheckBinaries},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image, c := on.Image(), on.Case()
			if ok, why := checkpoint.Of(image, c.Pod, len(c.Images)); !ok {
				return engine.Nothing("%s", why)
			}
			emit(inspect.Event{Fact: inspect.Setting{
				Code: inspect.CodeCheckpoint, Detail: checkpoint.Words(),
				Severity: inspect.Info,
			}})
			if !checkpoint.Taken.IsZero() {
				emit(inspect.Event{Fact: inspect.Moment{
					Time: inspect.At(checkpoint.Taken),
					What: "checkpoint of the container taken", Source: "checkpoint", Trust: inspect.ByClaim,
				}})
			}
			if checkpoint.DiffID == "" {
				return engine.Unchecked("the checkpoint does not hold what changed in the container's files")
			}
			emit(inspect.Event{Fact: inspect.Exhibit{
				Path: "runtime/rootfs-diff.tar", Digest: checkpoint.DiffID, Size: checkpoint.Size,
				Source: "checkpoint of container " + checkpoint.ContainerID,
			}})
			r, err := newRuntimeState(ctx, cache, owners, image, checkpoint)
			if err != nil {
				return err
			}
			return r.run(ctx, c.Alerts, emit)
		},
	}
}

// runtimeState is what changed in a container since it started.
type runtimeState struct {
	scanner    *scanner    // over image and changes together
	base       *layer.Tree // the image alone
	gone       int         // number of the layer of what the runtime lists as deleted
	layer      int         // of what was written
	checkpoint *layer.Checkpoint
}

// newRuntimeState merges the changes over the image. The package databases are those of the image: what ran in the
// container could write others. Two layers are laid on top: one of whiteouts for what the runtime lists as deleted, one
// of what was written. Layer numbers continue after the highest of the image. Deletions come first, so that a file that
// was deleted and written again is there.
func newRuntimeState(ctx context.Context, c *layer.Cache, owners *owner.Cache, image inspect.Image,
	checkpoint *layer.Checkpoint,
) (*runtimeState, error) {
	base, err := c.Tree(ctx, image.Layers)
	if err != nil {
		return nil, err
	}
	own, err := owners.Of(ctx, base)
	if err != nil {
		return nil, err
	}
	const when = "at run time, after the container started"
	number := 0
	for _, l := range image.Layers {
		number = max(number, l.Number+1)
	}
	gone := inspect.Layer{
		Number: number, Digest: checkpoint.GoneID, DiffID: checkpoint.GoneID, CreatedBy: when,
		Status: inspect.Verified,
	}
	top := inspect.Layer{
		Number: number + 1, Digest: checkpoint.DiffID, DiffID: checkpoint.DiffID, CreatedBy: when,
		Status: inspect.Verified,
	}
	layers := append(slices.Clone(image.Layers), gone, top)
	tree, err := c.Tree(ctx, layers)
	if err != nil {
		return nil, fmt.Errorf("laying the changes at run time over the image: %w", err)
	}
	h := &scanner{
		tree: tree, owners: owners, own: own, image: image, layers: layers,
		alerted: map[*inspect.Node]string{}, acted: map[*inspect.Node]bool{},
	}
	h.path = newSearchPath(tree, own, image.Settings.Env)
	h.started = programs(tree, image.Settings, h.path.dirs)
	return &runtimeState{h, base, gone.Number, top.Number, checkpoint}, nil
}

// run looks through what was written at run time, and emits programs, places and counts. Every row is one step worse
// than in an image: nothing of it went through a build.
func (r *runtimeState) run(ctx context.Context, alerts []inspect.Alert, emit func(inspect.Event)) error {
	h := r.scanner
	h.hijacked = autorun.Preloads(ctx, h.tree, h.own, h.image.Settings.Env)
	r.join(alerts, emit)
	for n := range h.tree.All() {
		if n.Layer != r.layer {
			continue
		}
		if s := r.consider(n); s != nil {
			h.suspects = append(h.suspects, s)
		}
		r.place(ctx, n, emit)
	}
	if n := h.tree.Resolve(passwdFile); n != nil && n.Layer == r.layer {
		for _, a := range (placeScanner{h}).rootAccounts(ctx) {
			emit(inspect.Event{Fact: *r.finding(inspect.CodeUID0, a.words()+": "+passwdFile+" was written at run time",
				inspect.High, n.Path, n.SHA256, "")})
		}
	}
	if err := h.examineAll(ctx); err != nil {
		return err
	}
	for _, b := range h.rows(false) {
		emit(inspect.Event{Fact: *r.program(b)})
	}
	emit(inspect.Event{Fact: inspect.Setting{
		Code: inspect.CodeRuntimeChanges, Detail: r.changes(),
		Severity: inspect.Info,
	}})
	return nil
}

// place describes where programs were made to start by themselves, or somebody was let in, while the container ran.
func (r *runtimeState) place(ctx context.Context, n *inspect.Node, emit func(inspect.Event)) {
	h := r.scanner
	code, what, severity := placeScanner{h}.notablePlace(n)
	if spot, starts := autorun.Place(n.Path); code == "" && starts && layer.IsRegular(n) && n.Size > 0 &&
		!h.own.Packaged(n.Path) {
		code, what, severity = spot.Kind, n.Path+" "+spot.Does, spot.Severity
	}
	if code == "" {
		return
	}
	severity = raised(severity)
	what += ": it was written at run time"
	if why := autorun.Odd(ctx, h.tree, h.own, n); why != "" {
		what, severity = what+", and it "+why, raised(severity)
	}
	emit(inspect.Event{Fact: *r.finding(code, what, severity, n.Path, n.SHA256, "")})
}

// changes counts what became other than the image has it, and names the first programs that are gone. At most five
// programs are named; the counts cover all files.
func (r *runtimeState) changes() string {
	added, modified, removed := r.scanner.tree.Changes(r.layer)
	_, _, gone := r.scanner.tree.Changes(r.gone)
	text := fmt.Sprintf("since the container started %d files were added, %d changed, %d removed", added, modified,
		removed+gone)
	var programs []string
	for _, number := range []int{r.gone, r.layer} {
		for _, n := range r.scanner.tree.LayerNodes(number) {
			if n.Change == inspect.Removed && owner.IsProgram(&n) && r.scanner.tree.Get(n.Path) == nil &&
				len(programs) < 5 {
				programs = append(programs, n.Path)
			}
		}
	}
	if len(programs) > 0 {
		text += "; programs that are gone: " + strings.Join(programs, ", ")
	}
	return text
}

// consider makes a suspect of a program that was dropped or changed. A copy that the container made of the image's own
// file, by a chmod, is none. Files without a kind are left to place, unless an alert names them. A changed mode alone
// counts, since chmod u+s needs no other byte. A package's file is altered whatever the database has on it: no package
// manager should run in a running container.
func (r *runtimeState) consider(n *inspect.Node) *suspect {
	was := r.base.Get(n.Path)
	same := was != nil && layer.IsRegular(was) && was.SHA256 == n.SHA256
	alert, alerted := r.scanner.alerted[n]
	by, hijacked := r.scanner.hijacked[n]
	if !layer.IsRegular(n) || n.Size == 0 || same && was.Mode == n.Mode && !alerted || n.Kind == "" && !alerted &&
		!hijacked {
		return nil
	}
	s := &suspect{node: n}
	switch c, owned := r.scanner.own.Claims[n.Path]; {
	case same:
		s.add(inspect.CodeUnowned, fmt.Sprintf("its mode was changed at run time from %04o to %04o", was.Mode, n.Mode))
	case owned:
		s.owner = c.Package
		s.add(inspect.CodeAltered, fmt.Sprintf("the program of package %s was replaced at run time", c.Package))
	case was != nil:
		s.add(inspect.CodeUnowned, "the image's file was replaced at run time")
	default:
		s.add(inspect.CodeUnowned, "it was dropped at run time: the image does not have it")
	}
	s.add(inspect.CodeRuntime, "")
	if alerted {
		s.add(inspect.CodeAlerted, alert)
	}
	if hijacked {
		s.add(inspect.CodeLoaderHijack, by)
	}
	for _, code := range pathCodes(n) {
		s.add(code, "")
	}
	return s
}

// join marks alerts whose file the checkpoint has: its bytes are there. An alert about the host, memory or a volume
// stays what it is.
func (r *runtimeState) join(alerts []inspect.Alert, emit func(inspect.Event)) {
	for _, a := range alerts {
		if a.Subject != r.scanner.image.Container || a.Match == "" || a.Match == inspect.MatchNone {
			continue
		}
		named := a.Path
		if a.Ran != nil {
			named = a.File.Path // what the interpreter ran
		}
		p, _ := programPath(r.scanner.tree, named, r.scanner.image.Settings.WorkingDir)
		n := r.scanner.tree.Resolve(p)
		if a.File.Origin == inspect.OriginHost || a.File.Origin == inspect.OriginMemfd ||
			a.File.Origin == inspect.OriginVolume || p == "" {
			continue
		}
		if n == nil || !layer.IsRegular(n) {
			a.File.Detail += "; the checkpoint does not hold it either: it was gone before, or lies where a " +
				"checkpoint does not look"
			emit(inspect.Event{Fact: a})
			continue
		}
		if n.Layer != r.layer {
			continue
		}
		a.File.Path = n.Path
		a.File.Origin, a.File.Layer, a.File.SHA256 = inspect.OriginRuntime, -1, n.SHA256
		a.File.Detail = fmt.Sprintf("it was written at run time and is not in the image; the checkpoint has its "+
			"bytes, sha256 %.12s", n.SHA256)
		if was := r.base.Get(n.Path); was != nil && layer.IsRegular(was) {
			a.File.Origin, a.File.Layer = inspect.OriginChanged, was.Layer
			a.File.Detail = fmt.Sprintf("the image's file (layer %d) was changed at run time; the checkpoint has "+
				"the bytes that lay there, sha256 %.12s", was.Layer, n.SHA256)
		}
		r.scanner.alerted[n] = fmt.Sprintf("the alert %q names it", a.Rule)
		emit(inspect.Event{Fact: a})
	}
}

// program is the finding about a row of programs.
func (r *runtimeState) program(b inspect.Binary) *inspect.Finding {
	title := b.Path + " was dropped at run time"
	switch {
	case slices.Contains(b.Codes, inspect.CodeAltered):
		title = fmt.Sprintf("%s, a program of package %s, was replaced at run time", b.Path, b.Owner)
	case b.Count > 1:
		title = fmt.Sprintf("%d programs were dropped at run time, %s the first", b.Count, b.Path)
	}
	if slices.Contains(b.Codes, inspect.CodeAlerted) {
		title += ", and an alert names it"
	}
	return r.finding(inspect.CodeRuntimeProgram, title, b.Severity, b.Path, b.SHA256,
		b.Detail+"; signs: "+strings.Join(b.Codes, ", "))
}

// finding is a finding about a file that was written at run time; its evidence is the checkpoint.
func (r *runtimeState) finding(code, title string, severity inspect.Severity, p, sum, detail string) *inspect.Finding {
	subject := r.scanner.image.Container + ":" + p
	return &inspect.Finding{
		ID: inspect.FindingID(inspect.CheckRuntime, code, subject), Check: inspect.CheckRuntime, Code: code,
		Status: severity.RowStatus(), Severity: severity,
		Subject: subject, Title: title, Detail: detail,
		Evidence: []inspect.Evidence{
			{Kind: "file", Digest: "sha256:" + sum, Path: p, Text: "at run time"},
			{Kind: "checkpoint", Digest: r.checkpoint.DiffID, Path: p, Text: r.checkpoint.Words()},
		},
	}
}
