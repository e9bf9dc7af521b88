package provenance

import "strings"

// gitHubRef reads branch and tag from the variables of a GitHub workflow: github_ref in slsa-github-generator's v0.2
// statements, GITHUB_REF in all others. Of a tag, the branch is the one that the event names, if any.
// An example: {"GITHUB_REF":"refs/tags/v1.2","GITHUB_REF_TYPE":"tag","GITHUB_EVENT_NAME":"push"}. Other types of refs
// name neither.
func (c *claims) gitHubRef(env object) {
	ref := env.first("github_ref", "GITHUB_REF")
	switch env.first("github_ref_type", "GITHUB_REF_TYPE") {
	case "branch":
		c.branch = strings.TrimPrefix(ref, "refs/heads/")
	case "tag":
		c.tag = strings.TrimPrefix(ref, "refs/tags/")
		c.branch = strings.TrimPrefix(branchOfTag(env), "refs/heads/")
	}
}

// The parameters by which two builds of one workflow are compared; see builds.run.
const (
	parameterTrigger  = "trigger"
	parameterRunner   = "runner"
	parameterWorkflow = "workflowPath"
)

// addRun reads what started a run and on what it ran, from the variables of a workflow or from the internal
// parameters of GitHub's own build type (https://actions.github.io/buildtypes/workflow/v1). The platform writes both,
// so that whoever starts a build cannot choose them; whoever forges a statement can.
func (c *claims) addRun(env object) {
	for name, value := range map[string]string{
		parameterTrigger: env.first("event_name", "github_event_name", "GITHUB_EVENT_NAME"),
		parameterRunner:  env.first("runner_environment", "github_runner_environment", "RUNNER_ENVIRONMENT"),
	} {
		if value == "" || len(value) > MaxParameter {
			continue
		}
		if c.parameters == nil {
			c.parameters = map[string]string{}
		}
		c.parameters[name] = value
	}
}

// branchOfTag finds the branch of a tag in the event: a push has base_ref, a release target_commitish.
// It may be written by whoever sets the tag, and is compared only with --source-branch.
func branchOfTag(env object) string {
	if base := env.first("github_base_ref", "GITHUB_BASE_REF"); base != "" {
		return base
	}
	event := env.object("github_event_payload")
	if event == nil {
		event = env.object("GITHUB_EVENT_PAYLOAD")
	}
	switch env.first("github_event_name", "GITHUB_EVENT_NAME") {
	case "push":
		return event.text("base_ref")
	case "release":
		return event.text("release", "target_commitish")
	default:
		return ""
	}
}

// gitHubRun names the run of a workflow, where the statement has no invocation of its own.
func gitHubRun(env object) string {
	id := env.first("github_run_id", "GITHUB_RUN_ID")
	if id == "" {
		return ""
	}
	if attempt := env.first("github_run_attempt", "GITHUB_RUN_ATTEMPT"); attempt != "" {
		return id + "-" + attempt
	}
	return id
}

// cloudBuildRef reads branch and tag from the substitutions of Google Cloud Build.
func (c *claims) cloudBuildRef(substitutions object) {
	if b := substitutions.text("BRANCH_NAME"); b != "" {
		c.branch = b
	}
	if t := substitutions.text("TAG_NAME"); t != "" {
		c.tag = t
	}
}
