// Package pictures renders the screens of the README.
package pictures

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

var update = flag.Bool("update", false, "renew the pictures of the README")

const (
	readme     = "../../../README.md"
	mainModule = "../../.."

	// A README has room for few rows, and the page of a code host for about this many columns.
	rows, columns = 22, 100

	// ended stands in the header once all checks have ended: the clock of the incident.
	ended = "14:09"

	// timeout is how long a screen may take on a slow machine.
	timeout = 40 * time.Second
)

// The pictures of the README are what the program shows of its built-in incident. BACKTRAIL_BIN names a program that is
// built already.
func TestPicturesOfTheReadme(t *testing.T) {
	program := build(t)
	screen, err := program.Terminal(columns, rows, "demo", "--no-color")
	if err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "4 pods")
	content, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, picture := range []struct {
		name, keys string
		shows      []string
	}{
		{"pods", "", []string{"web-7d9c5b6f48-x2kqp", "Detail"}},
		{"overview", "\r", []string{"1 Over", "fontd", ended}},
		{"layers", "2jl", []string{"Files of layer 6", "fontd"}},
	} {
		types(t, screen, picture.keys)
		shows(t, screen, picture.shows...)
		text = compare(t, text, picture.name, "```text\n"+squeezed(settled(screen))+"```\n")
	}
	types(t, screen, "\x03") // ctrl+c
	if _, err := screen.Exit(timeout); err != nil {
		t.Error(err)
	}
	if *update {
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compare returns the text with the picture in its place, which stands between two marks. A picture that differs is an
// error unless -update is set.
func compare(t *testing.T, text, name, picture string) string {
	t.Helper()
	mark := "<!-- screen " + name + " -->\n"
	before, rest, begins := strings.Cut(text, mark)
	was, after, ends := strings.Cut(rest, mark)
	if !begins || !ends {
		t.Fatalf("the README has no %s", mark)
	}
	if was != picture && !*update {
		t.Errorf("the README shows for %s\n%sthe program shows\n%s(make pictures renews them)", name, was, picture)
	}
	return before + mark + picture + mark + after
}

// build builds backtrail with a home of its own.
func build(t *testing.T) *terminal.Program {
	t.Helper()
	home := t.TempDir()
	program, err := terminal.Build(t.Context(), "BACKTRAIL_BIN", mainModule, "./cmd/backtrail", filepath.Join(home, "backtrail"))
	if err != nil {
		t.Fatal(err)
	}
	program.Dir, program.Env = home, []string{
		"HOME=" + home, "XDG_CACHE_HOME=" + home + "/cache", "XDG_DATA_HOME=" + home + "/data", "XDG_CONFIG_HOME=" + home + "/config",
		"KUBECONFIG=" + home + "/none", "LANG=C.UTF-8", "NO_COLOR=",
	}
	return program
}

func shows(t *testing.T, screen *terminal.Terminal, texts ...string) {
	t.Helper()
	if _, err := screen.Await(timeout, texts...); err != nil {
		t.Fatal(err)
	}
}

func types(t *testing.T, screen *terminal.Terminal, keys string) {
	t.Helper()
	if err := screen.Type(keys); err != nil {
		t.Fatal(err)
	}
}

// settled is the screen once it has not changed for two seconds: the checks of the case have ended then.
func settled(screen *terminal.Terminal) string {
	const quiet = 2 * time.Second
	before, since := "", time.Now()
	for {
		now := screen.Screen()
		if now != before {
			before, since = now, time.Now()
		}
		if time.Since(since) > quiet {
			return now
		}
		time.Sleep(50 * time.Millisecond)
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
