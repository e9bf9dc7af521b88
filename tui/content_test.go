package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

func TestContentIsFoundAndSaved(t *testing.T) {
	saved := ""
	o := testProgram()
	o.save = func(_ context.Context, name string, r io.Reader) error {
		var b bytes.Buffer
		_, err := b.ReadFrom(r)
		saved = name + ": " + b.String()
		return err
	}
	s := tell(t, o, 120, 40).press("enter", "6", "j", "enter", "enter").sees("/usr/bin/top · text", "second ␛[31mline")
	s.press("/").write("needle").press("enter").sees("the needle is here")
	s.press("tab").sees("00000000  66 69 72 73 74")
	s.press("s").sees("Careful").press("enter")
	if !strings.HasPrefix(saved, "backtrail-") || !strings.Contains(saved, "needle") {
		t.Errorf("saved %q", saved)
	}
}

func TestTheRawPartsOfASignatureAreTurnedThrough(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "3", "j", "j", "v").sees("payload (1 of 2)", "docker-reference",
		"JSON indented for reading")
	s.press("]").sees("certificate (2 of 2)")
}
