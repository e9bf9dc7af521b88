package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/fleet"
)

// precedence has the audit of a session wait while a person's case is collected: both use the same registries, and the
// person waits for the one.
type precedence struct {
	mu    sync.Mutex
	cases int
	idle  chan struct{} // closed when the last case has ended; nil while none runs
}

// source marks a source of a case as one that goes first, for as long as it runs.
func (p *precedence) source(of inspect.Source) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		p.mu.Lock()
		if p.cases++; p.cases == 1 {
			p.idle = make(chan struct{})
		}
		p.mu.Unlock()
		defer func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.cases--; p.cases == 0 {
				close(p.idle)
				p.idle = nil
			}
		}()
		return of(ctx, emit)
	}
}

// wait waits until no case is collected, or for the end of the context.
func (p *precedence) wait(ctx context.Context) {
	for {
		p.mu.Lock()
		idle := p.idle
		p.mu.Unlock()
		if idle == nil {
			return
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return
		}
	}
}

// Audit checks all that runs in the scope of this session, for the terminal UI. It is compared with the last audit of
// the same scope, where there is one.
func (v *liveView) Audit(ctx context.Context, depth string, emit func(fleet.Update)) error {
	d, err := audit.ParseDepth(depth)
	if err != nil {
		return err
	}
	a, sel, err := v.auditor(ctx, d)
	if err != nil {
		return err
	}
	defer a.close()
	a.watch, a.first = emit, v.precedence.wait
	if a.history != nil {
		if _, err := a.history.LastAudit(ctx, a.scope(sel)); err == nil {
			a.own.since = "last"
		}
	}
	report, err := a.run(ctx, sel)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(report.Rows) > 0 || err == nil {
		emit(fleet.Update{Report: &report, Ended: true})
	}
	return err
}

// auditor makes the audit of this session, and what it is about: all namespaces, or that of -n.
func (v *liveView) auditor(ctx context.Context, d audit.Depth) (*auditor, audit.Selection, error) {
	own := auditFlags{depth: string(d)}
	sel, err := v.session.flags.auditSelection(own)
	if err != nil {
		return nil, sel, err
	}
	a, err := newAuditor(ctx, v.session, own, d)
	return a, sel, err
}

// LastAudit reads the newest stored audit of this session's scope, whatever its depth.
func (v *liveView) LastAudit(ctx context.Context) (*fleet.Stored, error) {
	s := v.session
	path := cmp.Or(s.records, s.journal)
	if path == "" || !journal.Exists(path) {
		return nil, nil
	}
	sel, err := s.flags.auditSelection(auditFlags{})
	if err != nil {
		return nil, err
	}
	cluster, err := s.openCluster()
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	old, err := j.LastAudit(ctx, (&auditor{session: s, cluster: cluster}).scope(sel))
	if errors.Is(err, journal.ErrNotStored) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	stored := fleet.Stored{At: old.At.Time}
	if err := json.Unmarshal(old.Document, &stored.Report); err != nil {
		return nil, fmt.Errorf("reading the audit of %s: %w", old.At.Stamp(), err)
	}
	return &stored, nil
}

// AuditPath proposes a file for a report: where and when it was made, in characters that need no quotes.
func (v *liveView) AuditPath(r *audit.Report) string {
	c := inspect.Case{Started: inspect.At(v.session.now())}
	c.Target.Name = "audit-" + strings.Join(r.Scope.Contexts, "-")
	return exportPath(c) + ".json"
}

// ExportAudit writes a report to a new file, in the form that its extension names, and gives name, size and digest in
// one line: whoever has the line can prove later which file it was.
func (v *liveView) ExportAudit(ctx context.Context, r *audit.Report, to string) (string, error) {
	var b bytes.Buffer
	style := audit.Style{Now: v.session.now()}
	var err error
	switch filepath.Ext(to) {
	case ".json":
		var raw []byte
		if raw, err = inspect.EncodeJSON(r); err == nil {
			b.Write(raw)
		}
	case ".html":
		err = r.HTML(&b, style)
	case ".csv":
		err = r.CSV(&b)
	case ".md":
		err = r.Markdown(&b, style)
	default:
		err = errors.New("the extension names no form: use .json, .html, .csv or .md")
	}
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", to, err)
	}
	line := fmt.Sprintf("%s, %s, sha256:%x", to, text.Count(len(r.Rows), "row"), sha256.Sum256(b.Bytes()))
	return line, save(ctx, to, &b)
}
