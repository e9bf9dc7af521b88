package alert

import (
	"cmp"
	"path"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// tetragonKinds are the events of Tetragon that name a process. A line has one of them.
var tetragonKinds = []string{"exec", "kprobe", "lsm", "tracepoint", "uprobe", "exit"}

// tetragonBody returns the event's body with its kind, nil if the line is not Tetragon's.
func tetragonBody(v *fastjson.Value) (kind string, body *fastjson.Value) {
	for _, kind := range tetragonKinds {
		if body := v.Get("process_" + kind); body.GetObject("process") != nil {
			return kind, body
		}
	}
	return "", nil
}

// isTetragon reports an event of Tetragon that names a process.
func isTetragon(v *fastjson.Value) bool {
	_, body := tetragonBody(v)
	return body != nil
}

// tetragonAlert reads the event. Tetragon has no priorities, and no rule but a tracing policy.
func tetragonAlert(v *fastjson.Value, _ moment) (Alert, error) {
	kind, body := tetragonBody(v)
	p := body.Get("process")
	command := strings.TrimSpace(textAt(p, "binary") + " " + textAt(p, "arguments"))
	a := Alert{Alert: inspect.Alert{
		Source: SourceTetragon, Rule: tetragonRule(kind, body),
		Output:      cmp.Or(textAt(body, "message"), kind+" "+command),
		ContainerID: BareID(textAt(p, "docker")), Path: textAt(p, "binary"), // docker: the first 31 digits
	}, Target: tetragonTarget(body), Node: textAt(v, "node_name")}
	a.CommandLine, a.Directory, a.Parent = command, textAt(p, "cwd"), textAt(body, "parent", "binary")
	if t, ok := clock(textAt(v, "time")); ok {
		a.Time = inspect.At(t)
	}
	if cwd := textAt(p, "cwd"); a.Path != "" && !path.IsAbs(a.Path) && !strings.HasPrefix(a.Path, "memfd:") &&
		path.IsAbs(cwd) {
		a.Path = path.Join(cwd, a.Path)
	}
	pod := p.Get("pod")
	a.Namespace, a.Pod, a.PodUID = textAt(pod, "namespace"), textAt(pod, "name"), textAt(pod, "uid")
	a.Workload, a.WorkloadKind = textAt(pod, "workload"), textAt(pod, "workload_kind")
	c := pod.Get("container")
	a.Container, a.ContainerID = textAt(c, "name"), cmp.Or(BareID(textAt(c, "id")), a.ContainerID) // containerd://HEX
	// REPO@sha256:HEX, or sha256:HEX of the config
	id := textAt(c, "image", "id")
	a.Image, a.Digest, a.Config = textAt(c, "image", "name"), DigestOf(id), isDigest(id)
	a.tetragonArgs(body)
	return a, nil
}

// tetragonArgs reads the connection, and the hash that the kernel's IMA measured (process_lsm with
// imaHash): it is that of the file of the hook, which for bprm_check_security is the program that
// is about to run.
func (a *Alert) tetragonArgs(body *fastjson.Value) {
	for _, arg := range body.GetArray("args") {
		if sock := arg.Get("sock_arg"); textAt(sock, "daddr") != "" {
			a.connect(
				endpoint{textAt(sock, "saddr"), textAt(sock, "sport"), ""},
				endpoint{textAt(sock, "daddr"), textAt(sock, "dport"), ""},
			)
			break
		}
	}
	digest := hashOfFile("", textAt(body, "ima_hash"))
	if digest == "" {
		return
	}
	a.FileDigest = digest
	for _, arg := range body.GetArray("args") {
		for _, of := range []string{"linux_binprm_arg", "file_arg", "path_arg"} {
			if name := textAt(arg, of, "path"); path.IsAbs(name) {
				a.Path = name
				return
			}
		}
	}
}

// tetragonRule returns the policy and the function of an event.
func tetragonRule(kind string, body *fastjson.Value) string {
	name := "process_" + kind
	for _, detail := range []string{"policy_name", "function_name"} {
		if s := textAt(body, detail); s != "" {
			name += " " + s
		}
	}
	return name
}

// tetragonTarget returns the first file or address among the arguments of a call.
func tetragonTarget(body *fastjson.Value) string {
	for _, arg := range body.GetArray("args") {
		for _, of := range []string{"file_arg", "path_arg"} {
			if s := textAt(arg, of, "path"); s != "" {
				return s
			}
		}
		if to := textAt(arg, "sock_arg", "daddr"); to != "" {
			return to + ":" + strconv.Itoa(arg.GetInt("sock_arg", "dport"))
		}
	}
	return ""
}
