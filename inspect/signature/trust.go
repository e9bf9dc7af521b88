package signature

import (
	"errors"
	"sync"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
)

// TrustOptions say where the roots of trust come from.
type TrustOptions struct {
	Files    []string // trusted_root.json, from --trusted-root; with one of them nothing else is asked
	Offline  bool     // never open a socket
	CacheDir string   // of the TUF client; empty: no TUF client
}

// Root is one trusted root with its bytes.
type Root struct {
	Material root.TrustedMaterial
	Bytes    []byte        // of trusted_root.json
	Record   inspect.Trust // where it came from, for the case
}

// Trust loads the roots of trust when they are first asked for, once. It is safe for concurrent use.
type Trust struct {
	opts  TrustOptions
	once  sync.Once
	roots []Root
	err   error
}

// NewTrust remembers where the roots come from and reads nothing yet.
func NewTrust(opts TrustOptions) *Trust { return &Trust{opts: opts} }

// Roots gives the roots of trust. Errors: a file that cannot be read or is no trusted root.
func (t *Trust) Roots() ([]Root, error) {
	t.once.Do(func() { t.err = errors.New("loading trusted roots: not yet there") })
	return t.roots, t.err
}
