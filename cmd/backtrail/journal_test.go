package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect"
)

// rollout pushes an image under a tag, and writes the dump of a cluster that runs it since a day.
func rollout(t *testing.T, tag, dump, day string, img v1.Image) (digest string) {
	t.Helper()
	ref, err := name.NewTag(tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	hash, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	owner := func(kind, name string) []any {
		return []any{map[string]any{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name, "controller": true}}
	}
	containers := []any{map[string]any{"name": "app", "image": tag}}
	at := day + "T08:00:00Z"
	// One ReplicaSet for both: the restart of a rollout that changed nothing but what the tag means.
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{
		map[string]any{
			"apiVersion": "apps/v1", "kind": "ReplicaSet",
			"metadata": map[string]any{"name": "web-5d4f9", "namespace": "shop", "uid": "web-5d4f9", "ownerReferences": owner("Deployment", "web")},
			"spec":     map[string]any{"template": map[string]any{"spec": map[string]any{"containers": containers}}},
		},
		map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web", "namespace": "shop", "uid": "web"}},
		map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{
				"name": "web", "namespace": "shop", "uid": "pod-" + day, "creationTimestamp": at,
				"ownerReferences": owner("ReplicaSet", "web-5d4f9"),
			},
			"spec": map[string]any{"containers": containers},
			"status": map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{
				"name": "app", "image": tag,
				"imageID": ref.Context().Name() + "@" + hash.String(), "state": map[string]any{"running": map[string]any{"startedAt": at}},
			}}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dump, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

// Nothing but the journal leads from the second rollout back to the first under one tag: the template is the same, its
// ReplicaSet too, and the registry has only the new image under the tag.
func TestTheJournalLeadsBackToTheFirstRolloutUnderATag(t *testing.T) {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	dir := t.TempDir()
	for _, variable := range []string{"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(variable, dir)
	}
	dump, tag := filepath.Join(dir, "dump.json"), strings.TrimPrefix(server.URL, "http://")+"/shop/web:1"
	var notes bytes.Buffer
	inspected := func(more ...string) inspect.Case {
		t.Helper()
		var out bytes.Buffer
		notes.Reset()
		args := append([]string{"inspect", "pod/web", "-n", "shop", "--snapshot", dump, "--offline", "-o", "json"}, more...)
		if code := run(context.Background(), args, streams{in: strings.NewReader(""), out: &out, err: &notes}); code == exitCouldNotRun || code == exitUsage {
			t.Fatalf("exit %d: %s", code, notes.String())
		}
		var c inspect.Case
		if err := json.Unmarshal(out.Bytes(), &c); err != nil {
			t.Fatalf("%v: %s", err, notes.String())
		}
		if len(c.Images) != 1 {
			t.Fatalf("%d images: %s", len(c.Images), notes.String())
		}
		return c
	}
	img, err := smallImage()
	if err != nil {
		t.Fatal(err)
	}
	first := rollout(t, tag, dump, "2026-01-02", img)
	inspected()
	if img, err = mutate.Config(img, v1.Config{Entrypoint: []string{"/other"}}); err != nil {
		t.Fatal(err)
	}
	second := rollout(t, tag, dump, "2026-02-20", img)

	image := inspected().Images[0]
	if image.Digest != second {
		t.Fatalf("the second rollout runs %s, the case is about %s", second, image.Digest)
	}
	if image.Diff == nil || image.Diff.KnownGood == nil {
		t.Fatalf("no known-good: candidates %+v", image.Candidates)
	}
	k := image.Diff.KnownGood
	if k.Digest != first || k.Confirmed || !strings.Contains(k.Why, "this tag meant "+first[:19]) || !strings.Contains(k.Why, "2026-01-02") {
		t.Errorf("known-good %+v", k)
	}
	if image := inspected("--no-journal").Images[0]; len(image.Candidates) > 0 {
		t.Errorf("without the journal there are candidates: %+v", image.Candidates)
	}

	// A damaged journal is set aside by whoever opens it first, here the search for the known-good; that is not silent.
	if err := os.WriteFile(filepath.Join(dir, "backtrail", "journal.db"), []byte("no database any more, whatever it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	inspected()
	if !strings.Contains(notes.String(), "the journal was damaged and is now ") {
		t.Errorf("the damage is not reported: %s", notes.String())
	}
}
