package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/text"
)

// gitHubOfImage is the value of --github without a repository: the image's annotations and provenance name the
// repository.
const gitHubOfImage = "of-the-image"

// gitHub is GitHub's store of attestations, or nil without the flag: a query discloses to GitHub which digest is being
// looked at. GITHUB_API_URL names another server, as in GitHub's own workflows.
func gitHub(s *session) (*signature.Attestations, error) {
	f := s.flags
	if len(f.github) == 0 {
		return nil, nil
	}
	if f.offline {
		return nil, usage("--github queries GitHub, which --offline forbids: leave out one of them")
	}
	o := signature.AttestationOptions{
		Base: os.Getenv("GITHUB_API_URL"), Token: os.Getenv("GH_TOKEN"), UserAgent: "backtrail/" + version,
		Log: s.gitHubRequest,
	}
	// Without a repository named, that of the image is queried; both may be given.
	for _, name := range f.github {
		if name != gitHubOfImage {
			o.Repositories = append(o.Repositories, name)
		}
	}
	a, err := signature.NewAttestations(o)
	if err != nil {
		return nil, usage("%w", err)
	}
	return a, nil
}

// gitHubRequest puts a request to GitHub into the open case. The token is in a header, and not in what is recorded.
func (s *session) gitHubRequest(method, url string, status int, bytes int64) {
	if emit := s.emit.Load(); emit != nil {
		(*emit)(inspect.Event{Fact: inspect.Request{Method: method, URL: url, Status: status, Bytes: bytes}})
	}
}

// notary reads the trust store and trust policy of the Notary Project, from where the flags name them or where notation
// keeps them.
//
// A trust policy that cannot be read is an error of the run: without one no signer is trusted, and a case
// would show failures that only the missing file has caused.
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

// passwordVariable has the password of an encrypted private key, as for cosign. There is no flag for it: command lines
// are visible to every process of a machine, and are recorded in cases.
const passwordVariable = "COSIGN_PASSWORD"

// signer signs bundles with the key of --sign-key, or keyless; nil where neither was named. The key is read and
// decrypted before a case begins: an export at its end must not fail for a wrong password. Errors are usage errors.
func (f *flags) signer(std streams) (evidence.Signer, error) {
	switch {
	case f.signKey != "" && f.seal.keyless:
		return nil, usage("--sign-key and --sign-keyless: a bundle has one signature, leave one of them out")
	case f.seal.keyless:
		return f.seal.signer(std, f.offline, f.stdinAlerts())
	case f.seal.publish || f.seal.token != "":
		return nil, usage("--yes-publish and --identity-token are about --sign-keyless, which is not given")
	case f.signKey == "":
		return nil, nil
	}
	pem, err := readBounded(f.signKey, maxKeyFile)
	if err != nil {
		return nil, usage("reading the private key to sign with: %w", err)
	}
	sign, err := evidence.KeySigner(pem, func() ([]byte, error) {
		password, ok := os.LookupEnv(passwordVariable)
		if !ok {
			// no prompt: an export runs in scripts, and in the terminal UI, which has the terminal
			return nil, fmt.Errorf("it is encrypted, and %s is not set", passwordVariable)
		}
		return []byte(password), nil
	})
	if err != nil {
		return nil, usage("--sign-key %s: %w", f.signKey, err)
	}
	return sign, nil
}

// sealFlags are how a bundle is signed without a key of one's own, and who states when it was made. Addresses are named
// as cosign names them.
type sealFlags struct {
	keyless, publish     bool
	fulcio, rekor, token string
	authority            string
}

// register adds the flags. None of them has a default that makes a request: keyless signing publishes a name for ever.
func (o *sealFlags) register(s *pflag.FlagSet) {
	s.BoolVar(&o.keyless, "sign-keyless", false,
		"sign exported bundles by your identity, which publishes your name, a digest and the time for ever (Sigstore)")
	s.StringVar(&o.token, "identity-token", "",
		"`FILE` with the identity token to sign keyless with (default $"+tokenVariable+", or that of a GitHub job)")
	s.StringVar(&o.fulcio, "fulcio-url", seal.PublicFulcio, "certificate authority `URL` of keyless signatures")
	s.StringVar(&o.rekor, "rekor-url", seal.PublicRekor, "transparency log `URL` of keyless signatures")
	s.BoolVar(&o.publish, "yes-publish", false, "publish with --sign-keyless without asking")
	s.StringVar(&o.authority, "timestamp-url", "",
		"have bundles, and the start of a case, stamped by the RFC 3161 timestamp authority at this `URL`")
}

// timestamps is the authority of --timestamp-url; nil where none was named.
func (o sealFlags) timestamps(offline bool) (*seal.Authority, error) {
	if o.authority == "" {
		return nil, nil
	}
	if offline {
		return nil, usage("--timestamp-url asks an authority, which --offline (and the demo) forbids: leave out " +
			"one of them")
	}
	if err := seal.CheckURL(o.authority, false); err != nil {
		return nil, usage("reading --timestamp-url: %w", err)
	}
	return &seal.Authority{URL: o.authority}, nil
}

// signer signs keyless, after a person has agreed to what becomes public. Nothing is published before an export. The
// token is read now, to show whose name it is, and again when a bundle is signed: tokens are valid for minutes.
func (o sealFlags) signer(std streams, offline, stdinTaken bool) (evidence.Signer, error) {
	if offline {
		return nil, usage("--sign-keyless uses the network, which --offline (and the demo) forbids: leave out " +
			"one of them")
	}
	for name, address := range map[string]string{"fulcio-url": o.fulcio, "rekor-url": o.rekor} {
		if err := seal.CheckURL(address, true); err != nil {
			return nil, usage("reading --%s: %w", name, err)
		}
	}
	name := "that of this job of GitHub Actions"
	if !isJob() || o.token != "" || os.Getenv(tokenVariable) != "" {
		token, err := o.identityToken(context.Background())
		if err != nil {
			return nil, err
		}
		id, err := seal.IdentityOf(token, time.Now())
		if err != nil {
			return nil, usage("--sign-keyless: %w", err)
		}
		name = fmt.Sprintf("%s (%s)", id.Subject, cmp.Or(id.Issuer, "issuer not named"))
	}
	fmt.Fprintf(std.err, `--sign-keyless publishes at each export, for ever and for everyone, in the log %s:
  name    %s
  digest  of the signed statement over the bundle
  time    of the signature
`, text.Clean(o.rekor), name)
	if err := o.confirm(std, stdinTaken); err != nil {
		return nil, err
	}
	return evidence.StatementSigner(seal.Keyless{Fulcio: o.fulcio, Rekor: o.rekor, Token: o.identityToken}.Sign), nil
}

// maxReply bounds the reply to a question, in bytes.
const maxReply = 64

// confirm asks whether to publish. Without a terminal there is no one to ask, and nothing is published by default.
func (o sealFlags) confirm(std streams, stdinTaken bool) error {
	if o.publish {
		return nil
	}
	if stdinTaken || !isTerminal(std.in) || !isTerminal(std.err) {
		return usage("--sign-keyless: there is no terminal to ask on; --yes-publish agrees to the above, " +
			"--sign-key FILE publishes nothing")
	}
	fmt.Fprint(std.err, "Sign exports and publish this? [y/N] ")
	reply, err := bufio.NewReader(io.LimitReader(std.in, maxReply)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the reply: %w", err)
	}
	if reply = strings.ToLower(strings.TrimSpace(reply)); reply != "y" && reply != "yes" {
		return usage("--sign-keyless: not confirmed, and nothing was published; --sign-key FILE publishes nothing")
	}
	return nil
}

// tokenVariable has the identity token for keyless signing, as for cosign.
const tokenVariable = "SIGSTORE_ID_TOKEN" //nolint:gosec // the name of a variable, not a credential

// isJob reports whether this is a job of GitHub Actions with the permission id-token: write. A job without it has no
// such variable (docs.github.com, "OpenID Connect").
func isJob() bool { return os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != "" }

// identityToken reads the token from where the person put it. There is no flag for its text: command lines are visible
// to every process of a machine.
func (o sealFlags) identityToken(ctx context.Context) (string, error) {
	switch {
	case o.token != "":
		b, err := readBounded(o.token, maxKeyFile)
		if err != nil {
			return "", usage("reading --identity-token: %w", err)
		}
		return strings.TrimSpace(string(b)), nil
	case os.Getenv(tokenVariable) != "":
		return strings.TrimSpace(os.Getenv(tokenVariable)), nil
	case isJob():
		return seal.GitHubToken(ctx, os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"),
			os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), nil)
	}
	return "", usage("--sign-keyless needs an identity token: --identity-token FILE, $%s, or a job of GitHub Actions "+
		"with id-token: write", tokenVariable)
}

// signerKey takes a key for one that may have signed a bundle. The trust is empty: with a managed key there is no
// certificate, and a log entry counts by nothing that the bundle itself carries.
func signerKey(k inspect.ExpectedKey) evidence.SignerKey {
	return evidence.SignerKey{Digest: k.Digest, Verify: func(ctx context.Context, manifest, bundle []byte) error {
		sig, err := signature.VerifyBlob(ctx, signature.BlobRequest{
			Artifact: bytes.NewReader(manifest), Bundle: bundle,
			Expected: inspect.Expected{Keys: []inspect.ExpectedKey{k}}, Trust: signature.FixedTrust(),
		})
		if err == nil && sig.Status != inspect.Verified {
			err = errors.New(signature.Why(sig))
		}
		return err
	}}
}

// signerIdentity checks that an identity signed the tag manifest of a bundle, by the trust that the caller has chosen.
// It returns the identity of the certificate, which a regular expression may have matched, also together with an
// error.
func signerIdentity(expected inspect.Expected, trust *signature.Trust) func(ctx context.Context, manifest,
	bundle []byte) (string, error) {
	return func(ctx context.Context, manifest, bundle []byte) (string, error) {
		sig, err := signature.VerifyBlob(ctx, signature.BlobRequest{
			Artifact: bytes.NewReader(manifest), Bundle: bundle, Expected: expected, Trust: trust,
		})
		if err == nil && sig.Status != inspect.Verified {
			err = errors.New(signature.Why(sig))
		}
		return sig.Identity, err
	}
}
