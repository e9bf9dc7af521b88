package files

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// The test's own program is a real one of Go's.
func TestGoProgramsAreIdentified(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	data, err := os.ReadFile(self)
	must(t, err)
	f := examine(inspect.KindELF, data[:min(len(data), MaxScanned)], "")
	if !slices.Contains(f.Codes, codeGoModule) || !strings.Contains(strings.Join(f.Detail, "; "), "it is built by go1.") {
		t.Errorf("facts %+v", f)
	}
	f = examine(inspect.KindELF, []byte(elfOf(amd64, false, "\xff Go buildinf:")), "amd64")
	if !slices.Contains(f.Detail, "it is built by Go") {
		t.Errorf("broken build information: %+v", f)
	}
}
