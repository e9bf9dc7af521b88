package provenance

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

func signedBy(identities ...string) side {
	var list []inspect.Signature
	for _, i := range identities {
		list = append(list, inspect.Signature{Status: inspect.Verified, Identity: i, Issuer: issuer})
	}
	return side{signers: signersOf(list)}
}

func TestCompareSigners(t *testing.T) {
	const dir = "https://github.com/acme/app/.github/workflows/"
	key := side{signers: signersOf([]inspect.Signature{{Status: inspect.Verified, Key: "sha256:aa"}})}
	otherKey := side{signers: signersOf([]inspect.Signature{{Status: inspect.Verified, Key: "sha256:bb"}})}
	otherIssuer := side{signers: signersOf([]inspect.Signature{{
		Status: inspect.Verified, Identity: "dev@acme.example",
		Issuer: "https://other.example",
	}})}
	for _, c := range []struct {
		name        string
		before, now side
		code        string
		severity    inspect.Severity
		text        string
	}{
		{"both unsigned", side{}, side{}, "", "", ""},
		{"the same", signedBy("dev@acme.example"), signedBy("dev@acme.example"), "", "", ""},
		{
			"unsigned now", signedBy("dev@acme.example"),
			side{},
			"signature-gone", inspect.High,
			"signed by dev@acme.example in the known-good image, unsigned now",
		},
		{
			"broken now", signedBy("dev@acme.example"),
			side{unsettled: 1},
			"signature-gone", inspect.High,
			"no signature that is here now is valid",
		},
		{
			"signed now",
			side{},
			signedBy("dev@acme.example"), "signature-new", inspect.Info,
			"unsigned in the known-good image",
		},
		{
			"somebody else", signedBy("dev@acme.example"), signedBy("evil@acme.example"), "signer-changed", inspect.High,
			"by evil@acme.example now",
		},
		{
			"the same name of another issuer", signedBy("dev@acme.example"), otherIssuer, "signer-changed", inspect.High,
			"",
		},
		{"another key", key, otherKey, "signer-changed", inspect.High, "key sha256:bb now"},
		{
			"another workflow of the repository", signedBy(dir + "release.yml@refs/heads/main"),
			signedBy(dir + "test.yml@refs/heads/main"), "signer-changed", inspect.Medium, "",
		},
		{
			"the workflow of another repository", signedBy(dir + "release.yml@refs/heads/main"),
			signedBy("https://github.com/evil/app/.github/workflows/release.yml@refs/heads/main"), "signer-changed",
			inspect.High, "",
		},
		{
			"the workflow at another tag", signedBy(dir + "release.yml@refs/tags/v1"),
			signedBy(dir + "release.yml@refs/tags/v2"), "signer-ref-changed", inspect.Info, "refs/tags/v2 now",
		},
		{
			"somebody besides", signedBy("dev@acme.example"), signedBy("dev@acme.example", "qa@acme.example"),
			"signer-added", inspect.Low, "qa@acme.example besides",
		},
	} {
		list := compareSigners(c.before, c.now, "known-good")
		if c.code == "" {
			if len(list) > 0 {
				t.Errorf("%s: %+v", c.name, list)
			}
			continue
		}
		if len(list) != 1 || list[0].code != c.code || list[0].severity != c.severity ||
			!strings.Contains(list[0].text, c.text) {
			t.Errorf("%s: %+v, want %s %s %q", c.name, list, c.code, c.severity, c.text)
		}
	}
}

func TestCompareProvenance(t *testing.T) {
	row := func(signed bool, change func(*inspect.Provenance)) side {
		p := inspect.Provenance{
			Builder: "b@refs/tags/v1", Source: "git+https://github.com/acme/app",
			Ref: "refs/heads/main", BuildType: "t", Signed: signed,
		}
		if change != nil {
			change(&p)
		}
		return side{provenance: []judged{{row: p, holds: signed}}}
	}
	for _, c := range []struct {
		name        string
		before, now side
		code        string
		severity    inspect.Severity
	}{
		{"the same", row(true, nil), row(true, nil), "", ""},
		{"both without", side{}, side{}, "", ""},
		{"gone", row(true, nil), side{}, "provenance-gone", inspect.High},
		{"claims gone", row(false, nil), side{}, "provenance-gone", inspect.Low},
		{"new", side{}, row(true, nil), "provenance-new", inspect.Info},
		{"only claims now", row(true, nil), row(false, nil), "provenance-unsigned", inspect.High},
		{
			"another builder", row(true, nil), row(true, func(p *inspect.Provenance) { p.Builder = "evil" }),
			"builder-changed", inspect.High,
		},
		{"another builder, as nobody signed", row(false, nil), row(false,
			func(p *inspect.Provenance) { p.Builder = "evil" }), "builder-changed", inspect.Low},
		{"the builder's next version", row(true, nil), row(true,
			func(p *inspect.Provenance) { p.Builder = "b@refs/tags/v2" }), "builder-version-changed", inspect.Info},
		{
			"another source", row(true, nil), row(true,
				func(p *inspect.Provenance) { p.Source = "git+https://github.com/evil/app" }), "source-foreign",
			inspect.High,
		},
		{
			"another source, as nobody signed", row(false, nil), row(false,
				func(p *inspect.Provenance) { p.Source = "git+https://github.com/evil/app" }), "source-foreign",
			inspect.Medium,
		},
		{
			"the next run", row(false,
				func(p *inspect.Provenance) { p.Builder = "https://github.com/acme/app/actions/runs/1" }), row(false,
				func(p *inspect.Provenance) { p.Builder = "https://github.com/acme/app/actions/runs/2" }),
			"builder-run-changed", inspect.Info,
		},
		{
			"a run of somebody else", row(false,
				func(p *inspect.Provenance) { p.Builder = "https://github.com/acme/app/actions/runs/1" }), row(false,
				func(p *inspect.Provenance) { p.Builder = "https://github.com/acm3/app/actions/runs/2" }),
			"builder-foreign", inspect.Medium,
		},
		{"the same source by ssh", row(true, nil), row(true,
			func(p *inspect.Provenance) { p.Source = "git@github.com:acme/app.git" }), "", ""},
		{"the same source, written in another way", row(true, nil), row(true,
			func(p *inspect.Provenance) { p.Source = "https://github.com/acme/app.git" }), "", ""},
		{
			"another branch", row(true, nil), row(true, func(p *inspect.Provenance) { p.Ref = "refs/heads/evil" }),
			"ref-changed", inspect.Medium,
		},
		{"the next tag", row(true, func(p *inspect.Provenance) { p.Ref = "refs/tags/v1" }), row(true,
			func(p *inspect.Provenance) { p.Ref = "refs/tags/v2" }), "ref-changed", inspect.Info},
		{
			"another kind of build", row(true, nil), row(true, func(p *inspect.Provenance) { p.BuildType = "u" }),
			"build-type-changed", inspect.Low,
		},
	} {
		list := compareProvenance(c.before, c.now, "known-good", false)
		if c.code == "" && len(list) > 0 || c.code != "" && (len(list) != 1 || list[0].code != c.code ||
			list[0].severity != c.severity) {
			t.Errorf("%s: %+v, want %s %s", c.name, list, c.code, c.severity)
		}
	}
}

// drift runs the check against a known-good image whose signatures these are.
func (s *scene) drift(signatures []inspect.Signature, err error) inspect.Case {
	s.events = append(s.events, inspect.Event{Fact: inspect.Diff{KnownGood: &inspect.KnownGood{
		Reference: "app:1",
		Digest:    digestOf("good"), Confirmed: true,
	}}})
	return s.run(inspect.Expected{}, Drift(s.client, func(context.Context, string, string, string, inspect.Expected,
		func(inspect.Blob),
	) ([]inspect.Signature, error) {
		return signatures, err
	}))
}

// The case that this check is for: the same tag, signed and with provenance before, unsigned now.
func TestSignedBeforeUnsignedNow(t *testing.T) {
	s := newScene(t)
	before := s.sign(statement(digestOf("good"), workflow, "https://github.com/acme/app"), nil)
	s.events = nil
	c := s.drift([]inspect.Signature{before}, nil)
	d := c.Images[0].Diff
	if len(d.Signers) != 1 || len(d.Provenance) != 1 || !strings.Contains(d.Signers[0], "unsigned now") {
		t.Errorf("signers %q, provenance %q", d.Signers, d.Provenance)
	}
	if len(c.Findings) != 2 || c.Findings[0].Status != inspect.RowFailed || c.Findings[1].Status != inspect.RowFailed {
		t.Errorf("findings are %+v", c.Findings)
	}

	if verdict.Of(&c).Status != inspect.CaseFailed {
		t.Errorf("the case is %s", verdict.Of(&c).Status)
	}
}

func TestDriftIsCalm(t *testing.T) {
	s := newScene(t)
	c := s.drift(nil, nil)
	if len(c.Findings) > 0 || len(c.Images[0].Diff.Signers) > 0 || c.Images[0].Diff.Signers == nil {
		t.Errorf("both unsigned: findings %+v, signers %#v", c.Findings, c.Images[0].Diff.Signers)
	}
	s = newScene(t)
	both := s.sign(statement(digestOf("good"), workflow, "https://github.com/acme/app"), nil)
	s.events = nil
	s.sign(statement(s.image.Digest, workflow, "https://github.com/acme/app"), nil)
	if c = s.drift([]inspect.Signature{both}, nil); len(c.Findings) > 0 {
		t.Errorf("both signed by the same: %+v", c.Findings)
	}
}

// What could not be asked for is not gone.
func TestDriftThatCannotBeSeen(t *testing.T) {
	before := inspect.Signature{ID: "1", Status: inspect.Verified, Identity: workflow, Issuer: issuer}
	s := newScene(t)
	s.events = append(s.events, inspect.Event{Fact: inspect.StoreReply{
		Store:  "referrers",
		Status: inspect.StoreUnreachable, Detail: "503",
	}})
	c := s.drift([]inspect.Signature{before}, nil)
	if state, _ := c.Check(inspect.CheckDrift, "web"); state.Status != inspect.CheckBlocked || len(c.Findings) > 0 {
		t.Errorf("ended %s %s, findings %+v", state.Status, state.Reason, c.Findings)
	}
	s = newScene(t)
	c = s.drift(nil, errors.New("no connection"))
	if state, _ := c.Check(inspect.CheckDrift, "web"); state.Status != inspect.CheckBlocked || !strings.Contains(state.Reason,
		"no connection") {
		t.Errorf("ended %s %s", state.Status, state.Reason)
	}
	s = newScene(t)
	c = s.run(inspect.Expected{}, Drift(s.client, nil))
	if state, _ := c.Check(inspect.CheckDrift, "web"); state.Status != inspect.CheckSkipped {
		t.Errorf("without a known-good it ended %s %s", state.Status, state.Reason)
	}
}
