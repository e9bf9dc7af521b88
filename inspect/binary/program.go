package binary

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/layer"
	"golang.org/x/sync/errgroup"
)

// facts are what the bytes of a program show of it, beyond its first ones.
type facts struct {
	Codes  []string `json:"codes,omitempty"`
	Detail []string `json:"detail,omitempty"` // in words
}

// recordFacts is the kind of the records that keep them, by architecture and diff IDs.
const recordFacts = "facts"

// unreadWords state that a suspect is past MaxScannedAll: the image decides how many there are.
const unreadWords = "its content was not looked through: there are more of its kind than can be read"

// factsForm begins the key of kept facts: another form when other signs are looked for.
const factsForm = "5 "

// lookInto reads programs, several at once, smallest first, and reports by their sha256 what their bytes show. Past
// MaxScannedAll the rest is not read. What was found is kept for the next time.
func lookInto(ctx context.Context, t *layer.Tree, nodes []*inspect.Node, arch string) (map[string]facts, error) {
	key := factsForm + arch + " " + t.Key()
	found := knownFacts(t, key)
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *inspect.Node) bool {
		_,
			known := found[n.SHA256]
		return known
	})
	if len(nodes) == 0 {
		return found, nil
	}
	slices.SortStableFunc(nodes, func(a, b *inspect.Node) int { return cmp.Compare(a.Size, b.Size) })
	var mu sync.Mutex
	var sum int64
	whole := true // all could be read, so that it may be kept
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for _, n := range nodes {
		if sum += min(n.Size, MaxScanned); sum > MaxScannedAll {
			break
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var f facts
			err := layer.Guarded(func() (err error) { f, err = factsOf(ctx, t, n, arch); return err })
			if err != nil {
				f.Detail = append(f.Detail, "its content could not be read: "+err.Error())
			}
			mu.Lock()
			defer mu.Unlock()
			found[n.SHA256], whole = f, whole && err == nil
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if !whole {
		return found, nil
	}
	data, err := json.Marshal(found)
	if err != nil {
		return nil, fmt.Errorf("encoding what programs show: %w", err)
	}
	return found, t.PutRecord(recordFacts, key, data)
}

// knownFacts reads the facts about programs that were kept with a layer, by sha256; those of another factsForm are not
// used.
func knownFacts(t *layer.Tree, key string) map[string]facts {
	found := map[string]facts{}
	if data, err := t.Record(recordFacts, key); err == nil && json.Unmarshal(data, &found) != nil {
		return map[string]facts{}
	}
	return found
}

// factsOf reads the first MaxScanned bytes of a program and looks for signs. Errors: what kept the file from being
// read; a file that is broken is none.
func factsOf(ctx context.Context, t *layer.Tree, n *inspect.Node, arch string) (facts, error) {
	c, err := t.Open(ctx, n)
	if err != nil {
		return facts{}, err
	}
	defer c.Close()
	data, err := io.ReadAll(io.NewSectionReader(c, 0, min(c.Size(), MaxScanned)))
	if err != nil {
		return facts{}, err
	}
	f := examine(n.Kind, data, arch)
	if limit := searched(n.Kind); n.Size > limit {
		f.Detail = append(f.Detail, fmt.Sprintf("only the first %d MiB of its %d were searched", limit>>20, n.Size>>20))
	}
	return f, nil
}

// searched is how much of a program is searched for signs, in bytes.
func searched(kind inspect.Kind) int64 {
	if kind == inspect.KindScript || kind == "" {
		return content.MaxText
	}
	return MaxScanned
}

// examine describes what a program's bytes show.
func examine(kind inspect.Kind, data []byte, arch string) facts {
	var f facts
	if kind == inspect.KindScript || kind == "" {
		f.script(data)
		return f
	}
	for _, w := range content.MinerWords() {
		if bytes.Contains(data, []byte(w)) {
			f.add(inspect.CodeMinerString, fmt.Sprintf("it contains %q", w))
			break
		}
	}
	if kind == inspect.KindELF {
		f.elf(data, arch)
	}
	return f
}

// add notes a code once, and words about it.
func (f *facts) add(code, detail string) {
	if !slices.Contains(f.Codes, code) {
		f.Codes = append(f.Codes, code)
	}
	f.Detail = append(f.Detail, detail)
}

// script adds the signs of a script that few harmless ones have.
func (f *facts) script(text []byte) {
	for _, found := range content.Scan(text) {
		switch found.Sign {
		case content.Mines:
			f.add(inspect.CodeMinerString, "it "+found.Sign.Words())
		case content.RunsDownload, content.ReverseShell:
			f.add(inspect.CodeRunsDownload, "a line of it "+found.Sign.Words())
		case content.RunsDecoded, content.Obfuscated:
			f.add(inspect.CodeObfuscated, "it "+found.Sign.Words())
		default: // common in harmless scripts
		}
	}
}
