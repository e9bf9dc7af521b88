package alert

import (
	"cmp"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// isSuricata reports an event of Suricata's EVE log, of which alerts are one type.
func isSuricata(v *fastjson.Value) bool {
	return v.Exists("event_type") && (v.Exists("flow_id") || v.Exists("src_ip") || v.Exists("stats"))
}

// suricataPriorities are the priorities of Suricata's severities, of which 1 is the worst.
var suricataPriorities = map[string]string{"1": "Critical", "2": "Warning", "3": "Notice", "4": "Informational"}

// suricataAlert reads an alert: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html.
// It names addresses and no pod. A signature may match the answer of a server: the flow has who
// opened the connection.
func suricataAlert(v *fastjson.Value, _ moment) (Alert, error) {
	if textAt(v, "event_type") != "alert" || textAt(v, "alert", "signature") == "" {
		return Alert{}, errOther
	}
	a := Alert{Alert: inspect.Alert{
		Source: SourceSuricata, Rule: textAt(v, "alert", "signature"),
		Priority: suricataPriorities[textAt(v, "alert", "severity")],
		Output:   textAt(v, "alert", "category") + ": " + textAt(v, "src_ip") + " -> " + textAt(v, "dest_ip"),
	}, Node: textAt(v, "host")}
	if t, ok := clock(textAt(v, "timestamp")); ok {
		a.Time = inspect.At(t)
	}
	of := v
	if flow := v.Get("flow"); flow.Exists("src_ip") {
		of = flow
	}
	name := cmp.Or(textAt(v, "tls", "sni"), textAt(v, "http", "hostname"), textAt(v, "dns", "rrname"))
	for _, q := range append(v.GetArray("dns", "query"), v.GetArray("dns", "queries")...) {
		name = cmp.Or(name, textAt(q, "rrname"))
	}
	a.connect(
		endpoint{textAt(of, "src_ip"), textAt(of, "src_port"), ""},
		endpoint{textAt(of, "dest_ip"), textAt(of, "dest_port"), name},
	)
	a.Target = a.destination()
	return a, nil
}

// destination is the far end of the connection, as text.
func (a *Alert) destination() string {
	d := a.Destination
	if d.Address == "" {
		return ""
	}
	return cmp.Or(d.Name, d.Address) + portSuffix(d.Port)
}
