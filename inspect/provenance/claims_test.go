package provenance

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// built is what a statement is expected to say.
type built struct {
	builder, buildType, source, ref, commit, invocation, branch, tag string
	materials                                                        int
	note                                                             string // a part of one of the notes
}

// Each predicate is shaped as the builder of that name writes it.
func TestParseClaims(t *testing.T) {
	const sha = "6cf671f47f3752f97b9f5bff511e37b938fe10d2"
	for _, c := range []struct {
		name, predicateType, predicate string
		want                           built
	}{
		{
			"slsa-github-generator, container", PredicateSLSA02,
			`{"builder":{"id":"https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.8.0"},
			"buildType":"https://github.com/slsa-framework/slsa-github-generator/container@v1",
			"invocation":{"configSource":{"uri":"git+https://github.com/acme/app@refs/heads/main","digest":{"sha1":"` + sha + `"},"entryPoint":".github/workflows/release.yml"},
			"environment":{"github_ref":"refs/heads/main","github_ref_type":"branch","github_run_id":"57","github_run_attempt":"2"}},
			"metadata":{"completeness":{"parameters":true,"materials":false}},
			"materials":[{"uri":"git+https://github.com/acme/app@refs/heads/main","digest":{"sha1":"` + sha + `"}}]}`,
			built{
				builder: "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.8.0", buildType: "https://github.com/slsa-framework/slsa-github-generator/container@v1",
				source: "git+https://github.com/acme/app", ref: "refs/heads/main", commit: sha, branch: "main",
				invocation: "57-2", materials: 1, note: "its materials are incomplete",
			},
		},
		{
			"slsa-github-generator, a tag that was pushed from a branch", PredicateSLSA02, `{"builder":{"id":"b"},
			"invocation":{"configSource":{"uri":"git+https://github.com/acme/app@refs/tags/v1.2.3"},
			"environment":{"github_ref":"refs/tags/v1.2.3","github_ref_type":"tag","github_base_ref":"","github_event_name":"push","github_event_payload":{"base_ref":"refs/heads/release"}}}}`,
			built{
				builder: "b", source: "git+https://github.com/acme/app", ref: "refs/tags/v1.2.3", tag: "v1.2.3",
				branch: "release", note: "names no commit",
			},
		},
		{
			"GitHub's workflow build type", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters":{"workflow":{"ref":"refs/tags/v2","repository":"https://github.com/acme/app","path":".github/workflows/release.yml"}},
			"internalParameters":{"github":{"event_name":"push","repository_id":"1"}},
			"resolvedDependencies":[{"uri":"git+https://github.com/acme/app@refs/tags/v2","digest":{"gitCommit":"` + sha + `"}}]},
			"runDetails":{"builder":{"id":"https://github.com/actions/runner/github-hosted"},"metadata":{"invocationId":"https://github.com/acme/app/actions/runs/1/attempts/1"}}}`,
			built{
				builder:   "https://github.com/actions/runner/github-hosted",
				buildType: "https://actions.github.io/buildtypes/workflow/v1",
				source:    "https://github.com/acme/app", ref: "refs/tags/v2", commit: sha, tag: "v2",
				invocation: "https://github.com/acme/app/actions/runs/1/attempts/1", materials: 1,
			},
		},
		{
			"bring your own builder", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0",
			"externalParameters":{"inputs":{"rekor-log-public":false},"vars":{}},
			"internalParameters":{"GITHUB_WORKFLOW_REF":"acme/app/.github/workflows/release.yml@refs/heads/main","GITHUB_REF":"refs/heads/main","GITHUB_REF_TYPE":"branch","GITHUB_SHA":"` + sha + `"},
			"resolvedDependencies":[{"uri":"git+https://github.com/acme/app@refs/heads/main","digest":{"gitCommit":"` + sha + `"}}]},
			"runDetails":{"builder":{"id":"https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_nodejs_slsa3.yml@refs/tags/v1.7.0"},"metadata":{"startedOn":"2023-08-04T05:26:43Z"}}}`,
			built{
				builder: "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_nodejs_slsa3.yml@refs/tags/v1.7.0", buildType: "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0",
				source: "git+https://github.com/acme/app", ref: "refs/heads/main", commit: sha, branch: "main",
				materials: 1,
			},
		},
		{
			"container-based", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://slsa.dev/container-based-build/v0.1",
			"externalParameters":{"source":{"uri":"git+https://github.com/acme/app@refs/heads/main","digest":{"sha1":"` + sha + `"}},"configPath":"build.toml"}},
			"runDetails":{"builder":{"id":"b"}}}`,
			built{
				builder: "b", buildType: "https://slsa.dev/container-based-build/v0.1",
				source: "git+https://github.com/acme/app", ref: "refs/heads/main", commit: sha, branch: "main",
			},
		},
		{
			"BuildKit, v0.2 with mode=max", PredicateSLSA02,
			`{"builder":{"id":""},"buildType":"https://mobyproject.org/buildkit@v1",
			"invocation":{"configSource":{"uri":"https://github.com/acme/app.git#` + sha + `","digest":{"sha1":"` + sha + `"},"entryPoint":"Dockerfile"},"parameters":{"frontend":"dockerfile.v0","args":{"build-arg:X":"1"}}},
			"metadata":{"buildInvocationID":"xyz","buildStartedOn":"2023-08-04T05:26:43.01Z","completeness":{"parameters":true,"environment":true,"materials":true},
			"https://mobyproject.org/buildkit@v1#metadata":{"vcs":{"revision":"` + sha + `","source":"https://github.com/acme/app"}}},
			"materials":[{"uri":"pkg:docker/golang@1.20?platform=linux%2Famd64","digest":{"sha256":"aa"}}]}`,
			built{
				buildType: "https://mobyproject.org/buildkit@v1", source: "https://github.com/acme/app.git",
				commit: sha, invocation: "xyz", materials: 1, note: "names no builder",
			},
		},
		{
			"BuildKit, v1", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
			"externalParameters":{"configSource":{"path":"Dockerfile"},"request":{"frontend":"dockerfile.v0"}},"internalParameters":{"builderPlatform":"linux/amd64"},
			"resolvedDependencies":[{"uri":"pkg:docker/alpine@3","digest":{"sha256":"bb"}}]},
			"runDetails":{"builder":{"id":""},"metadata":{"invocationID":"abc","buildkit_metadata":{"vcs":{"source":"https://github.com/acme/app","revision":"` + sha + `-dirty"}},"buildkit_completeness":{"request":false,"resolvedDependencies":true}}}}`,
			built{
				buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
				source:    "https://github.com/acme/app", commit: sha, invocation: "abc", materials: 1,
				note: "changes that are in no commit",
			},
		},
		{
			"Tekton Chains, v0.2", PredicateSLSA02,
			`{"builder":{"id":"https://tekton.dev/chains/v2"},"buildType":"tekton.dev/v1beta1/TaskRun","invocation":{"configSource":{},"parameters":{"url":"x"}},
			"materials":[{"uri":"oci://gcr.io/base","digest":{"sha256":"aa"}},{"uri":"git+https://github.com/acme/app.git","digest":{"sha1":"` + sha + `"}}]}`,
			built{
				builder: "https://tekton.dev/chains/v2", buildType: "tekton.dev/v1beta1/TaskRun",
				source: "git+https://github.com/acme/app.git", commit: sha, materials: 2,
			},
		},
		{
			"Tekton Chains, v1", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://tekton.dev/chains/v2/slsa","externalParameters":{"runSpec":{"pipelineRef":{"name":"p"}}},
			"resolvedDependencies":[{"uri":"git+https://github.com/tektoncd/catalog.git","digest":{"sha1":"1111111111111111111111111111111111111111"},"name":"pipelineTask"},
			{"uri":"git+https://github.com/acme/app.git","digest":{"sha1":"` + sha + `"},"name":"inputs/result"}]},"runDetails":{"builder":{"id":"https://tekton.dev/chains/v2"}}}`,
			built{
				builder: "https://tekton.dev/chains/v2", buildType: "https://tekton.dev/chains/v2/slsa",
				source: "git+https://github.com/acme/app.git", commit: sha, materials: 2,
			},
		},
		{
			"Google Cloud Build, v0.1", PredicateSLSA01,
			`{"builder":{"id":"https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3"},
			"recipe":{"type":"https://cloudbuild.googleapis.com/CloudBuildYaml@v0.1","entryPoint":"cloudbuild.yaml","arguments":{"@type":"type.googleapis.com/google.devtools.cloudbuild.v1.Build","id":"build-7","substitutions":{"BRANCH_NAME":"main"}}},
			"metadata":{"buildStartedOn":"2022-09-01T00:00:00Z","buildFinishedOn":"2022-09-01T00:01:00Z"},
			"materials":[{"uri":"https://github.com/acme/app","digest":{"sha1":"` + sha + `"}}]}`,
			built{
				builder:   "https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3",
				buildType: "https://cloudbuild.googleapis.com/CloudBuildYaml@v0.1",
				source:    "https://github.com/acme/app", commit: sha, branch: "main", invocation: "build-7",
				materials: 1,
			},
		},
		{
			"Google Cloud Build, v0.1 with the commit in the URI", PredicateSLSA01,
			`{"builder":{"id":"https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.2"},"materials":[{"uri":"https://github.com/acme/app/commit/` + sha + `"}]}`,
			built{
				builder: "https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.2",
				source:  "https://github.com/acme/app", commit: sha, materials: 1,
			},
		},
		{
			"Google Cloud Build, v1", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://cloud.google.com/build/gcb-buildtypes/google-worker/v1",
			"externalParameters":{"buildConfigSource":{"ref":"refs/tags/v3","repository":"git+https://github.com/acme/app","path":"cloudbuild.yaml"}},
			"internalParameters":{"systemSubstitutions":{"TAG_NAME":"v3"}},"resolvedDependencies":[{"uri":"git+https://github.com/acme/app@refs/tags/v3","digest":{"gitCommit":"` + sha + `"}}]},
			"runDetails":{"builder":{"id":"https://cloudbuild.googleapis.com/GoogleHostedWorker"},"metadata":{"invocationId":"i"}}}`,
			built{
				builder:   "https://cloudbuild.googleapis.com/GoogleHostedWorker",
				buildType: "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1",
				source:    "git+https://github.com/acme/app", ref: "refs/tags/v3", commit: sha, tag: "v3",
				invocation: "i", materials: 1,
			},
		},
		{
			"npm, before the ref was in the materials", PredicateSLSA02,
			`{"builder":{"id":"https://github.com/actions/runner"},"buildType":"https://github.com/npm/cli/gha/v2",
			"invocation":{"configSource":{"uri":"git+https://github.com/acme/lib@refs/heads/main","digest":{"sha1":"` + sha + `"},"entryPoint":".github/workflows/release.yml"},
			"environment":{"GITHUB_REF":"refs/heads/main","GITHUB_RUN_ID":"9"}},"metadata":{"buildInvocationId":"9-1"},"materials":[{"uri":"git+https://github.com/acme/lib","digest":{"sha1":"` + sha + `"}}]}`,
			built{
				builder: "https://github.com/actions/runner", buildType: "https://github.com/npm/cli/gha/v2",
				source: "git+https://github.com/acme/lib", ref: "refs/heads/main", commit: sha, branch: "main",
				invocation: "9-1", materials: 1,
			},
		},
		{
			"GitLab", PredicateSLSA1,
			`{"buildDefinition":{"buildType":"https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v17/PROVENANCE.md","externalParameters":{"source":"https://gitlab.com/acme/app","entryPoint":"build"},
			"resolvedDependencies":[{"uri":"https://gitlab.com/acme/app","digest":{"sha1":"` + sha + `"}}]},"runDetails":{"builder":{"id":"https://gitlab.com/acme/app/-/runners/1"}}}`,
			built{
				builder:   "https://gitlab.com/acme/app/-/runners/1",
				buildType: "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v17/PROVENANCE.md",
				source:    "https://gitlab.com/acme/app", commit: sha, materials: 1,
			},
		},
		{
			"a workflow that built another repository", PredicateSLSA02,
			`{"builder":{"id":"b"},"invocation":{"configSource":{"uri":"git+https://github.com/acme/app@refs/heads/main"}},"materials":[{"uri":"git+https://github.com/evil/app@refs/heads/main"}]}`,
			built{
				builder: "b", source: "git+https://github.com/acme/app", ref: "refs/heads/main", branch: "main",
				materials: 1,
				note:      "triggered by git+https://github.com/acme/app and built git+https://github.com/evil/app",
			},
		},
	} {
		got, err := parseClaims(Statement{PredicateType: c.predicateType, Predicate: []byte(c.predicate)})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := got.source()
		have := built{
			builder: got.builder, buildType: got.buildType, source: s.repo, ref: s.ref, commit: s.commit,
			invocation: got.invocation,
			branch:     got.branch, tag: got.tag, materials: len(got.materials), note: c.want.note,
		}
		if have != c.want {
			t.Errorf("%s:\n have %+v\n want %+v", c.name, have, c.want)
		}
		if !slices.ContainsFunc(got.notes, func(n string) bool { return strings.Contains(n, c.want.note) }) &&
			c.want.note != "" {
			t.Errorf("%s: notes are %q, want one with %q", c.name, got.notes, c.want.note)
		}
	}
}

func TestTimesAndParameters(t *testing.T) {
	c,
		err := parseSLSA02([]byte(`{"invocation":{"parameters":{"frontend":"dockerfile.v0","args":{"target":"final"},"empty":{}}},
		"metadata":{"buildStartedOn":"2023-08-04T05:26:43.5+02:00","buildFinishedOn":"not a time"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2023, 8, 4, 3, 26, 43, 5e8, time.UTC); !c.started.Equal(want) || !c.finished.IsZero() {
		t.Errorf("started %v, finished %v", c.started, c.finished)
	}
	if len(c.parameters) != 2 || c.parameters["frontend"] != "dockerfile.v0" ||
		c.parameters["args"] != `{"target":"final"}` {
		t.Errorf("parameters are %v", c.parameters)
	}
}

func TestBounds(t *testing.T) {
	many := `{"materials":[` + strings.Repeat(`{"uri":"pkg:x/y"},`,
		MaxMaterials) + `{"uri":"last"}],"invocation":{"parameters":{"long":"` + strings.Repeat("x",
		3*MaxParameter) + `"}}}`
	c, err := parseSLSA02([]byte(many))
	if err != nil || len(c.materials) != MaxMaterials || len(c.parameters["long"]) > MaxParameter+len("…") {
		t.Errorf("%d materials, a parameter of %d bytes, %v", len(c.materials), len(c.parameters["long"]), err)
	}
	if !slices.ContainsFunc(c.notes, func(n string) bool { return strings.Contains(n, "the first 5000 are shown") }) {
		t.Errorf("nobody says that the list was cut: %q", c.notes)
	}
}

func TestParseStatement(t *testing.T) {
	good := `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2","subject":[{"name":"x","digest":{"sha256":"` + strings.Repeat("a", 64) + `"}}],"predicate":{}}`
	s, err := ParseStatement([]byte(good))
	if err != nil || !slices.Equal(s.digests(), []string{"sha256:" + strings.Repeat("a", 64)}) {
		t.Errorf("%v, %v", s.digests(), err)
	}
	for name, bad := range map[string]string{
		"no JSON": `hello`, "a list": `[]`, "no statement": `{"_type":"https://example.com/x","subject":[{}]}`,
		"no subject": strings.Replace(good, `"subject":[`, `"other":[`, 1),
		"too long":   good + strings.Repeat(" ", MaxStatement),
		"too many subjects": `{"_type":"https://in-toto.io/Statement/v1","subject":[` + strings.Repeat("{},",
			MaxSubjects) + `{}]}`,
	} {
		if _, err := ParseStatement([]byte(bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzStatement(f *testing.F) {
	for _, p := range []string{PredicateSLSA01, PredicateSLSA02, PredicateSLSA1, PredicateVSA + "v1"} {
		f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"` + p + `","subject":[{"digest":{"sha256":"aa"}}],"predicate":{"builder":{"id":"x"},
			"invocation":{"configSource":{"uri":"git+https://h/o/r@ref"},"environment":{"github_ref_type":"tag"}},"materials":[{"uri":"git+https://h/o/r#a:b","digest":{"sha1":"1"}}],
			"buildDefinition":{"externalParameters":{"workflow":{"repository":"r","ref":"x"}},"internalParameters":{"GITHUB_WORKFLOW_REF":"a/b/c@d"}},"recipe":{"arguments":{"id":"1"}}}}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatement(data)
		if err != nil {
			return
		}
		c, err := parseClaims(s)
		if err != nil {
			return
		}
		if len(c.materials) > MaxMaterials || len(c.parameters) > MaxParameters+1 {
			t.Errorf("%d materials, %d parameters", len(c.materials), len(c.parameters))
		}
	})
}
