package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect/audit"
)

// dumpOf is a dump of pods that run the shop's image under its tag.
func (w *workshop) dumpOf(names ...string) string {
	w.t.Helper()
	items := []any{map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "node"},
		"status": map[string]any{"nodeInfo": map[string]any{"operatingSystem": "linux", "architecture": "amd64"}}}}
	for _, name := range names {
		items = append(items, map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"namespace": "shop", "name": name, "creationTimestamp": "2026-03-01T03:00:00Z"},
			"spec": map[string]any{"nodeName": "node", "containers": []any{map[string]any{"name": "app",
				"image": w.repo.Tag("1").String()}}},
			"status": map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{"name": "app",
				"imageID": w.reference}}},
		})
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	w.check(err)
	path := w.file("dump.json")
	w.check(os.WriteFile(path, raw, 0o600))
	return path
}

// An audit of every depth, the changes since it, a second look at what is stored, and the same in parts.
func TestAuditOfAShop(t *testing.T) {
	w := newWorkshop(t)
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME", "DOCKER_CONFIG"} {
		t.Setenv(name, w.file("home"))
	}
	dump := w.dumpOf("web-0", "web-1")
	report := func(want int, args ...string) (r audit.Report) {
		t.Helper()
		out, _ := w.backtrail(want, append([]string{"audit", "--snapshot", dump, "-o", "json"}, args...)...)
		w.check(json.Unmarshal([]byte(out), &r))
		return r
	}
	for _, depth := range audit.Depths() {
		r := report(exitPassed, "--depth", string(depth))
		if r.Books.Done != 2 || !r.Books.Balanced() || len(r.Rows) != 2 {
			t.Fatalf("depth %s: books %+v, rows %+v", depth, r.Books, r.Rows)
		}
		if row := r.Rows[0]; row.Digest != w.digest.String() || row.Signature != "absent" || *row.TagMoved {
			t.Errorf("depth %s: %+v", depth, row)
		}
	}

	w.check(remote.Delete(w.repo.Tag("1")))
	again := report(exitPassed, "--since", "last")
	if row := again.Rows[0]; row.TagMoved != nil || len(again.Changes) != 0 {
		t.Errorf("a tag that is gone: %v, changes %+v", row.TagMoved, again.Changes)
	}
	w.check(remote.Write(w.repo.Tag("1"), w.image))
	if stored := report(exitPassed, "--recheck"); stored.Books.Done != 2 {
		t.Errorf("stored: %+v", stored.Books)
	}

	for _, depth := range []string{"identity", "packages"} {
		parts := w.file("parts-" + depth)
		for _, shard := range []string{"0/3", "1/3", "2/3"} {
			w.backtrail(exitPassed, "audit", "--snapshot", dump, "--depth", depth, "--shard", shard, "--out", parts)
		}
		merged, errs := w.backtrail(exitPassed, "audit", "merge", parts, "--snapshot", dump, "-o", "json")
		one, _ := w.backtrail(exitPassed, "audit", "--snapshot", dump, "--depth", depth, "-o", "json", "--no-journal")
		if merged != one {
			t.Errorf("depth %s, merged:\n%s\none process:\n%s", depth, merged, one)
		}
		if !strings.Contains(errs, "derived again from their facts: 1 of") {
			t.Errorf("stderr %s", errs)
		}
	}
}
