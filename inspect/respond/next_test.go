package respond

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What closes the gap of a signature is one command with all that it needs, quoted.
func TestCommandsThatCloseTheSignature(t *testing.T) {
	for name, tt := range map[string]struct {
		sig  inspect.Signature
		want string
	}{
		"a signer whom no rule names": {
			inspect.Signature{Reason: "no-expectation", Identity: "it's me", Issuer: "https://issuer.example"},
			`backtrail inspect web:1 --certificate-identity 'it'\''s me' --certificate-oidc-issuer https://issuer.example`,
		},
		"a key that is not at hand": {
			inspect.Signature{Reason: "unknown-key"},
			"backtrail inspect web:1 --key cosign.pub",
		},
		"an identity that is not one": {inspect.Signature{Reason: "no-expectation"}, ""},
		"a signature that failed": {inspect.Signature{
			Status: inspect.Failed, Reason: "identity-mismatch",
			Identity: "x",
		}, ""},
	} {
		c := inspect.Case{Target: inspect.Target{Kind: inspect.TargetImage, Name: "web:1"}}
		got := ""
		for _, s := range closeSignature(c, inspect.Image{Signatures: []inspect.Signature{tt.sig}}) {
			got += s.Command
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// The command looks at the same target again: in the same namespace, context or dump.
func TestTheCommandThatLooksAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		target inspect.Target
		want   string
	}{
		"an image": {
			inspect.Target{Kind: inspect.TargetImage, Name: "ghcr.io/acme/web:1"},
			"backtrail inspect ghcr.io/acme/web:1",
		},
		"a pod": {inspect.Target{
			Kind: inspect.TargetPod, Name: "pod/web", Namespace: "shop",
			Context: "prod",
		}, "backtrail inspect pod/web -n shop --context prod"},
		"a saved dump": {
			inspect.Target{Kind: inspect.TargetPod, Name: "pod/web", Context: "snapshot all.json"},
			"backtrail inspect pod/web --snapshot all.json",
		},
		"a path with a blank": {
			inspect.Target{Kind: inspect.TargetImage, Name: "oci:/work/my images"},
			"backtrail inspect 'oci:/work/my images'",
		},
		"an option in place of a name": {
			inspect.Target{Kind: inspect.TargetImage, Name: "$(id)"},
			"backtrail inspect '$(id)'",
		},
	} {
		if got := inspectCommand(inspect.Case{Target: tt.target}); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A dump that somebody called demo is no built-in incident: its commands are those of the dump.
func TestOnlyTheBuiltInIncidentIsTheDemo(t *testing.T) {
	c := inspect.Case{Target: inspect.Target{Kind: inspect.TargetPod, Name: "pod/web", Context: "snapshot demo"}}
	if got := inspectCommand(c); got != "backtrail inspect pod/web --snapshot demo" {
		t.Error(got)
	}
	c.Trust = []inspect.Trust{{Name: "the demo"}}
	for dump, want := range map[string]string{
		"demo": "backtrail demo --plain", "poisoned": "backtrail demo poisoned --plain",
		"dump.json": "backtrail inspect pod/web --snapshot dump.json",
	} {
		c.Target.Context = "snapshot " + dump
		if got := inspectCommand(c); got != want {
			t.Errorf("%s: %s, want %s", dump, got, want)
		}
	}
}

// A comparison is offered where there is none, with the best candidate; a passed case asks for nothing.
func TestWhatToCompareWith(t *testing.T) {
	c := inspect.Case{Target: inspect.Target{Kind: inspect.TargetImage, Name: "web:2"}}
	for name, tt := range map[string]struct {
		image inspect.Image
		want  string
	}{
		"no candidate": {inspect.Image{}, "backtrail inspect web:2 --known-good REFERENCE"},
		"a candidate": {
			inspect.Image{Candidates: []inspect.Candidate{
				{Reference: "web:1", Why: "the previous revision"},
				{Reference: "web:0"},
			}},
			"backtrail inspect web:2 --known-good web:1",
		},
		"one by its place": {
			inspect.Image{Candidates: []inspect.Candidate{{Location: "registry.example/web@" +
				"sha256:aa"}}},
			"backtrail inspect web:2 --known-good registry.example/web@" + "sha256:aa",
		},
		"compared already": {inspect.Image{Diff: &inspect.Diff{KnownGood: &inspect.KnownGood{}}}, ""},
	} {
		got := ""
		for _, s := range closeKnownGood(c, tt.image) {
			got += s.Command
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
