package evidence

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// savedImage is an incident whose image came as docker-save writes it: no manifest, no signature, and layers that are
// plain tars under their diff IDs.
func savedImage(t *testing.T) *incident {
	t.Helper()
	in := newIncident(t)
	for n, l := range in.layers {
		if got := in.store.put(in.store.tars[l.DiffID]); got != l.DiffID {
			t.Fatalf("the tar of layer %d is %s", n, got)
		}
	}
	var kept []inspect.Event
	for _, e := range in.events {
		switch f := e.Fact.(type) {
		case inspect.ImageHead:
			f.Digest = ""
			e.Fact = f
		case inspect.Layer:
			f.Digest = ""
			e.Fact = f
		case inspect.Blob:
			switch f.Role {
			case "manifest", "signature", "referrer":
				continue
			case roleLayer:
				at := slices.IndexFunc(in.layers, func(l inspect.Layer) bool { return l.Digest == f.Digest })
				f.Digest, f.MediaType, f.Size = in.layers[at].DiffID, "", 0
				e.Fact = f
			}
		case inspect.Signature, inspect.Provenance, inspect.Diff:
			continue
		}
		kept = append(kept, e)
	}
	in.events = kept
	return in
}

// TestAnImageOfADockerArchiveIsReproduced checks an image that no manifest opens by its configuration and its tars.
func TestAnImageOfADockerArchiveIsReproduced(t *testing.T) {
	in := savedImage(t)
	for name, tt := range map[string]struct {
		options Options
		rows    map[string]inspect.Status // by name of the check
	}{
		"all of it": {options, map[string]inspect.Status{"image": inspect.Verified, "layer": inspect.Verified}},
		// Nothing of an image that is not there is verified, and nothing of it fails.
		"no layers": {Options{Layers: LayersNone}, map[string]inspect.Status{
			"image": inspect.Absent,
			"layer": inspect.Absent,
		}},
		"no configuration": {
			Options{Layers: LayersAll, WithoutConfig: true},
			map[string]inspect.Status{"image": inspect.Absent, "layer": inspect.Absent},
		},
	} {
		v := verify(t, in.export(t, "bundle", tt.options).Path, trusting())
		if v.Fits != inspect.Verified || len(failures(v)) > 0 {
			t.Errorf("%s: fits %s: %v", name, v.Fits, failures(v))
		}
		rows := map[string]int{}
		for _, c := range v.Checks {
			if want, is := tt.rows[c.Name]; is && strings.HasPrefix(c.Subject, "web") {
				rows[c.Name]++
				if c.Status != want {
					t.Errorf("%s: %s is %s: %s", name, c.Subject, c.Status, c.Detail)
				}
			}
		}
		if rows["image"] != 1 || rows["layer"] != 2 {
			t.Errorf("%s: the rows are %v", name, rows)
		}
	}
}

// A configuration that names other layers than the case, or the same ones in another order, is another image.
func TestADockerArchiveWithOtherLayersFails(t *testing.T) {
	for name, change := range map[string]func(*incident){
		"the layers are swapped": func(in *incident) {
			for n, e := range in.events {
				if l, is := e.Fact.(inspect.Layer); is {
					l.DiffID = in.layers[1-l.Position].DiffID
					in.events[n].Fact = l
				}
			}
		},
		"a layer is called damaged": func(in *incident) {
			for n, e := range in.events {
				if l, is := e.Fact.(inspect.Layer); is && l.Position == 1 {
					l.Status, l.Reason = inspect.Failed, "diffid-mismatch"
					in.events[n].Fact = l
				}
			}
		},
	} {
		in := savedImage(t)
		change(in)
		v := verify(t, in.export(t, "bundle", options).Path, trusting())
		if v.Fits != inspect.Verified || v.Reproduced != inspect.Failed {
			t.Errorf("%s: fits %s, reproduced %s", name, v.Fits, v.Reproduced)
		}
	}
}

// TestAContainerRunsTheImageThatTheNodeReported joins the pod's object with the images of the case.
func TestAContainerRunsTheImageThatTheNodeReported(t *testing.T) {
	const index, manifest, config, other = "sha256:aa", "sha256:bb", "sha256:cc", "sha256:dd"
	image := inspect.ImageHead{
		Container: "web", Reference: "web:1", Location: "web@" + index, Index: index,
		Digest: manifest, Config: config, Manifests: []inspect.Manifest{{Digest: other, Platform: "linux/arm64"}},
	}
	done := []inspect.CheckState{{Name: inspect.CheckSubject, Status: inspect.CheckDone}}
	for name, tt := range map[string]struct {
		reported string
		c        inspect.Case
		fails    bool
	}{
		"the index":                 {index, inspect.Case{Images: []inspect.Image{{ImageHead: image}}}, false},
		"the manifest":              {manifest, inspect.Case{Images: []inspect.Image{{ImageHead: image}}}, false},
		"the configuration":         {config, inspect.Case{Images: []inspect.Image{{ImageHead: image}}}, false},
		"another platform of it":    {other, inspect.Case{Images: []inspect.Image{{ImageHead: image}}}, false},
		"nothing yet":               {"", inspect.Case{Images: []inspect.Image{{ImageHead: image}}}, false},
		"another image":             {"sha256:ee", inspect.Case{Images: []inspect.Image{{ImageHead: image}}}, true},
		"no image of the case":      {index, inspect.Case{Checks: done}, true},
		"the subject was not found": {index, inspect.Case{}, false},
		"a case about another": {
			index,
			inspect.Case{Checks: done, Target: inspect.Target{Container: "db"}},
			false,
		},
		"a case about this one": {
			index,
			inspect.Case{Checks: done, Target: inspect.Target{Container: "web"}},
			true,
		},
	} {
		v := &comparison{verifier: &verifier{c: tt.c}}
		v.reported("web", tt.reported)
		if fails := len(v.out.Checks) > 0; fails != tt.fails {
			t.Errorf("%s: %v", name, v.out.Checks)
		}
	}
}

// TestPoliciesAreEvaluatedAgain compares the verdicts of policies, both ways.
func TestPoliciesAreEvaluatedAgain(t *testing.T) {
	gate := func(name string, s inspect.GateStatus) inspect.Gate {
		return inspect.Gate{Name: inspect.GatePolicy + name, Kind: inspect.GateKindImagePolicy, Status: s}
	}
	b := newBench(t)
	signed, away := b.c.Images[0].Signatures[0], b.c.Images[0].Signatures[0]
	away.Digest = bagit.Digest([]byte("a signature that is not in the bag"))
	for name, tt := range map[string]struct {
		claimed, found []inspect.Gate
		signature      inspect.Signature
		status         inspect.Status
		detail         string
	}{
		"the same": {
			[]inspect.Gate{gate("p", inspect.GatePassed)},
			[]inspect.Gate{gate("p", inspect.GatePassed)},
			signed, inspect.Verified, "as the case states",
		},
		"passed by the case only": {
			[]inspect.Gate{gate("p", inspect.GatePassed)},
			[]inspect.Gate{gate("p", inspect.GateRefused)},
			signed, inspect.Failed, "the bytes in the bag give",
		},
		"no such policy": {
			[]inspect.Gate{gate("p", inspect.GatePassed)},
			nil, signed, inspect.Failed,
			"no policy in the bag",
		},
		"one more policy": {
			nil,
			[]inspect.Gate{gate("p", inspect.GateRefused)},
			signed, inspect.Failed,
			"the case does not name its verdict",
		},
		"left open by the case": {
			[]inspect.Gate{gate("p", inspect.GateUnknown)},
			[]inspect.Gate{gate("p", inspect.GatePassed)},
			signed, inspect.Absent, "the case leaves it open",
		},
		"a signature that is not carried": {
			[]inspect.Gate{gate("p", inspect.GatePassed)},
			[]inspect.Gate{gate("p", inspect.GateRefused)},
			away, inspect.Absent, "not all signatures are in the bag",
		},
		"a gate of the cluster is none of them": {
			[]inspect.Gate{{Name: "kyverno", Status: inspect.GatePassed}},
			nil,
			signed, "", "",
		},
	} {
		claimed := with(b.c, func(i *inspect.Image) {
			i.Gates, i.Signatures = tt.claimed, []inspect.Signature{tt.signature}
		})
		v := &comparison{verifier: &verifier{bag: b.bag, c: claimed}}
		v.samePolicies(claimed.Images[0], inspect.Image{Gates: tt.found})
		if tt.status == "" {
			if len(v.out.Checks) > 0 {
				t.Errorf("%s: %v", name, v.out.Checks)
			}
			continue
		}
		if len(v.out.Checks) != 1 || v.out.Checks[0].Status != tt.status ||
			!strings.Contains(v.out.Checks[0].Detail, tt.detail) {
			t.Errorf("%s: %v, want %s: %s", name, v.out.Checks, tt.status, tt.detail)
		}
	}
}

// TestCountsOfFilesFollowFromTheListings lies about the numbers of files of a layer and of a comparison.
func TestCountsOfFilesFollowFromTheListings(t *testing.T) {
	b := newBench(t)
	layers := slices.Clone(b.c.Images[0].Layers)
	diff := &inspect.FileDiff{Added: 1, List: []inspect.FileChange{{Path: "/a", Change: "added"}}}
	honest := with(b.c, func(i *inspect.Image) {
		i.Layers, i.Diff = layers, &inspect.Diff{Files: diff}
	})
	again := Again{Changes: map[string][]inspect.Layer{"web": layers}, Files: map[string]*inspect.FileDiff{"web": diff}}
	run := func(v *comparison) { v.countsAgain(v.c.Images[0]) }
	if found := b.compare(honest, honest, again, run); found != "" {
		t.Fatalf("the honest counts fail: %s", found)
	}
	for name, change := range map[string]func(*inspect.Image){
		"added":          func(i *inspect.Image) { i.Layers[1].Added++ },
		"modified":       func(i *inspect.Image) { i.Layers[0].Modified++ },
		"removed":        func(i *inspect.Image) { i.Layers[1].Removed = 7 },
		"the difference": func(i *inspect.Image) { i.Diff = &inspect.Diff{Files: &inspect.FileDiff{Added: 2}} },
		"its list":       func(i *inspect.Image) { i.Diff = &inspect.Diff{Files: &inspect.FileDiff{Added: 1}} },
	} {
		if found := b.compare(with(honest, change), honest, again, run); !strings.Contains(found, "by the listings") {
			t.Errorf("%s: %q", name, found)
		}
	}
	// Without the listings the counts are claims, and are counted as such: three of each layer, four of a comparison.
	v := &comparison{verifier: &verifier{bag: b.bag, c: honest}}
	v.countsAgain(honest.Images[0])
	if v.out.Claims.Claimed != 3*len(layers)+4 || len(v.out.Checks) != 0 {
		t.Errorf("%+v, %v", v.out.Claims, v.out.Checks)
	}
}

// The rows of an image cannot be computed again by a program that has no checks: it is unknown, and never verified.
func TestWithoutChecksNothingIsReproduced(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	o := trusting()
	o.Rerun = nil
	v := verify(t, r.Path, o)
	if v.Reproduced != inspect.Unknown || v.Status != inspect.Unknown {
		t.Errorf("reproduced %s, status %s", v.Reproduced, v.Status)
	}
	// An interrupted verification gives no outcome at all.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := Verify(ctx, r.Path, o); err == nil || v.Status != "" {
		t.Errorf("an interrupted verification is %q, %v", v.Status, err)
	}
}
