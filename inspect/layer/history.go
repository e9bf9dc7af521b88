package layer

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/redact"
	"github.com/backtrail/backtrail/registry"
)

// history lays the layers of the manifest onto the build steps of the config, in their order. Steps without a layer
// stand as empty rows; layers that no step names stand at the end. Comments of steps are looked at for the builder that
// made them and are not shown beside a step. A config with fewer or more steps than layers is not refused: the rows are
// what can be shown of it.
func history(img *registry.Image) []inspect.Layer {
	var rows []inspect.Layer
	var comments []string
	next := 0
	for _, h := range img.History() {
		row := inspect.Layer{Number: -1, Empty: true, Status: inspect.Absent}
		if !h.EmptyLayer {
			if next == len(img.Layers) {
				continue // a step too many: the config's count is judged elsewhere
			}
			row = pending(img.Layers[next])
			next++
		}
		row.Position, row.CreatedBy, row.Created = len(rows), buildStep(h.CreatedBy, h.Comment),
			inspect.At(h.Created.Time)
		rows, comments = append(rows, row), append(comments, h.Comment)
	}
	for ; next < len(img.Layers); next++ {
		row := pending(img.Layers[next])
		row.Position = len(rows)
		rows = append(rows, row)
	}
	for i := range max(baseEnd(rows), otherBuilder(rows, comments)) {
		rows[i].Base = true
	}
	return rows
}

// pending is a layer before it is read.
func pending(claim registry.Layer) inspect.Layer {
	l := claimed(claim)
	l.Reason, l.Detail = inspect.Running, "it waits to be read"
	return l
}

// buildStep is the instruction as it was written, without what the builders wrap around it, and without the values of
// secrets that were given to it. The wrapping is that of the classic builder, "/bin/sh -c #(nop) CMD …"; a step without
// CreatedBy, as docker import makes it, is shown by its comment.
func buildStep(by, comment string) string {
	if by == "" {
		return comment
	}
	by, _ = redact.BuildStep(by)
	for _, wrap := range []string{"/bin/sh -c #(nop) ", "/bin/sh -c #(nop)"} {
		if rest, ok := strings.CutPrefix(by, wrap); ok {
			return strings.TrimSpace(rest)
		}
	}
	return by
}

// baseEnd guesses how many rows are the base image's. An image ends with CMD or ENTRYPOINT, so the last such step that
// more layers follow is the end of the image below. It is a guess: provenance and labels may know better. An attacker
// can choose the steps of the history, so that what rests on the guess is a claim as well.
func baseEnd(rows []inspect.Layer) int {
	own := false
	for i := len(rows) - 1; i >= 0; i-- {
		if !rows[i].Empty {
			own = true
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(rows[i].CreatedBy), " ")
		if own && (word == "CMD" || word == "ENTRYPOINT") {
			return i + 1
		}
	}
	return 0
}

// otherBuilder describes how many rows were made before BuildKit began, which signs its steps in the comment: all of a
// build's steps have one builder, so that steps of another one are the base image's. 0 where all steps are of one
// builder, or where nothing below BuildKit's first step made a layer.
func otherBuilder(rows []inspect.Layer, comments []string) int {
	below := false
	for i, c := range comments {
		if strings.HasPrefix(c, "buildkit.") {
			if below {
				return i
			}
			return 0
		}
		below = below || !rows[i].Empty
	}
	return 0
}
