package evidence

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

func openBag(t *testing.T, path string) *Bag {
	t.Helper()
	bag, err := OpenBag(t.Context(), path, "")
	must(t, err)
	t.Cleanup(func() { _ = bag.Close() })
	return bag
}

func TestABundleThatDoesNotFitNamesWhy(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	if reason, err := Unfit(t.Context(), openBag(t, r.Path)); reason != "" || err != nil {
		t.Errorf("an untouched bundle: %q %v", reason, err)
	}
	must(t, os.WriteFile(filepath.Join(r.Path, "data/report.md"), []byte("all is well"), 0o600))
	must(t, os.Remove(filepath.Join(r.Path, "data/sbom/diff.json")))
	reason, err := Unfit(t.Context(), openBag(t, r.Path))
	if err != nil || !strings.Contains(reason, "data/") || !strings.Contains(reason, "more)") {
		t.Errorf("%q %v", reason, err)
	}
}

// TestTamperingIsNotLostByExportingAgain follows a case through a bundle that was changed, and two exports of it.
func TestTamperingIsNotLostByExportingAgain(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	must(t, os.WriteFile(filepath.Join(r.Path, "data/report.md"), []byte("all is well"), 0o600))
	from := r.Path
	for range 2 {
		bag := openBag(t, from)
		reason, err := Unfit(t.Context(), bag)
		must(t, err)
		if reason == "" {
			t.Fatalf("%s fits", from)
		}
		o := options
		o.Parent = ParentOf(bag, reason)
		to := filepath.Join(t.TempDir(), "again")
		_, err = Export(t.Context(), bag.Events, bag, to, o)
		must(t, err)
		v := verify(t, to, trusting())
		if v.Status != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), "was not intact") {
			t.Errorf("%s: %v", v.Status, failures(v))
		}
		from = to
	}
}

func TestAnIntactParentIsNamed(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	bag := openBag(t, r.Path)
	o := options
	o.Parent, o.Access = ParentOf(bag, ""), "sha256:abc"
	to := filepath.Join(t.TempDir(), "again")
	_, err := Export(t.Context(), bag.Events, bag, to, o)
	must(t, err)
	info := string(read(t, filepath.Join(to, bagit.InfoFile)))
	if !strings.Contains(info, "Backtrail-Parent: "+r.TagManifest+" fits\n") || !strings.Contains(info, "Backtrail-Access: sha256:abc\n") {
		t.Error(info)
	}
	if v := verify(t, to, trusting()); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

// A folder that is no bag is called that first, and its files are no claims that failed.
func TestAFolderThatIsNoBag(t *testing.T) {
	dir := t.TempDir()
	for name := range strings.FieldsSeq("a b c") {
		if err := os.Symlink("/nowhere", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	v := verify(t, dir, VerifyOptions{})
	if v.Status != inspect.Failed || v.Fits != inspect.Failed || len(v.Checks) < 4 {
		t.Fatalf("%+v", v)
	}
	if first := v.Checks[0]; !strings.Contains(first.Detail, "this is no bag") {
		t.Errorf("the first defect is %+v", first)
	}
	if v.Claims.Failed != 0 {
		t.Errorf("%d claims failed, and there is none", v.Claims.Failed)
	}
}
