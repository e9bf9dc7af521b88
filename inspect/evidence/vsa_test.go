package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// judged is a case of one image with a policy's verdict, in which nothing is left open.
func judged(gate inspect.GateStatus) inspect.Case {
	var c inspect.Case
	digest := bagit.Digest([]byte("manifest"))
	for n, e := range []inspect.Event{
		{Fact: inspect.Header{Schema: inspect.Schema, Tool: inspect.Tool{Name: "backtrail", Version: "0.1.0"}, Started: began, Target: inspect.Target{Kind: inspect.TargetImage, Name: "registry.example/web:1"}}},
		{Fact: inspect.Trust{Kind: trustPolicy, Origin: inspect.TrustFile, Name: "release.yaml", Digest: bagit.Digest([]byte("policy"))}},
		{Check: "subject", Container: "image", Fact: inspect.ImageHead{Container: "image", Reference: "registry.example/web:1", Digest: digest, Config: digest, Status: inspect.Verified}},
		{Check: "signatures", Container: "image", Fact: inspect.Gate{Name: inspect.GatePolicy + "release", Kind: inspect.GateKindImagePolicy, Status: gate, Asked: true}},
		{Check: "signatures", Container: "image", Fact: inspect.Begin{}},
		{Check: "signatures", Container: "image", Fact: inspect.End{Status: inspect.CheckDone}},
		{Fact: inspect.End{Status: inspect.CheckDone}},
	} {
		e.Seq, e.Time = uint64(n+1), began
		c.Apply(e)
	}
	return c
}

func TestSummariesOnlyWhereTheyAreCertain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		gate   inspect.GateStatus
		change func(c *inspect.Case)
		want   string
	}{
		{"the policy is met", inspect.GatePassed, nil, "PASSED"},
		{"it is not met", inspect.GateRefused, nil, "FAILED"},
		{"nobody signed", inspect.GateAbsent, nil, "FAILED"},
		{"it could not be checked", inspect.GateUnknown, nil, ""},
		{"an alert matches", inspect.GatePassed, func(c *inspect.Case) {
			c.Alerts = []inspect.Alert{{Match: inspect.MatchPod, File: inspect.AlertFile{Origin: inspect.OriginImage}}}
		}, ""},
		{"a failed case passes nothing", inspect.GatePassed, func(c *inspect.Case) {
			c.Findings = []inspect.Finding{{Status: inspect.RowFailed, Severity: inspect.High}}
		}, ""},
		{"a check did not end", inspect.GateRefused, func(c *inspect.Case) { c.Checks[0].Status = inspect.CheckBlocked }, ""},
		{"the case is partial", inspect.GateRefused, func(c *inspect.Case) { c.End = nil }, ""},
		{"no policy", inspect.GatePassed, func(c *inspect.Case) { c.Images[0].Gates = nil }, ""},
		{"the bytes do not hold", inspect.GateRefused, func(c *inspect.Case) { c.Images[0].Status = inspect.Failed }, ""},
	} {
		c := judged(tt.gate)
		if tt.change != nil {
			tt.change(&c)
		}
		got := ""
		for name, s := range summaries(c) {
			got += s.Predicate.VerificationResult
			if name != "data/vsa/image-release.json" || s.Predicate.Policy.Digest["sha256"] != bagit.HexOf(bagit.Digest([]byte("policy"))) ||
				s.Subject[0].Digest["sha256"] != bagit.HexOf(bagit.Digest([]byte("manifest"))) {
				t.Errorf("%s: %s %+v", tt.name, name, s)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestSummaryThatDoesNotFollow(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	bag, err := OpenBag(t.Context(), r.Path, "")
	must(t, err)
	defer bag.Close()
	if len(bag.files.Below(vsaFolder)) != 0 {
		t.Error("a summary of an image that an alert names")
	}
	forged, err := json.Marshal(summaryOf(judged(inspect.GatePassed), judged(inspect.GatePassed).Images[0], "release", "PASSED"))
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(r.Path, vsaFolder), 0o700))
	must(t, os.WriteFile(filepath.Join(r.Path, vsaFolder, "image-release.json"), forged, 0o600))
	old := fmt.Sprintf("%s: %d.%d", infoOxum, r.Bytes, r.Files)
	grown := fmt.Sprintf("%s: %d.%d", infoOxum, r.Bytes+int64(len(forged)), r.Files+1)
	info := filepath.Join(r.Path, bagit.InfoFile)
	must(t, os.WriteFile(info, bytes.Replace(read(t, info), []byte(old), []byte(grown), 1), 0o600))
	reseal(t, r.Path)
	if v := verify(t, r.Path, trusting()); v.Status != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), "does not follow from the case") {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}
