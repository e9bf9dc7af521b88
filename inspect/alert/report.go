package alert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// maxResults bounds the results of one report. falcosidekick keeps 1,000.
const maxResults = 10_000

// report is one object of PolicyReport and its kin (wgpolicyk8s.io/v1alpha2,
// openreports.io/v1alpha1), which share a shape.
type report struct {
	Metadata struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Scope   json.RawMessage   `json:"scope"`
	Results []json.RawMessage `json:"results"`
}

// reported is the content of a report.
type reported struct {
	Batch
	// results that are no alerts, by who wrote them
	leftOut map[string]int
}

// parseReport takes the alerts out of a report: results of Falco, and of others that
// describe behavior in a pod. Results of admission policies and scanners are not alerts. A result that
// cannot be read is counted as broken.
func parseReport(raw []byte) (reported, error) {
	r := reported{leftOut: map[string]int{}}
	var in report
	if err := json.Unmarshal(raw, &in); err != nil {
		return r, fmt.Errorf("understanding a report: %w", err)
	}
	p := parsers.Get()
	defer parsers.Put(p)
	scope := scopeOf(in.Scope)
	for n, raw := range in.Results {
		if n == maxResults {
			r.broken(n+1, fmt.Errorf("more than %d results: the others were not read", maxResults))
			break
		}
		v, err := p.ParseBytes(raw)
		if err == nil && v.Type() != fastjson.TypeObject {
			err = errNoAlert
		}
		if err != nil {
			r.broken(n+1, errNoAlert)
			continue
		}
		a, source, is := resultAlert(v, in.Metadata.Labels[managedBy], scope)
		if !is {
			r.leftOut[source]++
			continue
		}
		r.Alerts = append(r.Alerts, Received{Alert: a, line: raw, number: n + 1})
	}
	return r, nil
}

// managedBy is the label by which writers of reports name themselves.
const managedBy = "app.kubernetes.io/managed-by"

// notRuntime are the beginnings of sources that judge what something is, not what it does:
// admission and scanners.
var notRuntime = []string{
	"kyverno", "validatingadmissionpolicy", "mutatingadmissionpolicy", "gatekeeper", "opa", "kubewarden",
	"policy-controller", "policy controller",
	"jspolicy", "cosign", "trivy", "kube-bench", "kubescape", "polaris", "datree", "checkov", "grype", "image scan",
	"vulnerab",
}

// resultAlert reads one result. is is false for what is no alert.
func resultAlert(v *fastjson.Value, writer string, scope podRef) (a Alert, source string, is bool) {
	source = cmp.Or(text(v.Get("source")), writer, "an unnamed source")
	word := strings.ToLower(source)
	if result := text(v.Get("result")); result == "pass" {
		return a, source, false
	}
	for _, other := range notRuntime {
		if strings.HasPrefix(word, other) {
			return a, source, false
		}
	}
	a = Alert{Alert: inspect.Alert{
		// an older falcosidekick has the rule as policy
		Source: word, Rule: cmp.Or(text(v.Get("rule")), text(v.Get("policy"))),
		Output: cmp.Or(text(v.Get("message")), text(v.Get("description"))),
	}}
	var values fields
	v.GetObject("properties").Visit(func(name []byte, value *fastjson.Value) {
		values.set(name, func() string { return text(value) })
	})
	a.fill(&values)
	a.fillResources(v, scope)
	if word != SourceFalco && a.Pod == "" && a.ContainerID == "" {
		return a, source, false
	}
	a.Priority = severities[strings.ToLower(text(v.Get("severity")))]
	if _, priority, ok := head(a.Output); ok { // a report has five severities for Falco's eight priorities
		a.Priority = priority
	}
	a.whenReported(v, &values)
	return a, source, true
}

// IsResult reports whether a line is one result of a policy report (wgpolicyk8s.io). Time and pod of such an alert
// partly stand in the report around it, so the line alone does not give the alert again.
func IsResult(line []byte) bool {
	v, err := fastjson.ParseBytes(line)
	return err == nil && v.Exists("result") && (v.Exists("policy") || v.Exists("rule"))
}

// severities are the priorities that falcosidekick writes as these.
var severities = map[string]string{
	"critical": "Critical", "high": "Error", "medium": "Warning", "low": "Notice", "info": "Informational",
}

// whenReported finds the time. falcosidekick writes the second of the minute in place of that of
// the epoch into PolicyReports: then only the event's own time is one.
func (a *Alert) whenReported(v *fastjson.Value, values *fields) {
	stamp := ""
	seen := moment{}
	if at := time.Unix(v.GetInt64("timestamp", "seconds"), v.GetInt64("timestamp", "nanos")); plausible(at) {
		stamp, seen = at.UTC().Format(time.RFC3339Nano), moment{at: at}
	}
	for _, s := range []string{values[eventTime], values[eventTimeISO]} {
		if _, ok := clock(s); ok {
			stamp = s
			break
		}
	}
	a.when(stamp, values, seen)
}

// podRef is the pod that an object reference names.
type podRef struct{ namespace, name string }

// scopeOf returns the pod of a report that is about one pod as a whole.
func scopeOf(raw json.RawMessage) podRef {
	var ref struct{ Kind, Namespace, Name string }
	if json.Unmarshal(raw, &ref) != nil || ref.Kind != "Pod" {
		return podRef{}
	}
	return podRef{known(ref.Namespace), known(ref.Name)}
}

// fillResources takes the pod from what the result is about, where its properties name none.
func (a *Alert) fillResources(v *fastjson.Value, scope podRef) {
	if a.Pod != "" {
		return
	}
	for _, r := range v.GetArray("resources") {
		if kind := text(r.Get("kind")); kind == "Pod" {
			a.Namespace, a.Pod = cmp.Or(a.Namespace, text(r.Get("namespace"))), text(r.Get("name"))
			return
		}
	}
	if scope.name != "" {
		a.Namespace, a.Pod = cmp.Or(a.Namespace, scope.namespace), scope.name
	}
}
