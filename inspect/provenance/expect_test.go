package provenance

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// The answers are those of slsa-verifier for the same claim and flag.
func TestCompareSource(t *testing.T) {
	const said = "git+https://github.com/acme/app"
	for _, c := range []struct {
		said []string
		want string
		ok   bool
	}{
		{[]string{said}, "github.com/acme/app", true},
		{[]string{said}, "https://github.com/acme/app", true},
		{[]string{said}, "git+https://github.com/acme/app", true},
		{[]string{"https://github.com/acme/app"}, "github.com/acme/app", true},
		{[]string{said + ".git"}, "github.com/acme/app", true}, // Tekton, GitLab
		{[]string{said}, "github.com/acme/app.git", false},
		{[]string{said}, "github.com/acme/appA", false},
		{[]string{said}, "github.com/acme/ap", false},
		{[]string{said}, "github.com/acme", false},
		{[]string{said}, "github.com/Acme/app", false},
		{[]string{said}, "github.com.evil.example/acme/app", false},
		{[]string{said}, "acme/app", false},
		{[]string{said}, "http://github.com/acme/app", false},
		{[]string{"git+https://github.com.evil.example/acme/app"}, "github.com/acme/app", false},
		{[]string{"git+https://evil.example/github.com/acme/app"}, "github.com/acme/app", false},
		{[]string{"git+https://github.com@evil.example/acme/app"}, "github.com/acme/app", false},
		{[]string{"git+https://gіthub.com/acme/app"}, "github.com/acme/app", false}, // a Cyrillic letter
		{[]string{"git+http://github.com/acme/app"}, "github.com/acme/app", false},
		{[]string{"git+ssh://git@github.com/acme/app"}, "github.com/acme/app", false},
		{[]string{said, "git+https://github.com/evil/app"}, "github.com/acme/app", false}, // triggered by one, built of another
		{nil, "github.com/acme/app", false},
	} {
		var claimed claims
		for _, s := range c.said {
			claimed.addSource(parseSource(s+"@refs/heads/main", nil))
		}
		m := compareSource(claimed, []string{c.want})
		if (m == nil) != c.ok || m != nil && m.reason != inspect.ReasonSourceMismatch {
			t.Errorf("%q against %q: %+v", c.said, c.want, m)
		}
	}
	if m := compareSource(claims{sources: []source{{repo: said}}}, []string{
		"github.com/other/app",
		"github.com/acme/app",
	}); m != nil {
		t.Errorf("one of two expected sources fits: %+v", m)
	}
}

func TestParseSource(t *testing.T) {
	for uri, want := range map[string]source{
		"git+https://github.com/acme/app@refs/heads/main": {
			repo: "git+https://github.com/acme/app",
			ref:  "refs/heads/main",
		},
		"git+https://user@host/acme/app@refs/tags/v1": {
			repo: "git+https://user@host/acme/app",
			ref:  "refs/tags/v1",
		},
		"https://github.com/acme/app.git#refs/heads/main:sub": {
			repo: "https://github.com/acme/app.git",
			ref:  "refs/heads/main",
		},
		"git@github.com:acme/app.git":                {repo: "git@github.com:acme/app.git"},
		"https://github.com/acme/app":                {repo: "https://github.com/acme/app"},
		"https://github.com/acme/app/commit/" + ones: {repo: "https://github.com/acme/app", commit: ones},
		"https://github.com/acme/app.git#" + ones:    {repo: "https://github.com/acme/app.git", commit: ones},
		"": {},
	} {
		if got := parseSource(uri, nil); got != want {
			t.Errorf("%q is %+v, want %+v", uri, got, want)
		}
	}
}

const ones = "1111111111111111111111111111111111111111"

func TestCompareRefs(t *testing.T) {
	branch := claims{branch: "main", sources: []source{{repo: "r", ref: "refs/heads/main"}}}
	tag := claims{tag: "v1.2.3", branch: "main", sources: []source{{repo: "r", ref: "refs/tags/v1.2.3"}}}
	for _, c := range []struct {
		name   string
		said   claims
		flags  inspect.Expected
		reason string
	}{
		{"branch", branch, inspect.Expected{SourceBranches: []string{"main"}}, ""},
		{"one of two branches", branch, inspect.Expected{SourceBranches: []string{"release", "main"}}, ""},
		{"other branch", branch, inspect.Expected{SourceBranches: []string{"mai"}}, inspect.ReasonBranchMismatch},
		{
			"branch in other letters", branch,
			inspect.Expected{SourceBranches: []string{"Main"}},
			inspect.ReasonBranchMismatch,
		},
		{"branch of a tag", tag, inspect.Expected{SourceBranches: []string{"main"}}, ""},
		{"no branch known", claims{}, inspect.Expected{SourceBranches: []string{"main"}}, inspect.ReasonBranchMismatch},
		{"tag", tag, inspect.Expected{SourceTags: []string{"v1.2.3"}}, ""},
		{"other tag", tag, inspect.Expected{SourceTags: []string{"v1.2.4"}}, inspect.ReasonTagMismatch},
		{"tag of a branch build", branch, inspect.Expected{SourceTags: []string{"v1.2.3"}}, inspect.ReasonNotATagBuild},
		{
			"versioned tag of a branch build", branch,
			inspect.Expected{SourceVersioneds: []string{"v1"}},
			inspect.ReasonNotATagBuild,
		},
		{"major", tag, inspect.Expected{SourceVersioneds: []string{"v1"}}, ""},
		{"minor", tag, inspect.Expected{SourceVersioneds: []string{"v1.2"}}, ""},
		{"patch", tag, inspect.Expected{SourceVersioneds: []string{"v1.2.3"}}, ""},
		{"build metadata does not count", tag, inspect.Expected{SourceVersioneds: []string{"v1.2.3+abc"}}, ""},
		{"other minor", tag, inspect.Expected{SourceVersioneds: []string{"v1.3"}}, inspect.ReasonTagMismatch},
		{"other major", tag, inspect.Expected{SourceVersioneds: []string{"v12"}}, inspect.ReasonTagMismatch},
		{
			"a release candidate is no release",
			claims{tag: "v1.2.3-rc.1"},
			inspect.Expected{SourceVersioneds: []string{"v1.2.3"}},
			inspect.ReasonTagMismatch,
		},
		{
			"the same release candidate",
			claims{tag: "v1.2.3-rc.1"},
			inspect.Expected{SourceVersioneds: []string{"v1.2.3-rc.1"}},
			"",
		},
		{"no version", tag, inspect.Expected{SourceVersioneds: []string{"1.2.3"}}, inspect.ReasonTagMismatch},
	} {
		reason := ""
		if wrong := compare(c.said, c.flags); len(wrong) > 0 {
			reason = wrong[0].reason
		}
		if reason != c.reason {
			t.Errorf("%s: %q, want %q", c.name, reason, c.reason)
		}
	}
}

func TestCompareBuilder(t *testing.T) {
	const workflow = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml"
	for _, c := range []struct {
		said, want string
		ok         bool
	}{
		{workflow + "@refs/tags/v1.8.0", workflow, true},
		{workflow + "@refs/tags/v1.8.0", workflow + "@v1.8.0", true},
		{workflow + "@refs/tags/v1.8.0", workflow + "@refs/tags/v1.8.0", true},
		{workflow + "@refs/tags/v1.8.0", workflow + "@v1.8", false},
		{workflow + "@refs/tags/v1.8.0", workflow + "@v1.9.0", false},
		{workflow + "@refs/heads/main", workflow + "@main", false},
		{workflow + "@refs/tags/v1.8.0", workflow + "@", false},
		{workflow + "@refs/tags/v1.8.0", workflow + "x", false},
		{workflow + "@refs/tags/v1.8.0", "https://github.com/slsa-framework", false},
		{
			"https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3",
			"https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3", true,
		},
		{"", "", false},
		{"", workflow, false},
	} {
		m := compareBuilder(claims{builder: c.said}, []string{c.want})
		if (m == nil) != c.ok {
			t.Errorf("%q against %q: %+v", c.said, c.want, m)
		}
	}
}
