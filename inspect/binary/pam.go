package binary

import (
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// oddModule says what is odd about a line of a PAM stack, "" for nothing: TYPE CONTROL MODULE ARGUMENTS (pam.conf(5)), with
// several words in brackets for CONTROL.
func oddModule(t *layer.Tree, line string) string {
	kind, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
	control, rest := cutControl(strings.TrimSpace(rest))
	words := strings.Fields(rest)
	if len(words) == 0 {
		return ""
	}
	module := path.Base(words[0])
	kind = strings.TrimPrefix(strings.ToLower(kind), "-")
	lets := control == "sufficient" || strings.Contains(control, "success=done") || strings.Contains(control, "default=done")
	switch {
	case kind == "auth" && module == "pam_permit.so" && lets:
		return "a line of it lets everybody in (" + strings.TrimSpace(line) + ")"
	case kind == "auth" && module == "pam_exec.so":
		return "a line of it runs a program at each login (" + cut(strings.TrimSpace(line), 200) + ")"
	case strings.HasPrefix(words[0], "/") && (temporary(words[0]) || hiddenPath(words[0])) && t.Resolve(words[0]) != nil:
		return "a line of it loads " + words[0]
	}
	return ""
}

// cutControl cuts the control off, which may be several words in brackets.
func cutControl(s string) (control, rest string) {
	if strings.HasPrefix(s, "[") {
		control, rest, _ = strings.Cut(s, "]")
		return strings.TrimPrefix(control, "["), strings.TrimSpace(rest)
	}
	control, rest, _ = strings.Cut(s, " ")
	return control, strings.TrimSpace(rest)
}
