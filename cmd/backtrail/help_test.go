package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/backtrail/backtrail/tui"
)

// planned are commands that the reference names as not existing yet.
var planned []string

// update has the tests write what they would compare with.
var update = flag.Bool("update", false, "renew the table of keys in the README, and frames")

const readmePath = "../../README.md"

// guideDocuments are all texts that a user reads: the help topics and the README, by name.
func guideDocuments(t *testing.T) map[string]string {
	t.Helper()
	readme, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"README.md": string(readme)}
	for _, topic := range helpTopics() {
		text, found := topicText(topic.name)
		if !found {
			t.Fatalf("topic %s has no text", topic.name)
		}
		all[topic.name] = text
	}
	return all
}

func TestEachTopicHasAFileAndEachFileATopic(t *testing.T) {
	files, err := filepath.Glob("help/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, found := topicText(strings.TrimSuffix(filepath.Base(f), ".md")); !found {
			t.Errorf("%s is not in helpTopics", f)
		}
	}
	if len(files)+1 != len(helpTopics()) { // keys has no file
		t.Errorf("%d files, %d topics", len(files), len(helpTopics()))
	}
}

func TestTopicsFitATerminal(t *testing.T) {
	for _, topic := range helpTopics() {
		text, _ := topicText(topic.name)
		if !strings.HasPrefix(text, "# ") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: no heading, or no end of line", topic.name)
		}
		for line := range strings.Lines(text) {
			if n := columns(strings.TrimRight(line, "\n")); n > 100 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s: a line of %d columns: %s", topic.name, n, line)
			}
		}
	}
}

func TestTheReadmeIsShort(t *testing.T) {
	if n := strings.Count(guideDocuments(t)["README.md"], "\n"); n > 200 {
		t.Errorf("%d lines, at most 200", n)
	}
}

// pictures are the screens in the README, whose text is that of images.
var pictures = regexp.MustCompile("(?s)```text\n.*?```\n")

// Every flag that is documented exists, and every command.
func TestDocumentsNameFlagsAndCommandsThatExist(t *testing.T) {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	root.InitDefaultCompletionCmd()
	flags := flagNames(root)
	flagName, command := regexp.MustCompile(`(?:^|[\s\x60(|\[])--([a-z][a-z-]+)`), regexp.MustCompile(`(?:^    |\x60)backtrail ([a-z][a-z-]+)`)
	for name, text := range guideDocuments(t) {
		text = pictures.ReplaceAllString(text, "")
		for _, m := range flagName.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(flags, m[1]) && !slices.Contains(flags, m[1]+"-regexp") {
				t.Errorf("%s names --%s, which does not exist", name, m[1])
			}
		}
		for line := range strings.Lines(text) {
			for _, m := range command.FindAllStringSubmatch(line, -1) {
				if found, _, err := root.Find([]string{m[1]}); (err != nil || found == root) && m[1] != "help" && !slices.Contains(planned, m[1]) {
					t.Errorf("%s names the command %s, which does not exist", name, m[1])
				}
			}
		}
	}
}

// What the reference says does not exist yet must not exist: who adds it writes its page.
func TestPlannedCommandsAreStillPlanned(t *testing.T) {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	for _, name := range planned {
		if found, _, err := root.Find([]string{name}); err == nil && found != root {
			t.Errorf("%s exists: describe it in help/, and take it from what is said to be missing there and in README.md", name)
		}
	}
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.PersistentFlags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		names = append(names, flagNames(sub)...)
	}
	return append(names, "help")
}

// The README shows some keys: its rows are those of the command table. With -update each row is renewed by its key.
func TestTheKeysOfTheReadmeAreThoseOfTheProgram(t *testing.T) {
	const mark = "<!-- keys -->\n"
	readme := guideDocuments(t)["README.md"]
	before, rest, begins := strings.Cut(readme, mark)
	table, after, ends := strings.Cut(rest, mark)
	if !begins || !ends {
		t.Fatal("the README has no <!-- keys --> marks")
	}
	rows := map[string]string{}
	for row := range strings.Lines(tui.KeyTable()) {
		rows[keyCell(row)] = row
	}
	var renewed strings.Builder
	for row := range strings.Lines(table) {
		if rows[keyCell(row)] == "" {
			t.Errorf("there is no key %s", keyCell(row))
		}
		renewed.WriteString(rows[keyCell(row)])
	}
	switch {
	case renewed.String() == table:
	case *update:
		if err := os.WriteFile(readmePath, []byte(before+mark+renewed.String()+mark+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the README shows\n%sthe program has\n%s(-update renews it)", table, renewed.String())
	}
}

// keyCell is the first cell of a row of a Markdown table.
func keyCell(row string) string {
	cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
	return cell
}

func TestManualHasAPageForEachCommandAndTopic(t *testing.T) {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	pages, err := manual(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range pages {
		names = append(names, p.file)
		if !bytes.Contains(p.roff, []byte("\n.TH ")) || !bytes.Contains(p.roff, []byte("\n.SH NAME")) {
			t.Errorf("%s is not a manual page:\n%.200s", p.file, p.roff)
		}
	}
	for _, want := range []string{"backtrail.1", "backtrail-inspect.1", "backtrail-policy-draft.1", "backtrail-bundle.7", "backtrail-keys.7"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s in %v", want, names)
		}
	}
}
