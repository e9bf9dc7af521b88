package report

import (
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// The signature verdict in a sentence: only a signature that was verified against an expectation reads as one.
func TestWhoSignedInASentence(t *testing.T) {
	for _, tt := range []struct {
		sig  inspect.Signature
		want string
	}{
		{inspect.Signature{Status: inspect.Verified, Identity: "ci@example.com"}, "signed by ci@example.com"},
		{inspect.Signature{Status: inspect.Verified, Key: digestA}, "signed by key aaaaaaaaaaaa"},
		{inspect.Signature{Status: inspect.Verified}, "signed by an expected signer"},
		{
			inspect.Signature{Status: inspect.Unknown, Reason: "no-expectation", Identity: "ci@example.com"},
			"signed by ci@example.com; no rule names who should have",
		},
		{
			inspect.Signature{Status: inspect.Unknown, Reason: "no-expectation"},
			"signed by an unnamed signer; no rule names who should have",
		},
		{
			inspect.Signature{Status: inspect.Unknown, Reason: "unknown-key", Key: digestA},
			"signed with a key that is not at hand",
		},
		{
			inspect.Signature{Status: inspect.Failed, Reason: "identity-mismatch", Identity: "mallory@example.com"},
			"identity-mismatch: mallory@example.com",
		},
		{inspect.Signature{Status: inspect.Failed, Reason: "invalid-signature"}, "invalid-signature"},
	} {
		if got := signer(tt.sig); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.sig, got, tt.want)
		}
	}
}

// What is known of an image without a signature: that there is none, that a gate asked for one, or that not every store
// could be asked. The last two are never the first.
func TestAnImageWithoutASignature(t *testing.T) {
	blocked := inspect.CheckState{
		Name: "signatures", Container: "web", Status: inspect.CheckBlocked,
		Reason: "no route to host",
	}
	running := blocked
	running.Reason = inspect.Running
	for name, tt := range map[string]struct {
		image  inspect.Image
		checks []inspect.CheckState
		status inspect.Status
		want   string
	}{
		"none": {status: inspect.Absent, want: "unsigned: no signature found"},
		"a gate that refuses": {
			image: inspect.Image{Gates: []inspect.Gate{{
				Name: inspect.GateSignature, Status: inspect.GateRefused,
				Detail: "acme was expected",
			}}},
			status: inspect.Failed, want: "unsigned; acme was expected",
		},
		"a gate without detail": {
			image:  inspect.Image{Gates: []inspect.Gate{{Name: inspect.GateSignature, Status: inspect.GateAbsent}}},
			status: inspect.Absent, want: "unsigned",
		},
		"a gate that could not look": {
			image: inspect.Image{Gates: []inspect.Gate{{
				Name: inspect.GateSignature, Status: inspect.GateUnknown,
				Detail: "the registry answered 503",
			}}},
			status: inspect.Unknown, want: "the registry answered 503",
		},
		"a store that did not answer": {
			image: inspect.Image{Stores: []inspect.StoreReply{
				{Store: "cosign-tag", Status: inspect.StoreEmpty},
				{Store: "referrers", Status: inspect.StoreUnreachable, Detail: "503"},
			}},
			status: inspect.Unknown, want: "no signature found, and referrers could not be asked: 503",
		},
		"a check that was blocked": {
			checks: []inspect.CheckState{blocked}, status: inspect.Unknown,
			want: "no route to host",
		},
		"a check that runs": {
			checks: []inspect.CheckState{running}, status: inspect.Unknown,
			want: "still checking",
		},
		"a signature that failed beside one that is open": {
			image: inspect.Image{Signatures: []inspect.Signature{
				{Status: inspect.Unknown, Reason: "no-expectation"},
				{Status: inspect.Failed, Reason: "invalid-signature"},
			}},
			status: inspect.Failed, want: "invalid-signature (and 1 more)",
		},
	} {
		tt.image.Container = "web"
		status, got := signed(inspect.Case{Checks: tt.checks}, tt.image)
		if status != tt.status || got != tt.want {
			t.Errorf("%s: %s %q, want %s %q", name, status, got, tt.status, tt.want)
		}
	}
}

// An unsigned statement is a claim, however much it names; a signed one that was not verified keeps its reason.
func TestWhereAnImageWasBuiltInASentence(t *testing.T) {
	full := inspect.Provenance{Source: "github.com/acme/shop", Commit: "6cf671f47f0123456789", Builder: "ci"}
	with := func(change func(p *inspect.Provenance)) []inspect.Provenance {
		p := full
		change(&p)
		return []inspect.Provenance{p}
	}
	for name, tt := range map[string]struct {
		rows   []inspect.Provenance
		checks []inspect.CheckState
		status inspect.Status
		want   string
	}{
		"none": {status: inspect.Absent, want: "no provenance"},
		"not looked for": {
			checks: []inspect.CheckState{{
				Name: "provenance", Container: "web", Status: inspect.CheckBlocked,
				Reason: "no route to host",
			}},
			status: inspect.Unknown, want: "no route to host",
		},
		"verified": {
			rows:   with(func(p *inspect.Provenance) { p.Signed, p.Status = true, inspect.Verified }),
			status: inspect.Verified, want: "from github.com/acme/shop@6cf671f47f01 by ci",
		},
		"unsigned": {
			rows:   with(func(p *inspect.Provenance) { p.Status, p.Reason = inspect.Unknown, "unsigned" }),
			status: inspect.Unknown,
			want:   "claimed by an unsigned statement: from github.com/acme/shop@6cf671f47f01 by ci",
		},
		"nobody expected it": {
			rows: with(func(p *inspect.Provenance) {
				p.Signed, p.Status, p.Reason = true, inspect.Unknown,
					"no-expectation"
			}),
			status: inspect.Unknown,
			want:   "from github.com/acme/shop@6cf671f47f01 by ci; no rule names its expected origin",
		},
		"another source": {
			rows: with(func(p *inspect.Provenance) {
				p.Signed, p.Status, p.Reason = true, inspect.Failed,
					"source-mismatch"
			}),
			status: inspect.Failed, want: "source-mismatch: from github.com/acme/shop@6cf671f47f01 by ci",
		},
		"an empty one": {
			rows:   []inspect.Provenance{{Signed: true, Status: inspect.Verified}},
			status: inspect.Verified, want: "from an unnamed source by an unnamed builder",
		},
		"a verified one beside an unsigned one": {
			rows: slices.Concat(
				with(func(p *inspect.Provenance) { p.Status, p.Builder = inspect.Unknown, "mallory" }),
				with(func(p *inspect.Provenance) { p.Signed, p.Status = true, inspect.Verified })),
			status: inspect.Verified, want: "from github.com/acme/shop@6cf671f47f01 by ci",
		},
		"a signed one that fails beside an unsigned one": {
			rows: slices.Concat(
				with(func(p *inspect.Provenance) { p.Status = inspect.Unknown }),
				with(func(p *inspect.Provenance) {
					p.Signed, p.Status, p.Reason = true, inspect.Failed,
						"tag-mismatch"
				})),
			status: inspect.Failed, want: "tag-mismatch: from github.com/acme/shop@6cf671f47f01 by ci",
		},
	} {
		i := inspect.Image{ImageHead: inspect.ImageHead{Container: "web"}, Provenance: tt.rows}
		status, got := built(inspect.Case{Checks: tt.checks}, i)
		if status != tt.status || got != tt.want {
			t.Errorf("%s: %s %q, want %s %q", name, status, got, tt.status, tt.want)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for thing, want := range map[string][3]string{
		"layer":    {"0 layers", "1 layer", "2 layers"},
		"registry": {"0 registries", "1 registry", "2 registries"},
	} {
		for n := range want {
			if got := text.Count(n, thing); got != want[n] {
				t.Errorf("text.Count(%d, %s) = %q", n, thing, got)
			}
		}
	}
	for digest, want := range map[string]string{digestA: "aaaaaaaaaaaa", "abc": "abc", "": "", "sha256:": ""} {
		if got := text.ShortDigest(digest); got != want {
			t.Errorf("text.ShortDigest(%q) = %q", digest, got)
		}
	}
}

// That the place of a file is known is a fact about the file, and no statement on whether it is good.
func TestWhereTheFileOfAnAlertIs(t *testing.T) {
	for name, tt := range map[string]struct {
		alert  inspect.Alert
		status inspect.Status
		want   string
	}{
		"in the image": {
			inspect.Alert{File: inspect.AlertFile{Path: "/x", Origin: inspect.OriginImage, Layer: 3}},
			inspect.Verified, "/x: it is the image's own file, of layer 3",
		},
		"with its detail": {
			inspect.Alert{File: inspect.AlertFile{
				Path: "/x", Origin: inspect.OriginRuntime,
				Detail: "/x was written at run time",
			}},
			inspect.Unknown, "/x was written at run time",
		},
		"not known": {inspect.Alert{Path: "/x"}, inspect.Unknown, "/x: where it comes from is not known"},
		"no path":   {inspect.Alert{}, inspect.Unknown, "where it comes from is not known"},
	} {
		if status, got := alertFile(tt.alert); status != tt.status || got != tt.want {
			t.Errorf("%s: %s %q", name, status, got)
		}
	}
}

// Only a person closes an alert, by a mark on it or on its file. A mark on something else, or a mark that was taken
// back, leaves it open.
func TestOnlyAPersonClosesAnAlert(t *testing.T) {
	a := inspect.Alert{ID: "a1", File: inspect.AlertFile{Path: "/x"}}
	for name, tt := range map[string]struct {
		note inspect.Note
		want string
	}{
		"on the alert":     {inspect.Note{Subject: "a1", Mark: "benign"}, "! marked benign"},
		"on its file":      {inspect.Note{Subject: "/x", Mark: "malicious"}, "! marked malicious"},
		"taken back":       {inspect.Note{Subject: "a1", Mark: "open"}, "! open"},
		"a text alone":     {inspect.Note{Subject: "a1", Text: "looks fine"}, "! open"},
		"on another alert": {inspect.Note{Subject: "a2", Mark: "benign"}, "! open"},
		"on nothing":       {inspect.Note{Mark: "benign"}, "! open"},
	} {
		if got := alertMark(inspect.Case{Notes: []inspect.Note{tt.note}}, a); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := alertMark(inspect.Case{Notes: []inspect.Note{{Mark: "benign"}}},
		inspect.Alert{ID: "a"}); got != "! open" {
		t.Errorf("a note about nothing closes an alert without a file: %q", got)
	}
}
