package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// scripted is an image with interpreters that no package owns and what they run.
func scripted(t testing.TB, more ...member) string {
	t.Helper()
	_, base := debian()
	return imageOf(t, v1.Config{WorkingDir: "/srv", Entrypoint: []string{"python3", "-m", "shop"}}, base,
		step("RUN build", exe("usr/local/bin/python3", program("python")), exe("usr/local/bin/node", program("node")),
			exe("opt/jdk/bin/java", program("java")), exe("usr/bin/curl", program("curl"))),
		step("COPY . /srv", append([]member{
			file("srv/shop/__init__.py", ""), file("srv/shop/__main__.py", "run()\n"), file("srv/server.js", "listen()\n"),
			file("srv/node_modules/leftpad/package.json", "{}"), file("srv/node_modules/leftpad/cli.js", "x()\n"),
			file("usr/local/lib/python3.13/site-packages/tool/cli.py", "main()\n"),
			file("srv/app.jar", "PK\x03\x04app"), file("srv/lib/one.jar", "PK\x03\x04one"),
			exe("docker-entrypoint.d/10-tune.sh", "#!/bin/sh\nset -e\n"),
		}, more...)...))
}

func alertOn(path, line string) inspect.Alert {
	return inspect.Alert{ID: "1", Rule: "r", Path: path, CommandLine: line}
}

// An interpreter is used; what it ran is the file of the alert.
func TestWhatAnAlertedInterpreterRan(t *testing.T) {
	target := scripted(t)
	for _, tt := range []struct{ path, line, kind, file, owner string }{
		{"/usr/local/bin/python3", "python3 -m shop", "module", "/srv/shop/__main__.py", ""},
		{"/usr/local/bin/python3", "python3 -m tool.cli", "module", "/usr/local/lib/python3.13/site-packages/tool/cli.py", ""},
		{"/usr/local/bin/node", "node server", "script", "/srv/server.js", ""},
		{"/usr/local/bin/node", "node /srv/node_modules/leftpad/cli.js", "script", "/srv/node_modules/leftpad/cli.js", "npm leftpad"},
		{"/opt/jdk/bin/java", "java -jar app.jar", "jar", "/srv/app.jar", ""},
		{"/bin/bash", "10-tune.sh /docker-entrypoint.d/10-tune.sh", "script", "/docker-entrypoint.d/10-tune.sh", ""},
	} {
		c := newBench(t).examine(t, target, nil, alertOn(tt.path, tt.line))
		a := c.Alerts[0]
		if a.Ran == nil || a.Ran.Kind != tt.kind || a.File.Path != tt.file || a.File.Origin != inspect.OriginImage {
			t.Errorf("%s: file %+v, ran %+v", tt.line, a.File, a.Ran)
			continue
		}
		if a.Ran.Files[0].Owner != tt.owner {
			t.Errorf("%s: owner %q", tt.line, a.Ran.Files[0].Owner)
		}
		for _, f := range c.Findings {
			if f.Severity.Rank() < inspect.Medium.Rank() {
				t.Errorf("%s: %s %s", tt.line, f.Severity, f.Title)
			}
		}
	}
}

// What the interpreter ran is high with a sign of its own, and the interpreter is not.
func TestAScriptThatDecodesIsTheCause(t *testing.T) {
	c := newBench(t).examine(t, scripted(t, file("srv/job.py", "import base64\nexec(base64.b64decode('eA=='))\n")), nil,
		alertOn("/usr/local/bin/python3", "python3 /srv/job.py"))
	severities := map[string]inspect.Severity{}
	for _, b := range c.Images[0].Binaries {
		severities[b.Path] = b.Severity
	}
	if severities["/srv/job.py"] != inspect.High || severities["/usr/local/bin/python3"].Rank() < inspect.Medium.Rank() {
		t.Errorf("severities %v", severities)
	}
	if c.Findings[0].Code != "ran-by-alert" || !strings.HasSuffix(c.Findings[0].Subject, ":/srv/job.py") {
		t.Errorf("first finding %+v", c.Findings[0])
	}
}

// A program that only has the name of an interpreter is judged as any other.
func TestTheNameOfAnInterpreterClearsNothing(t *testing.T) {
	_, base := debian()
	for path, content := range map[string]string{
		"var/tmp/python3": program("p"), "opt/.x/node": program("n"), "usr/local/bin/perl": "#!/bin/sh\nexec /x\n",
		"usr/local/bin/java": program("stratum+tcp://pool"),
	} {
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("COPY", exe(path, content))), nil,
			alertOn("/"+path, "x /etc/hostname"))
		if len(c.Findings) == 0 || c.Findings[0].Severity != inspect.Critical {
			t.Errorf("%s: %+v", path, c.Findings)
		}
	}
}

// A tool that the known-good image has nowhere is not what another release brings, whatever its name.
func TestANewFileWithTheNameOfAToolIsNotCalm(t *testing.T) {
	_, base := debian()
	good := imageOf(t, v1.Config{Labels: map[string]string{"version": "1"}}, base)
	now := imageOf(t, v1.Config{Labels: map[string]string{"version": "2"}}, base, step("COPY", exe("opt/agent/curl", program("x"))))
	c := newBench(t).examine(t, now, &inspect.KnownGood{Location: good, Confirmed: true}, alertOn("/opt/agent/curl", "curl http://192.0.2.1"))
	for _, b := range c.Images[0].Binaries {
		if b.Path == "/opt/agent/curl" && b.Severity.Rank() > inspect.Medium.Rank() {
			t.Errorf("%s: %s", b.Severity, b.Detail)
		}
	}
}

// A script that lies elsewhere than in the image is what the alert is about.
func TestAScriptThatTheImageDoesNotHave(t *testing.T) {
	c := newBench(t).examine(t, scripted(t), nil, alertOn("/usr/local/bin/python3", "python3 /tmp/x.py"))
	if f := c.Alerts[0].File; f.Path != "/tmp/x.py" || f.Layer != -1 || f.Origin == inspect.OriginImage {
		t.Errorf("file %+v", f)
	}
	if !slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool { return f.Code == "alerted-not-in-image" }) {
		t.Errorf("findings %+v", c.Findings)
	}
}

func TestActs(t *testing.T) {
	target := scripted(t)
	for _, tt := range []struct {
		path, line, parent string
		terminal           bool
		want               string
	}{
		{"/bin/bash", "bash", "runc", true, inspect.ActExec},
		{"/bin/bash", "bash -c id", "runc", false, inspect.ActExec},
		{"/bin/bash", "bash -c id", "java", false, inspect.ActCommand},
		{"/bin/bash", "bash", "", false, ""},
		{"/bin/bash", "bash /docker-entrypoint.d/10-tune.sh", "runc", false, ""},
		{"/usr/local/bin/python3", "python3 -m shop", "containerd-shim", false, ""},
		{"/usr/bin/curl", "curl http://192.0.2.1", "containerd-shim", false, inspect.ActExec},
		{"/usr/bin/curl", "curl http://192.0.2.1", "sh", false, inspect.ActCommand},
		{"/bin/bash", "bash -c apt-get install -y nmap", "sh", false, inspect.ActInstall},
	} {
		a := alertOn(tt.path, tt.line)
		a.Parent, a.Terminal = tt.parent, tt.terminal
		c := newBench(t).examine(t, target, nil, a)
		if got := c.Alerts[0].Ran; got == nil || got.Act != tt.want {
			t.Errorf("%s by %s: %+v, want %q", tt.line, tt.parent, got, tt.want)
		}
	}
}
