package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/tui"
)

// helpFiles hold the reference: a topic per file, in the Markdown that go-md2man reads, written to be read as it is.
// The manual pages are made of the same files.
//
//go:embed help/*.md
var helpFiles embed.FS

// keysTopic is made of the command table of the terminal UI instead of a file.
const keysTopic = "keys"

// helpTopic is a page of the reference.
type helpTopic struct {
	name  string
	short string // completes "NAME  …" in lists, without a period
}

// helpTopics lists the pages in the order in which they are shown.
func helpTopics() []helpTopic {
	return []helpTopic{
		{"alerts", "formats and sources of alerts, matching an alert to a pod"},
		{"expectations", "who should have signed, signature schemes, known-good images"},
		{"policies", "ClusterImagePolicy, Kyverno, writing a policy"},
		{"registries", "credentials, mirrors, the cache, slow links"},
		{"images", "what is read in an image"},
		{"data", "known-compromise data: incident packs, records of OSV"},
		{"cluster", "what is read in a cluster"},
		{"bundle", "the evidence bundle: contents, sealing, verifying"},
		{"audit", "many workloads: what exists today"},
		{"journal", "what ran where: the journal, and where"},
		{"json", "the JSON output"},
		{"exit-codes", "the exit codes"},
		{keysTopic, "the keys of the terminal UI"},
	}
}

// topicText returns the page of a topic in Markdown, and whether there is such a topic.
func topicText(name string) (text string, found bool) {
	if name == keysTopic {
		return "# Keys\n\nA key has one meaning everywhere. `?` lists those of the current screen.\n\n" +
			tui.KeyTable(), true
	}
	if !slices.ContainsFunc(helpTopics(), func(t helpTopic) bool { return t.name == name }) {
		return "", false
	}
	b, err := helpFiles.ReadFile("help/" + name + ".md")
	return string(b), err == nil
}

// helpCommand replaces cobra's: it also knows the topics, and an unknown name is a usage error.
func helpCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Help about a command or a topic",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, t := range helpTopics() {
				names = append(names, t.name+"\t"+t.short)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return help(cmd.Root(), std.out, args) },
	}
}

// help prints a topic, the help of a command, or both where they share a name.
func help(root *cobra.Command, to io.Writer, args []string) error {
	if len(args) == 0 {
		return root.Help()
	}
	name := strings.Join(args, " ")
	text, isTopic := topicText(name)
	if isTopic {
		if _, err := io.WriteString(to, text); err != nil {
			return fmt.Errorf("printing help: %w", err)
		}
	}
	cmd, rest, err := root.Find(args)
	switch {
	case err == nil && len(rest) == 0 && cmd != root:
		return cmd.Help()
	case isTopic:
		return nil
	}
	return &exitError{
		code: exitUsage, err: errors.New("no command or help topic is named " + name),
		hints: []string{"backtrail help lists commands and topics"},
	}
}

// topicList is the end of the help of the root command.
func topicList() string {
	var b strings.Builder
	b.WriteString("Help topics (backtrail help TOPIC):\n")
	for _, t := range helpTopics() {
		fmt.Fprintf(&b, "  %-13s %s\n", t.name, t.short)
	}
	return b.String()
}
