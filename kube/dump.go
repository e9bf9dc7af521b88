package kube

import (
	"bufio"
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
	things  []thing
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
			if rel, err := filepath.Rel(path, at); err == nil && strings.Count(rel, string(filepath.Separator)) >= maxDumpDepth {
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
	c := hire()
	counted := &meter{r: r, left: maxDumpBytes - d.bytes}
	d.split(name, bufio.NewReader(counted), c)
	items := c.finish()
	d.bytes = maxDumpBytes - counted.left
	if counted.err != nil {
		return counted.err
	}
	if len(d.things)+len(items) > maxDumpObjects {
		return fmt.Errorf("more than %d objects: %w", maxDumpObjects, ErrLimit)
	}
	d.keep(name, items)
	return nil
}

// split tells JSON from YAML. YAML is read whole.
func (d *dump) split(name string, r *bufio.Reader, c *crew) {
	if mark, _ := r.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = r.Discard(len(byteOrderMark))
	}
	for {
		b, err := r.ReadByte()
		if err != nil {
			return
		}
		if !bytes.ContainsRune([]byte(" \t\r\n"), rune(b)) {
			_ = r.UnreadByte()
			if b == '{' {
				d.splitJSON(name, r, c)
				return
			}
			break
		}
	}
	content, err := io.ReadAll(r)
	if err == nil {
		d.splitYAML(name, content, c)
	}
}

const byteOrderMark = "\ufeff"

// meter reads what is left of a bound, and remembers why it stopped.
type meter struct {
	r    io.Reader
	left int64 // bytes
	err  error // not that it came to the end
}

// Read reads on, or fails with ErrLimit.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.left -= int64(n); m.left < 0 {
		err = fmt.Errorf("more than %d MB: %w", maxDumpBytes>>20, ErrLimit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// splitYAML turns each document into JSON first: that is how Kubernetes reads YAML.
func (d *dump) splitYAML(name string, content []byte, c *crew) {
	for i, doc := range bytes.Split(append([]byte("\n"), content...), []byte("\n---")) {
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		if len(doc) > maxYAMLBytes {
			d.note("%s: document %d is more than %d MB of YAML, not read; JSON may be larger", name, i+1, maxYAMLBytes>>20)
			continue
		}
		asJSON, err := yaml.YAMLToJSON(doc)
		if err != nil {
			d.note("%s: document %d is not YAML: %v", name, i+1, err)
			continue
		}
		if len(asJSON) > 0 && asJSON[0] == '{' {
			d.splitJSON(name, bytes.NewReader(asJSON), c)
			continue
		}
		if string(asJSON) != "null" {
			d.note("%s: document %d is no object", name, i+1)
		}
	}
}

// keep adds what was identified and says what was left out.
func (d *dump) keep(name string, items []*item) {
	secrets := 0
	for i, it := range items {
		t, err := it.thing()
		switch {
		case err != nil:
			d.note("%s: object %d: %v", name, i+1, err)
		case t.kind == "Secret":
			secrets++
		default:
			d.things = append(d.things, t)
		}
	}
	if secrets > 0 {
		d.note("%s: secrets in it, not looked at: %d", name, secrets)
	}
}
