package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// outcome is what one run of the command line gave.
type outcome struct {
	code     int
	out, err string
}

// call runs the command line as it is typed, without the name of the program.
func call(t *testing.T, args ...string) outcome {
	t.Helper()
	return callWith(t, "", args...)
}

// callWith is call with a standard input.
func callWith(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, streams{in: strings.NewReader(stdin), out: &out, err: &errs})
	return outcome{code, out.String(), errs.String()}
}

// newHome gives a test folders of its own for all that is kept between runs, and an environment that is the same on
// every machine.
func newHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CACHE_HOME": "", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "GRYPE_DB_CACHE_DIR": "",
		"KUBECONFIG": filepath.Join(home, "none"), "DOCKER_CONFIG": filepath.Join(home, "docker"),
		"LC_ALL": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "", noJournal: "",
	} {
		t.Setenv(name, value)
	}
	return home
}

// wants fails the test where a run did not end with a code, or its stderr lacks a text.
func (o outcome) wants(t *testing.T, code int, texts ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit %d, want %d\n%s%s", o.code, code, o.out, o.err)
	}
	for _, text := range texts {
		if !strings.Contains(o.err, text) {
			t.Errorf("stderr has no %q:\n%s", text, o.err)
		}
	}
}

// A mistake in the command line ends with 2 and its reason, before anything is printed, read or begun.
func TestUsageErrors(t *testing.T) {
	home := newHome(t)
	for _, c := range []struct{ line, want string }{
		{"inspekt", `there is no command "inspekt"`},
		{"--nope", "unknown flag: --nope"},
		{"inspect", "name a TARGET"},
		{"inspect a b", "takes one TARGET, not 2"},
		{"inspect oci:x -o yaml", "-o yaml is not known here"},
		{"inspect oci:x --export bag --layers some", "it is all, suspect or none"},
		{"inspect oci:x --layers all", "--layers is about the bundle that --export writes"},
		{"inspect oci:x --without-config", "--without-config is about the bundle"},
		{"inspect oci:x --skip-layer abcde", "neither the number of a layer nor its digest"},
		{"inspect oci:x --skip-layer 1234", "neither the number of a layer nor its digest"},
		{"inspect oci:x --window soon", "is no window FROM,TO"},
		{"inspect oci:x --platform linux/arm/v7/extra", "reading --platform"},
		{"inspect oci:x --max-layer huge", "is no size"},
		{"inspect oci:x --registry-map nothing", "reading --registry-map"},
		{"inspect oci:x --certificate-identity-regexp ( --certificate-oidc-issuer i", "reading the regular expression"},
		{"inspect oci:x --github --offline", "--github queries GitHub, which --offline forbids"},
		{"inspect pod/", "KIND/NAME[:CONTAINER]"},
		{"inspect pod/a/b", "KIND/NAME[:CONTAINER]"},
		{"inspect oci:x --listen 127.0.0.1:1", "while the terminal UI is on screen"},
		{"inspect oci:x --listen 192.0.2.1:1", "loopback only"},
		{"pods --snapshot d --context prod", "leave --context out"},
		{"pods --snapshot d --in-cluster", "leave --in-cluster out"},
		{"pods web", `takes no argument, not "web"`},
		{"demo nothing", `there is no built-in incident "nothing"; there are: poisoned`},
		{"demo poisoned web", `takes one incident, not also "web"`},
		{"demo --layers some --export x", "it is all, suspect or none"},
		{"diff a", "compares two targets, not 1"},
		{"diff a b -o html", "-o html is not known here"},
		{"audit web", `there is no command "web" of backtrail audit; there are: merge`},
		{"audit merge", "needs a DIR"},
		{"audit --depth deep", "--depth"},
		{"audit --shard 0/2", "belong together"},
		{"audit --shard 0/2 --out d --recheck", "leave out --since, --recheck, --metrics and --evidence"},
		{"audit --parallel 129", "takes 1 to 128 images"},
		{"audit --parallel -1", "takes 1 to 128 images"},
		{"audit -l =", "-l ="},
		{"audit --schedule 17_2", "--schedule is about what --manifest prints"},
		{"audit --manifest --since last", "--since is not part of what --manifest prints"},
		{"audit --manifest -o json", "--output is not part of what --manifest prints"},
		{"where", "name WHAT"},
		{"where a b", "takes one WHAT, not 2"},
		{"where --window yesterday", "reading --window"},
		{"journal chek", `there is no command "chek" of backtrail journal`},
		{"journal prune --older-than -3h", "is no age"},
		{"journal export", "name a FILE"},
		{"cases old", `takes no argument, not "old"`},
		{"open", "name a CASE or BUNDLE"},
		{"open x --key k.pub", "does not use --key"},
		{"open x -n shop", "does not use --namespace"},
		{"open x --thresholds t.yaml", "does not use --thresholds"},
		{"open x --export y --layers most", "it is all, suspect or none"},
		{"aware x", "takes CASE, TIME and one of nis2, cra, dora"},
		{"aware x now gdpr --reason y", `there is no clock of "gdpr"`},
		{"aware x now cra", "--reason WHY is missing"},
		{"aware x 25:00 cra --reason y", "25:00"},
		{"aware x now --withdraw cra --reason y", "takes one CASE"},
		{"aware x now cra --reason y --name=", "--name has an empty value"},
		{"add x", "takes CASE and FILE"},
		{"custody", "takes one of show, add"},
		{"custody add x", "takes CASE and TEXT"},
		{"custody add x y --at 25:00", "reading --at"},
		{"custody add x y --at 2099-01-28T10:00:00Z", "lies ahead"},
		{"runtime x", "takes CASE and one of saved, given-up, open"},
		{"runtime x lost --reason y", `"lost" is none of saved, given-up, open`},
		{"runtime x saved", "--reason WHY is missing"},
		{"verify", "name a BUNDLE"},
		{"verify bag --signer-identity ada", "belong together"},
		{"verify bag --signer-key nothing.pub", "reading the public key"},
		{"verify bag -o brief", "-o brief is not known here"},
		{"verify-blob f", "needs --bundle FILE"},
		{"verify-blob f --bundle b --key k --certificate-identity i --certificate-oidc-issuer u", "name one of them"},
		{"policy drft", `there is no command "drft" of backtrail policy; there are: draft`},
		{"policy draft oci:x --sign-key k", "does not use --sign-key"},
		{"cache clean", "there are: prune, verify"},
		{"cache prune --days -1", "no number of days"},
		{"db fetch", "there are: import, status, update"},
		{"db import", "needs a FILE or DIR"},
		{"db update --offline", "needs the network"},
		{"db update --source http://mirror.example/osv", "begins with https"},
		{"thresholds explian", `there is no command "explian" of backtrail thresholds`},
		{"thresholds init a b", "takes at most one argument, not 2"},
		{"thresholds init --thresholds t.yaml", "does not use --thresholds"},
		{"man nothing", "there is no manual page of nothing"},
		{"man --write d bundle", `leave out "bundle"`},
		{"help nothing", "no command or help topic is named nothing"},
		{"version 1", `takes no argument, not "1"`},
	} {
		t.Run(c.line, func(t *testing.T) {
			o := call(t, strings.Fields(c.line)...)
			o.wants(t, exitUsage, c.want)
			if o.out != "" {
				t.Errorf("stdout has %q", o.out)
			}
			if !strings.HasPrefix(o.err, "backtrail: ") || strings.Count(o.err, "backtrail: ") != 1 {
				t.Errorf("it is not one message: %s", o.err)
			}
		})
	}
	if cases, err := os.ReadDir(filepath.Join(home, ".local", "share", "backtrail")); err == nil {
		t.Errorf("a mistake left %v behind", cases)
	}
}

// commands are all commands that can be run, but for those that cobra makes.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	var all []*cobra.Command
	var add func(c *cobra.Command)
	add = func(c *cobra.Command) {
		if c.Runnable() && c.Name() != "help" {
			all = append(all, c)
		}
		for _, sub := range c.Commands() {
			add(sub)
		}
	}
	add(rootCommand(streams{}))
	if len(all) < 25 {
		t.Fatalf("only %d commands were found", len(all))
	}
	return all
}

// wordsOf are the words of a command after the name of the program.
func wordsOf(c *cobra.Command) []string { return strings.Fields(c.CommandPath())[1:] }

// Every command refuses a form that it does not print, also those that print one form only: a script that reads JSON
// must not be given a table.
func TestNoCommandIgnoresTheOutputFlag(t *testing.T) {
	newHome(t)
	arguments := map[string]string{
		"inspect": "oci:x", "diff": "oci:x oci:y", "audit merge": "parts", "where": "curl", "journal export": "f",
		"journal import": "f", "open": "case", "aware": "case now cra --reason x", "runtime": "case saved --reason x",
		"add": "case file", "custody add": "case text", "custody show": "case",
		"verify": "bag", "verify-blob": "file --bundle b", "policy draft": "oci:x", "db import": "f",
	}
	for _, c := range commands(t) {
		words := wordsOf(c)
		path := strings.Join(words, " ")
		if path == "policy" || path == "thresholds" { // they print their help
			continue
		}
		o := call(t, slices.Concat(words, strings.Fields(arguments[path]), []string{"-o", "nonsense"})...)
		if o.code != exitUsage || !strings.Contains(o.err, "-o nonsense is not known here") || o.out != "" {
			t.Errorf("%q: exit %d, stdout %q, stderr %s", path, o.code, o.out, o.err)
		}
	}
	for _, path := range oneForm {
		root := rootCommand(streams{})
		root.InitDefaultHelpCmd()
		if c, rest, err := root.Find(strings.Fields(path)[1:]); err != nil || len(rest) > 0 ||
			c.CommandPath() != path {
			t.Errorf("there is no command %q", path)
		}
	}
}

func TestEveryCommandRefusesAFlagThatDoesNotExist(t *testing.T) {
	newHome(t)
	for _, c := range commands(t) {
		call(t, append(wordsOf(c), "--no-such-flag")...).wants(t, exitUsage, "unknown flag: --no-such-flag", "hint: ")
	}
}

// Help is a result: it goes to stdout, with exit code 0, and names each flag of the command.
func TestEveryCommandHasHelp(t *testing.T) {
	newHome(t)
	for _, c := range commands(t) {
		o := call(t, append(wordsOf(c), "--help")...)
		o.wants(t, exitPassed)
		if o.err != "" || !strings.Contains(o.out, "Usage:\n  "+c.CommandPath()) {
			t.Errorf("%s: stdout %s\nstderr %s", c.CommandPath(), o.out, o.err)
		}
		if short := strings.TrimSuffix(c.Short, "."); short != c.Short || c.Short == "" {
			t.Errorf("%s: %q is no line without a period", c.CommandPath(), c.Short)
		}
	}
}

// A command that has others below it and is given none of them prints its help, or what it stands for by itself.
func TestCommandsThatHaveOthersBelowThem(t *testing.T) {
	newHome(t)
	for _, c := range []struct{ line, want string }{
		{"policy", "Usage:\n  backtrail policy"},
		{"thresholds", "Usage:\n  backtrail thresholds"},
		{"cache", "0 files, 0 bytes"},
		{"db", "malicious-package records"},
	} {
		o := call(t, c.line)
		o.wants(t, exitPassed)
		if !strings.Contains(o.out, c.want) || o.err != "" {
			t.Errorf("%s: stdout %s\nstderr %s", c.line, o.out, o.err)
		}
	}
}
