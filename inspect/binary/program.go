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
	"github.com/backtrail/backtrail/inspect/layer"
	"golang.org/x/sync/errgroup"
)

// facts are what the bytes of a program say of it, beyond its first ones.
type facts struct {
	Codes  []string `json:"codes,omitempty"`
	Detail []string `json:"detail,omitempty"` // in words
}

// recordFacts is the kind of the records that keep them, by architecture and diff IDs.
const recordFacts = "facts"

// factsForm begins the key of kept facts: another form when other signs are looked for.
const factsForm = "3 "

// minerWords are strings that cryptocurrency miners hold and hardly anything else does.
func minerWords() []string {
	return []string{"stratum+tcp://", "stratum+ssl://", "xmrig", "donate-level", "randomx_", "cryptonight", "--coin=monero"}
}

// lookInto reads programs, several at once, smallest first, and says by their sha256 what their bytes show. Past
// MaxScannedAll the rest is not read. What was found is kept for the next time.
func lookInto(ctx context.Context, t *layer.Tree, nodes []*inspect.Node, arch string) (map[string]facts, error) {
	key := factsForm + arch + " " + t.Key()
	found := knownFacts(t, key)
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *inspect.Node) bool { _, known := found[n.SHA256]; return known })
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

func knownFacts(t *layer.Tree, key string) map[string]facts {
	found := map[string]facts{}
	if data, err := t.Record(recordFacts, key); err == nil && json.Unmarshal(data, &found) != nil {
		return map[string]facts{}
	}
	return found
}

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
	return examine(n.Kind, data, arch), nil
}

// examine says what a program's bytes show.
func examine(kind inspect.Kind, data []byte, arch string) facts {
	var f facts
	lower := data
	script := kind == inspect.KindScript || kind == ""
	if script {
		lower = bytes.ToLower(data)
	}
	for _, w := range minerWords() {
		if bytes.Contains(lower, []byte(w)) {
			f.add(codeMiner, fmt.Sprintf("it holds %q", w))
			break
		}
	}
	switch {
	case kind == inspect.KindELF:
		f.elf(data, arch)
	case script:
		f.script(lower)
	default: // the others are named by kind alone
	}
	return f
}

func (f *facts) add(code, detail string) {
	if !slices.Contains(f.Codes, code) {
		f.Codes = append(f.Codes, code)
	}
	f.Detail = append(f.Detail, detail)
}

// downloads looks for a line by which a script runs what it fetches. Texts about that stand in comments and in quotes.
func (f *facts) downloads(text []byte) {
	for line := range bytes.Lines(text[:min(len(text), MaxScript)]) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("echo")) || bytes.HasPrefix(line, []byte("printf")) {
			continue
		}
		if code, why := oddCommand(string(line[:min(len(line), 4096)])); code == "pipe-to-shell" || code == "reverse-shell" {
			f.add(codeDownloads, "a line of it "+why)
			return
		}
	}
}

// script looks for the ways in which a script hides what it does.
func (f *facts) script(text []byte) {
	f.downloads(text)
	for _, pair := range [][2]string{
		{"base64 -d", "eval"},
		{"base64 -d", "| sh"},
		{"base64 -d", "|sh"},
		{"base64 -d", "| bash"},
		{"base64 -d", "|bash"},
		{"base64 --decode", "eval"},
		{"base64 --decode", "| sh"},
		{"base64 --decode", "|sh"},
		{"base64 --decode", "| bash"},
		{"base64 --decode", "|bash"},
		{"eval", "$(printf"},
		{"eval \"$(", "xxd -r"},
		{"exec(", "b64decode("},
		{"eval(", "b64decode("},
	} {
		if bytes.Contains(text, []byte(pair[0])) && bytes.Contains(text, []byte(pair[1])) {
			f.add(codeObfuscated, fmt.Sprintf("it unpacks code and runs it (%s … %s)", pair[0], pair[1]))
			return
		}
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if !bytes.Contains(first, []byte("sh")) && !bytes.Contains(first, []byte("python")) && !bytes.Contains(first, []byte("perl")) {
		return // minified JavaScript has such lines too
	}
	for line := range bytes.Lines(text) {
		if len(line) > 2000 && !bytes.ContainsAny(line[:2000], " \t") {
			f.add(codeObfuscated, "it holds a line of more than 2,000 characters without a blank")
			return
		}
	}
}
