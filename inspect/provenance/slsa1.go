package provenance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// predicate1 is SLSA provenance v1.0 to v1.2, as far as it is shown or compared.
// https://slsa.dev/spec/v1.2/build-provenance
type predicate1 struct {
	BuildDefinition struct {
		BuildType            string          `json:"buildType"`
		ExternalParameters   json.RawMessage `json:"externalParameters"`
		InternalParameters   json.RawMessage `json:"internalParameters"`
		ResolvedDependencies []artifact      `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		Metadata json.RawMessage `json:"metadata"`
	} `json:"runDetails"`
}

// externalParameters are under control of whoever started the build, internalParameters of the builder.
func parseSLSA1(raw json.RawMessage) (claims, error) {
	var p predicate1
	if err := json.Unmarshal(raw, &p); err != nil {
		return claims{}, fmt.Errorf("parsing SLSA v1 provenance: %w", err)
	}
	def := p.BuildDefinition
	c := claims{buildType: def.BuildType, builder: p.RunDetails.Builder.ID}
	external, internal := parseObject(def.ExternalParameters), parseObject(def.InternalParameters)
	c.addSource(triggerSource(external))
	c.addSource(workflowRefSource(internal))
	meta := parseObject(p.RunDetails.Metadata)
	c.invocation = meta.first("invocationId", "invocationID")
	c.started, c.finished = when(meta.text("startedOn")), when(meta.text("finishedOn"))
	c.addBuildKit(meta)
	c.addSource(dependencySource(def.ResolvedDependencies))
	c.addMaterials(def.ResolvedDependencies)
	c.addParameters(external)
	c.gitHubRef(internal)
	c.addRun(internal)
	c.addRun(internal.object("github"))
	if p := external.object("workflow").text("path"); p != "" && len(p) <= MaxParameter {
		c.parameters[parameterWorkflow] = p // not nil: it has the workflow
	}
	c.cloudBuildRef(internal.object("systemSubstitutions"))
	c.weak()
	return c, nil
}

// triggerSource reads the source out of the external parameters, which each build type defines for itself.
// The first form that is there counts; a statement that mixes two is shown by its first.
func triggerSource(external object) source {
	// GitHub's workflows, and slsa-github-generator's bring-your-own builders:
	// https://actions.github.io/buildtypes/workflow/v1
	if w := external.object("workflow"); w.text("repository") != "" {
		return source{repo: w.text("repository"), ref: w.text("ref")}
	}
	// Google Cloud Build: https://cloud.google.com/build/docs/securing-builds/slsa-buildtypes
	for _, member := range []string{"buildConfigSource", "sourceToBuild"} {
		if s := external.object(member); s.text("repository") != "" {
			return source{repo: s.text("repository"), ref: s.text("ref")}
		}
	}
	// slsa-github-generator's container-based builds; BuildKit (slsa-definitions.md).
	for _, member := range []string{"source", "configSource"} {
		if s := external.object(member); s.text("uri") != "" {
			return parseSource(s.text("uri"), s.digests("digest"))
		}
	}
	// GitLab: the URL of the project.
	return source{repo: external.text("source")}
}

// workflowRefSource reads GITHUB_WORKFLOW_REF, OWNER/NAME/.github/workflows/FILE@REF, which bring-your-own builders
// record as what triggered them.
func workflowRefSource(internal object) source {
	at, ref, ok := strings.Cut(internal.text("GITHUB_WORKFLOW_REF"), "@")
	parts := strings.SplitN(at, "/", 3)
	if !ok || len(parts) < 3 {
		return source{}
	}
	return source{
		repo: "git+https://github.com/" + parts[0] + "/" + parts[1], ref: ref,
		commit: internal.text("GITHUB_SHA"),
	}
}

// dependencySource is the dependency that was built: Tekton Chains names it inputs/…, and lists the definitions of its
// tasks besides; all others put it first.
func dependencySource(dependencies []artifact) source {
	for _, d := range dependencies {
		if isGit(d.URI) && strings.HasPrefix(d.Name, "inputs/") {
			return parseSource(d.URI, d.Digest)
		}
	}
	if s := builtSource(dependencies); s.repo != "" {
		return s
	}
	for _, d := range dependencies { // Cloud Build and GitLab write https://…@REF
		if s := parseSource(d.URI, d.Digest); s.commit != "" && strings.HasPrefix(s.repo, "https://") {
			return s
		}
	}
	return source{}
}

// addBuildKit reads what BuildKit adds to the metadata of v1.
func (c *claims) addBuildKit(meta object) {
	vcs := meta.object("buildkit_metadata", "vcs")
	revision, dirty := strings.CutSuffix(vcs.text("revision"), "-dirty")
	c.addSource(source{repo: vcs.text("source"), commit: revision})
	if dirty {
		c.note("it was built from a working tree with changes that are in no commit")
	}
	complete := meta.object("buildkit_completeness")
	if string(complete["request"]) == "false" {
		c.note("its parameters are incomplete by its own account")
	}
	if string(complete["resolvedDependencies"]) == "false" {
		c.note("its materials are incomplete by its own account")
	}
}
