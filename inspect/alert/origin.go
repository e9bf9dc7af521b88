package alert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Flags of evt.arg.flags that say where the kernel found the program: in the upper, writable
// layer of the container's overlay, in a lower one, which is the image's, or in memory.
const (
	FlagUpper = "EXE_UPPER_LAYER"
	FlagLower = "EXE_LOWER_LAYER"
	FlagMemfd = "EXE_FROM_MEMFD"
)

// Presence says what is known of the alerted path in the image of the container.
type Presence int

// The cases of Locate. NotKnown is that of a container that was not found or whose files could
// not be read.
const (
	NotKnown Presence = iota
	InImage
	NotInImage
	OnVolume // a mount of the pod covers the path
)

// Locate says where the file that the alert names comes from, as far as its flags and the image
// tell. Layer and SHA256 are for the caller, who knows the file tree. Absent flags are no
// proof: then the origin is unknown, whatever the image holds.
func Locate(a inspect.Alert, presence Presence) inspect.AlertFile {
	f := inspect.AlertFile{Path: a.Path, Origin: inspect.OriginUnknown, Layer: -1}
	has := func(flag string) bool { return slices.Contains(a.Flags, flag) }
	switch {
	case a.ContainerID == hostID:
		f.Origin, f.Detail = inspect.OriginHost, "the process ran on the node, outside of all containers"
	case strings.HasPrefix(a.Path, "memfd:") || has(FlagMemfd):
		f.Origin, f.Detail = inspect.OriginMemfd, "the program ran from memory: it was never a file, and we do not have its bytes"
	case a.Path == "":
		f.Detail = "the alert names no file"
	case presence == OnVolume:
		f.Origin, f.Detail = inspect.OriginVolume, fmt.Sprintf("%s is on a mounted volume, not in the image", a.Path)
	case has(FlagUpper) && has(FlagLower):
		f.Detail = "the alert's flags contradict each other"
	case has(FlagUpper):
		locateUpper(&f, presence)
	case has(FlagLower):
		locateLower(&f, presence)
	default:
		f.Detail = fmt.Sprintf("the alert does not say from which layer %s ran", a.Path)
	}
	return f
}

func locateUpper(f *inspect.AlertFile, presence Presence) {
	switch presence {
	case NotInImage:
		f.Origin, f.Detail = inspect.OriginRuntime, fmt.Sprintf("%s was written at run time: it is not in the image, and we do not have its bytes", f.Path)
	case InImage:
		f.Origin = inspect.OriginChanged
		f.Detail = fmt.Sprintf("a copy of %s in the container's writable layer ran; the image's file does not prove what ran", f.Path)
	default:
		f.Detail = fmt.Sprintf("%s ran from the container's writable layer; whether the image has it too is not known", f.Path)
	}
}

func locateLower(f *inspect.AlertFile, presence Presence) {
	switch presence {
	case InImage:
		f.Origin, f.Detail = inspect.OriginImage, fmt.Sprintf("%s is the image's own file", f.Path)
	case NotInImage:
		f.Detail = fmt.Sprintf("the alert says that %s is the image's own file, but it is not in this image", f.Path)
	default:
		f.Detail = fmt.Sprintf("the alert says that %s is the image's own file; the image's files are not known", f.Path)
	}
}
