package seal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-openapi/runtime"
	rtclient "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/sigstore/rekor/pkg/generated/client"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/backtrail/backtrail/inspect/text"
)

// The public instance of Sigstore (https://docs.sigstore.dev), which anyone may use.
const (
	PublicFulcio = "https://fulcio.sigstore.dev"
	PublicRekor  = "https://rekor.sigstore.dev"
)

// Keyless signs with a key that is used once: a certificate authority (Fulcio) binds it to the identity of a token for
// ten minutes, and a log (Rekor) records when it was used. Certificate and entry are public, and nothing takes them
// back.
type Keyless struct {
	Fulcio, Rekor string // addresses; CheckURL accepts them
	// Token gives a token of OpenID Connect for the audience "sigstore". It is called once for each signature, when it
	// is needed: tokens are valid for minutes.
	Token func(ctx context.Context) (string, error)
	Log   Log
}

// Sign signs a payload in a DSSE envelope and gives a Sigstore bundle as JSON, with certificate and log entry. Nothing
// of it is verified here: whoever verifies does so with a trust root of their own.
func (k Keyless) Sign(ctx context.Context, payload []byte, payloadType string) ([]byte, error) {
	token, err := k.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("getting an identity token: %w", err)
	}
	if _, err := IdentityOf(token, time.Time{}); err != nil {
		return nil, err
	}
	pair, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, fmt.Errorf("making a key for one signature: %w", err)
	}
	rekor, err := k.rekor(ctx)
	if err != nil {
		return nil, err
	}
	return k.bundle(&sign.DSSEData{Data: payload, PayloadType: payloadType}, pair, sign.BundleOptions{
		Context: ctx,
		CertificateProvider: sign.NewFulcio(&sign.FulcioOptions{
			BaseURL: strings.TrimSuffix(k.Fulcio, "/"), Timeout: requestTimeout,
			Transport: courier{ctx, "the certificate authority (Fulcio)", k.Log},
		}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: token},
		TransparencyLogs:           []sign.Transparency{rekor},
	})
}

// bundle signs. A log that answers with half an entry makes the library dereference nil, which must not end the
// program in the middle of an export.
func (k Keyless) bundle(content sign.Content, pair sign.Keypair, o sign.BundleOptions) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, fmt.Errorf("signing keyless: an answer of %s or %s is incomplete: %v",
				text.Clean(k.Fulcio), text.Clean(k.Rekor), p)
		}
	}()
	b, err := sign.Bundle(content, pair, o)
	if err != nil {
		return nil, fmt.Errorf("signing keyless: %w", err)
	}
	if out, err = protojson.Marshal(b); err != nil {
		return nil, fmt.Errorf("encoding the keyless signature: %w", err)
	}
	return append(out, '\n'), nil
}

// rekor is a client of the log whose requests go by courier. The library's own has no bound on answers.
func (k Keyless) rekor(ctx context.Context) (*sign.Rekor, error) {
	u, err := url.Parse(k.Rekor)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the log: %w", err)
	}
	path := strings.TrimSuffix(u.Path, "/")
	if path == "" {
		path = client.DefaultBasePath
	}
	web := &http.Client{Transport: courier{ctx, "the transparency log (Rekor)", k.Log}}
	transport := rtclient.NewWithClient(u.Host, path, []string{u.Scheme}, web)
	transport.Consumers[runtime.JSONMime] = runtime.JSONConsumer()
	transport.Producers[runtime.JSONMime] = runtime.JSONProducer()
	return sign.NewRekor(&sign.RekorOptions{
		BaseURL: k.Rekor, Timeout: requestTimeout, Client: client.New(transport, strfmt.Default).Entries,
	}), nil
}

// maxToken bounds an identity token, in bytes. Those of CI systems have some kilobytes.
const maxToken = 64 << 10

// Identity is what a token states. It is not verified: the certificate authority does that.
type Identity struct {
	Subject string // e-mail address, else the subject: what the certificate will name
	Issuer  string
	Expires time.Time // zero: the token has no expiry
}

// IdentityOf reads an identity token (RFC 7519), to show whose name would become public. now is compared with the
// expiry; zero: it is not. Errors never quote the token.
func IdentityOf(token string, now time.Time) (Identity, error) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(token) > maxToken || len(parts) != 3 {
		return Identity{}, errors.New("reading the identity token: it is not a JSON web token (three parts, two dots)")
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Identity{}, errors.New("reading the identity token: its second part is not base64url")
	}
	var claims struct {
		Subject string  `json:"sub"`
		Email   string  `json:"email"`
		Issuer  string  `json:"iss"`
		Expires float64 `json:"exp"` // seconds since 1970
	}
	if err := json.Unmarshal(data, &claims); err != nil {
		return Identity{}, errors.New("reading the identity token: its claims are not JSON")
	}
	id := Identity{Subject: text.Clean(claims.Subject), Issuer: text.Clean(claims.Issuer)}
	if claims.Email != "" {
		id.Subject = text.Clean(claims.Email)
	}
	// Beyond that a float is no time of this era, and the conversion would not be defined.
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		id.Expires = time.Unix(int64(claims.Expires), 0).UTC()
	}
	switch {
	case id.Subject == "":
		return Identity{}, errors.New("reading the identity token: it names no subject")
	case !now.IsZero() && !id.Expires.IsZero() && now.After(id.Expires):
		return Identity{}, fmt.Errorf("reading the identity token: it expired at %s", id.Expires.Format(time.RFC3339))
	}
	return id, nil
}

// GitHubToken gets the token of a job of GitHub Actions, which has the permission id-token: write. address and bearer
// are what GitHub puts into the environment of the job.
func GitHubToken(ctx context.Context, address, bearer string, log Log) (string, error) {
	if err := CheckURL(address, true); err != nil {
		return "", fmt.Errorf("reading ACTIONS_ID_TOKEN_REQUEST_URL: %w", err)
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("reading ACTIONS_ID_TOKEN_REQUEST_URL: %w", err)
	}
	query := u.Query()
	query.Set("audience", "sigstore")
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", fmt.Errorf("asking GitHub for an identity token: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	answer, err := courier{ctx, "GitHub", log}.RoundTrip(r)
	if err != nil {
		return "", fmt.Errorf("asking GitHub for an identity token: %w", err)
	}
	defer answer.Body.Close()
	var value struct {
		Value string `json:"value"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&value); err != nil || value.Value == "" {
		return "", errors.New("asking GitHub for an identity token: the answer has none")
	}
	return value.Value, nil
}
