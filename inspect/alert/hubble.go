package alert

import (
	"strconv"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// isHubble reports a flow of Cilium's Hubble, as `hubble observe -o json` and its exporter write
// it.
func isHubble(v *fastjson.Value) bool {
	flow := hubbleFlow(v)
	return flow.Exists("verdict") && (flow.Exists("IP") || flow.Exists("source"))
}

// hubbleFlow returns the flow: the exporter wraps it, with the node and the time beside it.
func hubbleFlow(v *fastjson.Value) *fastjson.Value {
	if flow := v.Get("flow"); flow != nil {
		return flow
	}
	return v
}

// hubbleAlert reads a flow that a policy dropped or audited; a flow that was forwarded is not an
// alert.
func hubbleAlert(v *fastjson.Value, _ moment) (Alert, error) {
	flow := hubbleFlow(v)
	verdict := textAt(flow, "verdict")
	switch verdict {
	case "DROPPED", "ERROR", "AUDIT":
	default:
		return Alert{}, errOther
	}
	rule := strings.TrimSpace(
		"flow " + strings.ToLower(verdict) + " " + strings.ToLower(textAt(flow, "drop_reason_desc")),
	)
	a := Alert{
		Alert: inspect.Alert{Source: SourceHubble, Rule: rule, Priority: "Notice", Output: textAt(flow, "Summary")},
	}
	a.Node = textAt(flow, "node_name")
	for _, stamp := range []string{textAt(flow, "time"), textAt(v, "time")} {
		if t, ok := clock(stamp); ok {
			a.Time = inspect.At(t)
			break
		}
	}
	from, to := endpoint{address: textAt(flow, "IP", "source")}, endpoint{address: textAt(flow, "IP", "destination")}
	for _, layer := range []string{"TCP", "UDP", "SCTP"} {
		if l4 := flow.Get("l4", layer); l4 != nil {
			from.port, to.port = textAt(l4, "source_port"), textAt(l4, "destination_port")
		}
	}
	for _, name := range flow.GetArray("destination_names") {
		to.name = text(name)
		break
	}
	end := flow.Get("source")
	if textAt(flow, "traffic_direction") == "INGRESS" {
		end = flow.Get("destination")
	}
	a.Namespace, a.Pod = textAt(end, "namespace"), textAt(end, "pod_name")
	for _, w := range end.GetArray("workloads") {
		a.Workload, a.WorkloadKind = textAt(w, "name"), textAt(w, "kind")
		break
	}
	a.connect(from, to)
	a.Target = a.destination()
	return a, nil
}

// portSuffix is :PORT, or nothing.
func portSuffix(port int) string {
	if port == 0 {
		return ""
	}
	return ":" + strconv.Itoa(port)
}
