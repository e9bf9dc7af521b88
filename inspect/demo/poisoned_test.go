package demo_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/verdict"
	shop "github.com/backtrail/backtrail/testdata/demo"
)

const (
	startHook = "/usr/local/lib/python3.11/dist-packages/example_metrics_init.pth"
	// what the second incident may add to the program, in bytes: the first one's blobs are not embedded twice
	maxPoisoned = 32 << 10
)

// Everything that cryptography and package managers can check is in order in both releases: only their difference shows
// the file that came in between.
func TestThePoisonedReleaseIsSignedAndAttested(t *testing.T) {
	s := openStory(t, "poisoned")
	for _, version := range []string{"2.3.0", "2.3.1"} {
		c := s.look(t, "registry.shop.example/shop/forecast:"+version)
		i := c.Images[0]
		if i.Status != inspect.Verified || len(i.Signatures) != 2 || len(i.Provenance) != 2 {
			t.Fatalf("%s: %s, %d signatures, %d statements", version, i.Status, len(i.Signatures), len(i.Provenance))
		}
		for _, sig := range i.Signatures {
			if sig.Status != inspect.Verified || !strings.HasSuffix(sig.Identity, "/release.yml@refs/tags/v"+version) {
				t.Errorf("%s: signature %s by %s: %s", version, sig.Status, sig.Identity, sig.Reason)
			}
		}
		if len(i.Altered)+len(i.Missing) > 0 || i.Files.Ownership != "known" {
			t.Errorf("%s: altered %v, missing %v, ownership %s", version, i.Altered, i.Missing, i.Files.Ownership)
		}
		if status := verdict.Of(c).Status; status != inspect.CasePassed {
			t.Errorf("%s without what starts by itself: %s, %v", version, status, c.Findings)
		}
	}
}

// The pod runs the newer release; the previous revision ran the older one, and one package changed in between.
func TestThePoisonedPodRunsAChangedDependency(t *testing.T) {
	s := openStory(t, "poisoned")
	c := s.walk(t, s.Pod)
	if len(c.Alerts) != 2 || c.Alerts[0].Subject != "forecast" {
		t.Errorf("alerts: %+v", c.Alerts)
	}
	i, ok := c.Image("forecast")
	if !ok || i.Diff == nil || i.Diff.KnownGood == nil || i.Diff.Packages == nil {
		t.Fatalf("it is not compared: %+v", i.Diff)
	}
	if p := i.Diff.Packages; len(p.Changed) != 1 || p.Changed[0].Name != "example-metrics" ||
		p.Changed[0].From != "4.2.0" || p.Changed[0].To != "4.2.1" || len(p.Added)+len(p.Removed) > 0 {
		t.Errorf("packages: %+v", p)
	}
	for _, r := range referencesIn(s.Snapshot) {
		if part, bad := s.resolve(t, r).Problem(); bad {
			t.Errorf("%s: %s", r, part.Detail)
		}
	}
}

// The RECORD of the package lists the file with the digest that it has, and what the file decodes is comments: whoever
// runs it sees nothing happen.
func TestTheStartHookIsRecordedAndHarmless(t *testing.T) {
	hook, record := shop.StartHook()
	sum := sha256.Sum256(hook)
	want := strings.TrimPrefix(startHook, "/usr/local/lib/python3.11/dist-packages/") + ",sha256=" +
		base64.RawURLEncoding.EncodeToString(sum[:])
	if !bytes.Contains(record, []byte(want)) {
		t.Errorf("RECORD lacks %s:\n%s", want, record)
	}
	_, encoded, _ := strings.Cut(string(hook), "b64decode('")
	encoded, _, _ = strings.Cut(encoded, "'")
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(decoded) == 0 {
		t.Fatalf("it decodes %q: %v", encoded, err)
	}
	for line := range strings.Lines(string(decoded)) {
		if !strings.HasPrefix(line, "#") {
			t.Errorf("it is code: %s", line)
		}
	}
}

// The second incident costs little: it has the blobs of the first and is smaller than that.
func TestTheSecondIncidentIsSmall(t *testing.T) {
	for _, name := range []string{"poisoned.tar.zst"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > maxPoisoned {
			t.Errorf("%s: %v bytes, at most %d: %v", name, info.Size(), maxPoisoned, err)
		}
	}
	if _, ok := demo.Named("nothing"); ok {
		t.Error("there is an incident of any name")
	}
	if all := demo.Stories(); len(all) != 2 || all[0].Name != "" || all[1].Name != "poisoned" {
		t.Errorf("stories: %+v", all)
	}
}
