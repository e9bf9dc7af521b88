package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Audit is one audit that ended: its document as the verb printed it.
type Audit struct {
	Scope string       `json:"scope"` // what was audited, in a form that is the same every night
	At    inspect.Time `json:"at"`
	// how deep the images of the audit were looked into
	Depth    Depth           `json:"depth"`
	Document json.RawMessage `json:"document"` // backtrail.dev/audit/v1
}

// PutAudit stores an audit. One of the same scope and time is replaced.
func (j *Journal) PutAudit(ctx context.Context, a Audit) error {
	// The document is what the verb printed, not a Go type: package audit imports this one, and a later version of the
	// program compares with what an older one printed.
	if a.At.IsZero() || !json.Valid(a.Document) {
		return errors.New("storing an audit: it has no time, or its document is no JSON")
	}
	packed, err := pack(a.Document)
	if err != nil {
		return fmt.Errorf("storing the audit of %s: %w", a.Scope, err)
	}
	return j.change(ctx, "storing the audit of "+a.Scope, func(w *writer) error {
		return w.run("INSERT OR REPLACE INTO audit (scope, at, depth, document) VALUES (?, ?, ?, ?)",
			a.Scope, column(a.At), int(a.Depth), packed)
	})
}

// LastAudit returns the newest audit of a scope. Errors: ErrNotStored where there is none.
func (j *Journal) LastAudit(ctx context.Context, scope string) (Audit, error) {
	return j.audit(ctx, "WHERE scope = ? ORDER BY at DESC LIMIT 1", scope)
}

// AuditBefore returns the newest audit of a scope that is older than a time. Errors: ErrNotStored where there is none.
func (j *Journal) AuditBefore(ctx context.Context, scope string, t time.Time) (Audit, error) {
	return j.audit(ctx, "WHERE scope = ? AND at < ? ORDER BY at DESC LIMIT 1", scope, t.UnixMilli())
}

func (j *Journal) audit(ctx context.Context, where string, args ...any) (Audit, error) {
	found, err := j.audits(ctx, where, args...)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("reading an earlier audit: %w", ErrNotStored)
	}
	if err != nil {
		return Audit{}, err
	}
	return found[0], nil
}

// Audits returns the newest audits of a scope, at most n of them, the newest first.
func (j *Journal) Audits(ctx context.Context, scope string, n int) ([]Audit, error) {
	return j.audits(ctx, "WHERE scope = ? ORDER BY at DESC LIMIT ?", scope, n)
}

// where ends the query: a condition, an order, a bound, of this package's own words.
func (j *Journal) audits(ctx context.Context, where string, args ...any) ([]Audit, error) {
	var all []Audit
	err := j.query(ctx, "reading audits", func(r *sql.Rows) error {
		var a Audit
		var at int64
		var depth int
		var packed []byte
		if err := r.Scan(&a.Scope, &at, &depth, &packed); err != nil {
			return err
		}
		doc, err := unpack(packed)
		a.At, a.Depth, a.Document = timeOf(at), Depth(depth), doc
		all = append(all, a)
		return err
	}, "SELECT scope, at, depth, document FROM audit "+where, args...)
	return all, err
}
