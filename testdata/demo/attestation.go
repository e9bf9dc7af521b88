package shop

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// What bundles and envelopes are called.
const (
	bundleType  = "application/vnd.dev.sigstore.bundle.v0.3+json"
	payloadType = "application/vnd.in-toto+json"
)

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// The parts of a Sigstore bundle (https://github.com/sigstore/protobuf-specs, sigstore_bundle.proto).
type (
	bundle struct {
		MediaType string   `json:"mediaType"`
		Material  material `json:"verificationMaterial"`
		Envelope  envelope `json:"dsseEnvelope"`
	}
	material struct {
		Certificate rawBytes      `json:"certificate"`
		Entries     []bundleEntry `json:"tlogEntries"`
	}
	bundleEntry struct {
		LogIndex       string      `json:"logIndex"`
		LogID          keyID       `json:"logId"`
		KindVersion    kindVersion `json:"kindVersion"`
		IntegratedTime string      `json:"integratedTime"`
		Promise        struct {
			Timestamp []byte `json:"signedEntryTimestamp"`
		} `json:"inclusionPromise"`
		Proof inclusionProof `json:"inclusionProof"`
		Body  []byte         `json:"canonicalizedBody"`
	}
	kindVersion struct {
		Kind    string `json:"kind"`
		Version string `json:"version"`
	}
	inclusionProof struct {
		LogIndex   string   `json:"logIndex"`
		RootHash   []byte   `json:"rootHash"`
		TreeSize   string   `json:"treeSize"`
		Hashes     [][]byte `json:"hashes"`
		Checkpoint struct {
			Envelope string `json:"envelope"`
		} `json:"checkpoint"`
	}
	envelope struct {
		Payload     []byte              `json:"payload"`
		PayloadType string              `json:"payloadType"`
		Signatures  []envelopeSignature `json:"signatures"`
	}
	envelopeSignature struct {
		Sig []byte `json:"sig"`
	}
)

// dsseEntry is the body of a log entry about an envelope.
type dsseEntry struct {
	Version string `json:"apiVersion"`
	Kind    string `json:"kind"`
	Spec    struct {
		EnvelopeHash algorithmValue  `json:"envelopeHash"`
		PayloadHash  algorithmValue  `json:"payloadHash"`
		Signatures   []dsseSignature `json:"signatures"`
	} `json:"spec"`
}

type dsseSignature struct {
	Signature []byte `json:"signature"`
	Verifier  []byte `json:"verifier"` // PEM
}

// attest signs a statement about an image and stores it as a bundle that refers to the image. The
// bundle's proof is of the log's tree at that moment.
func (n *notary) attest(i image, statement blob, predicateType string, r run, when time.Time) (image, error) {
	who, err := n.authority.issue(r, when)
	if err != nil {
		return image{}, err
	}
	e, err := seal(who, statement.data)
	if err != nil {
		return image{}, err
	}
	entry, err := n.recordEnvelope(who, e, when.Add(2*time.Second))
	if err != nil {
		return image{}, err
	}
	kept, err := n.keep(entry)
	if err != nil {
		return image{}, err
	}
	sealed, err := document(bundleType, bundle{bundleType, material{rawBytes{who.der}, []bundleEntry{kept}}, e})
	if err != nil {
		return image{}, err
	}
	subject := i.main().descriptor()
	return wrap(i.repository, "", sealed, v1.Manifest{
		ArtifactType: bundleType, Layers: []v1.Descriptor{sealed.descriptor()}, Subject: &subject,
		Annotations: map[string]string{
			"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicateType,
			"org.opencontainers.image.created": when.Format(time.RFC3339),
		},
	})
}

// seal signs a statement by the rules of DSSE (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).
func seal(who credential, statement []byte) (envelope, error) {
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(statement), statement)
	sig, err := sign(who.key, message)
	if err != nil {
		return envelope{}, fmt.Errorf("sealing a statement: %w", err)
	}
	return envelope{statement, payloadType, []envelopeSignature{{sig}}}, nil
}

func (n *notary) recordEnvelope(who credential, e envelope, when time.Time) (logEntry, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return logEntry{}, fmt.Errorf("writing an envelope: %w", err)
	}
	body := dsseEntry{Version: "0.0.1", Kind: "dsse"}
	body.Spec.EnvelopeHash, body.Spec.PayloadHash = sha256Of(data), sha256Of(e.Payload)
	body.Spec.Signatures = []dsseSignature{{e.Signatures[0].Sig, certificatePEM(who.der)}}
	return n.record(body, when)
}

// keep is a log entry with the log's promise, and the proof that it is in the tree.
func (n *notary) keep(e logEntry) (bundleEntry, error) {
	checkpoint, err := n.log.checkpoint()
	if err != nil {
		return bundleEntry{}, err
	}
	hash := root(n.log.leaves)
	kept := bundleEntry{
		LogIndex: strconv.FormatInt(e.index(), 10), LogID: keyID{n.log.id}, KindVersion: kindVersion{"dsse", "0.0.1"},
		IntegratedTime: strconv.FormatInt(e.time.Unix(), 10), Body: e.body,
		Proof: inclusionProof{
			LogIndex: strconv.Itoa(e.leaf), RootHash: hash[:], TreeSize: strconv.Itoa(len(n.log.leaves)), Hashes: auditPath(e.leaf, n.log.leaves),
		},
	}
	kept.Promise.Timestamp, kept.Proof.Checkpoint.Envelope = e.promise, checkpoint
	return kept, nil
}
