package pane

import (
	"github.com/backtrail/backtrail/inspect"
)

// What follows are the few places where a pane reads the name of a container out of the vocabulary.

// alertContainer is the container that an alert was matched to.
func alertContainer(a inspect.Alert) string { return a.Subject }

// imageContainer is the container that runs an image.
func imageContainer(i inspect.Image) string { return i.Container }

// checkContainer is the container whose image a check is about, empty for a check of the case.
func checkContainer(c inspect.CheckState) string { return c.Container }

// KeyOf is the key of a check.
func KeyOf(c inspect.CheckState) inspect.Key {
	return inspect.Key{Check: c.Name, Container: c.Container}
}
