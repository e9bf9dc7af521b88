package evidence

import (
	"crypto/elliptic"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// commands are the lines of README.txt that a person would run.
func commands(t *testing.T, bag string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(string(read(t, filepath.Join(bag, readmeFile)))) {
		if command, is := strings.CutPrefix(line, "    "); is {
			list = append(list, strings.TrimSpace(command))
		}
	}
	return list
}

func TestTheLinesOfTheReadmeRun(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	run := 0
	for _, line := range commands(t, r.Path) {
		tool, _, _ := strings.Cut(line, " ")
		if tool != "sha256sum" && tool != "sha512sum" && tool != "head" {
			continue
		}
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = r.Path
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
		if strings.Contains(line, "sha256sum tagmanifest") && !strings.Contains(r.TagManifest, strings.Fields(string(out))[0]) {
			t.Errorf("%s gave %s, the export printed %s", line, out, r.TagManifest)
		}
		run++
	}
	if run < 5 {
		t.Errorf("%d lines ran", run)
	}
}

func TestTheReadmeNamesWhatIsInTheBag(t *testing.T) {
	in := newIncident(t)
	unsigned := string(read(t, filepath.Join(in.export(t, "bundle", options).Path, readmeFile)))
	for _, want := range []string{"pod/web-7d9f", "status failed", bagit.HexOf(in.image.Digest), "data/redactions.jsonl", "backtrail 0.1.0"} {
		if !strings.Contains(unsigned, want) {
			t.Errorf("no %q in %s", want, unsigned)
		}
	}
	if strings.Contains(unsigned, "cosign") {
		t.Error("an unsigned bag explains its signature")
	}
	sign, _ := signerOf(t, ecdsaKey(t, elliptic.P256()))
	o := options
	o.Sign = sign
	if signed := string(read(t, filepath.Join(in.export(t, "signed", o).Path, readmeFile))); !strings.Contains(signed, "cosign verify-blob-attestation --key KEY.pub --type "+bagPredicate) {
		t.Error(signed)
	}
}
