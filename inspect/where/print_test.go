package where

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func someResult() Result {
	m := Match{
		Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "app", Digest: digest("a"),
		What: "log4j-core 2.14.1", Path: "/app/x.jar", Layer: 2, FirstSeen: inspect.At(noon), LastSeen: inspect.At(noon),
	}
	second := m
	second.Path, second.What = "=cmd()", "\x1b[31mred"
	return Result{
		Schema: Schema, Matches: []Match{m, second}, Window: []Match{},
		NotChecked: []Skipped{{Namespace: "shop", Workload: "job/old", Reason: "nothing is stored of this image"}}, NotAffected: 3,
	}
}

func TestFormsOfAResult(t *testing.T) {
	for form, wants := range map[string][]string{
		"": {
			"log4j: 1 workload runs or ran it · 0 built in the window · 3 not affected · 1 could not be checked\n",
			"NAMESPACE", "log4j-core 2.14.1", "2026-03-01", "1: nothing is stored of this image",
		},
		"wide": {"CLUSTER", digest("a"), "/app/x.jar", "shop job/old"},
		"json": {`"schema": "backtrail.dev/where/v1"`, `"window": []`, `"notAffected": 3`, `"layer": 2`, `"firstSeen": "2026-03-01T12:00:00Z"`},
		"yaml": {"schema: backtrail.dev/where/v1", "notAffected: 3", "reason: nothing is stored of this image"},
		"csv":  {"outcome,cluster,namespace", "hit,prod,shop,deployment/web,app," + digest("a"), ",'=cmd(),2,", "not-checked,,shop,job/old"},
		"name": {"shop/deployment/web\n"},
	} {
		var b strings.Builder
		if err := Print(&b, someResult(), form, "log4j"); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", form, want, b.String())
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s: an escape sequence of an image reaches the terminal", form)
		}
	}
	var b strings.Builder
	if err := Print(&b, someResult(), "name", "log4j"); err != nil || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("a workload with two matches is named more than once: %q, %v", b.String(), err)
	}
}
