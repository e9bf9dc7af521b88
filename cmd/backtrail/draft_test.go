package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// signedBy is a verified signature of a signer.
func signedBy(id, identity, issuer, key string) inspect.Signature {
	return inspect.Signature{ID: id, Status: inspect.Verified, Identity: identity, Issuer: issuer, Key: key}
}

// attestedBy is the same for an attestation.
func attestedBy(id, identity, issuer string) inspect.Signature {
	s := signedBy(id, identity, issuer, "")
	s.PredicateType = "https://slsa.dev/provenance/v1"
	return s
}

const (
	release   = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"
	ghIssuer  = "https://token.actions.githubusercontent.com"
	ownIssuer = "https://issuer.example"
	someKey   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
)

// The signer of a draft is certain, or the person is asked; a signature that does not hold names nobody.
func TestTheSignerOfADraft(t *testing.T) {
	failed := signedBy("f", "mallory@example.com", ownIssuer, "")
	failed.Status, failed.Reason = inspect.Failed, inspect.ReasonInvalidSignature
	unnamed := signedBy("u", "", "", someKey)
	unnamed.Status, unnamed.Reason = inspect.Unknown, inspect.ReasonNoExpectation
	bare := signedBy("k", "", "", someKey)
	github, other := signedBy("a", release, ghIssuer, ""), signedBy("b", release, ownIssuer, "")
	attested := attestedBy("p", release, ghIssuer)
	for name, c := range map[string]struct {
		signer string
		have   []inspect.Signature
		want   string // ID of the chosen signature
		code   int
		words  []string
	}{
		"the only one":                          {"", []inspect.Signature{github}, "a", 0, nil},
		"a signature before an attestation":     {"", []inspect.Signature{attested, github}, "a", 0, nil},
		"an attestation where there is no more": {"", []inspect.Signature{attested}, "p", 0, nil},
		"one that no flag expected":             {"", []inspect.Signature{unnamed}, "u", 0, nil},
		"beside one that does not hold":         {"", []inspect.Signature{failed, github}, "a", 0, nil},
		"several, one named by identity":        {release, []inspect.Signature{bare, github}, "a", 0, nil},
		"several, one named by key":             {someKey, []inspect.Signature{bare, github}, "k", 0, nil},
		"one identity of two issuers, as listed": {
			release + " (issuer " + ownIssuer + ")",
			[]inspect.Signature{github, other},
			"b", 0, nil,
		},
		"one identity of two issuers": {
			release,
			[]inspect.Signature{github, other},
			"",
			exitUsage,
			[]string{"several have signed", ghIssuer, ownIssuer},
		},
		"several": {
			"",
			[]inspect.Signature{bare, github},
			"",
			exitUsage,
			[]string{"name one with --signer", "the key " + someKey, release},
		},
		"a name that is not among them": {
			"ada@example.com",
			[]inspect.Signature{github, attested},
			"",
			exitUsage,
			[]string{"no signature is by ada@example.com; there are:\n  " + github.Signer()},
		},
		"the name of one that does not hold": {
			"mallory@example.com",
			[]inspect.Signature{failed},
			"",
			exitCouldNotRun,
			[]string{"none of the 1 signatures is by a signer who can be named"},
		},
		"unsigned": {
			"", nil, "", exitCouldNotRun,
			[]string{"the image is unsigned", "backtrail inspect lists the stores that were searched"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := draftFlags{signer: c.signer}.choose(inspect.Image{Signatures: c.have})
			if c.code == 0 {
				if err != nil || got.ID != c.want {
					t.Errorf("chosen %q (%v), want %q", got.ID, err, c.want)
				}
				return
			}
			checkExit(t, err, c.code, c.words...)
		})
	}
}

// checkExit fails the test where an error does not end with a code, or its text and hints lack words.
func checkExit(t *testing.T, err error, code int, words ...string) {
	t.Helper()
	var b strings.Builder
	if got := exitCode(&b, err); got != code {
		t.Errorf("exit %d, want %d: %s", got, code, b.String())
	}
	for _, w := range words {
		if !strings.Contains(strings.ReplaceAll(b.String(), "\n    ", "\n  "), w) {
			t.Errorf("there is no %q in %s", w, b.String())
		}
	}
}

func TestTheImageOfADraft(t *testing.T) {
	of := func(containers ...string) *inspect.Case {
		c := &inspect.Case{}
		for _, name := range containers {
			c.Images = append(c.Images, inspect.Image{ImageHead: inspect.ImageHead{Container: name}})
		}
		return c
	}
	for name, c := range map[string]struct {
		container string
		found     *inspect.Case
		want      string
		code      int
		words     string
	}{
		"one":             {"", of("app"), "app", 0, ""},
		"one by its name": {"app", of("app"), "app", 0, ""},
		"one of several":  {"proxy", of("app", "proxy"), "proxy", 0, ""},
		"several":         {"", of("app", "proxy"), "", exitUsage, "name one with --container: app, proxy"},
		"another name": {
			"db", of("app", "proxy"), "", exitUsage,
			"there is no container db; there are app, proxy",
		},
		"none":                       {"", of(), "", exitCouldNotRun, "the case has no image"},
		"none, and one is asked for": {"app", of(), "", exitCouldNotRun, "the case has no image"},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := draftFlags{container: c.container}.image(c.found)
			if c.code == 0 && (err != nil || i.Container != c.want) {
				t.Errorf("%q (%v)", i.Container, err)
			}
			if c.code != 0 {
				checkExit(t, err, c.code, c.words)
			}
		})
	}
}

// The terminal UI shows a draft before it is written; an existing file is never replaced.
func TestADraftOfTheTerminalUI(t *testing.T) {
	home := newHome(t)
	s, err := newSession(&flags{offline: true}, streams{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	head := inspect.ImageHead{Container: "app", Reference: "ghcr.io/acme/app:1", Digest: someKey}
	c := &inspect.Case{Images: []inspect.Image{{ImageHead: head}}}
	good := signedBy("a", release, ghIssuer, "")
	good.Certificate = &inspect.Certificate{}
	v := &view{session: s}
	d, err := v.DraftPolicy(t.Context(), c, "app", good)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(home, ".config", "backtrail", "policies")
	if filepath.Dir(d.Path) != folder || !strings.Contains(d.Text, "kind: ClusterImagePolicy") ||
		!strings.Contains(d.Text, "subjectRegExp: ^https://github") {
		t.Errorf("%s:\n%s", d.Path, d.Text)
	}
	if isFile(d.Path) {
		t.Error("it is written before a person has agreed")
	}
	if err := d.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(d.Path); err != nil || string(b) != d.Text {
		t.Errorf("written: %s (%v)", b, err)
	}
	if err := d.Write(t.Context()); err == nil {
		t.Error("it was written over")
	}
	if _, err := v.DraftPolicy(t.Context(), c, "proxy", good); err == nil {
		t.Error("a draft for a container that is not in the case")
	}
	failed := good
	failed.Status, failed.Reason = inspect.Failed, inspect.ReasonInvalidSignature
	if _, err := v.DraftPolicy(t.Context(), c, "app", failed); err == nil {
		t.Error("a draft by a signature that does not hold")
	}
}
