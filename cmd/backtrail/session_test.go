package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// calmImage is an image in which nothing is wrong, as a target.
func calmImage(t testing.TB, more ...layertest.Member) string {
	t.Helper()
	files := append([]layertest.Member{
		layertest.File("etc/os-release", "ID=test\n"),
		layertest.Exe("app", "#!/bin/sh\necho\n"),
	}, more...)
	return layertest.Image(t, v1.Config{Entrypoint: []string{"/app"}}, layertest.Step("COPY . /", files...))
}

// casesIn are the IDs of the cases below a home, oldest first.
func casesIn(t testing.TB, home string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(home, ".local", "share", "backtrail", "cases"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids
}

// fileIn writes a file into a folder of the test and gives its path.
func fileIn(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	layertest.Must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// What a flag names must be readable: a run that would check less than it seems to does not begin, and names the file.
func TestFilesOfFlagsThatCannotBeRead(t *testing.T) {
	home := newHome(t)
	image := calmImage(t)
	missing, broken := filepath.Join(home, "missing"), fileIn(t, "broken", "{ neither JSON nor PEM\n")
	folder := t.TempDir()
	for _, flag := range []string{
		"key", "registry-ca", "thresholds", "vex", "policy", "sign-key", "notation-policy",
		"checkpoint", "trusted-root", "ca-roots",
	} {
		for what, path := range map[string]string{"missing": missing, "broken": broken, "a folder": folder} {
			t.Run(flag+" "+what, func(t *testing.T) {
				o := call(t, "inspect", image, "--offline", "--no-journal", "-o", "json", "--"+flag, path)
				trust := flag == "trusted-root" || flag == "ca-roots" // read by the check of signatures
				if trust {
					o.wants(t, exitIncomplete)
				} else if o.out != "" || o.code != exitUsage && o.code != exitCouldNotRun {
					t.Errorf("exit %d, stdout %.200q", o.code, o.out)
				}
				if !strings.Contains(o.err, filepath.Base(path)) && !strings.Contains(o.err, flag) {
					t.Errorf("neither the file nor the flag is named: %s", o.err)
				}
				if strings.Contains(o.err, "panic") || strings.Count(o.err, "backtrail: ") != 1 {
					t.Errorf("it is not one message: %s", o.err)
				}
			})
		}
	}
	if ids := casesIn(t, home); len(ids) != 6 { // of the two flags of trust
		t.Errorf("cases were begun: %v", ids)
	}
}

// A size of 0, as a pipe or a device has it, does not lift the bound on what is read.
func TestBoundedFiles(t *testing.T) {
	for size, fits := range map[int]bool{0: true, 9: true, 10: true, 11: false, 1000: false} {
		path := fileIn(t, "file", strings.Repeat("x", size))
		b, err := readBounded(path, 10)
		if (err == nil) != fits || fits && len(b) != size {
			t.Errorf("%d bytes: %d were read, %v", size, len(b), err)
		}
		if !fits && !strings.Contains(err.Error(), "is larger than 10 bytes") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		_, err := readBounded("/dev/zero", 1<<10)
		if err == nil || !strings.Contains(err.Error(), "larger than 1024 bytes") {
			t.Errorf("a device without an end: %v", err)
		}
	}
	if _, err := readBounded(t.TempDir(), 10); err == nil {
		t.Error("a folder was read")
	}
}

// The XDG Base Directory Specification: an absolute path counts, a relative one is ignored.
func TestFoldersOfThePerson(t *testing.T) {
	home := newHome(t)
	other := filepath.Join(home, "other")
	for name, c := range map[string]struct {
		value             string
		cache, data, conf string
	}{
		"unset":    {"", home + "/.cache", home + "/.local/share", home + "/.config"},
		"relative": {"some/where", home + "/.cache", home + "/.local/share", home + "/.config"},
		"absolute": {other, other, other, other},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
				t.Setenv(variable, c.value)
			}
			cache, errCache := (&flags{}).cacheDir()
			data, errData := dataDir()
			policies, errPolicies := policyFolder()
			if err := errors.Join(errCache, errData, errPolicies); err != nil {
				t.Fatal(err)
			}
			if cache != c.cache+"/backtrail" || data != c.data+"/backtrail" ||
				policies != c.conf+"/backtrail/policies" {
				t.Errorf("cache %s, data %s, policies %s", cache, data, policies)
			}
			if named, err := (&flags{cache: "here"}).cacheDir(); named != "here" || err != nil {
				t.Errorf("--cache here: %s (%v)", named, err)
			}
		})
	}
}

// Without a home there is nowhere to keep anything: an error with what to set, and nothing in the working directory.
func TestWithoutAHome(t *testing.T) {
	newHome(t)
	image := calmImage(t)
	t.Chdir(t.TempDir())
	t.Setenv("HOME", "")
	call(t, "inspect", image, "--offline").wants(t, exitCouldNotRun, "hint: ")
	call(t, "inspect", image, "--offline", "--cache", t.TempDir()).wants(t, exitCouldNotRun)
	call(t, "cases").wants(t, exitCouldNotRun, "finding the folder for cases", "hint: set XDG_DATA_HOME")
	call(t, "version").wants(t, exitPassed)
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left in the working directory: %v (%v)", left, err)
	}
}

// A folder that is a file, or cannot be written to, ends the run with what to try, before anything is printed.
func TestFoldersThatCannotBeWritten(t *testing.T) {
	home := newHome(t)
	image := calmImage(t)
	taken := fileIn(t, "taken", "x")
	o := call(t, "inspect", image, "--offline", "--cache", taken)
	o.wants(t, exitCouldNotRun, "hint: --cache DIR chooses another place")
	call(t, "cache", "--cache", taken).wants(t, exitCouldNotRun, "hint: --cache DIR")
	t.Setenv("XDG_DATA_HOME", taken)
	for _, form := range []string{"plain", "json", "events"} {
		o = call(t, "inspect", image, "--offline", "--no-journal", "-o", form)
		o.wants(t, exitCouldNotRun, "hint: set XDG_DATA_HOME to a folder that can be written")
		if o.out != "" {
			t.Errorf("%s: a case that is not recorded is printed: %.100s", form, o.out)
		}
	}
	call(t, "cases").wants(t, exitCouldNotRun)
	if ids := casesIn(t, home); len(ids) > 0 {
		t.Errorf("cases %v", ids)
	}
}

// A file of the folder that is always loaded and cannot be read leaves open who should have signed; it never passes.
func TestABrokenPolicyOfTheFolder(t *testing.T) {
	home := newHome(t)
	folder := filepath.Join(home, ".config", "backtrail", "policies")
	layertest.Must(t, os.MkdirAll(folder, 0o700))
	layertest.Must(t, os.WriteFile(filepath.Join(folder, "a.yaml"), []byte("kind: [\n"), 0o600))
	call(t, "inspect", calmImage(t), "--offline", "--no-journal").wants(t, exitIncomplete, "a.yaml")
}
