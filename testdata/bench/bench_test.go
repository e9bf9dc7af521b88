package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The points of time come from the stream, and a check that could not be made gives none.
func TestPartsOf(t *testing.T) {
	stream := []string{
		`{"time":"2026-01-02T03:04:00Z","header":{"started":"2026-01-02T03:04:00Z"}}`,
		`{"time":"2026-01-02T03:04:01Z","check":"layers","subject":"image","begin":{}}`,
		`{"time":"2026-01-02T03:04:01Z","check":"layers","layer":{"number":0,"status":"unknown"}}`,
		`{"time":"2026-01-02T03:04:02Z","check":"signatures","end":{"status":"done"}}`,
		`{"time":"2026-01-02T03:04:03Z","check":"provenance","end":{"status":"done"}}`,
		`{"time":"2026-01-02T03:04:04Z","check":"layers","layer":{"number":1,"status":"verified"}}`,
		`{"time":"2026-01-02T03:04:09Z","check":"layers","end":{"status":"done"}}`,
	}
	got, err := partsOf([]byte(strings.Join(stream, "\n")))
	want := parts{index: 8 * time.Second, signature: 2 * time.Second, provenance: 3 * time.Second, firstLayer: 4 * time.Second}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	stream[6] = `{"time":"2026-01-02T03:04:09Z","check":"layers","end":{"status":"blocked","reason":"no space left"}}`
	if _, err := partsOf([]byte(strings.Join(stream, "\n"))); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a check that could not be made: %v", err)
	}
	if _, err := partsOf([]byte(strings.Join(stream[:4], "\n"))); err == nil {
		t.Error("a stream that ends early gave times")
	}
}

// What is half made is not taken for made.
func TestMade(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("no mirror")
	if _, err := made(dir, "a/b", func(to string) error { _ = os.WriteFile(to, nil, 0o600); return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	for range 2 {
		path, err := made(dir, "a/b", func(to string) error {
			if _, err := os.Stat(filepath.Join(dir, "a/b")); err == nil {
				t.Error("made twice")
			}
			return os.WriteFile(to, []byte("whole"), 0o600)
		})
		if body, _ := os.ReadFile(path); err != nil || string(body) != "whole" {
			t.Errorf("%q, %v", body, err)
		}
	}
}

// A layer is a tar with the files that it should have, the same in every run, and the floor can read it.
func TestSownLayer(t *testing.T) {
	dir := t.TempDir()
	tree := sown{root: "srv", files: 2 * perDir, size: 5000, seed: 9, program: true}
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	for _, to := range []string{first, second} {
		if err := sownLayer(to, tree); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := os.ReadFile(first)
	b, _ := os.ReadFile(second)
	if string(a) != string(b) {
		t.Error("two runs gave different bytes")
	}
	z, err := gzip.NewReader(strings.NewReader(string(a)))
	if err != nil {
		t.Fatal(err)
	}
	files, r := 0, tar.NewReader(z)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg && h.Size == 5000 {
			files++
		}
	}
	if files != 2*perDir {
		t.Errorf("%d files", files)
	}
	if unpackedSize(first) < 2*perDir*5000 {
		t.Errorf("unpacked size %d", unpackedSize(first))
	}
	if err := floor(context.Background(), []string{first, second}); err != nil {
		t.Error(err)
	}
}

// Ratios are made round by round, so that a busy round disturbs both of its sides.
func TestRatio(t *testing.T) {
	a := []time.Duration{2, 30, 4}
	b := []time.Duration{4, 60, 4}
	if got := ratio(a, b); got != 0.5 {
		t.Errorf("ratio %v, want 0.5", got)
	}
}

// What either printed is compared package by package.
func TestPackagesAreCompared(t *testing.T) {
	theirs, err := packagesBySyft([]byte(`{"artifacts":[{"type":"deb","name":"b","version":"1","purl":"p"},{"type":"deb","name":"a","version":"1","purl":"p"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := packagesByUs([]byte(`{"header":{}}
{"packages":{"offset":0,"list":[{"type":"deb","name":"a","version":"1","purl":"p"}]}}
{"packages":{"offset":1,"list":[{"type":"deb","name":"b","version":"2","purl":"p"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if less, more := without(theirs, ours), without(ours, theirs); len(less) != 1 || less[0] != "deb b 1 p" || len(more) != 1 || more[0] != "deb b 2 p" {
		t.Errorf("less %q, more %q", less, more)
	}
}

// The flood is what it says: so many pods, so many alerts, each of a container that is there.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200 MB")
	}
	dir := t.TempDir()
	dump, alerts := filepath.Join(dir, "dump.json"), filepath.Join(dir, "falco.jsonl")
	if err := errors.Join(writeTo(dump, writeFloodDump), writeTo(alerts, writeFloodAlerts)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(content, &list); err != nil || len(list.Items) != floodPods || len(list.Items[0]) < 8<<10 {
		t.Errorf("%d pods, the first of %d bytes, %v", len(list.Items), len(list.Items[0]), err)
	}
	lines, err := os.ReadFile(alerts)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := bytes.Cut(lines, []byte("\n"))
	var a struct {
		Fields map[string]any `json:"output_fields"`
	}
	if err := json.Unmarshal(first, &a); err != nil || bytes.Count(lines, []byte("\n")) != floodAlerts {
		t.Errorf("%d alerts, %v", bytes.Count(lines, []byte("\n")), err)
	}
	if id, _ := a.Fields["container.id"].(string); !bytes.Contains(content, []byte("containerd://"+id)) {
		t.Errorf("container %s is not in the dump", id)
	}
}
