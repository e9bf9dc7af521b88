package binary

import (
	"debug/buildinfo"
	"os"
	"runtime/debug"
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
	if !slices.Contains(f.Codes, inspect.CodeGoModule) || !strings.Contains(strings.Join(f.Detail, "; "),
		"it is built by go1.") {
		t.Errorf("facts %+v", f)
	}
	f = examine(inspect.KindELF, []byte(elfOf(amd64, false, "\xff Go buildinf:")), "amd64")
	if !slices.Contains(f.Detail, "it is built by Go") {
		t.Errorf("broken build information: %+v", f)
	}
}

func TestWhatGoProgramsSayOfTheirMaking(t *testing.T) {
	made := func(version string, settings ...string) *buildinfo.BuildInfo {
		info := &buildinfo.BuildInfo{
			GoVersion: "go1.26.1", Path: "example.org/app/cmd/app",
			Main: debug.Module{Path: "example.org/app", Version: version},
		}
		for i := 0; i < len(settings); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return info
	}
	for want, info := range map[string]*buildinfo.BuildInfo{
		"it is built by go1.26.1 from example.org/app/cmd/app": made("(devel)"),
		"it is built by go1.26.1 from example.org/app/cmd/app v1.2.3, at commit " +
			"0123456789ab": made("v1.2.3", "vcs.revision", "0123456789abcdef",
			"vcs.modified", "false"),
		"it is built by go1.26.1 from example.org/app/cmd/app v1.2.3, at commit 0123456789ab, with changes that " +
			"were not committed": made("v1.2.3", "vcs.revision", "0123456789abcdef", "vcs.modified", "true"),
	} {
		if got := buildWords(info); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
