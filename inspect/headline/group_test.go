package headline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// titled gives the groups of a case, one a line: severity, title, aside, number of findings.
func titled(c *inspect.Case) []string {
	var all []string
	for _, g := range Groups(c) {
		all = append(all, fmt.Sprintf("%s %s (%s) %d", g.Severity, g.Title, g.Aside, len(g.Findings)))
	}
	return all
}

// inLayer is a finding about a file of layer 6.
func inLayer(path, title string) inspect.Event {
	return finding("binaries", "unexpected-binary", "web:"+path, title, "sha256:l6")
}

// What a layer did is the deed with its worst file, in words of its own for each kind of file.
func TestWhatALayerDid(t *testing.T) {
	for want, add := range map[string][]inspect.Event{
		"replaces /x":              {on("binaries", "web", inspect.Altered{Path: "/x", Package: "procps"})},
		"sets a start-up hook, /x": {on("autoruns", "web", inspect.Autorun{Path: "/x", Status: inspect.RowFailed})},
		"plants a miner": {on("binaries", "web", inspect.Binary{Path: "/x", Codes: []string{
			"setuid",
			"miner-string",
		}})},
		"plants a downloader": {on("binaries", "web", inspect.Binary{
			Path:  "/x",
			Codes: []string{"runs-download"},
		})},
		"adds an unpackaged executable": {on("binaries", "web", inspect.Binary{
			Path:  "/x",
			Codes: []string{"unowned"},
		})},
		"adds a setuid executable": {on("binaries", "web", inspect.Binary{Path: "/x", Codes: []string{
			"setuid",
			"unowned",
		}})},
		"adds an executable":        {on("binaries", "web", inspect.Binary{Path: "/x"})},
		"adds an obfuscated script": {on("binaries", "web", inspect.Binary{Path: "/x", Codes: []string{"obfuscated"}})},
		"adds a file":               nil,
	} {
		got := titled(story(append(add, inLayer("/x", "x"))...))
		if line := "critical layer 6 (COPY fonts/ /) " + want + " (1 file) 1"; len(got) != 1 || got[0] != line {
			t.Errorf("got %q, want %q", got, line)
		}
	}
}

// Symptoms of one layer are one group, whichever check found them; files are counted once, other pods beside them.
func TestFilesOfOneLayerAreOneGroup(t *testing.T) {
	c := story(inLayer("/a", "a"), inLayer("/b", "b"), finding("autoruns", "autorun", "web:/a", "a starts",
		"sha256:l6"),
		finding("sharing", "layer-elsewhere", "web", "web: the layer runs elsewhere", ""),
		on("sharing", "web", inspect.Sharing{Suspect: []int{6}, Others: []inspect.SharedImage{
			{Layers: []int{6}, Pods: []string{"pay/a", "pay/b"}},
			{Layers: []int{6}, Pods: []string{"pay/a"}},
			{Layers: []int{5}, Pods: []string{"x/y"}},
		}}))
	if got := titled(c); len(got) != 1 ||
		got[0] != "critical layer 6 (COPY fonts/ /) adds a file (2 files · 2 other pods) 4" {
		t.Errorf("%q", got)
	}
	if g := Groups(c)[0]; g.ID != "layer:web:6" || g.Layer != 6 || g.Container != "web" {
		t.Errorf("%+v", g)
	}
}

// A layer of one container is not that of another, and a digest that no layer has is of none.
func TestLayersOfOtherContainers(t *testing.T) {
	c := story(inLayer("/a", "a"), finding("binaries", "unexpected-binary", "side:/a", "side: /a is odd", "sha256:l6"),
		finding("binaries", "unexpected-binary", "web:/b", "/b is odd.", "sha256:elsewhere"))
	var ids []string
	for _, g := range Groups(c) {
		ids = append(ids, g.ID)
	}
	slices.Sort(ids)
	if want := []string{"layer:web:6", "side:file:/a", "web:file:/b"}; !slices.Equal(ids, want) {
		t.Errorf("%q", ids)
	}
	for _, line := range titled(c) {
		if strings.Contains(line, "side:") || strings.Contains(line, "odd.") {
			t.Errorf("%q has the container or the period of its finding", line)
		}
	}
}

// Groups come worst first; the one that the alert is about leads among equals, what is no problem comes last.
func TestTheOrderOfGroups(t *testing.T) {
	observed := func(n int) inspect.Event {
		return on("x", "web", inspect.Finding{
			ID: fmt.Sprint("o", n), Check: "x", Code: "seen", Subject: "web",
			Title:  "seen",
			Status: inspect.RowObserved, Severity: inspect.Info,
		})
	}
	medium := on("y", "web", inspect.Finding{
		ID: "m", Check: "y", Code: "odd", Subject: "web:/m", Title: "/m is odd",
		Status: inspect.RowObserved, Severity: inspect.Medium,
	})
	c := story(observed(1), observed(2), medium, finding("binaries", "a", "web:/a", "/a is odd", ""),
		finding("binaries", "b", "web:/b", "/b is odd", ""), alertOf("/b", inspect.OriginImage))
	want := []string{
		"critical /b is odd () 1", "critical /a is odd () 1", "medium /m is odd () 1",
		"info 2 observations that are no problem by themselves () 2",
	}
	if got := titled(c); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	// An alert that matches nothing of the case has no say in it.
	e := alertOf("/b", inspect.OriginImage)
	a := e.Fact.(inspect.Alert)
	a.Match = inspect.MatchNone
	e.Fact = a
	c = story(finding("binaries", "a", "web:/a", "/a is odd", ""), finding("binaries", "b", "web:/b", "/b is odd",
		""), e)
	if got := titled(c); got[0] != "critical /a is odd () 1" {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// What is wrong with who signed is one matter: what is missing stands beside it, each once.
func TestTheGroupOfSigning(t *testing.T) {
	expected := finding("signatures", "signature-expected", "web", "web: the image is unsigned.", "")
	policy := finding("policies", "policy-not-met", "web", "web: policy p is not met", "")
	gone := finding("drift", inspect.CodeSignatureGone, "web", "web: signed before", "")
	noProvenance := finding("drift", inspect.CodeProvenanceGone, "web", "web: provenance before", "")
	for name, tt := range map[string]struct {
		add  []inspect.Event
		want string
	}{
		"a flag requires it": {
			[]inspect.Event{expected},
			"critical image is unsigned, and a signature is required () 1",
		},
		"all of it": {
			[]inspect.Event{expected, policy, gone, noProvenance},
			"critical image is unsigned, and a signature is required (policy not met · signer gone · provenance " +
				"gone) 4",
		},
		"a policy requires it": {[]inspect.Event{policy}, "critical image is unsigned (policy not met) 1"},
		"provenance alone":     {[]inspect.Event{noProvenance}, "critical provenance before () 1"},
		"signed by another": {
			[]inspect.Event{policy, signedBy("mallory@example.com")},
			"critical policy p is not met () 1",
		},
		"and more beside it": {[]inspect.Event{policy, noProvenance, signedBy("mallory@example.com")}, "critical"},
	} {
		got := titled(story(tt.add...))
		if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := titled(story(policy, noProvenance, signedBy("mallory@example.com"))); !strings.HasSuffix(got[0],
		"(2 findings) 2") {
		t.Errorf("%q", got)
	}
}

// Every finding is in one group, and only there, whatever the facts are.
func TestGroupsLoseNoFinding(t *testing.T) {
	for _, tt := range append(incidents(), incident{"a moved tag", movedTag(), nil}, incident{
		"nothing", story(),
		nil,
	}) {
		seen := map[string]int{}
		for _, g := range Groups(tt.c) {
			if g.Title == "" || len(g.Findings) == 0 {
				t.Errorf("%s: an empty group %+v", tt.name, g)
			}
			for _, f := range g.Findings {
				seen[f.ID]++
				if f.Severity.Rank() < g.Severity.Rank() {
					t.Errorf("%s: the group %s is less severe than its finding %s", tt.name, g.Severity, f.Severity)
				}
			}
		}
		for _, f := range tt.c.Findings {
			if seen[f.ID] != 1 {
				t.Errorf("%s: finding %q is in %d groups", tt.name, f.Title, seen[f.ID])
			}
		}
	}
}
