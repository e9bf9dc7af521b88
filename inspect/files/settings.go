package files

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// settings says what is notable in the image's config and history.
func (h *hunt) settings(emit func(inspect.Event)) {
	say := func(code, detail string, severity inspect.Severity) {
		emit(inspect.Event{Setting: &inspect.Setting{Code: code, Detail: detail, Severity: severity}})
	}
	for _, e := range h.image.Settings.Env {
		name, value, _ := strings.Cut(e, "=")
		switch {
		case name == "LD_PRELOAD" && value != "", name == "LD_AUDIT" && value != "":
			say("env-preload", name+" makes every program load "+value, inspect.Medium)
		case name == "LD_LIBRARY_PATH" && temporary(strings.Split(value, ":")[0]+"/x"):
			say("env-library-path", "LD_LIBRARY_PATH begins with a place where anybody may write: "+value, inspect.Medium)
		case name == "PATH" && temporary(strings.Split(value, ":")[0]+"/x"):
			say("env-path", "PATH begins with a place where anybody may write: "+value, inspect.Medium)
		}
	}
	if u := h.image.Settings.User; u == "" || u == "0" || u == "root" || strings.HasPrefix(u, "0:") || strings.HasPrefix(u, "root:") {
		say("user-root", "the image runs as root unless the pod says otherwise", inspect.Info)
	}
	for _, l := range h.layers {
		if code, detail := oddStep(l.CreatedBy); code != "" {
			say(code, detail+": "+cut(l.CreatedBy, 300), inspect.Low)
		}
	}
}

// oddStep says what is notable in a build step.
func oddStep(step string) (code, detail string) {
	s := strings.ToLower(step)
	fetches := strings.Contains(s, "curl ") || strings.Contains(s, "wget ")
	pipes := strings.Contains(s, "| sh") || strings.Contains(s, "|sh") || strings.Contains(s, "| bash") || strings.Contains(s, "|bash")
	switch {
	case strings.Contains(s, "base64 -d") || strings.Contains(s, "base64 --decode"):
		return "history-encoded", "a build step runs or writes what it decodes"
	case fetches && pipes:
		return "history-pipe-to-shell", "a build step runs what it downloads"
	}
	return "", ""
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
