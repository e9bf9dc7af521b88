package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

func TestRPMImage(t *testing.T) {
	members, headers := fedora(t)
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, step("base", append(members, file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, headers...)))...),
		step("RUN get", exe("usr/bin/ls", program("other")))), nil)
	// The program in the place of a %ghost is nobody's; configuration may differ.
	want := []string{"high /usr/bin/ls x1 altered", "medium /usr/bin/ghost x1 unowned"}
	if got := binaryRows(c.Images[0]); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, a := range c.Images[0].Altered {
		if a.Path == "/etc/bashrc" && (!a.Config || a.Severity != inspect.Low || !strings.HasPrefix(a.Expected, "sha256:")) {
			t.Errorf("configuration: %+v", a)
		}
	}
	if f := c.Images[0].Files; f.Ownership != owner.Known || f.Missing != 1 {
		t.Errorf("files: %+v", f)
	}
}
