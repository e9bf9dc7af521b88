package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
)

// PartSchema is the name of the form of a part. Parts are files, not requests to a service: an Indexed Job needs no
// more than a volume, and a worker that is killed is started again by Kubernetes.
const PartSchema = "backtrail.dev/audit-part/v1"

// Part is what one process of an audit in shards leaves behind: all that it listed, and what it found about the images
// of its shard. The facts lie beside it, in files that are named by their digest.
type Part struct {
	// Schema, shard and scope stand first, so that DepthOf reads no more than these.
	Schema  string       `json:"schema"`
	Shard   Shard        `json:"shard"`
	Scope   Scope        `json:"scope"`
	Known   string       `json:"known"` // digest of what facts were joined with
	At      inspect.Time `json:"at"`    // by which deadlines were counted
	Places  []Place      `json:"places"`
	Skipped int          `json:"skipped"`
	Over    int          `json:"over"` // places past the bound of the listing
	Gaps    []Gap        `json:"gaps"`
	Data    []Data       `json:"data"`
	Images  []PartUnit   `json:"images"`
}

// PartUnit is an image of a part.
type PartUnit struct {
	Unit  string `json:"unit"`
	Facts string `json:"facts"` // sha256:… of the file of its facts
	Rows  []Row  `json:"rows"`
}

// PartWriter writes a part into a folder. It is safe for concurrent use.
type PartWriter struct {
	dir string

	mu   sync.Mutex
	part Part
}

// NewPart begins a part; l is all that was listed, of every shard.
func NewPart(dir string, s Shard, scope Scope, known *Known, l Listing) *PartWriter {
	return &PartWriter{dir: dir, part: Part{
		Schema: PartSchema, Shard: s, Scope: scope, Known: known.Digest,
		At: known.At, Places: l.Places, Skipped: l.Skipped, Over: l.Over, Images: []PartUnit{},
	}}
}

// Keep writes the facts of an image, and notes its rows.
func (w *PartWriter) Keep(f *Facts, rows []Row) error {
	raw, err := encodeFacts(*f)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	if err := writeFile(factsFile(w.dir, hex.EncodeToString(sum[:])), raw); err != nil {
		return fmt.Errorf("writing the facts of %s: %w", f.Unit, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part.Images = append(w.part.Images, PartUnit{
		Unit: f.Unit, Facts: "sha256:" + hex.EncodeToString(sum[:]),
		Rows: rows,
	})
	return nil
}

// Close writes the part, after all facts: a part that is there is whole. r is the report of its shard.
func (w *PartWriter) Close(r *Report) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part.Gaps, w.part.Data = r.NotLookedAt, r.Data
	slices.SortFunc(w.part.Images, func(a, b PartUnit) int { return cmp.Compare(a.Unit, b.Unit) })
	for _, i := range w.part.Images {
		slices.SortFunc(i.Rows, compareRows)
	}
	raw, err := json.Marshal(w.part)
	if err != nil {
		return fmt.Errorf("encoding the part: %w", err)
	}
	name := fmt.Sprintf("part-%d-of-%d.json", w.part.Shard.Index, w.part.Shard.Of)
	if err := writeFile(filepath.Join(w.dir, name), raw); err != nil {
		return fmt.Errorf("writing the part: %w", err)
	}
	return nil
}

// factsFile is where facts of a digest lie.
func factsFile(dir, hexSum string) string {
	return filepath.Join(dir, "facts", hexSum[:2], hexSum+".json.zst")
}

// Bounds of what is read of parts, which come from other machines.
const (
	// half a million places and rows, at about 1 KiB each
	maxPartBytes = 1 << 30
	maxParts     = MaxShards
)

// readParts reads the parts of folders, in the order of their shards.
func readParts(dirs []string) ([]placedPart, error) {
	var all []placedPart
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(escapeGlob(dir), "part-*-of-*.json"))
		if err != nil {
			return nil, fmt.Errorf("listing the parts in %s: %w", dir, err)
		}
		slices.Sort(names)
		for _, name := range names {
			if len(all) == maxParts {
				return nil, fmt.Errorf("reading parts: there are more than %d", maxParts)
			}
			p, err := readPart(name)
			if err != nil {
				return nil, err
			}
			all = append(all, placedPart{Part: p, dir: dir})
		}
	}
	if len(all) == 0 {
		return nil, errNoPart
	}
	slices.SortStableFunc(all, func(a, b placedPart) int { return cmp.Compare(a.Shard.Index, b.Shard.Index) })
	for _, p := range all {
		if p.Shard.Of != all[0].Shard.Of || p.Scope.Depth != all[0].Scope.Depth {
			return nil, fmt.Errorf("reading parts: %s was cut as %s at depth %s, others as %s at depth %s; they are "+
				"of different audits", p.dir, p.Shard, p.Scope.Depth, all[0].Shard, all[0].Scope.Depth)
		}
		if a, b := p.Scope.words(), all[0].Scope.words(); a != b {
			return nil, fmt.Errorf("reading parts: %s is about %s, others about %s; they are of different audits",
				p.dir, a, b)
		}
	}
	return all, nil
}

// words name what a scope is about, whatever namespaces could be listed when it was: these may change between two
// shards of one audit.
func (s Scope) words() string {
	return fmt.Sprintf("%s with selector %q and image %q", strings.Join(s.Contexts, ", "), s.Selector, s.Image)
}

// placedPart is a part with the folder that it was read from.
type placedPart struct {
	Part
	dir string
}

// readPart reads one part.
func readPart(path string) (Part, error) {
	raw, err := readFile(path, maxPartBytes)
	if err != nil {
		return Part{}, fmt.Errorf("reading a part: %w", err)
	}
	return parsePart(path, raw)
}

// parsePart reads the form of a part. name is for errors.
func parsePart(name string, raw []byte) (Part, error) {
	var p Part
	if err := json.Unmarshal(raw, &p); err != nil {
		return Part{}, fmt.Errorf("reading the part %s: %w", name, err)
	}
	if p.Schema != PartSchema {
		return Part{}, fmt.Errorf("reading the part %s: its schema is %q, not %q", name, p.Schema, PartSchema)
	}
	if p.Shard.Of < 1 || p.Shard.Of > MaxShards || p.Shard.Index < 0 || p.Shard.Index >= p.Shard.Of {
		return Part{}, fmt.Errorf("reading the part %s: there is no shard %s", name, p.Shard)
	}
	if p.Scope.Depth.rank() < 0 || p.Skipped < 0 || p.Over < 0 || len(p.Places) > maxPlaces {
		return Part{}, fmt.Errorf("reading the part %s: its scope or its counts are out of bounds", name)
	}
	return p, nil
}

// escapeGlob keeps a folder's name from being a pattern.
func escapeGlob(dir string) string {
	var b []byte
	for i := range len(dir) {
		if c := dir[i]; c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, dir[i])
	}
	return string(b)
}

// DepthOf returns the depth of the audit that the parts in folders are of, without reading more of the first of them
// than its head: what rows are derived again with depends on it. Errors: there is no part, or its head cannot be read.
func DepthOf(dirs []string) (Depth, error) {
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(escapeGlob(dir), "part-*-of-*.json"))
		if err != nil {
			return "", fmt.Errorf("listing the parts in %s: %w", dir, err)
		}
		if len(names) > 0 {
			return depthOfPart(names[0])
		}
	}
	return "", errNoPart
}

// errNoPart is the error of folders without a part.
var errNoPart = errors.New("reading parts: there is no part-I-of-N.json; audit --shard I/N --out DIR writes one")

// depthOfPart reads a part as far as its scope, which stands before the long lists in what PartWriter writes.
func depthOfPart(path string) (Depth, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the depth of a part: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(io.LimitReader(f, maxPartBytes))
	_, err = d.Token() // the brace
	for err == nil && d.More() {
		var key json.Token
		if key, err = d.Token(); err != nil {
			break
		}
		if key == "scope" {
			var s Scope
			if err = d.Decode(&s); err == nil {
				return ParseDepth(string(s.Depth))
			}
			break
		}
		var skipped json.RawMessage
		err = d.Decode(&skipped)
	}
	if err == nil {
		err = errors.New("it has no scope")
	}
	return "", fmt.Errorf("reading the depth of the part %s: %w", path, err)
}
