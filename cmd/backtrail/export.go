package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/auditbag"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/kube"
)

// recorded is a case whose events are on disk: one that is recorded now, or a saved one. Events opens the stream from
// its first event on, as often as it is called; the caller closes it.
type recorded interface {
	Events() (io.ReadCloser, error)
}

// exportCase writes the bundle of a case, and notes beside the case that it was written. content is what the bundle
// carries; progress may be nil.
//
// The note is in the access log of the case, not in its ledger: two exports of one state have identical payload, so
// that an export must not change what is exported. A log that cannot be written is a note of the result, since the
// bundle is there. A bundle names the one that it was opened from as its parent, with whether that one fitted its
// manifests.
func exportCase(ctx context.Context, s *session, r recorded, store inspect.Store, to string, content evidence.Options,
	progress func(inspect.Progress),
) (evidence.Result, error) {
	// o is a copy: the same content is exported again where a person chooses another path.
	o := content
	o.Who, o.Sign, o.Keyless, o.Progress = s.operator.String(), s.sign, s.flags.seal.keyless, progress
	if s.timestamps != nil {
		o.Timestamp = func(ctx context.Context, digest [32]byte) ([]byte, error) {
			response, _, err := s.timestamps.Timestamp(ctx, digest)
			return response, err
		}
	}
	o.Documents = func(ctx context.Context, c inspect.Case) ([]evidence.Document, error) {
		return documents(ctx, s, c)
	}
	dir := ""
	switch r := r.(type) {
	case *ledger.Ledger:
		o.Case, dir = r.ID(), r.Dir()
	case ledger.Saved:
		o.Case, dir = r.ID, r.Dir
	case openedBag:
		o.Case, o.Parent = r.ID(), evidence.ParentOf(r.Bag, r.unfit)
	}
	o.Exported = inspect.At(s.now())
	// The bundle names the head of the access log as it was before this export, which is the next entry of it.
	if dir != "" {
		o.Access = ledger.AccessHead(dir)
	}
	result, err := evidence.Export(ctx, r.Events, store, to, o)
	if err != nil {
		return result, err
	}
	if dir != "" {
		if path, err := filepath.Abs(result.Path); err == nil {
			result.Path = path
		}
		access := ledger.Access{
			Time: inspect.At(s.now()), Who: s.operator.String(), Tool: "backtrail " + version, What: ledger.ExportedTo,
			Path: result.Path, TagManifest: result.TagManifest,
		}
		if _, err := ledger.LogAccess(dir, access); err != nil {
			// the bundle is there, and the case may be on a medium that cannot be written to
			result.Notes = append(result.Notes, err.Error())
		}
	}
	return result, nil
}

// documents are the bills of materials of a case: of the first image that has packages, and of what it is compared
// with. They are made from the facts of the case, so that verify makes the same ones from the bundle and compares
// them.
func documents(ctx context.Context, s *session, c inspect.Case) ([]evidence.Document, error) {
	for _, i := range c.Images {
		if len(i.Packages) == 0 {
			continue
		}
		all, err := documentsOf(i, c.Tool)
		if err != nil {
			return nil, err
		}
		known, err := knownGoodDocument(ctx, s, c, i)
		if err != nil {
			return nil, err
		}
		return append(all, known...), nil
	}
	return nil, nil
}

// documentsOf are the bills of materials of one image, in SPDX and CycloneDX. Their times are those of the case.
func documentsOf(i inspect.Image, t inspect.Tool) ([]evidence.Document, error) {
	spdx, cdx, err := sbom.Documents(i, t)
	if err != nil {
		return nil, fmt.Errorf("writing the bill of materials of %s: %w", i.Container, err)
	}
	return []evidence.Document{{Name: "image.spdx.json", Data: spdx}, {Name: "image.cdx.json", Data: cdx}}, nil
}

// knownGoodDocument is the bill of materials of the known-good, in SPDX. Its packages are those that the comparison has
// cataloged; nothing is read again for an export, which must work offline.
func knownGoodDocument(ctx context.Context, s *session, c inspect.Case, i inspect.Image) ([]evidence.Document, error) {
	if i.Diff == nil || i.Diff.KnownGood == nil {
		return nil, nil
	}
	packages, err := s.cache.Catalogue(ctx, i.Diff.KnownGood.Key())
	if err != nil {
		return nil, nil //nolint:nilerr // a catalogue that was not made or not kept is left out, and data/sbom shows it
	}
	k := i.Diff.KnownGood
	known := inspect.Image{ImageHead: inspect.ImageHead{
		Container: "known-good", Reference: k.Reference,
		Digest: k.Digest, Config: k.Config,
	}, Packages: packages}
	spdx, _, err := sbom.Documents(known, c.Tool)
	if err != nil {
		return nil, fmt.Errorf("writing the bill of materials of the known-good: %w", err)
	}
	return []evidence.Document{{Name: "known-good.spdx.json", Data: spdx}}, nil
}

// beginBundle opens what --evidence names before anything is examined: a path that cannot be written to is found at
// once, not after hours.
func (a *auditor) beginBundle() error {
	if a.own.evidence == "" {
		return nil
	}
	target := inspect.Target{Name: "audit-" + a.cluster.Context()}
	if _, dump := a.cluster.(*kube.Snapshot); dump {
		target.Name = "audit-" + filepath.Base(a.flags.snapshot)
	}
	var err error
	if a.bundle, err = auditbag.Begin(a.own.evidence, inspect.CaseID(target, inspect.At(a.began))); err != nil {
		return hinted(fmt.Errorf("writing the bundle: %w", err), "--evidence names a path that does not exist yet")
	}
	return nil
}

// collect is what the runner hands each image to; nil where there is no bundle.
func (a *auditor) collect() func(j *audit.Joined) error {
	if a.bundle == nil {
		return nil
	}
	return a.bundle.Keep
}

// writeBundle writes the bundle of an audit that has ended, and prints the line to copy.
func (a *auditor) writeBundle(ctx context.Context, r *audit.Report) error {
	if a.bundle == nil {
		return nil
	}
	// The listing is what the cluster shows; what flags and depth leave out stands in the report, and follows from it.
	result, err := a.bundle.Export(ctx, a.own.evidence, auditbag.Content{
		Report: r, Listing: &a.listed, Before: a.before, Sources: a.policies.Sources(), Sign: a.sign,
		Exported: inspect.At(a.now()),
		Basis: auditbag.Basis{
			Tool: tool(), Operator: a.operator.String(), At: inspect.At(a.began), Expected: a.expected,
			Unread: a.unread, Thresholds: a.levels(), Enforced: auditbag.Enforcement(&a.listed, a.enforced(ctx)),
		},
	})
	if err != nil {
		return hinted(err, "the same command with --recheck writes it from what is stored")
	}
	printExport(a.session, result)
	return nil
}

// bundleHint adds to a hint that no bundle was written, where one was to be: the audit goes on and writes it then.
func (a *auditor) bundleHint(hint string) string {
	if a.bundle == nil {
		return hint
	}
	return hint + " and writes the bundle; nothing is at " + a.own.evidence
}
