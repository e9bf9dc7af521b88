package autorun

import (
	"context"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isSSHD recognizes the settings of OpenSSH's server: by them somebody gets in without a key in any home
// (sshd_config(5)).
func isSSHD(p, base string) bool {
	return p == "/etc/ssh/sshd_config" || path.Dir(p) == "/etc/ssh/sshd_config.d" && strings.HasSuffix(base, ".conf")
}

// usualKeys are where sshd looks for keys by itself; each place of the list in authorized_keys is a row of its own.
var usualKeys = map[string]bool{
	"none": true, ".ssh/authorized_keys": true, ".ssh/authorized_keys2": true,
	"%h/.ssh/authorized_keys": true, "%h/.ssh/authorized_keys2": true,
}

// readSSHD makes a hook of the lines that say whose keys log in, where these are not the usual ones. A block that is
// for some users only counts like the rest of the file: one user is enough.
func readSSHD(ctx context.Context, s *scene, n *inspect.Node) []hook {
	var opens, lines []string
	var loads []*inspect.Node
	layer.Lines(s.whole(ctx, n), func(line string) {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t=\"", r) })
		if len(words) < 2 || len(opens) >= MaxLoads {
			return
		}
		words[0] = strings.ToLower(words[0]) // keywords are not case-sensitive, arguments are
		if why := admits(words); why != "" {
			opens, lines = append(opens, why), append(lines, strings.Join(words, " "))
			loads = append(loads, s.targets(words[1])...)
		}
	})
	if len(opens) == 0 {
		return nil
	}
	return []hook{{
		kind: KindKeys, node: n, name: named(n), trigger: "is read by sshd at every login", text: []byte{},
		opens: opens[0], command: shorten(strings.Join(lines, "; ")), loads: loads,
	}}
}

// admits words how a line of sshd's settings lets somebody in; "" for one that does not.
func admits(words []string) string {
	switch words[0] {
	case "authorizedkeyscommand":
		if strings.EqualFold(words[1], "none") {
			return ""
		}
		return "lets " + words[1] + " decide whose keys log in"
	case "authorizedkeysfile":
		for _, file := range words[1:] {
			if strings.HasPrefix(file, "#") {
				return ""
			}
			if !usualKeys[file] {
				return "takes the keys of those who log in from " + file
			}
		}
	case "permitemptypasswords":
		if strings.EqualFold(words[1], "yes") {
			return "permits logins with empty passwords"
		}
	}
	return ""
}
