package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect/audit"
)

// dumpOf is a dump of pods that run the shop's image under its tag.
func (w *workshop) dumpOf(names ...string) string {
	w.t.Helper()
	items := []any{map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "node"},
		"status": map[string]any{"nodeInfo": map[string]any{"operatingSystem": "linux", "architecture": "amd64"}},
	}}
	for _, name := range names {
		items = append(items, map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"namespace": "shop", "name": name, "creationTimestamp": "2026-03-01T03:00:00Z"},
			"spec": map[string]any{"nodeName": "node", "containers": []any{map[string]any{
				"name":  "app",
				"image": w.repo.Tag("1").String(),
			}}},
			"status": map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{
				"name":    "app",
				"imageID": w.reference,
			}}},
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

// rowOf is a row of an audit.
func rowOf(name string, state audit.State, level audit.Level, why string) audit.Row {
	return audit.Row{
		Namespace: "shop", Workload: "deployment/" + name, Container: "app", State: state, Level: level,
		Reason: why, Crossed: []string{why},
	}
}

// What blocks comes before what could not be checked, and both are counted; each list of reasons is bounded.
func TestEndOfAnAudit(t *testing.T) {
	many := func(n int) (rows []audit.Row) {
		for range n {
			rows = append(rows, rowOf("web", audit.NotChecked, "", "no such host"))
		}
		return rows
	}
	done, blocked := rowOf("web", audit.Done, "", ""), rowOf("db", audit.Done, audit.Block, "unsigned")
	rows := func(all ...audit.Row) []audit.Row { return all }
	for name, c := range map[string]struct {
		rows  []audit.Row
		books audit.Books
		code  int
		words []string
	}{
		"calm":    {rows(done), audit.Books{Listed: 1, Done: 1}, exitPassed, nil},
		"nothing": {nil, audit.Books{}, exitPassed, nil},
		"blocked": {
			rows(blocked),
			audit.Books{Listed: 1, Done: 1},
			exitFailed,
			[]string{"found 1 container past", "could not check 0", "deployment/db container app: unsigned"},
		},
		"not checked": {
			many(1),
			audit.Books{Listed: 1, NotChecked: 1},
			exitIncomplete,
			[]string{"could not check 1", "no such host"},
		},
		"both": {
			append(many(1), blocked),
			audit.Books{Listed: 2, Done: 1, NotChecked: 1},
			exitFailed,
			[]string{"found 1", "could not check 1", "unsigned"},
		},
		"counts that do not add up": {
			rows(done),
			audit.Books{Listed: 2, Done: 1},
			exitFailed,
			[]string{"do not add up: 2 listed"},
		},
		"at the bound": {
			many(maxReasons),
			audit.Books{Listed: maxReasons, NotChecked: maxReasons},
			exitIncomplete,
			[]string{"could not check 8"},
		},
		"above the bound": {
			many(maxReasons + 3),
			audit.Books{Listed: maxReasons + 3, NotChecked: maxReasons + 3},
			exitIncomplete,
			[]string{"could not check 11", "and 3 more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkExit(t, auditEnd(&audit.Report{Rows: c.rows, Books: c.books}), c.code, c.words...)
		})
	}
}

// A date is its end: the audit "of a day" is the last one that began on it.
func TestDatesOfEarlierAudits(t *testing.T) {
	for words, want := range map[string]string{
		"2026-03-01": "2026-03-02T00:00:00Z", "2024-02-29": "2024-03-01T00:00:00Z",
		"2026-12-31":           "2027-01-01T00:00:00Z",
		"2026-03-01T08:00:00Z": "2026-03-01T08:00:00Z", "2026-03-01T08:00:00+02:00": "2026-03-01T06:00:00Z",
		"2026-02-30": "", "yesterday": "", "": "", "2026-3-1": "", "2026-03-01 08:00": "",
	} {
		at, err := parseDate(words)
		if (err != nil) != (want == "") || err == nil && at.UTC().Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("%q is %v (%v), want %s", words, at, err, want)
		}
	}
}

// Every form of an audit is one document of its kind, on stdout; the reason of the exit code is on stderr.
func TestTheFormsOfAnAudit(t *testing.T) {
	home := newHome(t)
	dump := filepath.Join(home, "dump.json")
	pod := webPod("web-7d9c5b6f48-aaaaa", "a", 0)
	pod.APIVersion, pod.Kind = "v1", "Pod"
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{pod}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dump, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for form, want := range map[string]string{
		"plain": "replicaset/web-7d9c5b6f48", "wide": "replicaset/web-7d9c5b6f48", "csv": ",web,", "markdown": "|",
		"json": `"schema": "backtrail.dev/audit/v1"`, "sarif": `"version": "2.1.0"`, "openmetrics": "# EOF\n",
		"policyreport": "wgpolicyk8s.io/v1alpha2", "html": "<!doctype html>",
	} {
		o := call(t, "audit", "--snapshot", dump, "--no-journal", "-o", form)
		o.wants(t, exitIncomplete, "could not check 1")
		if !strings.Contains(o.out, want) || strings.Contains(o.out, "\x1b") {
			t.Errorf("%s: no %q in %.400s", form, want, o.out)
		}
		if (form == "json" || form == "sarif") && !json.Valid([]byte(o.out)) {
			t.Errorf("%s is no JSON", form)
		}
	}
	o := call(t, "audit", "--snapshot", dump, "-n", "elsewhere", "--no-journal", "-o", "json")
	o.wants(t, exitPassed)
	if !strings.Contains(o.out, `"listed": 0`) || !strings.Contains(o.out, `"rows": []`) {
		t.Errorf("an empty namespace: %s", o.out)
	}
}
