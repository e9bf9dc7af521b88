package caseview

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// runtimeText is the mark of the runtime state in words.
func runtimeText(mark string) string {
	switch mark {
	case inspect.RuntimeSaved:
		return "preserved"
	case inspect.RuntimeGivenUp:
		return "not preserved (accepted)"
	default:
		return "open"
	}
}

// whyNoRuntime is why the runtime state cannot be marked here; a saved case takes it on the command line.
func whyNoRuntime(s *Screen) string {
	switch why := s.readOnly(); {
	case why != "":
		return why + "; use backtrail runtime"
	case s.c.Pod == nil:
		return "the case has no pod"
	default:
		return ""
	}
}

// whyNoRuntimeOpen is why the runtime state cannot be opened again.
func whyNoRuntimeOpen(s *Screen) string {
	if why := whyNoRuntime(s); why != "" {
		return why
	}
	if _, marked := s.c.Runtime(); !marked {
		return "it is open"
	}
	return ""
}

// runRuntime marks what became of the pod's runtime state, and asks for the reason. The mark decides which next steps
// are shown: deleting the pod comes after its state was preserved or given up.
func runRuntime(mark string) func(*Screen, string) tea.Cmd {
	return func(s *Screen, _ string) tea.Cmd {
		about := []string{
			"Runtime state: the writable layers and the memory of the pod, which exist nowhere else.",
			"How was it preserved, or why is its loss accepted? The reason is recorded with your name.",
		}
		if mark == inspect.RuntimeOpen {
			about[1] = "Why is it open again? The reason is recorded with your name."
		}
		s.shell.Ask("Runtime state: "+runtimeText(mark), "", about, func(reason string) tea.Cmd {
			return addNote(s, inspect.Note{Subject: inspect.SubjectRuntime, Mark: mark, Text: reason})
		})
		return nil
	}
}
