package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Merged is the answer of all parts of an audit.
type Merged struct {
	Report
	// Rederived counts the images whose rows were made once more, from the facts in their files. The report of all
	// parts; its rows are those that the parts made, not derived ones.
	Rederived int
	// Wrong lists the images whose rows do not follow from their facts.
	Wrong []string
}

// Merge folds the parts in folders into one report, the same as that of one process. Every container that any part
// listed is accounted for: an image that no part examined is not checked. One image in a hundred, chosen at random,
// is derived again from its facts, where the parts were joined with what is known here. Errors: parts that cannot be
// read, or that are of different audits.
func Merge(dirs []string, known *Known) (Merged, error) {
	// Nothing of a part is trusted beyond what it claims about its own images: rows are cleaned where they are printed,
	// facts are read by a digest that names them, and books are counted here.
	parts, err := readParts(dirs)
	if err != nil {
		return Merged{}, err
	}
	m := &merger{known: known, covered: map[string]covering{}}
	places, skipped, over := m.union(parts)
	m.cover(parts)
	m.out.Scope, m.out.Data = parts[0].Scope, parts[0].Data
	for _, p := range places {
		m.out.Rows = append(m.out.Rows, m.row(p))
	}
	m.missing(parts)
	m.rederive()
	m.out.settle(len(places)+skipped+over, skipped, over)
	return m.out, nil
}

// merger folds parts.
type merger struct {
	known   *Known
	covered map[string]covering // by unit
	out     Merged
}

// covering is the image of a part with the part.
type covering struct {
	PartUnit
	part *placedPart
}

// union is every place that a part listed, each once, how many containers of pods that had ended were listed, and how
// many places were past the bound of a listing. The cluster may have changed between two parts: the first one to list a
// place describes it.
func (m *merger) union(parts []placedPart) (places []Place, skipped, over int) {
	seen := map[string]bool{}
	for _, part := range parts {
		skipped, over = max(skipped, part.Skipped), max(over, part.Over)
		for _, p := range part.Places {
			if key := p.key(); !seen[key] {
				seen[key] = true
				places = append(places, p)
			}
		}
		m.out.NotLookedAt = append(m.out.NotLookedAt, part.Gaps...)
	}
	slices.SortFunc(places, comparePlaces)
	return places, skipped, over
}

// cover finds which part examined which image. Where two did, as after a retry, the one that could check it counts.
func (m *merger) cover(parts []placedPart) {
	for i := range parts {
		for _, u := range parts[i].Images {
			old, twice := m.covered[u.Unit]
			if !twice || done(u.Rows) && !done(old.Rows) {
				m.covered[u.Unit] = covering{u, &parts[i]}
			}
		}
	}
}

// done reports whether rows are those of an image that was checked.
func done(rows []Row) bool { return len(rows) > 0 && rows[0].State == Done }

// row is the row of a place, as the part that examined its image made it.
func (m *merger) row(p Place) Row {
	if p.Unit == "" {
		return unexamined(p, "")
	}
	c, ok := m.covered[p.Unit]
	if !ok {
		return unexamined(p, "no part of the audit examined it")
	}
	row, ok := c.row(p)
	if !ok {
		return unexamined(p, "it was not there yet when its part of the audit ran")
	}
	return row
}

// row is the row that the part made for a place.
func (c covering) row(p Place) (Row, bool) {
	fresh := newRow(p)
	at := slices.IndexFunc(c.Rows, func(r Row) bool {
		return r.Cluster == fresh.Cluster && r.place() == fresh.place() && r.Reference == fresh.Reference
	})
	if at < 0 {
		return Row{}, false
	}
	return c.Rows[at], true
}

// missing notes the shards of which there is no part.
func (m *merger) missing(parts []placedPart) {
	there := map[int]bool{}
	for _, p := range parts {
		there[p.Shard.Index] = true
	}
	var gone []string
	for i := range parts[0].Shard.Of {
		if !there[i] {
			gone = append(gone, fmt.Sprint(i))
		}
	}
	if len(gone) > 0 {
		m.out.NotLookedAt = append(m.out.NotLookedAt, Gap{
			What:   "shards " + strings.Join(gone, ", "),
			Reason: fmt.Sprintf("there is no part of them; %d were cut", parts[0].Shard.Of),
		})
	}
}

// rederive makes the rows of some images again, and compares them.
func (m *merger) rederive() {
	units := make([]string, 0, len(m.covered))
	for u := range m.covered {
		units = append(units, u)
	}
	slices.Sort(units)
	//nolint:gosec // a sample, not a secret
	rand.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	// One in a hundred, at least one: enough that a worker which writes wrong rows throughout is found on the first
	// night, and cheap enough to stay on. Chance, not the digest, chooses, so that
	// what is passed over cannot be distinguished beforehand.
	for _, u := range units[:(len(units)+99)/100] {
		c := m.covered[u]
		f, err := readFacts(c)
		if err == nil {
			err = m.follows(c, f)
		}
		m.out.Rederived++
		if err != nil {
			m.out.Wrong = append(m.out.Wrong, u+": "+err.Error())
		}
	}
	slices.Sort(m.out.Wrong)
}

// readFacts reads the facts of an image, which must be the bytes that the part names.
func readFacts(c covering) (Facts, error) {
	name, ok := strings.CutPrefix(c.Facts, "sha256:")
	if raw, err := hex.DecodeString(name); !ok || err != nil || len(raw) != sha256.Size {
		return Facts{}, fmt.Errorf("reading its facts: %q is no digest", c.Facts)
	}
	raw, err := readFile(factsFile(c.part.dir, name), maxFactsFile)
	if err != nil {
		return Facts{}, fmt.Errorf("reading its facts: %w", err)
	}
	// the name was checked to be hex of the right length: it cannot leave the folder
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != name {
		return Facts{}, fmt.Errorf("reading its facts: the file does not match the digest in its name")
	}
	f, err := decodeFacts(raw)
	if err == nil && f.Unit != c.Unit {
		err = fmt.Errorf("reading its facts: they are of %s", f.Unit)
	}
	return f, err
}

// follows reports whether the rows of an image follow from its facts and from the places as its own part listed them:
// between two parts a workload may be scaled or come anew. Where the part was joined with other policies or data than
// there are here, only what does not depend on these is compared.
func (m *merger) follows(c covering, f Facts) error {
	same := m.known != nil && c.part.Known == m.known.Digest
	for _, p := range c.part.Places {
		if p.Unit != c.Unit {
			continue
		}
		row, ok := c.row(p)
		if !ok {
			missing := newRow(p)
			return fmt.Errorf("the part lists %s and has no row of it", missing.Name())
		}
		// These two follow from the facts alone, whatever policies there are.
		if row.State != f.State || row.Digest != "" && f.digest() != "" && row.Digest != f.digest() {
			return fmt.Errorf("the row of %s does not follow from its facts", row.Name())
		}
		if !same {
			continue
		}
		then := *m.known
		// deadlines were counted by the clock of the part: a merge on the next morning must come to the same levels
		then.At = c.part.At
		again := then.Join(&f).Row(p)
		if a, b := encodeRow(again), encodeRow(row); a != b {
			return fmt.Errorf("the row of %s does not follow from its facts and what is known here", row.Name())
		}
	}
	return nil
}

// encodeRow is a row as it is printed.
func encodeRow(r Row) string {
	raw, err := inspect.EncodeJSON(r)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// DigestOf is the digest of what rows are joined with, from all that is known: values that are encoded as JSON.
func DigestOf(known ...any) string {
	raw, err := json.Marshal(known)
	if err != nil {
		return "" // texts and dates are always encoded
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}
