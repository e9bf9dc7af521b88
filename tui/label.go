package tui

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// signOf is the sign of a verification.
func signOf(s inspect.Status) widget.Sign {
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

// statusWord is a verification in words.
func statusWord(s inspect.Status) string {
	switch s {
	case inspect.Verified:
		return "verified"
	case inspect.Failed:
		return "failed"
	case inspect.Absent:
		return "none"
	default:
		return "could not check"
	}
}

// severityTone is the colour of a severity.
func severityTone(s inspect.Severity) widget.Tone {
	switch s {
	case inspect.Critical, inspect.High:
		return widget.ToneBad
	case inspect.Medium:
		return widget.ToneWarn
	case inspect.Low:
		return widget.TonePlain
	default:
		return widget.ToneDim
	}
}

// severityWord is a severity in five letters at most.
func severityWord(s inspect.Severity) string {
	switch s {
	case inspect.Critical:
		return "CRIT"
	case inspect.High:
		return "HIGH"
	case inspect.Medium:
		return "MED"
	case inspect.Low:
		return "low"
	default:
		return "info"
	}
}

// markSign is the letter of a mark that a person set.
func markSign(mark string) string {
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
