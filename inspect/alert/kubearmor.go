package alert

import (
	"cmp"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// isKubeArmor reports an event of KubeArmor, as `karmor logs --json` and its relay write it.
func isKubeArmor(v *fastjson.Value) bool {
	return v.Exists("Operation") && v.Exists("HostName") && (v.Exists("PolicyName") || v.Exists("Type"))
}

// kubeArmorAlert reads an alert; telemetry, which matched no policy, is none. Fields are those of
// KubeArmor's protobuf/kubearmor.proto.
func kubeArmorAlert(v *fastjson.Value, _ moment) (Alert, error) {
	policy := textAt(v, "PolicyName")
	if policy == "" {
		return Alert{}, errOther
	}
	a := Alert{Alert: inspect.Alert{
		Source: SourceKubeArmor, Rule: policy, Priority: kubeArmorPriority(v.GetInt("Severity"), textAt(v, "Severity")),
		Output: strings.TrimSpace(
			strings.Join(
				[]string{textAt(v, "Message"), textAt(v, "Operation"), textAt(v, "Resource"), textAt(v, "Action")},
				" ",
			),
		),
		Namespace: textAt(v, "NamespaceName"), Pod: textAt(v, "PodName"), Container: textAt(v, "ContainerName"),
		ContainerID: BareID(textAt(v, "ContainerID")), Path: textAt(v, "ProcessName"),
	}, Node: textAt(v, "HostName"), Workload: textAt(v, "Owner", "Name"), WorkloadKind: textAt(v, "Owner", "Ref")}
	for _, stamp := range []string{textAt(v, "UpdatedTime"), textAt(v, "Timestamp")} {
		if t, ok := instant(stamp); ok {
			a.Time = inspect.At(t)
			break
		}
	}
	image := textAt(v, "ContainerImage") // REPO:TAG@sha256:HEX
	name, _, _ := strings.Cut(image, "@")
	a.Image, a.Digest = name, DigestOf(image)
	resource := textAt(v, "Resource")
	if textAt(v, "Operation") == "Process" { // what was blocked is the resource, with its arguments
		program, _, _ := strings.Cut(resource, " ")
		a.Path, a.CommandLine = cmp.Or(a.Path, program), resource
	} else {
		a.Target = resource
	}
	if strings.HasPrefix(textAt(v, "Type"), "MatchedHost") {
		a.ContainerID = inspect.HostID
	}
	return a, nil
}

// kubeArmorPriority maps KubeArmor's severities, of which 10 is the worst.
func kubeArmorPriority(n int, written string) string {
	if n == 0 && len(written) > 0 && len(written) <= 2 { // they are written as text
		for _, digit := range written {
			if digit < '0' || digit > '9' {
				return ""
			}
			n = 10*n + int(digit-'0')
		}
	}
	switch {
	case n >= 9:
		return "Critical"
	case n >= 7:
		return "Error"
	case n >= 5:
		return "Warning"
	case n >= 3:
		return "Notice"
	case n >= 1:
		return "Informational"
	default:
		return ""
	}
}
