package alert

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// isFalco reports an alert of Falco: it has a rule, or a priority and an output. A log line
// that merely has a message is none.
func isFalco(v *fastjson.Value) bool {
	if textAt(v, "rule") != "" {
		return v.Exists("output") || v.Exists("output_fields") || v.Exists("priority") || !v.Exists("message")
	}
	return priorityOf(textAt(v, "priority")) != "" && (textAt(v, "output") != "" || v.GetObject("output_fields") != nil)
}

// falcoAlert reads Falco's JSON, which falcosidekick hands on with a uuid. The tags, the output and
// its fields can each be switched off.
func falcoAlert(v *fastjson.Value, seen moment) (Alert, error) {
	a := Alert{Alert: inspect.Alert{
		Source: SourceFalco, Rule: textAt(v, "rule"), Output: cmp.Or(textAt(v, "output"), textAt(v, "message")),
	}}
	priority := textAt(v, "priority")
	a.Priority = cmp.Or(priorityOf(priority), priority)
	var values fields
	if n := values.setAll(v.Get("output_fields"), nil); n == 0 { // switched off: what the text contains is left
		values, a.Doubtful = textFields(a.Output)
	}
	a.fill(&values)
	a.when(textAt(v, "time"), &values, seen)
	a.Node = textAt(v, "hostname")
	return a, nil
}

// when sets the alert's time: from its key, from its fields, or from the beginning of its text.
func (a *Alert) when(stamp string, values *fields, seen moment) {
	for _, s := range []string{stamp, values[eventTime], values[eventTimeISO]} {
		if t, ok := clock(s); ok {
			a.Time = inspect.At(t)
			return
		}
	}
	if s, _, ok := head(a.Output); ok {
		a.setTime(s, seen)
	}
}

// setTime takes the time of a line of text.
func (a *Alert) setTime(stamp string, seen moment) bool {
	if t, ok := clock(stamp); ok {
		a.Time = inspect.At(t)
		return true
	}
	t, precise, ok := timeOfDay(stamp, seen)
	if ok {
		a.Time, a.Imprecise = inspect.At(t), !precise
	}
	return ok
}

// fill sets from the fields what the alert is matched by, and what makes it a different alert.
func (a *Alert) fill(v *fields) {
	// One thing under two names with different values is as doubtful as one name twice.
	agreed := func(clean func(string) string, name string, of ...field) string {
		value, ok := v.agree(clean, of...)
		if !ok {
			a.Doubtful = append(a.Doubtful, name)
		}
		return value
	}
	a.ContainerID = agreed(BareID, "container_id", containerID, containerIDOld)
	if full := BareID(v[containerFullID]); len(full) > len(a.ContainerID) && strings.HasPrefix(full, a.ContainerID) {
		a.ContainerID = full
	}
	a.Container = v[containerName]
	a.Namespace = agreed(known, "k8s_ns_name", namespaceName, namespaceOld, namespaceMeta)
	a.Pod = agreed(known, "k8s_pod_name", podName, podOld, podMeta)
	a.PodUID = agreed(known, "k8s_pod_uid", podUID, podUIDOld, podUIDMeta)
	a.fillDockerName()
	a.Image, a.Digest = imageOf(
		cmp.Or(v[containerRepository], v[containerImage], v[imageOld]), v[containerTag], v[containerDigest])
	a.Path = agreed(known, "proc_exepath", exePath, exePathOld)
	if exe, cwd := v[exeName], v[workDir]; a.Path == "" && strings.HasPrefix(exe, "/") {
		a.Path = exe
	} else if a.Path == "" && strings.Contains(exe, "/") && path.IsAbs(cwd) {
		a.Path = path.Join(cwd, exe)
	}
	a.fillProcess(v)
	a.Flags = flagsOf(agreed(known, "evt_arg_flags", exeFlags, exeFlagsOld))
	for _, is := range []struct {
		field field
		flag  string
	}{
		{inUpperLayer, inspect.FlagUpper}, {inLowerLayer, inspect.FlagLower}, {fromMemory, inspect.FlagMemfd},
	} {
		if v[is.field] == "true" && !slices.Contains(a.Flags, is.flag) {
			a.Flags = append(a.Flags, is.flag)
		}
	}
	a.Target = targetOf(cmp.Or(v[fileName], v[fileOld], v[connectionOld]))
	a.fillConnection(v)
	a.fillAudit(v)
}

// fillProcess reads how the process was started. One thing with two values is left out: nothing is matched by these.
func (a *Alert) fillProcess(v *fields) {
	a.CommandLine, _ = v.agree(known, commandLine, commandOld)
	a.Parent, _ = v.agree(known, parentName, parentOld)
	a.Directory = known(v[workDir])
	tty, _ := v.agree(known, terminal, terminalOld)
	a.Terminal = tty != "" && tty != "0"
}

// fillAudit reads the object of an event of Kubernetes' audit log, in the words of Falco's plugin
// k8saudit.
func (a *Alert) fillAudit(v *fields) {
	a.Namespace = cmp.Or(a.Namespace, v[targetNamespace])
	name := cmp.Or(v[targetName], v[responseName]) // the name of what is created may be generated
	switch resource := v[targetResource]; {
	case name == "":
	case resource == "pods":
		a.Pod = cmp.Or(a.Pod, name)
	case workloadKinds[resource] != "":
		a.Workload, a.WorkloadKind = cmp.Or(a.Workload, name), cmp.Or(a.WorkloadKind, workloadKinds[resource])
	}
}

// workloadKinds are the kinds of the resources that make pods.
var workloadKinds = map[string]string{
	"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet",
	"replicasets": "ReplicaSet", "jobs": "Job",
}

// targetOf is what the process touched: a file, or the other end of a connection. The end on this
// side has a port that is another each time.
func targetOf(name string) string {
	if _, there, ok := strings.Cut(name, "->"); ok {
		return there
	}
	return name
}

// bracketed is Falco's %container.info: web (id=3ad7b26ded6d).
var bracketed = regexp.MustCompile(`\(id=([0-9a-f]{12,64})\)`)

// shortID is the length of a container ID as Falco writes it, in hex digits.
const shortID = 12

// BareID returns a container ID without its runtime, or inspect.HostID; "" if s is neither.
func BareID(s string) string {
	if s == inspect.HostID {
		return inspect.HostID
	}
	if m := bracketed.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if _, id, ok := strings.Cut(s, "://"); ok {
		s = id
	}
	if len(s) < shortID || len(s) > 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return s
}

// fillDockerName reads the names that dockershim gave its containers: k8s_web_web-0_shop_UID_0.
func (a *Alert) fillDockerName() {
	parts := strings.Split(a.Container, "_")
	if len(parts) < 5 || parts[0] != "k8s" {
		return
	}
	a.Container, a.Pod, a.Namespace = parts[1], cmp.Or(a.Pod, parts[2]), cmp.Or(a.Namespace, parts[3])
}

// imageOf puts an image's name together again. Falco has been seen to cut REPO@sha256:HEX at its
// last colon: then the repository is sha256, or ends with @sha256, and the tag is the digest.
func imageOf(repository, tag, digest string) (image, imageDigest string) {
	if repo, d, ok := strings.Cut(repository, "@"); ok && strings.HasPrefix(d, "sha256:") {
		repository, digest = repo, cmp.Or(digest, d)
	}
	if hex := "sha256:" + tag; isDigest(hex) {
		switch repo, cut := strings.CutSuffix(repository, "@sha256"); {
		case repository == "sha256":
			return hex, cmp.Or(DigestOf(digest), hex)
		case cut:
			return repo + "@" + hex, cmp.Or(DigestOf(digest), hex)
		}
	}
	if repository != "" && tag != "" {
		repository += ":" + tag
	}
	return repository, DigestOf(digest)
}

// DigestOf returns the digest in sha256:… or REPO@sha256:…; "" if there is none.
func DigestOf(s string) string {
	s = s[strings.LastIndexByte(s, '@')+1:]
	if !isDigest(s) {
		return ""
	}
	return s
}

// isDigest reports a complete digest of SHA-256, the only algorithm that container runtimes report.
func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// flagsOf splits EXE_WRITABLE|EXE_UPPER_LAYER.
func flagsOf(s string) []string {
	var flags []string
	for flag := range strings.SplitSeq(s, "|") {
		if strings.HasPrefix(flag, "EXE_") && len(flags) < 16 {
			flags = append(flags, flag)
		}
	}
	return flags
}
