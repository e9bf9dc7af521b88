package signature

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/signature/payload"

	"github.com/backtrail/backtrail/registry"
)

// intotoType is the payload type of an in-toto statement in a DSSE envelope.
const intotoType = "application/vnd.in-toto+json"

// The statement types that are understood: what another one means is not known, so it proves nothing.
// (https://github.com/in-toto/attestation/tree/main/spec)
var statementTypes = []string{"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}

// claim is what signed bytes state of their subject.
// Until the signature over the payload holds, it is only a text.
type claim struct {
	payload       []byte   // the signed bytes, or the statement of an envelope
	statement     bool     // payload is an in-toto statement
	predicateType string   // of a statement
	digests       []string // sha256:<hex> of each subject
	reference     string   // docker-reference of a simple signing payload
}

// readSimple reads a simple signing payload
// (https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md).
// The reference in it is a hint and never compared with a verdict: images are copied between registries.
func readSimple(data []byte) (claim, error) {
	var p payload.SimpleContainerImage
	if err := json.Unmarshal(data, &p); err != nil {
		return claim{payload: data}, fmt.Errorf("reading the signed payload: %w", err)
	}
	c := claim{
		payload: data, digests: []string{p.Critical.Image.DockerManifestDigest},
		reference: p.Critical.Identity.DockerReference,
	}
	if !registry.IsDigest(c.digests[0]) {
		return c, fmt.Errorf("reading the signed payload: its docker-manifest-digest %q is not sha256:<hex>",
			c.digests[0])
	}
	return c, nil
}

// readEnvelope reads a DSSE envelope (https://github.com/secure-systems-lab/dsse) with an in-toto statement.
// The claim has what could be read, also where there is an error.
func readEnvelope(data []byte) (dsse.Envelope, claim, error) {
	var e dsse.Envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return e, claim{payload: data}, fmt.Errorf("reading the DSSE envelope: %w", err)
	}
	if len(e.Signatures) == 0 {
		return e, claim{payload: data}, errors.New("reading the DSSE envelope: it has no signature")
	}
	body, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		return e, claim{payload: data}, fmt.Errorf("reading the payload of the DSSE envelope: %w", err)
	}
	c, err := readStatement(e.PayloadType, body)
	return e, c, err
}

// readStatement reads subjects and predicate type of an in-toto statement, and leaves the predicate alone.
// Subjects without a sha256 are left out: nothing here is named by another digest.
func readStatement(payloadType string, body []byte) (claim, error) {
	c := claim{payload: body}
	if payloadType != intotoType {
		return c, fmt.Errorf("reading the DSSE envelope: its payload type %q is not %s", payloadType, intotoType)
	}
	var s struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return c, fmt.Errorf("reading the in-toto statement: %w", err)
	}
	c.statement, c.predicateType = true, s.PredicateType
	if len(s.Subject) > maxSubjects {
		return c, fmt.Errorf("reading the in-toto statement: it has %d subjects, more than %d", len(s.Subject),
			maxSubjects)
	}
	for _, subject := range s.Subject {
		if d := "sha256:" + strings.ToLower(subject.Digest["sha256"]); registry.IsDigest(d) {
			c.digests = append(c.digests, d)
		}
	}
	for _, known := range statementTypes {
		if s.Type == known {
			return c, nil
		}
	}
	return c, fmt.Errorf("reading the in-toto statement: its type %q is not known", s.Type)
}
