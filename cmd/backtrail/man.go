package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Sections of the manual: commands, and pages about a subject (man-pages(7)).
const (
	manCommands = "1"
	manTopics   = "7"
)

// manPage is a page of the manual.
type manPage struct {
	file string // backtrail-alerts.7
	roff []byte
}

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

// printManual prints the page of a command or topic.
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

// writeManual writes every page in the layout that man(1) searches: DIR/man1 and DIR/man7.
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

// manual makes the pages of all commands, the root first, then those of the topics.
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

// topicPage turns a help topic into a page: its first heading becomes the name line that man -k lists.
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
