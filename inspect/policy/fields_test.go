package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
)

// The short names of cosign's predicate types, and that a type of somebody's own is itself: a policy that asks for an
// attestation of another type than the one that is there must not be met.
func TestShortNamesOfPredicates(t *testing.T) {
	for name, want := range map[string]string{
		"custom":           "https://cosign.sigstore.dev/attestation/v1",
		"slsaprovenance":   "https://slsa.dev/provenance/v0.2",
		"slsaprovenance02": "https://slsa.dev/provenance/v0.2",
		"slsaprovenance1":  "https://slsa.dev/provenance/v1",
		"spdx":             "https://spdx.dev/Document",
		"spdxjson":         "https://spdx.dev/Document",
		"cyclonedx":        "https://cyclonedx.org/bom",
		"link":             "https://in-toto.io/Link/v1",
		"vuln":             "https://cosign.sigstore.dev/attestation/vuln/v1",
		"openvex":          "https://openvex.dev/ns",
		"SPDX":             "SPDX", // names are exact
		"https://x/t":      "https://x/t",
		"":                 "",
	} {
		if got := predicateOf(name); got != want {
			t.Errorf("%q stands for %q, want %q", name, got, want)
		}
	}
	for asked, has := range map[string]string{"spdx": "https://cyclonedx.org/bom", "slsaprovenance1": "https://slsa.dev/provenance/v0.2"} {
		text := clusterImageOf("p", keyless+"    attestations: [{name: a, predicateType: "+asked+"}]\n")
		judge(t, text, []inspect.Signature{byCI(has)}, inspect.Failed, "attestation")
	}
}

// Each field of an attestor of Kyverno's newer policy that means something else than a plain signature by the key keeps
// the outcome from being certain: it neither passes nor fails the image.
func TestFieldsOfAnAttestor(t *testing.T) {
	pem, k := newKey(t)
	byKey := []inspect.Signature{{Status: inspect.Verified, Key: k.Digest}}
	for name, tt := range map[string]struct {
		more   string
		signed inspect.Status // with the key's signature
		bare   inspect.Status // without any
	}{
		"nothing more":               {"", inspect.Verified, inspect.Failed},
		"the public log":             {"      ctlog: {url: 'https://rekor.sigstore.dev'}\n", inspect.Verified, inspect.Failed},
		"a log of its own":           {"      ctlog: {url: 'https://rekor.corp.example'}\n", inspect.Unknown, inspect.Unknown},
		"no log":                     {"      ctlog: {insecureIgnoreTlog: true}\n", inspect.Verified, inspect.Unknown},
		"no timestamps of the CT":    {"      ctlog: {insecureIgnoreSCT: true}\n", inspect.Verified, inspect.Unknown},
		"annotations":                {"      annotations: {env: prod}\n", inspect.Unknown, inspect.Failed},
		"an instance of its own":     {"      tuf: {mirror: 'https://tuf.corp.example'}\n", inspect.Unknown, inspect.Unknown},
		"signatures elsewhere":       {"      source: {repository: registry.example/sigs}\n", inspect.Unknown, inspect.Unknown},
		"tags with a prefix":         {"      source: {tagPrefix: prod-}\n", inspect.Unknown, inspect.Unknown},
		"a field of a later version": {"      quorum: 2\n", inspect.Unknown, inspect.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			judge(t, validatingOf(pem, tt.more), byKey, tt.signed, "")
			judge(t, validatingOf(pem, tt.more), nil, tt.bare, "")
		})
	}
}

// Expressions are understood in the one form that the documentation has. Anything else may accept what that form
// refuses and refuse what it accepts.
func TestExpressionsThatAreNotThePlainForm(t *testing.T) {
	pem, k := newKey(t)
	plain := validatingOf(pem, "")
	const expression = "images.containers.map(image, verifyImageSignatures(image, [attestors.ci])).all(e, e > 0)"
	byKey := []inspect.Signature{{Status: inspect.Verified, Key: k.Digest}}
	for name, to := range map[string]string{
		"of init containers only":       strings.Replace(expression, "containers", "initContainers", 1),
		"any image in place of all":     strings.Replace(expression, ".all(", ".exists(", 1),
		"also none":                     strings.Replace(expression, "e > 0", "e >= 0", 1),
		"another variable":              strings.Replace(expression, "(image, verify", "(i, verify", 1),
		"or something else":             expression + " || true",
		"negated":                       "!(" + expression + ")",
		"always":                        "1 == 1",
		"two attestors of which one is": strings.Replace(expression, "[attestors.ci]", "[attestors.ci, attestors.none] + []", 1),
	} {
		text := strings.Replace(plain, expression, to, 1)
		if text == plain {
			t.Fatalf("%s: the expression is not in the policy", name)
		}
		t.Run(name, func(t *testing.T) {
			judge(t, text, byKey, inspect.Unknown, "")
			judge(t, text, nil, inspect.Unknown, "")
		})
	}
	spaced := strings.Replace(plain, expression, "images.containers.map( image ,verifyImageSignatures( image,[ attestors.ci ])).all(e,e>0)", 1)
	judge(t, spaced, byKey, inspect.Verified, "")
}

// A name that a policy leaves out is left out, whatever else it names; what cannot be said for sure stays open.
func TestWhichImagesAPolicyIsAbout(t *testing.T) {
	globs := func(texts ...string) (all []glob) {
		for _, text := range texts {
			g, err := globOf(text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, g)
		}
		return all
	}
	n := nameOf(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}})
	for name, tt := range map[string]struct {
		images images
		is     bool
		open   string
	}{
		"named":                  {images{globs: globs("ghcr.io/acme/**")}, true, ""},
		"one of several":         {images{globs: globs("ghcr.io/other/**", "ghcr.io/acme/*")}, true, ""},
		"another":                {images{globs: globs("ghcr.io/other/**")}, false, ""},
		"left out":               {images{globs: globs("**"), but: globs("ghcr.io/acme/app*")}, false, ""},
		"another is left out":    {images{globs: globs("**"), but: globs("ghcr.io/acme/web*")}, true, ""},
		"left out, and open":     {images{globs: globs("**"), but: globs("**"), open: "by an expression"}, false, ""},
		"not named, and open":    {images{globs: globs("ghcr.io/other/**"), open: "by an expression"}, false, "by an expression"},
		"named, and open to all": {images{globs: globs("**"), open: "by an expression"}, true, "by an expression"},
		"nothing":                {images{}, false, ""},
	} {
		if is, open := tt.images.about(n); is != tt.is || open != tt.open {
			t.Errorf("%s: %v %q, want %v %q", name, is, open, tt.is, tt.open)
		}
	}
}

// An image has all the names by which an admission controller may see it: with its tag, and by its digests.
func TestNamesOfAnImage(t *testing.T) {
	for reference, want := range map[string][]string{
		"nginx":                         {"index.docker.io/library/nginx:latest", "index.docker.io/library/nginx@" + digest},
		"ghcr.io/acme/app:v1":           {"ghcr.io/acme/app:v1", "ghcr.io/acme/app@" + digest},
		"ghcr.io/acme/app:v1@" + digest: {"ghcr.io/acme/app:v1", "ghcr.io/acme/app@" + digest},
		"localhost:5000/app@" + digest:  {"localhost:5000/app@" + digest},
	} {
		got := nameOf(inspect.Image{ImageHead: inspect.ImageHead{Reference: reference, Digest: digest}})
		slices.Sort(want)
		if !slices.Equal(got.forms, want) || got.local {
			t.Errorf("%s: %q, want %q", reference, got.forms, want)
		}
	}
	for _, reference := range []string{"oci:/srv/layout", "", "UPPER/case:x", "oci-archive:/a.tar"} {
		if got := nameOf(inspect.Image{ImageHead: inspect.ImageHead{Reference: reference}}); !got.local || len(got.forms) > 0 {
			t.Errorf("%q has the names %q in a registry", reference, got.forms)
		}
	}
}

// The check keeps what it read, in the case and as bytes; what could not be read leaves it blocked, and no policies at
// all is not applicable.
func TestTheCheckOfPolicies(t *testing.T) {
	set := &Set{}
	text := []byte(clusterImageOf("p", keyless))
	if err := set.Add(Source{Bytes: text, Name: "p.yaml", Origin: inspect.TrustFile}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		loaded *Loaded
		status inspect.CheckStatus
		reason string
	}{
		"read":        {&Loaded{Files: set}, inspect.CheckDone, ""},
		"half of it":  {&Loaded{Files: set, Problem: errors.New("reading q.yaml:\nline 1")}, inspect.CheckBlocked, "reading q.yaml:; line 1"},
		"no policies": {&Loaded{Files: &Set{}}, inspect.CheckSkipped, "there are no policies"},
	} {
		source, err := engine.NewSource(engine.Plan{Checks: []engine.Check{Check(tt.loaded)}})
		if err != nil {
			t.Fatal(err)
		}
		var c inspect.Case
		if err := source(t.Context(), c.Apply); err != nil {
			t.Fatal(err)
		}
		state, _ := c.Check(inspect.CheckPolicies, "")
		if state.Status != tt.status || state.Reason != tt.reason {
			t.Errorf("%s: %s %q", name, state.Status, state.Reason)
		}
		if want := len(tt.loaded.Files.Names()); len(c.Expected.Policies) != want || len(c.Trust) != want {
			t.Errorf("%s: policies %q, trust %+v", name, c.Expected.Policies, c.Trust)
		}
		for _, r := range c.Trust {
			if r.Digest != (Source{Bytes: text}).Digest() || r.Kind != Kind || r.Name != "p.yaml" {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	var none *Loaded
	if none.Requirements(inspect.Image{}) != nil || none.Named() {
		t.Error("no policies ask for something")
	}
}
