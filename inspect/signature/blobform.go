package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// maxBundles bounds the bundles in one file.
// Each is verified by every root and key at hand.
const maxBundles = 200

// bundleFirst is the media type of Sigstore bundles that other forms are turned into. Unlike later versions it allows
// log entries without an inclusion proof, which older files lack, and certificates as a chain.
const bundleFirst = "application/vnd.dev.sigstore.bundle+json;version=0.1"

// errNoBundle is the error of JSON in none of the forms.
var errNoBundle = errors.New("it is no Sigstore bundle, answer of GitHub's attestation API, bundle of cosign or " +
	"DSSE envelope")

// formed is JSON in one of the forms in which bundles come.
// The fields of all forms are in one structure, since a file is recognized by which of them it has.
type formed struct {
	// A Sigstore bundle.
	MediaType            string          `json:"mediaType"`
	VerificationMaterial json.RawMessage `json:"verificationMaterial"`
	// An answer of GitHub's attestation API, and what `gh attestation verify --format json` prints of one.
	Attestations []struct {
		Bundle json.RawMessage `json:"bundle"`
	} `json:"attestations"`
	Attestation *struct {
		Bundle json.RawMessage `json:"bundle"`
	} `json:"attestation"`
	// What cosign 2 wrote with --bundle.
	Base64Signature string       `json:"base64Signature"`
	Cert            string       `json:"cert"`
	RekorBundle     *rekorBundle `json:"rekorBundle"`
	// A bare DSSE envelope.
	PayloadType string       `json:"payloadType"`
	Payload     string       `json:"payload"`
	Signatures  []dsseSigned `json:"signatures"`
}

// dsseSigned is a signature of an envelope. Some writers put the certificate beside it.
type dsseSigned struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
	Cert  string `json:"cert"`
}

// rekorBundle is a log entry as cosign keeps it.
// The names begin with capitals as cosign writes them.
type rekorBundle struct {
	SignedEntryTimestamp string `json:"SignedEntryTimestamp"`
	Payload              struct {
		Body           string `json:"body"`
		IntegratedTime int64  `json:"integratedTime"`
		LogIndex       int64  `json:"logIndex"`
		LogID          string `json:"logID"`
	} `json:"Payload"`
}

// bundlesIn lists the Sigstore bundles of a file: one bundle, one a line, an answer of GitHub, a bundle of cosign 2
// or a DSSE envelope. Errors: what is none of these, or more than maxBundles.
//
// Several in one file are common: `gh attestation download` writes one bundle a line.
func bundlesIn(data []byte) ([][]byte, error) {
	if len(data) > maxBundle {
		return nil, fmt.Errorf("reading the bundle: it is larger than %d bytes", maxBundle)
	}
	var all [][]byte
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var one json.RawMessage
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the bundle: %w", err)
		}
		found, err := bundlesOf(one)
		if err != nil {
			return nil, fmt.Errorf("reading the bundle: %w", err)
		}
		if all = append(all, found...); len(all) > maxBundles {
			return nil, fmt.Errorf("reading the bundle: it has more than %d", maxBundles)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("reading the bundle: it is empty")
	}
	return all, nil
}

// bundlesOf lists the bundles of one JSON value.
// An array is read item by item. Forms within forms are read once: no depth of a foreign file is followed.
func bundlesOf(one json.RawMessage) ([][]byte, error) {
	if bytes.HasPrefix(bytes.TrimSpace(one), []byte("[")) {
		var list []json.RawMessage
		if err := json.Unmarshal(one, &list); err != nil {
			return nil, err
		}
		var all [][]byte
		for _, o := range list[:min(len(list), maxBundles+1)] {
			if bytes.HasPrefix(bytes.TrimSpace(o), []byte("[")) {
				return nil, errNoBundle
			}
			found, err := bundlesOf(o)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	}
	var f formed
	if err := json.Unmarshal(one, &f); err != nil {
		return nil, err
	}
	switch {
	case f.MediaType != "" || len(f.VerificationMaterial) > 0:
		return [][]byte{one}, nil
	case f.Attestation != nil:
		return [][]byte{f.Attestation.Bundle}, nil
	case len(f.Attestations) > 0:
		var all [][]byte
		for _, a := range f.Attestations {
			all = append(all, a.Bundle)
		}
		return all, nil
	case f.Base64Signature != "":
		b, err := f.ofCosign()
		return [][]byte{b}, err
	case f.PayloadType != "" && len(f.Signatures) > 0:
		return f.ofEnvelope()
	default:
		return nil, errNoBundle
	}
}

// members are those of a JSON object.
type members map[string]any

// ofEnvelope makes a bundle of each signature of an envelope.
// Its signatures are judged one by one, since one bundle holds one.
func (f formed) ofEnvelope() ([][]byte, error) {
	if len(f.Signatures) > maxBundles {
		return nil, fmt.Errorf("it has more than %d signatures", maxBundles)
	}
	var all [][]byte
	for _, s := range f.Signatures {
		material, err := materialOf([]byte(s.Cert), s.KeyID)
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(members{
			"mediaType": bundleFirst, "verificationMaterial": material,
			"dsseEnvelope": members{
				"payloadType": f.PayloadType, "payload": f.Payload,
				"signatures": []any{members{"sig": s.Sig, "keyid": s.KeyID}},
			},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// ofCosign makes a Sigstore bundle of one of cosign 2. Of an attestation its signature is the whole envelope.
// The result is judged like any other bundle: nothing is believed for its form.
func (f formed) ofCosign() ([]byte, error) {
	cert, err := base64.StdEncoding.DecodeString(f.Cert)
	if err != nil {
		return nil, fmt.Errorf("reading its certificate: %w", err)
	}
	material, err := materialOf(cert, "")
	if err != nil {
		return nil, err
	}
	out := members{"mediaType": bundleFirst, "verificationMaterial": material}
	var digest string
	if f.RekorBundle != nil {
		var entry members
		if entry, digest, err = f.RekorBundle.entry(); err != nil {
			return nil, err
		}
		material["tlogEntries"] = []any{entry}
	}
	raw, err := base64.StdEncoding.DecodeString(f.Base64Signature)
	if err != nil {
		return nil, fmt.Errorf("reading its signature: %w", err)
	}
	var envelope formed
	if json.Unmarshal(raw, &envelope) == nil && envelope.PayloadType != "" {
		out["dsseEnvelope"] = json.RawMessage(raw)
		return json.Marshal(out)
	}
	message := members{"signature": f.Base64Signature}
	if digest != "" {
		message["messageDigest"] = members{"algorithm": "SHA2_256", "digest": digest}
	}
	out["messageSignature"] = message
	return json.Marshal(out)
}

// materialOf is what a bundle keeps of who signed: the certificate in PEM, or else the name of a key.
// A hint is a name only; with none of the expected keys by that name, all are tried.
func materialOf(pem []byte, hint string) (members, error) {
	if len(bytes.TrimSpace(pem)) == 0 {
		return members{"publicKey": members{"hint": hint}}, nil
	}
	if _, err := readKey(pem); err == nil {
		return members{"publicKey": members{"hint": hint}}, nil // cosign puts the public key there
	}
	certs, err := cryptoutils.LoadCertificatesFromPEM(bytes.NewReader(pem))
	if err != nil || len(certs) == 0 {
		return nil, fmt.Errorf("reading its certificate: %w", errors.Join(err, errNoBundle))
	}
	return members{"x509CertificateChain": members{"certificates": []any{members{"rawBytes": certs[0].Raw}}}}, nil
}

// entry gives a log entry in the form of a bundle, and the digest in base64 that a hashedrekord is about.
func (r rekorBundle) entry() (entry members, digest string, err error) {
	body, err := base64.StdEncoding.DecodeString(r.Payload.Body)
	if err != nil {
		return nil, "", fmt.Errorf("reading its log entry: %w", err)
	}
	var kind struct {
		Kind, APIVersion string
		Spec             struct {
			Data struct {
				Hash struct{ Algorithm, Value string }
			}
		}
	}
	if err := json.Unmarshal(body, &kind); err != nil {
		return nil, "", fmt.Errorf("reading its log entry: %w", err)
	}
	logID, err := hex.DecodeString(r.Payload.LogID)
	if err != nil {
		return nil, "", fmt.Errorf("reading its log entry: %w", err)
	}
	if sum, err := hex.DecodeString(kind.Spec.Data.Hash.Value); err == nil &&
		kind.Spec.Data.Hash.Algorithm == "sha256" {
		digest = base64.StdEncoding.EncodeToString(sum)
	}
	return members{
		"logIndex": fmt.Sprint(r.Payload.LogIndex), "integratedTime": fmt.Sprint(r.Payload.IntegratedTime),
		"logId": members{"keyId": logID}, "kindVersion": members{"kind": kind.Kind, "version": kind.APIVersion},
		"inclusionPromise":  members{"signedEntryTimestamp": r.SignedEntryTimestamp},
		"canonicalizedBody": r.Payload.Body,
	}, digest, nil
}
