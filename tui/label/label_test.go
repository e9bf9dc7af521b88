package label

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func TestAVerificationHasASignAndAWord(t *testing.T) {
	for _, c := range []struct {
		status inspect.Status
		sign   widget.Sign
		word   string
	}{
		{inspect.Verified, widget.SignGood, "verified"},
		{inspect.Failed, widget.SignBad, "failed"},
		{inspect.Absent, widget.SignNone, "none"},
		{inspect.Unknown, widget.SignOpen, "not checked"},
		{"", widget.SignOpen, "not checked"},
		{"a later version's", widget.SignOpen, "not checked"},
	} {
		if got := Sign(c.status); got != c.sign {
			t.Errorf("the sign of %q is %v, want %v", c.status, got, c.sign)
		}
		if got := c.status.Words(); got != c.word {
			t.Errorf("%q is worded %q, want %q", c.status, got, c.word)
		}
	}
}

func TestASeverityIsAtMostFiveLetters(t *testing.T) {
	for severity, want := range map[inspect.Severity]string{
		inspect.Critical: "CRIT", inspect.High: "HIGH", inspect.Medium: "MED", inspect.Low: "low", inspect.Info: "info",
	} {
		if got := Severity(severity); got != want || len(got) > 5 {
			t.Errorf("%s is %q, want %q", severity, got, want)
		}
	}
}

func TestWorseSeveritiesStandOut(t *testing.T) {
	for severity, want := range map[inspect.Severity]widget.Tone{
		inspect.Critical: widget.ToneCritical, inspect.High: widget.ToneBad, inspect.Medium: widget.ToneWarn,
		inspect.Low: widget.TonePlain, inspect.Info: widget.ToneDim,
	} {
		if got := SeverityTone(severity); got != want {
			t.Errorf("%s has tone %v, want %v", severity, got, want)
		}
	}
}

func TestMarksAreLetters(t *testing.T) {
	for mark, want := range map[string]string{"malicious": "M", "benign": "b", "open": "o", "": " ", "other": " "} {
		if got := Mark(mark); got != want {
			t.Errorf("%q is %q, want %q", mark, got, want)
		}
	}
}

func TestDigestsAndImagesAreShortened(t *testing.T) {
	const digest = "sha256:47dc540c94ceb704a23875c11273e16bb0b8a87aed84de911f2133568115f254"
	for in, want := range map[string]string{
		digest: "47dc540c94ce", "47dc540c94ceb704a2": "47dc540c94ce", "sha256:ab": "ab", "": "", "ab": "ab",
	} {
		if got := Digest(in); got != want {
			t.Errorf("digest %q becomes %q, want %q", in, got, want)
		}
	}
	for _, c := range []struct{ reference, digest, want string }{
		{"registry.example.com/acme/web:1.4", digest, "acme/web:1.4@47dc540c94ce"},
		{"localhost:5000/acme/web", "", "acme/web"},
		{"acme/web@" + digest, "", "acme/web@47dc540c94ce"},
		{"nginx", "", "nginx"},
		{"", "", ""},
	} {
		if got := Image(c.reference, c.digest); got != c.want {
			t.Errorf("image %q with %q becomes %q, want %q", c.reference, c.digest, got, c.want)
		}
	}
}

func TestTimesAreUTC(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	at := inspect.Time{Time: time.Date(2026, 3, 14, 4, 20, 5, 0, berlin)}
	if got := Stamp(at); got != "2026-03-14 03:20:05Z" {
		t.Errorf("stamped %q", got)
	}
	if got := Clock(at); got != "03:20:05Z" {
		t.Errorf("the time of day is %q", got)
	}
	if got := Stamp(inspect.Time{}); got != "unknown" {
		t.Errorf("a time that is not known is %q", got)
	}
	if got := Clock(inspect.Time{}); got != "" {
		t.Errorf("a time of day that is not known is %q", got)
	}
}

func TestSmallWords(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"once", Times(1), ""},
		{"three times", Times(3), " ×3"},
		{"a layer", Layer(3), "L3"},
		{"no layer", Layer(-1), ""},
		{"a RUN step", Step("RUN /bin/sh -c apt-get update # buildkit"), "RUN /bin/sh -c apt-get update "},
		{"a step of the old builder", Step("/bin/sh -c #(nop) ADD file:0e in / "), "ADD file:0e in /"},
		{"a step in a shell", Step("/bin/sh -c make"), "make"},
		{"no bytes", Size(0), "0 B"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

// written is what an alert's detail shows, without colors.
func written(a inspect.Alert) string {
	d := widget.NewDocument(widget.NewPaint(true, false, false), 200)
	Alert(d, a)
	return ansi.Strip(strings.Join(d.Lines, "\n"))
}

func TestAnAlertIsWrittenWithItsFile(t *testing.T) {
	text := written(inspect.Alert{
		Rule: "Drop and execute new binary", Priority: "Critical", Count: 3, Match: "pod", Why: "its name",
		Source:    "syscall",
		Container: "web", ContainerID: "4f3c2b1a0d9e", Path: "/tmp/x", Output: "raw line",
		Flags: []string{"EXE_UPPER_LAYER"},
		File: inspect.AlertFile{
			Path: "/tmp/x", Origin: inspect.OriginImage, Layer: 2, SHA256: "ab",
			Detail: "in the image",
		},
	})
	for _, want := range []string{
		"Drop and execute new binary", "priority    Critical", "count       3", "matched by  pod its name",
		"container   web 4f3c2b1a0d9e", "path        /tmp/x", "✗ image: in the image", "layer       2",
		"sha256      ab",
		"raw line", "flags       EXE_UPPER_LAYER",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the alert does not show %q:\n%s", want, text)
		}
	}
}

func TestAnAlertWithoutAFileNamesNone(t *testing.T) {
	text := written(inspect.Alert{Rule: "Terminal shell", Imprecise: true, Count: 1, Output: "a shell"})
	if strings.Contains(text, "Where the file is") || strings.Contains(text, "count") {
		t.Errorf("the alert shows what it does not have:\n%s", text)
	}
	if !strings.Contains(text, "imprecise") {
		t.Errorf("an imprecise time is not marked:\n%s", text)
	}
}

func TestAFileThatIsNotInTheImageIsOpen(t *testing.T) {
	for origin, want := range map[string]widget.Sign{
		inspect.OriginImage: widget.SignBad, inspect.OriginUnknown: widget.SignOpen, "runtime": widget.SignOpen,
	} {
		if got := originSign(inspect.AlertFile{Origin: origin}); got != want {
			t.Errorf("origin %s has sign %v, want %v", origin, got, want)
		}
	}
}
