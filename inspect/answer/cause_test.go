package answer_test

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// viaPython is a pod in which an alert names python, which ran the service's own module.
func viaPython(findings ...inspect.Finding) inspect.Case {
	i := web()
	i.Diff = &inspect.Diff{
		KnownGood: &inspect.KnownGood{Confirmed: true}, Layers: &inspect.LayerDiff{Shared: 1, Added: 1},
		Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{
			Type: "python", Name: "fastembed-utils",
			From: "1.3.0", To: "1.3.1",
		}}},
	}
	i.Layers[1].Digest = "sha256:two"
	c := caseWith(i, findings...)
	c.Pod = &inspect.Pod{
		Name: "web-1", Namespace: "shop", Containers: []inspect.Container{{Name: "web", Type: inspect.ContainerMain}},
		Revisions: []inspect.Revision{{Number: 4, Name: "web-7d", Current: true}},
	}
	a := alertOf("/srv/shop/__main__.py", inspect.OriginImage)
	a.CommandLine = "python3 -m shop"
	a.Ran = &inspect.Ran{
		Program: "/usr/local/bin/python3", Role: inspect.RoleInterpreter, Kind: "module",
		Target: "shop",
	}
	c.Alerts = []inspect.Alert{a}
	c.Checks = []inspect.CheckState{{Name: "binaries", Container: "web", Status: inspect.CheckDone}}
	return c
}

func hook() inspect.Finding {
	const p = "/usr/local/lib/python3.13/site-packages/fastembed_utils_boot.pth"
	return inspect.Finding{
		ID: "h", Check: "autoruns", Code: "python-pth", Subject: "web:" + p, Status: inspect.RowFailed,
		Severity: inspect.High,
		Cause:    inspect.Cause{Kind: inspect.CausePackage, Name: "python fastembed_utils", Version: "1.3.1"}.Key(),
		Title:    p + " runs code in every Python process",
		Evidence: []inspect.Evidence{
			{Kind: "file", Digest: "sha256:pth", Path: p}, {Kind: "layer", Digest: "sha256:two", Path: p},
		},
	}
}

func TestTheCauseComesFirst(t *testing.T) {
	c := viaPython(hook())
	answers := answer.Answers(c, nil)
	where := answers[0]
	want := "python package fastembed_utils 1.3.1: /usr/local/lib/python3.13/site-packages/fastembed_utils_boot.pth runs code in every " +
		"Python process; it came with layer 1 (build step: COPY app /app), since revision 4"
	if where.Sentences[0].Text != want {
		t.Errorf("%s\nwant %s", where.Sentences[0].Text, want)
	}
	if !strings.Contains(where.Text,
		"/srv/shop/__main__.py, which /usr/local/bin/python3 ran when the alert was raised, is the image's own file") {
		t.Error(where.Text)
	}
	for _, a := range answers {
		if a.Cause.Kind != inspect.CausePackage || a.Cause.Name != "python fastembed_utils" || a.Cause.Layer != 1 ||
			a.Cause.Digest != "sha256:pth" {
			t.Errorf("%s: cause %+v", a.Question, a.Cause)
		}
	}
	how := answers[1].Sentences[0].Text
	if how != "it came in with a package dependency: package fastembed_utils, which changed from 1.3.0 to 1.3.1" {
		t.Error(how)
	}
}

// Where several findings failed, what is known to be bad leads before what is only other than it was.
func TestWhichCauseLeads(t *testing.T) {
	swapped := inspect.Finding{
		ID: "s", Check: "binaries", Code: "swapped-program", Subject: "web:/srv/lib/text-1.2.jar",
		Status:   inspect.RowFailed,
		Severity: inspect.High, Title: "/srv/lib/text-1.2.jar has other content than before, in the same version",
	}
	known := inspect.Finding{
		ID: "k", Check: "advisories", Code: "known-compromise", Subject: "web", Status: inspect.RowFailed,
		Severity: inspect.High,
		Title:    "npm event-pipe 3.3.6 is known to be malicious", Cause: "package:npm event-pipe@3.3.6",
	}
	pod := inspect.Finding{
		ID: "p", Check: "cluster", Subject: "pod", Status: inspect.RowFailed,
		Severity: inspect.Critical, Title: "privileged",
	}
	for want, findings := range map[string][]inspect.Finding{
		"swapped":  {swapped},
		"known":    {swapped, known, pod},
		"a hook":   {swapped, hook()},
		"no cause": {pod},
	} {
		c := viaPython(findings...)
		got := answer.Answers(c, nil)[0].Cause
		kinds := map[string]string{
			"swapped": "/srv/lib/text-1.2.jar", "known": "npm event-pipe",
			"a hook": "python fastembed_utils", "no cause": "",
		}
		if got.Name != kinds[want] && got.Path != kinds[want] {
			t.Errorf("%s: %+v", want, got)
		}
	}
}

func TestActsAtRunTime(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *inspect.Case, a *inspect.Alert)
		want   string
	}{
		"kubectl exec": {
			func(_ *inspect.Case, a *inspect.Alert) {
				a.File.Path, a.CommandLine, a.Parent, a.Terminal = "/usr/bin/bash", "bash", "runc", true
				a.Ran = &inspect.Ran{Program: "/usr/bin/bash", Kind: "input", Act: inspect.ActExec}
			},
			"someone opened a shell in the container at run time, as kubectl exec does (bash, started by runc, with a terminal); nothing in the image explains it (derived).",
		},
		"an install": {
			func(_ *inspect.Case, a *inspect.Alert) {
				a.CommandLine, a.Parent = "apt-get install -y nmap", "sh"
				a.Ran = &inspect.Ran{Program: "/usr/bin/apt-get", Act: inspect.ActInstall}
			},
			"packages were installed in the container at run time (apt-get install -y nmap, started by sh); nothing in the image explains it (derived).",
		},
		"a command of the service": {
			func(_ *inspect.Case, a *inspect.Alert) {
				a.CommandLine, a.Parent = "sh -c id", "java"
				a.Ran = &inspect.Ran{Program: "/usr/bin/dash", Kind: "code", Act: inspect.ActCommand}
			},
			"a process of the container started a command at run time (sh -c id, started by java); nothing in the image explains it (derived).",
		},
		"a debug container": {
			func(c *inspect.Case, _ *inspect.Alert) {
				c.Pod.Containers[0].Type = inspect.ContainerEphemeral
			},
			"someone attached debug container web to the running pod, and the alert is about a process in it: a run-time act; nothing in the image explains it (derived).",
		},
	} {
		c := viaPython()
		tt.change(&c, &c.Alerts[0])
		a := answer.Answers(c, nil)[0]
		if !strings.HasPrefix(a.Text, tt.want) || a.Cause.Kind != inspect.CauseRuntime {
			t.Errorf("%s: %+v %s", name, a.Cause, a.Text)
		}
	}
}

// A service that did what it always does names no cause, and its own script is not accused.
func TestAnAlertThatTheImageDoesNotExplain(t *testing.T) {
	answers := answer.Answers(viaPython(), nil)
	if answers[0].Cause.Kind != inspect.CauseUnknown || !strings.Contains(answers[0].Text,
		"nothing in the image itself stands out") {
		t.Errorf("%+v", answers[0])
	}
	if strings.Contains(answers[1].Text, "__main__.py came in") {
		t.Error(answers[1].Text)
	}
}

// A known compromise in the same image is no reason to look past the program that the alert caught.
func TestAnAlertedProgramLeadsOverAKnownCompromise(t *testing.T) {
	known := inspect.Finding{
		ID: "k", Check: "advisories", Code: "known-compromise", Subject: "web", Status: inspect.RowFailed,
		Severity: inspect.Critical,
		Cause:    inspect.Cause{Kind: inspect.CausePackage, Name: "liblzma5", Version: "5.6.1-1"}.Key(),
		Title:    "known-compromised package liblzma5 5.6.1-1",
	}
	miner := inspect.Finding{
		ID: "m", Check: "binaries", Code: "unexpected-binary", Subject: "web:/var/tmp/.font/x",
		Status:   inspect.RowFailed,
		Severity: inspect.Critical, Title: "/var/tmp/.font/x is an unpackaged executable, and an alert names it",
	}
	for alerted, want := range map[string]inspect.Cause{
		"/var/tmp/.font/x": {Kind: inspect.CauseFile, Path: "/var/tmp/.font/x"},
		"/usr/bin/python3": {Kind: inspect.CausePackage, Name: "liblzma5", Version: "5.6.1-1"},
	} {
		c := incident()
		c.Alerts = []inspect.Alert{alertOf(alerted, inspect.OriginImage)}
		c.Findings = []inspect.Finding{known, miner}
		got := answer.Answers(c, nil)[0].Cause
		if got.Kind != want.Kind || got.Path != want.Path || got.Name != want.Name || got.Version != want.Version {
			t.Errorf("alert on %s: cause %+v, want %+v", alerted, got, want)
		}
	}
}
