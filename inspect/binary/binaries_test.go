package binary

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// binaryRows says rows in short: severity path codes.
func binaryRows(i inspect.Image) []string {
	var list []string
	for _, b := range i.Binaries {
		list = append(list, fmt.Sprintf("%s %s x%d %s", b.Severity, b.Path, b.Count, strings.Join(b.Codes, " ")))
	}
	return list
}

func TestBinaries(t *testing.T) {
	_, base := debian()
	app := v1.Config{Entrypoint: []string{"/app/server"}, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}}
	own := step("COPY server /app/server", exe("app/server", elfOf(amd64, false, "server")))
	for name, test := range map[string]struct {
		layers []layerSpec
		config v1.Config
		want   []string
		status inspect.CaseStatus // of the case, for lack of a finding that failed
	}{
		"a clean image has its own program only": {
			layers: []layerSpec{base, own}, config: app,
			want: []string{"info /app/server x1 unowned entrypoint static-stripped"}, status: inspect.CasePassed,
		},
		"a dropped program in a hidden place comes first": {
			layers: []layerSpec{base, own, step("RUN fonts", exe("var/tmp/.font/kinsing", elfOf(amd64, false, "x")))}, config: app,
			want: []string{
				"high /var/tmp/.font/kinsing x1 unowned tmp-path hidden-path static-stripped",
				"info /app/server x1 unowned entrypoint static-stripped",
			}, status: inspect.CaseFailed,
		},
		"a replaced packaged program": {
			layers: []layerSpec{base, step("RUN update", exe("usr/bin/top", program("not top")))},
			want:   []string{"high /usr/bin/top x1 altered"}, status: inspect.CaseFailed,
		},
		"a replaced program behind the merged /usr, by the other name": {
			layers: []layerSpec{base, step("RUN update", exe("usr/bin/bash", program("not bash")))},
			want:   []string{"high /usr/bin/bash x1 altered"}, status: inspect.CaseFailed,
		},
		"a library that everything loads": {
			layers: []layerSpec{base, step("RUN perf", file("lib/libgcwrap.so", program("wrap")), file("etc/ld.so.preload", "/lib/libgcwrap.so\n"))},
			want:   []string{"high /lib/libgcwrap.so x1 unowned loader-hijack"}, status: inspect.CaseFailed,
		},
		"a miner": {
			layers: []layerSpec{base, step("RUN get", exe("opt/sys/update", program("pool stratum+tcp://pool.example:3333")))},
			want:   []string{"high /opt/sys/update x1 unowned miner-string"}, status: inspect.CaseFailed,
		},
		"a script that hides what it does, as entrypoint": {
			layers: []layerSpec{base, step("COPY run", exe("run.sh", "#!/bin/sh\necho ZWNobyBoaQ== | base64 -d | sh\n"))}, config: v1.Config{Cmd: []string{"/bin/sh", "-c", "exec /run.sh"}},
			want: []string{"medium /run.sh x1 unowned entrypoint obfuscated"}, status: inspect.CasePassed,
		},
		"programs of one tree and one build step are one row": {
			layers: []layerSpec{base, step("RUN make install", exe("usr/local/bin/python3", program("py")), file("usr/local/lib/libpython.so", program("lib")),
				exe("usr/local/bin/idle", "#!/usr/local/bin/python3\n"), exe("usr/local/lib/x/_a.so", program("a")))},
			want: []string{"low /usr/local/bin/python3 x3 unowned"}, status: inspect.CasePassed,
		},
		"what differs in a tree stands alone": {
			layers: []layerSpec{
				base, step("RUN make install", exe("opt/jdk/bin/java", program("j")), exe("opt/jdk/bin/javac", program("c")), exe("opt/jdk/bin/su", program("s")).WithMode(0o4755)),
				step("RUN patch", exe("opt/jdk/bin/jar", program("jar"))),
			},
			want: []string{"medium /opt/jdk/bin/su x1 unowned setuid", "low /opt/jdk/bin/jar x1 unowned", "low /opt/jdk/bin/java x2 unowned"}, status: inspect.CasePassed,
		},
		"a program among the system's": {
			layers: []layerSpec{base, step("RUN get", exe("usr/bin/helper", program("h")))},
			want:   []string{"medium /usr/bin/helper x1 unowned"}, status: inspect.CasePassed,
		},
		"a program before a packaged one of the same name": {
			layers: []layerSpec{base, step("RUN get", exe("usr/local/bin/ls", program("h")))}, config: app,
			want: []string{"low /usr/local/bin/ls x1 unowned shadows-path"}, status: inspect.CasePassed,
		},
		"another architecture": {
			layers: []layerSpec{base, step("COPY qemu", exe("opt/x/arm", elfOf(183, true, "x")))},
			want:   []string{"low /opt/x/arm x1 unowned arch-mismatch"}, status: inspect.CasePassed,
		},
		"without a package database nothing is an alarm": {
			layers: []layerSpec{step("COPY", exe("hello", elfOf(amd64, false, "h")), exe("opt/a/b", program("b")))}, config: v1.Config{Cmd: []string{"/hello"}},
			want: []string{"info /hello x1 ownership-unknown entrypoint static-stripped"}, status: inspect.CasePassed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, test.config, test.layers...), nil)
			for _, s := range c.Checks {
				if s.Status != inspect.CheckDone && s.Name != inspect.CheckDiff && s.Name != inspect.CheckBase {
					t.Errorf("%s: %s %s", s.Name, s.Status, s.Reason)
				}
			}
			if got := binaryRows(c.Images[0]); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if verdict.Of(&c).Status != test.status {
				t.Errorf("case is %s, want %s", verdict.Of(&c).Status, test.status)
			}
			for _, f := range c.Findings {
				if f.Title == "" || len(f.Evidence) == 0 || f.Status != f.Severity.RowStatus() {
					t.Errorf("finding without words or bytes: %+v", f)
				}
			}
		})
	}
}

func TestFilesAreCounted(t *testing.T) {
	_, base := debian()
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, base,
		step("RUN", file("etc/bash.bashrc", "# mine\n"), file("usr/lib/os-release", "ID=mine\n"), whiteout("usr/bin/.wh.ls"), file("app/data", "d"))), nil)
	f := c.Images[0].Files
	// The database's own eight files belong to no package; the documentation that the slim image left out is not missing.
	if f.Total != 5+7+1 || f.Owned != 5 || f.Unowned != 8 || f.Altered != 2 || f.Missing != 1 || f.Ownership != "known" {
		t.Errorf("files: %+v", f)
	}
	for _, a := range c.Images[0].Altered {
		if a.Severity != inspect.Low || a.Layer != 1 || a.Expected == a.Actual {
			t.Errorf("altered: %+v", a)
		}
	}
	if m := c.Images[0].Missing; len(m) != 1 || m[0].Path != "/usr/bin/ls" || m[0].Layer != 1 || !m[0].Executable || m[0].Severity != inspect.Low {
		t.Errorf("missing: %+v", m)
	}
	if c.Images[0].Status != inspect.Verified {
		t.Errorf("image: %s %s", c.Images[0].Status, c.Images[0].Detail)
	}
}

func TestAlertedFiles(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{Entrypoint: []string{"/app"}}, base, step("COPY app /", exe("app", program("app"))))
	for name, test := range map[string]struct {
		alert    inspect.Alert
		origin   string
		layer    int
		severity inspect.Severity // of the row, empty for none
	}{
		"lower layer":               {inspect.Alert{Path: "/app", Flags: []string{"EXE_LOWER_LAYER"}}, inspect.OriginImage, 1, inspect.Critical},
		"through a link":            {inspect.Alert{Path: "/bin/bash", Flags: []string{"EXE_LOWER_LAYER"}}, inspect.OriginImage, 0, inspect.Info},
		"upper, not in image":       {inspect.Alert{Path: "/tmp/x", Flags: []string{"EXE_WRITABLE", "EXE_UPPER_LAYER"}}, inspect.OriginRuntime, -1, ""},
		"upper, in the image":       {inspect.Alert{Path: "/app", Flags: []string{"EXE_UPPER_LAYER"}}, inspect.OriginChanged, 1, inspect.Critical},
		"no flags":                  {inspect.Alert{Path: "/app"}, inspect.OriginImage, 1, inspect.Critical},
		"no flags, not there":       {inspect.Alert{Path: "/gone"}, inspect.OriginUnknown, -1, ""},
		"lower, not there":          {inspect.Alert{Path: "/gone", Flags: []string{"EXE_LOWER_LAYER"}}, inspect.OriginUnknown, -1, ""},
		"memory":                    {inspect.Alert{Path: "memfd:x", Flags: []string{"EXE_FROM_MEMFD"}}, inspect.OriginMemfd, -1, ""},
		"the host":                  {inspect.Alert{Path: "/app", ContainerID: "host"}, inspect.OriginHost, -1, ""},
		"no path":                   {inspect.Alert{}, inspect.OriginUnknown, -1, ""},
		"a directory is no program": {inspect.Alert{Path: "/etc", Flags: []string{"EXE_UPPER_LAYER"}}, inspect.OriginRuntime, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			test.alert.ID, test.alert.Rule = "1", "a rule"
			c := newBench(t).examine(t, target, nil, test.alert)
			f := c.Alerts[0].File
			want := test.alert.Path
			if want == "/bin/bash" {
				want = "/usr/bin/bash" // where the image's links lead
			}
			if f.Origin != test.origin || f.Layer != test.layer || f.Detail == "" || f.Path != want {
				t.Errorf("file: %+v", f)
			}
			if f.Origin == inspect.OriginImage && f.SHA256 == "" || f.Origin == inspect.OriginChanged && f.SHA256 != "" {
				t.Errorf("digest: %+v", f)
			}
			var severity inspect.Severity
			for _, b := range c.Images[0].Binaries {
				if slices.Contains(b.Codes, "alerted") {
					severity = b.Severity
				}
			}
			if severity != test.severity {
				t.Errorf("row is %q, want %q", severity, test.severity)
			}
		})
	}
}

func TestAlertedFilesOnVolumes(t *testing.T) {
	tree := treeOfLayers(t, []member{exe("app", program("app")), exe("data/tool", program("t")), symlink("link", "/data"), exe("data/etc/x", "#!/bin/sh\n")})
	mounts := []inspect.Mount{{Path: "/data", Volume: "work", Kind: "emptyDir"}, {Path: "/data/etc", Volume: "conf", Kind: "persistentVolumeClaim", Source: "conf-0"}}
	const both = inspect.FlagUpper + "|" + inspect.FlagLower
	for _, test := range []struct {
		path, flag, origin, detail string
	}{
		{"/app", "", inspect.OriginImage, "no flag of the alert proves"},
		{"/data/tool", "", inspect.OriginVolume, "the volume work (emptyDir)"},
		{"/data/new", "", inspect.OriginVolume, "the volume work (emptyDir)"},
		{"/link/tool", "", inspect.OriginVolume, "the volume work (emptyDir)"},
		{"/data/etc/x", "", inspect.OriginVolume, "the volume conf (persistentVolumeClaim conf-0)"},
		{"/data/tool", inspect.FlagLower, inspect.OriginImage, "the image's own file"},
		{"/data/tool", inspect.FlagUpper, inspect.OriginChanged, "writable layer"},
		{"/data/tool", both, inspect.OriginUnknown, "contradict each other"},
		{"/gone", both, inspect.OriginUnknown, "contradict each other"},
		{"/database/x", "", inspect.OriginUnknown, "the image does not have it"},
		{"/dev/shm/x", "", inspect.OriginRuntime, "memory of the container"},
	} {
		a := inspect.Alert{Path: test.path}
		if test.flag != "" {
			a.Flags = strings.Split(test.flag, "|")
		}
		f, n := locate(a, tree, "", mounts, false)
		if f.Origin != test.origin || !strings.Contains(f.Detail, test.detail) {
			t.Errorf("%s %s: %+v", test.path, test.flag, f)
		}
		if f.Origin == inspect.OriginVolume && (n != nil || f.Layer != -1 || f.SHA256 != "") {
			t.Errorf("%s: the image's file stands for one on a volume: %+v", test.path, f)
		}
	}
}

// A hash that the sensor computed decides whether the image's file ran, whatever the flags are.
func TestHashesOfAlerts(t *testing.T) {
	tree := treeOfLayers(t, []member{exe("app/run", program("r"))})
	n := tree.Resolve("/app/run")
	for _, test := range []struct{ digest, flag, origin, detail string }{
		{"sha256:" + n.SHA256, inspect.FlagUpper, inspect.OriginImage, "the hash that the sensor computed is that of the file"},
		{"sha256:" + strings.Repeat("a", 64), inspect.FlagLower, inspect.OriginChanged, "the sensor computed sha256 aaaaaaaaaaaa"},
		{"sha1:" + strings.Repeat("a", 40), inspect.FlagLower, inspect.OriginImage, "the image's own file"},
		{"", inspect.FlagUpper, inspect.OriginChanged, "writable layer"},
	} {
		f, _ := locate(inspect.Alert{Path: "/app/run", FileDigest: test.digest, Flags: []string{test.flag}}, tree, "", nil, false)
		if f.Origin != test.origin || !strings.Contains(f.Detail, test.detail) || (f.SHA256 != "") != (f.Origin == inspect.OriginImage) {
			t.Errorf("%s, %s: %+v", test.digest, test.flag, f)
		}
	}
}

// Sensors write paths as the kernel does, and as programs were called.
func TestPathsOfAlerts(t *testing.T) {
	tree := treeOfLayers(t,
		[]member{dir("usr/"), dir("usr/bin/"), symlink("bin", "usr/bin"), exe("usr/bin/bash", program("b")), exe("app/run", program("r")), exe("tmp/kinsing", program("k")), exe("odd (deleted)", program("o")), symlink("usr/bin/sh", "/etc/alternatives/sh"), symlink("etc/alternatives/sh", "../../bin/bash")},
		[]member{whiteout("tmp/.wh.kinsing")})
	for _, test := range []struct {
		path, at, flag, origin, detail string
	}{
		{"/bin/bash", "/usr/bin/bash", inspect.FlagLower, inspect.OriginImage, "at /usr/bin/bash"},
		{"/bin/sh", "/usr/bin/bash", inspect.FlagLower, inspect.OriginImage, "at /usr/bin/bash"},
		{"/usr/bin/../bin//bash", "/usr/bin/bash", inspect.FlagLower, inspect.OriginImage, "the image's own file, of layer 0"},
		{"/proc/self/root/bin/bash", "/usr/bin/bash", inspect.FlagLower, inspect.OriginImage, "at /usr/bin/bash"},
		{"/proc/1/root/proc/self/root/app/run", "/app/run", inspect.FlagLower, inspect.OriginImage, "at /app/run"},
		{"/proc/x/root/app/run", "/proc/x/root/app/run", "", inspect.OriginUnknown, "a name of the kernel's"},
		{"/proc/self/fd/7", "/proc/self/fd/7", inspect.FlagUpper, inspect.OriginUnknown, "a name of the kernel's"},
		{"/app/run (deleted)", "/app/run", inspect.FlagUpper, inspect.OriginChanged, "had been deleted when the sensor looked"},
		{"/tmp/x (deleted)", "/tmp/x", inspect.FlagUpper, inspect.OriginRuntime, "had been deleted when the sensor looked"},
		{"/odd (deleted)", "/odd (deleted)", inspect.FlagLower, inspect.OriginImage, "the image's own file"},
		{"/tmp/kinsing", "/tmp/kinsing", inspect.FlagUpper, inspect.OriginRuntime, "layer 0 held a file at this path"},
		{"./run", "/app/run", inspect.FlagLower, inspect.OriginImage, "the image's working directory /app"},
		{"../bin/bash", "/usr/bin/bash", "", inspect.OriginUnknown, "the alert does not show whether"},
		{"run", "run", "", inspect.OriginUnknown, "names no program by its path"},
		{"/memfd:x (deleted)", "/memfd:x (deleted)", "", inspect.OriginMemfd, "from memory"},
		{"memfd:x", "memfd:x", "", inspect.OriginMemfd, "from memory"},
		{"", "", "", inspect.OriginUnknown, "names no program by its path"},
		{"/etc", "/etc", inspect.FlagUpper, inspect.OriginRuntime, "written at run time"},
	} {
		a := inspect.Alert{Path: test.path}
		if test.flag != "" {
			a.Flags = []string{test.flag}
		}
		f, n := locate(a, tree, "app", nil, false)
		if f.Origin != test.origin || f.Path != test.at || !strings.Contains(f.Detail, test.detail) || (n != nil) != (f.Layer >= 0) {
			t.Errorf("%s: %+v", test.path, f)
		}
	}
}

func TestUnmatchedAlertsAreLeftAlone(t *testing.T) {
	_, base := debian()
	b := newBench(t)
	c := b.examine(t, imageOf(t, v1.Config{}, base), nil)
	h := &scanner{tree: mustTree(t, b, c), image: inspect.Image{ImageHead: inspect.ImageHead{Container: "other"}}}
	h.alerts([]inspect.Alert{{Path: "/usr/bin/ls", Match: inspect.MatchNone, Subject: "other"}, {Path: "/usr/bin/ls", Match: inspect.MatchPod, Subject: "web"}},
		func(e inspect.Event) { t.Errorf("said %+v", e) })
}

func mustTree(t *testing.T, b bench, c inspect.Case) *layer.Tree {
	t.Helper()
	tree, err := b.cache.Tree(t.Context(), c.Images[0].Layers)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
