package caseview

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// What follows are the few places where the screen reads events and names of containers out of the vocabulary.

// noticeOf is the notice of an event, nil where it is another one.
func noticeOf(e inspect.Event) *inspect.Notice {
	if n, ok := e.Fact.(inspect.Notice); ok {
		return &n
	}
	return nil
}

// noteOf is the note of an event, nil where it is another one.
func noteOf(e inspect.Event) *inspect.Note {
	if n, ok := e.Fact.(inspect.Note); ok {
		return &n
	}
	return nil
}

// clockOf is the deadline of an event, nil where it is another one.
func clockOf(e inspect.Event) *inspect.Clock {
	if k, ok := e.Fact.(inspect.Clock); ok {
		return &k
	}
	return nil
}

// imageContainer is the container that runs an image.
func imageContainer(i inspect.Image) string { return i.Container }

// alertContainer is the container that an alert was matched to.
func alertContainer(a inspect.Alert) string { return a.Subject }

// keyText names a check and its container.
func keyText(k inspect.Key) string { return strings.TrimSpace(k.Check + " " + k.Container) }
