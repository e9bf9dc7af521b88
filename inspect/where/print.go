package where

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Forms are the output formats of a Result.
var Forms = []string{"plain", "wide", "json", "yaml", "csv", "name"}

// Print writes a Result in one of the Forms; "" stands for plain. what is what was asked about, in words.
func Print(w io.Writer, r Result, form, what string) error {
	switch form {
	case "json":
		b, err := inspect.EncodeJSON(r)
		if err != nil {
			return fmt.Errorf("encoding the result: %w", err)
		}
		_, err = w.Write(b)
		return err
	case "yaml":
		b, err := inspect.EncodeJSON(r)
		if err != nil {
			return fmt.Errorf("encoding the result: %w", err)
		}
		if b, err = yaml.JSONToYAML(b); err != nil {
			return fmt.Errorf("encoding the result: %w", err)
		}
		_, err = w.Write(b)
		return err
	case "csv":
		return printCSV(w, r)
	case "name":
		return printNames(w, r)
	default:
		return printText(w, r, form == "wide", what)
	}
}

// printNames writes the workloads that are hit, each once.
// It is for loops of a shell: one name a line, nothing else.
func printNames(w io.Writer, r Result) error {
	// matches are sorted by place: one before is enough to compare with
	before := ""
	for _, m := range r.Matches {
		if name := text.Clean(m.Namespace + "/" + m.Workload); name != before {
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
			before = name
		}
	}
	return nil
}

// Outcomes in the first column of CSV.
const (
	outcomeHit        = "hit"
	outcomeWindow     = "built-in-window"
	outcomeNotChecked = "not-checked"
)

// Columns are part of the interface: new ones go to the end.
func printCSV(w io.Writer, r Result) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"outcome", "cluster", "namespace", "workload", "container", "digest", "what", "path", "layer",
		"firstSeen", "lastSeen", "reason",
	}}
	for outcome, list := range map[string][]Match{outcomeHit: r.Matches, outcomeWindow: r.Window} {
		for _, m := range list {
			rows = append(rows, []string{
				outcome, m.Cluster, m.Namespace, m.Workload, m.Container, m.Digest, m.What,
				m.Path, strconv.Itoa(m.Layer), stamp(m.FirstSeen), stamp(m.LastSeen), "",
			})
		}
	}
	for _, m := range r.NotChecked {
		rows = append(rows, []string{
			outcomeNotChecked, m.Cluster, m.Namespace, m.Workload, m.Container, m.Digest, "",
			"", "", stamp(m.FirstSeen), stamp(m.LastSeen), m.Reason,
		})
	}
	slices.SortStableFunc(rows[1:], func(a, b []string) int { return outcomeRank(a[0]) - outcomeRank(b[0]) })
	for _, row := range rows {
		for n := range row {
			row[n] = cell(row[n], n)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func outcomeRank(o string) int {
	// hits first: they are what a responder acts upon
	return slices.Index([]string{outcomeHit, outcomeWindow, outcomeNotChecked}, o)
}

// layerColumn is the column of CSV that is a number.
const layerColumn = 8

// cell is a value of a row. What is not a number is foreign text.
func cell(s string, column int) string {
	if column == layerColumn {
		return s
	}
	return text.Cell(s)
}

func stamp(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// printText writes the summary and the tables for people.
func printText(w io.Writer, r Result, wide bool, what string) error {
	var b strings.Builder
	places := map[string]bool{}
	for _, m := range r.Matches {
		places[m.Cluster+"\x00"+m.Namespace+"\x00"+m.Workload] = true
	}
	// All four outcomes stand in the first line, so that "no workload" is never read without how many could not be
	// checked.
	fmt.Fprintf(&b, "%s: %s · %d built in the window · %d not affected · %d could not be checked\n",
		text.Clean(what), runOrRan(len(places)), len(r.Window), r.NotAffected, len(r.NotChecked))
	table(&b, "", r.Matches, wide)
	table(&b, "Built in the window, and nothing found", r.Window, wide)
	skipped(&b, r.NotChecked, wide)
	_, err := io.WriteString(w, b.String())
	return err
}

func runOrRan(workloads int) string {
	switch workloads {
	case 0:
		return "no workload is known to run it"
	case 1:
		return "1 workload runs or ran it"
	}
	return fmt.Sprintf("%d workloads run or ran it", workloads)
}

// table writes matches below a title.
func table(b *strings.Builder, title string, list []Match, wide bool) {
	if len(list) == 0 {
		return
	}
	b.WriteByte('\n')
	if title != "" {
		fmt.Fprintf(b, "%s (%d)\n", title, len(list))
	}
	// text/tabwriter counts characters, so cells are cleaned before they are measured
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	head, row := "NAMESPACE\tWORKLOAD\tCONTAINER\tWHAT\tLAYER\tSINCE\tUNTIL\n", "%s\t%s\t%s\t%s\t%s\t%s\t%s\n"
	if wide {
		head, row = "CLUSTER\t"+strings.TrimSuffix(head, "\n")+"\tPATH\tDIGEST\n", "%s\t"+row[:len(row)-1]+"\t%s\t%s\n"
	}
	fmt.Fprint(t, head)
	for _, m := range list {
		cells := []any{
			m.Namespace, m.Workload, m.Container, m.What, layerText(m.Layer), day(m.FirstSeen),
			day(m.LastSeen),
		}
		if wide {
			cells = append(append([]any{m.Cluster}, cells...), dash(m.Path), m.Digest)
		}
		for n := range cells {
			cells[n] = text.Clean(cells[n].(string))
		}
		fmt.Fprintf(t, row, cells...)
	}
	_ = t.Flush() // into memory
}

func layerText(number int) string {
	if number < 0 {
		return "-"
	}
	return strconv.Itoa(number)
}

func day(t inspect.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// skipped writes what could not be checked: by reason, and each of them where the table is wide. A reason comes once
// with its number: after a crawl of half a fleet the other half has the same one.
func skipped(b *strings.Builder, list []Skipped, wide bool) {
	count, reasons := map[string]int{}, []string{}
	for _, s := range list {
		if count[s.Reason]++; count[s.Reason] == 1 {
			reasons = append(reasons, s.Reason)
		}
	}
	if len(reasons) > 0 {
		b.WriteString("\nCould not be checked\n")
	}
	for _, reason := range reasons {
		fmt.Fprintf(b, "  %d: %s\n", count[reason], text.Clean(reason))
		for _, s := range list {
			if wide && s.Reason == reason {
				fmt.Fprintf(b, "    %s\n", text.Clean(strings.Join([]string{
					s.Cluster, s.Namespace, s.Workload,
					s.Container, s.Digest,
				}, " ")))
			}
		}
	}
}
