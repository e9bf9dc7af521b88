package binary

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

// Binaries is the check that asks whose file each file is, and shows the programs that need a look. The client is not
// asked for anything, since all bytes are in the cache, unless what lies there turns out to be damaged. A damaged blob
// is fetched again once, by its digest; a second failure is the error of the check. An image of which no layer could be
// read gives unchecked, never an empty list that would look clean.
func Binaries(client *registry.Client, cache *layer.Cache, owners *owner.Cache) engine.Check {
	return engine.Check{
		Name: inspect.CheckBinaries, Needs: []string{inspect.CheckLayers}, Limit: layer.WorkLimit,
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			h, err := newScanner(ctx, cache, owners, on, emit)
			if errors.Is(err, registry.ErrDamagedStore) {
				if err := cache.Reread(ctx, client, on.Image()); err != nil {
					return err
				}
				h, err = newScanner(ctx, cache, owners, on, emit)
			}
			if err != nil {
				return err
			}
			placeScanner{h}.places(ctx, emit)
			if err := h.secrets(ctx, emit); err != nil {
				return err
			}
			h.settings(emit)
			if err := destinations(ctx, h, on.Case().Alerts, emit); err != nil {
				return err
			}
			h.emitDeleted(emit)
			h.emitRows(h.rows(false), emit)
			h.raisedPrivileges(emit)
			h.tampered(emit)
			h.compared(emit)
			return nil
		},
	}
}

// newScanner asks the package databases of the check's image and looks for suspects. The ownership is copied before
// gaps are added: the cache shares one value with other checks, which run at the same time.
func newScanner(ctx context.Context, c *layer.Cache, owners *owner.Cache, on engine.On,
	emit func(inspect.Event),
) (*scanner, error) {
	image := on.Image()
	if !slices.ContainsFunc(image.Layers, func(l inspect.Layer) bool { return l.DiffID != "" && !l.Empty }) {
		return nil, engine.Unchecked("no layer could be read")
	}
	tree, err := c.Tree(ctx, image.Layers)
	if err != nil {
		return nil, err
	}
	shared, err := owners.Of(ctx, tree)
	if err != nil {
		return nil, err
	}
	own := *shared
	for _, l := range image.Layers {
		if layer.Incomplete(l) {
			own.AddGap(fmt.Sprintf("layer %d could not be read to its end", l.Number))
		}
	}
	h := &scanner{tree: tree, owners: owners, own: &own, image: image, layers: image.Layers}
	known := on.Case()
	h.path = newSearchPath(h.tree, h.own, h.image.Settings.Env)
	h.mounts = mountsOf(known.Pod, image.Container)
	h.alerts(known.Alerts, emit)
	err = h.run(ctx)
	if h.unread > 0 {
		emit(inspect.Event{Fact: inspect.Notice{
			Level: "warning",
			Text: fmt.Sprintf("not looked through to the end in %s: %s of interpreters; at most %s of one and %s of "+
				"all are read", image.Container, text.Count(h.unread, "module"), text.Size(MaxModule),
				text.Size(MaxModules)),
		}})
	}
	return h, err
}

// mountsOf lists the mounts of a container of the case's pod. It is nil without a pod, as for an image that is
// inspected on its own. Init and ephemeral containers are among the pod's containers under their names.
func mountsOf(pod *inspect.Pod, container string) []inspect.Mount {
	if pod == nil {
		return nil
	}
	for _, c := range pod.Containers {
		if c.Name == container {
			return c.Mounts
		}
	}
	return nil
}

// emitRows emits the rows, and a finding for each that is more than low.
func (h *scanner) emitRows(rows []inspect.Binary, emit func(inspect.Event)) {
	for _, b := range rows {
		emit(inspect.Event{Fact: b})
		if b.Severity.Rank() <= inspect.Medium.Rank() {
			emit(inspect.Event{Fact: *h.finding(inspect.CheckBinaries, b)})
		}
	}
}

// finding describes a row of binaries in a sentence, with the bytes that it rests on. The order of the cases is that
// of importance: a row may have several codes, and the first case that applies gives the title and the code. The
// finding's ID is made of check, code and CONTAINER:PATH, and is the same in each run; a case that moves changes the
// IDs of findings that users may have noted.
func (h *scanner) finding(check string, b inspect.Binary) *inspect.Finding {
	code, title := inspect.CodeUnexpectedBinary, fmt.Sprintf("%s is an unpackaged executable", b.Path)
	switch {
	case slices.Contains(b.Codes, inspect.CodeModuleSigns):
		code, title = inspect.CodeModuleSigns, fmt.Sprintf("%s, a module that programs load, %s", b.Path,
			h.shows[b.Path])
	case slices.Contains(b.Codes, inspect.CodeAltered):
		code, title = inspect.CodeReplacedProgram, fmt.Sprintf("%s does not match the checksum of package %s",
			b.Path, b.Owner)
	case slices.Contains(b.Codes, inspect.CodeChangedSameVersion):
		code, title = inspect.CodeSwappedProgram,
			fmt.Sprintf("%s has other content than before, in the same version", b.Path)
	case slices.Contains(b.Codes, inspect.CodeUsed) && b.Severity.Rank() >= inspect.Medium.Rank():
		code, title = inspect.CodeUsedInterpreter,
			fmt.Sprintf("%s, which an alert names, runs what it is given; there is nothing to compare its own "+
				"bytes with", b.Path)
	case slices.Contains(b.Codes, inspect.CodeRanByAlert) && !slices.Contains(b.Codes, inspect.CodeAlerted):
		code, title = inspect.CodeRanByAlert, fmt.Sprintf("%s is what the interpreter ran that an alert names", b.Path)
	case slices.Contains(b.Codes, inspect.CodeDeleted):
		code, title = inspect.CodeDeletedProgram,
			fmt.Sprintf("%s is a program that layer %d brought and a later one deleted",
				b.Path, b.Layer)
	case slices.Contains(b.Codes, inspect.CodeAlerted) && b.Owner != "":
		code, title = inspect.CodeAlertedFile,
			fmt.Sprintf("%s, which an alert names, is the unaltered file of package %s",
				b.Path, b.Owner)
	case slices.Contains(b.Codes, inspect.CodeNoDigest):
		code, title = inspect.CodeUnprovenProgram,
			fmt.Sprintf("%s is a program of package %s by name only: no digest of its content is known", b.Path,
				b.Owner)
	case slices.Contains(b.Codes, inspect.CodeLoaderHijack):
		code, title = inspect.CodeLoaderHijack, fmt.Sprintf("%s is loaded into every program of the image", b.Path)
	case slices.Contains(b.Codes, inspect.CodeOwnershipUnknown):
		title = fmt.Sprintf("%s is a suspicious executable", b.Path)
	}
	if slices.Contains(b.Codes, inspect.CodeAlerted) && b.Owner == "" {
		title += ", and an alert names it"
	}
	subject := h.image.Container + ":" + b.Path
	f := &inspect.Finding{
		ID: inspect.FindingID(inspect.CheckBinaries, code, subject), Check: check, Code: code, Status: b.Status,
		Severity: b.Severity,
		Subject:  subject, Title: title, Detail: b.Detail,
		Evidence: []inspect.Evidence{
			{Kind: "file", Digest: "sha256:" + b.SHA256, Path: b.Path, Text: "signs: " + strings.Join(b.Codes, ", ")},
			{Kind: "layer", Digest: h.layerDigest(b.Layer), Path: b.Path, Text: b.CreatedBy},
		},
	}
	if c, ok := h.own.Claims[b.Path]; ok && c.Sum != "" {
		f.Evidence = append(f.Evidence, inspect.Evidence{
			Kind: "package-database", Path: c.From.File,
			Text: strings.TrimSuffix(fmt.Sprintf("%s: %s, %s", c.Package, c.Sum, c.Weakness()), ", "),
		})
	}
	return f
}

// layerDigest names a layer's bytes: by its blob, or by its diff ID where nothing names the blob.
func (h *scanner) layerDigest(number int) string {
	if l := h.tree.Layer(number); l.Digest != "" {
		return l.Digest
	}
	return h.tree.DiffID(number)
}

// compared emits the counts, and the files that do not match their package or not there. The counts are complete
// even where the rows are cut at MaxRows.
func (h *scanner) compared(emit func(inspect.Event)) {
	files := h.own.Count()
	altered := h.altered()
	files.Altered = len(altered)
	for _, a := range altered[:min(len(altered), MaxRows)] {
		emit(inspect.Event{Fact: a})
	}
	h.emitAltered(altered, emit)
	missing := h.missing()
	files.Missing = len(missing)
	for _, m := range missing[:min(len(missing), MaxRows)] {
		emit(inspect.Event{Fact: m})
	}
	emit(inspect.Event{Fact: files})
}

// altered lists the packaged files whose content is not their package's, with what each of them is and what the
// database expects. Expected and Actual are in the algorithm of the database (md5 for dpkg, sha1 for apk, most often
// sha256 for rpm); SHA256 is always that of the bytes. A collision of md5 can be made, so the detail names the weak
// algorithms.
func (h *scanner) altered() []inspect.Altered {
	paths := make([]string, 0, len(h.own.Actual))
	for p := range h.own.Actual {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	var all []inspect.Altered
	for _, p := range paths {
		c, n := h.own.Claims[p], h.own.Content(p)
		if n == nil {
			continue
		}
		a := inspect.Altered{
			Path: p, Kind: n.Kind, Package: c.Package, Layer: n.Layer, Expected: c.Sum, Actual: h.own.Actual[p],
			Config:   c.Config,
			Severity: severityOfAltered(n, c), SHA256: n.SHA256,
			Detail: fmt.Sprintf("it is in layer %d", n.Layer),
		}
		if weak := c.Weakness(); weak != "" {
			a.Detail += ", compared " + weak
		}
		if step := h.createdBy(n.Layer); step != "" {
			a.Detail += ": " + step
		}
		if c.Recalled != 0 {
			a.Detail = c.Rewritten() + "; " + a.Detail
		}
		if n.Path != p {
			a.Detail = fmt.Sprintf("a link to %s stands in its place; %s", n.Path, a.Detail)
		}
		a.Status = a.Severity.RowStatus()
		all = append(all, a)
	}
	return all
}

// emitAltered gives a finding for the altered files of one package in one layer that are neither programs, which are
// rows of binaries, nor of those that are often changed. Groups are by layer and package in the order of their first
// path. An attacker who alters a hundred files of one package gets one finding, which names the first of them.
func (h *scanner) emitAltered(altered []inspect.Altered, emit func(inspect.Event)) {
	groups := map[string][]inspect.Altered{}
	var order []string
	for _, a := range altered {
		if n := h.tree.Resolve(a.Path); a.Severity.Rank() > inspect.Medium.Rank() || n != nil && severityOfAltered(n,
			h.own.Claims[a.Path]) == inspect.High {
			continue // a row of binaries, or often changed
		}
		if _, starts := autorun.Place(a.Path); starts {
			continue // a row of autoruns, with a finding of its own
		}
		key := fmt.Sprintf("%d %s", a.Layer, a.Package)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], a)
	}
	for _, key := range order {
		emit(inspect.Event{Fact: *h.alteredFinding(groups[key])})
	}
}

// alteredFinding is one finding about the altered files of one package, the worst of them first. At most 20 files are
// evidence; the title has the full count. The group is never empty.
func (h *scanner) alteredFinding(group []inspect.Altered) *inspect.Finding {
	a := group[0]
	subject := h.image.Container + ":" + a.Path
	title := fmt.Sprintf("%s does not match the checksum of package %s", a.Path, a.Package)
	if len(group) > 1 {
		title = fmt.Sprintf("%d files do not match the checksums of package %s, %s the first", len(group), a.Package,
			a.Path)
	}
	f := &inspect.Finding{
		ID: inspect.FindingID(inspect.CheckBinaries, inspect.CodeAlteredFile, subject), Check: inspect.CheckBinaries,
		Code: inspect.CodeAlteredFile, Status: a.Status, Severity: a.Severity,
		Subject: subject, Title: title, Detail: a.Detail,
		Evidence: []inspect.Evidence{
			{Kind: "layer", Digest: h.layerDigest(a.Layer), Path: a.Path, Text: h.createdBy(a.Layer)},
			{Kind: "package-database", Path: h.own.Claims[a.Path].From.File, Text: a.Package + ": " + a.Expected},
		},
	}
	for _, a := range group[:min(len(group), 20)] {
		f.Evidence = append(f.Evidence, inspect.Evidence{
			Kind: "file", Digest: "sha256:" + a.SHA256, Path: a.Path,
			Text: a.Actual,
		})
	}
	return f
}

// missing lists the packaged files that are not there. What images cut on purpose is passed over, and so are paths
// that nothing shows to have been files. dpkg's path-exclude cuts documentation and locales without any trace in the
// database; a list of those would hide the program that is really gone. Layer is -1 where no layer ever had the file.
func (h *scanner) missing() []inspect.Missing {
	var all []inspect.Missing
	seen := map[string]bool{}
	for _, c := range h.own.Missing {
		if seen[c.Path] || c.Config || layer.OftenRewritten(c.Path) {
			continue
		}
		was, by := h.tree.Lost(c.Path)
		executable := owner.SystemProgram(c.Path) || was != nil && layer.IsRegular(was) && was.Executable() &&
			was.Kind != ""
		if c.Sum == "" && !(was != nil && layer.IsRegular(was)) && !owner.SystemProgram(c.Path) ||
			path.Base(c.Path) == ".empty" {
			continue
		}
		seen[c.Path] = true
		m := inspect.Missing{
			Path: c.Path, Package: c.Package, Layer: -1, Executable: executable,
			Severity: severityOfMissing(executable),
		}
		if was != nil {
			m.Layer = by
		}
		m.Status = m.Severity.RowStatus()
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b inspect.Missing) int { return strings.Compare(a.Path, b.Path) })
	return all
}
