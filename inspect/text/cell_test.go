package text

import (
	"strings"
	"testing"
)

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"deployment/web":           "deployment/web",
		"a=b":                      "a=b",
		"=1+1":                     "'=1+1",
		"+1":                       "'+1",
		"-1":                       "'-1",
		"@SUM(A1)":                 "'@SUM(A1)",
		"  =1":                     "'  =1",
		"\t=1":                     "' =1",
		"\r=1":                     "␍=1",
		"＝1":                       "'＝1",
		"'=1":                      "'=1",
		"=HYPERLINK(\"x\")\x1b[0m": "'=HYPERLINK(\"x\")␛[0m",
	} {
		if got := Cell(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// FuzzCell: no cell begins a formula, and a cell that is written again stays as it is.
func FuzzCell(f *testing.F) {
	f.Add("=1")
	f.Add(" \t@")
	f.Fuzz(func(t *testing.T, s string) {
		got := Cell(s)
		if begin := strings.TrimLeft(got, " "); begin != "" && strings.ContainsRune(formula, []rune(begin)[0]) {
			t.Errorf("%q begins a formula", got)
		}
		if again := Cell(got); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	})
}
