package threshold

import (
	"crypto/sha256"
	_ "embed" // of the default
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
)

//go:embed default.yaml
var defaultText []byte

// DefaultText is the documented default, as a file to begin with.
func DefaultText() []byte { return slices.Clone(defaultText) }

// DefaultSource names the default where a file's name would stand.
const DefaultSource = "default"

// Default gives the thresholds that apply where nobody named any.
var Default = sync.OnceValue(func() inspect.Thresholds {
	t, err := Read(defaultText, DefaultSource)
	if err != nil {
		panic(err) // a test reads it
	}
	return t
})

// file is a file of thresholds as people write it.
type file struct {
	Block   []rule   `json:"block"`
	Warn    []rule   `json:"warn"`
	Log     []rule   `json:"log"`
	Waivers []waiver `json:"waivers"`
}

type rule struct {
	Name          string                    `json:"name"`
	Vulnerability *inspect.ThresholdVuln    `json:"vulnerability"`
	Finding       *inspect.ThresholdFinding `json:"finding"`
	Within        string                    `json:"within"` // days, as 7d
	From          string                    `json:"from"`
}

type waiver struct {
	ID      string `json:"id"`
	Package string `json:"package"`
	Image   string `json:"image"`
	Owner   string `json:"owner"`
	Reason  string `json:"reason"`
	Until   string `json:"until"` // a day, as 2026-12-31, which still counts
}

// Read reads a file of thresholds. Unknown and repeated keys are errors: a slip of the pen must not lower a threshold.
// source is the name that reports give the file.
func Read(data []byte, source string) (inspect.Thresholds, error) {
	// over the bytes of the file: a case names which thresholds it was decided by
	sum := sha256.Sum256(data)
	t := inspect.Thresholds{Source: source, Digest: "sha256:" + hex.EncodeToString(sum[:])}
	if len(data) > MaxBytes {
		return t, fmt.Errorf("reading thresholds: more than %d bytes", MaxBytes)
	}
	var f file
	if err := yaml.UnmarshalStrict(data, &f); err != nil {
		return t, fmt.Errorf("reading thresholds: %w", err)
	}
	if err := f.convert(&t); err != nil {
		return t, fmt.Errorf("reading thresholds: %w", err)
	}
	return t, nil
}

// convert checks all rules and waivers and puts them in the order in which they apply.
func (f file) convert(t *inspect.Thresholds) error {
	if n := len(f.Block) + len(f.Warn) + len(f.Log); n == 0 {
		return fmt.Errorf("no rule under block, warn or log")
	} else if n > maxRules || len(f.Waivers) > maxWaivers {
		return fmt.Errorf("more than %d rules or %d waivers", maxRules, maxWaivers)
	}
	for _, part := range []struct {
		level inspect.Level
		rules []rule
	}{{inspect.LevelBlock, f.Block}, {inspect.LevelWarn, f.Warn}, {inspect.LevelLog, f.Log}} {
		for n, r := range part.rules {
			converted, err := r.convert(part.level)
			if err != nil {
				return fmt.Errorf("rule %d of %s: %w", n+1, part.level, err)
			}
			t.Rules = append(t.Rules, converted)
		}
	}
	for n, w := range f.Waivers {
		converted, err := w.convert()
		if err != nil {
			return fmt.Errorf("waiver %d: %w", n+1, err)
		}
		t.Waivers = append(t.Waivers, converted)
	}
	return nil
}

func (r rule) convert(level inspect.Level) (inspect.ThresholdRule, error) {
	out := inspect.ThresholdRule{Level: level, Name: r.Name, Vulnerability: r.Vulnerability, Finding: r.Finding}
	switch {
	case strings.TrimSpace(r.Name) == "" || len(r.Name) > maxText:
		return out, fmt.Errorf("a name of at most %d bytes is needed", maxText)
	// both would be ambiguous, and neither would fit everything
	case (r.Vulnerability == nil) == (r.Finding == nil):
		return out, fmt.Errorf("%q must name either a vulnerability or a finding", r.Name)
	case level != inspect.LevelWarn && (r.Within != "" || r.From != ""):
		return out, fmt.Errorf("%q has a deadline, and only rules of warn have one", r.Name)
	}
	if err := checkVuln(r.Vulnerability); err != nil {
		return out, fmt.Errorf("%q: %w", r.Name, err)
	}
	if err := checkFinding(r.Finding); err != nil {
		return out, fmt.Errorf("%q: %w", r.Name, err)
	}
	if level != inspect.LevelWarn {
		return out, nil
	}
	// days only: hours would depend on when an audit runs
	days, ok := strings.CutSuffix(r.Within, "d")
	n, err := strconv.Atoi(days)
	if !ok || err != nil || n < 1 || n > maxDays {
		return out, fmt.Errorf("%q: within is %q, and must be days, as 7d, at most %d", r.Name, r.Within, maxDays)
	}
	out.Days, out.From = n, inspect.ThresholdBeginning(r.From)
	switch out.From {
	case "":
		// the stricter beginning: a vulnerability that was known for a year is not new because it was seen today
		out.From = inspect.FromPublished
	case inspect.FromPublished, inspect.FromFirstSeen:
	default:
		return out, fmt.Errorf("%q: from is %q, and must be %s or %s", r.Name, r.From, inspect.FromPublished,
			inspect.FromFirstSeen)
	}
	return out, nil
}

func checkVuln(v *inspect.ThresholdVuln) error {
	if v == nil {
		return nil
	}
	if v.EPSS < 0 || v.EPSS > 1 {
		return fmt.Errorf("epss is %v, and must be a probability from 0 to 1", v.EPSS)
	}
	for _, p := range v.Packages {
		if err := checkPattern(p); err != nil {
			return err
		}
	}
	return firstError(checkSeverities(v.Severity, true), checkTexts("types", v.Types),
		checkTexts("packages", v.Packages))
}

func checkFinding(f *inspect.ThresholdFinding) error {
	if f == nil {
		return nil
	}
	known := []inspect.RowStatus{inspect.RowFailed, inspect.RowObserved, inspect.RowUnknown, inspect.RowVerified}
	for _, s := range f.Status {
		if !slices.Contains(known, s) {
			return fmt.Errorf("%q is no status of a finding: %v are", s, known)
		}
	}
	return firstError(checkSeverities(f.Severity, false), checkTexts("checks", f.Checks), checkNames(f.Checks),
		checkTexts("codes", f.Codes))
}

// checkNames refuses names of checks that do not exist: such a rule would never match, without a word.
func checkNames(list []string) error {
	for _, name := range list {
		if !slices.Contains(inspect.CheckNames, name) {
			return fmt.Errorf("%q is no check: %s are", name, strings.Join(inspect.CheckNames, ", "))
		}
	}
	return nil
}

func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkSeverities(list []inspect.Severity, unrated bool) error {
	for _, s := range list {
		if s.Rank() > inspect.Info.Rank() && !(unrated && s == inspect.Unrated) {
			return fmt.Errorf("%q is no severity", s)
		}
	}
	if len(list) > maxItems {
		return fmt.Errorf("more than %d severities", maxItems)
	}
	return nil
}

// An empty text would fit nothing, or everything: neither is what was meant.
func checkTexts(name string, list []string) error {
	if len(list) > maxItems {
		return fmt.Errorf("more than %d %s", maxItems, name)
	}
	for _, s := range list {
		if strings.TrimSpace(s) == "" || len(s) > maxText {
			return fmt.Errorf("one of %s is empty, or longer than %d bytes", name, maxText)
		}
	}
	return nil
}

// checkPattern refuses what path.Match would, which reads a pattern only as far as it fits.
// A pattern such as "[a" would fit nothing, and the waiver that has it would silently not apply.
func checkPattern(p string) error {
	if _, err := path.Match(strings.ReplaceAll(p, "/", "|"), ""); err != nil {
		return fmt.Errorf("%q is no pattern: %w", p, err)
	}
	return nil
}

// The four fields are what an auditor looks for in an exception: about what, by whom, why, until when.
func (w waiver) convert() (inspect.Waiver, error) {
	out := inspect.Waiver{ID: w.ID, Package: w.Package, Image: w.Image, Owner: w.Owner, Reason: w.Reason}
	for _, field := range [][2]string{{"id", w.ID}, {"owner", w.Owner}, {"reason", w.Reason}, {"until", w.Until}} {
		if strings.TrimSpace(field[1]) == "" {
			return out, fmt.Errorf("%s is missing: a waiver has an ID, an owner, a reason and an end", field[0])
		}
	}
	// all of them are printed with each row that is waived
	if len(w.ID)+len(w.Package)+len(w.Image)+len(w.Owner)+len(w.Reason) > 4*maxText {
		return out, fmt.Errorf("its texts are longer than %d bytes", 4*maxText)
	}
	day, err := time.Parse(time.DateOnly, w.Until)
	if err != nil {
		return out, fmt.Errorf("until is %q, and must be a day, as 2026-12-31", w.Until)
	}
	// the day that is named still counts, to its end in UTC
	out.Until = inspect.At(day.AddDate(0, 0, 1))
	return out, firstError(checkPattern(w.Package), checkPattern(w.Image))
}
