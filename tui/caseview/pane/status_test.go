package pane

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// Colors may be off, and signs may not be drawn: every outcome is a sign and a word, in the row or in its detail.
func TestEveryOutcomeIsASignAndAWord(t *testing.T) {
	image := func(f inspect.Fact) View {
		return folded(on("subject", "web", inspect.ImageHead{
			Reference: "acme/web", Digest: "sha256:ab",
			Status: inspect.Verified,
		}), on("x", "web", f))
	}
	signature := func(s inspect.Status, reason string) View {
		return image(inspect.Signature{ID: "g", Identity: "ci@acme", Status: s, Reason: reason})
	}
	layer := func(s inspect.Status, reason string) View {
		return image(inspect.Layer{Number: 0, Digest: "sha256:ab", DiffID: "sha256:cd", Status: s, Reason: reason})
	}
	gate := func(s inspect.GateStatus) View { return image(inspect.Gate{Name: "policy", Status: s, Detail: "why"}) }
	store := func(s inspect.StoreStatus, n int, detail string) View {
		return image(inspect.StoreReply{Store: "tag", Subject: "sha256:ab", Status: s, Found: n, Detail: detail})
	}
	statement := func(s inspect.Status, signed bool) View {
		return image(inspect.Provenance{ID: "p", Builder: "ci", Status: s, Signed: signed})
	}
	for _, c := range []struct {
		name         string
		v            View
		pane         Kind
		row, letters string
		detail       string
	}{
		{
			"a verified signature", signature(inspect.Verified, ""), Signatures,
			"✓ signature ci@acme", "ok   signature ci@acme", "✓ verified",
		},
		{
			"an invalid one", signature(inspect.Failed, "invalid-signature"), Signatures,
			"✗ signature ci@acme", "FAIL signature ci@acme", "✗ failed: the signature is invalid",
		},
		{
			"one of somebody else", signature(inspect.Failed, "identity-mismatch"), Signatures,
			"another signer is required", "another signer is required", "✗ failed: another signer is required",
		},
		{
			"one that nothing requires", signature(inspect.Unknown, "no-expectation"), Signatures,
			"no policy requires a signer", "??   signature ci@acme",
			"? not checked: signed by ci@acme, no policy requires a signer",
		},
		{
			"one with an unknown key", signature(inspect.Unknown, "unknown-key"), Signatures,
			"no known key", "??   signature", "? not checked: no known key verifies it",
		},
		{
			"one with a reason of a later version", signature(inspect.Failed, "quantum-break"), Signatures,
			"quantum break", "FAIL signature", "✗ failed: quantum break",
		},
		{
			"a gate that passed", gate(inspect.GatePassed), Signatures,
			"✓ gate      policy passed: why", "ok   gate      policy passed: why", "✓ passed: why",
		},
		{
			"a gate that refuses", gate(inspect.GateRefused), Signatures,
			"✗ gate      policy would refuse: why", "FAIL gate", "✗ would refuse: why",
		},
		{
			"a gate that is off", gate(inspect.GateNotEnforced), Signatures,
			"– gate      policy not enforced: why", "--   gate      policy not enforced", "– not enforced: why",
		},
		{
			"a gate that is not there", gate(inspect.GateAbsent), Signatures,
			"– gate      policy none: why", "--   gate      policy none", "– none: why",
		},
		{
			"a gate that could not be read", gate(inspect.GateUnknown), Signatures,
			"? gate      policy not checked: why", "??   gate      policy not checked", "? not checked: why",
		},
		{
			"a store with signatures", store(inspect.StoreFound, 2, ""), Signatures,
			"2 store     tag ab: 2 signatures or attestations", "2    store", "2 signatures or attestations",
		},
		{
			"a store without", store(inspect.StoreEmpty, 0, ""), Signatures,
			"– store     tag ab: none", "--   store     tag ab: none", "none",
		},
		{
			"a store that did not answer", store(inspect.StoreUnreachable, 0, "503"), Signatures,
			"? store     tag ab: unreachable: 503", "??   store     tag ab: unreachable", "unreachable: 503",
		},
		{
			"a signed statement", statement(inspect.Verified, true), Provenance,
			"✓ signed ci", "ok   signed ci", "✓ verified",
		},
		{
			"a statement whose signature failed", statement(inspect.Failed, true), Provenance,
			"✗ failed ci", "FAIL failed ci", "✗ failed",
		},
		{
			"a claim", statement(inspect.Unknown, false), Provenance,
			"? claim  ci", "??   claim  ci", "Unsigned: self-reported by the builder.",
		},
		{"a verified layer", layer(inspect.Verified, ""), Layers, "  0 ✓", "  0 ok", "✓ verified"},
		{
			"a layer with other bytes", layer(inspect.Failed, "digest-mismatch"), Layers, "  0 ✗", "  0 FAIL",
			"✗ failed: digest-mismatch",
		},
		{
			"a layer that is missing", layer(inspect.Unknown, "missing-blob"), Layers, "  0 ?", "  0 ??",
			"? not checked: missing-blob",
		},
		{
			"a layer that is being read", layer(inspect.Unknown, inspect.Running), Layers, "  0 …", "  0 …",
			"… layer 0: still being read",
		},
		{
			"a file that matches", image(inspect.Binary{Path: "/b", Severity: inspect.Info, Status: inspect.RowVerified}),
			Binaries, "info ✓ /b", "info ok   /b", "✓ matches its package",
		},
		{"a file that was not checked", image(inspect.Binary{
			Path: "/b", Severity: inspect.Low,
			Status: inspect.RowUnknown,
		}), Binaries, "low  ? /b", "low  ??   /b", "? not checked"},
		{
			"a bad file", image(inspect.Binary{Path: "/b", Severity: inspect.High, Status: inspect.RowFailed}),
			Binaries, "HIGH   /b", "HIGH      /b", "severity high",
		},
		{
			"a bill of materials", image(inspect.SBOM{
				Origin: "attached", Format: "spdx", Status: inspect.Unknown,
				Reason: "unsigned",
			}), Packages, "? SBOM attached, spdx: 0 packages unsigned", "??   SBOM attached",
			"? not checked: unsigned",
		},
	} {
		rows := c.pane.Listed(c.v)
		row := rows[len(rows)-1]
		has(t, c.name, line(c.v, row, 80), c.row)
		has(t, c.name, detail(c.v, row), c.detail)
		c.v.Paint = widget.NewPaint(true, true, true)
		rows = c.pane.Listed(c.v)
		has(t, c.name+" in letters", line(c.v, rows[len(rows)-1], 80), c.letters)
	}
}

// unverified is the incident in which nothing at all was verified.
func unverified(t *testing.T) View {
	t.Helper()
	var events []inspect.Event
	doubt := func(s inspect.Status) inspect.Status {
		if s == inspect.Verified {
			return inspect.Unknown
		}
		return s
	}
	for _, e := range incident().Case.Events() {
		switch f := copied(t, e.Fact).Interface().(type) {
		case inspect.ImageHead:
			f.Status = doubt(f.Status)
			e.Fact = f
		case inspect.Layer:
			f.Status = doubt(f.Status)
			e.Fact = f
		case inspect.Signature:
			f.Status = doubt(f.Status)
			for at := range f.Steps {
				f.Steps[at].Status = doubt(f.Steps[at].Status)
			}
			e.Fact = f
		case inspect.Diff:
			for at := range f.Past.Signers {
				f.Past.Signers[at].Status = doubt(f.Past.Signers[at].Status)
				f.Past.Builds[at].Status = doubt(f.Past.Builds[at].Status)
			}
			e.Fact = f
		}
		events = append(events, e)
	}
	return folded(events...)
}

// Where nothing was verified there is no ✓, in no pane and no detail: not for a check that is done, not for a gate that
// is there, not for an answer.
func TestWithoutAVerificationThereIsNoGoodSign(t *testing.T) {
	v := unverified(t)
	for k := range Count {
		if text := plain(drawn(t, v, k, 80)); strings.Contains(text, "✓") || strings.Contains(text, " verified") &&
			!strings.Contains(text, "A verified signature") {
			t.Errorf("%s has a good sign:\n%s", k.Spec().Name, text)
		}
	}
}

// An alert names what ran; the row of it is bad whatever the file turned out to be, and never green.
func TestAnAlertIsNeverGood(t *testing.T) {
	for _, origin := range []string{
		inspect.OriginImage, inspect.OriginChanged, inspect.OriginRuntime,
		inspect.OriginMemfd, inspect.OriginVolume, inspect.OriginHost, inspect.OriginUnknown, "",
		"of a later version",
	} {
		v := folded(on("alert", "", inspect.Alert{
			ID: "a", Rule: "Drop and execute", Path: "/x", Subject: "web",
			File: inspect.AlertFile{Path: "/x", Origin: origin, Layer: 1},
		}))
		r := find(t, Overview.Listed(v), "alert:a")
		has(t, origin, line(v, r, 60), "! ALERT Drop and execute")
		if strings.Contains(detail(v, r), "✓") {
			t.Errorf("an alert of a file of origin %q has a good sign", origin)
		}
		inImage := origin == inspect.OriginImage || origin == inspect.OriginChanged
		if (r.Path != "") != inImage {
			t.Errorf("an alert of a file of origin %q leads to %q", origin, r.Path)
		}
	}
}
