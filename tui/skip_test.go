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
	large := inspect.Layer{Position: 2, Number: 1, Digest: digest(77), Size: 900 << 20, CreatedBy: "COPY model /", Status: inspect.Unknown, Reason: inspect.Running, Detail: "it is being read"}
	reading := append(cleanEvents()[:4:4], on("layers", "image", inspect.Event{Fact: large}),
		on("layers", "image", inspect.Event{Fact: inspect.Progress{Done: 90 << 20, Total: 900 << 20, Unit: "bytes"}}))
	var skipped []string
	var again []inspect.Key
	o := testOptions()
	o.Case = sourceOf(reading)
	o.Skip = func(d string, skip bool) { skipped = append(skipped, fmt.Sprint(d == digest(77), skip)) }
	o.Again = func(_ context.Context, _ *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
		again = keys
		return sourceOf(nil), nil
	}
	s := tell(t, o, 120, 40)
	s.press("S").sees("select a layer that is being read")
	s.press("2")
	s.m.open.state().list.Choose("layer:2")
	s.press("S").sees("layer 1 is left out")
	if !slices.Equal(skipped, []string{"true true"}) {
		t.Errorf("skipped %q", skipped)
	}
	large.Reason, large.Detail = reasonSkipped, "left out by a person while it was read"
	s.send(eventsMsg{gen: s.m.open.gen, events: []inspect.Event{on("layers", "image", inspect.Event{Fact: large}), ended("layers", "image", inspect.Verified, "")}, ended: true})
	s.m.open.running = 0
	s.sees("left out by a person").press("S").sees("left out already")
	s.press("k").sees("Files as they run, without layer 1", "▸ usr/").press("j").sees("layer 1 has no files to show")
	large.Status, large.Reason, large.Detail = inspect.Verified, "", ""
	back := []inspect.Event{{Fact: inspect.Reset{Drop: []inspect.Key{layersKey("image")}}}, on("layers", "image", inspect.Event{Fact: large})}
	s.press("r")
	s.send(eventsMsg{gen: s.m.open.gen, events: back[:1]})
	s.send(eventsMsg{gen: s.m.open.gen, events: back[1:]})
	if l, ok := s.m.layerOfRow(); !ok || l.Number != 1 {
		t.Errorf("the selection went to %+v", l)
	}
	if !slices.Equal(again, []inspect.Key{{Check: "layers", Container: "image"}}) || !slices.Equal(skipped, []string{"true true", "true false"}) {
		t.Errorf("again %v, skipped %q", again, skipped)
	}
}
