package audit

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// byKey is what a policy requires: a signature by a key.
func byKey(policy, key, mode, origin string) inspect.PolicyRequirement {
	return inspect.PolicyRequirement{Policy: policy, Mode: mode, Origin: origin, Groups: []inspect.AuthorityGroup{
		{Need: 1, Authorities: []inspect.Authority{{Keys: []inspect.ExpectedKey{{Digest: key}}}}},
	}}
}

// maybe is a policy that Kyverno enforces in namespaces with some label, which was not compared.
func maybe(d inspect.PolicyRequirement) inspect.PolicyRequirement {
	d.ModeNote = "in some namespaces it is to enforce, which was not compared"
	return d
}

// signedBy is a signature that holds, as it is stored.
func signedBy(key string) inspect.Signature {
	return inspect.Signature{ID: key, Kind: "cosign", Key: key, Status: inspect.Unknown, Reason: "no-expectation"}
}

// examined are facts of an image that was examined.
func examined(signatures ...inspect.Signature) *Facts {
	f := &Facts{Form: FactsForm, State: Done, Depth: Identity, Keys: []string{"k1", "k2"}}
	f.Image.Location, f.Image.Digest, f.Image.Signatures = "reg.example/web@sha256:1", "sha256:1", signatures
	f.Image.Stores = []inspect.StoreReply{{Store: "cosign-tag", Status: inspect.StoreEmpty}}
	return f
}

func TestAllowed(t *testing.T) {
	const cluster, file = inspect.TrustCluster, inspect.TrustFile
	silent := examined()
	silent.Image.Stores[0] = inspect.StoreReply{Store: "cosign-tag", Status: inspect.StoreUnreachable, Detail: "401"}
	lost := examined()
	lost.Image.Location, lost.State, lost.Reason, lost.Image.Stores = "", NotChecked, "the registry has lost it", nil
	unknownKey := inspect.Signature{ID: "x", Kind: "cosign", Status: inspect.Unknown, Reason: "unknown-key"}
	for name, tt := range map[string]struct {
		facts     *Facts
		policies  []inspect.PolicyRequirement
		unread    string
		want      Answer
		signature inspect.Status
		admission inspect.GateStatus
	}{
		"nothing is required":           {examined(), nil, "", Yes, inspect.Absent, inspect.GateAbsent},
		"policies could not be read":    {examined(), nil, "not permitted", Unknown, inspect.Absent, inspect.GateUnknown},
		"by the right key":              {examined(signedBy("k1")), []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster)}, "", Yes, inspect.Verified, inspect.GatePassed},
		"by another key":                {examined(signedBy("k2")), []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster)}, "", No, inspect.Failed, inspect.GateRefused},
		"unsigned":                      {examined(), []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster)}, "", No, inspect.Absent, inspect.GateRefused},
		"a policy that warns":           {examined(), []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeWarn, cluster)}, "", Yes, inspect.Absent, inspect.GateNotEnforced},
		"a policy that warns, maybe":    {examined(), []inspect.PolicyRequirement{maybe(byKey("p", "k1", inspect.ModeWarn, cluster))}, "", Unknown, inspect.Absent, inspect.GateUnknown},
		"a policy that enforces, maybe": {examined(), []inspect.PolicyRequirement{maybe(byKey("p", "k1", inspect.ModeEnforce, cluster))}, "", Unknown, inspect.Absent, inspect.GateUnknown},
		"met, whatever it does":         {examined(signedBy("k1")), []inspect.PolicyRequirement{maybe(byKey("p", "k1", inspect.ModeWarn, cluster))}, "", Yes, inspect.Verified, inspect.GatePassed},
		"one of two policies":           {examined(signedBy("k1")), []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster), byKey("q", "k2", inspect.ModeEnforce, cluster)}, "", No, inspect.Verified, inspect.GateRefused},
		"a store that is silent":        {silent, []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster)}, "", Unknown, inspect.Unknown, inspect.GateUnknown},
		"an image that is lost":         {lost, []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster)}, "", Unknown, inspect.Unknown, inspect.GateUnknown},
		"lost, and nothing is required": {lost, nil, "", Unknown, inspect.Unknown, inspect.GateAbsent},
		"a key never tried":             {examined(unknownKey), []inspect.PolicyRequirement{byKey("p", "k9", inspect.ModeEnforce, cluster)}, "", Unknown, inspect.Unknown, inspect.GateUnknown},
		"a key that does not verify it": {examined(unknownKey), []inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, cluster)}, "", No, inspect.Unknown, inspect.GateRefused},
		"a file answers for an unread cluster": {
			examined(signedBy("k1")),
			[]inspect.PolicyRequirement{byKey("p", "k1", inspect.ModeEnforce, file)},
			"not permitted",
			Yes, inspect.Verified, inspect.GatePassed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := &Known{
				Unread: tt.unread, Thresholds: threshold.Default(),
				Requirements: func(inspect.Image, string) []inspect.PolicyRequirement { return tt.policies },
			}
			row := k.Join(tt.facts).Row(Place{Namespace: "shop", Reference: "reg.example/web:1"})
			if row.Allowed != tt.want || row.Signature != tt.signature || row.Admission != tt.admission {
				t.Errorf("allowed %s, signature %s, admission %s: %s", row.Allowed, row.Signature, row.Admission, row.Reason)
			}
			if (row.Level == Block) != (tt.want == No) {
				t.Errorf("level %s", row.Level)
			}
			if tt.want != Yes && row.Reason == "" {
				t.Error("no reason is given")
			}
		})
	}
}

func TestProvenanceFollowsWhoIsAcceptedToday(t *testing.T) {
	f := examined(signedBy("k1"))
	f.Image.Signatures[0].PredicateType = "https://slsa.dev/provenance/v1"
	f.Image.Provenance = []inspect.Provenance{{
		Signed: true, Signature: "k1", Source: "github.com/acme/web",
		Status: inspect.Verified,
	}}
	for name, tt := range map[string]struct {
		key  string
		want inspect.Status
	}{"accepted": {"k1", inspect.Verified}, "not any more": {"k2", inspect.Unknown}} {
		k := &Known{Requirements: func(inspect.Image, string) []inspect.PolicyRequirement {
			return []inspect.PolicyRequirement{byKey("p", tt.key, inspect.ModeEnforce, inspect.TrustCluster)}
		}}
		row := k.Join(f).Row(Place{Reference: "reg.example/web:1"})
		if row.Provenance != tt.want || row.Source != "github.com/acme/web" {
			t.Errorf("%s: %s from %s", name, row.Provenance, row.Source)
		}
	}
	unsigned := examined()
	unsigned.Image.Provenance = []inspect.Provenance{{Source: "github.com/acme/web", Status: inspect.Unknown}}
	if row := (&Known{}).Join(unsigned).Row(Place{}); row.Provenance != inspect.Unknown {
		t.Errorf("a claim that nobody signed is %s", row.Provenance)
	}
}

func TestSourceExpectationsNeedFactsThatWereComparedWithThem(t *testing.T) {
	expected := inspect.Expected{SourceURIs: []string{"github.com/acme/web"}}
	f := examined()
	k := &Known{Expected: expected}
	if row := k.Join(f).Row(Place{}); row.Allowed != Unknown || !strings.Contains(row.Reason, "--recheck") {
		t.Errorf("allowed %s: %s", row.Allowed, row.Reason)
	}
	f.Sourced = Sourced(expected)
	f.Image.Gates = []inspect.Gate{{Name: inspect.GateProvenance, Status: inspect.GateRefused, Detail: "another source"}}
	if row := k.Join(f).Row(Place{}); row.Allowed != No {
		t.Errorf("allowed %s: %s", row.Allowed, row.Reason)
	}
}

func TestFlagsAreARequirementOfTheirOwn(t *testing.T) {
	if _, ok := FlagRequirement(inspect.Expected{}); ok {
		t.Error("no flag requires something")
	}
	d, ok := FlagRequirement(inspect.Expected{
		Identities: []string{"a", "b"}, IssuerRegexps: []string{"^https://"},
		Keys: []inspect.ExpectedKey{{Digest: "k1"}},
	})
	a := d.Groups[0].Authorities[0]
	if !ok || len(a.Identities) != 2 || a.Identities[1].Subject != "b" || a.Identities[1].IssuerRegexp != "^https://" ||
		len(a.Keys) != 1 || !d.ByPerson() {
		t.Errorf("got %+v", d)
	}
}

func TestBooksThatDoNotAddUpAreAFailure(t *testing.T) {
	r := &Report{Rows: []Row{{State: Done}, {State: NotChecked, Reason: "401"}}}
	r.settle(4, 1, 0)
	if r.Books.Balanced() || len(r.Blocked()) != 1 || !strings.Contains(r.Summary(), "DOES NOT ADD UP") {
		t.Errorf("books %+v, %s", r.Books, r.Summary())
	}
	r.settle(3, 1, 0)
	if !r.Books.Balanced() || len(r.Blocked()) != 0 || len(r.Unchecked()) != 1 {
		t.Errorf("books %+v", r.Books)
	}
}
