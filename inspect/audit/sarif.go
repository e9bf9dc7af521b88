package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Platforms keep what a person dismissed by these identifiers: none is renamed.
// The rules of the SARIF form.
const (
	ruleNotAllowed = "not-allowed"
	ruleCompromise = inspect.CodeKnownCompromise
	ruleThreshold  = "threshold"
	ruleMoved      = "moved-tag"
	ruleInjected   = "injected-container"
	ruleUnchecked  = "not-checked"
)

// sarifLog is the part of SARIF 2.1.0 that is written
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string       `json:"id"`
	Short sarifMessage `json:"shortDescription"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	Level        string            `json:"level"`
	Message      sarifMessage      `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

// SARIF writes what is wrong with rows as results, for code scanning and the tools that read it. version is that of
// this program.
func (r *Report) SARIF(w io.Writer, version string) error {
	run := sarifRun{Tool: sarifTool{Driver: sarifDriver{Name: "backtrail", Version: version, Rules: []sarifRule{
		{ruleNotAllowed, sarifMessage{"Policies and expectations would not let the image in."}},
		{ruleCompromise, sarifMessage{"The image matches a known compromise."}},
		{ruleThreshold, sarifMessage{"The image crosses a threshold."}},
		{ruleMoved, sarifMessage{"The tag means another image than the one that runs."}},
		{ruleInjected, sarifMessage{"No template of an owner has the container."}},
		{ruleUnchecked, sarifMessage{"The image could not be checked."}},
	}}}, Results: []sarifResult{}}
	for i := range r.Rows {
		run.Results = append(run.Results, r.Rows[i].results()...)
	}
	raw, err := json.MarshalIndent(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{run},
	}, "", "  ")
	if err == nil {
		_, err = w.Write(append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

// results are what is wrong with a row.
func (r *Row) results() []sarifResult {
	var all []sarifResult
	add := func(rule, level, message string) {
		// partialFingerprints (SARIF 2.1.0, section 3.27.17) let a platform distinguish a result that it has seen from
		// a new one. There is no source file, so the artifact is the image and the logical location the container.
		all = append(all, sarifResult{
			RuleID: rule, Level: level, Message: sarifMessage{text.Clean(r.Name() + ": " + message)},
			Locations: []sarifLocation{{
				Physical: sarifPhysical{sarifArtifact{"oci://" + cmp.Or(text.Clean(r.Reference), "unknown")}},
				Logical:  []sarifLogical{{text.Clean(r.Namespace + "/" + r.Workload + "/" + r.Container), "resource"}},
			}},
			Fingerprints: map[string]string{"backtrail/v1": inspect.FindingID("audit", rule, r.key()+message)},
		})
	}
	if r.State != Done {
		add(ruleUnchecked, "note", r.Reason)
	}
	for _, id := range r.Advisories {
		add(ruleCompromise, sarifLevel(r.Level), "matches "+id)
	}
	if r.Allowed == No {
		add(ruleNotAllowed, sarifLevel(r.Level), r.Reason)
	} else if r.Level == Block || r.Level == Warn {
		add(ruleThreshold, sarifLevel(r.Level), first(r.Crossed))
	}
	if r.TagMoved != nil && *r.TagMoved {
		add(ruleMoved, "note", "the tag means "+r.TagMeans+", "+r.Digest+" runs")
	}
	if r.Injected != nil && *r.Injected {
		add(ruleInjected, "note", "no template of an owner has this container")
	}
	return all
}

// sarifLevel is a threshold's level in SARIF's words. warning and error make code scanning fail or warn; what is only
// logged, or waived, is a note.
func sarifLevel(l Level) string {
	switch l {
	case Block:
		return "error"
	case Warn:
		return "warning"
	default:
		return "note"
	}
}
