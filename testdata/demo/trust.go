package shop

import (
	"encoding/json"
	"fmt"
	"time"
)

// The parts of trusted_root.json that the incident needs, as protobuf-specs names them
// (https://github.com/sigstore/protobuf-specs, sigstore_trustroot.proto). It is written here and not by the protobuf
// library, whose JSON differs from build to build.
type (
	trustedRoot struct {
		MediaType            string       `json:"mediaType"`
		Logs                 []trustedLog `json:"tlogs"`
		Authorities          []trustedCA  `json:"certificateAuthorities"`
		CTLogs               []trustedLog `json:"ctlogs"`
		TimestampAuthorities []trustedCA  `json:"timestampAuthorities"`
	}
	trustedLog struct {
		BaseURL       string     `json:"baseUrl"`
		HashAlgorithm string     `json:"hashAlgorithm"`
		PublicKey     trustedKey `json:"publicKey"`
		LogID         keyID      `json:"logId"`
	}
	trustedKey struct {
		RawBytes   []byte `json:"rawBytes"`
		KeyDetails string `json:"keyDetails"`
		ValidFor   period `json:"validFor"`
	}
	trustedCA struct {
		Subject   caName    `json:"subject"`
		URI       string    `json:"uri"`
		CertChain certChain `json:"certChain"`
		ValidFor  period    `json:"validFor"`
	}
	caName struct {
		Organization string `json:"organization"`
		CommonName   string `json:"commonName"`
	}
	certChain struct {
		Certificates []rawBytes `json:"certificates"`
	}
	rawBytes struct {
		RawBytes []byte `json:"rawBytes"`
	}
	keyID struct {
		KeyID []byte `json:"keyId"`
	}
	period struct {
		Start time.Time `json:"start"`
	}
)

// newTrustedRoot is whom the shop trusts: its authority and its log. It has no certificate transparency log.
func newTrustedRoot(a *authority, l *transparencyLog) ([]byte, error) {
	der, err := publicDER(l.key)
	if err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(trustedRoot{
		MediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		Logs: []trustedLog{{
			BaseURL: "https://" + logHost, HashAlgorithm: "SHA2_256",
			PublicKey: trustedKey{der, "PKIX_ECDSA_P256_SHA_256", period{founded()}}, LogID: keyID{l.id},
		}},
		Authorities: []trustedCA{{
			Subject: caName{organisation, a.root.Subject.CommonName}, URI: "https://" + a.root.Subject.CommonName,
			CertChain: certChain{[]rawBytes{{a.root.Raw}}}, ValidFor: period{founded()},
		}},
		CTLogs: []trustedLog{}, TimestampAuthorities: []trustedCA{},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the trusted root: %w", err)
	}
	return append(data, '\n'), nil
}
