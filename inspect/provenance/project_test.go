package provenance

import "testing"

func TestProjectOf(t *testing.T) {
	app := project{"github.com", "acme", "app"}
	for address, want := range map[string]project{
		"https://github.com/acme/app":                                     app,
		"git+https://github.com/Acme/App.git@refs/heads/main":             app,
		"git@github.com:acme/app.git":                                     app,
		"ssh://git@github.com/acme/app":                                   app,
		"github.com/acme/app/":                                            app,
		"https://github.com/acme/app.git#refs/tags/v1":                    app,
		"https://github.com/acme/app/actions/runs/690/attempts/1":         app,
		"https://github.com/acme/app/.github/workflows/a.yml@refs/tags/v": app,
		"https://gitlab.example/group/sub/app/-/jobs/12":                  {"gitlab.example", "group/sub", "app"},
		"https://tekton.dev/chains/v2":                                    {"tekton.dev", "chains", "v2"},
		"":                                                                {},
		"https://":                                                        {},
		"%zz":                                                             {},
	} {
		if got := projectOf(address); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
}

func TestForeignProjects(t *testing.T) {
	for _, tt := range []struct {
		before, now string
		want        bool
	}{
		{"https://github.com/acme/app", "https://github.com/acme/other", false},
		{"https://github.com/acme/app", "https://github.com/acm3/app", true},
		{"https://github.com/acme/app", "https://gitlab.com/acme/app", false},
		{"https://github.com/acme/app", "https://git.example/someone/app", true},
		{"", "https://github.com/acme/app", false},
	} {
		if got := projectOf(tt.now).foreign(projectOf(tt.before)); got != tt.want {
			t.Errorf("%s after %s: %v", tt.now, tt.before, got)
		}
	}
}

func FuzzProjectOf(f *testing.F) {
	f.Add("git@github.com:acme/app.git")
	f.Fuzz(func(t *testing.T, address string) {
		if p := projectOf(address); p.host == "" && p.owner != "" {
			t.Errorf("%q: %+v", address, p)
		}
	})
}
