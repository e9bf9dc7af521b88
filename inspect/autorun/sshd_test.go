package autorun

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What lets somebody in by sshd's settings is a row; the usual places of keys, and what is commented out, are none.
func TestSettingsOfSSHD(t *testing.T) {
	const config = "etc/ssh/sshd_config"
	for name, tt := range map[string]struct {
		path, text, want string
	}{
		"as installed":                   {config, "#AuthorizedKeysFile /x\nAuthorizedKeysFile\t.ssh/authorized_keys\nUsePAM yes\n", ""},
		"a program that decides":         {config, "AuthorizedKeysCommand /usr/local/bin/k %u\n", "lets /usr/local/bin/k decide"},
		"none":                           {config, "AuthorizedKeysCommand none\nPermitEmptyPasswords no\n", ""},
		"another file":                   {config, "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/.k\n", "from /etc/ssh/.k"},
		"a comment behind the files":     {config, "AuthorizedKeysFile .ssh/authorized_keys # /x\n", ""},
		"in capitals, with a sign":       {config, "AUTHORIZEDKEYSFILE=/var/tmp/k\n", "from /var/tmp/k"},
		"in quotes":                      {config, "AuthorizedKeysFile \"/var/tmp/k\"\n", "from /var/tmp/k"},
		"for one user":                   {config, "Match User app\n  PermitEmptyPasswords yes\n", "empty passwords"},
		"a file of the folder":           {"etc/ssh/sshd_config.d/00.conf", "AuthorizedKeysCommand /k\n", "lets /k decide"},
		"a file that sshd does not read": {"etc/ssh/sshd_config.d/00.bak", "AuthorizedKeysCommand /k\n", ""},
		"the client's":                   {"etc/ssh/ssh_config", "AuthorizedKeysCommand /k\n", ""},
		"behind padding":                 {config, strings.Repeat("# x\n", MaxText/4+9) + "AuthorizedKeysFile /k\n", "from /k"},
	} {
		t.Run(name, func(t *testing.T) {
			now := image{members: []member{file(tt.path, tt.text)}}
			c := inspected(t, now, &image{})
			if tt.want == "" {
				if got := listed(c); len(got) > 0 {
					t.Errorf("%q", got)
				}
				return
			}
			if r := rowOf(t, c, KindKeys); r.Severity != inspect.High || !strings.Contains(r.Detail, tt.want) ||
				!slices.Contains(r.Codes, inspect.CodeLetsIn) {
				t.Errorf("%s %q, %s, want %q", r.Severity, r.Codes, r.Detail, tt.want)
			}
			if r := rowOf(t, inspected(t, now, &now), KindKeys); r.Severity != inspect.Info {
				t.Errorf("in the known-good too: %s", r.Severity)
			}
		})
	}
}

func FuzzAdmits(f *testing.F) {
	f.Add("authorizedkeysfile .ssh/authorized_keys /x")
	f.Fuzz(func(t *testing.T, line string) {
		if words := strings.Fields(line); len(words) > 1 && len(admits(words)) > len(line)+60 {
			t.Errorf("%q grows", line)
		}
	})
}
