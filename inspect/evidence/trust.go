package evidence

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/sigstore/sigstore-go/pkg/root"
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
			if err := x.writePEM(t, name, open); err != nil {
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

// writePEM writes a trust root once more in PEM, for tools that take its parts by flags and variables, as cosign does
// offline (SIGSTORE_ROOT_FILE, SIGSTORE_REKOR_PUBLIC_KEY, SIGSTORE_CT_LOG_PUBLIC_KEY_FILE, openssl ts -CAfile). It
// follows from the root, so that verify makes the same files. A root that cannot be read has none.
func (x *export) writePEM(t inspect.Trust, name string, open bagit.Opener) error {
	if t.Kind != trustSigstore {
		return nil
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	defer r.Close()
	data, err := bagit.ReadBounded(r, MaxSmall, name)
	if err != nil {
		return err
	}
	suffix := strings.TrimSuffix(strings.TrimPrefix(name, trustFolder+"trusted_root"), ".json")
	for _, p := range rootAsPEM(data) {
		file := trustFolder + strings.Replace(p.name, ".", suffix+".", 1)
		if x.bag.Has(file) {
			continue
		}
		if err := x.bag.AddBytes(file, p.data); err != nil {
			return err
		}
	}
	return nil
}

// pemFile is a part of a trust root in PEM (RFC 7468).
type pemFile struct {
	name string
	data []byte
}

// rootAsPEM are the parts of a trusted_root.json: authorities with their chains, and the keys of logs. Parts that it
// does not have are no file.
func rootAsPEM(data []byte) []pemFile {
	trusted, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil
	}
	var authorities, stamps []*x509.Certificate
	for _, a := range trusted.FulcioCertificateAuthorities() {
		if a, is := a.(*root.FulcioCertificateAuthority); is {
			authorities = append(append(authorities, a.Intermediates...), a.Root)
		}
	}
	for _, a := range trusted.TimestampingAuthorities() {
		if a, is := a.(*root.SigstoreTimestampingAuthority); is {
			stamps = append(append(append(stamps, a.Leaf), a.Intermediates...), a.Root)
		}
	}
	files := []pemFile{
		{"fulcio.pem", certificatesAsPEM(authorities)},
		{"tsa.pem", certificatesAsPEM(stamps)},
		{"rekor.pub", keysAsPEM(trusted.RekorLogs())},
		{"ctfe.pub", keysAsPEM(trusted.CTLogs())},
	}
	return slices.DeleteFunc(files, func(p pemFile) bool { return len(p.data) == 0 })
}

func certificatesAsPEM(list []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range list {
		if c != nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
		}
	}
	return b.Bytes()
}

// keysAsPEM are the public keys of logs, in the order of their IDs: two exports give the same file.
func keysAsPEM(logs map[string]*root.TransparencyLog) []byte {
	var b bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(logs)) {
		if der, err := x509.MarshalPKIXPublicKey(logs[id].PublicKey); err == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		}
	}
	return b.Bytes()
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
