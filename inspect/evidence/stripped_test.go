package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// edit changes a file of a bag to any length, and makes Payload-Oxum and all manifests fit again. A nil result removes
// the file.
func edit(t *testing.T, dir, name string, change func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	old, _ := os.ReadFile(path)
	if b := change(old); b != nil {
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, b, 0o600))
	} else {
		must(t, os.Remove(path))
	}
	bag, err := bagit.Open(context.Background(), dir, "")
	must(t, err)
	defer bag.Close()
	var size int64
	files := 0
	for _, n := range bag.Names() {
		if s, _ := bag.Size(n); bagit.IsPayload(n) {
			size, files = size+s, files+1
		}
	}
	info := filepath.Join(dir, bagit.InfoFile)
	var out strings.Builder
	for line := range strings.Lines(string(read(t, info))) {
		if strings.HasPrefix(line, infoOxum+":") {
			line = fmt.Sprintf("%s: %d.%d\n", infoOxum, size, files)
		}
		out.WriteString(line)
	}
	must(t, os.WriteFile(info, []byte(out.String()), 0o600))
	reseal(t, dir)
}

// replaced puts one text in the place of another, once, and fails the test where the text is not there.
func replaced(t *testing.T, from, to string) func([]byte) []byte {
	return func(b []byte) []byte {
		t.Helper()
		if !bytes.Contains(b, []byte(from)) {
			t.Fatalf("there is no %q in it", from)
		}
		return bytes.Replace(b, []byte(from), []byte(to), 1)
	}
}

func removed([]byte) []byte { return nil }

// caught verifies a bag and expects a failure that names something. The verifier is another version than the one that
// wrote the bag, which cannot expect the same bytes: what is found then is found by the meaning.
func caught(t *testing.T, what, dir, named string) {
	t.Helper()
	v := verify(t, dir, trusting())
	found := strings.Join(failures(v), "\n")
	if v.Fits != inspect.Verified || v.Status != inspect.Failed || !strings.Contains(found, named) {
		t.Errorf("%s: fits %s, status %s: %q, want %q", what, v.Fits, v.Status, found, named)
	}
}

// The outcome stands in case.json beside the facts that it follows from. Another version may write the facts in another
// way, but it cannot turn a failed case into a passed one.
func TestTheOutcomeOfTheCaseIsDerivedByEveryVersion(t *testing.T) {
	in := newIncident(t)
	for from, to := range map[string]string{
		`"status": "failed",` + "\n  \"": `"status": "passed",` + "\n  \"",
		`"complete": true`:               `"complete": false`,
		`"critical"`:                     `"info"`,
		`"schema": "backtrail.dev/case`:  `"schema": "backtrail.dev/cage`,
	} {
		r := in.export(t, "bundle", options)
		edit(t, r.Path, "data/case.json", replaced(t, from, to))
		caught(t, to, r.Path, "not what the events fold to")
	}
}

// TestStrippedExhibits takes evidence away and records that it was never there.
func TestStrippedExhibits(t *testing.T) {
	const pod, list = "data/cluster/pod.json", "data/exhibits.json"
	in := newIncident(t)
	stateOf := func(t *testing.T, dir, state string) {
		t.Helper()
		edit(t, dir, list, func(b []byte) []byte {
			var lines []exhibitLine
			must(t, json.Unmarshal(b, &lines))
			for n := range lines {
				if lines[n].Name == pod {
					lines[n].State = state
				}
			}
			out, err := inspect.EncodeJSON(lines)
			must(t, err)
			return out
		})
	}
	t.Run("taken away", func(t *testing.T) {
		r := in.export(t, "bundle", options)
		edit(t, r.Path, pod, removed)
		stateOf(t, r.Path, blobMissing)
		v := verify(t, r.Path, trusting())
		all := verify(t, in.export(t, "bundle", options).Path, trusting())
		if v.Claims.NotInBag != all.Claims.NotInBag+1 {
			t.Errorf("an exhibit that is not carried is not counted: %+v, with it %+v", v.Claims, all.Claims)
		}
		named := false
		for _, c := range v.Checks {
			named = named || c.Name == "exhibits" && c.Basis == BasisNotKept && strings.Contains(c.Subject,
				"cluster/pod.json")
			if c.Name == "exhibits" && c.Status == inspect.Verified && !strings.Contains(c.Detail, "3 exhibits") {
				t.Errorf("what is not in the bag is counted as checked: %s", c.Detail)
			}
		}
		if !named {
			t.Errorf("verify does not name the exhibit: %v", v.Checks)
		}
	})
	for name, tt := range map[string]struct {
		state string
		bytes func([]byte) []byte
		named string
	}{
		"other bytes under its name, called missing": {
			blobMissing, func([]byte) []byte { return []byte("{}") },
			pod,
		},
		"other bytes under its name, called damaged": {
			blobDamaged, func([]byte) []byte { return []byte("{}") },
			pod,
		},
		"its own bytes, called missing":                   {blobMissing, nil, "and it is there"},
		"a state that no export writes":                   {"fine", nil, "the state"},
		"called carried, and not there":                   {blobCarried, removed, "it is not what was kept"},
		"called damaged, and the bytes that came are not": {blobDamaged, removed, "not in data/damaged"},
	} {
		r := in.export(t, "bundle", options)
		if tt.bytes != nil {
			edit(t, r.Path, pod, tt.bytes)
		}
		stateOf(t, r.Path, tt.state)
		caught(t, name, r.Path, tt.named)
	}
}

// An exhibit whose bytes went bad on the machine of the export is carried as what it is now.
func TestADamagedExhibitIsKeptAsSuch(t *testing.T) {
	in := newIncident(t)
	digest := in.store.put([]byte(`{"kind":"Pod"}`))
	in.store.blobs[digest] = []byte("rotten")
	r := in.export(t, "bundle", options)
	rotten := "data/damaged/" + bagit.HexOf(bagit.Digest([]byte("rotten")))
	if got := string(read(t, filepath.Join(r.Path, rotten))); got != "rotten" {
		t.Errorf("the damaged bytes are %q", got)
	}
	v := verify(t, r.Path, trusting())
	if v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
	for _, c := range v.Checks {
		if c.Name == "exhibits" && c.Subject == "cluster/pod.json" && c.Status == inspect.Absent &&
			c.Basis == BasisNotKept {
			return
		}
	}
	t.Errorf("verify does not name the damaged exhibit: %v", v.Checks)
}

// TestStrippedRoots removes the trust root from the record, so that it cannot be asked who vouches for it.
func TestStrippedRoots(t *testing.T) {
	in := newIncident(t)
	kept := in.events[:0:0]
	for _, e := range in.events {
		if _, root := e.Fact.(inspect.Trust); !root {
			kept = append(kept, e)
		}
	}
	in.events = kept
	r := in.export(t, "bundle", options)
	o := trusting()
	o.AcceptBag = false
	if v := verify(t, r.Path, o); v.Status != inspect.Unknown {
		t.Errorf("verdicts that rest on no root are %s: %v", v.Status, v.Checks)
	}
	o.Roots = []string{"mine.json"}
	if v := verify(t, r.Path, o); v.Status != inspect.Verified {
		t.Errorf("checked against the person's roots they are %s: %v", v.Status, failures(v))
	}
}

// A configuration that was left out on request makes an image pass unchecked. The manifest in the bag has to name it.
func TestAnImageIsNotPassedOverByTheDigestOfNothing(t *testing.T) {
	in := newIncident(t)
	nothing := bagit.Digest([]byte("no such configuration"))
	retell(t, in, func(f inspect.Fact) inspect.Fact {
		if i, is := f.(inspect.ImageHead); is {
			i.Config = nothing
			return i
		}
		return f
	})
	r := in.export(t, "bundle", options)
	edit(t, r.Path, "data/blobs.jsonl", func(b []byte) []byte {
		var out bytes.Buffer
		for line := range bytes.Lines(b) {
			var l blobLine
			must(t, json.Unmarshal(line, &l))
			if l.Digest == nothing {
				l.State, l.Detail = blobLeftOut, "left out on request: it may contain secrets"
			}
			text, err := json.Marshal(l)
			must(t, err)
			out.Write(append(text, '\n'))
		}
		return out.Bytes()
	})
	o := trusting()
	o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
		return Again{Case: with(c, func(i *inspect.Image) { i.Config = in.image.Config })}, nil
	}
	v := verify(t, r.Path, o)
	if found := strings.Join(failures(v), "\n"); v.Status != inspect.Failed || !strings.Contains(found, "config is") {
		t.Errorf("%s: %s", v.Status, found)
	}
}
