package alert

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/backtrail/backtrail/inspect"
)

// process leaves out how the process was started, which has its own test.
var process = cmpopts.IgnoreFields(inspect.Alert{}, "CommandLine", "Directory", "Parent", "Terminal")

// Every sensor that writes a command line writes it elsewhere.
func TestHowTheProcessWasStarted(t *testing.T) {
	type start struct {
		CommandLine, Directory, Parent string
		Terminal                       bool
	}
	for name, tt := range map[string]struct {
		line string
		want start
	}{
		"Falco's JSON": {
			`{"output":"x","priority":"Notice","rule":"r","output_fields":{"proc.cmdline":"bash -i","proc.pname":"runc",` +
				`"proc.tty":34816,"proc.cwd":"/srv/"}}`,
			start{"bash -i", "/srv/", "runc", true},
		},
		"Falco's JSON without a terminal": {
			`{"output":"x","priority":"Notice","rule":"r","output_fields":{"proc.cmdline":"sh /x.sh","proc.pname":null,"proc.tty":0}}`,
			start{CommandLine: "sh /x.sh"},
		},
		"Falco's text": {
			"08:01:02.000000000: Notice A shell | process=bash command=bash -c id parent=runc terminal=34816 container_id=3ad7b26ded6d",
			start{"bash -c id", "", "runc", true},
		},
		"Falco's text, twice": {
			"08:01:02.000000000: Notice A shell | command=sh command=id container_id=3ad7b26ded6d", start{},
		},
		"Tetragon": {
			`{"process_exec":{"process":{"binary":"/usr/bin/node","arguments":"server.js","cwd":"/app"},` +
				`"parent":{"binary":"/usr/bin/containerd-shim-runc-v2"}}}`,
			start{"/usr/bin/node server.js", "/app", "/usr/bin/containerd-shim-runc-v2", false},
		},
		"KubeArmor": {kubeArmorOne, start{CommandLine: "/usr/bin/apt install x"}},
	} {
		a, err := ParseLine([]byte(tt.line), time.Unix(1772352062, 0))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, start{a.CommandLine, a.Directory, a.Parent, a.Terminal}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
