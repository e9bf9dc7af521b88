package provenance

import (
	"encoding/json"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What a signed statement has about its run is compared with the earlier image's: the trigger, the runner, the file of
// the workflow. The next release has the same in all three.
func TestDriftOfARunWithinASignedStatement(t *testing.T) {
	v1 := func(path, event, runner string) string {
		return `{"buildDefinition": {"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": {"workflow": {"repository": "https://github.com/acme/app", "ref": "refs/tags/v1",
				"path": "` + path + `"}},
			"internalParameters": {"github": {"event_name": "` + event + `", "runner_environment": "` + runner + `"}}},
			"runDetails": {"builder": {"id": "https://github.com/actions/runner"}}}`
	}
	v02 := func(path, event string) string {
		return `{"builder": {"id": "https://github.com/actions/runner"}, "invocation": {"configSource":
			{"uri": "git+https://github.com/acme/app@refs/tags/v1", "entryPoint": "` + path + `"},
			"environment": {"github_event_name": "` + event + `"}}}`
	}
	const file = ".github/workflows/release.yml"
	usual := v1(file, "push", "github-hosted")
	for name, tt := range map[string]struct {
		parse       func(json.RawMessage) (claims, error)
		before, now string
		signed      bool
		code        string
		severity    inspect.Severity
	}{
		"the next run":             {parseSLSA1, usual, usual, true, "", ""},
		"started by a stranger":    {parseSLSA1, usual, v1(file, "pull_request_target", "github-hosted"), true, "trigger-changed", inspect.High},
		"a runner of one's own":    {parseSLSA1, usual, v1(file, "push", "self-hosted"), true, "runner-changed", inspect.Medium},
		"another workflow":         {parseSLSA1, usual, v1(".github/workflows/x.yml", "push", "github-hosted"), true, "workflow-changed", inspect.Medium},
		"claimed only":             {parseSLSA1, usual, v1(file, "issue_comment", "github-hosted"), false, "trigger-changed", inspect.Low},
		"v0.2, the next run":       {parseSLSA02, v02(file, "push"), v02(file, "push"), true, "", ""},
		"v0.2, by a stranger":      {parseSLSA02, v02(file, "push"), v02(file, "pull_request_target"), true, "trigger-changed", inspect.High},
		"v0.2, another workflow":   {parseSLSA02, v02(file, "push"), v02(".github/workflows/x.yml", "push"), true, "workflow-changed", inspect.Medium},
		"v0.2, another Dockerfile": {parseSLSA02, v02("Dockerfile", ""), v02("build/Dockerfile", ""), true, "", ""},
		"v0.2, one side only":      {parseSLSA02, v02(file, ""), v02(file, "push"), true, "", ""},
	} {
		before, err := tt.parse(json.RawMessage(tt.before))
		if err != nil {
			t.Fatal(err)
		}
		now, err := tt.parse(json.RawMessage(tt.now))
		if err != nil {
			t.Fatal(err)
		}
		b := builds{
			inspect.Provenance{Signed: tt.signed, Parameters: before.parameters},
			inspect.Provenance{Signed: tt.signed, Parameters: now.parameters},
			"known-good", true,
		}
		var got change
		all := b.run()
		if len(all) > 0 {
			got = all[0]
		}
		if got.code != tt.code || got.severity != tt.severity || len(all) > 1 {
			t.Errorf("%s: %+v", name, all)
		}
	}
}
