package evidence

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// retell changes the facts of an incident and gives the honest case, as the checks would find it again.
func retell(t *testing.T, in *incident, change func(inspect.Fact) inspect.Fact) inspect.Case {
	t.Helper()
	var honest inspect.Case
	for n, e := range in.events {
		honest.Apply(e)
		in.events[n].Fact = change(e.Fact)
	}
	return honest
}

func TestEachFieldOfAStatementIsComputedAgain(t *testing.T) {
	later := inspect.At(time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC))
	for field, change := range map[string]func(p *inspect.Provenance){
		"builder":       func(p *inspect.Provenance) { p.Builder = "https://evil.example" },
		"buildType":     func(p *inspect.Provenance) { p.BuildType = "https://evil.example" },
		"source":        func(p *inspect.Provenance) { p.Source = "git+https://evil.example" },
		"ref":           func(p *inspect.Provenance) { p.Ref = "refs/heads/evil" },
		"commit":        func(p *inspect.Provenance) { p.Commit = strings.Repeat("0", 40) },
		"invocation":    func(p *inspect.Provenance) { p.Invocation = "https://evil.example/1" },
		"predicateType": func(p *inspect.Provenance) { p.PredicateType = "https://evil.example/v1" },
		"materials":     func(p *inspect.Provenance) { p.Materials = []inspect.Material{{URI: "pkg:evil"}} },
		"subject":       func(p *inspect.Provenance) { p.Subject = "sha256:" + strings.Repeat("0", 64) },
		"signed":        func(p *inspect.Provenance) { p.Signed = !p.Signed },
		"status":        func(p *inspect.Provenance) { p.Status, p.Reason = inspect.Failed, "malformed" },
		"started":       func(p *inspect.Provenance) { p.Started = later },
		"parameters":    func(p *inspect.Provenance) { p.Parameters = map[string]string{"a": "b"} },
		"notes":         func(p *inspect.Provenance) { p.Notes = []string{"all is well"} },
	} {
		in := newIncident(t)
		honest := retell(t, in, func(f inspect.Fact) inspect.Fact {
			if p, is := f.(inspect.Provenance); is {
				change(&p)
				return p
			}
			return f
		})
		o := trusting()
		o.Rerun = func(context.Context, *Bag, inspect.Case) (Again, error) { return Again{Case: honest}, nil }
		v := verify(t, in.export(t, "bundle", options).Path, o)
		if found := strings.Join(failures(v), "\n"); v.Fits != inspect.Verified || v.Reproduced != inspect.Failed || !strings.Contains(found, field+" is") {
			t.Errorf("%s: fits %s, reproduced %s: %s", field, v.Fits, v.Reproduced, found)
		}
	}
}

func TestClaimsAreCountedByWhatBearsThemOut(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	all := verify(t, r.Path, trusting())
	if all.Claims.Recomputed == 0 || all.Claims.Claimed == 0 || all.Claims.Failed != 0 {
		t.Errorf("%+v", all.Claims)
	}
	if all.Case.Operator != "ada on laptop" || all.Case.Tool != "backtrail 0.1.0" || !all.Case.Complete || all.Case.Target != "pod/web-7d9f" {
		t.Errorf("%+v", all.Case)
	}
	none := verify(t, in.export(t, "bundle", Options{Layers: LayersNone}).Path, trusting())
	if none.Claims.NotInBag <= all.Claims.NotInBag || none.Claims.Recomputed >= all.Claims.Recomputed {
		t.Errorf("without layers %+v, with all %+v", none.Claims, all.Claims)
	}
	b, err := json.Marshal(all)
	must(t, err)
	for _, key := range []string{`"fits":"verified"`, `"claims":{"recomputed":`, `"notInBag":`, `"basis":"bytes"`, `"case":{"id":`} {
		if !strings.Contains(string(b), key) {
			t.Errorf("no %s in %s", key, b[:min(len(b), 400)])
		}
	}
}

func TestListingsOfCarriedLayersAreReadAgain(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	for name, entries := range map[string][]inspect.Entry{
		"as it is":     in.store.indexes[in.layers[1].DiffID],
		"one more":     append([]inspect.Entry{{Path: "/a", Type: inspect.EntryFile}}, in.store.indexes[in.layers[1].DiffID]...),
		"one fewer":    nil,
		"another mode": {{Path: "/var/tmp/.x/kdev", Type: inspect.EntryFile, Mode: 0o4755}},
	} {
		o := trusting()
		o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
			return Again{Case: c, Listings: map[string][]inspect.Entry{in.layers[1].DiffID: entries}}, nil
		}
		v := verify(t, r.Path, o)
		found := strings.Contains(strings.Join(failures(v), "\n"), "listing")
		if wrong := name != "as it is"; wrong != (v.Reproduced == inspect.Failed) || wrong && !found && len(failures(v)) == 0 {
			t.Errorf("%s: %s, %v", name, v.Reproduced, failures(v))
		}
	}
}

func TestRowsThatComeAndGoAreFound(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	for name, change := range map[string]func(*inspect.Image){
		"a program less":    func(i *inspect.Image) { i.Binaries = nil },
		"a program more":    func(i *inspect.Image) { i.Binaries = append(i.Binaries, inspect.Binary{Path: "/bin/x"}) },
		"other totals":      func(i *inspect.Image) { i.Files.Total++ },
		"a layer more":      func(i *inspect.Image) { i.Layers = append(i.Layers, inspect.Layer{Position: 9, Number: 9}) },
		"another platform":  func(i *inspect.Image) { i.Platform = "linux/arm64" },
		"another signature": func(i *inspect.Image) { i.Signatures[0].LogIndex++ },
	} {
		o := trusting()
		o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
			i := c.Images[0].Clone()
			change(&i)
			c.Images = []inspect.Image{i}
			return Again{Case: c, Checks: []string{inspect.CheckBinaries}}, nil
		}
		if v := verify(t, r.Path, o); v.Reproduced != inspect.Failed || v.Claims.Failed == 0 {
			t.Errorf("%s: %s, %+v", name, v.Reproduced, v.Claims)
		}
	}
}

// A bill of materials that came with the image is read again under the name that its check has.
func TestAttachedBillsOfMaterialsAreReadAgain(t *testing.T) {
	row := inspect.SBOM{Origin: "attached", Format: "spdx-json", Packages: 12, Status: inspect.Unknown, Reason: "unsigned"}
	for name, tt := range map[string]struct {
		again  func(s inspect.SBOM) []inspect.SBOM
		failed string
	}{
		"the same":              {func(s inspect.SBOM) []inspect.SBOM { return []inspect.SBOM{s} }, ""},
		"fewer packages":        {func(s inspect.SBOM) []inspect.SBOM { s.Packages = 3; return []inspect.SBOM{s} }, "packages is 3 and not 12"},
		"another status":        {func(s inspect.SBOM) []inspect.SBOM { s.Reason = "subject-mismatch"; return []inspect.SBOM{s} }, "reason is"},
		"under a tag in no bag": {func(inspect.SBOM) []inspect.SBOM { return nil }, ""},
		"its truth, not checked": {func(s inspect.SBOM) []inspect.SBOM {
			s.Truth = &inspect.SBOMTruth{Missing: 3}
			return []inspect.SBOM{s}
		}, ""},
		"one that was left out of the case": {func(s inspect.SBOM) []inspect.SBOM {
			other := s
			other.Origin = "attested"
			return []inspect.SBOM{s, other}
		}, "the case does not have it"},
	} {
		in := newIncident(t)
		row.Digest = in.store.put([]byte(`{"spdxVersion":"SPDX-2.3"}`))
		in.blob(row.Digest, "sbom", "text/spdx+json", "")
		in.say(inspect.Event{Check: "attached-sbom", Container: "web", Fact: inspect.Begin{}})
		in.say(inspect.Event{Check: "attached-sbom", Container: "web", Fact: row})
		in.say(inspect.Event{Check: "attached-sbom", Container: "web", Fact: inspect.End{Status: inspect.CheckDone}})
		o := trusting()
		o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
			i := c.Images[0].Clone()
			i.SBOMs = tt.again(row)
			c.Images = []inspect.Image{i}
			return Again{Case: c, Checks: []string{"attached-sbom"}}, nil
		}
		v := verify(t, in.export(t, "bundle", options).Path, o)
		found := strings.Join(failures(v), "\n")
		if (tt.failed == "") != (found == "") || !strings.Contains(found, tt.failed) {
			t.Errorf("%s: %s: %q, want %q", name, v.Reproduced, found, tt.failed)
		}
	}
}

func TestAlertsAndThePodAreReadAgain(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	for name, tt := range map[string]struct {
		again Again
		found string
	}{
		"the rule":      {Again{Alerts: map[string]inspect.Alert{"a1": {ID: "a1", Rule: "Another"}}}, "rule is"},
		"the pod":       {Again{Pod: &inspect.Pod{Name: "web-7d9f", UID: "u"}}, "uid is"},
		"its container": {Again{Pod: &inspect.Pod{Name: "web-7d9f", Namespace: "shop"}}, "no container of this name"},
		"its image": {Again{Pod: &inspect.Pod{Name: "web-7d9f", Namespace: "shop", Containers: []inspect.Container{
			{Name: "web", ImageID: "x@sha256:" + strings.Repeat("0", 64)},
		}}}, "the node reported"},
		"one more container": {Again{Pod: &inspect.Pod{Name: "web-7d9f", Namespace: "shop", Containers: []inspect.Container{
			{Name: "web", Type: inspect.ContainerMain, Reference: "registry.example/shop/web:1"}, {Name: "helper"},
		}}}, "helper: the object in the bag has this container"},
		"an answer": {Again{Answers: []inspect.Answer{{Question: inspect.WhereFrom, Text: "no"}}}, "text is"},
	} {
		o := trusting()
		o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
			tt.again.Case = c
			return tt.again, nil
		}
		if v := verify(t, r.Path, o); v.Reproduced != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), tt.found) {
			t.Errorf("%s: %s, %v", name, v.Reproduced, failures(v))
		}
	}
}

// A check without an end claims nothing, but a row that is verified does.
func TestVerifiedIsAClaimOfACheckThatDidNotEndToo(t *testing.T) {
	for claimed, failed := range map[inspect.Status]bool{inspect.Verified: true, inspect.Unknown: false} {
		in := newIncident(t)
		honest := retell(t, in, func(f inspect.Fact) inspect.Fact {
			if s, is := f.(inspect.Signature); is {
				s.Status = claimed
				return s
			}
			return f
		})
		for n, s := range honest.Images[0].Signatures {
			s.Status, s.Reason = inspect.Failed, "bad-signature"
			honest.Images[0].Signatures[n] = s
		}
		in.events = slices.DeleteFunc(in.events, func(e inspect.Event) bool {
			_, ended := e.Fact.(inspect.End)
			return ended && e.Check == inspect.CheckSignatures
		})
		o := trusting()
		o.Rerun = func(context.Context, *Bag, inspect.Case) (Again, error) { return Again{Case: honest}, nil }
		v := verify(t, in.export(t, "bundle", options).Path, o)
		found := strings.Join(failures(v), "\n")
		if v.Fits != inspect.Verified || failed != strings.Contains(found, "status is") {
			t.Errorf("%s: fits %s, reproduced %s: %s", claimed, v.Fits, v.Reproduced, found)
		}
	}
}

func TestRedactionsAreListed(t *testing.T) {
	in := newIncident(t)
	in.say(inspect.Event{Container: "web", Fact: inspect.Redaction{Where: "image imageConfig.env", Kind: "value of a secret name", Original: "hmac-sha256:00"}})
	r := in.export(t, "bundle", options)
	text := string(read(t, r.Path+"/data/redactions.jsonl"))
	if !strings.Contains(text, `"where":"image imageConfig.env"`) || !strings.Contains(text, `"file":"data/cluster/pod.json"`) {
		t.Error(text)
	}
	if v := verify(t, r.Path, trusting()); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

func TestConfigurationsWithSecretsAreNamedAndLeftOut(t *testing.T) {
	in := newIncident(t)
	digest, size := in.store.json(t, map[string]any{"config": map[string]any{
		"Env": []string{"DB_PASSWORD=hunter2hunter2", "PATH=/bin", "GREETING=hello you"},
		"Cmd": []string{"/app", "--token", "hunter2hunter2"},
	}, "history": []any{map[string]any{"created_by": "RUN API_KEY=hunter2hunter2 make"}}})
	in.say(inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{Digest: digest, Size: size, Role: "config", State: blobCarried, Of: ofImage}})
	r := in.export(t, "bundle", options)
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, digest+", is carried whole and contains 3 values") {
		t.Error(notes)
	}
	o := options
	o.WithoutConfig = true
	r = in.export(t, "bundle", o)
	bag, err := OpenBag(t.Context(), r.Path, "")
	must(t, err)
	defer bag.Close()
	for _, d := range []string{digest, in.image.Config} {
		if b, err := bag.Blob(t.Context(), d); err == nil {
			_, _ = io.Copy(io.Discard, b)
			t.Errorf("%s is in the bag", d)
		}
	}
	if !strings.Contains(string(read(t, r.Path+"/data/blobs.jsonl")), "left out on request") {
		t.Error("the list of blobs does not name it")
	}
}

func TestDifferencesNameFieldAndValues(t *testing.T) {
	same, differs := differences(inspect.Altered{Path: "/a", Layer: 1, Detail: "x"}, inspect.Altered{Path: "/b", Layer: 1}, "detail")
	if len(differs) != 1 || differs[0] != `path is "/b" and not "/a"` || same < 5 {
		t.Errorf("%d %q", same, differs)
	}
	if same, differs := differences([]string(nil), []string{}); same != 1 || len(differs) != 0 {
		t.Errorf("no list and an empty one differ: %q", differs)
	}
	if _, differs := differences("a", strings.Repeat("b", 200)); len(differs) != 1 || len(differs[0]) > 2*maxShown {
		t.Errorf("%q", differs)
	}
}
