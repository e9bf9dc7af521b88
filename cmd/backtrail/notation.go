package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/signature"
)

// notary reads the trust store and trust policy of the Notary Project, as the flags say or where notation keeps them.
func (f *flags) notary() (*signature.Notary, error) {
	o := signature.NotaryOptions{Store: f.notationStore, Policy: f.notationPolicy}
	if dir, err := os.UserConfigDir(); err == nil {
		o.Config = filepath.Join(dir, "notation")
	}
	n, err := signature.NewNotary(o)
	if err != nil {
		return nil, hinted(err,
			"--notation-trust-store DIR is notation's truststore, --notation-policy FILE its trustpolicy.json")
	}
	return n, nil
}

// notaryOf is the trust store and trust policy that a bag carries. None: no verdict rested on one.
func notaryOf(bag *evidence.Bag, c inspect.Case) (*signature.Notary, error) {
	for _, t := range c.Trust {
		if t.Kind != signature.NotationTrustKind {
			continue
		}
		data, err := bag.Trust(t.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the trust store %s of the bundle: %w", t.Digest, err)
		}
		return signature.ReadNotary(data, inspect.TrustBag, t.Digest)
	}
	return nil, nil
}
