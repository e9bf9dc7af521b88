package alert

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Without the image no flag but that of memory says where a file is from.
func TestLocated(t *testing.T) {
	upper, lower, memfd := []string{inspect.FlagUpper}, []string{inspect.FlagLower}, []string{inspect.FlagMemfd}
	for _, tt := range []struct {
		name           string
		alert          inspect.Alert
		origin, detail string
	}{
		{"upper layer", inspect.Alert{Path: "/x", Flags: upper}, inspect.OriginUnknown, "writable layer"},
		{"lower layer", inspect.Alert{Path: "/x", Flags: lower}, inspect.OriginUnknown, "the image's own file"},
		{"no flags", inspect.Alert{Path: "/x"}, inspect.OriginUnknown, "does not show from which layer"},
		{
			"both flags",
			inspect.Alert{Path: "/x", Flags: []string{inspect.FlagUpper, inspect.FlagLower}},
			inspect.OriginUnknown, "contradict",
		},
		{"memory, by the flag", inspect.Alert{Path: "/x", Flags: memfd}, inspect.OriginMemfd, "from memory"},
		{"memory, by the path", inspect.Alert{Path: "memfd:x"}, inspect.OriginMemfd, "from memory"},
		{
			"the node",
			inspect.Alert{Path: "/x", ContainerID: inspect.HostID, Flags: lower},
			inspect.OriginHost,
			"on the node",
		},
		{"no path", inspect.Alert{Flags: upper}, inspect.OriginUnknown, "names no file"},
	} {
		got := located(&tt.alert)
		if got.Origin != tt.origin || !strings.Contains(got.Detail, tt.detail) || got.Layer != -1 ||
			got.Path != tt.alert.Path {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}
