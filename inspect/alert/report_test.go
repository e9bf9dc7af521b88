package alert

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/backtrail/backtrail/inspect"
)

// falcoReport is a PolicyReport as falcosidekick writes it: the second of the minute in place of
// that of the epoch, no value as

// Go prints it, and the pod in the properties only.
func falcoReport(results ...map[string]any) []byte {
	b, err := json.Marshal(map[string]any{
		"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
		"metadata": map[string]any{
			"name": "falco-policy-report-1f3a", "namespace": "shop",
			"labels": map[string]any{managedBy: "falcosidekick"},
		},
		"results": results,
	})
	if err != nil {
		panic(err)
	}
	return b
}

func falcoResult() map[string]any {
	return map[string]any{
		"category": "SI - System and Information Integrity", "source": "Falco", "policy": "syscall",
		"rule":    "Drop and execute new binary in container",
		"message": "08:01:02.500000000: Critical Executing binary not part of base image", "result": "fail",
		"severity": "critical", "scored": false,
		"timestamp": map[string]any{"seconds": 2, "nanos": 500000000},
		"resources": []map[string]any{{"namespace": "shop", "name": "<nil>"}},
		"properties": map[string]any{
			"container.id": "3ad7b26ded6d", "container.image.repository": "reg.example/web",
			"container.image.tag": "1", "container.name": "web",
			"evt.arg.flags": "EXE_WRITABLE|EXE_UPPER_LAYER", "evt.time.iso8601": "1772352062500000000",
			"k8s.ns.name": "shop", "k8s.pod.name": "web-0",
			"proc.exepath": "/tmp/.x/kd", "user.name": "<nil>",
		},
	}
}

func with(result map[string]any, key string, value any) map[string]any {
	if value == nil {
		delete(result, key)
	} else {
		result[key] = value
	}
	return result
}

func TestParseReport(t *testing.T) {
	whole := one(func(a *Alert) { a.Node = "" })
	fromProperties := func(key string, value any) map[string]any {
		r := falcoResult()
		with(r["properties"].(map[string]any), key, value)
		return r
	}
	for _, tt := range []struct {
		name   string
		result map[string]any
		want   Alert
	}{
		{"as falcosidekick writes it", falcoResult(), whole},
		{
			"of an older one, the rule as policy",
			with(with(falcoResult(), "policy", "Drop and execute new binary in container"), "rule", nil), whole,
		},
		{"the time of evt.time", with(
			fromProperties("evt.time.iso8601", nil), "properties", map[string]any{"evt.time": "1.7723520625e+18"},
		), Alert{Alert: inspect.Alert{
			Source: SourceFalco, Rule: whole.Rule, Priority: "Critical", Time: whole.Time,
		}}},
		{
			"no time but the second of the minute", fromProperties("evt.time.iso8601", nil),
			one(func(a *Alert) { a.Node, a.Time, a.Imprecise = "", inspect.Time{}, true }),
		},
		{
			"an openreports time",
			with(
				fromProperties("evt.time.iso8601", nil), "timestamp",
				map[string]any{"seconds": at.Unix(), "nanos": at.Nanosecond()},
			),
			whole,
		},
		{"a pod among the resources only", with(
			with(falcoResult(), "properties", nil), "resources",
			[]any{map[string]any{"kind": "Pod", "name": "web-0", "namespace": "shop"}},
		), Alert{Alert: inspect.Alert{
			Source: SourceFalco, Rule: whole.Rule, Priority: "Critical", Namespace: "shop", Pod: "web-0",
			Imprecise: true,
		}}},
		{"another runtime source that names a pod", with(
			with(with(falcoResult(), "source", "KubeArmor"), "severity", "high"), "message", "blocked",
		), one(func(a *Alert) {
			a.Node, a.Source, a.Priority = "", "kubearmor", "Error"
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseReport(falcoReport(tt.result))
			if err != nil || len(r.Alerts) != 1 {
				t.Fatalf("%d alerts, left out %v, %v", len(r.Alerts), r.leftOut, err)
			}
			if diff := cmp.Diff(tt.want, r.Alerts[0].Alert, plain); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What admission policies and scanners say is no alert, nor is what does not say where.
func TestReportsLeaveOutWhatIsNoAlert(t *testing.T) {
	pod := []any{map[string]any{"kind": "Pod", "name": "web-0", "namespace": "shop"}}
	raw := falcoReport(
		map[string]any{"source": "kyverno", "policy": "require-signature", "result": "fail", "resources": pod},
		map[string]any{"source": "KyvernoValidatingPolicy", "policy": "p", "result": "fail", "resources": pod},
		map[string]any{"source": "Trivy Vulnerability", "policy": "CVE-1", "result": "fail", "resources": pod},
		map[string]any{"source": "Something", "policy": "p", "result": "fail"},
		map[string]any{"source": "Falco", "policy": "p", "result": "pass", "resources": pod},
		map[string]any{"source": "Falco", "rule": "Contact the API server", "result": "skip"},
	)
	r, err := parseReport(raw)
	if err != nil || len(r.Alerts) != 1 || r.Alerts[0].Rule != "Contact the API server" {
		t.Errorf("alerts %+v, %v", r.Alerts, err)
	}
	want := map[string]int{
		"kyverno": 1, "KyvernoValidatingPolicy": 1, "Trivy Vulnerability": 1, "Something": 1, "Falco": 1,
	}
	if diff := cmp.Diff(want, r.leftOut); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenReports(t *testing.T) {
	if _, err := parseReport([]byte(`{"results":5}`)); err == nil {
		t.Error("results that are no list")
	}
	r, err := parseReport(
		[]byte(
			`{"metadata":{"labels":{"a":"b"}},"scope":7,"results":[1,null,"x",[],{"source":"Falco","rule":"R","properties":7,"resources":{"a":1},"timestamp":"x"}]}`,
		),
	)
	if err != nil || r.Broken != 4 || len(r.Alerts) != 1 || r.Alerts[0].Rule != "R" {
		t.Errorf("%+v, %v", r, err)
	}
	many := make([]map[string]any, maxResults+5)
	for i := range many {
		many[i] = map[string]any{"source": "Falco", "rule": "R"}
	}
	if r, err := parseReport(falcoReport(many...)); err != nil || len(r.Alerts) != maxResults || r.Broken != 1 ||
		!strings.Contains(r.Samples[0].Reason, "more than") {
		t.Errorf("%d alerts, %d broken, %v", len(r.Alerts), r.Broken, err)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add(falcoReport(falcoResult()))
	f.Add(
		[]byte(
			`{"scope":{"kind":"Pod","name":"x"},"results":[{"source":"a","result":"warn","timestamp":{"seconds":1e30}}]}`,
		),
	)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := parseReport(raw)
		if err != nil {
			return
		}
		b := NewStore(10)
		b.OpenState(KindReport, "x").Append(r.Batch)
		b.Each(func(a *Alert) bool {
			if _, err := a.Time.MarshalJSON(); err != nil || a.Time.Year() > 2200 {
				t.Errorf("%v, %v", a.Time, err)
			}
			return true
		})
	})
}

func TestIsResult(t *testing.T) {
	for line, want := range map[string]bool{
		`{"policy":"Drop and execute","result":"fail","source":"falco","message":"m"}`:      true,
		`{"rule":"r","result":"fail","source":"Falco"}`:                                     true,
		`{"rule":"Drop and execute","priority":"Critical","output":"o","source":"syscall"}`: false,
		`not JSON`: false,
	} {
		if got := IsResult([]byte(line)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
