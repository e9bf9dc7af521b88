package respond

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// focusCase is a pod of three containers, of which one is injected, with an image for each.
func focusCase(change func(c *inspect.Case)) inspect.Case {
	c := inspect.Case{Pod: &inspect.Pod{Containers: []inspect.Container{
		{Name: "proxy", Type: inspect.ContainerMain, Injected: true},
		{Name: "setup", Type: inspect.ContainerInit},
		{Name: "web", Type: inspect.ContainerMain},
	}}}
	for _, k := range c.Pod.Containers {
		c.Images = append(c.Images, inspect.Image{ImageHead: inspect.ImageHead{
			Container: k.Name,
			Status:    inspect.Verified,
		}})
	}
	change(&c)
	return c
}

// The image that a report begins with: that of the alert, of the worst finding, of damage, of the pod's own container.
func TestWhichImageACaseIsAbout(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *inspect.Case)
		want   string
	}{
		"nothing is wrong": {func(*inspect.Case) {}, "web"},
		"an alert": {func(c *inspect.Case) {
			c.Alerts = []inspect.Alert{{Match: inspect.MatchNone, Subject: "web"}, {
				Match:   inspect.MatchContainer,
				Subject: "setup",
			}}
			c.Findings = []inspect.Finding{{Subject: "proxy", Status: inspect.RowFailed}}
		}, "setup"},
		"a finding that failed": {func(c *inspect.Case) {
			c.Findings = []inspect.Finding{
				{Subject: "pod", Status: inspect.RowFailed},
				{Subject: "setup", Status: inspect.RowObserved},
				{Subject: "proxy:/x", Status: inspect.RowFailed},
			}
		}, "proxy"},
		"damaged bytes":        {func(c *inspect.Case) { c.Images[1].Status = inspect.Failed }, "setup"},
		"an image not read":    {func(c *inspect.Case) { c.Images[1].Status = inspect.Unknown }, "setup"},
		"no pod":               {func(c *inspect.Case) { c.Pod = nil }, "proxy"},
		"an unlisted one last": {func(c *inspect.Case) { c.Images[0].Container = "gone" }, "web"},
	} {
		if i, ok := Focus(focusCase(tt.change)); !ok || i.Container != tt.want {
			t.Errorf("%s: %s, want %s", name, i.Container, tt.want)
		}
	}
	if _, ok := Focus(inspect.Case{}); ok {
		t.Error("a case without images is about one")
	}
}
