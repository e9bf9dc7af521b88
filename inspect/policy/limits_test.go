package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Policies are foreign bytes: whatever is longer than any real one is an error that names the bound.
func TestBounds(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	images := clusterImageOf("p", keyless)
	for name, text := range map[string]string{
		"documents":   strings.Repeat("---\n# none\n", maxDocuments+2),
		"authorities": clusterImageOf("p", "  authorities:\n"+strings.Repeat("  - static: {action: pass}\n", maxAuthorities+1)),
		"images": strings.Replace(images, "  - glob: ghcr.io/acme/**\n",
			strings.Repeat("  - glob: ghcr.io/acme/**\n", maxAuthorities+1), 1),
		"identities": clusterImageOf("p", "  authorities:\n  - keyless:\n      identities:\n"+
			many(maxAuthorities+1, "      - subject: who%d\n")),
		"a glob":        clusterImageOf("p", keyless+"  - static: {action: pass}\n") + "  match: []\n" + longGlob(),
		"an expression": clusterImageOf("p", "  authorities:\n  - keyless: {identities: [{subjectRegExp: '"+strings.Repeat("a", maxGlob+1)+"'}]}\n"),
		"patterns": strings.Replace(kyvernoOf(byWorkflow), `["ghcr.io/acme/*"]`,
			"["+strings.TrimSuffix(many(maxAuthorities+1, `"a%d/*",`), ",")+"]", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if found, err := Parse(Source{Bytes: []byte(text), Name: "p.yaml"}); err == nil {
				t.Errorf("%d policies and no error", len(found))
			} else if len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes repeats its input", len(err.Error()))
			}
		})
	}
}

func longGlob() string {
	return "---\n" + strings.Replace(clusterImageOf("q", keyless), "acme", strings.Repeat("a", maxGlob), 1)
}

// A list of objects, as kubectl writes it, is read whole; broken objects are named and take no other with them.
func TestListWithABrokenObject(t *testing.T) {
	good := "{apiVersion: policy.sigstore.dev/v1beta1, kind: ClusterImagePolicy, metadata: {name: a}, spec: {images: [{glob: '**'}], authorities: [{static: {action: pass}}]}}"
	text := "apiVersion: v1\nkind: List\nitems:\n- " + good + "\n- {kind: Pod, apiVersion: v1, metadata: {name: web}}\n- 5\n- " + strings.Replace(good, "name: a", "name: b", 1) + "\n"
	found, err := Parse(Source{Bytes: []byte(text), Name: "list.yaml"})
	if len(found) != 2 || err == nil || !strings.Contains(err.Error(), "object 2") || !strings.Contains(err.Error(), "object 3") {
		t.Errorf("got %d, %v", len(found), err)
	}
}

// When a policy was set up and last changed stands in its metadata, as far as a cluster wrote that.
func TestWhenAPolicyWasChanged(t *testing.T) {
	text := strings.Replace(clusterImageOf("p", keyless), "  name: p\n", `  name: p
  creationTimestamp: "2026-03-01T08:00:00Z"
  managedFields:
  - {time: "2026-03-01T08:00:00Z", fieldsV1: {"f:spec": {"f:images": {}}}}
  - {time: "2026-03-02T09:00:00Z", fieldsV1: {"f:spec": {"f:mode": {}}}}
  - {time: "2026-03-03T10:00:00Z", fieldsV1: {"f:status": {}}}
`, 1)
	s := &Set{}
	if err := s.Add(Source{Bytes: []byte(text), Name: "p", Origin: inspect.TrustCluster}); err != nil {
		t.Fatal(err)
	}
	g := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}}, "shop")[0].Verdict(nil, nil)
	if got := g.Since.UTC().Format("02 15h"); got != "01 08h" {
		t.Errorf("set up %s", got)
	}
	if got := g.Changed.UTC().Format("02 15h"); got != "02 09h" {
		t.Errorf("changed %s; the status is no part of what a policy requires", got)
	}
	if g.Asked || g.By != inspect.PolicyController || g.Mode != inspect.ModeEnforce || g.Kind != inspect.GateKindImagePolicy {
		t.Errorf("%+v", g)
	}
}

// A flag names a policy, and nothing in it applies: that is an open question. A folder's policies are there in any case.
func TestNamedByAFlag(t *testing.T) {
	var none *Loaded
	if none.Named() || none.Requirements(inspect.Image{}) != nil {
		t.Error("no policies are none")
	}
	for origin, want := range map[string]bool{inspect.TrustFile: true, inspect.TrustFolder: false, inspect.TrustCluster: false} {
		s := &Set{}
		if err := s.Add(Source{Bytes: []byte(clusterImageOf("p", keyless)), Name: "p", Origin: origin}); err != nil {
			t.Fatal(err)
		}
		l := &Loaded{Files: s}
		if l.Named() != want {
			t.Errorf("%s: %t", origin, !want)
		}
		if n := len(l.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}})); n != 1 {
			t.Errorf("before the check has run, the files are read already: %d", n)
		}
	}
}

// Keys of policies are roots of trust of a case, and listed as such once each.
func TestKeysOfASet(t *testing.T) {
	pem, k := newKey(t)
	indented := strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        ")
	one := "  authorities:\n  - key:\n      data: |\n        " + indented + "\n"
	s := &Set{}
	for _, name := range []string{"a", "b"} {
		if err := s.Add(Source{Bytes: []byte(clusterImageOf(name, one)), Name: name, Origin: inspect.TrustFile}); err != nil {
			t.Fatal(err)
		}
	}
	if keys := s.Keys(); len(keys) != 1 || keys[0] != k.Digest {
		t.Errorf("got %v", keys)
	}
}

// A folder that cannot be read, or that holds more files than anybody keeps, is an error that names it.
func TestFoldersThatCannotBeRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(Set).AddFolder(file); err == nil || !strings.Contains(err.Error(), "reading the folder of policies") {
		t.Errorf("a file: %v", err)
	}
	if err := new(Set).AddFile(filepath.Join(t.TempDir(), "none.yaml"), inspect.TrustFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	crowded := t.TempDir()
	for i := range maxFiles + 1 {
		write(t, crowded, fmt.Sprintf("%d.yaml", i), "")
	}
	if err := new(Set).AddFolder(crowded); err == nil || !strings.Contains(err.Error(), "more than 1000 files") {
		t.Errorf("too many files: %v", err)
	}
}

// Two groups must both be met, as Kyverno's sets of attestors: one that is met does not stand for the other.
func TestGroupsOfKyverno(t *testing.T) {
	pem, k := newKey(t)
	keys := "        - keys:\n            publicKeys: |-\n              " +
		strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n              ") + "\n"
	byKey := inspect.Signature{Status: inspect.Verified, Key: k.Digest}
	both := kyvernoOf(byWorkflow + "      - entries:\n" + keys)
	judge(t, both, []inspect.Signature{byCI("")}, inspect.Failed, "requires key "+k.Digest)
	judge(t, both, []inspect.Signature{byKey}, inspect.Failed, "requires identity matching")
	judge(t, both, []inspect.Signature{byCI(""), byKey}, inspect.Verified, "")

	counted := kyvernoOf(strings.Replace(byWorkflow, "      - entries:", "      - count: 1\n        entries:", 1) + keys)
	judge(t, counted, []inspect.Signature{byKey}, inspect.Verified, k.Digest)
	two := kyvernoOf(strings.Replace(byWorkflow, "      - entries:", "      - count: 2\n        entries:", 1) + keys)
	judge(t, two, []inspect.Signature{byKey}, inspect.Failed, "1 of 2 required")
}

// Errors of a policy name the rule or attestor that cannot be read, so that its author finds it.
func TestErrorsNameThePlace(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"an attestor's key": {kyvernoOf("      attestors:\n      - entries:\n        - keys: {publicKeys: '-----BEGIN PUBLIC KEY-----'}\n"), "rule signed: attestor 1: reading a public key"},
		"an identity twice": {kyvernoOf("      attestors:\n      - entries:\n        - keyless: {subject: a, subjectRegExp: b}\n"), "both an exact form and an expression"},
		"no attestor":       {kyvernoOf("      attestors:\n      - entries: []\n"), "attestors are 0"},
		"no type":           {kyvernoOf("      attestations:\n      - attestors: [{entries: [{keyless: {subject: a}}]}]\n"), "names no type"},
		"an empty pattern":  {strings.Replace(kyvernoOf(byWorkflow), "ghcr.io/acme/*", "", 1), "reading pattern"},
		"a static action":   {clusterImageOf("p", "  authorities:\n  - static: {action: maybe}\n"), "neither pass nor fail"},
		"a key in two ways": {clusterImageOf("p", "  authorities:\n  - name: ours\n    key: {data: x, kms: service}\n"), "authority ours: its key must have one of"},
		"an attestation":    {clusterImageOf("p", keyless+"    attestations: [{name: sbom}]\n"), `attestation "sbom" names no predicate type`},
		"no images":         {strings.Replace(clusterImageOf("p", keyless), "  - glob: ghcr.io/acme/**\n", "", 1), "names no images"},
		"no attestors":      {validatingWithout("attestors"), "no rule about who signed"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(Source{Bytes: []byte(c.text), Name: "p.yaml"}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// validatingWithout is an ImageValidatingPolicy with an empty list in place of a field's.
func validatingWithout(field string) string {
	return "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: p}\nspec:\n" +
		"  matchImageReferences: [{glob: '**'}]\n  " + field + ": []\n  validations: [{expression: 'true'}]\n"
}

// Where signatures or logs lie elsewhere, or a certificate is of another authority, the reason names the place.
func TestTrustInOthers(t *testing.T) {
	identity := "identities: [{issuer: '" + github + "', subject: '" + ci + "'}]"
	for name, c := range map[string]struct{ spec, says string }{
		"a CA by its URL":      {"  authorities:\n  - keyless: {url: 'https://fulcio.acme.example', " + identity + "}\n", "https://fulcio.acme.example"},
		"a log by its URL":     {keyless + "    ctlog: {url: 'https://rekor.acme.example'}\n", "https://rekor.acme.example"},
		"a log by a TrustRoot": {keyless + "    ctlog: {trustRootRef: ours}\n", "TrustRoot ours"},
		"times by a TrustRoot": {keyless + "    rfc3161timestamp: {trustRootRef: times}\n", "TrustRoot times"},
	} {
		t.Run(name, func(t *testing.T) {
			judge(t, clusterImageOf("p", c.spec), []inspect.Signature{byCI("")}, inspect.Unknown, c.says)
			judge(t, clusterImageOf("p", c.spec), nil, inspect.Unknown, c.says)
		})
	}
	public := "  authorities:\n  - keyless: {url: 'https://fulcio.sigstore.dev/', " + identity + "}\n    ctlog: {url: 'https://rekor.sigstore.dev'}\n"
	judge(t, clusterImageOf("p", public), []inspect.Signature{byCI("")}, inspect.Verified, "")

	for name, c := range map[string]struct{ more, says string }{
		"no log":         {"            rekor: {ignoreTlog: true}\n", "without a transparency log entry"},
		"a log of ours":  {"            rekor: {url: 'https://rekor.acme.example'}\n", "transparency log of its own"},
		"roots":          {"            roots: x\n            rekor: {}\n", "certificate authorities of its own"},
		"extensions":     {"            additionalExtensions: {a: b}\n            rekor: {}\n", "extensions of the certificate"},
		"more than that": {"            rekor: {url: 'https://rekor.sigstore.dev'}\n          annotations: {team: shop}\n", "annotations of the signature"},
	} {
		t.Run("kyverno, "+name, func(t *testing.T) {
			text := kyvernoOf(strings.Replace(byWorkflow, "            rekor: {url: https://rekor.sigstore.dev}\n", c.more, 1))
			row := byCI("")
			if name == "no log" { // it may be met by what no log knows; what is met stays met
				row = inspect.Signature{}
			}
			judge(t, text, []inspect.Signature{row}, inspect.Unknown, c.says)
		})
	}
}
