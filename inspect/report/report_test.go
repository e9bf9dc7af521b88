package report

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with testdata/NAME.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./inspect/report -update writes it anew):\n%s", name, got)
	}
}

func lines(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldens(t *testing.T) {
	for name, c := range map[string]inspect.Case{
		"incident": incidentCase(), "clean": cleanCase(),
		"hostile": hostileCase(),
	} {
		golden(t, name+".brief", Brief(c, Style{}))
		golden(t, name+".txt", lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) }))
		golden(t, name+".md", lines(t, func(w io.Writer) error { return Markdown(w, c) }))
		golden(t, name+".html", lines(t, func(w io.Writer) error { return HTML(w, c) }))
	}
	golden(t, "incident.ascii.txt", lines(t, func(w io.Writer) error {
		return Plain(w, incidentCase(),
			Style{ASCII: true})
	}))
	golden(t, "pods.txt", lines(t, func(w io.Writer) error { return Pods(w, podList(), Style{}) }))
	golden(t, "diff.txt", lines(t, func(w io.Writer) error {
		return Diff(w, *incidentCase().Images[0].Diff, "shop/web:0", "shop/web:1", Style{})
	}))
	golden(t, "signature.txt", lines(t, func(w io.Writer) error { return Signature(w, signature(), Style{}) }))
}

func TestBriefFitsAMessage(t *testing.T) {
	many := incidentCase()
	for range 300 {
		many.Pod.Others = append(many.Pod.Others, "namespace-with-a-long-name/pod-with-a-long-name")
		many.Checks = append(many.Checks, inspect.CheckState{
			Name:   "check" + strings.Repeat("x", 90),
			Status: inspect.CheckBlocked, Reason: "日本語 " + strings.Repeat("w", 300),
		})
	}
	for name, c := range map[string]inspect.Case{
		"incident": incidentCase(), "clean": cleanCase(),
		"hostile": hostileCase(), "empty": {}, "many": many,
	} {
		for _, s := range []Style{{}, {ASCII: true}, {Color: true}} {
			lines := strings.Split(strings.TrimSuffix(Brief(c, s), "\n"), "\n")
			if len(lines) > BriefLines {
				t.Errorf("%s: %d lines", name, len(lines))
			}
			for _, l := range lines {
				if ansi.StringWidth(l) > BriefColumns || strings.ContainsRune(l, 0x1b) {
					t.Errorf("%s: %d columns: %q", name, ansi.StringWidth(l), l)
				}
			}
		}
	}
}

func TestBriefSaysWhatMatters(t *testing.T) {
	brief := Brief(incidentCase(), Style{})
	for _, want := range []string{
		"20261123T031204Z-web-7d9f", "problems found: 1 critical", digestA, "prod › shop/web-7d9f", "Drop and execute",
		"/var/tmp/.font/x",
		"NOT CHECKED", "Evidence not collected", "NEXT",
	} {
		if !strings.Contains(brief, want) {
			t.Errorf("%q is not in the brief:\n%s", want, brief)
		}
	}
}

func TestNoSecretInABrief(t *testing.T) {
	for name, c := range map[string]inspect.Case{"incident": incidentCase(), "clean": cleanCase()} {
		for what, out := range map[string]string{"brief": Brief(c, Style{}), "report": lines(t,
			func(w io.Writer) error { return Plain(w, c, Style{}) })} {
			if strings.Contains(out, "hunter2") {
				t.Errorf("%s: a password stands in the %s", name, what)
			}
			if what == "brief" && strings.Contains(out, "s3cr3t") {
				t.Errorf("%s: a command line stands in the brief", name)
			}
		}
	}
}

// No sign of a verification stands above an open alert, nor on any line of a brief.
func TestNoGreenTickOverAnOpenAlert(t *testing.T) {
	c := cleanCase()
	c.Alerts = []inspect.Alert{{
		ID: "a", Rule: "r", Match: inspect.MatchDigest, Subject: "image",
		File: inspect.AlertFile{Path: "/x", Origin: inspect.OriginImage},
	}}
	if brief := Brief(c, Style{}); strings.ContainsAny(brief, "✓✗") || !strings.Contains(brief, "alert: r (/x)") {
		t.Errorf("a sign stands over an alert:\n%s", brief)
	}
}

// Nothing of a brief is cut where only this program and the cluster wrote it: what has no room goes as a whole.
func TestNothingOfABriefIsCut(t *testing.T) {
	for name, c := range map[string]inspect.Case{
		"incident": incidentCase(), "clean": cleanCase(),
		"surrounded": surroundedCase(),
	} {
		if brief := Brief(c, Style{}); strings.Contains(brief, "…\n") {
			t.Errorf("%s is cut:\n%s", name, brief)
		}
	}
}

func TestForeignStringsDoNotDraw(t *testing.T) {
	c := hostileCase()
	plain := lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) })
	md := lines(t, func(w io.Writer) error { return Markdown(w, c) })
	html := lines(t, func(w io.Writer) error { return HTML(w, c) })
	for name, out := range map[string]string{"plain": plain, "markdown": md, "html": html} {
		for _, bad := range []string{"\x1b", "\u202e"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
	}
	if strings.Contains(html, "<script") || strings.Contains(html, "http-equiv=\"refresh") {
		t.Error("HTML of the case is HTML of the page")
	}
	md = spans.ReplaceAllString(md, "")
	if !inFence(md, "<script") || strings.Contains(md, "\n# Heading") || !inFence(md, "[link](") {
		t.Error("Markdown of the case is Markdown of the report")
	}
}

// inFence says that every line with the text stands in a code block.
func inFence(md, what string) bool {
	open := ""
	for line := range strings.Lines(md) {
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case open == "" && len(ticks) >= 3:
			open = ticks
		case open != "" && ticks == open:
			open = ""
		case open == "" && strings.Contains(line, what):
			return false
		}
	}
	return true
}

func TestCommandsAreOneCommand(t *testing.T) {
	for _, s := range respond.Next(hostileCase()) {
		if strings.ContainsAny(strings.ReplaceAll(s.Command, `'\''`, ""), "\n\x1b") {
			t.Errorf("%q", s.Command)
		}
		// With all that is quoted taken out, nothing is left that a shell would act on.
		bare := ""
		for at, part := range strings.Split(strings.ReplaceAll(s.Command, `'\''`, ""), "'") {
			if at%2 == 0 {
				bare += part
			}
		}
		bare = strings.Replace(bare, " | kubectl ", " ", 1) // our own: a manifest goes to kubectl
		if strings.ContainsAny(bare, "$;|&<>()`#") {
			t.Errorf("a shell would act on %q", bare)
		}
	}
}

func TestCommandsOfASavedDump(t *testing.T) {
	for _, tt := range []struct{ context, want, not string }{
		{"prod", "kubectl --context prod -n shop logs", "--snapshot"},
		{"arn:aws:eks:eu-west-1:1:cluster/prod", "--context arn:aws:eks:eu-west-1:1:cluster/prod", "--snapshot"},
		{"snapshot /tmp/all pods.json", "--snapshot '/tmp/all pods.json'", "--context"},
		{"", "kubectl -n shop logs", "--context"},
	} {
		c := incidentCase()
		c.Target.Context = tt.context
		c.End.Status = inspect.CheckBlocked // so that looking again is suggested
		all := ""
		for _, s := range respond.Next(c) {
			all += s.Command + "\n"
		}
		if !strings.Contains(all, tt.want) || strings.Contains(all, tt.not) {
			t.Errorf("%q:\n%s", tt.context, all)
		}
	}
}

func TestLongCommandsAreBrokenBetweenWords(t *testing.T) {
	for _, tt := range []struct {
		command string
		want    []string
	}{
		{"kubectl get pods", []string{"kubectl get", "pods"}},
		{"kubectl 'a b c d e f' x", []string{"kubectl", "'a b c d e f'", "x"}},
		{`k 'it'\''s a b c d' x`, []string{"k", `'it'\''s a b c d'`, "x"}},
	} {
		if got := commandLines(tt.command, 11); strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%q: %q", tt.command, got)
		}
	}
}

func TestNoLineIsWiderThanATerminal(t *testing.T) {
	long := incidentCase()
	long.Timeline = append(long.Timeline, inspect.Moment{Time: began, What: strings.Repeat("long ",
		60) + strings.Repeat("x", 300), Source: strings.Repeat("y/", 200)})
	long.Images[0].Layers[1].CreatedBy = "RUN " + strings.Repeat("z", 500)
	for name, c := range map[string]inspect.Case{"incident": incidentCase(), "clean": cleanCase(), "long": long} {
		for line := range strings.Lines(lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) })) {
			if ansi.StringWidth(strings.TrimRight(line, "\n")) > tableColumns {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}

func TestIDNamesTheImageOfAPath(t *testing.T) {
	for name, want := range map[string]string{
		"oci:/work/images/slsa-v1.8.0":             "slsa-v1-8-0",
		"oci:slsa-v1.8.0/":                         "slsa-v1-8-0",
		"oci-archive:../images/web.tar.gz":         "web",
		"./images/alpine-310.tar.gz":               "alpine-310",
		"pod/web-7d9f":                             "web-7d9f",
		"ghcr.io/acme/web:1.2":                     "web-1-2",
		"ghcr.io/acme/web@sha256:" + sumD:          "web-dddddddddddd",
		"oci:/images/web:1.2@sha256:" + sumD + "/": "web-1-2-dddddddddddd",
	} {
		if got := inspect.CaseID(inspect.Target{Name: name}, began); got != "20261123T031204Z-"+want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestIdentitiesAreNamedBriefly(t *testing.T) {
	for text, want := range map[string]string{
		"signed by " + release + ", as expected":                                                  "signed by acme/shop release.yml@heads/main, as expected",
		"https://github.com.evil.example/acme/shop/.github/workflows/release.yml@refs/heads/main": "https://github.com.evil.example/acme/shop/.github/workflows/release.yml@refs/heads/main",
		"https://evil.example/" + release:                                                         "https://evil.example/" + release,
		"from git+https://github.com/acme/shop@6cf6":                                              "from github.com/acme/shop@6cf6",
		"https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main":                            "https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main",
	} {
		if got := brieflyNamed(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestAnswersAreTakenApart(t *testing.T) {
	got := split("it came with layer 6 (build step: COPY . /) (seen). which commit is not known (not known). the rest")
	if strings.Join(got,
		"|") != "it came with layer 6 (build step: COPY . /) (seen).|which commit is not known (not known).|the rest" {
		t.Errorf("%q", got)
	}
}

func TestNextNeverDestroys(t *testing.T) {
	for _, c := range []inspect.Case{incidentCase(), cleanCase(), hostileCase()} {
		for _, s := range respond.Next(c) {
			for _, bad := range []string{" delete ", " drain ", " rollout ", " scale ", " exec "} {
				if strings.Contains(s.Command, bad) {
					t.Errorf("%s", s.Command)
				}
			}
		}
	}
}

func TestFourStatusesNeverFold(t *testing.T) {
	for _, s := range []Style{{}, {ASCII: true}} {
		seen := map[string]bool{}
		for _, status := range []inspect.Status{inspect.Verified, inspect.Failed, inspect.Unknown, inspect.Absent} {
			seen[s.Mark(status)] = true
		}
		if len(seen) != 4 {
			t.Errorf("%v", seen)
		}
	}
}

type fullWriter struct{}

var errFull = errors.New("full")

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsComeBack(t *testing.T) {
	c := cleanCase()
	for name, write := range map[string]func(io.Writer) error{
		"plain":    func(w io.Writer) error { return Plain(w, c, Style{}) },
		"markdown": func(w io.Writer) error { return Markdown(w, c) },
		"html":     func(w io.Writer) error { return HTML(w, c) },
	} {
		if err := write(fullWriter{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		n     int
		want  []string
	}{
		{"one two three", 7, 9, []string{"one two", "three"}},
		{"one two three", 7, 1, []string{"one two three"}},
		{"a-word-that-is-too-long x", 5, 9, []string{"a-word-that-is-too-long", "x"}},
		{"", 5, 9, []string{""}},
		{"日本 語", 4, 9, []string{"日本", "語"}},
	} {
		if got := wrap(tt.text, tt.width, tt.n); strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("wrap(%q, %d, %d) = %q", tt.text, tt.width, tt.n, got)
		}
	}
}
