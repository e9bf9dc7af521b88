package evidence

import (
	"errors"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// trustFolder holds the trust roots, policies and keys that the verdicts rest on.
const trustFolder = "data/trust/"

// writeTrust writes those whose bytes are kept and that no exhibit has brought.
// They make a verification possible without the machine of the case. They do not make it trustworthy: Verify reports a
// verdict that rests on them as unknown until the person accepts them.
func (x *export) writeTrust() error {
	for _, t := range x.c.Trust {
		if bagit.HexOf(t.Digest) == "" || x.isExhibit(t.Digest) {
			continue
		}
		open := x.opener(t.Digest)
		m, err := x.bag.Measure(open)
		if x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		if err != nil || m.Digest != t.Digest {
			// A key of a policy is named by its digest alone and stands in the policy's own file.
			if t.Kind != trustKey {
				x.note("the %s %s that verdicts rest on is not in it: %s", t.Kind, text.Clean(t.Name),
					reasonNotKept(err))
			}
			continue
		}
		if name := x.trustName(t); !x.bag.Has(name) {
			if err := x.bag.AddOpened(name, m, open); err != nil {
				return err
			}
		}
	}
	for _, k := range x.c.Expected.Keys {
		name := trustFolder + "key-" + safePart(text.ShortDigest(k.Digest)) + ".pem"
		if k.PEM == "" || x.bag.Has(name) {
			continue
		}
		if err := x.bag.AddBytes(name, []byte(k.PEM)); err != nil {
			return err
		}
	}
	return nil
}

// Kinds of trust.
const (
	trustSigstore  = "sigstore"
	trustKey       = "key"
	trustAuthority = "ca"       // a certificate authority outside of the trust root
	trustNotation  = "notation" // trust store and policy of the Notary Project; the kind of their signatures too
)

// trustName is trusted_root.json for the first root, and a name with the digest for all others.
// The kind comes from the record, which may be a stranger's, so that only letters, digits and ._- of it are used.
func (x *export) trustName(t inspect.Trust) string {
	switch t.Kind {
	case trustSigstore:
		if name := trustFolder + "trusted_root.json"; !x.bag.Has(name) {
			return name
		}
		return trustFolder + "trusted_root-" + text.ShortDigest(t.Digest) + ".json"
	case trustKey, trustAuthority:
		return trustFolder + t.Kind + "-" + text.ShortDigest(t.Digest) + ".pem"
	case trustNotation:
		return trustFolder + t.Kind + "-" + text.ShortDigest(t.Digest) + ".json"
	default:
		return trustFolder + safePart(t.Kind) + "-" + text.ShortDigest(t.Digest) + ".yaml"
	}
}

// isExhibit reports whether an exhibit has brought a root already, under its own name.
func (x *export) isExhibit(digest string) bool {
	for _, e := range x.c.Exhibits {
		if e.Digest == digest && strings.HasPrefix(e.Path, "trust/") {
			return true
		}
	}
	return false
}

// reasonNotKept is why the bytes of a root are not carried, in words.
func reasonNotKept(err error) string {
	switch {
	case err == nil:
		return "the copy on this machine is not its digest any more"
	case errors.Is(err, inspect.ErrNotKept):
		return "its bytes are not kept here"
	default:
		return err.Error()
	}
}
