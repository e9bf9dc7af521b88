package e2e

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/env"
)

var update = flag.Bool("update", false, "renew the pictures of the README")

const readme = "../../../README.md"

// pictureRows are few enough for a page; pictureColumns are those of a page of code.
const pictureRows, pictureColumns = 38, 110

// The pictures of the README are what the program shows of its built-in incident.
func TestThePicturesOfTheReadme(t *testing.T) {
	t.Parallel()
	r := newResponder(t, env.Nobody)
	terminal, err := r.program.Terminal(pictureColumns, pictureRows, "demo", "--no-color")
	must(t, err)
	s := &screen{t: t, terminal: terminal}
	s.shows("4 pods")
	content, err := os.ReadFile(readme)
	must(t, err)
	text := string(content)
	for _, picture := range []struct {
		name, keys string
		shows      []string
	}{
		{"pods", "", []string{"web-7d9c5b6f48-x2kqp", "line 6"}},
		{"overview", enter, []string{"Findings (", "sha256"}},
		{"layers", "2jl", []string{"Files of layer 6", "fontd"}},
		{"signatures", "]3jj", []string{"of mesh-proxy", "signature"}},
		{"provenance", "[4", []string{"Statements of web ", "built by"}},
		{"packages", "5", []string{"Packages of web", "SBOM generated"}},
		{"binaries", "6", []string{"Unexpected, altered", "hidden-path"}},
		{"timeline", "7G", []string{"Timeline", "registry"}},
		{"reach", "8", []string{"Blast radius", "cloud role"}},
		{"export", "1x", []string{"Where to", "secrets redacted"}},
	} {
		s.types(picture.keys)
		s.shows(picture.shows...)
		got := "```text\n" + squeezed(s.settled()) + "```\n"
		mark := "<!-- screen " + picture.name + " -->\n"
		before, rest, begins := strings.Cut(text, mark)
		was, after, ends := strings.Cut(rest, mark)
		if !begins || !ends {
			t.Fatalf("the README has no %s", mark)
		}
		if was != got && !*update {
			t.Errorf("the README shows for %s\n%sthe program shows\n%s(make pictures renews them)", picture.name, was, got)
		}
		text = before + mark + got + mark + after
	}
	s.types(escape + ctrlC)
	s.ends()
	if *update {
		must(t, os.WriteFile(readme, []byte(text), 0o644))
	}
}

// settled is the screen once it no longer changes.
func (s *screen) settled() string {
	for before := ""; ; {
		time.Sleep(300 * time.Millisecond)
		now := s.terminal.Screen()
		if now == before {
			return now
		}
		before = now
	}
}

// squeezed leaves one of several empty lines.
func squeezed(text string) string {
	var b strings.Builder
	empty := false
	for line := range strings.Lines(text) {
		was := empty
		if empty = strings.Trim(line, " │\n") == ""; !empty || !was {
			b.WriteString(strings.TrimRight(line, " \n") + "\n")
		}
	}
	return b.String()
}
