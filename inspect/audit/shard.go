package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect/engine"
)

// MaxShards bounds into how many parts an audit may be cut.
const MaxShards = 10_000

// Shard is one part of an audit that several processes make.
type Shard struct {
	Index int `json:"index"` // from 0
	Of    int `json:"of"`
}

// ParseShard reads I/N, as 0/8.
func ParseShard(text string) (Shard, error) {
	i, n, ok := strings.Cut(text, "/")
	index, errIndex := strconv.Atoi(i)
	of, errOf := strconv.Atoi(n)
	if !ok || errIndex != nil || errOf != nil || of < 1 || of > MaxShards || index < 0 || index >= of {
		return Shard{}, fmt.Errorf("reading the shard %q: it is I/N, with I from 0 to N-1 and N at most %d", text,
			MaxShards)
	}
	return Shard{Index: index, Of: of}, nil
}

func (s Shard) String() string { return strconv.Itoa(s.Index) + "/" + strconv.Itoa(s.Of) }

// shardOf chooses the shard of a key by rendezvous hashing (highest random weight): each shard gets about the same, and
// with another number of shards few keys move.
func shardOf(key string, of int) int {
	// Thaler and Ravishankar, "A name-based mapping scheme for rendezvous" (1996).
	best, weight := 0, []byte(nil)
	for i := range of {
		var number [8]byte
		binary.BigEndian.PutUint64(number[:], uint64(i))
		sum := sha256.Sum256(append(number[:], key...))
		if weight == nil || bytes.Compare(sum[:], weight) > 0 {
			best, weight = i, sum[:]
		}
	}
	return best
}

// Choose returns the places whose images are of a shard. base gives the diff ID of the lowest layer of an image, so
// that images which share layers are read by one process; where it is empty, the image itself chooses. Places whose
// image is not known are of the first shard.
func (s Shard) Choose(ctx context.Context, l Listing, base func(ctx context.Context, u Unit) string) Listing {
	units := Units(l.Places)
	mine := map[string]bool{}
	var mu sync.Mutex
	work := engine.NewGroup(basesAtOnce)
	for _, u := range units {
		work.Go(func() error {
			// A registry that does not answer here puts the image by its own key, maybe into another shard than
			// elsewhere: then no shard or two examine it, which the merge counts either way.
			key := base(ctx, u)
			if key == "" {
				key = u.Key
			}
			if shardOf(key, s.Of) == s.Index {
				mu.Lock()
				defer mu.Unlock()
				mine[u.Key] = true
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil { // a defect: what was not chosen is missed by the merge
		l.Gaps = append(l.Gaps, Gap{What: "the choice of images of shard " + s.String(), Reason: err.Error()})
	}
	chosen := l
	chosen.Places, chosen.Skipped, chosen.Over = nil, 0, 0
	for _, p := range l.Places {
		if mine[p.Unit] || p.Unit == "" && s.Index == 0 {
			chosen.Places = append(chosen.Places, p)
		}
	}
	return chosen
}

// basesAtOnce bounds how many manifests are read at once to choose the images of a shard.
const basesAtOnce = 16
