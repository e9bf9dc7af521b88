package caseview

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// owned is the incident with a package whose program was replaced, an alert, and a pod on the same node.
func owned() []inspect.Event {
	pod := inspect.Pod{
		Name: "web-1", Namespace: "shop",
		Containers: []inspect.Container{{Name: "web"}, {Name: "proxy"}},
	}
	pod.Reach.Shared.Node = inspect.PodGroup{Count: 1, Pods: []string{"blog/cart-0"}}
	return append(incident(), on("subject", "", pod),
		on("binaries", "web", inspect.Altered{
			Path: "/app", Package: "app 1.0", Layer: 0, Severity: inspect.High,
			Status: inspect.RowFailed,
		}),
		on("packages", "web", inspect.Packages{List: []inspect.Package{
			{
				Type: "deb", Name: "app", Version: "1.0",
				Layer: 0,
			},
			{Type: "deb", Name: "base", Version: "2"},
		}}),
		on("alert", "", inspect.Alert{
			ID: "a", Rule: "Drop and execute", Subject: "web", Match: inspect.MatchPod,
			Time: inspect.At(now), Count: 3, Path: "/tmp/x", Output: "exe=/tmp/x",
			File: inspect.AlertFile{Path: "/tmp/x", Origin: inspect.OriginImage, Layer: 1},
		}))
}

// A package leads to its file in its layer, the file to its package, and esc back to where one began.
func TestFromAPackageToItsFileAndBack(t *testing.T) {
	st := open(t, &backend{}, owned()...).do("pane:5").at("package: deb:app:1.0:")
	st.do("open").shows("Files of layer 0", "does not match the checksum of package app 1.0")
	if r, _ := st.s.row(); r.Path != "/app" {
		t.Fatalf("enter leads to %q", r.Path)
	}
	st.do("package of file").at("package: deb:app:1.0:")
	if st.s.pane != pane.Packages || st.s.state().focus != widget.RegionList {
		t.Errorf("the package is on %s", st.s.pane.Spec().Name)
	}
	st.do("back")
	if st.s.pane != pane.Layers {
		t.Errorf("esc leads to %s", st.s.pane.Spec().Name)
	}
	st.do("back")
	if st.s.pane != pane.Packages {
		t.Errorf("esc leads to %s", st.s.pane.Spec().Name)
	}
}

// A file of a package that the comparison leaves out leads to the list of all packages.
func TestAPackageThatDidNotChangeIsFoundToo(t *testing.T) {
	st := open(t, &backend{}, append(owned(),
		on("diff", "web", inspect.Diff{
			KnownGood: &inspect.KnownGood{Digest: "sha256:o"},
			Packages:  &inspect.PackageDiff{Added: []inspect.Package{{Type: "deb", Name: "other", Version: "3"}}},
		}))...)
	st.do("pane:5").lacks("app ").do("pane:6")
	st.s.state().list.Choose("altered:/app")
	st.do("package of file").at("package: deb:app:1.0:").shows(", all")
	st.do("pane:6")
	st.s.state().list.Choose("binary:/tmp/x")
	if why := st.why("package of file"); why != "no package is known to own the selected file" {
		t.Errorf("of a file without a package it is disabled because %q", why)
	}
}

// enter on another pod copies the command that opens its case; the case on screen stays as it is.
func TestAnotherPodIsOpenedByACommand(t *testing.T) {
	st := open(t, &backend{}, owned()...).do("pane:8")
	if !st.s.state().list.Choose("reach:same node:blog/cart-0") {
		t.Fatal("there is no row of the pod")
	}
	var asked *inspect.Case
	st.s.backend = commanding{backend: st.b, asked: &asked}
	a, _ := st.s.Action("open")
	a.Run("")
	if got := st.sh.Notice.Text; got != "copied: backtrail inspect pod/cart-0 -n blog" ||
		st.s.pane != pane.BlastRadius {
		t.Errorf("enter: %q", got)
	}
	if asked.Target.Context != "prod" || st.s.c.Target.Name != "pod/web-1" {
		t.Errorf("the command is for context %q, and the case is now of %q", asked.Target.Context, st.s.c.Target.Name)
	}
}

// commanding makes the command line from the target, as the program does.
type commanding struct {
	*backend
	asked **inspect.Case
}

func (b commanding) Command(c *inspect.Case, _ string) string {
	*b.asked = c
	return strings.Join([]string{"backtrail inspect", c.Target.Name, "-n", c.Target.Namespace}, " ")
}

// An alert on the timeline leads to the alerted file, like its row in Overview.
func TestFromTheTimelineToTheAlertedFile(t *testing.T) {
	st := open(t, &backend{}, owned()...).do("pane:7").shows("● alert: Drop and execute ×3", "As received")
	st.do("open").shows("Files of layer 1")
	if r, _ := st.s.row(); r.Path != "/tmp/x" {
		t.Errorf("enter leads to %q", r.Path)
	}
	if st.do("back"); st.s.pane != pane.Timeline {
		t.Errorf("esc leads to %s", st.s.pane.Spec().Name)
	}
}

// On a small screen the case leads with what happened, above the first findings.
func TestASmallScreenLeadsWithWhatHappened(t *testing.T) {
	st := open(t, &backend{}, owned()...)
	st.sh.Width, st.sh.Height = 40, 12
	st.s.Arrange()
	if st.s.places.Top.H < 2 || st.s.places.List.H < 3 {
		t.Fatalf("the lead is at %+v, the list at %+v", st.s.places.Top, st.s.places.List)
	}
	st.shows("WHAT    ", "Findings by cause", "CRIT")
	st.do("focus:tab").lacks("WHAT    ")
	st.do("focus:tab").shows("WHAT    ", "SIGNED  ")
}
