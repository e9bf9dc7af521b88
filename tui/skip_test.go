package tui

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// A layer that takes too long is left out, the case says so, and r reads that layer again.
func TestALayerIsLeftOutAndReadLater(t *testing.T) {
	large := inspect.Layer{
		Position: 2, Number: 1, Digest: digest(77), Size: 900 << 20, CreatedBy: "COPY model /",
		Status: inspect.Unknown, Reason: inspect.Running, Detail: "it is being read",
	}
	reading := append(cleanEvents()[:4:4], on("layers", "image", inspect.Event{Fact: large}),
		on("layers", "image", inspect.Event{Fact: inspect.Progress{
			Done: 90 << 20, Total: 900 << 20,
			Unit: "bytes",
		}}))
	var skipped []string
	var again []inspect.Key
	o := testProgram()
	more := make(feed[inspect.Event], 2)
	o.live, o.source = true, more.source(reading...)
	o.skip = func(d string, skip bool) { skipped = append(skipped, fmt.Sprint(d == digest(77), skip)) }
	o.again = func(_ context.Context, _ *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
		again = keys
		back := large
		return sourceOf([]inspect.Event{
			{Fact: inspect.Reset{Drop: keys}},
			on("layers", "image", inspect.Event{Fact: back}),
		}), nil
	}
	s := tell(t, o, 120, 40)
	s.press("S").sees("select a layer that is being read")
	s.press("2", "j", "S").sees("layer 1 is skipped")
	if !slices.Equal(skipped, []string{"true true"}) {
		t.Errorf("skipped %q", skipped)
	}
	large.Reason, large.Detail = "skipped", "left out by a person while it was read"
	more <- on("layers", "image", inspect.Event{Fact: large})
	more <- ended("layers", "image", inspect.CheckDone, "")
	close(more)
	s.until("left out by a person").press("S").sees("skipped already")
	s.press("k").until("▸ usr/").sees("Merged filesystem, without layer 1").press("j").sees("layer 1 has no files to show")
	large.Status, large.Reason, large.Detail = inspect.Verified, "", ""
	s.press("r").until("Files of layer 1")
	if !slices.Equal(again, []inspect.Key{{Check: "layers", Container: "image"}}) ||
		!slices.Equal(skipped, []string{"true true", "true false"}) {
		t.Errorf("again %v, skipped %q", again, skipped)
	}
}
