package sbom

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// maxInside bounds the SBOMs in an image that are read; maxExamples the names that a comparison gives for each
// difference.
const (
	maxInside   = 500
	maxExamples = 10
)

// Truth is the check that compares each SBOM that came with the image, or lies in it, with what is there. What the
// publisher wrote is compared with what is there; who signed it decides how much a difference weighs. A difference is
// no proof of tampering: scanners differ in what they find. Files that an SBOM lists with a digest are compared byte
// for byte.
func Truth(client *registry.Client, cache *layer.Cache) engine.Check {
	return engine.Check{
		Name: inspect.CheckSBOMTruth, Needs: []string{
			inspect.CheckLayers, inspect.CheckPackages,
			inspect.CheckAttachedSBOM,
		},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			tree, err := cache.Tree(ctx, image.Layers)
			if err != nil {
				return fmt.Errorf("merging the layers: %w", err)
			}
			t := truth{ctx: ctx, tree: tree, image: image, emit: emit, there: byCoordinates(image.Packages)}
			for _, row := range image.SBOMs {
				if row.Origin == "generated" || row.Reason == inspect.ReasonUnreadable || row.Digest == "" {
					continue
				}
				if data, err := client.Store().Read(row.Digest, MaxDocument); err == nil {
					t.compare(row, plainDocument(data))
				}
			}
			if err := t.inside(); err != nil {
				return err
			}
			if t.compared == 0 {
				return engine.Nothing("no SBOM of the publisher's could be compared")
			}
			return nil
		},
	}
}

// plainDocument takes the SBOM out of a statement, where it is one. The forms are those of statement; what is no
// statement is returned as it is, and its format is found by readListed.
func plainDocument(data []byte) []byte {
	var s statement
	if json.Unmarshal(data, &s) != nil || len(s.Predicate) == 0 {
		return data
	}
	var text string
	if json.Unmarshal(s.Predicate, &text) == nil {
		return []byte(text)
	}
	var wrapped struct{ Data json.RawMessage }
	if json.Unmarshal(s.Predicate, &wrapped) == nil && len(wrapped.Data) > 0 {
		if json.Unmarshal(wrapped.Data, &text) == nil {
			return []byte(text)
		}
		return wrapped.Data
	}
	return s.Predicate
}

// truth compares SBOMs with one image.
type truth struct {
	ctx      context.Context // of the check: the comparisons have none
	tree     *layer.Tree
	image    inspect.Image
	emit     func(inspect.Event)
	there    map[string][]string // versions by type and name
	compared int
}

// coordinates are the type and the name of a purl, and its version. Namespaces of distributions are left out: scanners
// differ in them. Case, escapes and underscores differ from scanner to scanner too. Both are empty for what is no purl.
// pkg:deb/debian/libssl3@3.0.15?arch=amd64 gives deb/libssl3 and 3.0.15; pkg:npm/%40babel/core@7.0.0 gives
// npm/@babel/core and 7.0.0.
func coordinates(purl string) (key, version string) {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return "", ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	if at := strings.LastIndexByte(rest, '@'); at > 0 {
		rest, version = rest[:at], rest[at+1:]
	}
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	if plain, err := url.PathUnescape(version); err == nil {
		version = plain
	}
	kind, name, _ := strings.Cut(strings.ToLower(rest), "/")
	if systemType(kind) {
		name = path.Base(name)
	}
	return kind + "/" + strings.ReplaceAll(name, "_", "-"), version
}

// systemType reports whether packages of a purl type are those of a distribution.
func systemType(kind string) bool {
	return slices.Contains([]string{"deb", "apk", "rpm", "alpm"}, kind)
}

// byCoordinates lists versions by type and name. A package in several versions has all of them in its list, in the
// order of the catalogue.
func byCoordinates(packages []inspect.Package) map[string][]string {
	all := map[string][]string{}
	for _, p := range packages {
		if key, version := coordinates(p.PURL); key != "" {
			all[key] = append(all[key], version)
		}
	}
	return all
}

// compare adds the comparison to the row of an SBOM. A document that lists nothing is not compared, and does not count
// as confirmed.
func (t *truth) compare(row inspect.SBOM, data []byte) {
	l, err := readListed(data)
	if err != nil || len(l.packages) == 0 && len(l.files) == 0 {
		return
	}
	t.compared++
	result := t.packages(l, row.Origin != originInside)
	t.files(l, result)
	row.Truth = result
	t.emit(inspect.Event{Fact: row})
	if f, ok := t.finding(row, *result); ok {
		t.emit(inspect.Event{Fact: f})
	}
}

// packages compares the packages of an SBOM. hidden are those of the image that it does not list, of types of which it
// lists any: another scanner may not know the others. whole is false for a document that describes a part of the image:
// then nothing is hidden from it. Types that have no package in an image, oci, docker and generic, are left out on both
// sides.
func (t *truth) packages(l listing, whole bool) *inspect.SBOMTruth {
	result := &inspect.SBOMTruth{}
	claimed, kinds := map[string]bool{}, map[string]bool{}
	for _, c := range l.packages {
		key, version := coordinates(c.purl)
		kind, _, _ := strings.Cut(key, "/")
		if key == "" || claimed[key+"@"+version] || kind == "oci" || kind == "docker" || kind == "generic" {
			continue
		}
		claimed[key], claimed[key+"@"+version], kinds[kind] = true, true, true
		have := t.there[key]
		switch {
		case slices.Contains(have, version), len(have) > 0 && version == "":
			result.Confirmed++
		case len(have) > 0:
			result.OtherVersion++
			result.Examples = example(result.Examples, "other version", key+" "+version+", installed "+have[0])
		default:
			result.Missing++
			result.Examples = example(result.Examples, "missing", key+" "+version)
		}
	}
	if !whole {
		return result
	}
	for _, p := range t.image.Packages {
		key, version := coordinates(p.PURL)
		if kind, _, _ := strings.Cut(key, "/"); kinds[kind] && !claimed[key] {
			result.Hidden++
			result.Examples = example(result.Examples, "hidden", key+" "+version)
		}
	}
	return result
}

// example keeps the first differences of each kind.
func example(list []string, what, text string) []string {
	n := 0
	for _, e := range list {
		if strings.HasPrefix(e, what+": ") {
			n++
		}
	}
	if n < maxExamples {
		list = append(list, what+": "+text)
	}
	return list
}

// files compares the files that an SBOM lists with their digests. A path is resolved through the links of the image,
// since tools write either side of a merged /usr.
func (t *truth) files(l listing, result *inspect.SBOMTruth) {
	for p, sum := range l.files {
		n := t.tree.Resolve(p)
		switch {
		case n == nil, !layer.IsRegular(n): // a directory or a device has no content
			result.FilesMissing++
		case n.SHA256 == sum:
			result.FilesConfirmed++
		default:
			result.FilesAltered++
		}
	}
}

// finding is worth a look where a publisher's SBOM and the image differ. A scanner of another make finds other
// things, so that only altered files weigh. An unsigned SBOM that differs is low: whoever altered the files could have
// attached it as well.
func (t *truth) finding(row inspect.SBOM, r inspect.SBOMTruth) (inspect.Finding, bool) {
	if r.OtherVersion+r.Hidden+r.FilesAltered == 0 || row.Origin == originInside && r.FilesAltered == 0 {
		return inspect.Finding{}, false
	}
	severity := inspect.Low
	if r.FilesAltered > 0 && row.Status == inspect.Verified {
		severity = inspect.Medium
	}
	title := fmt.Sprintf("the %s SBOM differs from the image: %d packages confirmed, %d in another version, %d "+
		"missing, %d not listed", row.Origin, r.Confirmed, r.OtherVersion, r.Missing, r.Hidden)
	if r.FilesAltered > 0 {
		title += fmt.Sprintf("; %d files altered", r.FilesAltered)
	}
	return inspect.Finding{
		ID:    inspect.FindingID(inspect.CheckSBOMTruth, inspect.CodeSBOMDiffers, t.image.Container+row.Digest),
		Check: inspect.CheckSBOMTruth,
		Code:  inspect.CodeSBOMDiffers, Status: severity.RowStatus(), Severity: severity,
		Subject: t.image.Container, Title: title, Detail: strings.Join(r.Examples, "; "),
		Evidence: []inspect.Evidence{{Kind: "sbom", Digest: row.Digest, Text: row.Format}},
	}, true
}

// originInside marks SBOMs that lie in the image: they describe a part of it.
const originInside = "inside"

// inside reads the SBOMs that lie in the image under the usual names. At most maxInside of them. They are claims of the
// image about itself. An attacker who may write the image may write them to fit, so that they can raise a question and
// never settle one.
func (t *truth) inside() error {
	n := 0
	for node := range t.tree.All() {
		if !sbomName(node.Path) || !layer.IsRegular(node) || node.Size > MaxDocument {
			continue
		}
		if n++; n > maxInside {
			return nil
		}
		data, err := t.tree.ReadFile(t.ctx, node.Path, MaxDocument)
		if t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		row := inspect.SBOM{
			Origin: originInside, Format: formatOf(node.Path), Status: inspect.Unknown,
			Reason: inspect.ReasonUnsigned, Digest: "sha256:" + node.SHA256,
		}
		format, count, errCount := Count(data)
		if err != nil || errCount != nil {
			row.Reason = inspect.ReasonUnreadable
			t.emit(inspect.Event{Fact: row})
			continue
		}
		row.Format, row.Packages = format, count
		t.compare(row, data)
	}
	return nil
}

// sbomName reports whether a path is that of an SBOM by the conventions of both formats.
func sbomName(p string) bool {
	base := path.Base(p)
	for _, suffix := range []string{".spdx.json", ".spdx", ".cdx.json", ".cdx.xml", ".bom.json", ".bom.xml"} {
		if strings.HasSuffix(base, suffix) && !strings.Contains(p, "/node_modules/") {
			return true
		}
	}
	return false
}
