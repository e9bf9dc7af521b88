package audit

import (
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// maxCrossed bounds what crosses thresholds in words, of one row.
const maxCrossed = 20

// judgement collects what crosses the thresholds of a row.
type judgement struct {
	row  *Row
	more int // past maxCrossed
}

// cross notes what crosses a level, the gravest first.
func (g *judgement) cross(l Level, words string) {
	if g.row.Level == "" || l.Rank() < g.row.Level.Rank() {
		g.row.Level = l
		g.row.Crossed = append([]string{words}, g.row.Crossed...)
		return
	}
	if len(g.row.Crossed) < maxCrossed {
		g.row.Crossed = append(g.row.Crossed, words)
		return
	}
	g.more++
}

// judge sets the level of a row and what crosses it, by the thresholds: those that a person named, else the default.
func (j *Joined) judge(row *Row) {
	g := &judgement{row: row}
	on := threshold.On{Image: row.Reference, At: j.known.At, Seen: row.Since}
	// A refusal is weighed as the finding that the check of signatures would report, so that one rule of the thresholds
	// is about both, and a waiver of policy-not-met covers an audit too.
	if row.Allowed == No {
		g.decide(threshold.OfFinding(j.known.Thresholds, notAdmitted(), on),
			"policies and expectations would not let it in: "+row.Reason)
	}
	for _, f := range j.found {
		d := threshold.OfFinding(j.known.Thresholds, f, on)
		// what is only logged would fill the list with findings that no rule makes a task; a known compromise is named
		// whatever its level
		if d.Level != inspect.LevelLog || f.Check == inspect.CheckAdvisories {
			g.decide(d, f.Title)
		}
	}
	j.judgeVulnerabilities(g, on)
	if row.TagMoved != nil && *row.TagMoved {
		g.cross(Log, "its tag means another image today: "+row.TagMeans)
	}
	if row.Injected != nil && *row.Injected {
		g.cross(Log, "no template of an owner has this container")
	}
	if g.more > 0 {
		row.Crossed = append(row.Crossed, fmt.Sprintf("and %d more", g.more))
	}
}

// decide notes something with the level that the thresholds give it.
func (g *judgement) decide(d threshold.Decision, words string) {
	switch {
	case d.Waiver != nil:
		words += " (" + d.Rule + ")"
	case d.Level == inspect.LevelWarn && !d.Due.IsZero():
		words += " (due " + d.Due.Format(time.DateOnly) + ")"
	}
	g.cross(Level(d.Level), words)
}

// notAdmitted is the finding that policies and expectations would not let an image in, as the check of signatures
// reports it for one pod.
func notAdmitted() inspect.Finding {
	return inspect.Finding{
		Check: inspect.CheckSignatures, Code: inspect.CodePolicyNotMet, Status: inspect.RowFailed,
		Severity: inspect.High,
	}
}

// judgeVulnerabilities counts the vulnerabilities of the image by their levels. A deadline that counts from when a
// vulnerability was first seen begins no sooner than it was published.
func (j *Joined) judgeVulnerabilities(g *judgement, on threshold.On) {
	var block, warn, log int
	for _, v := range j.vulns {
		of := on
		if v.Published.After(of.Seen.Time) {
			of.Seen = v.Published
		}
		d := threshold.OfVulnerability(j.known.Thresholds, v, of)
		switch d.Level {
		case inspect.LevelBlock:
			block++
		case inspect.LevelWarn:
			warn++
		default:
			log++
			continue
		}
		g.decide(d, fmt.Sprintf("%s of %s %s, %s: %s", v.ID, v.Package, v.Version, v.Severity, d.Rule))
	}
	// Block, Warn and Log stay null: part of the packages was not compared, and a number would read as all that there
	// is.
	if !j.compared { // what was found counts, but not as all that there is
		return
	}
	g.row.Vulnerabilities = Levels{Block: &block, Warn: &warn, Log: &log}
}
