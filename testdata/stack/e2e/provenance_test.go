package e2e

import "github.com/backtrail/backtrail/testdata/stack/image"

// What the good image's provenance claims.
const (
	builderID = "https://github.com/actions/runner/github-hosted"
	commit    = "5c1d2ab0f0b4a2bb0d3f7f8f4f7a9a52dc5ee1a9"
)

// slsaV1 is a predicate of SLSA provenance v1 (slsa.dev/spec/v1.0/provenance) as GitHub's workflows state it.
func slsaV1() map[string]any {
	return map[string]any{
		"buildDefinition": map[string]any{
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": map[string]any{
				"workflow": map[string]any{"ref": "refs/heads/main", "repository": image.Source, "path": ".github/workflows/release.yml"},
			},
			"internalParameters": map[string]any{},
			"resolvedDependencies": []any{map[string]any{
				"uri":    "git+" + image.Source + "@refs/heads/main",
				"digest": map[string]any{"gitCommit": commit},
			}},
		},
		"runDetails": map[string]any{
			"builder":  map[string]any{"id": builderID},
			"metadata": map[string]any{"invocationId": image.Source + "/actions/runs/4242/attempts/1"},
		},
	}
}

// slsaV02 is the same in the words of SLSA provenance v0.2 (slsa.dev/spec/v0.2/provenance).
func slsaV02() map[string]any {
	return map[string]any{
		"builder":   map[string]any{"id": builderID},
		"buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
		"invocation": map[string]any{
			"configSource": map[string]any{
				"uri": "git+" + image.Source + "@refs/heads/main", "digest": map[string]any{"sha1": commit}, "entryPoint": ".github/workflows/release.yml",
			},
		},
		"materials": []any{map[string]any{"uri": "git+" + image.Source + "@refs/heads/main", "digest": map[string]any{"sha1": commit}}},
	}
}
