package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/backtrail/backtrail/inspect"
)

const (
	hex64    = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
	digestA  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	digestB  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	falcoOne = `{"hostname":"node1","output":"08:01:02.5: Critical Executing binary not part of base image","output_fields":{"container.id":"3ad7b26ded6d","container.image.repository":"reg.example/web","container.image.tag":"1","container.name":"web","evt.arg.flags":"EXE_WRITABLE|EXE_UPPER_LAYER","evt.time.iso8601":1772352062500000000,"k8s.ns.name":"shop","k8s.pod.name":"web-0","proc.exepath":"/tmp/.x/kd","user.uid":0},"priority":"Critical","rule":"Drop and execute new binary in container","source":"syscall","tags":["T1"],"time":"2026-03-01T08:01:02.500000000Z"}`
	textOne  = `08:01:02.500000000: Critical Executing binary not part of base image | proc_exe=kd user=root process=kd proc_exepath=/tmp/.x/kd command=kd --pool a b terminal=0 exe_flags=EXE_WRITABLE|EXE_UPPER_LAYER container_id=3ad7b26ded6d container_name=web container_image_repository=reg.example/web container_image_tag=1 k8s_pod_name=web-0 k8s_ns_name=shop`
)

// at is when the alerts of the examples were raised.
var at = time.Date(2026, 3, 1, 8, 1, 2, 500_000_000, time.UTC)

// plain leaves out what differs by the bytes of the line.
var plain = cmp.Options{
	cmpopts.IgnoreFields(inspect.Alert{}, "ID", "Raw", "File", "Count", "Match", "Output"),
	cmpopts.IgnoreFields(Alert{}, "Line"),
	cmpopts.EquateComparable(netip.Addr{}),
}

// one is the alert of falcoOne, changed.
func one(change func(a *Alert)) Alert {
	a := Alert{Alert: inspect.Alert{
		Source: SourceFalco, Rule: "Drop and execute new binary in container", Priority: "Critical",
		Time:      inspect.At(at),
		Namespace: "shop", Pod: "web-0", Container: "web", ContainerID: "3ad7b26ded6d", Path: "/tmp/.x/kd",
		Image: "reg.example/web:1", Flags: []string{"EXE_WRITABLE", inspect.FlagUpper},
	}, Node: "node1"}
	change(&a)
	return a
}

func TestParseLine(t *testing.T) {
	fromText := func(a *Alert) { a.Rule, a.Imprecise, a.Node = "", true, "" }
	logged := func(a *Alert) { a.Rule, a.Node = "", "" }
	for _, tt := range []struct {
		name, line string
		want       Alert
	}{
		{"falco", falcoOne, one(func(*Alert) {})},
		{
			"falcosidekick", strings.Replace(falcoOne, `{"hostname"`, `{"uuid":"4711","hostname"`, 1),
			one(func(*Alert) {}),
		},
		{"text", textOne, one(fromText)},
		{
			"text with a date", strings.Replace(textOne, "08:01:02.500000000", "2026-03-01T08:01:02.500000000+0000", 1),
			one(logged),
		},
		{
			"old text in brackets",
			`08:01:02.5: Error File below /bin opened for writing (user=root command=sh -c (a) file=/bin/x container=web (id=3ad7b26ded6d) k8s.ns=shop k8s.pod=web-0 image=reg.example/web)`,
			Alert{Alert: inspect.Alert{
				Source: SourceFalco, Priority: "Error", Time: inspect.At(at), Imprecise: true,
				Namespace: "shop", Pod: "web-0", ContainerID: "3ad7b26ded6d", Image: "reg.example/web",
			}, Target: "/bin/x"},
		},
		{
			"a command line that names another pod",
			strings.Replace(textOne, "kd --pool", "kd k8s_pod_name=db-0 --pool", 1),
			one(func(a *Alert) { fromText(a); a.Pod, a.Doubtful = "", []string{"k8s_pod_name"} }),
		},
		{
			"a command line that names another container by the older name",
			strings.Replace(textOne, "kd --pool", "kd container=aaaaaaaaaaaa x=--pool", 1),
			one(func(a *Alert) { fromText(a); a.ContainerID, a.Doubtful = "", []string{"container_id"} }),
		},
		{
			"nulls, <NA> and wrong types",
			`{"rule":"R","priority":7,"time":false,"output":["x"],"tags":"none","output_fields":{"container.id":null,"k8s.pod.name":"<NA>","k8s.ns.name":{"a":1},"proc.exepath":3,"evt.arg.flags":["EXE_UPPER_LAYER"]}}`,
			Alert{Alert: inspect.Alert{Source: SourceFalco, Rule: "R", Priority: "7", Path: "3"}},
		},
		{
			"fields switched off: the output has them",
			mustJSON(
				map[string]any{
					"output": textOne, "priority": "critical", "rule": "R", "output_fields": nil,
					"time": "2026-03-01T08:01:02.5Z",
				},
			),
			one(func(a *Alert) { a.Rule, a.Node = "R", "" }),
		},
		{
			"time in nanoseconds only", `{"rule":"R","output_fields":{"evt.time":1772352062500000000}}`,
			Alert{Alert: inspect.Alert{Source: SourceFalco, Rule: "R", Time: inspect.At(at)}},
		},
		{
			"a digest cut at its colon",
			`{"rule":"R","output_fields":{"container.image.repository":"sha256","container.image.tag":"` + digestA[7:] + `"}}`,
			Alert{Alert: inspect.Alert{Source: SourceFalco, Rule: "R", Image: digestA}, Digest: digestA},
		},
		{
			"a repository with its digest",
			`{"rule":"R","output_fields":{"container.image.repository":"reg.example/web@sha256","container.image.tag":"` + digestA[7:] + `"}}`,
			Alert{
				Alert:  inspect.Alert{Source: SourceFalco, Rule: "R", Image: "reg.example/web@" + digestA},
				Digest: digestA,
			},
		},
		{
			"dockershim's name", `{"rule":"R","output_fields":{"container.name":"k8s_web_web-0_shop_6e1f_0"}}`,
			Alert{
				Alert: inspect.Alert{Source: SourceFalco, Rule: "R", Namespace: "shop", Pod: "web-0", Container: "web"},
			},
		},
		{
			"truth values of newer Falco",
			`{"rule":"R","output_fields":{"proc.is_exe_upper_layer":true,"proc.is_exe_from_memfd":false}}`,
			Alert{Alert: inspect.Alert{Source: SourceFalco, Rule: "R", Flags: []string{inspect.FlagUpper}}},
		},
		{
			"tetragon",
			`{"process_exec":{"process":{"binary":"kd","arguments":"--pool x","cwd":"/tmp/.x","docker":"3ad7b26ded6d8e7b23da7d48fe88943","pod":{"namespace":"shop","name":"web-0","container":{"id":"containerd://` + hex64 + `","name":"web","image":{"id":"reg.example/web@` + digestA + `","name":"reg.example/web:1"}},"workload":"web","workload_kind":"StatefulSet"}}},"node_name":"node1","time":"2026-03-01T08:01:02.500000000Z"}`,
			Alert{Alert: inspect.Alert{
				Source: SourceTetragon, Rule: "process_exec", Time: inspect.At(at), Namespace: "shop", Pod: "web-0",
				Container:   "web",
				ContainerID: hex64, Path: "/tmp/.x/kd", Image: "reg.example/web:1",
			}, Digest: digestA, Node: "node1", Workload: "web", WorkloadKind: "StatefulSet"},
		},
		{
			"tetragon without a pod",
			`{"process_kprobe":{"process":{"binary":"/kd","docker":"3ad7b26ded6d8e7b23da7d48fe88943","pod":null},"function_name":"fd_install","policy_name":"files","args":[{"int_arg":3},{"file_arg":{"path":"/etc/shadow"}}]},"time":"x"}`,
			Alert{
				Alert: inspect.Alert{
					Source: SourceTetragon, Rule: "process_kprobe files fd_install",
					ContainerID: "3ad7b26ded6d8e7b23da7d48fe88943", Path: "/kd",
				},
				Target: "/etc/shadow",
			},
		},
		{"kubectl logs --prefix", "[pod/falco-x/falco] " + falcoOne, one(func(*Alert) {})},
		{"containerd's log file", "2026-03-01T08:01:02.6Z stdout F " + falcoOne, one(func(*Alert) {})},
		{"kubectl logs --timestamps", "2026-03-01T08:01:02.6Z " + falcoOne, one(func(*Alert) {})},
		{"a text with the time of its log", "2026-03-01T08:01:02.9Z " + textOne, one(logged)},
		{
			"the same before midnight, in another zone", "2026-02-28T23:31:02.9Z " + textOne,
			one(func(a *Alert) { logged(a); a.Time = inspect.At(at.Add(-8*time.Hour - 30*time.Minute)) }),
		},
		{"a text that was long on its way", "2026-03-01T08:06:02Z " + textOne, one(func(a *Alert) { fromText(a) })},
		{
			"what Falco saw in the audit log",
			`{"rule":"Attach/Exec Pod","output_fields":{"ka.target.resource":"pods","ka.target.namespace":"shop","ka.target.name":"web-0","evt.time":"1.7723520625e+18"}}`,
			Alert{
				Alert: inspect.Alert{
					Source: SourceFalco, Rule: "Attach/Exec Pod", Namespace: "shop", Pod: "web-0",
					Time: inspect.At(at),
				},
			},
		},
		{
			"a connection, by its other end",
			`{"rule":"R","output_fields":{"fd.name":"10.0.0.1:43822->203.0.113.77:3333"}}`,
			Alert{
				Alert: inspect.Alert{
					Source: SourceFalco, Rule: "R",
					Destination: inspect.Destination{Address: "203.0.113.77", Port: 3333},
				},
				Target:    "203.0.113.77:3333",
				Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.77")},
			},
		},
		{"docker's log file", mustJSON(map[string]string{"log": textOne + "\n", "stream": "stdout"}), one(fromText)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseLine([]byte(tt.line), at)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, plain, process); diff != "" {
				t.Error(diff)
			}
			if got.Line != tt.line || len(got.ID) != 32 || got.Count != 1 || got.Match != inspect.MatchNone {
				t.Errorf("received: %+v", got)
			}
		})
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestTimeOfDayWithoutDay(t *testing.T) {
	got, err := ParseLine([]byte(textOne), time.Time{})
	if err != nil || !got.Imprecise || !got.Time.IsZero() {
		t.Errorf("got %v, imprecise %v, %v", got.Time, got.Imprecise, err)
	}
}

// Lines that are no alert are counted and shown, and end nothing.
func TestRead(t *testing.T) {
	input := strings.Join([]string{
		"", falcoOne, "Sun Mar  1 08:00:00 2026: Falco version: 0.43.0", `{"rule": "cut off`, textOne, "  ",
		`{"level":"info"}`, `{}`, `[1,2]`, "25:00:00.0: Warning no such hour", "null", strings.Repeat("x", 5000),
		falcoOne,
	}, "\r\n")
	got, err := Read(strings.NewReader(input), Limits{Line: 4096})
	if err != nil || len(got.Alerts) != 3 || got.Broken != 8 {
		t.Fatalf("got %d alerts, %d broken: %v, %v", len(got.Alerts), got.Broken, got.Samples, err)
	}
	if s := got.Samples[0]; s.Line != 3 || s.Reason != errNoAlert.Error() {
		t.Errorf("first broken line: %+v", s)
	}
	if s := got.Samples[7]; s.Line != 12 || s.Reason != "longer than 4096 bytes" {
		t.Errorf("last broken line: %+v", s)
	}
	if got.Alerts[0].ID != got.Alerts[2].ID || got.Alerts[0].ID == got.Alerts[1].ID {
		t.Error("the ID follows from the bytes")
	}
}

func TestReadForms(t *testing.T) {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(falcoOne), "", "  "); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, input    string
		alerts, broken int
	}{
		{"nothing", "", 0, 0},
		{"blanks", "\n \n", 0, 0},
		{"a byte order mark", "\ufeff" + falcoOne, 1, 0},
		{"an array", "[" + falcoOne + ",\n" + falcoOne + ", 5]", 2, 1},
		{"an array that is cut off", "[" + falcoOne + `,{"rule":`, 1, 1},
		{"an array, and lines behind", "[" + falcoOne + "]\n" + falcoOne, 2, 0},
		{"an empty array", "[]", 0, 0},
		{"JSON over several lines", pretty.String() + "\n" + pretty.String(), 2, 0},
		{"an array with blanks", "[\n  " + pretty.String() + "\n]", 1, 0},
		{"a text that begins as an array does", "[libs]: started\n" + falcoOne + "\n[1.5] x", 1, 2},
		{"garbage", "\x00\x01\x02", 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(tt.input), Limits{})
			if err != nil || len(got.Alerts) != tt.alerts || got.Broken != tt.broken {
				t.Errorf("got %d alerts, %d broken %v, %v", len(got.Alerts), got.Broken, got.Samples, err)
			}
		})
	}
}

// In a log each line stands for itself, and is there as soon as it has come.
func TestALogIsNoDocument(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	given := make(chan int)
	go func() {
		_, _ = Scan(r, Limits{Log: true}, func(b Batch) bool { given <- len(b.Alerts); return true })
		close(given)
	}()
	for _, line := range []string{"[{\n", falcoOne + "\n"} {
		if _, err := io.WriteString(w, line); err != nil {
			t.Fatal(err)
		}
		if n, want := <-given, strings.Count(line, "rule"); n != min(want, 1) {
			t.Errorf("%d alerts of %q", n, line)
		}
	}
	_ = w.Close()
	for range given {
	}
}

func TestReadBounds(t *testing.T) {
	got, err := Read(strings.NewReader(strings.Repeat(falcoOne+"\n", 3000)), Limits{Alerts: 2000})
	if err != nil || len(got.Alerts) != 2000 || len(got.Notes) != 1 ||
		!strings.Contains(got.Notes[0], "from line 2001 on") {
		t.Errorf("got %d alerts, notes %q, %v", len(got.Alerts), got.Notes, err)
	}
	got, _ = Read(strings.NewReader(strings.Repeat("x\n", 3000)), Limits{})
	if got.Broken != 3000 || len(got.Samples) != maxBroken {
		t.Errorf("got %d broken, %d samples", got.Broken, len(got.Samples))
	}
}

// What was read before the reader failed is there.
func TestReadFails(t *testing.T) {
	broken := errors.New("broken pipe")
	got, err := Read(io.MultiReader(strings.NewReader(falcoOne+"\n"), iotest.ErrReader(broken)), Limits{})
	if !errors.Is(err, broken) || len(got.Alerts) != 1 {
		t.Errorf("got %d alerts, %v", len(got.Alerts), err)
	}
}

// Long lines of brackets and equals signs take time in proportion to their length only.
func TestReadHostileText(t *testing.T) {
	start := time.Now()
	for _, filler := range []string{"(", " | ", " a=", "a=(", "(id=", ": "} {
		line := "08:01:02.5: Critical " + strings.Repeat(filler, 200_000)
		if _, err := Read(strings.NewReader(line), Limits{}); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(start); took > 30*time.Second { // half a second is usual, quadratic would be hours
		t.Errorf("took %v", took)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(falcoOne))
	f.Add([]byte(textOne))
	f.Add([]byte(`{"process_exec":{"process":{"binary":"kd","pod":{"container":{"image":{"id":1}}}}}}`))
	f.Add([]byte("2026-03-01T08:00:00Z stdout F 08:01:02.5: Error x (container=web (id=3ad7b26ded6d))"))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := ParseLine(line, at)
		if err != nil {
			return
		}
		if a.ContainerID != "" && a.ContainerID != inspect.HostID && len(a.ContainerID) < shortID || a.Digest != "" &&
			!isDigest(a.Digest) {
			t.Errorf("%q: %+v", line, a)
		}
		if _, err := a.Time.MarshalJSON(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("[" + falcoOne + "," + falcoOne + "]"))
	f.Add([]byte(falcoOne + "\n" + textOne + "\n\nx"))
	f.Add([]byte("{\n\"rule\":\"a\"\n}[[],[{}]"))
	f.Fuzz(func(t *testing.T, input []byte) {
		in, err := Read(bytes.NewReader(input), Limits{Alerts: 3, Line: 300})
		if err != nil || len(in.Alerts) > 3 {
			t.Errorf("%d alerts, %v", len(in.Alerts), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var input strings.Builder
	for i := range 100_000 {
		input.WriteString(
			strings.Replace(falcoOne, "08:01:02", fmt.Sprintf("%02d:%02d:%02d", i/3600%24, i/60%60, i%60), 1),
		)
		input.WriteByte('\n')
	}
	b.SetBytes(int64(input.Len()))
	for b.Loop() {
		if in, err := Read(strings.NewReader(input.String()), Limits{}); err != nil || len(in.Alerts) != 100_000 {
			b.Fatal(len(in.Alerts), err)
		}
	}
}
