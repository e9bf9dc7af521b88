package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/tlog"
)

// consistent reports whether a log entry is consistent with itself everywhere: its kind beside and inside the body, its
// place in the tree beside and inside the checkpoint. sigstore-go 1.3.0 reads one of each pair and passes over the
// other.
//
// Without it, an entry could be shown to one tool as a hashedrekord and to another as a dsse, with the proof of a
// third.
func consistent(e *tlog.Entry) error {
	t := e.TransparencyLogEntry()
	var body struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := json.Unmarshal(t.GetCanonicalizedBody(), &body); err != nil {
		return fmt.Errorf("reading its body: %w", err)
	}
	if k := t.GetKindVersion(); k.GetKind() != body.Kind || k.GetVersion() != body.Version {
		return fmt.Errorf("it is called %s %s, and its body is %s %s", k.GetKind(), k.GetVersion(), body.Kind,
			body.Version)
	}
	proof := t.GetInclusionProof()
	if proof == nil || !e.IsRekorV2() {
		return nil // of the first generation the library compares them
	}
	size, root, err := readCheckpoint(proof.GetCheckpoint().GetEnvelope())
	if err != nil {
		return err
	}
	if size != proof.GetTreeSize() || !bytes.Equal(root, proof.GetRootHash()) {
		return errors.New("its inclusion proof is for another tree than the checkpoint")
	}
	// The first generation counts entries over all its trees, the second within the one tree.
	if proof.GetLogIndex() != t.GetLogIndex() {
		return fmt.Errorf("it is entry %d, and its inclusion proof is of entry %d", t.GetLogIndex(),
			proof.GetLogIndex())
	}
	return nil
}

// readCheckpoint reads size and root hash of a tree: the second and third line
// (https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md).
// The signature lines below are the library's to verify.
func readCheckpoint(note string) (size int64, root []byte, err error) {
	lines := strings.SplitN(note, "\n", 4)
	if len(lines) < 4 {
		return 0, nil, errors.New("reading its checkpoint: it is cut off")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return 0, nil, fmt.Errorf("reading its checkpoint: %w", err)
	}
	if root, err = base64.StdEncoding.DecodeString(lines[2]); err != nil {
		return 0, nil, fmt.Errorf("reading its checkpoint: %w", err)
	}
	return size, root, nil
}
