package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/testdata/stack/env"
)

// A case is exported while the cluster is there, and holds afterwards without it: verified with the responder's own key, told to rest on the
// bag's word without it, and refused after one byte was changed.
func TestExportAndVerify(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	bundle := r.file("evidence")
	result := r.run(exitPassed, "inspect", "pod/"+in.control.Name, "-n", in.namespace, "--offline", "--key", in.signer.Public, "--export", bundle)
	says(t, result.Stdout+result.Stderr, "tagmanifest sha256:")
	for _, name := range []string{"bagit.txt", "manifest-sha256.txt", "tagmanifest-sha512.txt", "data/case.json", "data/events.jsonl", "data/report.html", "data/custody.jsonl", "data/image/index.json"} {
		if _, err := os.Stat(filepath.Join(bundle, name)); err != nil {
			t.Errorf("the bundle has no %s: %v", name, err)
		}
	}

	offline := newResponder(t, env.Nobody) // another person, whose kubeconfig is of no use
	withKey := verifyBundle(offline, exitPassed, bundle, "--key", in.signer.Public)
	if withKey.Fits != "verified" || withKey.Reproduced != "verified" || withKey.Authentic != "absent" {
		t.Errorf("with the key: %+v; want intact and reproduced, signed by nobody", withKey)
	}
	without := verifyBundle(offline, exitIncomplete, bundle)
	if without.Fits != "verified" || without.Status != "unknown" {
		t.Errorf("without the key: %+v; want intact, and unknown since only the bag has the key", without)
	}

	changeByte(t, filepath.Join(bundle, "data/case.json"))
	if changed := verifyBundle(offline, exitFailed, bundle, "--key", in.signer.Public); changed.Fits != "failed" {
		t.Errorf("after one byte was changed: %+v", changed)
	}
}

// The flagged pod's case failed, and its bundle holds all the same. Nothing in it may be run, and nothing has a name that the image chose.
func TestExportFailedCase(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	bundle := r.file("evidence")
	r.run(exitFailed, "inspect", "pod/"+in.shop.Name, "-n", in.namespace, "--offline", "--alerts", in.alerts,
		"--known-good", in.repository+"@"+in.good, "--export", bundle)
	err := filepath.WalkDir(bundle, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		if strings.Contains(path, ".font") {
			t.Errorf("%s has a name from the image", path)
		}
		return nil
	})
	must(t, err)
	verified := newResponder(t, env.Nobody).run(exitPassed, "verify", bundle)
	says(t, verified.Stdout, "fits")
}

func verifyBundle(r *responder, want int, bundle string, args ...string) verificationJSON {
	r.t.Helper()
	var v verificationJSON
	decode(r.t, r.run(want, append([]string{"verify", bundle, "-o", "json"}, args...)...), &v)
	return v
}

func changeByte(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(name)
	must(t, err)
	content[len(content)/2] ^= 1
	must(t, os.WriteFile(name, content, 0o600))
}
