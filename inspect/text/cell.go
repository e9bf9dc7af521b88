package text

import (
	"strings"
	"unicode/utf8"
)

// formula are the characters with which a cell begins that a spreadsheet computes, in their full-width forms too.
const formula = "=+-@＝＋－＠"

// Cell makes a foreign string a cell of CSV: clean, and with an apostrophe before it where a spreadsheet would compute
// it as a formula, also one behind blanks (OWASP, "CSV Injection"). Tabs and line breaks, which some spreadsheets pass
// over too, are cleaned away before that.
func Cell(s string) string {
	s = Clean(s)
	if begin, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " ")); strings.ContainsRune(formula, begin) {
		return "'" + s
	}
	return s
}
