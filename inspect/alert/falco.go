package alert

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// falcoEvent is a line of Falco's JSON, which falcosidekick hands on with a uuid. The tags, the output
// and its fields can each be switched off.
type falcoEvent struct {
	Output   text   `json:"output"`
	Message  text   `json:"message"`
	Priority text   `json:"priority"`
	Rule     text   `json:"rule"`
	Fields   fields `json:"output_fields"`
}

func (e *falcoEvent) empty() bool {
	return e.Output == "" && e.Rule == "" && len(e.Fields) == 0
}

// alert reads the event; stamp is its time.
func (e *falcoEvent) alert(stamp string, day time.Time) Alert {
	a := Alert{Alert: inspect.Alert{
		Source: SourceFalco, Rule: string(e.Rule), Output: string(cmp.Or(e.Output, e.Message)),
		Priority: cmp.Or(priorityOf(string(e.Priority)), string(e.Priority)),
	}}
	values := map[string]string{}
	for k, v := range e.Fields {
		values[strings.ReplaceAll(k, ".", "_")] = string(v)
	}
	if len(values) == 0 { // switched off: what the text says is left
		values, a.Doubtful = textFields(a.Output)
	}
	a.fill(values)
	for _, s := range []string{stamp, values["evt_time"], values["evt_time_iso8601"]} {
		if t, ok := clock(s); ok {
			a.Time = inspect.At(t)
			return a
		}
	}
	if s, _, ok := head(a.Output); ok {
		a.setTime(s, day)
	}
	return a
}

// setTime takes the time of a line of text.
func (a *Alert) setTime(stamp string, day time.Time) bool {
	if t, ok := clock(stamp); ok {
		a.Time = inspect.At(t)
		return true
	}
	t, ok := timeOfDay(stamp, day)
	if ok {
		a.Time, a.Imprecise = inspect.At(t), true
	}
	return ok
}

// fill takes what the alert is matched by from its fields, whose names have _ in place of dots. The
// shorter names are those of the text of rules, older ones among them.
func (a *Alert) fill(v map[string]string) {
	// One thing under two names with different values is as doubtful as one name twice.
	agreed := func(clean func(string) string, names ...string) string {
		value, ok := agree(v, clean, names)
		if !ok {
			a.Doubtful = append(a.Doubtful, names[0])
		}
		return value
	}
	a.ContainerID = agreed(bareID, "container_id", "container")
	a.Container = known(v["container_name"])
	a.Namespace, a.Pod = agreed(known, "k8s_ns_name", "k8s_ns"), agreed(known, "k8s_pod_name", "k8s_pod")
	a.fillDockerName()
	a.Image, a.Digest = imageOf(
		cmp.Or(known(v["container_image_repository"]), known(v["container_image"]), known(v["image"])),
		known(v["container_image_tag"]), known(v["container_image_digest"]))
	a.Path = agreed(known, "proc_exepath", "exepath")
	if exe, cwd := known(v["proc_exe"]), known(v["proc_cwd"]); a.Path == "" && strings.HasPrefix(exe, "/") {
		a.Path = exe
	} else if a.Path == "" && strings.Contains(exe, "/") && path.IsAbs(cwd) {
		a.Path = path.Join(cwd, exe)
	}
	a.Flags = flagsOf(agreed(known, "evt_arg_flags", "exe_flags"))
	for _, is := range []struct{ field, flag string }{
		{"proc_is_exe_upper_layer", FlagUpper}, {"proc_is_exe_lower_layer", FlagLower}, {"proc_is_exe_from_memfd", FlagMemfd},
	} {
		if v[is.field] == "true" && !slices.Contains(a.Flags, is.flag) {
			a.Flags = append(a.Flags, is.flag)
		}
	}
}

// agree is the one value that the names have, cleaned. ok is false if they have different ones.
func agree(v map[string]string, clean func(string) string, names []string) (value string, ok bool) {
	for _, name := range names {
		s := clean(v[name])
		if s == "" || s == value {
			continue
		}
		if value != "" {
			return "", false
		}
		value = s
	}
	return value, true
}

// bracketed is Falco's %container.info: web (id=3ad7b26ded6d).
var bracketed = regexp.MustCompile(`\(id=([0-9a-f]{12,64})\)`)

// bareID is a container ID without its runtime, or host; "" if it is neither.
func bareID(s string) string {
	if s == hostID {
		return hostID
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

// imageOf puts an image's name together again. Falco has been seen to cut REPO@sha256:HEX at its last
// colon: then the repository is sha256, or ends with @sha256, and the tag is the digest.
func imageOf(repository, tag, digest string) (image, imageDigest string) {
	if repo, d, ok := strings.Cut(repository, "@"); ok && strings.HasPrefix(d, "sha256:") {
		repository, digest = repo, cmp.Or(digest, d)
	}
	if hex := "sha256:" + tag; isDigest(hex) {
		switch repo, cut := strings.CutSuffix(repository, "@sha256"); {
		case repository == "sha256":
			return hex, cmp.Or(digestOf(digest), hex)
		case cut:
			return repo + "@" + hex, cmp.Or(digestOf(digest), hex)
		}
	}
	if repository != "" && tag != "" {
		repository += ":" + tag
	}
	return repository, digestOf(digest)
}

// digestOf is the digest in sha256:… or REPO@sha256:…, or "".
func digestOf(s string) string {
	s = s[strings.LastIndexByte(s, '@')+1:]
	if !isDigest(s) {
		return ""
	}
	return s
}

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
