package alert

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// wrapped is a JSON object with one more key.
func wrapped(key string, value any, more ...any) string {
	o := map[string]any{key: value}
	for i := 0; i+1 < len(more); i += 2 {
		o[more[i].(string)] = more[i+1]
	}
	return mustJSON(o)
}

func object(text string) map[string]any {
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	return o
}

// An alert is the same alert in whatever a collector puts around it.
func TestEnvelopes(t *testing.T) {
	bytesOf := func(s string) (list []int) {
		for _, b := range []byte(s) {
			list = append(list, int(b))
		}
		return list
	}
	for name, line := range map[string]string{
		"journalctl, short":            "Mar  1 08:01:02 w1 falco[9360]: " + falcoOne,
		"journalctl, short-precise":    "Mar 01 08:01:02.512345 w1 falco[9360]: " + falcoOne,
		"journalctl, short-iso":        "2026-03-01T09:01:02+0100 w1 falco[9360]: " + falcoOne,
		"journalctl, short-full":       "Sun 2026-03-01 08:01:02 UTC w1 falco[9360]: " + falcoOne,
		"journalctl, short-unix":       "1772352062.512345 w1 falco[9360]: " + falcoOne,
		"journalctl, json":             wrapped("MESSAGE", falcoOne, "__REALTIME_TIMESTAMP", "1772352062512345"),
		"journalctl, json, bytes":      wrapped("MESSAGE", bytesOf(falcoOne)),
		"RFC 6587":                     "181 <85>1 2026-03-01T08:01:02.5Z w1 falco 9360 - - " + falcoOne,
		"journalctl, short-monotonic":  "[  123.456789] w1 falco[9360]: " + falcoOne,
		"journalctl, export":           "MESSAGE=" + falcoOne,
		"journalctl, json-seq":         "\x1e" + wrapped("MESSAGE", falcoOne),
		"fluentd, a file":              "2026-03-01T08:01:02+00:00\tkube.falco\t" + wrapped("log", falcoOne),
		"fluent-bit, stdout":           "[0] kube.falco: [1772352062.512345, " + wrapped("log", falcoOne) + "]",
		"fluent-bit, stdout, metadata": "[0] kube.falco: [[1772352062.512345, {}], " + wrapped("log", falcoOne) + "]",
		"kail":                         "falco/falco-x[falco]: " + falcoOne,
		"kubetail":                     "[falco-x falco] " + falcoOne,
		"Kafka":                        "null\t" + falcoOne,
		"klog":                         "I0301 08:01:02.500000       1 out.go:10] " + falcoOne,
		"an element of a list":         falcoOne + ",",
		"SNS":                          wrapped("Message", falcoOne, "Type", "Notification"),
		"Azure":                        wrapped("LogMessage", falcoOne, "PodName", "falco-x"),
		"Pub/Sub":                      wrapped("message", map[string]string{"data": base64.StdEncoding.EncodeToString([]byte(falcoOne))}),
		"Splunk, export":               wrapped("result", map[string]string{"_raw": falcoOne}, "preview", false),
		"RFC 3164":                     "<85>Mar  1 08:01:02 w1 falco[9360]: " + falcoOne,
		"RFC 5424":                     "<85>1 2026-03-01T08:01:02.5Z w1 falco 9360 - - " + falcoOne,
		"RFC 5424, structured data":    `<85>1 2026-03-01T08:01:02.5Z w1 falco 9360 ID [a@1 b="c \"]"][d@2 e="f"] ` + "\ufeff" + falcoOne,
		"CRI":                          "2026-03-01T08:01:02.512345678Z stderr F " + falcoOne,
		"Docker": wrapped(
			"log", falcoOne+"\n", "stream", "stdout", "time", "2026-03-01T08:01:02.5Z",
		),
		"a CRI line in Docker's form": wrapped("log", "2026-03-01T08:01:02.5Z stdout F "+falcoOne),
		"fluent-bit, CRI parser": wrapped(
			"log", falcoOne, "_p", "F", "time", "2026-03-01T08:01:02.5Z", "kubernetes",
			map[string]string{"pod_name": "falco-x"},
		),
		"fluent-bit, merged": wrapped("log_processed", object(falcoOne), "log", "x"),
		"Elasticsearch":      wrapped("_source", object(falcoOne), "_index", "falco", "_id", "1"),
		"Elasticsearch, message": wrapped(
			"_source", map[string]string{"message": falcoOne, "@timestamp": "2026-03-01T08:01:02.5Z"},
		),
		"ECS": wrapped("event", map[string]string{"original": falcoOne, "kind": "alert"}),
		"CloudEvents": wrapped(
			"data", object(falcoOne), "specversion", "1.0", "type", "falco.rule.output.v1", "source", "falco.org",
		),
		"CloudEvents, base64": wrapped(
			"data_base64", base64.StdEncoding.EncodeToString([]byte(falcoOne)), "specversion", "1.0",
		),
		"CloudWatch": wrapped(
			"message", falcoOne, "timestamp", 1772352062512, "ingestionTime", 1772352062512,
		),
		"CloudWatch Logs Insights": wrapped("@message", falcoOne, "@timestamp", "2026-03-01 08:01:02.512"),
		"Loki, logcli": wrapped(
			"line", falcoOne, "labels", map[string]string{"app": "falco"}, "timestamp", "2026-03-01T08:01:02.5Z",
		),
		"Loki, logcli, text":    `2026-03-01T08:01:02Z {app="falco", pod="falco \"x\""} ` + falcoOne,
		"stern":                 "falco-abcde falco " + falcoOne,
		"stern, all namespaces": "security falco-abcde falco " + falcoOne,
		"stern, times":          "falco-abcde falco 2026-03-01T08:01:02.5Z " + falcoOne,
		"stern, colors":         "\x1b[38;5;12mfalco-abcde\x1b[0m \x1b[1mfalco\x1b[0m " + falcoOne,
		"stern, json":           wrapped("message", falcoOne, "podName", "falco-abcde", "containerName", "falco"),
		"docker compose":        "falco-1  | " + falcoOne,
		"Splunk":                wrapped("event", object(falcoOne), "sourcetype", "falco"),
		"Google Cloud Logging":  wrapped("jsonPayload", object(falcoOne), "insertId", "x"),
		"OpenTelemetry":         wrapped("body", map[string]string{"stringValue": falcoOne}),
	} {
		got, err := ParseLine([]byte(line), at)
		if err != nil || got.Rule != "Drop and execute new binary in container" ||
			got.ContainerID != "3ad7b26ded6d" || !got.Time.Equal(at) ||
			got.Path != "/tmp/.x/kd" || got.Imprecise {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

// Text has a time of day; the day is that of the collector's line.
func TestTextInEnvelopes(t *testing.T) {
	day := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) // of the file
	for name, tt := range map[string]struct {
		line      string
		want      time.Time
		imprecise bool
	}{
		"the collector's time": {"2026-03-01T08:01:02.9Z stdout F " + textOne, at, false},
		"syslog of RFC 5424":   {"<85>1 2026-03-01T09:01:02+01:00 w1 falco 9360 - - " + textOne, at, false},
		"journald as JSON":     {wrapped("MESSAGE", textOne, "__REALTIME_TIMESTAMP", "1772352062512345"), at, false},
		"a day and no year":    {"Mar  1 08:01:02 w1 falco[9360]: " + textOne, at, true},
		"a day of last year": {"Dec 31 08:01:02 w1 falco: " + textOne, time.Date(
			2025, 12, 31, 8, 1, 2, 500_000_000, time.UTC,
		), true},
		"nothing": {textOne, time.Date(2026, 5, 1, 8, 1, 2, 500_000_000, time.UTC), true},
	} {
		got, err := ParseLine([]byte(tt.line), day)
		if err != nil || !got.Time.Equal(tt.want) || got.Imprecise != tt.imprecise ||
			got.ContainerID != "3ad7b26ded6d" {
			t.Errorf("%s: %v, %v, imprecise %v", name, err, got.Time, got.Imprecise)
		}
	}
}

// An alert needs a rule or a priority.
func TestLogLinesAreNoAlerts(t *testing.T) {
	for name, line := range map[string]string{
		"an application's log":       `{"level":"info","ts":"2026-05-14T16:10:51Z","message":"started"}`,
		"one with fields in braces":  `{"message":"listening (addr=:8080 container_id=9dc5e707f717)","level":"info"}`,
		"one with a priority":        `{"priority":"notice","message":"started"}`,
		"one with a rule of its own": `{"rule":"rewrite","message":"GET /"}`,
		"text":                       "web-0 nginx 10.0.0.1 GET /",
		"text with an object":        `web-0 nginx: started with {"rule":"x"}`,
		"an envelope without end":    strings.Repeat(`{"message":`, 40) + `"x"` + strings.Repeat("}", 40),
		"labels alone":               `{app="falco"} `,
		"bytes that are none":        `{"MESSAGE":[300]}`,
	} {
		if a, err := ParseLine([]byte(line), at); err == nil {
			t.Errorf("%s is %+v", name, a)
		}
	}
}

// A program that expands names with dots into objects does not change what the fields are.
func TestFieldsAsObjects(t *testing.T) {
	line := mustJSON(map[string]any{"rule": "R", "output": "x", "output_fields": map[string]any{
		"container": map[string]any{"id": "3ad7b26ded6d"},
		"k8s":       map[string]any{"ns": map[string]any{"name": "shop"}}, "proc": map[string]any{"exepath": "/bin/sh"},
	}})
	a, err := ParseLine([]byte(line), at)
	if err != nil || a.ContainerID != "3ad7b26ded6d" || a.Namespace != "shop" || a.Path != "/bin/sh" {
		t.Errorf("%v, %+v", err, a)
	}
}

func TestKubernetesFields(t *testing.T) {
	full := hex64
	for name, tt := range map[string]struct {
		fields string
		want   Alert
	}{
		"the full container ID": {`"container.id":"3ad7b26ded6d","container.full_id":"` + full + `"`, Alert{Alert: inspect.Alert{ContainerID: full}}},
		"a full ID of another": {`"container.id":"aaaaaaaaaaaa","container.full_id":"` + full + `"`, Alert{
			Alert: inspect.Alert{ContainerID: "aaaaaaaaaaaa"},
		}},
		"the pod's UID": {`"k8s.pod.uid":"u-1"`, Alert{PodUID: "u-1"}},
		"of the plugin k8smeta": {`"k8smeta.ns.name":"shop","k8smeta.pod.name":"web-0","k8smeta.pod.uid":"u-1"`, Alert{
			Alert: inspect.Alert{Namespace: "shop", Pod: "web-0"}, PodUID: "u-1",
		}},
		"an audit event of a pod": {`"ka.target.resource":"pods","ka.target.namespace":"shop","ka.resp.name":"web-0"`, Alert{
			Alert: inspect.Alert{Namespace: "shop", Pod: "web-0"},
		}},
		"of a deployment": {`"ka.target.resource":"deployments","ka.target.namespace":"shop","ka.target.name":"web"`, Alert{
			Alert: inspect.Alert{Namespace: "shop"}, Workload: "web", WorkloadKind: "Deployment",
		}},
		"names that contradict it": {`"k8s.pod.name":"web-1","k8smeta.pod.name":"web-0"`, Alert{}},
	} {
		a, err := ParseLine([]byte(`{"rule":"R","output":"","output_fields":{`+tt.fields+`}}`), at)
		if err != nil || a.ContainerID != tt.want.ContainerID || a.PodUID != tt.want.PodUID ||
			a.Namespace != tt.want.Namespace || a.Pod != tt.want.Pod ||
			a.Workload != tt.want.Workload || a.WorkloadKind != tt.want.WorkloadKind {
			t.Errorf("%s: %v, %+v", name, err, a)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add([]byte("<85>1 2026-03-01T08:01:02.5Z w1 falco 9360 ID [a@1 b=\"c \\\"]\"] " + textOne))
	f.Add([]byte(`2026-03-01T08:01:02Z {app="falco", pod="x"} ` + falcoOne))
	f.Add([]byte("Mar  1 08:01:02 w1 falco[9360]: x"))
	f.Add([]byte("\x1b[1ma\x1b[0m b {}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		content, seen := unwrap(line, moment{at: at})
		if len(content) > len(line)*3 || !seen.at.IsZero() && (seen.at.Year() < 1999 || seen.at.Year() > 10000) {
			t.Errorf("%q: %q, %v", line, content, seen)
		}
		if _, err := ParseLine(line, at); err != nil && strings.Contains(err.Error(), "panic") {
			t.Error(err)
		}
	})
}
