package alert

import (
	"cmp"
	"path"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// tetragonKinds are the events of Tetragon that name a process: of a line of its JSON one is there.
var tetragonKinds = []string{"exec", "kprobe", "lsm", "tracepoint", "uprobe", "exit"}

// tetragonBody is the event's body with its kind, nil if the line is not Tetragon's.
func tetragonBody(v *fastjson.Value) (kind string, body *fastjson.Value) {
	for _, kind := range tetragonKinds {
		if body := v.Get("process_" + kind); body.GetObject("process") != nil {
			return kind, body
		}
	}
	return "", nil
}

// tetragonAlert reads the event. Tetragon has no priorities, and no rule but a tracing policy.
func tetragonAlert(kind string, body *fastjson.Value, stamp string) Alert {
	p := body.Get("process")
	command := strings.TrimSpace(text(p.Get("binary")) + " " + text(p.Get("arguments")))
	a := Alert{Alert: inspect.Alert{
		Source: SourceTetragon, Rule: tetragonRule(kind, body), Output: cmp.Or(text(body.Get("message")), kind+" "+command),
		ContainerID: BareID(text(p.Get("docker"))), Path: text(p.Get("binary")), // docker: the first 31 digits
	}, Target: tetragonTarget(body)}
	if t, ok := clock(stamp); ok {
		a.Time = inspect.At(t)
	}
	if cwd := text(p.Get("cwd")); a.Path != "" && !path.IsAbs(a.Path) && !strings.HasPrefix(a.Path, "memfd:") && path.IsAbs(cwd) {
		a.Path = path.Join(cwd, a.Path)
	}
	pod := p.Get("pod")
	a.Namespace, a.Pod = text(pod.Get("namespace")), text(pod.Get("name"))
	a.Workload, a.WorkloadKind = text(pod.Get("workload")), text(pod.Get("workload_kind"))
	c := pod.Get("container")
	a.Container, a.ContainerID = text(c.Get("name")), cmp.Or(BareID(text(c.Get("id"))), a.ContainerID) // containerd://HEX
	image := c.Get("image")
	id := text(image.Get("id")) // REPO@sha256:HEX, or sha256:HEX of the config
	a.Image, a.Digest, a.Config = text(image.Get("name")), DigestOf(id), isDigest(id)
	return a
}

// tetragonRule names what the event is of.
func tetragonRule(kind string, body *fastjson.Value) string {
	name := "process_" + kind
	for _, detail := range []string{"policy_name", "function_name"} {
		if s := text(body.Get(detail)); s != "" {
			name += " " + s
		}
	}
	return name
}

// tetragonTarget is the first file or address among the arguments of a call that was watched.
func tetragonTarget(body *fastjson.Value) string {
	for _, arg := range body.GetArray("args") {
		for _, of := range []string{"file_arg", "path_arg"} {
			if s := text(arg.Get(of, "path")); s != "" {
				return s
			}
		}
		if to := text(arg.Get("sock_arg", "daddr")); to != "" {
			return to + ":" + strconv.Itoa(arg.GetInt("sock_arg", "dport"))
		}
	}
	return ""
}
