package shop

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// The shop's transparency log, a Rekor. Its present shard begins at an index that is not zero, as those of real logs.
const (
	logHost   = "rekor.shop.example"
	shardName = "1193050959916656506"
	shardAt   = 184_200
)

// transparencyLog is a Merkle tree over entries (RFC 6962, section 2), and the key by which it promises and proves.
type transparencyLog struct {
	key    *ecdsa.PrivateKey
	id     []byte // SHA-256 of the public key
	leaves [][sha256.Size]byte
}

func newLog() (*transparencyLog, error) {
	key, err := newKey("the transparency log")
	if err != nil {
		return nil, err
	}
	der, err := publicDER(key)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(der)
	return &transparencyLog{key: key, id: id[:]}, nil
}

// logEntry is an entry with the log's promise to keep it.
type logEntry struct {
	leaf    int
	body    []byte
	time    time.Time
	promise []byte // signed entry timestamp
}

func (e logEntry) index() int64 { return shardAt + int64(e.leaf) }

// promised is what a signed entry timestamp is over. Its members are in the order of canonical JSON (RFC 8785).
type promised struct {
	Body           []byte `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
}

func (l *transparencyLog) promised(e logEntry) promised {
	return promised{e.body, e.time.Unix(), hex.EncodeToString(l.id), e.index()}
}

// add writes an entry into the log.
func (l *transparencyLog) add(body []byte, when time.Time) (logEntry, error) {
	e := logEntry{leaf: len(l.leaves), body: body, time: when}
	l.leaves = append(l.leaves, sha256.Sum256(append([]byte{0}, body...)))
	message, err := json.Marshal(l.promised(e))
	if err != nil {
		return e, fmt.Errorf("promising a log entry: %w", err)
	}
	e.promise, err = sign(l.key, message)
	return e, err
}

// root is the hash of the tree over some leaves.
func root(leaves [][sha256.Size]byte) [sha256.Size]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	left, right := root(leaves[:k]), root(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// auditPath lists the hashes that lead from a leaf to the root, nearest first.
func auditPath(leaf int, leaves [][sha256.Size]byte) [][]byte {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if leaf < k {
		beside := root(leaves[k:])
		return append(auditPath(leaf, leaves[:k]), beside[:])
	}
	beside := root(leaves[:k])
	return append(auditPath(leaf-k, leaves[k:]), beside[:])
}

// split is the largest power of two that is smaller than n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// checkpoint is the log's signed word for the size and the root of its tree
// (https://github.com/transparency-dev/formats/blob/main/log/README.md).
func (l *transparencyLog) checkpoint() (string, error) {
	hash := root(l.leaves)
	text := fmt.Sprintf("%s - %s\n%d\n%s\n", logHost, shardName, len(l.leaves), base64.StdEncoding.EncodeToString(hash[:]))
	sig, err := sign(l.key, []byte(text))
	if err != nil {
		return "", fmt.Errorf("signing the checkpoint: %w", err)
	}
	hint := binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(l.id))
	return text + "\n— " + logHost + " " + base64.StdEncoding.EncodeToString(append(hint, sig...)) + "\n", nil
}
