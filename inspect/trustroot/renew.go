package trustroot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// Renew fetches the trusted root with a client whose cache is empty, so that its answer is of now, and writes it with
// its origin into dir, the folder of this package. It returns the old and the new origin. On any error the old copy
// stays as it is, and the error names its age.
func Renew(ctx context.Context, c Client, dir string, now time.Time) (old, renewed Origin, err error) {
	data, err := os.ReadFile(filepath.Join(dir, originFile))
	if err != nil {
		return Origin{}, Origin{}, fmt.Errorf("reading the trust root to renew: %w", err)
	}
	if old, err = readOrigin(data); err != nil {
		return Origin{}, Origin{}, err
	}
	before, err := os.ReadFile(filepath.Join(dir, embeddedFile))
	if err != nil {
		return old, Origin{}, fmt.Errorf("reading the trust root to renew: %w", err)
	}
	stays := func(err error) error {
		return fmt.Errorf("%w\nthe old one stays: %s, %d days ago", err, old, old.Days(now))
	}
	f, err := c.Fetch(ctx)
	if err != nil {
		return old, Origin{}, stays(fmt.Errorf("fetching the trust root: %w", err))
	}
	if err := newer(before, f.Data); err != nil {
		return old, Origin{}, stays(fmt.Errorf("comparing the fetched trust root with the old one: %w", err))
	}
	renewed = Origin{now.UTC().Truncate(time.Second), f.Mirror, true}
	if err := write(dir, f.Data, renewed); err != nil {
		return old, Origin{}, err
	}
	return old, renewed, nil
}

// newer returns an error unless the fetched root can be read and has at least the newest key of the old one. TUF
// protects from older metadata as far as its cache goes, and the cache of Renew is empty.
func newer(old, fetched []byte) error {
	was, err := root.NewTrustedRootFromJSON(old)
	if err != nil {
		return fmt.Errorf("reading the old one: %w", err)
	}
	is, err := root.NewTrustedRootFromJSON(fetched)
	if err != nil {
		return fmt.Errorf("reading the fetched one: %w", err)
	}
	if len(is.FulcioCertificateAuthorities()) == 0 || len(is.RekorLogs()) == 0 {
		return errors.New("the fetched one has no certificate authority or no transparency log")
	}
	if a, b := NewestKey(was), NewestKey(is); b.Before(a) {
		return fmt.Errorf("the newest key of the fetched one is of %s, that of the old one of %s",
			b.UTC().Format(time.DateOnly), a.UTC().Format(time.DateOnly))
	}
	return nil
}

// NewestKey is the latest start of validity of a key in a root: the root was made no earlier than shortly before that.
func NewestKey(m root.TrustedMaterial) time.Time {
	var newest time.Time
	take := func(t time.Time) {
		if t.After(newest) {
			newest = t
		}
	}
	for _, logs := range []map[string]*root.TransparencyLog{m.RekorLogs(), m.CTLogs()} {
		for _, l := range logs {
			take(l.ValidityPeriodStart)
		}
	}
	for _, ca := range m.FulcioCertificateAuthorities() {
		if f, ok := ca.(*root.FulcioCertificateAuthority); ok {
			take(f.ValidityPeriodStart)
		}
	}
	for _, ta := range m.TimestampingAuthorities() {
		if s, ok := ta.(*root.SigstoreTimestampingAuthority); ok {
			take(s.ValidityPeriodStart)
		}
	}
	return newest
}

// write writes copy and origin, each by a temporary file and a rename. The origin comes last: where that fails, the old
// date stands beside newer bytes, which is the safe side.
func write(dir string, data []byte, o Origin) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(o); err != nil {
		return fmt.Errorf("writing the trust root: %w", err)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{embeddedFile, data}, {originFile, b.Bytes()}} {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path+".new", f.data, 0o644); err != nil { //nolint:gosec // a file of the source
			return fmt.Errorf("writing the trust root: %w", err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("writing the trust root: %w", err)
		}
	}
	return nil
}
