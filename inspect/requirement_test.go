package inspect

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// rows of an image: signed by ci with a certificate, and by a key; an attestation by ci; a graft that does not hold.
var (
	byCI = Signature{
		Status: Unknown, Reason: "no-expectation",
		Identity: "https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main",
		Issuer:   "https://token.actions.githubusercontent.com", Certificate: &Certificate{},
	}
	byOther = Signature{
		Status: Failed, Reason: "identity-mismatch", Identity: "mallory@example.com",
		Issuer: "https://accounts.example.com", Certificate: &Certificate{},
	}
	byKey = Signature{Status: Verified, Key: "sha256:aa"}
	slsa  = Signature{
		Status: Verified, Identity: byCI.Identity, Issuer: byCI.Issuer,
		PredicateType: "https://slsa.dev/provenance/v1", Certificate: &Certificate{},
	}
	grafted = Signature{
		Status: Failed, Reason: "subject-mismatch", Identity: byCI.Identity, Issuer: byCI.Issuer,
		Certificate: &Certificate{},
	}
	ci       = Authority{Identities: []Identity{{Issuer: byCI.Issuer, SubjectRegexp: `^https://github\.com/acme/app/`}}}
	ciSLSA   = Authority{Identities: ci.Identities, Predicates: []string{"https://slsa.dev/provenance/v1"}}
	thatKey  = Authority{Keys: []ExpectedKey{{Digest: "sha256:aa"}}}
	kms      = Authority{MayAccept: []string{"the key lies in a KMS"}}
	ciAndCUE = Authority{Identities: ci.Identities, AlsoRequires: []string{"a CUE policy"}}
)

func TestVerdictOfADemand(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups []AuthorityGroup
		rows   []Signature
		open   []string
		want   GateStatus
		says   string
	}{
		{"signed by the identity", any1(ci), list(byCI), nil, GatePassed, "signed by https://github.com/acme/app"},
		{"signed by somebody else", any1(ci), list(byOther), nil, GateRefused, "signed by mallory@example.com"},
		{"one authority is enough", any1(ci, thatKey), list(byKey), nil, GatePassed, "the key sha256:aa"},
		{
			"a signature that does not hold counts for nobody", any1(ci), list(grafted), nil, GateRefused,
			"the 1 signature found is not by it",
		},
		{
			"an attestation is not a signature", any1(ci), list(slsa), nil, GateUnknown,
			"made an attestation only, which is not an image signature",
		},
		{"an attestation by somebody else", any1(thatKey), list(slsa), nil, GateRefused, "requires key sha256:aa"},
		{
			"who is required", any1(ci), nil, nil, GateRefused,
			`requires identity matching ^https://github\.com/acme/app/, issuer https://token`,
		},
		{"an attestation that is asked for", any1(ciSLSA), list(slsa), nil, GatePassed, "attested"},
		{
			"a signature is no attestation", any1(ciSLSA), list(byCI), nil, GateRefused,
			"attestation https://slsa.dev/provenance/v1",
		},
		{"nothing there", any1(ci), nil, nil, GateRefused, "no signature found"},
		{"nothing there, and a store was silent", any1(ci), nil, []string{"referrers: 503"}, GateUnknown, "503"},
		{"a key that cannot be read", any1(kms), list(byCI), nil, GateUnknown, "KMS"},
		{"a rule that cannot be evaluated never passes", any1(ciAndCUE), list(byCI), nil, GateUnknown, "CUE"},
		{"a rule that cannot be evaluated still fails", any1(ciAndCUE), list(byOther), nil, GateRefused, "mallory"},
		{"static pass", any1(Authority{Static: "pass"}), nil, nil, GatePassed, "every image passes"},
		{
			"static fail", any1(Authority{Static: "fail", Message: "not from there"}), list(byCI),
			[]string{"silent"},
			GateRefused, "not from there",
		},
		{
			"two of two, one there",
			[]AuthorityGroup{{Need: 2, Authorities: []Authority{ci, thatKey}}},
			list(byCI),
			nil, GateRefused, "1 of 2",
		},
		{
			"two of two",
			[]AuthorityGroup{{Need: 2, Authorities: []Authority{ci, thatKey}}},
			list(byCI, byKey), nil,
			GatePassed, "",
		},
		{
			"every group must be met",
			[]AuthorityGroup{{1, []Authority{ci}}, {1, []Authority{thatKey}}},
			list(byCI),
			nil, GateRefused, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := PolicyRequirement{Policy: "p", Mode: ModeEnforce, Groups: c.groups}.Verdict(c.rows, c.open)
			if g.Status != c.want || !strings.Contains(g.Detail, c.says) {
				t.Errorf("got %s %q, want %s with %q", g.Status, g.Detail, c.want, c.says)
			}
		})
	}
}

func any1(all ...Authority) []AuthorityGroup { return []AuthorityGroup{{Need: 1, Authorities: all}} }
func list(all ...Signature) []Signature      { return all }

// Each subject may come from each issuer; a kind that nobody named fits everything, and naming nobody fits nobody.
func TestPairsOfWhatIsExpected(t *testing.T) {
	for name, tt := range map[string]struct {
		expected Expected
		want     []Identity
	}{
		"nobody":         {Expected{}, nil},
		"an issuer only": {Expected{Issuers: []string{"i"}}, []Identity{{Issuer: "i"}}},
		"each with each": {
			Expected{Identities: []string{"a"}, IdentityRegexps: []string{"^b"}, Issuers: []string{"i"}},
			[]Identity{{Subject: "a", Issuer: "i"}, {SubjectRegexp: "^b", Issuer: "i"}},
		},
	} {
		if got := tt.expected.Pairs(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// A policy that names nobody is nothing that an image could meet: it is not compared, and never passes.
func TestAPolicyThatNamesNobody(t *testing.T) {
	for name, groups := range map[string][]AuthorityGroup{
		"no group": nil, "an empty list of groups": {}, "a group of nobody": {{Need: 1}},
		"a group that needs none": {{Need: 0}},
	} {
		g := PolicyRequirement{Policy: "p", Groups: groups}.Verdict(list(byCI), nil)
		if g.Status == GatePassed || g.Status == GateAbsent {
			t.Errorf("%s: %s %q", name, g.Status, g.Detail)
		}
	}
}

// The gate has what a reader needs to judge it: whose policy it is, its mode, and who must have signed.
func TestTheGateOfAPolicy(t *testing.T) {
	d := PolicyRequirement{
		Policy: "shop-images", Mode: ModeWarn, ModeNote: "the namespace may override it",
		By:     Kyverno,
		Origin: TrustCluster, FailsOpen: true, Since: at(1), Changed: at(2),
		Groups: []AuthorityGroup{{1, []Authority{thatKey, ci}}, {1, []Authority{{Static: "pass"}}}},
	}
	g := d.Verdict(list(byKey), nil)
	want := Gate{
		Name: "policy shop-images", Kind: GateKindImagePolicy, Status: GatePassed, By: Kyverno, Mode: ModeWarn,
		FailsOpen: true, Since: at(1), Changed: at(2),
		Detail: "signed by the key sha256:aa; static authority: every image " +
			"passes (mode warn; the namespace may override it)",
		Requires: `key sha256:aa or identity matching ^https://github\.com/acme/app/, issuer ` + byCI.Issuer,
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got  %+v\nwant %+v", g, want)
	}
	for _, origin := range []string{TrustFile, TrustFolder, TrustBag, ""} {
		if d.Origin = origin; !d.Verdict(nil, nil).Asked {
			t.Errorf("a policy from %q is one that nobody named", origin)
		}
	}
	if (PolicyRequirement{Groups: any1(Authority{Static: "pass"})}).Signers() || !d.Signers() {
		t.Error("a static authority names a signer, or another none")
	}
	i := Image{Gates: []Gate{{Name: "admission", Kind: GateKindAdmission}, g, {Name: "policy by name only"}}}
	if got := i.PolicyGates(); len(got) != 1 || got[0].Name != g.Name {
		t.Errorf("gates of policies: %+v", got)
	}
}

// What a store that gave no answer may hold keeps a missing signature from being a refusal, never a static one, and
// changes nothing where a signature is there.
func TestStoresThatGaveNoAnswer(t *testing.T) {
	silent := []string{"referrers: 503", "tag: timeout"}
	for name, tt := range map[string]struct {
		groups []AuthorityGroup
		rows   []Signature
		want   GateStatus
		reason GateReason
	}{
		"none found":                {any1(ci), nil, GateUnknown, GateNotReachable},
		"another signer":            {any1(ci), list(byOther), GateUnknown, GateNotReachable},
		"the signer":                {any1(ci), list(byCI), GatePassed, ""},
		"refused whoever signs":     {any1(Authority{Static: "fail"}), nil, GateRefused, ""},
		"a key that is not at hand": {any1(kms), nil, GateUnknown, GateNotCompared},
	} {
		g := PolicyRequirement{Groups: tt.groups}.Verdict(tt.rows, silent)
		if g.Status != tt.want || g.Reason != tt.reason {
			t.Errorf("%s: %s %s %q", name, g.Status, g.Reason, g.Detail)
		}
		if g.Reason == GateNotReachable && !strings.Contains(g.Detail, "referrers: 503; tag: timeout") {
			t.Errorf("%s: %q does not name the stores", name, g.Detail)
		}
	}
}

// Of a group, as many authorities must be met as it needs; one that could not be judged leaves open what it may decide.
func TestHowManyOfAGroup(t *testing.T) {
	for name, tt := range map[string]struct {
		need int
		of   []Authority
		want GateStatus
	}{
		"one of three":                {1, []Authority{thatKey, ci, kms}, GatePassed},
		"two of three":                {2, []Authority{thatKey, ci, kms}, GatePassed},
		"three, and one is not known": {3, []Authority{thatKey, ci, kms}, GateUnknown},
		"three, and one is not met":   {3, []Authority{thatKey, ci, {Static: "fail"}}, GateRefused},
		"more than there are":         {4, []Authority{thatKey, ci, kms}, GateRefused},
		"one that is not known":       {1, []Authority{kms}, GateUnknown},
		"a need of 0 is one":          {0, []Authority{{Static: "fail"}}, GateRefused},
		"a need below 0 is one":       {-5, []Authority{{Static: "fail"}}, GateRefused},
	} {
		g := PolicyRequirement{Groups: []AuthorityGroup{{tt.need, tt.of}}}.Verdict(list(byKey, byCI), nil)
		if g.Status != tt.want {
			t.Errorf("%s: %s %q", name, g.Status, g.Detail)
		}
	}
}

// What may be met elsewhere is no refusal, and what is required besides is no pass: of an authority and of a policy.
func TestWhatIsNotEvaluated(t *testing.T) {
	also, may := []string{"a CEL rule"}, []string{"a notation plugin"}
	for name, tt := range map[string]struct {
		d    PolicyRequirement
		want GateStatus
	}{
		"met, and more is required": {
			PolicyRequirement{Groups: any1(thatKey), AlsoRequires: also},
			GateUnknown,
		},
		"not met, and more is required": {PolicyRequirement{
			Groups:       any1(Authority{Static: "fail"}),
			AlsoRequires: also,
		}, GateRefused},
		"not met, and may be in another way": {PolicyRequirement{
			Groups:    any1(Authority{Static: "fail"}),
			MayAccept: may,
		}, GateUnknown},
		"met, and may be in another way": {PolicyRequirement{Groups: any1(thatKey), MayAccept: may}, GatePassed},
	} {
		g := tt.d.Verdict(list(byKey), nil)
		if g.Status != tt.want || g.Status == GateUnknown && g.Reason != GateNotCompared {
			t.Errorf("%s: %s %s %q", name, g.Status, g.Reason, g.Detail)
		}
	}
}

// Notation signs with certificates too, and no policy of Sigstore accepts its identity.
func TestNotationIsNoSigstoreIdentity(t *testing.T) {
	row := byCI
	row.Kind = "notation"
	if g := (PolicyRequirement{Groups: any1(ci)}).Verdict(list(row), nil); g.Status != GateRefused {
		t.Errorf("%s %q", g.Status, g.Detail)
	}
}
