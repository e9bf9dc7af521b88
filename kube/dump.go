package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// dump collects the objects of a snapshot's files. Broken documents become notes.
type dump struct {
	objects []savedObject
	notes   []string
	dropped int // notes past maxDumpNotes
	files   int
	bytes   int64
}

// note keeps a remark for people.
func (d *dump) note(format string, args ...any) {
	if len(d.notes) >= maxDumpNotes {
		d.dropped++
		return
	}
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// allNotes are the notes with a count of those past maxDumpNotes.
func (d *dump) allNotes() []string {
	if d.dropped > 0 {
		return append(d.notes, fmt.Sprintf("and %d more remarks of this kind", d.dropped))
	}
	return d.notes
}

// readPath reads a file, or the .json, .yaml, .yml and .jsonl files below a directory. Links in
// the directory are not followed.
func (d *dump) readPath(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return d.readFile(path)
	}
	return filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			d.note("%s: %v", at, err)
			return nil
		}
		if entry.IsDir() {
			if rel, err := filepath.Rel(path, at); err == nil &&
				strings.Count(rel, string(filepath.Separator)) >= maxDumpDepth {
				d.note("%s: more than %d folders deep, not read", at, maxDumpDepth)
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(at) {
		case ".json", ".yaml", ".yml", ".jsonl":
		default:
			return nil
		}
		// a link could lead to any file of the machine, a pipe would wait for ever
		if !entry.Type().IsRegular() {
			return nil
		}
		if d.files++; d.files > maxDumpFiles {
			d.note("more than %d files: the rest is not read", maxDumpFiles)
			return fs.SkipAll
		}
		if err := d.readFile(at); err != nil {
			d.note("%s: %v", at, err)
			if errors.Is(err, ErrLimit) {
				return fs.SkipAll
			}
		}
		return nil
	})
}

// readFile reads one file within what is left of maxDumpBytes.
func (d *dump) readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.parse(path, f)
}

// parse reads the documents of one file. The error is ErrLimit or that of r; all else becomes a note.
func (d *dump) parse(name string, r io.Reader) error {
	in, err := newStream(r, maxDumpBytes-d.bytes)
	if err != nil {
		return err
	}
	x := newIndexer()
	if in.isYAML() {
		content, err := io.ReadAll(yamlReader{in})
		if err == nil {
			d.splitYAML(name, content, x)
		}
	} else {
		d.splitJSON(name, in, x)
	}
	items := x.finish()
	d.bytes = maxDumpBytes - in.left
	if in.err != nil {
		return in.err
	}
	if len(d.objects)+len(items) > maxDumpObjects {
		return fmt.Errorf("more than %d objects: %w", maxDumpObjects, ErrLimit)
	}
	d.keep(name, items)
	return nil
}

// yamlReader reads a stream of which no single value is bounded: YAML is read whole, and bounded by its documents.
type yamlReader struct{ in *stream }

// Read reads on.
func (y yamlReader) Read(p []byte) (int, error) {
	y.in.advance()
	return y.in.Read(p)
}

// splitYAML turns each document into JSON first: that is how Kubernetes reads YAML.
func (d *dump) splitYAML(name string, content []byte, x *indexer) {
	// A line of three dashes begins a document (YAML 1.2.2, 9.1.2); in front of the first there need not be one.
	for i, doc := range bytes.Split(append([]byte("\n"), content...), []byte("\n---")) {
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		if len(doc) > maxYAMLBytes {
			d.note("%s: document %d is more than %d MB of YAML, not read; JSON may be larger", name, i+1,
				maxYAMLBytes>>20)
			continue
		}
		asJSON, err := yaml.YAMLToJSON(doc)
		if err != nil {
			d.note("%s: document %d is not YAML: %v", name, i+1, err)
			continue
		}
		if len(asJSON) > 0 && (asJSON[0] == '{' || asJSON[0] == '[') {
			in, err := newStream(bytes.NewReader(asJSON), int64(len(asJSON)))
			if err == nil {
				d.splitJSON(name, in, x)
			}
			continue
		}
		if string(asJSON) != "null" {
			d.note("%s: document %d is not an object", name, i+1)
		}
	}
}

// keep adds what was identified and notes what was left out.
func (d *dump) keep(name string, items []*item) {
	secrets := 0
	for i, it := range items {
		t, err := it.object()
		switch {
		case err != nil:
			d.note("%s: object %d: %v", name, i+1, err)
		// counted and dropped: a dump made with "kubectl get all,secrets" must not bring them into a case
		case t.kind == "Secret":
			secrets++
		default:
			d.objects = append(d.objects, t)
		}
	}
	if secrets > 0 {
		d.note("%s: Secrets in it, not read: %d", name, secrets)
	}
}
