package autorun

import (
	"context"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// opensByPAM names the first line of a PAM stack by which somebody gets in or a program runs at a login; "" for none.
// A line is TYPE CONTROL MODULE ARGUMENTS (pam.conf(5)), with several words in brackets for CONTROL, and the name of
// the service before them in pam.conf. A backslash at its end continues it. Files that a stack includes from elsewhere
// are read too, those of the directory are stacks of their own.
func (s *scene) opensByPAM(ctx context.Context, n *inspect.Node, text []byte) string {
	if path.Dir(n.Path) != pamDirectory && n.Path != "/etc/pam.conf" {
		return ""
	}
	lines, included := pamLines(text, n.Path == "/etc/pam.conf"), 0
	for at := 0; at < len(lines) && at < MaxWords; at++ {
		if how := s.oddModule(lines[at]); how != "" {
			return how
		}
		to := s.includedByPAM(lines[at])
		if to == nil || included == MaxLoads {
			continue
		}
		included++
		for _, line := range pamLines(s.text(ctx, to), false) {
			if how := s.oddModule(line); how != "" {
				return how + " in " + to.Path
			}
		}
	}
	return ""
}

// pamDirectory has a file for each service.
const pamDirectory = "/etc/pam.d"

// pamLines splits a stack into its lines, joins those that are continued, and leaves comments out. service is true
// where each line begins with the name of a service. A line that continues is joined up to MaxText bytes; a backslash
// at the end of the file ends with what is there.
func pamLines(text []byte, service bool) []string {
	var all []string
	open := ""
	layer.Lines(text, func(line string) {
		line = strings.TrimSpace(open + strings.ReplaceAll(line, "\t", " "))
		if rest, more := strings.CutSuffix(line, "\\"); more && len(line) < MaxText {
			open = rest + " "
			return
		}
		if open = ""; service {
			_, line, _ = strings.Cut(line, " ")
		}
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	})
	if rest := strings.TrimSpace(open); rest != "" {
		all = append(all, rest)
	}
	return all
}

// includedByPAM is the file that a line takes further lines from, where that is none of the directory: "@include FILE",
// or include and substack in the place of a control. nil for the others. A relative name is below /etc/pam.d and may
// climb out of it with "..": the path is resolved in the tree and cannot leave the image.
func (s *scene) includedByPAM(line string) *inspect.Node {
	words := strings.Fields(line)
	name := ""
	switch {
	case len(words) == 2 && words[0] == "@include":
		name = words[1]
	case len(words) == 3 && (strings.EqualFold(words[1], "include") || strings.EqualFold(words[1], "substack")):
		name = words[2]
	default:
		return nil
	}
	if !strings.HasPrefix(name, "/") {
		name = pamDirectory + "/" + name
	}
	n := s.tree.Resolve(name)
	if n == nil || !layer.IsRegular(n) || path.Dir(n.Path) == pamDirectory {
		return nil
	}
	return n
}

// oddModule is how one line of a stack lets somebody in, as a predicate; "" for the others. pam_permit at the end of a
// stack, as Debian has it, decides nothing: only where it is sufficient does it. Words are compared without regard to
// case, as Linux-PAM does it. "auth sufficient pam_permit.so" is the classic back door. A module by an absolute path
// counts only where it hides: many legitimate stacks use absolute paths as well.
func (s *scene) oddModule(line string) string {
	kind, rest, _ := strings.Cut(line, " ")
	control, rest := cutControl(strings.TrimSpace(rest))
	words := strings.Fields(rest)
	if len(words) == 0 {
		return ""
	}
	module := path.Base(words[0])
	kind, control = strings.TrimPrefix(strings.ToLower(kind), "-"), strings.ToLower(control)
	lets := control == "sufficient" || strings.Contains(control, "success=done") || strings.Contains(control,
		"default=done")
	switch {
	case kind == "auth" && module == "pam_permit.so" && lets:
		return "lets everyone in (" + shorten(line) + ")"
	case module == "pam_exec.so":
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
