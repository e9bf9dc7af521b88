package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/fleet"
	"github.com/backtrail/backtrail/tui/viewer"
)

// whyNoCluster is why there is neither an audit nor a search: a saved case is shown by itself.
func whyNoCluster(m *Model) string {
	if m.cluster == nil {
		return "a saved case is open, without its cluster: backtrail audit and backtrail where print it"
	}
	return ""
}

// fleetOptions are those of the screens of many workloads.
func fleetOptions(m *Model) fleet.Options {
	return fleet.Options{
		Context: m.o.Context,
		Open:    func(p fleet.Place) tea.Cmd { return openPlace(m, p) },
		View:    func(parts []viewer.Part) tea.Cmd { return m.view(m.cluster, parts) },
	}
}

// auditDepths are what may be typed behind audit.
var auditDepths = []string{"identity", "packages", "full"}

// runAudit goes to the audit: to the one of this session as it was left, else to the last one that was stored. With a
// depth it audits anew.
func runAudit(m *Model, arg string) tea.Cmd {
	depth := strings.TrimSpace(arg)
	if depth != "" && !slices.Contains(auditDepths, depth) {
		m.Info("audit takes identity, packages or full, and not " + depth)
		return nil
	}
	if m.audit == nil {
		s, start := fleet.NewAudit(m.Shell, m.cluster, fleetOptions(m), depth)
		m.audit = s
		return m.push(s, start)
	}
	var start tea.Cmd
	if depth != "" {
		start = m.audit.Start(depth)
	}
	if slices.Contains(m.stack, screen(m.audit)) {
		return tea.Batch(popTo(m, m.audit), start)
	}
	return m.push(m.audit, start)
}

// runWhere looks for what was typed; without it, it asks, and proposes what is selected in a case.
func runWhere(m *Model, arg string) tea.Cmd {
	if what := strings.TrimSpace(arg); what != "" {
		return askWhere(m, what)
	}
	proposed := ""
	if c, ok := m.top().(*openCase); ok {
		proposed = caseview.NounOf(c.Screen)
	}
	m.Ask("Where", proposed, []string{
		"A package (log4j-core, log4j-core@2.14.1), CVE-2021-44228, GHSA-…, MAL-…, sha256:… of a file, an image or a " +
			"layer, or a path. Answered from what cases and audits have recorded.",
	}, func(what string) tea.Cmd { return askWhere(m, what) })
	return nil
}

// askWhere opens the screen of a question. The one before stays below it: esc leads back.
func askWhere(m *Model, what string) tea.Cmd {
	return m.push(fleet.NewWhere(m.Shell, m.cluster, fleetOptions(m), what))
}
