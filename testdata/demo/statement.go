package shop

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Types of statements.
const (
	slsa1  = "https://slsa.dev/provenance/v1"
	slsa02 = "https://slsa.dev/provenance/v0.2"
)

// The parts of in-toto statements (https://github.com/in-toto/attestation/tree/main/spec) and of SLSA's predicates.
type (
	resource struct {
		Name   string            `json:"name,omitempty"`
		URI    string            `json:"uri,omitempty"`
		Digest map[string]string `json:"digest"`
	}
	statement[Predicate any] struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     Predicate  `json:"predicate"`
	}
	builder struct {
		ID string `json:"id"`
	}
	// https://slsa.dev/spec/v1.0/provenance, of build type https://actions.github.io/buildtypes/workflow/v1
	provenance1 struct {
		Definition struct {
			BuildType string `json:"buildType"`
			External  struct {
				Workflow struct {
					Ref        string `json:"ref"`
					Repository string `json:"repository"`
					Path       string `json:"path"`
				} `json:"workflow"`
			} `json:"externalParameters"`
			Internal struct {
				GitHub struct {
					Event  string `json:"event_name"`
					Runner string `json:"runner_environment"`
				} `json:"github"`
			} `json:"internalParameters"`
			Dependencies []resource `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		Run struct {
			Builder  builder `json:"builder"`
			Metadata struct {
				Invocation string    `json:"invocationId"`
				Started    time.Time `json:"startedOn"`
				Finished   time.Time `json:"finishedOn"`
			} `json:"metadata"`
		} `json:"runDetails"`
	}
	// https://slsa.dev/spec/v0.2/provenance, as BuildKit writes it
	provenance02 struct {
		Builder    builder `json:"builder"`
		BuildType  string  `json:"buildType"`
		Invocation struct {
			Source resourceEntry `json:"configSource"`
		} `json:"invocation"`
		Metadata struct {
			Started  time.Time `json:"buildStartedOn"`
			Finished time.Time `json:"buildFinishedOn"`
		} `json:"metadata"`
		Materials []resource `json:"materials"`
	}
	resourceEntry struct {
		resource
		EntryPoint string `json:"entryPoint"`
	}
)

// The web server's build.
func buildStarted() time.Time  { return at(8, 12, 31) }
func buildFinished() time.Time { return at(8, 13, 42) }

// newProvenance states of an image which run of the workflow made it from what, and when.
func newProvenance(i image, r run, base v1.Hash, started, finished time.Time) (blob, error) {
	s := statement[provenance1]{
		Type: "https://in-toto.io/Statement/v1", PredicateType: slsa1,
		Subject: []resource{{Name: host + "/" + i.repository, Digest: map[string]string{"sha256": i.main().hash.Hex}}},
	}
	d := &s.Predicate.Definition
	d.BuildType = "https://actions.github.io/buildtypes/workflow/v1"
	d.External.Workflow.Ref, d.External.Workflow.Repository, d.External.Workflow.Path = r.ref(), r.source(), workflowPath
	d.Internal.GitHub.Event, d.Internal.GitHub.Runner = "push", "github-hosted"
	d.Dependencies = []resource{
		{URI: "git+" + r.source() + "@" + r.ref(), Digest: map[string]string{"gitCommit": r.commit}}, baseMaterial(base),
	}
	s.Predicate.Run.Builder.ID = r.identity()
	m := &s.Predicate.Run.Metadata
	m.Invocation, m.Started, m.Finished = r.invocation(), started, finished
	return document(payloadType, s)
}

// newClaims is what BuildKit claims of the same build, unsigned.
func newClaims(i image, r run, base v1.Hash, started, finished time.Time) (blob, error) {
	s := statement[provenance02]{
		Type: "https://in-toto.io/Statement/v0.1", PredicateType: slsa02,
		Subject: []resource{{
			Name:   "pkg:docker/" + host + "/" + i.repository + "@" + i.tag + "?platform=linux%2Famd64",
			Digest: map[string]string{"sha256": i.main().hash.Hex},
		}},
	}
	p := &s.Predicate
	p.Builder.ID, p.BuildType = r.invocation(), "https://mobyproject.org/buildkit@v1"
	source := resource{URI: r.source() + ".git#" + r.ref(), Digest: map[string]string{"sha1": r.commit}}
	p.Invocation.Source = resourceEntry{source, "Dockerfile"}
	p.Metadata.Started, p.Metadata.Finished = started, finished
	p.Materials = []resource{baseMaterial(base), source}
	return document(payloadType, s)
}

func baseMaterial(base v1.Hash) resource {
	return resource{URI: "pkg:docker/debian@bookworm-slim?platform=linux%2Famd64", Digest: map[string]string{"sha256": base.Hex}}
}
