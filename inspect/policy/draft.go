package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	gcr "github.com/google/go-containerregistry/pkg/name"
	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

// Request names for whom a policy is drafted.
type Request struct {
	Image     inspect.Image
	Signature inspect.Signature     // by the signer who is to be expected from now on
	Keys      []inspect.ExpectedKey // that are known: a signature names only the digest of its key
	Glob      string                // of the images; empty: all of the image's repository
	Public    bool                  // the trusted root is that of the public Sigstore instance
}

// Draft is a policy that nobody has put into force yet.
type Draft struct {
	Name string
	Text []byte // YAML
}

// NewDraft writes a ClusterImagePolicy for the signer of a signature. Errors: a signature that does not hold, a signer
// whose name would look like another one, an image without a name, a key whose bytes are not at hand.
func NewDraft(r Request) (Draft, error) {
	if !r.Signature.Holds() {
		return Draft{}, fmt.Errorf("drafting a policy: the signature does not hold (%s), and proves nothing of "+
			"who signed", r.Signature.Reason)
	}
	// A name with a direction mark or a letter that is not drawn would read as another one in the file that a person
	// reviews and applies.
	if who := r.Signature.Identity + r.Signature.Issuer + r.Signature.PredicateType; text.Clean(who) != who {
		return Draft{}, fmt.Errorf("drafting a policy: the name of the signer has characters that are not shown "+
			"as they are: %s", text.Clean(who))
	}
	glob, err := r.glob()
	if err != nil {
		return Draft{}, fmt.Errorf("drafting a policy: %w", err)
	}
	authority, who, err := r.authority()
	if err != nil {
		return Draft{}, fmt.Errorf("drafting a policy: %w", err)
	}
	// a name by what it is about and who signs: drafting it again gives the same name
	d := Draft{Name: draftName(glob, who)}
	words, err := yaml.Marshal(draftObject{
		APIVersion: "policy.sigstore.dev/v1beta1", Kind: "ClusterImagePolicy", Metadata: draftMeta{Name: d.Name},
		Spec: draftSpec{
			Mode: inspect.ModeEnforce, Images: []draftImage{{Glob: glob}},
			Authorities: []draftAuthority{authority},
		},
	})
	if err != nil {
		return Draft{}, fmt.Errorf("drafting a policy: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Who signed %s, as backtrail saw it:\n# %s\n", text.Clean(r.Image.Reference),
		text.Clean(r.Signature.Signer()))
	// comments of the file, above the object: a person reads them before applying it
	fmt.Fprintf(&b,
		"# A signature names the signer, and is no proof that it is the right one: compare with what your build "+
			"should be "+
			"before you trust it.\n")
	if authority.Keyless != nil && !r.Public {
		fmt.Fprintf(&b, "# The authority is not the public one: name yours (keyless: url, ca-cert or "+
			"trustRootRef) before this goes to a cluster.\n")
	}
	b.Write(words)
	d.Text = b.Bytes()
	// What is drafted is read back by the rules of its controller: a draft that it would refuse is no help.
	if _, err := Parse(Source{Bytes: d.Text, Name: d.Name}); err != nil {
		return Draft{}, fmt.Errorf("drafting a policy: %w", err)
	}
	return d, nil
}

// glob fits all images of the repository, by tag and by digest: policy-controller sees the digest only.
func (r Request) glob() (string, error) {
	if r.Glob != "" {
		_, err := globOf(r.Glob)
		return r.Glob, err
	}
	loc, err := registry.Parse(r.Image.Reference)
	if err != nil || loc.Local() {
		return "", errors.New("what lies in a layout or an archive has no name in a registry: name the images (--glob)")
	}
	ref, err := gcr.ParseReference(r.Image.Reference, gcr.WeakValidation)
	if err != nil {
		return "", err
	}
	// A star without a slash: it fits tags and digests, and also repositories whose name only begins the same. A glob
	// cannot tell these apart, and requiring more is the safe side.
	return ref.Context().Name() + "*", nil
}

// tagRef is the end of a workflow's name when it was run for a tag: another one with each release.
var tagRef = regexp.MustCompile(`@refs/tags/[^/]+$`)

// authority is the signer in the form of the policy, and in words for its name. An identity that ends in a release tag
// is generalised to all tags: the next release is built from another one.
func (r Request) authority() (a draftAuthority, who string, err error) {
	s := r.Signature
	if s.PredicateType != "" && s.PredicateType != inspect.PredicateCosignSign {
		a.Attestations = []draftAttestation{{Name: "attestation", PredicateType: shortPredicate(s.PredicateType)}}
	}
	if s.Certificate == nil {
		at := slices.IndexFunc(r.Keys, func(k inspect.ExpectedKey) bool { return k.Digest == s.Key })
		if at < 0 {
			return a, "", fmt.Errorf("the bytes of the key %s are not at hand: name it with --key", s.Key)
		}
		a.Key = &draftKey{Data: r.Keys[at].PEM}
		return a, s.Key, nil
	}
	id := draftIdentity{Issuer: s.Issuer, Subject: s.Identity}
	// quoted: the identity is foreign text, and a dot in it must not become a pattern
	if at := tagRef.FindStringIndex(s.Identity); at != nil {
		id.SubjectRegExp, id.Subject = "^"+regexp.QuoteMeta(s.Identity[:at[0]])+"@refs/tags/[^/]+$", ""
	}
	a.Keyless = &draftKeyless{Identities: []draftIdentity{id}}
	if r.Public {
		a.Keyless.URL, a.CTLog = "https://fulcio.sigstore.dev", &draftURL{"https://rekor.sigstore.dev"}
	}
	return a, s.Issuer + " " + s.Identity, nil
}

// shortPredicate gives cosign's short name of a predicate type, which older controllers want.
func shortPredicate(predicate string) string {
	for _, short := range []string{
		"slsaprovenance02", "slsaprovenance1", "spdxjson", "cyclonedx", "link", "vuln",
		"openvex", "custom",
	} {
		if predicateOf(short) == predicate {
			return short
		}
	}
	return predicate
}

// draftName is a name of Kubernetes' for a policy: the repository and a mark of the signer.
func draftName(glob, who string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, strings.TrimRight(glob, "*"))
	// the end distinguishes repositories; the beginning is the registry that all have
	if len(name) > 40 {
		name = name[len(name)-40:]
	}
	sum := sha256.Sum256([]byte(who))
	return strings.Trim(strings.Trim(name, "-")+"-"+hex.EncodeToString(sum[:4]), "-")
}

// Path is where the draft is written in a folder of policies.
func (d Draft) Path(folder string) string { return filepath.Join(folder, d.Name+".yaml") }

// Write writes the draft into the folder of policies, and never over a file that is there.
func (d Draft) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("writing policy %s: %w", d.Name, err)
	}
	path := d.Path(folder)
	// O_EXCL refuses an existing file and a symbolic link alike
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("writing policy %s: %s is there already, and is not overwritten", d.Name, path)
	}
	if err != nil {
		return fmt.Errorf("writing policy %s: %w", d.Name, err)
	}
	_, err = f.Write(d.Text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("writing policy %s: %w", d.Name, err)
	}
	return nil
}
