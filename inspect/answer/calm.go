package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// suspicious reports whether there is something to explain: an alert, a finding that failed, or an image whose bytes
// are not its digests.
// An alert counts also where it matches no container: somewhere a sensor has seen something.
func suspicious(c inspect.Case) bool {
	return len(c.Alerts) > 0 || len(failed(c)) > 0 || slices.ContainsFunc(c.Images,
		func(i inspect.Image) bool { return i.Status == inspect.Failed })
}

// essential are the checks without which it is not known whether there is anything to explain: one that was blocked
// makes a calm answer unknown.
var essential = []string{inspect.CheckSubject, inspect.CheckLayers, inspect.CheckBinaries, inspect.CheckAutoruns}

// calm answers a case with nothing to explain, or one of which that is not known yet. It never states that an image
// is fine: only that no alert and no finding asks for an explanation.
func calm(c inspect.Case, name string, waiting []string) inspect.Answer {
	a := inspect.Answer{Question: name, Status: inspect.AnswerOpen, Cause: inspect.Cause{
		Kind:  inspect.CauseUnknown,
		Layer: -1,
	}}
	unreadable := notRead(c)
	switch {
	case len(waiting) > 0:
		a.Waiting, a.Text = waiting, StillChecking+strings.Join(waiting, ", ")
	case unreadable != "":
		a.Text = "we do not know whether there is anything to explain: " + unreadable
	default:
		a.Status, a.Text = inspect.AnswerNone, "nothing to explain: no alert, and no finding that failed"
	}
	return a
}

// notRead is what could not be read, in words; "" where all could.
// What was not read could hold anything, so that a calm answer about it would be a guess.
func notRead(c inspect.Case) string {
	if len(c.Images) == 0 {
		return "no image was found"
	}
	for _, i := range c.Images {
		if i.Status != inspect.Verified {
			return fmt.Sprintf("%s could not be read as a whole: %s", imageOf(i), cut(whyNotRead(c, i), maxReason))
		}
	}
	for _, s := range c.Checks {
		if s.Status == inspect.CheckBlocked && !s.Running() && slices.Contains(essential, s.Name) {
			return fmt.Sprintf("%s could not be checked: %s", checkOf(s), cut(trim(s.Reason), maxReason))
		}
	}
	return ""
}

// whyNotRead is why an image was not read, or not to its end.
func whyNotRead(c inspect.Case, i inspect.Image) string {
	if text := lost(i); text != "" {
		return text
	}
	if s, ok := c.Check(inspect.CheckLayers, i.Container); ok && s.Status == inspect.CheckBlocked && !s.Running() {
		return firstOf(trim(i.Detail), trim(s.Reason))
	}
	if i.Reason == inspect.Running {
		return firstOf(trim(i.Detail), "its layers were not read to their end")
	}
	return firstOf(trim(i.Detail), trim(i.Reason), "no reason given")
}

// imageOf names an image in a sentence; one that was given by itself has no container.
func imageOf(i inspect.Image) string {
	if i.Container == "" || i.Container == inspect.ImageContainer {
		return "the image"
	}
	return "the image of " + text.Clean(i.Container)
}

// checkOf names a check in a sentence, with its container where there are several.
func checkOf(s inspect.CheckState) string {
	if s.Container == "" || s.Container == inspect.ImageContainer {
		return s.Name
	}
	return s.Name + " of " + text.Clean(s.Container)
}
