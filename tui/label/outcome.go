package label

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// Sign is the sign of a verification. A status that this version does not know is not checked: nothing unknown is
// ever good.
func Sign(s inspect.Status) widget.Sign {
	switch s {
	case inspect.Verified:
		return widget.SignGood
	case inspect.Failed:
		return widget.SignBad
	case inspect.Absent:
		return widget.SignNone
	default:
		return widget.SignOpen
	}
}

// Row is the sign of a finding or of a row of files: its severity is the outcome, unless it could not be checked or
// matches its package.
func Row(s inspect.RowStatus) widget.Sign {
	switch s {
	case inspect.RowVerified:
		return widget.SignGood
	case inspect.RowUnknown:
		return widget.SignOpen
	default:
		return widget.SignBlank
	}
}

// RowWords is the outcome of a finding or of a row of files in words.
func RowWords(s inspect.RowStatus, severity inspect.Severity) string {
	switch s {
	case inspect.RowVerified:
		return "matches its package"
	case inspect.RowUnknown:
		return "not checked"
	default:
		return "severity " + string(severity)
	}
}

// SeverityTone is the colour of a severity. Without colors, bold and reverse are left, and the word beside it is
// enough.
func SeverityTone(s inspect.Severity) widget.Tone {
	switch s {
	case inspect.Critical:
		return widget.ToneCritical
	case inspect.High:
		return widget.ToneBad
	case inspect.Medium:
		return widget.ToneWarn
	case inspect.Low:
		return widget.TonePlain
	default:
		return widget.ToneDim
	}
}

// Severity is a severity in five letters at most. A severity that is not rated is a question mark; one that this
// version does not know reads as info.
func Severity(s inspect.Severity) string {
	switch s {
	case inspect.Critical:
		return "CRIT"
	case inspect.High:
		return "HIGH"
	case inspect.Medium:
		return "MED"
	case inspect.Low:
		return "low"
	case inspect.Unrated:
		return "?"
	default:
		return "info"
	}
}

// Mark is the letter of a mark that a person set.
func Mark(mark string) string {
	switch mark {
	case "malicious":
		return "M"
	case "benign":
		return "b"
	case "open":
		return "o"
	default:
		return " "
	}
}
