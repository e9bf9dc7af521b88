package provenance

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// told runs the comparison of two sides and gives the codes of its findings, the sentences of the case, and its error.
func told(before, now side) (codes, sentences []string, err error) {
	err = tell("web", inspect.KnownGood{Reference: "app:1", Digest: digestOf("good")}, before, now,
		func(e inspect.Event) {
			switch f := e.Fact.(type) {
			case inspect.Finding:
				codes = append(codes, f.Code)
			case inspect.Diff:
				sentences = append(append(sentences, f.Signers...), f.Provenance...)
			}
		})
	slices.Sort(codes)
	return codes, sentences, err
}

// withBuild is a side with one statement.
func withBuild(s side, signed bool, change func(*inspect.Provenance)) side {
	row := inspect.Provenance{
		Signed: signed, Builder: "https://ci.example", Source: "git+https://github.com/acme/app",
		Ref: "refs/tags/v1",
	}
	if change != nil {
		change(&row)
	}
	s.provenance = []judged{{row: row, holds: signed}}
	return s
}

// What a store that could not be asked might have is neither gone from the image nor new in it, and the check does not
// end as done. What is certain is told all the same.
func TestStoresThatCouldNotBeAsked(t *testing.T) {
	silent := func(s side) side { s.unasked = []string{"referrers: 503"}; return s }
	const dev, evil = "dev@acme.example", "evil@acme.example"
	for name, tt := range map[string]struct {
		before, now side
		codes       string
		open        bool
	}{
		"unsigned now":                        {signedBy(dev), side{}, "signature-gone", false},
		"unsigned now, as far as is known":    {signedBy(dev), silent(side{}), "", true},
		"signed now":                          {side{}, signedBy(dev), "signature-new", false},
		"unsigned before, as far as is known": {silent(side{}), signedBy(dev), "", true},
		"one more signer":                     {signedBy(dev), signedBy(dev, evil), "signer-added", false},
		"one more, as far as is known":        {silent(signedBy(dev)), signedBy(dev, evil), "", true},
		"another signer":                      {silent(signedBy(dev)), silent(signedBy(evil)), "signer-changed", true},
		"provenance now":                      {side{}, withBuild(side{}, true, nil), "provenance-new", false},
		"none before, as far as is known":     {silent(side{}), withBuild(side{}, true, nil), "", true},
		"no provenance now":                   {withBuild(side{}, true, nil), side{}, "provenance-gone", false},
		"none now, as far as is known":        {withBuild(side{}, true, nil), silent(side{}), "", true},
		"only claims now": {
			withBuild(side{}, true, nil), withBuild(side{}, false, nil),
			"provenance-unsigned", false,
		},
		"only claims, as far as is known": {
			withBuild(side{}, true, nil), silent(withBuild(side{}, false, nil)), "",
			true,
		},
	} {
		codes, sentences, err := told(tt.before, tt.now)
		if strings.Join(codes, " ") != tt.codes || (err != nil) != tt.open {
			t.Errorf("%s: %v, %v, want %s", name, codes, err, tt.codes)
		}
		if len(sentences) != len(codes) {
			t.Errorf("%s: the case has the sentences %q", name, sentences)
		}
	}
}

// Two images that were signed and built in the same way do not differ, whatever order their signatures have.
func TestTheSameImageDoesNotDrift(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const dir = "https://github.com/acme/app/.github/workflows/"
	names := []string{"a@acme.example", "b@acme.example", dir + "x.yml@refs/tags/v1", dir + "y.yml@refs/heads/main", ""}
	for range 200 {
		var list []inspect.Signature
		for range r.IntN(5) {
			list = append(list, inspect.Signature{
				Status: inspect.Verified, Identity: names[r.IntN(len(names))],
				Issuer: issuer, Key: []string{"", "sha256:aa"}[r.IntN(2)],
			})
		}
		again := slices.Clone(list)
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		a, b := withBuild(side{signers: signersOf(list)}, true, nil), withBuild(side{signers: signersOf(again)}, true,
			nil)
		if codes, _, err := told(a, b); len(codes) > 0 || err != nil {
			t.Fatalf("%+v against itself: %v, %v", list, codes, err)
		}
	}
	broken := []inspect.Signature{
		{Status: inspect.Failed, Reason: "invalid-signature", Identity: "a@acme.example"},
		{Status: inspect.Unknown, Reason: "unknown-key"},
	}
	if list := signersOf(broken); len(list) > 0 {
		t.Errorf("signatures that hold for no one are by %v", list)
	}
}

// TestWhereTheSourceMoved compares repositories and refs of two statements.
func TestWhereTheSourceMoved(t *testing.T) {
	for name, tt := range map[string]struct {
		signed, confirmed bool
		from, to          [2]string // source and ref
		code              string
		severity          inspect.Severity
	}{
		"the same": {
			true, false,
			[2]string{"git+https://github.com/acme/app", "r"},
			[2]string{"git+https://github.com/acme/app", "r"},
			"", "",
		},
		"written otherwise": {
			true, false,
			[2]string{"git+https://github.com/acme/app", "r"},
			[2]string{"https://github.com/acme/app", "r"},
			"", "",
		},
		"by ssh": {
			true, false,
			[2]string{"git@github.com:acme/app.git", "r"},
			[2]string{"https://github.com/acme/app", "r"},
			"", "",
		},
		"another of the owner": {true, false, [2]string{"github.com/acme/app", ""}, [2]string{
			"github.com/acme/lib",
			"",
		}, "source-changed", inspect.High},
		"another owner": {true, false, [2]string{"github.com/acme/app", ""}, [2]string{
			"github.com/evil/app",
			"",
		}, "source-foreign", inspect.High},
		"another owner, claimed": {false, false, [2]string{"github.com/acme/app", ""}, [2]string{
			"github.com/evil/app",
			"",
		}, "source-foreign", inspect.Medium},
		"claimed, and confirmed": {false, true, [2]string{"github.com/acme/app", ""}, [2]string{
			"github.com/evil/app",
			"",
		}, "source-foreign", inspect.High},
		"none now": {
			true, false,
			[2]string{"github.com/acme/app", ""},
			[2]string{"", ""},
			"source-changed", inspect.High,
		},
		"none now, claimed": {
			false, false,
			[2]string{"github.com/acme/app", ""},
			[2]string{"", ""},
			"source-changed", inspect.Low,
		},
		"the next tag": {
			true, false,
			[2]string{"s", "refs/tags/v1"},
			[2]string{"s", "refs/tags/v2"},
			"ref-changed", inspect.Info,
		},
		"a branch now": {
			true, false,
			[2]string{"s", "refs/tags/v1"},
			[2]string{"s", "refs/heads/x"},
			"ref-changed", inspect.Medium,
		},
		"a branch now, claimed": {
			false, false,
			[2]string{"s", "refs/tags/v1"},
			[2]string{"s", "refs/heads/x"},
			"ref-changed", inspect.Low,
		},
		"claimed and confirmed": {
			false, true,
			[2]string{"s", "refs/tags/v1"},
			[2]string{"s", "refs/heads/x"},
			"ref-changed", inspect.Medium,
		},
	} {
		b := builds{
			inspect.Provenance{Signed: tt.signed, Source: tt.from[0], Ref: tt.from[1]},
			inspect.Provenance{Signed: tt.signed, Source: tt.to[0], Ref: tt.to[1]},
			"known-good", tt.confirmed,
		}
		list := b.compare()
		if tt.code == "" {
			if len(list) > 0 {
				t.Errorf("%s: %+v", name, list)
			}
			continue
		}
		if len(list) != 1 || list[0].code != tt.code || list[0].severity != tt.severity {
			t.Errorf("%s: %+v, want %s %s", name, list, tt.code, tt.severity)
		}
	}
}

// What is taken over from a statement is bounded: at the bound nothing is left out, and above it a note says so.
func TestMaterialsAndParametersAtTheirBounds(t *testing.T) {
	for n, noted := range map[int]bool{MaxMaterials: false, MaxMaterials + 1: true} {
		var c claims
		c.addMaterials(make([]artifact, n))
		if len(c.materials) != MaxMaterials || (len(c.notes) > 0) != noted {
			t.Errorf("of %d materials %d are taken over, with the notes %q", n, len(c.materials), c.notes)
		}
	}
	for n, noted := range map[int]bool{MaxParameters: false, MaxParameters + 1: true} {
		var c claims
		o := object{}
		for i := range n {
			o[fmt.Sprintf("p%05d", i)] = json.RawMessage(`"x"`)
		}
		c.addParameters(o)
		if len(c.parameters) != MaxParameters || (len(c.notes) > 0) != noted {
			t.Errorf("of %d parameters %d are taken over, with the notes %q", n, len(c.parameters), c.notes)
		}
	}
	var c claims
	c.addParameters(parseObject(json.RawMessage(`{"text":"a","list":[1, 2],"none":null,"empty":{},"blank":"",` +
		`"long":"` + strings.Repeat("ä", MaxParameter) + `"}`)))
	if c.parameters["text"] != "a" || c.parameters["list"] != "[1,2]" || len(c.parameters) != 3 {
		t.Errorf("parameters are %v", c.parameters)
	}
	if long := c.parameters["long"]; len(long) > MaxParameter+len("…") || !strings.HasSuffix(long, "…") {
		t.Errorf("a long parameter has %d bytes", len(long))
	}
	for n, noted := range map[int]int{maxPast: maxPast, maxPast + 1: maxPast} {
		s := side{signatures: make([]inspect.Signature, n), provenance: make([]judged, n)}
		if p := s.past(); len(p.Builds) != noted || p.Unread == nil || len(p.Signers) > noted {
			t.Errorf("of %d statements %d are kept, of %d signatures %d", n, len(p.Builds), n, len(p.Signers))
		}
	}
}

// TestBranchesAndRunsOfWorkflows reads what the variables of a GitHub workflow state of the ref and the run.
func TestBranchesAndRunsOfWorkflows(t *testing.T) {
	for env, want := range map[string]string{
		`{"GITHUB_REF":"refs/heads/main","GITHUB_REF_TYPE":"branch","GITHUB_RUN_ID":"7"}`:                                                     "main||7",
		`{"github_ref":"refs/tags/v1","github_ref_type":"tag","github_run_id":"7","github_run_attempt":"2"}`:                                  "|v1|7-2",
		`{"GITHUB_REF":"refs/tags/v1","GITHUB_REF_TYPE":"tag","GITHUB_BASE_REF":"refs/heads/rel"}`:                                            "rel|v1|",
		`{"GITHUB_REF":"refs/tags/v1","GITHUB_REF_TYPE":"tag","GITHUB_EVENT_NAME":"push","GITHUB_EVENT_PAYLOAD":{"base_ref":"refs/heads/b"}}`: "b|v1|",
		`{"github_ref":"refs/tags/v1","github_ref_type":"tag","github_event_name":"release",` +
			`"github_event_payload":{"release":{"target_commitish":"main"}}}`: "main|v1|",
		`{"GITHUB_REF":"refs/tags/v1","GITHUB_REF_TYPE":"tag","GITHUB_EVENT_NAME":"schedule"}`: "|v1|",
		`{"GITHUB_REF":"refs/pull/1/merge","GITHUB_REF_TYPE":"other"}`:                         "||",
		`{"GITHUB_REF":7,"GITHUB_REF_TYPE":["tag"]}`:                                           "||",
		`[]`: "||",
	} {
		var c claims
		o := parseObject(json.RawMessage(env))
		c.gitHubRef(o)
		if got := c.branch + "|" + c.tag + "|" + gitHubRun(o); got != want {
			t.Errorf("%s: %s, want %s", env, got, want)
		}
	}
}

func TestTheStrongestDigestIsNamed(t *testing.T) {
	for want, digests := range map[string]map[string]string{
		"sha512:c":    {"sha1": "a", "sha256": "b", "sha512": "c"},
		"sha256:b":    {"sha1": "a", "sha256": "b"},
		"gitCommit:d": {"sha1": "a", "gitCommit": "d"},
		"sha1:a":      {"sha1": "a", "md5": "e"},
		"blake3:f":    {"md5": "", "blake3": "f"},
		"":            nil,
	} {
		if got := oneDigest(digests); got != want {
			t.Errorf("%v: %q, want %q", digests, got, want)
		}
	}
	if got := when("yesterday"); !got.IsZero() {
		t.Errorf("a time that cannot be read is %s", got)
	}
}

// Certificates before 2023 name the repository without its host, and a certificate decides between two claims.
func TestCertificatesOfBothKinds(t *testing.T) {
	old := map[string]string{
		"githubWorkflowRepository": "acme/app", "githubWorkflowRef": "refs/heads/main",
		"githubWorkflowSHA": ones,
	}
	for name, tt := range map[string]struct {
		said  source
		ext   map[string]string
		note  string
		where string
	}{
		"no source in the statement": {source{}, old, "the source is the certificate's", "https://github.com/acme/app"},
		"the same": {source{
			repo: "https://github.com/acme/app", ref: "refs/heads/main",
			commit: ones,
		}, old, "", ""},
		"another repository": {
			source{repo: "https://github.com/evil/app"},
			old,
			"the certificate names source https://github.com/acme/app", "",
		},
		"another commit": {
			source{repo: "https://github.com/acme/app", commit: "2"},
			old,
			"the certificate names commit " + ones, "",
		},
		"another ref": {
			source{repo: "https://github.com/acme/app", commit: ones, ref: "refs/heads/x"},
			old, "the certificate names ref refs/heads/main", "",
		},
		"no repository in it": {
			source{repo: "https://github.com/acme/app"},
			nil, "",
			"https://github.com/acme/app",
		},
	} {
		var c claims
		c.addSource(tt.said)
		if m := c.fromCertificate(&inspect.Certificate{Extensions: tt.ext}); m != nil {
			t.Errorf("%s: the builder does not fit: %+v", name, m)
		}
		notes := strings.Join(c.notes, "\n")
		if (notes == "") != (tt.note == "") || !strings.Contains(notes, tt.note) {
			t.Errorf("%s: notes are %q", name, notes)
		}
		if tt.where != "" && c.source().repo != tt.where {
			t.Errorf("%s: the source is %+v", name, c.source())
		}
	}
}

// What was seen before is a record on this machine: one that cannot be read counts as none, and one image is not
// compared with itself.
func TestRecordsOfWhatWasSeen(t *testing.T) {
	s := newScene(t)
	store := s.client.Store()
	if got, err := readSighting(store, "registry.example/app"); got != nil || err != nil {
		t.Errorf("nothing was seen, and there is %+v, %v", got, err)
	}
	want := sight(s.image, withBuild(signedBy("dev@acme.example"), true, nil), time.Date(2026, 3, 1, 0, 0, 0, 0,
		time.UTC))
	if err := keepSighting(store, "registry.example/app", want); err != nil {
		t.Fatal(err)
	}
	got, err := readSighting(store, "registry.example/app")
	if err != nil || got.Digest != want.Digest || len(got.Signers) != 1 || got.Builder != "https://ci.example" {
		t.Errorf("of %+v %+v was read again, %v", want, got, err)
	}
	if codes, _, _ := told(got.side(), withBuild(signedBy("dev@acme.example"), true, nil)); len(codes) > 0 {
		t.Errorf("the record against what it was made of: %v", codes)
	}
	if err := store.PutRecord(recordSeen, "registry.example/app", []byte("{")); err != nil {
		t.Fatal(err)
	}
	if got, err := readSighting(store, "registry.example/app"); got != nil || err != nil {
		t.Errorf("a record that cannot be read is %+v, %v", got, err)
	}
	c := s.run(inspect.Expected{}, Seen(s.client, nil, func() time.Time { return time.Unix(0, 0) }))
	if state, _ := c.Check(inspect.CheckSignerHistory, "web"); state.Status != inspect.CheckSkipped || len(c.Findings) > 0 {
		t.Errorf("an unsigned image that was not seen before: %s %s, %+v", state.Status, state.Reason, c.Findings)
	}
}

// An index with an attestation that is not there, or that is no manifest, leaves the claims open.
func TestBuildKitsClaimsThatCannotBeRead(t *testing.T) {
	s := newScene(t)
	for name, i := range map[string]inspect.Image{
		"no such index": {ImageHead: inspect.ImageHead{
			Location: "oci:" + t.TempDir(), Index: digestOf("i"),
			Digest: digestOf("d"),
		}},
		"no location": {ImageHead: inspect.ImageHead{Location: "::", Index: digestOf("i"), Digest: digestOf("d")}},
	} {
		if list, err := claimed(context.Background(), s.client, i, ofImage, func(inspect.Event) {}); err == nil ||
			len(list) > 0 {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	for _, i := range []inspect.ImageHead{{Digest: digestOf("d")}, {Index: digestOf("i")}} {
		if list, err := claimed(context.Background(), s.client, inspect.Image{ImageHead: i}, ofImage,
			nil); err != nil || list != nil {
			t.Errorf("an image without an index, or of no platform: %v, %v", list, err)
		}
	}
}

func TestHowSignersAreNamed(t *testing.T) {
	for want, s := range map[string]signer{
		"a@x":                  {identity: "a@x", issuer: "i", key: "k"},
		"w@refs/tags/v1":       {identity: "w", ref: "refs/tags/v1"},
		"key sha256:aa":        {key: "sha256:aa"},
		"a key without a name": {},
	} {
		if got := s.String(); got != want {
			t.Errorf("%+v is named %q", s, got)
		}
	}
	if got := names([]signer{{key: "1"}, {key: "2"}}); got != "key 1 and key 2" {
		t.Errorf("two signers are %q", got)
	}
	long := signer{identity: strings.Repeat("ä", 500)}
	if got := long.String(); len(got) > 210 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long name has %d bytes", len(got))
	}
}
