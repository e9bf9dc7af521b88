package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/backtrail/backtrail/tui"
	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// helpFiles are the reference: a topic per file, in the Markdown that go-md2man reads, written to be read as it is.
// The manual pages are made of the same files. They are in the program, since an incident may leave no way to a web
// site.
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

// helpTopics lists the pages in the order in which they are shown: from the alert to the exit code. A test compares the
// list with the files, and the flags and commands that a page names with those that exist.
func helpTopics() []helpTopic {
	return []helpTopic{
		{"alerts", "formats and sources of alerts, matching an alert to a pod"},
		{"expectations", "who should have signed, signature schemes, known-good images"},
		{"policies", "ClusterImagePolicy, Kyverno, writing a policy"},
		{"registries", "credentials, mirrors, the cache, slow links"},
		{"images", "what is read in an image"},
		{"data", "vulnerabilities and known-compromise data"},
		{"thresholds", "what blocks an image, what needs a remedy by a date"},
		{"cluster", "what is read in a cluster"},
		{"bundle", "the evidence bundle: contents, sealing, verifying"},
		{"audit", "everything that runs: depths, changes, outputs"},
		{"journal", "what ran where: the journal, and where"},
		{"config", "config.yaml, kubectl and k9s"},
		{"json", "the JSON output"},
		{"exit-codes", "the exit codes"},
		{keysTopic, "the keys of the terminal UI"},
	}
}

// topicText returns the page of a topic in Markdown, and whether there is such a topic. Names are looked up in
// helpTopics before a file is read: an argument is never a path.
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

// helpCommand replaces cobra's: it also has the topics, and an unknown name is a usage error where cobra's prints the
// help of the root and ends with 0.
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

// help prints a topic, the help of a command, or both where they share a name (audit, journal): first what it is about,
// then its flags.
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

// topicList is the end of the help of the root command: topics are not commands, and cobra would not list them.
func topicList() string {
	var b strings.Builder
	b.WriteString("Help topics (backtrail help TOPIC):\n")
	for _, t := range helpTopics() {
		fmt.Fprintf(&b, "  %-13s %s\n", t.name, t.short)
	}
	return b.String()
}

// Sections of the manual: commands, and pages about a subject (man-pages(7)).
const (
	manCommands = "1"
	manTopics   = "7"
)

// manPage is a page of the manual: the name of its file, whose extension is the section, and its roff.
type manPage struct {
	file string // backtrail-alerts.7
	roff []byte
}

// manCommand is the verb man. Packages of distributions call it with --write at build time, with SOURCE_DATE_EPOCH set.
func manCommand(std streams) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man [COMMAND|TOPIC]",
		Short: "Manual pages, printed or written to a directory",
		Long: `Prints a manual page as roff: of backtrail itself, a command or a help topic. With --write all pages
are written to a directory. They are generated from the text of --help and of the help topics.

  backtrail man bundle | man -l -
  backtrail man --write ~/.local/share/man`,
		Args: func(_ *cobra.Command, args []string) error {
			if dir != "" && len(args) > 0 {
				return usage("--write writes all pages: leave out %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir != "" {
				return writeManual(cmd.Root(), std.err, dir)
			}
			return printManual(cmd.Root(), std.out, args)
		},
	}
	cmd.Flags().StringVar(&dir, "write", "", "write all pages below `DIR`, in man1 and man7")
	return cmd
}

// printManual prints the page of a command or topic. A command comes before a topic of the same name, as section 1 does
// for man(1).
func printManual(root *cobra.Command, to io.Writer, args []string) error {
	want := strings.Join(append([]string{"backtrail"}, args...), "-")
	pages, err := manual(root)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if name := strings.TrimSuffix(p.file, filepath.Ext(p.file)); name == want {
			if _, err := to.Write(p.roff); err != nil {
				return fmt.Errorf("printing the manual page: %w", err)
			}
			return nil
		}
	}
	return usage("there is no manual page of %s", strings.Join(args, " "))
}

// writeManual writes every page in the layout that man(1) searches: DIR/man1 and DIR/man7. Pages of an earlier version
// are written over: they are this program's, and nothing else is of that name.
func writeManual(root *cobra.Command, notes io.Writer, dir string) error {
	pages, err := manual(root)
	if err != nil {
		return err
	}
	for _, p := range pages {
		sub := filepath.Join(dir, "man"+strings.TrimPrefix(filepath.Ext(p.file), "."))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return fmt.Errorf("making the directory for manual pages: %w", err)
		}
		if err := os.WriteFile(filepath.Join(sub, p.file), p.roff, 0o644); err != nil {
			return fmt.Errorf("writing the manual page: %w", err)
		}
	}
	fmt.Fprintf(notes, "%d manual pages written to %s\n", len(pages), dir)
	return nil
}

// manual makes the pages of all commands, the root first, then those of the topics. They depend on the version and on
// manDate only, so that a package of a distribution is built twice with the same bytes.
func manual(root *cobra.Command) ([]manPage, error) {
	pages, err := commandPages(root, nil)
	if err != nil {
		return nil, err
	}
	for _, t := range helpTopics() {
		text, _ := topicText(t.name)
		pages = append(pages, topicPage(t, text))
	}
	return pages, nil
}

// commandPages adds the page of a command and those of the commands below it. Hidden commands have none.
func commandPages(cmd *cobra.Command, pages []manPage) ([]manPage, error) {
	cmd.DisableAutoGenTag = true // a date would make each build another
	var b bytes.Buffer
	header := &doc.GenManHeader{
		Section: manCommands,
		Date:    manDate(),
		Source:  "backtrail " + version,
		Manual:  "backtrail",
	}
	if err := doc.GenMan(cmd, header, &b); err != nil {
		return nil, fmt.Errorf("making the manual page of %s: %w", cmd.CommandPath(), err)
	}
	pages = append(pages, manPage{strings.ReplaceAll(cmd.CommandPath(), " ", "-") + "." + manCommands, b.Bytes()})
	for _, sub := range cmd.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		var err error
		if pages, err = commandPages(sub, pages); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// topicPage turns a help topic into a page: its first heading becomes the name line that man -k lists (lexgrog(1)
// reads it from the section NAME, as "name - description" on one line).
func topicPage(t helpTopic, text string) manPage {
	_, body, _ := strings.Cut(text, "\n")
	name := "backtrail-" + t.name
	var b strings.Builder
	fmt.Fprintf(
		&b,
		"%% %q %q %q %q %q\n",
		strings.ToUpper(name),
		manTopics,
		manDate().Format("Jan 2006"),
		"backtrail "+version,
		"backtrail",
	)
	fmt.Fprintf(
		&b,
		"# NAME\n%s - %s\n\n# DESCRIPTION\n%s\n# SEE ALSO\n**backtrail**(%s)\n",
		name,
		t.short,
		body,
		manCommands,
	)
	return manPage{name + "." + manTopics, md2man.Render([]byte(b.String()))}
}

// manDate is the date that the pages carry: SOURCE_DATE_EPOCH
// (https://reproducible-builds.org/specs/source-date-epoch/), else the time of the revision that was built, else now.
func manDate() *time.Time {
	// A value that is no number counts as unset: a build must not fail for a date on a manual page.
	now := time.Now().UTC()
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		now = time.Unix(seconds, 0).UTC()
	} else if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				now = at
			}
		}
	}
	return &now
}
