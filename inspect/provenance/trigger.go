package provenance

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// certificatesOf lists the certificates of signatures whose chain holds.
func certificatesOf(signatures []inspect.Signature) []inspect.Certificate {
	var list []inspect.Certificate
	for _, s := range signatures {
		if s.Certificate != nil && chainHolds(s) {
			list = append(list, *s.Certificate)
		}
	}
	return list
}

// extension is one of Fulcio's (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md) that stays the same from
// release to release of one pipeline. Others, such as the commit and the run, are new each time.
type extension struct {
	names    []string // the one since 2023, and what certificates had before
	what     string
	code     string
	severity func(from, to string) inspect.Severity
}

// extensions are compared between images that the same identity signed: whoever holds its workflow, or can make it run
// otherwise, has a valid signature too.
var extensions = []extension{
	{[]string{"buildTrigger", "githubWorkflowTrigger"}, "started by", inspect.CodeTriggerChanged, triggerSeverity},
	{[]string{"runnerEnvironment"}, "run on", inspect.CodeRunnerChanged, runnerSeverity},
	{
		[]string{"sourceRepositoryIdentifier"},
		"from the repository with ID", inspect.CodeRepositoryIDChanged,
		always(inspect.High),
	},
	{
		[]string{"sourceRepositoryOwnerIdentifier"},
		"from the owner with ID", inspect.CodeOwnerIDChanged,
		always(inspect.High),
	},
	{[]string{"sourceRepositoryRef", "githubWorkflowRef"}, "from", inspect.CodeSignedRefChanged, refSeverity},
	{
		[]string{"sourceRepositoryVisibilityAtSigning"},
		"from a repository that is", inspect.CodeVisibilityChanged,
		always(inspect.Low),
	},
}

// always weighs every change of an extension alike.
func always(s inspect.Severity) func(from, to string) inspect.Severity {
	return func(_, _ string) inspect.Severity { return s }
}

// triggerSeverity weighs what started a build: what strangers can start, or a person by hand, is unlike a release.
// A workflow that runs on pull_request_target or issue_comment runs with the repository's secrets on the word of
// anybody who has an account (GitHub, "Security hardening for GitHub Actions").
func triggerSeverity(from, to string) inspect.Severity {
	switch to {
	case "pull_request_target", "pull_request", "issue_comment", "workflow_run", "issues":
		return inspect.High
	case "workflow_dispatch", "repository_dispatch":
		return inspect.Medium
	}
	return inspect.Low
}

// runnerSeverity weighs on what a build ran: a machine of one's own may keep what an earlier job left on it.
func runnerSeverity(_, to string) inspect.Severity {
	if to == "self-hosted" {
		return inspect.Medium
	}
	return inspect.Low
}

// refSeverity passes over the next tag and the same branch; a tag before and none now is unlike a release.
// An empty severity means that there is nothing to report.
func refSeverity(from, to string) inspect.Severity {
	tag := func(ref string) bool { return strings.HasPrefix(ref, "refs/tags/") }
	switch {
	case tag(from) && tag(to):
		return ""
	case strings.HasPrefix(to, "refs/pull/"):
		return inspect.High
	case tag(from):
		return inspect.Medium
	}
	return inspect.Low
}

// compareTriggers compares the certificates of one identity in both images, field by field.
// Only certificates of one workflow are compared, and each kind of change is reported once.
func compareTriggers(before, now []inspect.Certificate, word string) []change {
	var list []change
	told := map[string]bool{}
	for _, n := range now {
		for _, b := range before {
			if workflowOf(n) == "" || workflowOf(n) != workflowOf(b) {
				continue
			}
			for _, e := range extensions {
				from, to := e.of(b), e.of(n)
				if from == "" || to == "" || from == to || told[e.code] {
					continue
				}
				severity := e.severity(from, to)
				if severity == "" {
					continue
				}
				told[e.code] = true
				text := fmt.Sprintf("the same identity signed: %s %s in the %s image, %s now", e.what, clip(from),
					word, clip(to))
				list = append(list, change{e.code, text, severity})
			}
		}
	}
	return list
}

// of is the value of the extension in a certificate.
// A certificate has one of the names, by the time at which it was issued.
func (e extension) of(c inspect.Certificate) string {
	for _, name := range e.names {
		if v := c.Extensions[name]; v != "" {
			return v
		}
	}
	return ""
}

// workflowOf is the identity of a certificate without the ref.
// It is empty for a certificate without names, which is compared with none.
func workflowOf(c inspect.Certificate) string {
	if len(c.Subject) == 0 {
		return ""
	}
	identity, _, _ := strings.Cut(c.Subject[0], "@refs/")
	return identity
}
