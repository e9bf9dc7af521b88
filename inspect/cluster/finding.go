package cluster

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// severities is the one table of how urgently a person should look.
// High: another image than its siblings have, or than the repository that deploys it has. Medium: nothing explains it.
// Low and info: worth knowing. None is critical: a cluster shows who changed something, not that it is malicious.
var severities = map[string]inspect.Severity{
	inspect.CodeInjectedOtherImage: inspect.High, inspect.CodeImageSetByHand: inspect.High,
	inspect.CodeHelmSwapped:         inspect.High,
	inspect.CodeInjectedUnexplained: inspect.Medium, inspect.CodeDebugContainer: inspect.Medium,
	inspect.CodeImageEdited:       inspect.Medium,
	inspect.CodeTagMoved:          inspect.Medium,
	inspect.CodeInjectedExplained: inspect.Low, inspect.CodeNamespaceExempt: inspect.Low,
	inspect.CodePolicyFailsOpen: inspect.Low,
	inspect.CodePolicyOnlyWarns: inspect.Low, inspect.CodeStaticPod: inspect.Low,
	inspect.CodeInjectedEverywhere: inspect.Info, inspect.CodeImageSetBy: inspect.Info,
	inspect.CodeRestarted: inspect.Info, inspect.CodeHelmRelease: inspect.Info,
	inspect.CodeNoImagePolicy: inspect.Info, inspect.CodeNoNetworkPolicy: inspect.Info,
	inspect.CodeHelmImageChanged: inspect.Info,
	inspect.CodeHelmImage:        inspect.Info,
}

// SubjectPod is the subject of findings that are about the pod as a whole.
const SubjectPod = "pod"

// finding makes one of the table. subject is a container's name or SubjectPod.
func finding(code, subject, title, detail string, evidence ...inspect.Evidence) inspect.Finding {
	severity := severities[code]
	return inspect.Finding{
		// the code and the subject make the identity: who set the image may change from one look to the next
		ID: inspect.FindingID(inspect.CheckCluster, code, subject), Check: inspect.CheckCluster, Code: code,
		Status: severity.RowStatus(), Severity: severity,
		Subject: subject, Title: title, Detail: detail, Evidence: evidence,
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
