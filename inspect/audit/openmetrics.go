package audit

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
)

// OpenMetrics writes the report as a text exposition (https://github.com/prometheus/OpenMetrics), for the text file
// collector of Prometheus' node exporter. What is not known has no sample, which an alert can distinguish from 0.
func (r *Report) OpenMetrics(w io.Writer) error {
	m := &metrics{}
	// Every family is a gauge: an audit is a state, and a count may fall. Names end in their unit where they have one
	// (OpenMetrics 1.0, "Units and Base Units").
	m.family("backtrail_audit_containers", "Containers that were listed, by how their examination ended.")
	b := r.Books
	for _, one := range []struct {
		state string
		n     int
	}{{"done", b.Done}, {"failed", b.Failed}, {"not-checked", b.NotChecked}, {"skipped", b.Skipped}} {
		m.sample(one.n, "state", one.state)
	}
	m.family("backtrail_audit_balanced", "1 if every container that was listed is accounted for.")
	m.sample(flag(b.Balanced()))
	m.family("backtrail_audit_allowed", "Containers by whether policies and expectations would let their image in.")
	for _, a := range []Answer{Yes, No, Unknown} {
		n := 0
		for i := range r.Rows {
			n += flag(r.Rows[i].Allowed == a)
		}
		m.sample(n, "allowed", string(a))
	}
	r.workloadMetrics(m)
	m.b.WriteString("# EOF\n")
	if _, err := w.Write(m.b.Bytes()); err != nil {
		return fmt.Errorf("writing OpenMetrics: %w", err)
	}
	return nil
}

// workloadMetrics are those with a sample for each row.
func (r *Report) workloadMetrics(m *metrics) {
	each := func(name, help string, value func(row *Row) (n int, known bool)) {
		m.family(name, help)
		for i := range r.Rows {
			row := &r.Rows[i]
			// Labels are what a person filters by. Signers and reasons are left out: they would make a series of each
			// value, without bound.
			if n, known := value(row); known {
				m.sample(n, "namespace", row.Namespace, "workload", row.Workload, "container", row.Container,
					"reference", row.Reference, "digest", row.Digest, "platform", row.Platform, "cluster", row.Cluster)
			}
		}
	}
	each("backtrail_workload_blocked", "1 if the container crosses a blocking threshold.",
		func(row *Row) (int, bool) { return flag(row.Level == Block), row.State == Done || row.Level == Block })
	each("backtrail_workload_signed", "1 if a signature of the image was verified against who should have signed.",
		func(row *Row) (int, bool) { return flag(row.Signature == "verified"), row.Signature != "unknown" })
	each("backtrail_workload_tag_moved", "1 if the tag means another image than the one that runs.",
		func(row *Row) (int, bool) { return flag(row.TagMoved != nil && *row.TagMoved), row.TagMoved != nil })
	each("backtrail_workload_injected", "1 if no template of an owner has the container.",
		func(row *Row) (int, bool) { return flag(row.Injected != nil && *row.Injected), row.Injected != nil })
	each("backtrail_workload_advisories", "Known compromises that the image matches.",
		func(row *Row) (int, bool) { return len(row.Advisories), row.State == Done || len(row.Advisories) > 0 })
	each("backtrail_workload_vulnerabilities_blocking", "Vulnerabilities past the blocking threshold.",
		func(row *Row) (int, bool) {
			if row.Vulnerabilities.Block == nil {
				return 0, false
			}
			return *row.Vulnerabilities.Block, true
		})
	each("backtrail_workload_base_end_of_life_timestamp_seconds", "When the distribution of the image ends.",
		func(row *Row) (int, bool) { return int(row.Base.EndOfLife.Unix()), !row.Base.EndOfLife.IsZero() })
}

// flag is 1 for true.
func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}

// metrics writes families of gauges.
type metrics struct {
	b    bytes.Buffer
	name string
	seen map[string]bool // samples of the family, by their labels
}

// family begins a family.
func (m *metrics) family(name, help string) {
	m.name, m.seen = name, map[string]bool{}
	fmt.Fprintf(&m.b, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help)
}

// sample writes a value with its labels, in pairs of name and value. A second one with the same labels is left out: one
// such pair is enough for Prometheus to refuse the whole exposition.
func (m *metrics) sample(value int, labels ...string) {
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		fmt.Fprintf(&b, "%s=\"%s\"", labels[i], escapeLabel(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	if key := b.String(); !m.seen[key] {
		m.seen[key] = true
		m.b.WriteString(m.name + key + " " + strconv.Itoa(value) + "\n")
	}
}

// labelEscapes are the three escapes of a label's value (OpenMetrics 1.0, "ABNF": escaped-string).
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// escapeLabel cleans foreign text, and escapes what would end a label's value.
func escapeLabel(s string) string { return labelEscapes.Replace(text.Clean(s)) }
