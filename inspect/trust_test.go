package inspect

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	releaseOf    = "https://github.com/shop/web/.github/workflows/release.yml@refs/tags/v1.4.2"
)

// An identity fits a certificate by any of its names and by its issuer; what is left open fits everything.
func TestIdentities(t *testing.T) {
	sig := Signature{
		Identity: releaseOf, Issuer: githubIssuer,
		Certificate: &Certificate{Subject: []string{releaseOf, "ci@shop.example"}},
	}
	for name, tt := range map[string]struct {
		i    Identity
		want bool
	}{
		"anybody":                       {Identity{}, true},
		"exactly":                       {Identity{Issuer: githubIssuer, Subject: releaseOf}, true},
		"by its second name":            {Identity{Subject: "ci@shop.example"}, true},
		"another subject":               {Identity{Issuer: githubIssuer, Subject: releaseOf + "0"}, false},
		"another issuer":                {Identity{Issuer: "https://accounts.example.com", Subject: releaseOf}, false},
		"a part of the subject":         {Identity{Subject: "https://github.com/shop/web"}, false},
		"another case of letters":       {Identity{Subject: strings.ToUpper(releaseOf)}, false},
		"an expression of a part":       {Identity{SubjectRegexp: `shop/web`}, true},
		"an anchored one":               {Identity{SubjectRegexp: `^https://github\.com/shop/[^/]+/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$`}, true},
		"an expression for branches":    {Identity{SubjectRegexp: `@refs/heads/`}, false},
		"an expression for the issuer":  {Identity{IssuerRegexp: `^https://token\.`, SubjectRegexp: `shop`}, true},
		"one that does not compile":     {Identity{SubjectRegexp: `(`}, false},
		"one beside an exact text":      {Identity{Subject: releaseOf, SubjectRegexp: `mallory`}, false}, // the expression counts
		"an issuer that does not parse": {Identity{IssuerRegexp: `[`, Subject: releaseOf}, false},
	} {
		if got := tt.i.Fits(sig); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// A row without the certificate's names has that of its identity alone.
	bare := Signature{Identity: "ci@shop.example", Issuer: githubIssuer, Certificate: &Certificate{}}
	if !(Identity{Subject: "ci@shop.example"}).Fits(bare) || (Identity{Subject: releaseOf}).Fits(bare) {
		t.Error("a certificate without names fits by another than its identity")
	}
}

func TestIdentitiesInWords(t *testing.T) {
	for want, i := range map[string]Identity{
		"any identity of a trusted certificate authority": {},
		"identity a": {Subject: "a"}, "issuer b": {Issuer: "b"}, "identity a, issuer b": {Subject: "a", Issuer: "b"},
		"identity matching ^a, issuer matching b$": {Subject: "x", SubjectRegexp: "^a", IssuerRegexp: "b$"},
	} {
		if i.String() != want {
			t.Errorf("%+v: %q, want %q", i, i, want)
		}
	}
}

// Who signed is named only as far as the signature names anybody.
func TestSigners(t *testing.T) {
	for want, s := range map[string]Signature{
		"ci@shop.example (issuer " + githubIssuer + ")": {
			Identity: "ci@shop.example", Issuer: githubIssuer,
			Key: "sha256:1",
		},
		"ci@shop.example":         {Identity: "ci@shop.example"},
		"the key sha256:1":        {Key: "sha256:1", Issuer: githubIssuer},
		"a key that is not known": {Issuer: githubIssuer},
	} {
		if got := s.Signer(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A chain holds where the signer is certain, whether expected or not; nothing that failed or is open otherwise does.
func TestChainsThatHold(t *testing.T) {
	for reason, want := range map[string]bool{
		"no-expectation": true, "identity-mismatch": true, "invalid-signature": false, "subject-mismatch": false,
		"untrusted-root": false, "log-mismatch": false, "no-timestamp": false, "unknown-key": false,
		"malformed": false, "": false,
	} {
		for _, status := range []Status{Unknown, Failed, Absent} {
			if got := (Signature{Status: status, Reason: reason}).Holds(); got != want {
				t.Errorf("%s %q: %v", status, reason, got)
			}
		}
		if !(Signature{Status: Verified, Reason: reason}).Holds() {
			t.Errorf("a verified one with %q does not hold", reason)
		}
	}
	for predicate, want := range map[string]bool{
		"": true, PredicateCosignSign: true,
		"https://slsa.dev/provenance/v1": false, "cosign": false,
	} {
		if got := (Signature{PredicateType: predicate}).OfImage(); got != want {
			t.Errorf("%q is a signature of the image: %v", predicate, got)
		}
	}
}

// Each subject may come from each issuer, exact or as an expression: their number is the product of both.
func TestPairsAreAProduct(t *testing.T) {
	e := Expected{
		Identities: []string{"a", "b"}, IdentityRegexps: []string{"^c"}, Issuers: []string{"i"},
		IssuerRegexps: []string{"^j", "^k"},
	}
	pairs := e.Pairs()
	if len(pairs) != 3*3 {
		t.Errorf("%d pairs", len(pairs))
	}
	for _, p := range pairs {
		if (p.Subject == "") == (p.SubjectRegexp == "") || (p.Issuer == "") == (p.IssuerRegexp == "") {
			t.Errorf("a pair of not one and one: %+v", p)
		}
	}
	if len(slices.Compact(slices.SortedFunc(slices.Values(pairs), func(a, b Identity) int {
		return strings.Compare(a.String(), b.String())
	}))) != len(pairs) {
		t.Error("a pair stands twice")
	}
	if got := (Expected{IdentityRegexps: []string{"^c"}}).Pairs(); len(got) != 1 ||
		got[0] != (Identity{SubjectRegexp: "^c"}) {
		t.Errorf("an expression alone: %+v", got)
	}
	if got := (Expected{Keys: []ExpectedKey{{Digest: "sha256:1"}}}).Pairs(); got != nil {
		t.Errorf("a key names no identity: %+v", got)
	}
}

func TestAgeOfATrustRoot(t *testing.T) {
	fetched := At(time.Date(2026, 9, 8, 15, 0, 0, 0, time.UTC))
	for _, tt := range []struct {
		trust Trust
		want  string
	}{
		{Trust{}, ""},
		{Trust{Age: "2d"}, "2d"},
		{Trust{Age: "83d", Fetched: fetched}, "83d, of 2026-09-08"},
		{Trust{Age: "83d", Fetched: fetched, Detail: "by TUF"}, "83d, of 2026-09-08 (by TUF)"},
		{Trust{Detail: "by hand"}, "(by hand)"},
	} {
		if got := tt.trust.AgeWords(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.trust, got, tt.want)
		}
	}
}

func TestFilesOfAPackage(t *testing.T) {
	f := Files{Owned: 5, Equal: 3, Unverifiable: 1, Packages: []PackageFiles{
		{Name: "libc6", Version: "2", Database: "dpkg", Files: 2, Equal: 2},
		{Name: "libc6", Version: "2", Database: "dpkg", Files: 3, Equal: 1, Unverifiable: 1, Altered: 1},
		{Name: "libc6", Version: "1", Database: "dpkg", Files: 9},
	}}
	want := PackageFiles{Name: "libc6", Version: "2", Database: "dpkg", Files: 5, Equal: 3, Unverifiable: 1, Altered: 1}
	if got := f.Of("libc6", "2"); got != want {
		t.Errorf("%+v", got)
	}
	if got := f.Of("zlib", "1"); got.Files != 0 {
		t.Errorf("%+v", got)
	}
	if f.Classes() != "3 equal to their digests, 1 not verifiable" || (Files{Owned: 3}).Classes() != "" {
		t.Errorf("%q", f.Classes())
	}
}
