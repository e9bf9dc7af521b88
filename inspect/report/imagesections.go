package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
)

// imageSections are the panes of one image.
// The order is that of the terminal UI's panes.
func imageSections(c inspect.Case, i inspect.Image) []section {
	sections := []section{
		imageSection(i), layerSection(c, i), sharingSection(i), signatureSection(c, i), provenanceSection(i),
		packageSection(i), fileSection(i), autorunSection(i), vulnerabilitySection(c, i),
	}
	name := i.Container
	if len(c.Images) == 1 && name == inspect.ImageContainer {
		name = ""
	}
	for at := range sections {
		sections[at].subject = name
	}
	if name == "" && i.Reference != "" {
		sections[0].subject = "(" + i.Reference + ")"
	}
	return sections
}

// imageSection has the image's names and digests, what would run of it, and notable settings. The date of the config
// is called a claim: whoever builds an image writes it.
func imageSection(i inspect.Image) section {
	s := section{title: "image"}
	lines := some(cmp.Or(i.Detail, i.Reason))
	for _, text := range i.Left {
		lines = append(lines, "left: "+text)
	}
	s.item(item{status: i.Status, title: "bytes of manifest, config and layers", lines: lines})
	t := table{head: []string{"what", "value"}}
	for _, row := range [][2]string{
		{"reference", i.Reference},
		{"index", i.Index},
		{"manifest", i.Digest},
		{"config", i.Config},
		{"platform", i.Platform},
		{"user", i.Settings.User},
		{"entrypoint", strings.Join(i.Settings.Entrypoint, " ")},
		{"command", strings.Join(i.Settings.Cmd, " ")},
	} {
		if row[1] != "" {
			t.rows = append(t.rows, []cell{plainCell(row[0]), codeCell(row[1])})
		}
	}
	if !i.Created.IsZero() {
		t.rows = append(t.rows, []cell{plainCell("created"), plainCell(i.Created.Stamp() + " (the config's claim)")})
	}
	s.table(t)
	for _, n := range i.Notable {
		s.item(rowItem(n.Severity.RowStatus(), n.Severity, "setting "+n.Code, some(n.Detail)...))
	}
	return s
}

// some drops empty texts.
func some(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

// layerSection lists the layers in the order of the history. Counts are of files added, modified and removed.
func layerSection(c inspect.Case, i inspect.Image) section {
	s := section{title: "layers"}
	if f := layerFigure(c, i); f != nil {
		s.blocks = append(s.blocks, block{figure: f})
	}
	t := table{head: []string{"layer", "bytes", "size", "files +/~/-", "", "build step", "digest"}}
	for _, l := range i.Layers {
		if l.Empty {
			t.rows = append(t.rows, []cell{
				plainCell("-"), plainCell(""), plainCell(""), plainCell(""),
				plainCell(""), plainCell(step(l.CreatedBy)), plainCell(""),
			})
			continue
		}
		base := "own"
		if l.Base {
			base = "base"
		}
		t.rows = append(t.rows, []cell{
			plainCell(strconv.Itoa(l.Number)), statusCell(l.Status, l.Reason), plainCell(text.Size(l.Size)),
			plainCell(fmt.Sprintf("%d/%d/%d", l.Added, l.Modified, l.Removed)), plainCell(base),
			plainCell(step(l.CreatedBy)), codeCell(text.ShortDigest(cmp.Or(l.Digest, l.DiffID))),
		})
	}
	s.table(t)
	return s
}

// step shortens what BuildKit and docker write around a build step.
// It bounds a foreign text to 100 characters; the file's own row has the layer's digest.
func step(createdBy string) string {
	text := strings.TrimSuffix(strings.TrimSpace(createdBy), "# buildkit")
	text = strings.TrimPrefix(strings.TrimSpace(text), "/bin/sh -c #(nop) ")
	if runes := []rune(strings.TrimSpace(text)); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return strings.TrimSpace(text)
}

// signatureSection shows each signature, step by step, and who was asked for them.
//
// A signature that could not be checked stands with its reason, and a store that gave no answer with the stores:
// neither is left out as if it were absent.
func signatureSection(c inspect.Case, i inspect.Image) section {
	s := section{title: "signatures"}
	status, words := signed(c, i)
	if len(i.Signatures) == 0 {
		s.item(item{status: status, title: clean(words)})
	}
	for _, sig := range i.Signatures {
		it := signatureItem(sig)
		if first, ok := respond.Focus(c); ok && first.Container != i.Container && sig.Status == inspect.Verified {
			it.foldSteps()
		}
		s.item(it)
	}
	for _, g := range i.Gates {
		if g.Name == inspect.GateSignature && (len(i.Signatures) == 0 || g.Status == inspect.GatePassed) {
			continue // said above
		}
		s.item(item{status: g.Status.Tone(), mark: g.Status.Words(), title: "gate " + g.Name, lines: gateLines(g)})
	}
	t := table{head: []string{"store", "about", "found", ""}}
	for _, r := range i.Stores {
		t.rows = append(t.rows, []cell{
			plainCell(r.Store), codeCell(text.ShortDigest(r.Subject)), plainCell(found(r)),
			plainCell(shortDigests(r.Detail)),
		})
	}
	s.table(t)
	return s
}

// signatureItem is one signature with its chain, link by link.
// A verified one states what that means, since readers take it for more.
func signatureItem(sig inspect.Signature) item {
	i := item{status: sig.Status, title: clean(signer(sig))}
	i.lines = some(
		join(sig.Kind, storeWord(sig.Store), sig.PredicateType),
		labelled("issuer", sig.Issuer),
		labelled("key", sig.Key),
		labelled("names", sig.Subject),
	)
	if sig.LogIndex > 0 || !sig.IntegratedTime.IsZero() {
		i.lines = append(i.lines, join(fmt.Sprintf("log entry %d", sig.LogIndex), sig.IntegratedTime.Stamp()))
	}
	i.lines = append(i.lines, sig.Notes...)
	for _, st := range sig.Steps {
		i.steps = append(i.steps, item{status: st.Status, title: st.Name, lines: some(st.Detail)})
	}
	if sig.Status == inspect.Verified {
		i.lines = append(i.lines, "this proves who signed these bytes; not that they are harmless, nor what ran later")
	}
	return i
}

// foldSteps puts into one line that all links of a chain are valid: of an image that the case is not about, that is
// enough. The four statuses stay apart.
func (i *item) foldSteps() {
	names := map[inspect.Status][]string{}
	for _, s := range i.steps {
		names[s.status] = append(names[s.status], s.title)
	}
	i.steps = nil
	for _, of := range []struct {
		status inspect.Status
		word   string
	}{
		{inspect.Verified, "these links hold"},
		{inspect.Failed, "failed"},
		{inspect.Unknown, "could not be checked"},
		{inspect.Absent, "does not apply"},
	} {
		i.lines = append(i.lines, some(labelled(of.word, strings.Join(names[of.status], ", ")))...)
	}
}

// found is what a store held: 2 found, none, unreachable.
// Every status that is not known here counts as unreachable.
func found(r inspect.StoreReply) string {
	switch r.Status {
	case inspect.StoreFound:
		return fmt.Sprintf("%d found", r.Found)
	case inspect.StoreEmpty:
		return "none"
	default:
		return "unreachable"
	}
}

// storeWord names the store where a signature was found; empty where it lies in no store, as a file.
func storeWord(store string) string {
	if store == "" {
		return ""
	}
	return "from " + store
}

// labelled is "label: value", empty without a value.
func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + ": " + value
}

// provenanceSection has the statements with what each claims, and notes of what disagrees.
func provenanceSection(i inspect.Image) section {
	s := section{title: "provenance"}
	if len(i.Provenance) == 0 {
		s.item(item{status: inspect.Absent, title: "no provenance"})
	}
	for _, p := range i.Provenance {
		it := item{status: p.Status, title: provenance(p)}
		it.lines = some(
			labelled("type", p.PredicateType), labelled("build type", p.BuildType), labelled("builder", p.Builder),
			labelled("source", p.Source),
			labelled("ref", p.Ref), labelled("commit", p.Commit), labelled("invocation", p.Invocation),
		)
		if n := len(p.Materials); n > 0 {
			it.lines = append(it.lines, text.Count(n, "material"))
		}
		it.lines = append(it.lines, p.Notes...)
		s.item(it)
	}
	return s
}

// packageSection counts the packages, lists compromised and drifted ones, and compares with the other image. The whole
// list is in the SBOM.
func packageSection(i inspect.Image) section {
	s := section{title: "packages"}
	s.text(text.Count(len(i.Packages), "package") + " found.")
	for _, b := range i.SBOMs {
		if b.Origin != "generated" {
			s.item(item{status: b.Status, title: fmt.Sprintf("%s bill of materials (%s), %s", b.Origin, b.Format,
				text.Count(b.Packages, "package")), lines: some(b.Reason)})
		}
	}
	s.compromises(i)
	s.lockRows(i)
	if i.Diff == nil || i.Diff.KnownGood == nil {
		s.text("Nothing to compare with: no known-good image was named or found.")
		return s
	}
	s.text(comparedWith(*i.Diff.KnownGood))
	s.blocks = append(s.blocks, diffBlocks(*i.Diff, maxChanges)...)
	return s
}

// comparedWith names the other image, and does not call it good where no person has confirmed it.
// The word good is used where a person confirmed it, and nowhere else.
func comparedWith(k inspect.KnownGood) string {
	text := fmt.Sprintf("Compared with the %s image %s", k.Word(), cmp.Or(k.Reference, k.Key()))
	if k.Digest != "" && !strings.Contains(k.Reference, k.Digest) {
		text += " (" + k.Digest + ")"
	}
	text += ": " + k.Why
	if !k.Confirmed {
		text += "; not confirmed as good"
	}
	return text + "."
}

// diffBlocks are the parts of a comparison, with at most so many rows of each kind.
// Numbers are of all differences, whatever the tables leave out.
func diffBlocks(d inspect.Diff, most int) []block {
	s := section{}
	if p := d.Packages; p != nil {
		t := table{head: []string{"", "package", "type", "before", "now", "layer"}}
		for _, x := range p.Changed {
			t.rows = append(t.rows, []cell{
				plainCell(cmp.Or(x.Change, "changed")), plainCell(x.Name),
				plainCell(x.Type), plainCell(x.From), plainCell(x.To), plainCell(layerNumber(x.Layer)),
			})
		}
		for _, x := range p.Added {
			t.rows = append(t.rows, []cell{
				plainCell("added"), plainCell(x.Name), plainCell(x.Type), plainCell(""),
				plainCell(x.Version), plainCell(layerNumber(x.Layer)),
			})
		}
		for _, x := range p.Removed {
			t.rows = append(t.rows, []cell{
				plainCell("removed"), plainCell(x.Name), plainCell(x.Type),
				plainCell(x.Version), plainCell(""), plainCell(""),
			})
		}
		s.text(fmt.Sprintf("Packages: %d changed, %d added, %d removed.", len(p.Changed), len(p.Added), len(p.Removed)))
		s.tableOf(t, most)
	}
	if f := d.Files; f != nil {
		t := table{head: []string{"", "file", "layer", "content"}}
		for _, x := range f.List {
			t.rows = append(t.rows, []cell{
				plainCell(x.Change), codeCell(x.Path), plainCell(layerNumber(x.Layer)),
				codeCell(content(x)),
			})
		}
		s.text(fmt.Sprintf("Files: %d added, %d removed, %d changed%s.", f.Added, f.Removed, f.Changed,
			shortened(f.Truncated)))
		s.tableOf(t, most)
	}
	if l := d.Layers; l != nil {
		s.text(fmt.Sprintf("Layers: %d shared, %d only here.", l.Shared, l.Added))
	}
	for _, list := range [][]string{d.Settings, d.Signers, d.Provenance} {
		for _, sentence := range list {
			s.text(brieflyNamed(sentence))
		}
	}
	return s.blocks
}

// layerNumber is empty where no layer of this image holds a thing.
// Numbers are those of the manifest, from 0.
func layerNumber(n int) string {
	if n < 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// content is the short digest of a file, or where a link points to.
// A link's target may be as short as it likes.
func content(x inspect.FileChange) string {
	if to := cmp.Or(x.To, x.From); x.Type == "symlink" || len(to) < 12 {
		return to
	}
	return text.ShortDigest(cmp.Or(x.To, x.From))
}

// shortened is the remark on a list of files that the case itself cut (1,000 entries).
func shortened(truncated bool) string {
	if truncated {
		return " (the most important ones are listed)"
	}
	return ""
}

// detail is a text in brackets, empty without one.
func detail(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}
