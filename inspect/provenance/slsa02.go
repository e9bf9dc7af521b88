package provenance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// predicate02 is SLSA provenance v0.2, as far as it is shown or compared.
// https://slsa.dev/spec/v0.2/provenance
type predicate02 struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
	BuildType  string `json:"buildType"`
	Invocation struct {
		ConfigSource struct {
			URI        string            `json:"uri"`
			Digest     map[string]string `json:"digest"`
			EntryPoint string            `json:"entryPoint"`
		} `json:"configSource"`
		Parameters  json.RawMessage `json:"parameters"`
		Environment json.RawMessage `json:"environment"`
	} `json:"invocation"`
	Metadata  json.RawMessage `json:"metadata"`
	Materials []artifact      `json:"materials"`
}

// buildKitMetadata is the member of the metadata with BuildKit's own additions.
const buildKitMetadata = "https://mobyproject.org/buildkit@v1#metadata"

// The source of configSource comes first: it is what triggered the build.
func parseSLSA02(raw json.RawMessage) (claims, error) {
	var p predicate02
	if err := json.Unmarshal(raw, &p); err != nil {
		return claims{}, fmt.Errorf("parsing SLSA v0.2 provenance: %w", err)
	}
	c := claims{buildType: p.BuildType, builder: p.Builder.ID}
	config := p.Invocation.ConfigSource
	c.addSource(parseSource(config.URI, config.Digest))
	if config.EntryPoint != "" {
		c.parameters = map[string]string{"entryPoint": config.EntryPoint}
		if strings.HasPrefix(config.EntryPoint, ".github/workflows/") && len(config.EntryPoint) <= MaxParameter {
			c.parameters[parameterWorkflow] = config.EntryPoint
		}
	}
	c.addMetadata(parseObject(p.Metadata))
	c.addSource(builtSource(p.Materials))
	c.addMaterials(p.Materials)
	c.addParameters(parseObject(p.Invocation.Parameters))
	environment := parseObject(p.Invocation.Environment)
	c.gitHubRef(environment)
	c.addRun(environment)
	if c.invocation == "" {
		c.invocation = gitHubRun(environment)
	}
	c.weak()
	return c, nil
}

// builtSource is the material that was built. By contract of the builders for GitHub it is the first one; Tekton Chains
// and others put the repository anywhere.
func builtSource(materials []artifact) source {
	for _, m := range materials {
		if isGit(m.URI) {
			return parseSource(m.URI, m.Digest)
		}
	}
	return source{}
}

// addMetadata reads the metadata of SLSA v0.1 and v0.2.
func (c *claims) addMetadata(m object) {
	c.invocation = m.first("buildInvocationID", "buildInvocationId")
	c.started, c.finished = when(m.text("buildStartedOn")), when(m.text("buildFinishedOn"))
	complete := m.object("completeness")
	for _, part := range []string{"parameters", "environment", "materials", "arguments"} {
		if string(complete[part]) == "false" && part != "environment" {
			c.note("its %s are incomplete by its own account", part)
		}
	}
	vcs := m.object(buildKitMetadata, "vcs")
	c.addSource(source{repo: vcs.text("source"), commit: strings.TrimSuffix(vcs.text("revision"), "-dirty")})
	if strings.HasSuffix(vcs.text("revision"), "-dirty") {
		c.note("it was built from a working tree with changes that are in no commit")
	}
}

// predicate01 is SLSA provenance v0.1, which Google Cloud Build still makes.
// https://slsa.dev/spec/v0.1/provenance
type predicate01 struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
	Recipe struct {
		Type       string          `json:"type"`
		EntryPoint string          `json:"entryPoint"`
		Arguments  json.RawMessage `json:"arguments"`
	} `json:"recipe"`
	Metadata  json.RawMessage `json:"metadata"`
	Materials []artifact      `json:"materials"`
}

// v0.1 has no configSource; the first material is the repository (specification, "recipe.definedInMaterial").
func parseSLSA01(raw json.RawMessage) (claims, error) {
	var p predicate01
	if err := json.Unmarshal(raw, &p); err != nil {
		return claims{}, fmt.Errorf("parsing SLSA v0.1 provenance: %w", err)
	}
	c := claims{buildType: p.Recipe.Type, builder: p.Builder.ID}
	if len(p.Materials) > 0 {
		c.addSource(parseSource(p.Materials[0].URI, p.Materials[0].Digest))
	}
	c.addMetadata(parseObject(p.Metadata))
	c.addMaterials(p.Materials)
	arguments := parseObject(p.Recipe.Arguments)
	c.cloudBuildRef(arguments.object("substitutions"))
	if c.invocation == "" {
		c.invocation = arguments.text("id")
	}
	c.addParameters(arguments)
	c.weak()
	return c, nil
}
