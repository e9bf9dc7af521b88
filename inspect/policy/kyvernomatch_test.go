package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Which pods a rule is about, and what it does about them, as far as the namespace tells.
func TestKyvernoInANamespace(t *testing.T) {
	text := func(match, spec string) string {
		text := strings.Replace(kyvernoOf(byWorkflow), "match: {any: [{resources: {kinds: [Pod]}}]}", "match: "+match, 1)
		return strings.Replace(text, "  rules:", spec+"\n  rules:", 1)
	}
	const (
		pods  = `{any: [{resources: {kinds: [Pod]}}]}`
		audit = `  validationFailureActionOverrides: [{action: Audit, namespaces: ["dev-*", sandbox]}]`
	)
	tests := map[string]struct {
		match, spec, namespace string
		want                   string // mode, "" where it is not about the pod
		open                   bool
	}{
		"every pod":                     {pods, "", "shop", "enforce", false},
		"of the namespace":              {`{any: [{resources: {kinds: [Pod], namespaces: ["sh?p"]}}]}`, "", "shop", "enforce", false},
		"of another":                    {`{any: [{resources: {kinds: [Pod], namespaces: [cart]}}]}`, "", "shop", "", false},
		"of no known namespace":         {`{any: [{resources: {kinds: [Pod], namespaces: [cart]}}]}`, "", "", "enforce", true},
		"one of two":                    {`{any: [{resources: {namespaces: [cart]}}, {resources: {namespaces: [shop]}}]}`, "", "shop", "enforce", false},
		"both of two":                   {`{all: [{resources: {namespaces: [cart]}}, {resources: {namespaces: [shop]}}]}`, "", "shop", "", false},
		"the older form":                {`{resources: {kinds: [Pod], namespaces: [cart]}}`, "", "shop", "", false},
		"by labels":                     {`{any: [{resources: {kinds: [Pod], selector: {matchLabels: {a: b}}}}]}`, "", "shop", "enforce", true},
		"of some people":                {`{any: [{resources: {kinds: [Pod]}, clusterRoles: [x]}]}`, "", "shop", "enforce", true},
		"not when created":              {`{any: [{resources: {kinds: [Pod], operations: [DELETE]}}]}`, "", "shop", "", false},
		"a field that is not known":     {`{surprise: 1}`, "", "shop", "enforce", true},
		"left out":                      {pods + "\n    exclude: {any: [{resources: {namespaces: [shop]}}]}", "", "shop", "", false},
		"another is left out":           {pods + "\n    exclude: {any: [{resources: {namespaces: [cart]}}]}", "", "shop", "enforce", false},
		"perhaps left out":              {pods + "\n    exclude: {any: [{resources: {selector: {matchLabels: {a: b}}}}]}", "", "shop", "enforce", true},
		"preconditions":                 {pods + "\n    preconditions: {all: []}", "", "shop", "enforce", true},
		"overridden":                    {pods, audit, "dev-2", "warn", false},
		"overridden elsewhere":          {pods, audit, "shop", "enforce", false},
		"overridden by labels, perhaps": {pods, strings.Replace(audit, "namespaces: [\"dev-*\", sandbox]", "namespaceSelector: {matchLabels: {a: b}}", 1), "shop", "enforce", false},
		"overridden, in no known one":   {pods, audit, "", "enforce", false},
	}
	for name, tt := range tests {
		s := &Set{}
		if err := s.Add(Source{Bytes: []byte(text(tt.match, tt.spec)), Name: "p.yaml", Origin: inspect.TrustCluster}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, open := "", false
		for _, d := range s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1", Digest: digest}}, tt.namespace) {
			got, open = d.Mode, len(d.MayAccept) > 0
			if note := strings.Contains(d.Verdict(nil, nil).Detail, "it is to audit"); note != strings.Contains(name, "perhaps") && note != strings.Contains(name, "no known one") {
				t.Errorf("%s: %s", name, d.Verdict(nil, nil).Detail)
			}
		}
		if got != tt.want || open != tt.open {
			t.Errorf("%s: mode %q, open %t; want %q, %t", name, got, open, tt.want, tt.open)
		}
	}
}

// The action of a rule goes before that of its policy, in every namespace.
func TestActionOfTheRule(t *testing.T) {
	text := strings.Replace(kyvernoOf("      failureAction: Enforce\n"+byWorkflow), "  rules:", "  validationFailureActionOverrides: [{action: Audit, namespaces: [shop]}]\n  rules:", 1)
	s := &Set{}
	if err := s.Add(Source{Bytes: []byte(text), Name: "p.yaml"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}}, "shop"); len(got) != 1 || got[0].Mode != inspect.ModeEnforce {
		t.Errorf("%+v", got)
	}
}

// A Policy is about its own namespace only.
func TestPolicyOfAnotherNamespace(t *testing.T) {
	text := strings.NewReplacer("kind: ClusterPolicy", "kind: Policy", "{name: check-images}", "{name: check-images, namespace: cart}").Replace(kyvernoOf(byWorkflow))
	s := &Set{}
	if err := s.Add(Source{Bytes: []byte(text), Name: "p.yaml"}); err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]int{"cart": 1, "shop": 0, "": 1} {
		if got := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}}, namespace); len(got) != want {
			t.Errorf("in %q: %+v", namespace, got)
		}
	}
}

// A gate says whose it is, what happens while that one does not answer, and since when it is as it is.
func TestTheGateSaysWhoEnforces(t *testing.T) {
	meta := `{name: p, creationTimestamp: "2026-03-01T08:00:00Z", managedFields: [` +
		`{manager: kubectl, time: "2026-03-01T08:00:00Z", fieldsV1: {"f:spec": {"f:x": {}}}},` +
		`{manager: kubectl-edit, time: "2026-03-02T08:00:00Z", fieldsV1: {"f:spec": {"f:x": {}}}},` +
		`{manager: controller, time: "2026-03-03T08:00:00Z", fieldsV1: {"f:status": {}}}]}`
	for _, tt := range []struct {
		text, by string
		open     bool
	}{
		{strings.Replace(clusterImageOf("p", keyless), "\n  name: p", " "+meta, 1), inspect.PolicyController, false},
		{strings.Replace(kyvernoOf(byWorkflow), "{name: check-images}", meta, 1), inspect.Kyverno, false},
		{strings.NewReplacer("{name: check-images}", meta, "  rules:", "  failurePolicy: Ignore\n  rules:").Replace(kyvernoOf(byWorkflow)), inspect.Kyverno, true},
		{strings.NewReplacer("{name: check-images}", meta, "  rules:", "  failurePolicy: Ignore\n  webhookConfiguration: {failurePolicy: Fail}\n  rules:").Replace(kyvernoOf(byWorkflow)), inspect.Kyverno, false},
		{strings.NewReplacer("{name: validate}", meta, "  validationActions", "  failurePolicy: Ignore\n  validationActions").Replace(validating), inspect.Kyverno, true},
	} {
		s := &Set{}
		if err := s.Add(Source{Bytes: []byte(tt.text), Name: "p.yaml"}); err != nil {
			t.Fatal(err)
		}
		requirements := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}}, "shop")
		if len(requirements) != 1 {
			t.Fatalf("%d requirements of\n%s", len(requirements), tt.text)
		}
		g := requirements[0].Verdict(nil, nil)
		said := fmt.Sprint(g.By, g.FailsOpen, g.Since.Format(time.DateOnly), g.Changed.Format(time.DateOnly))
		if want := fmt.Sprint(tt.by, tt.open, "2026-03-01", "2026-03-02"); said != want {
			t.Errorf("got %s, want %s", said, want)
		}
	}
}
