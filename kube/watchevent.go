package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// maxWatchEvent bounds one event of a watch, in bytes: etcd keeps no object of more than 1.5 MB by default.
const maxWatchEvent = 8 << 20

// errWatchEvent is an event that cannot be read: what comes after it in the stream cannot be found.
var errWatchEvent = errors.New("an event of the watch is not understood")

// watchEvent is one event as it comes: its type and the object, for a bookmark one that holds a version only.
type watchEvent struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// decodeWatch reads events until the stream ends, or each returns an error.
func decodeWatch(r io.Reader, each func(watchEvent) error) error {
	b := &eventReader{r: r}
	dec := json.NewDecoder(b)
	for {
		b.left = maxWatchEvent
		var e watchEvent
		err := dec.Decode(&e)
		var syntax *json.SyntaxError
		var other *json.UnmarshalTypeError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &syntax), errors.As(err, &other):
			return fmt.Errorf("%w: %w", errWatchEvent, err)
		case err != nil:
			return err
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

// eventReader reads at most left bytes.
type eventReader struct {
	r    io.Reader
	left int
}

// Read reads on, or fails with ErrLimit.
func (b *eventReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: more than %d MB: %w", errWatchEvent, maxWatchEvent>>20, ErrLimit)
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// failure is the error in an event of type ERROR.
func (e watchEvent) failure() error {
	status := apierrors.StatusError{}
	if err := json.Unmarshal(e.Object, &status.ErrStatus); err != nil || status.ErrStatus.Code == 0 {
		return fmt.Errorf("%w: an error without words", errWatchEvent)
	}
	if status.ErrStatus.Code == http.StatusGone {
		status.ErrStatus.Reason = "Expired" // older servers say Gone
	}
	return &status
}

// version is that of the object.
func (e watchEvent) version() (string, error) {
	var o struct {
		Metadata struct {
			Version string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(e.Object, &o); err != nil || o.Metadata.Version == "" {
		return "", fmt.Errorf("%w: %s without a resource version", errWatchEvent, e.Type)
	}
	return o.Metadata.Version, nil
}
