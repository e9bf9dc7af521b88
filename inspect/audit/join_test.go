package audit

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// What policies come to does not depend on the order in which a cluster lists them.
func TestTheOrderOfPoliciesDoesNotMatter(t *testing.T) {
	const cluster = inspect.TrustCluster
	all := map[string]inspect.PolicyRequirement{
		"met":          byKey("met", "k1", inspect.ModeEnforce, cluster),
		"not met":      byKey("not-met", "k2", inspect.ModeEnforce, cluster),
		"warns, met":   byKey("warns-met", "k1", inspect.ModeWarn, cluster),
		"warns, not":   byKey("warns-not", "k2", inspect.ModeWarn, cluster),
		"of a machine": byKey("file", "k1", inspect.ModeEnforce, inspect.TrustFile),
	}
	for name, tt := range map[string]struct {
		policies  []string
		allowed   Answer
		admission inspect.GateStatus
	}{
		"all are met":              {[]string{"met", "warns, met", "of a machine"}, Yes, inspect.GatePassed},
		"one that warns is not":    {[]string{"met", "warns, not", "of a machine"}, Yes, inspect.GateNotEnforced},
		"one that enforces is not": {[]string{"met", "warns, met", "not met"}, No, inspect.GateRefused},
		"neither is":               {[]string{"warns, not", "not met", "met"}, No, inspect.GateRefused},
	} {
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			k := &Known{Requirements: func(inspect.Image, string) (out []inspect.PolicyRequirement) {
				for _, at := range order {
					out = append(out, all[tt.policies[at]])
				}
				return out
			}}
			row := k.Join(examined(signedBy("k1"))).Row(Place{Namespace: "shop", Reference: "reg.example/web:1"})
			if row.Allowed != tt.allowed || row.Admission != tt.admission {
				t.Errorf("%s in order %v: allowed %s, admission %s", name, order, row.Allowed, row.Admission)
			}
		}
	}
}

func TestTheSourceThatFlagsExpect(t *testing.T) {
	expected := inspect.Expected{SourceURIs: []string{"github.com/acme/web"}}
	gate := func(s inspect.GateStatus) []inspect.Gate {
		return []inspect.Gate{{Name: inspect.GateProvenance, Status: s, Detail: "as compared then"}}
	}
	statement := func(s inspect.Status) []inspect.Provenance {
		return []inspect.Provenance{{Signed: true, Signature: "k1", Source: "github.com/acme/web", Status: s}}
	}
	for name, tt := range map[string]struct {
		sourced    string
		provenance []inspect.Provenance
		gates      []inspect.Gate
		want       Answer
		reason     string
	}{
		"by an accepted signer": {Sourced(expected), statement(inspect.Verified), gate(inspect.GatePassed), Yes, ""},
		"refused then":          {Sourced(expected), nil, gate(inspect.GateRefused), No, "as compared then"},
		"none was found":        {Sourced(expected), nil, gate(inspect.GateAbsent), No, "as compared then"},
		// the statement passed when it was examined; its signer is not accepted any more
		"by a signer of the past": {Sourced(expected), nil, gate(inspect.GatePassed), Unknown, "as compared then"},
		"compared with others":    {Sourced(inspect.Expected{SourceURIs: []string{"github.com/x/y"}}), nil, gate(inspect.GatePassed), Unknown, "--recheck"},
		"never compared":          {"", nil, nil, Unknown, "--recheck"},
		"an image without a gate": {Sourced(expected), nil, nil, Unknown, "could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			f := examined(signedBy("k1"))
			f.Image.Provenance, f.Image.Gates, f.Sourced = tt.provenance, tt.gates, tt.sourced
			k := &Known{Expected: expected}
			k.Expected.Keys = []inspect.ExpectedKey{{Digest: "k1"}}
			row := k.Join(f).Row(Place{Reference: "reg.example/web:1"})
			if row.Allowed != tt.want || !strings.Contains(row.Reason, tt.reason) {
				t.Errorf("allowed %s: %q", row.Allowed, row.Reason)
			}
		})
	}
	// each expectation of the source is part of what is compared, and none of the signer's is
	seen := map[string]bool{Sourced(expected): true, "": true}
	for _, e := range []inspect.Expected{
		{SourceURIs: []string{"a"}},
		{SourceBranches: []string{"a"}},
		{SourceTags: []string{"a"}},
		{SourceVersioneds: []string{"a"}},
		{BuilderIDs: []string{"a"}},
	} {
		s := Sourced(e)
		if seen[s] && s != "" {
			t.Errorf("%+v is compared like another", e)
		}
		seen[s] = true
	}
	if s := Sourced(inspect.Expected{Identities: []string{"a"}}); s != "" {
		t.Errorf("an expected signer is a source: %s", s)
	}
}

func TestKnownCompromisesAreThoseOfToday(t *testing.T) {
	f := examined()
	f.Image.Advisories = []inspect.Advisory{
		{ID: "MAL-old", Kind: inspect.AdvisoryPackage},
		{ID: "PACK-file", Kind: inspect.AdvisoryFile},
	}
	f.Findings = []inspect.Finding{
		{ID: "1", Check: "advisories", Title: "old", Severity: inspect.Critical},
		{ID: "2", Check: "binaries", Title: "setuid", Severity: inspect.High},
	}
	today := []inspect.Finding{{ID: "1", Check: "advisories", Title: "new words", Severity: inspect.High}}
	k := &Known{Thresholds: threshold.Default(), Advisories: func(inspect.Image) ([]inspect.Advisory, []inspect.Finding, error) {
		return []inspect.Advisory{{ID: "MAL-new", Kind: inspect.AdvisoryPackage}}, today, errors.New("osv is damaged")
	}}
	j := k.Join(f)
	row := j.Row(Place{Reference: "reg.example/web:1"})
	if want := []string{"MAL-new", "PACK-file"}; !slices.Equal(row.Advisories, want) {
		t.Errorf("advisories %q, want %q: a file of the image does not change, a withdrawn record does", row.Advisories, want)
	}
	if row.Findings != (Findings{High: 2}) {
		t.Errorf("findings %+v", row.Findings)
	}
	if len(j.gaps) != 1 || j.gaps[0].Reason != "osv is damaged" {
		t.Errorf("gaps %+v", j.gaps)
	}
	if len(f.Findings) != 2 || f.Findings[0].Title != "old" || len(f.Image.Advisories) != 2 {
		t.Error("joining changes the facts, which other places are joined with too")
	}
	// without data of today, what was found then stands
	if row := (&Known{}).Join(f).Row(Place{}); !slices.Equal(row.Advisories, []string{"MAL-old", "PACK-file"}) {
		t.Errorf("without data: %q", row.Advisories)
	}
}

func TestWhatATagMeans(t *testing.T) {
	const runs, index, other = "sha256:1", "sha256:2", "sha256:3"
	moved, same := true, false
	for name, tt := range map[string]struct {
		reference string
		tags      []Tag
		want      *bool
		means     string
	}{
		"the manifest that runs":        {"reg.example/web:1", []Tag{{Reference: "reg.example/web:1", Digest: runs}}, &same, ""},
		"the index of what runs":        {"reg.example/web:1", []Tag{{Reference: "reg.example/web:1", Digest: index}}, &same, ""},
		"another image":                 {"reg.example/web:1", []Tag{{Reference: "reg.example/web:1", Digest: other}}, &moved, other},
		"a registry that did not reply": {"reg.example/web:1", []Tag{{Reference: "reg.example/web:1", Reason: "429"}}, nil, ""},
		"another tag was looked up":     {"reg.example/web:1", []Tag{{Reference: "reg.example/web:2", Digest: other}}, nil, ""},
		"a digest, which cannot move":   {"reg.example/web@sha256:1", nil, &same, ""},
		"tag and digest":                {"reg.example/web:1@sha256:1", nil, &same, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := examined()
			f.Image.Digest, f.Image.Index, f.Tags = runs, index, tt.tags
			row := (&Known{}).Join(f).Row(Place{Reference: tt.reference})
			if fmt.Sprint(deref(row.TagMoved)) != fmt.Sprint(deref(tt.want)) || row.TagMeans != tt.means {
				t.Errorf("moved %v to %q", deref(row.TagMoved), row.TagMeans)
			}
		})
	}
	f := examined() // which image runs is not known: nothing can have moved away from it
	f.Image.Digest, f.Image.Index = "", ""
	f.Tags = []Tag{{Reference: "reg.example/web:1", Digest: other}}
	if row := (&Known{}).Join(f).Row(Place{Reference: "reg.example/web:1"}); row.TagMoved != nil {
		t.Errorf("moved %v", *row.TagMoved)
	}
}

// deref is what a pointer points to, nil for none.
func deref(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

func TestTheBestOfWhatCameWithAnImage(t *testing.T) {
	silent := []inspect.StoreReply{{Store: "referrers", Status: inspect.StoreUnreachable, Detail: "503"}}
	for name, tt := range map[string]struct {
		sboms  []inspect.SBOM
		stores []inspect.StoreReply
		want   inspect.Status
	}{
		"none":                        {nil, nil, inspect.Absent},
		"made here":                   {[]inspect.SBOM{{Origin: "generated", Status: inspect.Verified}}, nil, inspect.Absent},
		"one that cannot be read":     {[]inspect.SBOM{{Origin: "attached", Status: inspect.Failed}}, nil, inspect.Failed},
		"a broken and a good one":     {[]inspect.SBOM{{Origin: "attached", Status: inspect.Failed}, {Origin: "attested", Status: inspect.Verified}}, nil, inspect.Verified},
		"unsigned":                    {[]inspect.SBOM{{Origin: "attached", Status: inspect.Unknown}}, nil, inspect.Unknown},
		"none, and a store is silent": {nil, silent, inspect.Unknown},
		"one, and a store is silent":  {[]inspect.SBOM{{Origin: "attested", Status: inspect.Verified}}, silent, inspect.Verified},
	} {
		f := examined()
		f.Image.SBOMs, f.Image.Stores = tt.sboms, append(f.Image.Stores, tt.stores...)
		if row := (&Known{}).Join(f).Row(Place{}); row.SBOM != tt.want {
			t.Errorf("%s: %s, want %s", name, row.SBOM, tt.want)
		}
	}
}

func TestStatementsAboutABuild(t *testing.T) {
	signed := inspect.Provenance{Signed: true, Signature: "k1", Source: "a"}
	with := func(p inspect.Provenance, s inspect.Status, reason string) inspect.Provenance {
		p.Status, p.Reason = s, reason
		return p
	}
	for name, tt := range map[string]struct {
		statements []inspect.Provenance
		want       inspect.Status
	}{
		"none":                         {nil, inspect.Absent},
		"by an accepted signer":        {[]inspect.Provenance{with(signed, inspect.Verified, "")}, inspect.Verified},
		"of another branch":            {[]inspect.Provenance{with(signed, inspect.Failed, "branch-mismatch")}, inspect.Failed},
		"another signer then, not now": {[]inspect.Provenance{with(signed, inspect.Failed, "identity-mismatch")}, inspect.Verified},
		"a signature that is missing":  {[]inspect.Provenance{with(inspect.Provenance{Signed: true, Signature: "x"}, inspect.Unknown, "")}, inspect.Unknown},
		"unsigned, whatever it claims": {[]inspect.Provenance{{Status: inspect.Verified}}, inspect.Unknown},
		"a good one among bad ones": {[]inspect.Provenance{
			with(signed, inspect.Failed, "malformed"),
			{Status: inspect.Unknown},
			with(signed, inspect.Verified, ""),
		}, inspect.Verified},
	} {
		f := examined(signedBy("k1"))
		f.Image.Provenance = tt.statements
		k := &Known{Expected: inspect.Expected{Keys: []inspect.ExpectedKey{{Digest: "k1"}}}}
		if row := k.Join(f).Row(Place{}); row.Provenance != tt.want {
			t.Errorf("%s: %s, want %s", name, row.Provenance, tt.want)
		}
	}
}

func TestWhatCrossesThresholdsIsBounded(t *testing.T) {
	f := examined()
	for n := range 100 {
		f.Findings = append(f.Findings, inspect.Finding{
			Check: "binaries", Code: "unowned", Status: inspect.RowFailed,
			Severity: inspect.Critical, Title: fmt.Sprintf("finding %d", n),
		})
	}
	k := &Known{Thresholds: threshold.Default()}
	row := k.Join(f).Row(Place{Reference: "reg.example/web:1"})
	if row.Level != Block || len(row.Crossed) != maxCrossed+1 || row.Crossed[0] != "finding 0" ||
		row.Crossed[maxCrossed] != "and 80 more" {
		t.Errorf("level %s, %d: %q", row.Level, len(row.Crossed), row.Crossed)
	}
}

func TestTheGravestReasonStandsFirst(t *testing.T) {
	moved := true
	row := Row{TagMoved: &moved}
	g := &judgement{row: &row}
	for _, one := range []struct {
		level Level
		words string
	}{{Log, "a"}, {Warn, "b"}, {Log, "c"}, {Block, "d"}, {Warn, "e"}, {Block, "f"}} {
		g.cross(one.level, one.words)
	}
	if row.Level != Block || row.Crossed[0] != "d" || len(row.Crossed) != 6 {
		t.Errorf("level %s: %q", row.Level, row.Crossed)
	}
	for _, levels := range [][2]Level{{Block, Warn}, {Warn, Log}, {Log, ""}} {
		if levels[0].Rank() >= levels[1].Rank() {
			t.Errorf("%q does not outrank %q", levels[0], levels[1])
		}
	}
}

func TestKnownGoodAndSinceOfAPlace(t *testing.T) {
	k := &Known{Good: func(p Place, digest string) (string, inspect.Time) {
		if p.Workload != "deployment/web" || digest != "sha256:1" {
			t.Errorf("asked for %s of %s", digest, p.Workload)
		}
		return "sha256:good", inspect.At(moment("2026-01-01"))
	}}
	row := k.Join(examined()).Row(Place{Workload: "deployment/web", Since: inspect.At(moment("2026-03-01"))})
	if row.KnownGood != "sha256:good" || row.Since.Format("2006-01-02") != "2026-01-01" {
		t.Errorf("known-good %s since %s", row.KnownGood, row.Since)
	}
	// the pods may run longer than the journal is old
	row = k.Join(examined()).Row(Place{Workload: "deployment/web", Since: inspect.At(moment("2025-03-01"))})
	if row.Since.Year() != 2025 {
		t.Errorf("since %s", row.Since)
	}
}

func TestKeysOfRequirementsAreASet(t *testing.T) {
	got := KeysOf([]inspect.PolicyRequirement{byKey("p", "k2", "", ""), byKey("q", "k1", "", ""), byKey("r", "k2", "", "")})
	if !slices.Equal(got, []string{"k1", "k2"}) || len(KeysOf(nil)) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestReasonsAreCutAtACharacter(t *testing.T) {
	for n := maxReason - 4; n <= maxReason+4; n++ {
		got := cut(strings.Repeat("a", n) + "é")
		if len(got) > maxReason+len("…") || strings.ContainsRune(got, '\uFFFD') ||
			(n+2 <= maxReason) == strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes and é: %d bytes, ends in %q", n, len(got), got[len(got)-5:])
		}
	}
}

// A better status comes first, whatever the order of what is compared: a strict order of the four.
func TestBetterIsAnOrder(t *testing.T) {
	all := []inspect.Status{inspect.Verified, inspect.Unknown, inspect.Failed, inspect.Absent}
	for i, a := range all {
		for j, b := range all {
			if better(a, b) != (i < j) {
				t.Errorf("better(%s, %s) is %v", a, b, better(a, b))
			}
		}
	}
}

func TestUnitsDoNotDependOnTheOrderOfPlaces(t *testing.T) {
	var places []Place
	for n := range 60 {
		p := Place{
			Namespace: fmt.Sprintf("team-%d", n%7), Pod: fmt.Sprintf("pod-%02d", n), Workload: "pod/a",
			Reference: fmt.Sprintf("reg.example/app:%d", n%4), ImageID: fmt.Sprintf("reg.example/app@sha256:%064d", n%3),
		}
		p.Unit, p.Problem = unitKey(p)
		places = append(places, p)
	}
	want := Units(places)
	if len(want) != 3 {
		t.Fatalf("%d units of 3 digests", len(want))
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
		if got := Units(places); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestUnitKeys(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for name, tt := range map[string]struct{ reference, id, key string }{
		"as containerd reports it":   {"reg.example/web:1", "reg.example/web@" + digest, "reg.example/web@" + digest + " linux/amd64"},
		"as dockershim reported it":  {"reg.example/web:1", "docker-pullable://reg.example/web@" + digest, "reg.example/web@" + digest + " linux/amd64"},
		"pulled from a mirror":       {"reg.example/web:1", "mirror.example/web@" + digest, "reg.example/web@" + digest + " linux/amd64"},
		"built on the node":          {"web:1", "docker://" + digest, "docker.io/library/web:1 config " + digest + " linux/amd64"},
		"not started, by its tag":    {"reg.example/web:1", "", ""},
		"not started, by its digest": {"reg.example/web@" + digest, "", "reg.example/web@" + digest + " linux/amd64"},
		"no reference":               {"REG/UPPER CASE", "reg.example/web@" + digest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			key, problem := unitKey(Place{Reference: tt.reference, ImageID: tt.id, Platform: "linux/amd64"})
			if key != tt.key || (problem == "") != (tt.key != "") {
				t.Errorf("got %q (%s), want %q", key, problem, tt.key)
			}
		})
	}
}
