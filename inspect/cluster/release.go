package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds on a release of Helm, which is foreign bytes: whoever may write Secrets in the namespace may write one.
const (
	maxReleaseText   = 4 << 20  // as the Secret holds it; etcd takes 1.5 MiB
	maxReleaseJSON   = 32 << 20 // unpacked: charts carry their templates and files along
	maxReleaseValues = 2 << 20  // the values, as JSON
)

// helmRelease is a revision of a Helm release, as Helm keeps it: the parts with what was requested
// (https://github.com/helm/helm/blob/main/pkg/release/v1/release.go; Helm 3 and 4 write the same).
type helmRelease struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Version   int    `json:"version"`
	Info      struct {
		LastDeployed string `json:"last_deployed"` // RFC 3339, or empty
		Status       string `json:"status"`
		RolledBackTo int    `json:"rollback_revision"`
	} `json:"info"`
	Chart struct {
		Metadata struct {
			Name       string `json:"name"`
			Version    string `json:"version"`
			AppVersion string `json:"appVersion"`
		} `json:"metadata"`
		Values json.RawMessage `json:"values"` // the chart's own
	} `json:"chart"`
	Config   json.RawMessage `json:"config"`   // the values that were given to it
	Manifest string          `json:"manifest"` // YAML documents
}

// gzipMagic begins a release that is packed; those of Helm 2's time are not.
var gzipMagic = []byte{0x1f, 0x8b, 0x08}

// decodeRelease reads the value "release" of a Secret of Helm's: base64 of gzip of JSON. Errors: what does not hold, or
// is larger than any real one.
func decodeRelease(text []byte) (*helmRelease, error) {
	if len(text) > maxReleaseText {
		return nil, fmt.Errorf("decoding the release: more than %d bytes", maxReleaseText)
	}
	// The value of a Secret is base64 itself in JSON; client-go has undone that. This is the layer that Helm adds.
	packed := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(packed, text)
	if err != nil {
		return nil, fmt.Errorf("decoding the release: %w", err)
	}
	plain := packed[:n]
	if bytes.HasPrefix(plain, gzipMagic) {
		if plain, err = unpack(plain); err != nil {
			return nil, fmt.Errorf("unpacking the release: %w", err)
		}
	}
	var r helmRelease
	if err := json.Unmarshal(plain, &r); err != nil {
		return nil, fmt.Errorf("reading the release: %w", err)
	}
	if r.Name == "" || r.Version <= 0 {
		return nil, errors.New("reading the release: it has no name or no revision")
	}
	// without values the images can still be compared; only who gave them is not known then
	if len(r.Config) > maxReleaseValues {
		r.Config = nil
	}
	if len(r.Chart.Values) > maxReleaseValues {
		r.Chart.Values = nil
	}
	return &r, nil
}

// unpack decompresses gzip up to maxReleaseJSON: a Secret of 1 MB may unpack to a thousand times as much.
func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxReleaseJSON+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > maxReleaseJSON {
		return nil, fmt.Errorf("more than %d bytes", maxReleaseJSON)
	}
	return plain, nil
}

// deployed is when the revision was deployed, zero where it gives none.
func (r *helmRelease) deployed() time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.Info.LastDeployed)
	if err != nil {
		return time.Time{}
	}
	return t
}

// chart is the chart with its version, as people say it.
func (r *helmRelease) chart() string {
	if r.Chart.Metadata.Name == "" {
		return "a chart without a name"
	}
	return "chart " + r.Chart.Metadata.Name + " " + r.Chart.Metadata.Version
}
