package journal

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// writerPath is the variable by which this test program is told to write into a journal until it is killed.
const writerPath = "JOURNAL_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerPath); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled stores images one after the other, and prints a line after each.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	j, err := Open(ctx, path)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		i := image("a")
		i.Digest = numbered(n)
		for p := range 100 {
			i.Packages = append(i.Packages, inspect.Package{Type: "deb", Name: fmt.Sprintf("p%d-%d", n, p), Version: "1"})
		}
		if err := j.PutImage(ctx, Full, i, someFiles...); err != nil {
			return err
		}
		if err := j.See(ctx, []Sighting{saw("shop/web:1", i.Digest, noon)}); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func numbered(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// A process that is killed loses only the change that it was making: what it reported is there, and each image is there
// as a whole or not at all.
func TestKillingAWriterLosesNothing(t *testing.T) {
	path := Path(t.TempDir())
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), writerPath+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last, lines := -1, bufio.NewScanner(out)
		for lines.Scan() {
			if last++; last == 4+round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		j, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if j.Notice() != "" {
			t.Errorf("opened with the notice %q", j.Notice())
		}
		if problems, err := j.Check(t.Context()); err != nil || len(problems) > 0 {
			t.Errorf("%v, %v", problems, err)
		}
		for n := range last + 1 {
			i, err := j.Image(t.Context(), numbered(n), Full)
			if err != nil || len(i.Packages) != 102 {
				t.Errorf("image %d of %d: %d packages, %v", n, last, len(i.Packages), err)
			}
			found, err := j.Lookup().PackagesNamed(t.Context(), fmt.Sprintf("p%d-99", n))
			if err != nil || len(found) != 1 {
				t.Errorf("the last package of image %d: %v, %v", n, found, err)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Several processes and goroutines write at once; each waits for the others.
func TestSeveralWriteAtOnce(t *testing.T) {
	path := Path(t.TempDir())
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			j, err := Open(t.Context(), path) // a connection of its own, as another process has
			if err != nil {
				t.Error(err)
				return
			}
			defer j.Close()
			for n := range 10 {
				s := saw("shop/web:1", numbered(n*4+w), noon.Add(time.Duration(n)*time.Hour))
				if err := j.See(t.Context(), []Sighting{s}); err != nil {
					t.Error(err)
				}
				i := image("a")
				i.Digest = numbered(n)
				if err := j.PutImage(t.Context(), Packages, i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	j, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if c, err := j.Count(t.Context()); err != nil || c.Sightings != 40 || c.Images != 10 || c.Packages != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestUpstreamNamesOfPackages(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:deb/debian/liblzma5@5.6.1?arch=amd64&upstream=xz-utils":                 "xz-utils",
		"pkg:deb/debian/libc6@2?upstream=glibc%402.36":                               "glibc",
		"pkg:rpm/fedora/xz-libs@5.4.1-1?upstream=xz-5.4.1-1.fc38.src.rpm&arch=arm64": "xz",
		"pkg:npm/left-pad@1.0.0":                                                     "",
		"pkg:x?%zz":                                                                  "",
	} {
		if got := upstreamOf(purl); got != want {
			t.Errorf("%s: got %q, want %q", purl, got, want)
		}
	}
	if got := spelling("Zope.Interface_X"); got != "zope-interface-x" || strings.Contains(baseOf("github.com/a/B.c"), "/") {
		t.Errorf("got %q", got)
	}
}
