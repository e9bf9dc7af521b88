package cluster

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Codes of the findings.
const (
	CodeInjectedOther       = "injected-other-image" // another image than the same sidecar of other workloads
	CodeInjectedUnexplained = "injected-unexplained" // no webhook and no annotation explains it
	CodeInjectedExplained   = "injected-explained"   // explained, and few others to compare with
	CodeInjectedEverywhere  = "injected-everywhere"  // explained by a webhook, and equal in other workloads
	CodeDebug               = "debug-container"      // somebody attached an ephemeral container
	CodeSetAgainst          = "image-set-by-hand"    // by hand, although a tool manages the workload
	CodeEdited              = "image-edited"         // by hand, and nothing else manages the workload
	CodeSetBy               = "image-set-by"         // who set it, and when
	CodeRestarted           = "restarted"            // a restart that made nodes ask for a tag again
	CodeTagMoved            = "tag-moved"            // other pods run another digest of the same reference
	CodeHelm                = "helm-release"
	CodeExempt              = "namespace-exempt"  // a verifier of images does not look at this pod
	CodeFailsOpen           = "policy-fails-open" // it admits requests unchecked while it does not answer
	CodeOnlyWarns           = "policy-only-warns" // it does not refuse
	CodeNoPolicy            = "no-image-policy"   // nothing in the cluster verifies images
	CodeStatic              = "static-pod"        // a kubelet started it from a file: admission was not asked
	CodeNoNetworkPolicy     = "no-network-policy" // every connection is allowed
)

// severities is the one table of how urgently a person should look.
// High: another image than its siblings have, or than the repository that deploys it has. Medium: nothing explains it.
// Low and info: worth knowing. None is critical: a cluster shows who changed something, not that it is malicious.
var severities = map[string]inspect.Severity{
	CodeInjectedOther: inspect.High, CodeSetAgainst: inspect.High, CodePastHelm: inspect.High,
	CodeInjectedUnexplained: inspect.Medium, CodeDebug: inspect.Medium, CodeEdited: inspect.Medium,
	CodeTagMoved:          inspect.Medium,
	CodeInjectedExplained: inspect.Low, CodeExempt: inspect.Low, CodeFailsOpen: inspect.Low,
	CodeOnlyWarns: inspect.Low, CodeStatic: inspect.Low,
	CodeInjectedEverywhere: inspect.Info, CodeSetBy: inspect.Info, CodeRestarted: inspect.Info, CodeHelm: inspect.Info,
	CodeNoPolicy: inspect.Info, CodeNoNetworkPolicy: inspect.Info, CodeHelmChanged: inspect.Info,
	CodeHelmAsks: inspect.Info,
}

// SubjectPod is the subject of findings that are about the pod as a whole.
const SubjectPod = "pod"

// finding makes one of the table. subject is a container's name or SubjectPod.
func finding(code, subject, title, detail string, evidence ...inspect.Evidence) inspect.Finding {
	severity := severities[code]
	return inspect.Finding{
		// the code and the subject make the identity: who set the image may change from one look to the next
		ID: inspect.FindingID(Name, code, subject), Check: Name, Code: code, Status: severity.RowStatus(),
		Severity: severity,
		Subject:  subject, Title: title, Detail: detail, Evidence: evidence,
	}
}

// object is evidence: an object of the cluster, by the place where the case keeps it.
func object(kind, namespace, name, text string) inspect.Evidence {
	file := strings.ToLower(kind)
	for _, part := range []string{namespace, name} {
		if part != "" {
			file += "-" + part
		}
	}
	return inspect.Evidence{Kind: strings.ToLower(kind), Path: fmt.Sprintf("cluster/%s.json", file), Text: text}
}
