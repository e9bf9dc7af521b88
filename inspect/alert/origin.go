package alert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// located returns where the file that the alert names is from, as far as the alert alone shows. The
// check of the binaries repeats it once it has the image: until then no flag proves anything
// about a layer.
func located(a *inspect.Alert) inspect.AlertFile {
	f := inspect.AlertFile{Path: a.Path, Origin: inspect.OriginUnknown, Layer: -1}
	upper, lower := slices.Contains(a.Flags, inspect.FlagUpper), slices.Contains(a.Flags, inspect.FlagLower)
	switch {
	case a.ContainerID == inspect.HostID:
		f.Origin, f.Detail = inspect.OriginHost, "the process ran on the node, outside of all containers"
	case strings.HasPrefix(a.Path, "memfd:") || slices.Contains(a.Flags, inspect.FlagMemfd):
		f.Origin = inspect.OriginMemfd
		f.Detail = "the program ran from memory: it was never a file, and its bytes are not available"
	case a.Path == "":
		f.Detail = "the alert names no file"
	case upper && lower:
		f.Detail = "the alert's flags contradict each other"
	case upper:
		f.Detail = fmt.Sprintf(
			"%s ran from the container's writable layer; whether the image has it too is not known", a.Path,
		)
	case lower:
		f.Detail = fmt.Sprintf(
			"by the alert's flags %s is the image's own file; the image's files are not known", a.Path,
		)
	default:
		f.Detail = fmt.Sprintf("the alert does not show from which layer %s ran", a.Path)
	}
	return f
}
