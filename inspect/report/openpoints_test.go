package report

import (
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Whatever could not be checked is listed, each once, and never as nothing found.
func TestWhatWasNotChecked(t *testing.T) {
	c := inspect.Case{
		Checks: []inspect.CheckState{
			{Name: "layers", Container: "web", Status: inspect.CheckBlocked, Reason: "no space left"},
			{Name: "packages", Container: "web", Status: inspect.CheckBlocked, Reason: inspect.Running},
			{Name: "helm", Status: inspect.CheckSkipped, Reason: "no release"},
			{Name: "binaries", Container: "web", Status: inspect.CheckDone},
		},
		Images: []inspect.Image{{
			ImageHead: inspect.ImageHead{Container: "web"},
			Layers: []inspect.Layer{
				{Number: 0, Status: inspect.Verified},
				{Number: 1, Status: inspect.Unknown, Reason: "limit", Detail: "more than 1000000 entries"},
				{Number: 2, Status: inspect.Unknown, Reason: "missing-blob"},
				{Number: -1, Status: inspect.Unknown, Empty: true},
			},
			Stores: []inspect.StoreReply{
				{Store: "referrers", Status: inspect.StoreUnreachable, Detail: "503"},
				{Store: "referrers", Subject: "index", Status: inspect.StoreUnreachable, Detail: "503"},
				{Store: "cosign-tag", Status: inspect.StoreEmpty},
			},
			Files: inspect.Files{Ownership: "partial", Detail: "the rpm database could not be read"},
		}},
	}
	want := []string{
		"the case is partial: it has not ended",
		"web layers: no space left",
		"web packages: still checking",
		"web layer 1: more than 1000000 entries",
		"web layer 2: missing-blob",
		"web referrers: 503",
		"web file ownership is partial: the rpm database could not be read",
	}
	if got := unchecked(c); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	c.End = &inspect.End{Status: inspect.CheckBlocked, Reason: "interrupted"}
	if got := unchecked(c)[0]; got != "the case is partial: interrupted" {
		t.Error(got)
	}
	c = inspect.Case{End: &inspect.End{Status: inspect.CheckDone}}
	if got := unchecked(c); len(got) != 0 {
		t.Errorf("a case of which all was checked: %q", got)
	}
}
