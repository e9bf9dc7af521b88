package tui

import (
	"context"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/viewer"
)

// hiddenEvents is a case in which a layer took a key away that another one brought, and replaced a program.
func hiddenEvents() []inspect.Event {
	layers := []inspect.Layer{
		{Number: 0, Digest: digest(6), DiffID: digest(7), CreatedBy: "COPY . /"},
		{Position: 1, Number: 1, Digest: digest(8), DiffID: digest(9), CreatedBy: "RUN rm key"},
	}
	events := cleanEvents()[:2:2]
	for i := range layers {
		layers[i].Status = inspect.Verified
		events = append(events, on("layers", "image", inspect.Event{Fact: layers[i]}))
	}
	return append(events, on("binaries", "image", inspect.Event{Fact: inspect.Finding{
		ID: "f1", Check: "binaries", Code: "hidden-secret", Status: inspect.RowUnknown, Severity: inspect.Medium,
		Subject: "image:/root/key", Title: "/root/key in layer 0 holds a private key",
		Evidence: []inspect.Evidence{
			{Kind: "file", Path: "/root/key"},
			{Kind: "layer", Digest: digest(6), Path: "/root/key"},
			{Kind: "layer", Digest: digest(8), Path: "/root/key"},
		},
	}}), inspect.Event{Time: at(0), Fact: inspect.End{Status: inspect.CheckDone}})
}

func hiddenTree(_ context.Context, _ inspect.Image, layer int) ([]inspect.Node, error) {
	file := func(path string, layer int, change inspect.Change, sum string) inspect.Node {
		return inspect.Node{Entry: inspect.Entry{
			Path: path, Type: inspect.EntryFile, Mode: 0o755, Size: 9,
			SHA256: sum,
		}, Layer: layer, Change: change}
	}
	switch layer {
	case 0:
		return []inspect.Node{
			file("/app", 0, inspect.Added, strings.Repeat("0", 64)),
			file("/root/key", 0, inspect.Added, strings.Repeat("1", 64)),
		}, nil
	case 1:
		return []inspect.Node{
			file("/app", 1, inspect.Modified, strings.Repeat("2", 64)),
			file("/root/key", 0, inspect.Removed, strings.Repeat("1", 64)),
		}, nil
	default:
		return []inspect.Node{file("/app", 1, inspect.Modified, strings.Repeat("2", 64))}, nil
	}
}

// From a finding to a file that no container sees, its content, and back to where one came from.
func TestAFindingLeadsToAFileThatWasDeleted(t *testing.T) {
	o := testProgram()
	o.source, o.tree = sourceOf(hiddenEvents()), hiddenTree
	s := tell(t, o, 120, 40)
	s.sees("/root/key in layer 0 holds a private key")
	s.press("enter").sees("Files of layer 0", "▸ A !     key", "layer 0, added")
	s.press("enter")
	if !viewing(s, digest(7)) {
		t.Fatal("enter does not open the file of layer 0")
	}
	s.press("esc").sees("Files of layer 0").press("esc").sees("Findings by cause (1)")
}

// In the layer that took it away the file stands as D, and can be opened; what was replaced is one command away.
func TestWhatALayerHidesCanBeReached(t *testing.T) {
	o := testProgram()
	o.source, o.tree = sourceOf(hiddenEvents()), hiddenTree
	s := tell(t, o, 120, 40).press("2", "j", "l", "G", "l")
	s.press("G").sees("D !     key", "removed by layer 1; layer 0 still contains it")
	s.press("enter")
	if !viewing(s, digest(7)) {
		t.Fatal("enter does not open the deleted file where its bytes are")
	}
	s.press("esc", "g").sees("▸ M     app").press(":").write("file below").press("enter").sees("Files of layer 0",
		"/app in layer 0, shadowed by another layer", "▸ A     app")
	s.press(":").write("file below").press("enter").sees("there is no layer below")
}

// viewing reports whether a file of a layer is shown.
func viewing(s *story, diffID string) bool {
	v, ok := s.m.top().(*viewer.Screen)
	return ok && v.Part().DiffID == diffID
}
