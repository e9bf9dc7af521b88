package command_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect/command"
)

// Programs by their roles, as the file systems of images call them.
var programs = map[command.Role][]string{
	command.Interpreter: {
		"/usr/bin/python", "/usr/bin/python3", "/usr/local/bin/python3.12", "/usr/bin/pypy3.10", "/usr/bin/ipython3",
		"/usr/bin/node",
		"/usr/bin/nodejs", "/usr/bin/node18", "/root/.bun/bin/bun", "/usr/bin/deno", "/usr/bin/ruby3.1",
		"/opt/jruby/bin/jruby",
		"/usr/bin/perl5.36.0", "/usr/bin/php8.2", "/usr/sbin/php-fpm8.2", "/usr/bin/php-cgi8.2",
		"/opt/java/openjdk/bin/java",
		"/usr/share/dotnet/dotnet", "/usr/bin/pwsh", "C:/pwsh.exe", "/bin/sh", "/bin/bash", "/bin/dash", "/bin/ash",
		"/usr/bin/zsh-5.9",
		"/usr/bin/ksh93", "/usr/bin/mksh", "/usr/bin/fish", "/bin/csh", "/bin/tcsh", "/bin/rbash", "/usr/bin/lua5.4",
		"/usr/bin/luajit-2.1",
		"/usr/bin/tclsh8.6", "/usr/bin/Rscript", "/usr/bin/guile-3.0", "/usr/bin/gawk-5.2.1", "/usr/bin/mawk",
		"/usr/bin/expect",
		"/usr/bin/groovy", "/usr/bin/elixir", "/usr/bin/escript", "/bin/bash.static", "/bin/bash (deleted)",
	},
	command.Launcher: {
		"/bin/busybox", "/bin/busybox.static", "/bin/toybox", "/usr/bin/env", "/usr/bin/timeout", "/usr/bin/nohup",
		"/usr/bin/sudo",
		"/sbin/tini", "/usr/bin/catatonit", "/usr/bin/strace", "/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-linux-aarch64.so.1",
		"/lib/ld-musl-x86_64.so.1", "/lib64/ld64.so.2", "/lib/x86_64-linux-gnu/ld-2.31.so", "/usr/bin/ld.so",
	},
	command.Tool: {
		"/usr/bin/curl", "/usr/bin/wget", "/usr/bin/base64", "/usr/bin/bzip2", "/usr/bin/xz", "/bin/nc",
		"/usr/bin/apt-get", "/sbin/apk",
		"/usr/bin/pip3", "/usr/bin/pip3.12", "/usr/bin/gem3.1", "/usr/bin/npm", "/usr/bin/uv", "/usr/bin/kubectl",
		"/usr/sbin/iptables",
	},
	command.Other: {
		"", "/", ".", "..", "/srv/app", "/usr/sbin/nginx", "/srv/pythonic", "/srv/sh-tool",
		"/usr/bin/python3-config", "/var/tmp/.x", "1.2.3",
		"/usr/bin/ssh-agent", "/usr/bin/nodemon", "/usr/bin/javac", "/lib/ld-linux", "base", "/usr/bin/envsubst",
		"/usr/bin/rubyist",
	},
}

// A version behind the name, an ending, or that the file was deleted changes nothing of what a program is by nature.
func TestEveryProgramHasItsRole(t *testing.T) {
	for want, all := range programs {
		for _, program := range all {
			if program == "/lib/ld-linux" {
				continue // a prefix of the loader's name: not a file of any system
			}
			if got := command.RoleOf(program); got != want {
				t.Errorf("%s: %q, want %q", program, got, want)
			}
		}
	}
}

// Whatever words an interpreter is given, the reading keeps to its form: the role is that of the program that the
// kernel ran, what is typed has no target, all else has one, and what is loaded has a name.
func TestReadingsKeepTheirForm(t *testing.T) {
	endings := []string{
		"", " ", " -", " --", " -e", " -c", " -m", " -r", " -f", " --require", " --preload", " -jar",
		" -cp", " -javaagent:",
		" -W", " -I", " -n", " -S", " exec", " run", " eval", " sh", " sh -c", " env env", " A=1", " -x -y --z=1",
		" /srv/x -e 1", " \x00", " ä",
	}
	for _, all := range programs {
		for _, program := range all {
			for _, ending := range endings {
				line := "name" + ending
				form(t, program, line, command.Parse(program, line))
			}
		}
	}
}

// form fails for a reading that contradicts itself.
func form(t *testing.T, program, line string, r command.Run) {
	t.Helper()
	if r.Kind == command.Input && r.Target != "" {
		t.Errorf("%s %q: typed, and yet %q", program, line, r.Target)
	}
	if slices.Contains(r.Loads, "") {
		t.Errorf("%s %q: loads %q", program, line, r.Loads)
	}
	if r.Role == command.Other && (r.Kind != "" || r.Target != "" || r.Shell) {
		t.Errorf("%s %q acts by itself, and yet %+v", program, line, r)
	}
	if command.RoleOf(program) == command.Interpreter && r.Role != command.Interpreter {
		t.Errorf("%s %q: the role is %q", program, line, r.Role)
	}
	if utf8.ValidString(line) && !utf8.ValidString(r.Target) {
		t.Errorf("%s %q: target %q is no text", program, line, r.Target)
	}
	if again := command.Parse(program, line); !reflect.DeepEqual(again, r) {
		t.Errorf("%s %q: read as %+v and as %+v", program, line, r, again)
	}
}

// What stands before a program changes neither what it is nor what it was given.
func TestLaunchersAreSeenThrough(t *testing.T) {
	launchers := []string{
		"env", "env -i A=1 B=2", "nice -n 10", "nohup", "timeout -k 5 10", "stdbuf -oL", "setsid",
		"sudo -u app", "tini --",
		"dumb-init --", "chroot /host", "gosu app", "ionice -c 3", "busybox env", "time -p", "strace -f -o /tmp/o",
		"ld.so --library-path /lib",
	}
	inner := map[string]command.Run{}
	for _, line := range []string{
		"python3 -m http.server", "sh -c id", "node --require ./h.js x.js",
		"java -jar /a.jar", "perl -we 1",
		"curl http://192.0.2.1/x", "apt-get install -y nmap", "bash",
	} {
		program, _, _ := strings.Cut(line, " ")
		inner[line] = command.Parse(program, line)
	}
	for _, launcher := range launchers {
		for line, want := range inner {
			whole := launcher + " " + line
			name, _, _ := strings.Cut(launcher, " ")
			got := command.Parse("/usr/bin/"+name, whole)
			if want.Kind == "" { // a tool has nothing that it was given: it is the program itself
				program, _, _ := strings.Cut(line, " ")
				want.Kind, want.Target = command.Program, program
			}
			if got.Kind != want.Kind || got.Target != want.Target || got.Shell != want.Shell ||
				got.Installs != want.Installs {
				t.Errorf("%s: %+v, want %+v", whole, got, want)
			}
		}
	}
}

// Programs that start one another are followed to a bound. Past it nothing is named: a guess would be taken for a lead.
func TestHowDeepLaunchersAreFollowed(t *testing.T) {
	for depth := range 12 {
		r := command.Parse("/usr/bin/env", strings.Repeat("env ", depth+1)+"/srv/run")
		const bound = 6
		if depth < bound && (r.Kind != command.Program || r.Target != "/srv/run") {
			t.Errorf("%d deep: %+v", depth, r)
		}
		if depth > bound && r.Target != "" {
			t.Errorf("%d deep: %+v", depth, r)
		}
	}
}

// Options of one letter are written in clusters, and -e ends one with code, as droppers and reverse shells use it.
func TestClusters(t *testing.T) {
	for line, want := range map[string]string{
		"perl -e print": "print", "perl -ne print": "print", "perl -lane print": "print",
		"perl -MSocket -e connect": "connect",
		"ruby -e puts":             "puts", "ruby -ne puts": "puts", "ruby -rsocket -e connect": "connect",
		"ruby -lane puts": "puts",
		"ruby -eputs":     "puts", "python3 -Bc import": "import", "python3 -cimport": "import", "bash -ec id": "id",
		"sh -euxc id": "id",
		"node -pe 1":  "1", "php -r echo": "echo",
	} {
		program, _, _ := strings.Cut(line, " ")
		if r := command.Parse("/usr/bin/"+program, line); r.Kind != command.Code || r.Target != want {
			t.Errorf("%s: %s %q, want code %q", line, r.Kind, r.Target, want)
		}
	}
	for line, want := range map[string]string{
		"ruby -s /srv/x.rb": "/srv/x.rb", "ruby -W0 /srv/x.rb": "/srv/x.rb",
		"ruby --encoding=utf-8 /srv/x.rb": "/srv/x.rb",
		"ruby --enable=frozen /srv/x.rb":  "/srv/x.rb", "bash +x /srv/x.sh": "/srv/x.sh",
		"bash +o posix /srv/x.sh": "/srv/x.sh",
		"perl -Ilib /srv/x.pl":    "/srv/x.pl", "perl -T -w /srv/x.pl": "/srv/x.pl",
		"python3 -OO -B /srv/x.py": "/srv/x.py",
	} {
		program, _, _ := strings.Cut(line, " ")
		if r := command.Parse("/usr/bin/"+program, line); r.Kind != command.Script || r.Target != want {
			t.Errorf("%s: %s %q, want script %q", line, r.Kind, r.Target, want)
		}
	}
}

// Package managers are recognized by their verb, also in code and behind launchers; to look around installs nothing.
func TestVerbsOfPackageManagers(t *testing.T) {
	for line, want := range map[string]bool{
		"sh -c rpm -ivh x.rpm": true, "sh -c rpm -Uvh x.rpm": true, "sh -c rpm -qa": false, "sh -c dpkg -i x.deb": true,
		"sh -c dpkg -l": false, "sh -c pacman -Sy nmap": true, "sh -c pacman -Q": false,
		"sh -c apt-get -y -q install nmap": true,
		"sh -c (cd /tmp && npm i x)":       true, "sh -c go get x": true, "sh -c apt-get update": false,
		"sh -c apt list --installed": false,
		"sh -c echo 'apk add curl'":  true, // quotes are lost: it may be run, and a person looks
		"timeout 60 pip install x":   true, "sudo yum install -y nc": true, "python3 -m pip --quiet install x": true,
	} {
		program, _, _ := strings.Cut(line, " ")
		if got := command.Parse("/usr/bin/"+program, line); got.Installs != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// Bounds hold at their edge: a line of MaxLine bytes is read whole, one that is longer is cut, and stays text.
func TestBoundsOfALine(t *testing.T) {
	const head = "sh -c "
	for _, n := range []int{command.MaxLine - 1, command.MaxLine, command.MaxLine + 1, 4 * command.MaxLine} {
		r := command.Parse("/bin/sh", head+strings.Repeat("x", n-len(head)))
		if want := min(n, command.MaxLine) - len(head); len(r.Target) != want {
			t.Errorf("a line of %d bytes: a target of %d, want %d", n, len(r.Target), want)
		}
	}
	// Words past the bound are not read: the script behind 600 options is not found, and nothing is made up for it.
	if r := command.Parse("/usr/bin/python3", "python3"+strings.Repeat(" -B",
		600)+" /srv/x.py"); r.Kind != command.Input {
		t.Errorf("behind too many words: %+v", r)
	}
	if r := command.Parse("/usr/bin/node", "node"+strings.Repeat(" -r a", 32)+" x.js"); len(r.Loads) != 32 ||
		r.Target != "x.js" {
		t.Errorf("at the bound: %d loads, %q", len(r.Loads), r.Target)
	}
	if r := command.Parse("/usr/bin/node", "node"+strings.Repeat(" -r a", 33)+" x.js"); len(r.Loads) != 32 {
		t.Errorf("past the bound: %d loads", len(r.Loads))
	}
}
