package respond

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// The first versions that can checkpoint a container: of the runtime, and of the kubelet whose API does it without a
// feature gate (kubernetes.io/docs/reference/node/kubelet-checkpoint-api: beta, on by default).
var (
	containerdCheckpoints = [2]int{2, 0}
	crioCheckpoints       = [2]int{1, 25}
	kubeletCheckpoints    = [2]int{1, 30}
)

// checkpoints reports whether a node can copy the run-time state of a container: verified, it can; absent, it cannot;
// unknown, it could not be read. runtime is as nodeInfo gives it: containerd://2.1.0. The reason is the second value.
// That CRIU is on the node as well is known from no API.
func checkpoints(runtime, kubelet string) (inspect.Status, string) {
	name, version, _ := strings.Cut(runtime, "://")
	var first [2]int
	switch name {
	case "":
		return inspect.Unknown, "whether the node's runtime can is not known (containerd 2.0, CRI-O 1.25 and later can)"
	case "containerd":
		first = containerdCheckpoints
	case "cri-o":
		first = crioCheckpoints
	default:
		return inspect.Absent, "the node's runtime " + name + " " + version + " cannot"
	}
	have, ok := version2(version)
	switch {
	case !ok:
		return inspect.Unknown, fmt.Sprintf("whether the node's runtime %s can is not known", runtime)
	case less(have, first):
		return inspect.Absent, fmt.Sprintf("the node's runtime cannot: %s %s, and %d.%d is needed", name, version,
			first[0], first[1])
	}
	text := fmt.Sprintf("the node's runtime can, %s %s, if CRIU is there and allowed", name, version)
	if k, ok := version2(strings.TrimPrefix(kubelet, "v")); ok && less(k, kubeletCheckpoints) {
		text += "; its kubelet " + kubelet + " needs the feature gate ContainerCheckpoint"
	}
	return inspect.Verified, text
}

// version2 reads major and minor of a version: 2.1.0, v1.33.1-eks-1, 1.7.27~ds1. ok is false for anything else, and
// what a node may do is then not known.
func version2(s string) (v [2]int, ok bool) {
	major, rest, _ := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	var errs [2]error
	v[0], errs[0] = strconv.Atoi(major)
	v[1], errs[1] = strconv.Atoi(minor)
	return v, errs[0] == nil && errs[1] == nil
}

func less(a, b [2]int) bool { return a[0] < b[0] || a[0] == b[0] && a[1] < b[1] }
