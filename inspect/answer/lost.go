package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// lostImage is what is left of an image that its registry no longer has, and so what the answers can rest on.
func lostImage(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		if text := lost(i); text != "" {
			all = append(all, inspect.Sentence{Text: in(c, i) + text, Basis: inspect.NotKnown})
		}
	}
	return all
}

// lost is what is left of an image that its registry no longer has; "" for every other one.
// What is left may be the node's report, the journal or a signature: each is a sentence of its own.
func lost(i inspect.Image) string {
	if i.Reason != inspect.ReasonMissingBlob || len(i.Left) == 0 {
		return ""
	}
	left := make([]string, len(i.Left))
	for n, text := range i.Left {
		left[n] = trim(text)
	}
	return fmt.Sprintf("the content of the image is not known, because the registry no longer has it; %s",
		strings.Join(left, "; "))
}
