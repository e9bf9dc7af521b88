package journal

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// transferSchema is the name of the form that Export writes: lines of JSON, the first with the schema, each other with
// one thing under the name of its kind. An unknown kind is passed over, so that an older program reads what it can.
const transferSchema = "backtrail.dev/journal/v1"

// Bounds of what is imported.
const (
	maxLine = 256 << 20 // bytes of one line: the facts of one image
	// a bound on the time that a file of others may take, not on memory: lines are read one by one
	maxLines = 50_000_000
)

// line is a line of the exported form. One field is set.
type line struct {
	Schema  string       `json:"schema,omitempty"`
	Run     *Run         `json:"run,omitempty"`
	Alert   *alertLine   `json:"alert,omitempty"`
	Image   *imageLine   `json:"image,omitempty"`
	Finding *Finding     `json:"finding,omitempty"`
	Audit   *Audit       `json:"audit,omitempty"`
	Ended   *exportedSum `json:"end,omitempty"`
}

type alertLine struct {
	Place
	Digest string       `json:"digest"`
	Rule   string       `json:"rule"`
	First  inspect.Time `json:"first"`
	Last   inspect.Time `json:"last"`
}

type imageLine struct {
	Digest          string        `json:"digest"`
	Depth           string        `json:"depth"`
	Version         int           `json:"version"`
	Collected       inspect.Time  `json:"collected"`
	Advisories      inspect.Time  `json:"advisories"`
	Vulnerabilities inspect.Time  `json:"vulnerabilities"`
	Image           inspect.Image `json:"facts"`
	Files           []File        `json:"files"`
}

// exportedSum is the last line: without it the export was cut off.
type exportedSum struct {
	Lines int `json:"lines"` // before this one
}

// Transferred counts the things that Export wrote or Import took.
type Transferred struct {
	Lines   int // all
	Skipped int // of a kind or version that this program does not read
}

// Export writes all of the journal as lines of JSON.
func (j *Journal) Export(ctx context.Context, to io.Writer) (Transferred, error) {
	out := bufio.NewWriterSize(to, 1<<20)
	enc, n := json.NewEncoder(out), 0
	put := func(l line) error {
		n++
		return enc.Encode(l)
	}
	err := put(line{Schema: transferSchema})
	for _, part := range []func(context.Context, *Journal, func(line) error) error{
		exportRuns, exportAlerts, exportImages, exportFindings, exportAudits,
	} {
		if err == nil {
			err = part(ctx, j, put)
		}
	}
	if err == nil {
		err = errors.Join(put(line{Ended: &exportedSum{Lines: n}}), out.Flush())
	}
	if err != nil {
		return Transferred{}, fmt.Errorf("exporting the journal: %w", err)
	}
	return Transferred{Lines: n}, nil
}

func exportRuns(ctx context.Context, j *Journal, put func(line) error) error {
	runs, err := j.Runs(ctx)
	for _, r := range runs {
		if err == nil {
			err = put(line{Run: &r})
		}
	}
	return err
}

func exportAlerts(ctx context.Context, j *Journal, put func(line) error) error {
	return j.query(ctx, "reading alerts", func(r *sql.Rows) error {
		var a alertLine
		var first, last int64
		err := r.Scan(&a.Cluster, &a.Namespace, &a.Workload, &a.Container, &a.Digest, &a.Rule, &first, &last)
		if err != nil {
			return err
		}
		a.First, a.Last = timeOf(first), timeOf(last)
		return put(line{Alert: &a})
	}, `SELECT p.cluster, p.namespace, p.workload, p.container, a.digest, a.rule, a.first, a.last
		FROM alert a JOIN place p ON p.id = a.place ORDER BY a.place, a.digest, a.rule`)
}

func exportImages(ctx context.Context, j *Journal, put func(line) error) error {
	return j.query(ctx, "reading facts", func(r *sql.Rows) error {
		f, err := scanFacts(r.Scan)
		if err != nil {
			return err
		}
		files, err := filesOfImage(ctx, j, f.Image.Key())
		if err != nil {
			return err
		}
		return put(line{Image: &imageLine{
			Digest: f.Image.Key(), Depth: f.Depth.String(), Version: FactsVersion,
			Collected: f.Collected, Advisories: f.Advisories, Vulnerabilities: f.Vulnerabilities, Image: f.Image,
			Files: files,
		}})
	}, factsQuery+" WHERE version >= ? ORDER BY image.digest", FactsVersion)
}

// files lists the stored files of an image.
func filesOfImage(ctx context.Context, j *Journal, digest string) ([]File, error) {
	var all []File
	err := j.query(ctx, "reading the files of "+digest, func(r *sql.Rows) error {
		var f File
		err := r.Scan(&f.Path, &f.Layer, &f.SHA256, &f.Kind)
		all = append(all, f)
		return err
	}, `SELECT path.value, ip.layer, lower(hex(c.sha256)), f.kind FROM image i JOIN image_part ip ON ip.image = i.id
		JOIN part_file f ON f.part = ip.part JOIN path ON path.id = f.path JOIN content c ON c.id = f.content
		WHERE i.digest = ? ORDER BY path.value, f.kind`, digest)
	return all, err
}

func exportFindings(ctx context.Context, j *Journal, put func(line) error) error {
	all, err := j.findings(ctx, "WHERE 1")
	for _, f := range all {
		if err == nil {
			err = put(line{Finding: &f})
		}
	}
	return err
}

func exportAudits(ctx context.Context, j *Journal, put func(line) error) error {
	all, err := j.audits(ctx, "ORDER BY scope, at")
	for _, a := range all {
		if err == nil {
			err = put(line{Audit: &a})
		}
	}
	return err
}

// Import takes what Export wrote, also of another machine, beside what is there: times of sightings are widened, deeper
// facts win. What was taken before an error stays. Errors: what is no export, and one that was cut off.
func (j *Journal) Import(ctx context.Context, from io.Reader) (Transferred, error) {
	in := bufio.NewScanner(from)
	in.Buffer(make([]byte, 1<<20), maxLine)
	var t Transferred
	ended := false
	for in.Scan() {
		if t.Lines++; t.Lines > maxLines {
			return t, fmt.Errorf("importing a journal: more than %d lines", maxLines)
		}
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return t, fmt.Errorf("importing a journal: reading line %d: %w", t.Lines, err)
		}
		if t.Lines == 1 && l.Schema != transferSchema {
			return t, fmt.Errorf("importing a journal: line 1 does not name the schema %s", transferSchema)
		}
		taken, err := take(ctx, j, l)
		if err != nil {
			return t, fmt.Errorf("importing line %d: %w", t.Lines, err)
		}
		if !taken && l.Schema == "" && l.Ended == nil {
			t.Skipped++
		}
		ended = l.Ended != nil && l.Ended.Lines == t.Lines-1
	}
	if err := in.Err(); err != nil {
		return t, fmt.Errorf("importing a journal: reading line %d: %w", t.Lines+1, err)
	}
	if !ended {
		return t, fmt.Errorf("importing a journal: it is cut off after line %d", t.Lines)
	}
	return t, nil
}

// take stores one line; taken is false for what this program does not read.
func take(ctx context.Context, j *Journal, l line) (taken bool, err error) {
	switch {
	case l.Run != nil:
		r := l.Run
		if r.Digest == "" || r.First.IsZero() || r.Last.Before(r.First.Time) {
			return true, errors.New("a sighting has no digest, no time or ends before it begins")
		}
		return true, j.change(ctx, "recording what ran", func(w *writer) error {
			return w.see(r.Place, r.Reference, r.Digest, column(r.First), column(r.Last))
		})
	case l.Alert != nil:
		a := l.Alert
		return true, j.change(ctx, "recording alerts", func(w *writer) error {
			place, err := w.place(a.Place)
			if err != nil {
				return err
			}
			return w.putAlert(place, a.Digest, a.Rule, column(a.First), column(a.Last))
		})
	case l.Image != nil:
		return l.Image.Version == FactsVersion, takeImage(ctx, j, *l.Image)
	case l.Finding != nil:
		return true, takeFinding(ctx, j, *l.Finding)
	case l.Audit != nil:
		return true, j.PutAudit(ctx, *l.Audit)
	}
	return false, nil
}

func takeImage(ctx context.Context, j *Journal, l imageLine) error {
	if l.Version != FactsVersion {
		return nil
	}
	depth, err := ParseDepth(l.Depth)
	if err != nil {
		return err
	}
	// The digest cannot be proven from facts alone: whoever imports a file trusts its sender with what images contain,
	// as with a report. What can be compared is that the line agrees with itself.
	if l.Image.Key() != l.Digest {
		return fmt.Errorf("the facts of %s are those of %s", l.Digest, l.Image.Key())
	}
	return j.Put(ctx, Facts{
		Image: l.Image, Depth: depth, Files: l.Files, Collected: l.Collected,
		Advisories: l.Advisories, Vulnerabilities: l.Vulnerabilities,
	})
}

// takeFinding stores a finding with its times, and its waiver.
func takeFinding(ctx context.Context, j *Journal, f Finding) error {
	err := j.change(ctx, "storing a finding", func(w *writer) error {
		place, err := w.place(f.Place)
		if err != nil {
			return err
		}
		return w.run(`INSERT INTO finding (place, id, digest, code, severity, title, opened, seen, closed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET opened = min(opened, excluded.opened),
			closed = CASE WHEN excluded.seen > seen THEN excluded.closed ELSE closed END,
			seen = max(seen, excluded.seen)`, place, f.ID, f.Digest, f.Code, string(f.Severity), f.Title,
			column(f.Opened), column(f.Seen), column(f.Closed))
	})
	if err != nil || f.Waiver == nil {
		return err
	}
	return j.Waive(ctx, f.Place, f.ID, *f.Waiver)
}
