package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// required are the requirements of policies about an image in a namespace.
func required(t *testing.T, reference, namespace string, texts ...string) []inspect.PolicyRequirement {
	t.Helper()
	s := &Set{}
	for n, text := range texts {
		if err := s.Add(Source{Bytes: []byte(text), Name: fmt.Sprintf("%d.yaml", n), Origin: inspect.TrustCluster}); err != nil {
			t.Fatal(err)
		}
	}
	return s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: reference, Digest: digest}}, namespace)
}

// Names that are made to look like the one that a policy is about, or that read differently than they resolve. An image
// that no policy is about is admitted: both answers are part of what an audit reports.
func TestImagesThatLookAlike(t *testing.T) {
	for reference, want := range map[string]struct{ cip, kyverno bool }{
		"ghcr.io/acme/app:v1":                  {true, true},
		"ghcr.io/acme/app@" + digest:           {true, true},
		"ghcr.io/acme/app:v1@" + digest:        {true, true},
		"ghcr.io/acme/team/app:v1":             {true, true},
		"ghcr.io/acme-evil/app:v1":             {false, false},
		"ghcr.io/acme":                         {false, false}, // a repository of its own, not below acme
		"ghcr.io.evil.example/acme/app:v1":     {false, false},
		"evil.example/ghcr.io/acme/app:v1":     {false, false},
		"ghcr.io:443/acme/app:v1":              {false, false}, // another name, though the same server
		"GHCR.io/acme/app:v1":                  {false, false},
		"docker.io/ghcr.io/acme/app:v1":        {false, false},
		"ghcr.io/acme/app:latest":              {true, true},
		"ghcr.io/acme/app":                     {true, true},
		"acme/app:v1":                          {false, false}, // of Docker Hub
		"index.docker.io/acme/app:v1":          {false, false},
		"oci:/srv/ghcr.io/acme/app":            {false, false},
		"/srv/ghcr.io/acme/app.tar":            {false, false},
		"ghcr.io/acme/../evil/app":             {false, false}, // no reference
		"ghcr.io//acme/app":                    {false, false},
		"ghcr.io/acme/app:v1\n/evil":           {false, false},
		"ghcr.io/acme/\u0430pp:v1":             {false, false}, // a Cyrillic letter, which no reference has
		"ghcr.io/acme/app:v1@sha256:1234":      {false, false}, // no digest
		"ghcr.io/acme/app:v1@sha512:" + digest: {false, false},
	} {
		if got := required(t, reference, "shop", clusterImageOf("p", keyless)); (len(got) == 1) != want.cip {
			t.Errorf("ClusterImagePolicy on ghcr.io/acme/** and %q: %d", reference, len(got))
		}
		if got := required(t, reference, "shop", kyvernoOf(byWorkflow)); (len(got) == 1) != want.kyverno {
			t.Errorf("Kyverno on ghcr.io/acme/* and %q: %d", reference, len(got))
		}
	}
}

// One file in two places, and two files with one name: a verdict names which policy it is of.
func TestPoliciesThatLookAlike(t *testing.T) {
	one := clusterImageOf("images", keyless)
	two := clusterImageOf("images", strings.Replace(keyless, "acme/app", "acme/other", 1))
	if got := required(t, "ghcr.io/acme/app:v1", "shop", one, one, one); len(got) != 1 || got[0].Policy != "images" {
		t.Errorf("the same bytes three times: %+v", got)
	}
	got := required(t, "ghcr.io/acme/app:v1", "shop", one, two)
	if len(got) != 2 || got[0].Policy == got[1].Policy || got[0].Digest == got[1].Digest {
		t.Fatalf("two policies of one name: %+v", got)
	}
	for _, d := range got {
		if !strings.HasPrefix(d.Policy, "images (ClusterImagePolicy ") || !strings.Contains(d.Policy, d.Digest[7:19]) {
			t.Errorf("named %q, digest %s", d.Policy, d.Digest)
		}
	}
	reversed := required(t, "ghcr.io/acme/app:v1", "shop", two, one)
	for n := range got {
		if got[n].Policy != reversed[n].Policy {
			t.Error("the order of the files changes the order of the policies")
		}
	}
	// a ClusterPolicy and a Policy of the namespace with one name are two, and both apply
	own := strings.NewReplacer("kind: ClusterPolicy", "kind: Policy", "{name: check-images}", "{name: check-images, namespace: shop}").
		Replace(kyvernoOf(byWorkflow))
	if both := required(t, "ghcr.io/acme/app:v1", "shop", kyvernoOf(byWorkflow), own); len(both) != 2 {
		t.Errorf("%d of two", len(both))
	}
}

// What would not be admitted, by who signed. Nothing that could not be compared is a pass.
func TestWhatWouldNotBeAdmitted(t *testing.T) {
	signed := byCI("")
	broken := signed
	broken.Status, broken.Reason = inspect.Failed, "invalid-signature"
	fork := signed
	fork.Identity = strings.Replace(ci, "acme/app", "acme/app-fork", 1)
	fork.Certificate = &inspect.Certificate{Subject: []string{fork.Identity}}
	foreign := signed
	foreign.Issuer = "https://gitlab.example"
	noCertificate := signed
	noCertificate.Certificate = nil
	attestation := byCI("https://slsa.dev/provenance/v1")
	for name, tt := range map[string]struct {
		rows        []inspect.Signature
		unreachable []string
		want        inspect.GateStatus
	}{
		"signed by the workflow":           {[]inspect.Signature{signed}, nil, inspect.GatePassed},
		"and by others":                    {[]inspect.Signature{fork, broken, signed}, nil, inspect.GatePassed},
		"unsigned":                         {nil, nil, inspect.GateRefused},
		"a chain that does not hold":       {[]inspect.Signature{broken}, nil, inspect.GateRefused},
		"a fork of the repository":         {[]inspect.Signature{fork}, nil, inspect.GateRefused},
		"another issuer":                   {[]inspect.Signature{foreign}, nil, inspect.GateRefused},
		"a name without a certificate":     {[]inspect.Signature{noCertificate}, nil, inspect.GateRefused},
		"an attestation alone":             {[]inspect.Signature{attestation}, nil, inspect.GateUnknown},
		"unsigned, and a store is silent":  {nil, []string{"referrers: 503"}, inspect.GateUnknown},
		"signed, and a store is silent":    {[]inspect.Signature{signed}, []string{"referrers: 503"}, inspect.GatePassed},
		"by others, and a store is silent": {[]inspect.Signature{fork}, []string{"referrers: 503"}, inspect.GateUnknown},
	} {
		for kind, text := range map[string]string{"ClusterImagePolicy": clusterImageOf("p", keyless), "Kyverno": kyvernoOf(byWorkflow)} {
			got := required(t, "ghcr.io/acme/app:v1", "shop", text)
			if len(got) != 1 {
				t.Fatalf("%s: %d requirements", kind, len(got))
			}
			if g := got[0].Verdict(tt.rows, tt.unreachable); g.Status != tt.want || g.Detail == "" {
				t.Errorf("%s, %s: %s (%s), want %s", kind, name, g.Status, g.Detail, tt.want)
			}
		}
	}
}

// filters are conditions of Kyverno with what each comes to in namespace shop.
var filters = map[string]fitting{
	`{resources: {kinds: [Pod]}}`:                                            fits,
	`{resources: {namespaces: ["sh*"]}}`:                                     fits,
	`{resources: {namespaces: [cart]}}`:                                      fitsNot,
	`{resources: {operations: [UPDATE]}}`:                                    fitsNot,
	`{resources: {operations: [CREATE, UPDATE]}}`:                            fits,
	`{resources: {selector: {matchLabels: {a: b}}}}`:                         mayFit,
	`{resources: {names: ["web-*"]}}`:                                        mayFit,
	`{subjects: [{kind: User, name: eve}]}`:                                  mayFit,
	`{resources: {namespaces: [cart], selector: {matchLabels: {a: b}}}}`:     fitsNot,
	`{resources: {namespaces: [shop]}, clusterRoles: [cluster-admin]}`:       mayFit,
	`{resources: {namespaces: [cart]}, clusterRoles: [cluster-admin]}`:       fitsNot,
	`{resources: {namespaces: ["[", shop]}}`:                                 fits,
	`{resources: {namespaces: [" shop "]}}`:                                  fits,
	`{resources: {namespaces: ["?hop"], annotations: {"team": "payments"}}}`: mayFit,
}

// ruleOf is a rule with filters in any or all of match, and in any of exclude.
func ruleOf(t *testing.T, block string, match, exclude []string) fitting {
	t.Helper()
	text := strings.Replace(kyvernoOf(byWorkflow), "match: {any: [{resources: {kinds: [Pod]}}]}",
		"match: {"+block+": ["+strings.Join(match, ", ")+"]}", 1)
	if len(exclude) > 0 {
		text = strings.Replace(text, "    verifyImages:", "    exclude: {any: ["+strings.Join(exclude, ", ")+"]}\n    verifyImages:", 1)
	}
	switch got := required(t, "ghcr.io/acme/app:v1", "shop", text); {
	case len(got) == 0:
		return fitsNot
	case len(got[0].MayAccept) > 0:
		return mayFit
	}
	return fits
}

// Match and exclude are a small logic of three values: any is the best of its filters, all the worst, and what exclude
// certainly names is left out whatever match has. The order of filters never matters.
func TestMatchAndExcludeAreALogicOfThreeValues(t *testing.T) {
	var all []string
	for f, want := range filters {
		all = append(all, f)
		if got := ruleOf(t, "any", []string{f}, nil); got != want {
			t.Errorf("any: [%s]: %d, want %d", f, got, want)
		}
		if got := ruleOf(t, "all", []string{f}, nil); got != want {
			t.Errorf("all: [%s]: %d, want %d", f, got, want)
		}
	}
	slices.Sort(all)
	r := rand.New(rand.NewPCG(11, 12))
	some := func(least int) (list []string) {
		for range least + r.IntN(3) {
			list = append(list, all[r.IntN(len(all))])
		}
		return list
	}
	for range 150 {
		match, exclude := some(1), some(0)
		best, worst, out := fitsNot, fits, fitsNot
		for _, f := range match {
			best, worst = min(best, filters[f]), max(worst, filters[f])
		}
		for _, f := range exclude {
			out = min(out, filters[f])
		}
		for block, want := range map[string]fitting{"any": best, "all": worst} {
			switch out {
			case fits:
				want = fitsNot
			case mayFit:
				want = max(want, mayFit)
			case fitsNot:
			}
			if got := ruleOf(t, block, match, exclude); got != want {
				t.Fatalf("%s %q without %q: %d, want %d", block, match, exclude, got, want)
			}
		}
		reversed := slices.Clone(match)
		slices.Reverse(reversed)
		if a, b := ruleOf(t, "any", match, exclude), ruleOf(t, "any", reversed, exclude); a != b {
			t.Fatalf("the order of %q matters: %d and %d", match, a, b)
		}
	}
}
