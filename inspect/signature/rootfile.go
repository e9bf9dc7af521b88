package signature

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/backtrail/backtrail/inspect"
)

func rootsFromFile(path string) ([]Root, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading trusted root: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTrustedRoot+1))
	if err != nil {
		return nil, fmt.Errorf("reading trusted root %s: %w", path, err)
	}
	return ReadRoots(data, inspect.TrustFile, path)
}

// ReadRoots reads a file of trusted roots: one trusted_root.json, or several one after the other, as
// `gh attestation trusted-root` prints that of the public instance and GitHub's own.
func ReadRoots(data []byte, origin, name string) ([]Root, error) {
	if len(data) > maxTrustedRoot {
		return nil, fmt.Errorf("reading trusted root %s: it is larger than %d bytes", name, maxTrustedRoot)
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		return nil, fmt.Errorf("reading trusted root %s: it is PEM, not JSON; --ca-roots takes a certificate authority of your own", name)
	}
	var parts []json.RawMessage
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var part json.RawMessage
		if err := d.Decode(&part); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("reading trusted root %s: %w", name, err)
			}
			break
		}
		parts = append(parts, part)
	}
	if len(parts) < 2 || len(parts) > maxRoots {
		parts = []json.RawMessage{data} // as it is: its digest is the file's
	}
	var roots []Root
	for _, part := range parts {
		r, err := NewRoot(part, origin, name)
		if err != nil {
			return nil, err
		}
		roots = append(roots, r)
	}
	return roots, nil
}
