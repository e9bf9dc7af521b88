package answer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// ranAtRunTime reports whether an alert is about something that was done in the running container, or about a file that
// came into it then.
// The origin comes from comparing the alert with the layers; what the alert alone states is not enough to name one.
func ranAtRunTime(a inspect.Alert) bool {
	if a.Ran != nil && a.Ran.Act != "" {
		return true
	}
	return slices.Contains([]string{
		inspect.OriginRuntime, inspect.OriginMemfd, inspect.OriginChanged,
		inspect.OriginVolume,
	}, a.File.Origin)
}

// acts are the sentences about what was done at run time, whatever the image contains: a shell that was opened,
// packages that were installed, a command that a process of the container started, a debug container.
// They are derived: that a process ran is the sensor's word, and how it came to run follows from its parent and
// terminal.
func acts(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	told := map[string]bool{}
	for _, a := range matchedAlerts(c) {
		text := actOf(c, a)
		if text == "" || told[text] {
			continue
		}
		told[text] = true
		i := image(c, a.Subject)
		if len(failedOf(c, i)) == 0 && i.Status == inspect.Verified {
			text += "; nothing in the image explains it"
		}
		all = append(all, derived(in(c, i)+text))
	}
	return some(all, "more acts at run time")
}

// actOf describes what was done at run time by an alert, "" where it is none.
func actOf(c inspect.Case, a inspect.Alert) string {
	if container(c, a.Subject).Type == inspect.ContainerEphemeral {
		return "someone attached debug container " + text.Clean(a.Subject) +
			" to the running pod, and the alert is about a process in it: a run-time act"
	}
	if a.Ran == nil || a.Ran.Act == "" {
		return ""
	}
	program := path.Base(text.Clean(a.Ran.Program))
	// A parent named runc or containerd-shim is what exec from outside looks like; the word is left to the reader.
	how := ""
	if a.Parent != "" {
		how = ", started by " + path.Base(text.Clean(a.Parent))
	}
	if a.Terminal {
		how += ", with a terminal"
	}
	line := cut(strings.TrimSpace(text.Clean(a.CommandLine)), maxCommand)
	switch a.Ran.Act {
	case inspect.ActExec:
		if a.Ran.Kind == "input" {
			return fmt.Sprintf("someone opened a shell in the container at run time, as kubectl exec does (%s%s)",
				program, how)
		}
		return fmt.Sprintf("someone ran a command in the container at run time, as kubectl exec does (%s%s)", line,
			how)
	case inspect.ActInstall:
		return fmt.Sprintf("packages were installed in the container at run time (%s%s)", line, how)
	}
	return fmt.Sprintf("a process of the container started a command at run time (%s%s)", line, how)
}

// maxCommand bounds a command line in a sentence, in runes.
// A command line is foreign, and may have 128 KiB.
const maxCommand = 120
