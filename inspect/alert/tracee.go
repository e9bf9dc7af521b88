package alert

import (
	"cmp"
	"path"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// Tracee writes events in three forms: its own since version 0.7, the one of the rules of
// tracee-rules around it (Context and SigMetadata), and that of its protobuf API since 0.24
// (workload and threat).

// isTracee reports an event of Tracee in any of its forms.
func isTracee(v *fastjson.Value) bool {
	return v.Exists("eventName") && v.Exists("processId") ||
		v.Exists("SigMetadata") && v.Exists("Context") ||
		v.Exists("workload", "process") && v.Exists("name")
}

// traceePriorities are the priorities of Tracee's severities.
var traceePriorities = map[string]string{
	"0": "Informational", "1": "Notice", "2": "Warning", "3": "Error", "4": "Critical",
	"INFO": "Informational", "LOW": "Notice", "MEDIUM": "Warning", "HIGH": "Error", "CRITICAL": "Critical",
}

// traceeAlert reads an event that a signature made, or that a policy of the user's matched; others
// are not alerts.
func traceeAlert(v *fastjson.Value, _ moment) (Alert, error) {
	if v.Exists("workload") {
		return traceeWorkload(v)
	}
	signature := v.Get("metadata", "Properties")
	rule := textAt(signature, "signatureName")
	if outer := v.Get("SigMetadata"); outer != nil {
		rule, signature, v = textAt(outer, "Name"), outer.Get("Properties"), v.Get("Context")
	}
	rule = cmp.Or(rule, ownPolicy(v.GetArray("matchedPolicies")))
	if rule == "" {
		return Alert{}, errOther
	}
	event := textAt(v, "eventName")
	a := Alert{Alert: inspect.Alert{
		Source: SourceTracee, Rule: rule, Priority: traceePriorities[textAt(signature, "Severity")],
		Output:    strings.TrimSpace(event + " " + cmp.Or(textAt(v, "executable", "path"), textAt(v, "processName"))),
		Namespace: textAt(v, "kubernetes", "podNamespace"), Pod: textAt(v, "kubernetes", "podName"),
		Container: "", ContainerID: BareID(cmp.Or(textAt(v, "container", "id"), textAt(v, "containerId"))),
		Path: textAt(v, "executable", "path"),
	}, PodUID: textAt(v, "kubernetes", "podUID"), Digest: DigestOf(textAt(v, "container", "imageDigest"))}
	a.Image = textAt(v, "container", "image")
	if t, ok := instant(textAt(v, "timestamp")); ok {
		a.Time = inspect.At(t)
	}
	a.traceeArgs(v.GetArray("args"), "value")
	return a, nil
}

// ownPolicy returns the first policy that is not the one of Tracee that matches everything.
func ownPolicy(matched []*fastjson.Value) string {
	for _, p := range matched {
		if name := text(p); name != "" && name != "default-policy" {
			return name
		}
	}
	return ""
}

// traceeWorkload reads an event in the form of the protobuf API.
func traceeWorkload(v *fastjson.Value) (Alert, error) {
	rule := cmp.Or(textAt(v, "threat", "name"), ownPolicy(v.GetArray("policies", "matched")))
	if rule == "" && v.Exists("threat") {
		rule = textAt(v, "name")
	}
	if rule == "" {
		return Alert{}, errOther
	}
	c, k8s := v.Get("workload", "container"), v.Get("workload", "k8s")
	program := textAt(v, "workload", "process", "executable", "path")
	a := Alert{Alert: inspect.Alert{
		Source: SourceTracee, Rule: rule, Priority: traceePriorities[strings.ToUpper(textAt(v, "threat", "severity"))],
		Output:    strings.TrimSpace(textAt(v, "name") + " " + program),
		Namespace: textAt(k8s, "namespace", "name"), Pod: textAt(k8s, "pod", "name"),
		ContainerID: BareID(textAt(c, "id")), Image: textAt(c, "image", "name"), Path: program,
	}, PodUID: textAt(k8s, "pod", "uid")}
	for _, digest := range c.GetArray("image", "repoDigests") {
		a.Digest = cmp.Or(a.Digest, DigestOf(text(digest)))
	}
	if t, ok := instant(textAt(v, "timestamp")); ok {
		a.Time = inspect.At(t)
	}
	a.traceeArgs(v.GetArray("data"), "str")
	return a, nil
}

// traceeArgs reads the arguments of an event. A hash is that of the file that pathname names: the
// program that was started, or the file that was written and is a program.
func (a *Alert) traceeArgs(args []*fastjson.Value, value string) {
	named := map[string]string{}
	for _, arg := range args {
		if name := textAt(arg, "name"); len(named) < maxFields && named[name] == "" {
			named[name] = cmp.Or(textAt(arg, value), textAt(arg, "value"))
		}
	}
	file := cmp.Or(named["pathname"], named["path"], named["file_path"])
	digest := cmp.Or(hashOfFile("sha256", named["sha256"]), hashOfFile("", named["hash"]))
	switch {
	case digest != "" && path.IsAbs(file):
		a.Path, a.FileDigest = file, digest
	case digest != "" && file == "":
		a.FileDigest = digest
	case file != "" && file != a.Path:
		a.Target = file
	}
	for _, arg := range args {
		remote := arg.Get("value")
		if textAt(arg, "name") != "remote_addr" && textAt(arg, "name") != "dst" {
			continue
		}
		to := endpoint{
			address: cmp.Or(textAt(remote, "sin_addr"), textAt(remote, "sin6_addr"), text(remote)),
			name:    named["dst_dns"],
		}
		to.port = cmp.Or(textAt(remote, "sin_port"), textAt(remote, "sin6_port"), named["dst_port"])
		a.connect(endpoint{address: named["src"]}, to)
	}
}
