package binary

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/redact"
)

// settings describes what is notable in the image's config and history: each a setting, and a finding where it is
// more than low.
func (h *scanner) settings(emit func(inspect.Event)) {
	for _, s := range h.notableSettings() {
		emit(inspect.Event{Fact: s})
		if s.Severity.Rank() > inspect.Medium.Rank() {
			continue
		}
		subject := h.image.Container + ":" + s.Detail
		emit(inspect.Event{Fact: inspect.Finding{
			ID: inspect.FindingID(inspect.CheckBinaries, s.Code, subject), Check: inspect.CheckBinaries, Code: s.Code,
			Status: s.Severity.RowStatus(), Severity: s.Severity,
			Subject: h.image.Container, Title: s.Detail, Evidence: []inspect.Evidence{{
				Kind:   "config",
				Digest: h.image.Config, Text: s.Detail,
			}},
		}})
	}
}

// notableSettings lists what is notable in config and history, in the order of the config. Values of secrets are marks
// by then (package redact). Labels are sorted, since a map has no order and the rows must be the same in each run.
func (h *scanner) notableSettings() []inspect.Setting {
	var all []inspect.Setting
	say := func(code, detail string, severity inspect.Severity) {
		all = append(all, inspect.Setting{Code: code, Detail: detail, Severity: severity})
	}
	c := h.image.Settings
	environment(c.Env, say)
	if u := c.User; u == "" || u == "0" || u == "root" || strings.HasPrefix(u, "0:") || strings.HasPrefix(u, "root:") {
		say(inspect.CodeUserRoot, "the image runs as root unless the pod sets another user", inspect.Info)
	}
	for _, trigger := range c.OnBuild {
		startCommand("on-build", "a trigger of builds on top of this image", []string{trigger}, inspect.Low, say)
	}
	for _, v := range c.Volumes {
		if systemDirectory(v) {
			say(inspect.CodeVolume, "the image declares a volume over a directory of the system: "+v, inspect.Low)
		}
	}
	for _, p := range c.Ports {
		if what := loginPort(p); what != "" {
			say(inspect.CodePort, "the image declares port "+p+", by which one logs in ("+what+")", inspect.Info)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		startCommand("label", "the label "+cut(name, 100), []string{c.Labels[name]}, "", say)
	}
	for _, e := range c.Env {
		if name, value, _ := strings.Cut(e, "="); strings.Contains(value, redact.Mark) {
			say(inspect.CodeEnvSecret, "the image's environment sets "+name+": whoever has the image has its value",
				inspect.Low)
		}
	}
	for _, l := range h.layers {
		if strings.Contains(l.CreatedBy, "="+redact.Mark) {
			say(inspect.CodeHistorySecret,
				"a build step was given a secret, which the image's history keeps: "+cut(l.CreatedBy, 300), inspect.Low)
		}
		if code, detail, severity := oddStep(l.CreatedBy); code != "" {
			say(code, detail+": "+cut(l.CreatedBy, 300), severity)
		}
	}
	return all
}

// loginPort names what listens at ports that let people in.
func loginPort(p string) string {
	number, _, _ := strings.Cut(p, "/")
	return map[string]string{
		"22": "ssh", "2222": "ssh", "23": "telnet", "3389": "remote desktop",
		"5900": "VNC",
	}[number]
}

// environment describes where the environment makes programs be looked for where everyone may write. What else of it
// decides which code runs is a row of package autorun. Only the first directory counts: it is searched before all that
// packages bring. PATH=/tmp:… is an example: whoever writes /tmp/ls has it run by the next script that calls ls.
func environment(env []string, say func(code, detail string, severity inspect.Severity)) {
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		first, _, _ := strings.Cut(value, ":")
		switch {
		case value == "":
		case name == "LD_LIBRARY_PATH" && autorun.Temporary(first+"/x"):
			say("env-library-path", "LD_LIBRARY_PATH begins with a place where everyone may write: "+value,
				inspect.Medium)
		case name == "PATH" && autorun.Temporary(first+"/x"):
			say("env-path", "PATH begins with a place where everyone may write: "+value, inspect.Medium)
		}
	}
}

// startCommand describes what is odd about a command line, else that it is there, with a severity of its own; none:
// nothing.
func startCommand(code, what string, words []string, severity inspect.Severity, say func(code, detail string,
	severity inspect.Severity),
) {
	line := strings.Join(words, " ")
	if odd, why := oddCommand(line); odd != "" {
		say(code+"-"+odd, fmt.Sprintf("%s %s: %s", what, why, cut(line, 300)), inspect.Medium)
		return
	}
	if severity != "" {
		say(code, what+": "+cut(line, 300), severity)
	}
}

// oddCommand names what a command does that few harmless ones do: it runs what it fetches or decodes, connects a
// shell, mines.
func oddCommand(line string) (code, why string) {
	for _, f := range content.Scan([]byte(line)) {
		switch f.Sign {
		case content.Mines:
			return "miner", f.Sign.Words()
		case content.RunsDecoded:
			return "encoded", f.Sign.Words()
		case content.RunsDownload:
			return "pipe-to-shell", f.Sign.Words()
		case content.ReverseShell:
			return "reverse-shell", f.Sign.Words()
		default: // nothing that a command may not do
		}
	}
	return "", ""
}

// oddStep describes what is notable in a build step. To run what was downloaded is what many installers ask for. A step
// is what the config claims; the layers show what it did. History is unauthenticated: an attacker leaves it empty or
// copies that of the genuine image.
func oddStep(step string) (code, detail string, severity inspect.Severity) {
	s := strings.ToLower(step)
	switch odd, why := oddCommand(s); {
	case odd == "miner", odd == "encoded", odd == "reverse-shell":
		return "history-" + odd, "a build step " + why, inspect.Medium
	case odd != "":
		return "history-" + odd, "a build step " + why, inspect.Low
	case strings.Contains(s, "base64 -d"), strings.Contains(s, "base64 --decode"):
		return inspect.CodeHistoryDecodes, "a build step writes what it decodes", inspect.Low
	}
	return "", "", ""
}

// systemDirectory reports whether programs and settings of the system lie in a directory. A volume there starts with a
// copy of the image's files and then lives on, so that an update of the image does not replace what it holds.
func systemDirectory(p string) bool {
	return slices.Contains([]string{
		"/bin", "/sbin", "/lib", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/local/bin", "/etc", "/boot",
		"/root",
	}, path.Clean(p))
}

// cut shortens a text to n bytes at the border of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
