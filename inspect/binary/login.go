package binary

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/layer"
)

// The files by which somebody logs in, beside the accounts themselves.
const (
	shadowFile = "/etc/shadow"          // shadow(5): name, password, and days
	sshdFile   = "/etc/ssh/sshd_config" // sshd_config(5)
)

// logins reports who may log in with a password that others know, or with none. Distributions ship accounts that are
// locked: their password is * or !, which no password gives.
func (h placeScanner) logins(ctx context.Context, emit func(inspect.Event)) {
	if n := h.tree.Resolve(shadowFile); n != nil && layer.IsRegular(n) {
		if data, err := h.tree.ReadFile(ctx, shadowFile, MaxTextFile); err == nil {
			said := 0
			layer.Lines(data, func(line string) {
				if what, severity := openAccount(line); what != "" && said < layer.MaxNotes {
					said++
					h.place(n, inspect.CodeOpenAccount, what, severity, emit)
				}
			})
		}
	}
	files := []string{sshdFile}
	for _, n := range h.tree.Children(sshdFile + ".d") {
		files = append(files, n.Path)
	}
	for _, p := range files[:min(len(files), layer.MaxNotes)] {
		n := h.tree.Resolve(p)
		if n == nil || !layer.IsRegular(n) {
			continue
		}
		data, err := h.tree.ReadFile(ctx, p, MaxTextFile)
		if err != nil {
			continue
		}
		layer.Lines(data, func(line string) {
			if what, severity := openLogin(line); what != "" {
				h.place(n, inspect.CodeOpenAccount, p+" "+what, severity, emit)
			}
		})
	}
}

// openAccount describes a line of the shadow file. An account without a password lets anybody in where PAM allows it
// (nullok, as on Debian), as official images of Alpine once had it for root (CVE-2019-5021). The password of root is
// known to whoever has the image, by its hash; that of others is not reported.
func openAccount(line string) (string, inspect.Severity) {
	words := strings.Split(line, ":")
	if len(words) < 3 || words[0] == "" || strings.HasPrefix(words[0], "#") {
		return "", ""
	}
	switch password := words[1]; {
	case password == "":
		return fmt.Sprintf("the account %q has no password in %s", words[0], shadowFile), inspect.Medium
	case words[0] == "root" && strings.HasPrefix(password, "$"):
		return fmt.Sprintf("root has a password, whose hash is in %s", shadowFile), inspect.Medium
	}
	return "", ""
}

// openLogin describes a line of the settings of sshd, as a predicate. Keywords are compared without their case.
func openLogin(line string) (string, inspect.Severity) {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t=\"", r) })
	if len(words) < 2 {
		return "", ""
	}
	switch keyword := strings.ToLower(words[0]); {
	case keyword == "permitemptypasswords" && strings.EqualFold(words[1], "yes"):
		return "lets accounts without a password log in", inspect.Medium
	case slices.Contains([]string{"authorizedkeyscommand", "authorizedkeysfile", "forcecommand"}, keyword) &&
		path.IsAbs(words[1]) && autorun.Temporary(words[1]):
		return "takes keys or commands from where everyone may write: " + words[1], inspect.High
	}
	return "", ""
}

// sudoers looks who is given the rights of root without being asked for a password: everyone, an account that is
// nobody's, or the user as whom the image runs. Such a file gives them to whatever runs in the container. Groups of
// administrators and named accounts stay as they were judged.
func (h placeScanner) sudoers(ctx context.Context, n *inspect.Node, what string,
	severity inspect.Severity,
) (string, inspect.Severity) {
	data, err := h.tree.ReadFile(ctx, n.Path, MaxTextFile)
	if err != nil {
		return what, severity
	}
	user, _, _ := strings.Cut(h.image.Settings.User, ":")
	layer.Lines(data, func(line string) {
		if who := withoutPassword(line); who != "" && (who == "ALL" || who == "nobody" || user != "" &&
			strings.TrimPrefix(who, "#") == user) {
			what, severity = fmt.Sprintf("%s gives %s the rights of root without a password", n.Path,
				described(who)), inspect.Medium
		}
	})
	return what, severity
}

// described names who is meant by a word of sudoers.
func described(who string) string {
	if who == "ALL" {
		return "everyone"
	}
	return fmt.Sprintf("%q", who)
}

// withoutPassword is whom a line of sudoers(5) or doas.conf(5) lets run all commands without a password; "" for
// nobody. An example of each: app ALL=(ALL) NOPASSWD: ALL, and permit nopass app as root.
func withoutPassword(line string) string {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t,", r) })
	if len(words) < 2 {
		return ""
	}
	if words[0] == "permit" { // doas
		if slices.Contains(words, "cmd") || !slices.Contains(words, "nopass") {
			return ""
		}
		for _, w := range words[1:] {
			if w != "nopass" && w != "persist" && w != "keepenv" && !strings.HasPrefix(w, "{") {
				return w
			}
		}
		return ""
	}
	compact := strings.Join(words, "")
	if !strings.HasSuffix(compact, "NOPASSWD:ALL") && !strings.HasSuffix(compact, "!authenticate") {
		return ""
	}
	return words[0]
}
