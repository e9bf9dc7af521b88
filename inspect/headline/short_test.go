package headline

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// The shorter form of a line keeps the cause, its layer and its file, and leaves out the folders above it and the alert,
// which has a line of its own.
func TestTheShorterFormKeepsTheCause(t *testing.T) {
	const pth = "/usr/local/lib/python3.11/dist-packages/example_metrics_init.pth"
	cause := inspect.Cause{Kind: inspect.CausePackage, Name: "python example_metrics", Version: "4.2.1", Path: pth, Layer: 3}
	v := view{
		c: &inspect.Case{}, cause: cause, alert: &inspect.Alert{Rule: "Outbound connection", Path: "/usr/bin/python3"},
		image: inspect.Image{
			Autoruns: []inspect.Autorun{{
				Path: pth, Trigger: "runs at every start of Python", Owner: "python example_metrics 4.2.1", Status: inspect.RowFailed,
			}},
			Layers: []inspect.Layer{{Number: 3}},
		},
	}
	want := Line{
		Label: What,
		Text: "python package example_metrics 4.2.1 (layer 3) brings " + pth + ", which runs at every start of Python; " +
			"alert: Outbound connection (/usr/bin/python3)",
		Short: "python package example_metrics 4.2.1 (layer 3) brings …/example_metrics_init.pth, which runs " +
			"at every start of Python",
	}
	if got := v.line(What, whatRules); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// Only a path that is long is made shorter, and never to less than its file and its folder.
func TestPathsOfTheShorterForm(t *testing.T) {
	for p, want := range map[string]string{
		"/usr/bin/top": "/usr/bin/top",
		"/opt/a/very/long/path/with/many/folders/in/it/x.js": "…/it/x.js",
		"": "",
	} {
		if got := (view{brief: true}).path(p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
		if got := (view{}).path(p); got != p {
			t.Errorf("%s: %s in full", p, got)
		}
	}
}
