package shop

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

// Every leaf of a tree of any size leads to its root, by the walk of RFC 9162, section 2.1.3.2.
func TestAuditPathsLeadToTheRoot(t *testing.T) {
	var leaves [][sha256.Size]byte
	for size := 1; size <= 9; size++ {
		leaves = append(leaves, sha256.Sum256(fmt.Appendf(nil, "leaf %d", size)))
		want := root(leaves)
		for leaf := range size {
			if got := climb(leaves[leaf], leaf, size, auditPath(leaf, leaves)); got != want {
				t.Errorf("leaf %d of %d leads to %x, not to %x", leaf, size, got, want)
			}
		}
	}
}

func climb(hash [sha256.Size]byte, leaf, size int, path [][]byte) [sha256.Size]byte {
	last := size - 1
	for _, beside := range path {
		if leaf%2 == 1 || leaf == last {
			hash = sha256.Sum256(append(append([]byte{1}, beside...), hash[:]...))
			for leaf%2 == 0 && leaf > 0 {
				leaf, last = leaf/2, last/2
			}
		} else {
			hash = sha256.Sum256(append(append([]byte{1}, hash[:]...), beside...))
		}
		leaf, last = leaf/2, last/2
	}
	return hash
}

// The same message has the same signature each time, by each key another.
func TestSignaturesAreTheSameEachTime(t *testing.T) {
	seen := map[string]string{}
	for range 2 {
		for _, owner := range []string{"the shop", "the log"} {
			key, err := newKey(owner)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := sign(key, []byte("message"))
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := seen[owner]; ok && before != string(sig) {
				t.Errorf("%s signed as %x, then as %x", owner, before, sig)
			}
			seen[owner] = string(sig)
		}
	}
	if seen["the shop"] == seen["the log"] {
		t.Error("two keys sign in the same way")
	}
}
