package provenance

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// certificateAt is a certificate of one workflow with some of Fulcio's extensions: name and value by turns.
func certificateAt(ref string, extensions ...string) []inspect.Certificate {
	c := inspect.Certificate{
		Subject:    []string{"https://github.com/acme/app/.github/workflows/release.yml@" + ref},
		Extensions: map[string]string{},
	}
	for i := 0; i+1 < len(extensions); i += 2 {
		c.Extensions[extensions[i]] = extensions[i+1]
	}
	return []inspect.Certificate{c}
}

func TestDriftWithinAValidSignature(t *testing.T) {
	const tag = "refs/tags/v1"
	for name, tt := range map[string]struct {
		before, now []inspect.Certificate
		code        string
		severity    inspect.Severity
	}{
		"the next tag": {
			certificateAt(tag, "buildTrigger", "push", "sourceRepositoryRef", tag, "sourceRepositoryDigest", "a"),
			certificateAt("refs/tags/v2", "buildTrigger", "push", "sourceRepositoryRef", "refs/tags/v2",
				"sourceRepositoryDigest", "b"), "", "",
		},
		"started by hand": {certificateAt(tag, "buildTrigger", "push"), certificateAt(tag, "buildTrigger",
			"workflow_dispatch"), "trigger-changed", inspect.Medium},
		"started by a stranger": {
			certificateAt(tag, "githubWorkflowTrigger", "push"), certificateAt(tag, "buildTrigger",
				"pull_request_target"), "trigger-changed", inspect.High,
		},
		"a runner of one's own": {
			certificateAt(tag, "runnerEnvironment", "github-hosted"), certificateAt(tag, "runnerEnvironment",
				"self-hosted"), "runner-changed", inspect.Medium,
		},
		"a repository made anew under the same name": {
			certificateAt(tag, "sourceRepositoryIdentifier", "1"), certificateAt(tag, "sourceRepositoryIdentifier",
				"2"), "repository-id-changed", inspect.High,
		},
		"a branch in place of a tag": {
			certificateAt(tag, "sourceRepositoryRef", tag), certificateAt("refs/heads/x", "sourceRepositoryRef",
				"refs/heads/x"), "signed-ref-changed", inspect.Medium,
		},
		"only on one side": {certificateAt(tag), certificateAt(tag, "buildTrigger", "push"), "", ""},
		"another identity": {
			[]inspect.Certificate{{
				Subject:    []string{"ci@acme.example"},
				Extensions: map[string]string{"buildTrigger": "push"},
			}},
			certificateAt(tag, "buildTrigger", "workflow_dispatch"), "", "",
		},
	} {
		var got change
		if all := compareTriggers(tt.before, tt.now, "previous"); len(all) > 0 {
			got = all[0]
		}
		if got.code != tt.code || got.severity != tt.severity {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
