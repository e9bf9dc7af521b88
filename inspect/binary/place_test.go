package binary

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
)

// A file on a volume is placed before any layer is read; one that ran from the container's layers is not on it.
func TestPlaceOfAFileOnAVolume(t *testing.T) {
	pod := inspect.Pod{Containers: []inspect.Container{{Name: "web", Mounts: []inspect.Mount{{Path: "/srv", Volume: "uploads", Kind: "persistentVolumeClaim", Source: "claim"}}}}}
	alert := func(id, path string, flags ...string) inspect.Alert {
		return inspect.Alert{ID: id, Path: path, Subject: "web", Match: inspect.MatchContainer, Flags: flags, File: inspect.AlertFile{Path: path, Origin: inspect.OriginUnknown, Layer: -1}}
	}
	unproven := alert("unproven", "/srv/x")
	unproven.Match = inspect.MatchNone
	var opening []inspect.Event
	opening = append(opening, inspect.Event{Fact: pod})
	for _, a := range []inspect.Alert{alert("on", "/srv/x"), alert("beside", "/srvx"), alert("upper", "/srv/x", inspect.FlagUpper), unproven} {
		opening = append(opening, inspect.Event{Fact: a})
	}
	run, err := engine.NewSource(engine.Plan{Opening: opening, Checks: []engine.Check{Place()}})
	if err != nil {
		t.Fatal(err)
	}
	c := inspect.Case{}
	if err := run(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}
	for _, a := range c.Alerts {
		if placed := a.File.Origin == inspect.OriginVolume; placed != (a.ID == "on") {
			t.Errorf("%s: %+v", a.ID, a.File)
		}
		if a.ID == "on" && !strings.HasPrefix(a.File.Detail, "it lies on the volume uploads (persistentVolumeClaim claim) that is mounted at /srv") {
			t.Error(a.File.Detail)
		}
	}
}
