package autorun

import (
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// opensByPAM names the first line of a PAM stack by which somebody gets in or a program runs at a login; "" for none.
// A line is TYPE CONTROL MODULE ARGUMENTS (pam.conf(5)), with several words in brackets for CONTROL.
func (s *scene) opensByPAM(n *inspect.Node, text []byte) string {
	if path.Dir(n.Path) != "/etc/pam.d" && n.Path != "/etc/pam.conf" {
		return ""
	}
	how := ""
	layer.Lines(text, func(line string) {
		if how == "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			how = s.oddModule(line)
		}
	})
	return how
}

// oddModule is how one line of a stack lets somebody in, as a predicate; "" for the others. pam_permit at the end of
// a stack, as Debian has it, decides nothing: only where it is sufficient does it.
func (s *scene) oddModule(line string) string {
	kind, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
	control, rest := cutControl(strings.TrimSpace(rest))
	words := strings.Fields(rest)
	if len(words) == 0 {
		return ""
	}
	module := path.Base(words[0])
	kind = strings.TrimPrefix(strings.ToLower(kind), "-")
	lets := control == "sufficient" || strings.Contains(control, "success=done") || strings.Contains(control,
		"default=done")
	switch {
	case kind == "auth" && module == "pam_permit.so" && lets:
		return "lets everybody in (" + shorten(line) + ")"
	case kind == "auth" && module == "pam_exec.so":
		return "runs a program at each login (" + shorten(line) + ")"
	case strings.HasPrefix(words[0], "/") && hides(words[0]) && s.tree.Resolve(words[0]) != nil:
		return "loads " + words[0] + " at each login"
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
