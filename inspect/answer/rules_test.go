package answer_test

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// incident is a pod with a dropped program in the own build of web, which an alert names.
func incident() inspect.Case {
	i, f := dropped(1)
	i.Binaries[0].Codes = []string{"unowned", "alerted"}
	c := caseWith(i, f)
	c.Pod = &inspect.Pod{
		Name: "web-1", Namespace: "shop", Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-7d"}, {Kind: "Deployment", Name: "web"}},
		Containers: []inspect.Container{{Name: "web", Type: inspect.ContainerMain}},
	}
	c.Alerts = []inspect.Alert{alertOf("/var/tmp/.font/x", inspect.OriginImage)}
	return c
}

func alertOf(path, origin string) inspect.Alert {
	return inspect.Alert{Match: inspect.MatchContainer, Subject: "web", File: inspect.AlertFile{Path: path, Origin: origin, Layer: 1, Detail: "so it is"}}
}

// said adds a finding of the cluster.
func said(c *inspect.Case, subject, code, title string) {
	c.Findings = append(c.Findings, inspect.Finding{ID: "id-" + code, Check: "cluster", Code: code, Subject: subject, Status: inspect.Unknown, Title: title})
}

func gateOf(c *inspect.Case, name string, status inspect.Status, detail string) {
	c.Images[0].Gates = append(c.Images[0].Gates, inspect.Gate{Name: name, Status: status, Detail: detail})
}

func TestWhereTheAlertedFileIs(t *testing.T) {
	tests := map[string]struct {
		path, origin string
		want         string
	}{
		"image":     {"/var/tmp/.font/x", inspect.OriginImage, "/var/tmp/.font/x, which the alert names, is the image's own file, of layer 1 (build step: COPY app /app), and belongs to no package (seen)."},
		"changed":   {"/app", inspect.OriginChanged, "/app, which the alert names, ran from a copy in the container's writable layer; the image's file, of layer 1, does not prove what ran (seen)."},
		"memory":    {"memfd:x", inspect.OriginMemfd, "memfd:x, which the alert names, ran from memory"},
		"volume":    {"/data/x", inspect.OriginVolume, "/data/x, which the alert names, lies on a mounted volume"},
		"host":      {"/bin/x", inspect.OriginHost, "the alert is about the node"},
		"not known": {"/bin/x", inspect.OriginUnknown, "/bin/x, which the alert names: so it is (not known)."},
		"no path":   {"", inspect.OriginUnknown, "so it is (not known)."},
	}
	for name, tt := range tests {
		c := incident()
		c.Alerts = []inspect.Alert{alertOf(tt.path, tt.origin)}
		if got := text(c, inspect.WhereFrom); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// The file that the alert names is not told of twice.
func TestTheAlertedFileIsNamedOnce(t *testing.T) {
	if got := text(incident(), inspect.WhereFrom); strings.Count(got, "/var/tmp/.font/x") != 1 {
		t.Error(got)
	}
}

func TestHandover(t *testing.T) {
	tests := map[string]struct {
		change func(c *inspect.Case)
		want   string
	}{
		"own build": {func(*inspect.Case) {}, "/var/tmp/.font/x came in with the image's own build (derived)."},
		"base image": {func(c *inspect.Case) {
			c.Images[0].Binaries[0].Layer = 0
		}, "came in with the base image (derived)."},
		"dependency": {func(c *inspect.Case) {
			c.Images[0].Binaries = []inspect.Binary{{Path: "/usr/lib/liblzma.so.5", Owner: "liblzma5", Layer: 1, Codes: []string{"alerted"}}}
			c.Alerts = []inspect.Alert{alertOf("/usr/lib/liblzma.so.5", inspect.OriginImage)}
			c.Images[0].Diff = &inspect.Diff{Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{Name: "liblzma5", From: "5.4.1", To: "5.6.1"}}}}
		}, "a package dependency: /usr/lib/liblzma.so.5 is of package liblzma5, which changed from 5.4.1 to 5.6.1 (derived)."},
		"sidecar": {func(c *inspect.Case) {
			c.Pod.Containers[0].Injected = true
			said(c, "web", "injected-explained", "web was injected: webhook injector.mesh.example explains it")
		}, "an injected sidecar: web was injected: webhook injector.mesh.example explains it (derived)."},
		"sidecar, nothing known": {func(c *inspect.Case) { c.Pod.Containers[0].Injected = true }, "an injected sidecar: the workload's template does not have it"},
		"debug container": {func(c *inspect.Case) {
			c.Pod.Containers[0].Type = inspect.ContainerEphemeral
			said(c, "web", "debug-container", "somebody debugged the pod")
		}, "with a debug container, which somebody attached to the running pod (seen)."},
		"another image": {func(c *inspect.Case) {
			c.Images[0].Binaries = nil
			c.Images[0].Diff = &inspect.Diff{KnownGood: &inspect.KnownGood{}, Layers: &inspect.LayerDiff{Added: 2}}
		}, "another image altogether: it shares no layer with the previous image"},
		"by hand": {func(c *inspect.Case) {
			said(c, "web", "image-set-by-hand", "the image of web was set by kubectl-set, by hand, although argocd deploys it")
		}, "set by kubectl-set, by hand, although argocd deploys it (seen)."},
		"setter not known": {func(*inspect.Case) {}, "who set the image is not known: no managed fields were read; to know, run: kubectl get deployment web -n shop -o yaml --show-managed-fields (not known)."},
		"restarted":        {func(c *inspect.Case) { said(c, "pod", "restarted", "Deployment web was restarted") }, "Deployment web was restarted (seen)."},
		"chart": {func(c *inspect.Case) {
			said(c, "pod", "helm-release", "Deployment web says that it is of Helm release shop")
		}, "of Helm release shop (claimed)."},
		"tag moved": {func(c *inspect.Case) { said(c, "web", "tag-moved", "web:1 was moved") }, "web:1 was moved (seen)."},
		"run time": {func(c *inspect.Case) {
			c.Alerts = []inspect.Alert{alertOf("/tmp/x", inspect.OriginRuntime)}
		}, "/tmp/x was written after the container had started: it did not come in with the image (derived)."},
	}
	for name, tt := range tests {
		c := incident()
		tt.change(&c)
		if got := text(c, inspect.HowIn); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

func TestGatesThatMissedIt(t *testing.T) {
	tests := map[string]struct {
		change func(c *inspect.Case)
		want   string
	}{
		"not looked": {func(*inspect.Case) {}, "which admission policies stood in the way was not checked; to know, run: kubectl get"},
		"not read": {func(c *inspect.Case) {
			gateOf(c, "admission", inspect.Unknown, "which webhooks verify images is not known: not permitted")
		}, "not permitted; to know, run: kubectl get"},
		"not labelled": {func(c *inspect.Case) {
			gateOf(c, "admission", inspect.Absent, "policy-controller does not look at namespace shop")
			said(c, "pod", "namespace-exempt", "policy-controller does not look at namespace shop")
		}, "policy-controller does not look at namespace shop (seen)."},
		"fails open": {func(c *inspect.Case) {
			gateOf(c, "admission", inspect.Unknown, "its failurePolicy is Ignore")
			said(c, "pod", "policy-fails-open", "it fails open")
		}, "its failurePolicy is Ignore (seen)."},
		"warns":   {func(c *inspect.Case) { gateOf(c, "policy signed", inspect.Failed, "asked: key k (mode warn)") }, "policy signed says no today, but its mode is warn: it lets in what it warns of (seen)."},
		"refuses": {func(c *inspect.Case) { gateOf(c, "policy signed", inspect.Failed, "asked: key k (mode enforce)") }, "policy signed would refuse the image today"},
		"would refuse, unasked": {func(c *inspect.Case) {
			gateOf(c, "admission", inspect.Absent, "policy-controller does not look at namespace shop")
			gateOf(c, "policy signed", inspect.Failed, "asked: key k (mode enforce)")
		}, "policy signed would refuse the image, but nothing that enforces policies looked at this pod"},
		"given here": {func(c *inspect.Case) {
			c.Images[0].Gates = []inspect.Gate{{Name: "policy signed", Status: inspect.Failed, Asked: true}}
		}, "policy signed, which was given here, refuses the image"},
		"passes": {func(c *inspect.Case) { gateOf(c, "policy signed", inspect.Verified, "signed by ci (mode enforce)") }, "policy signed lets the image pass"},
		"tag": {func(c *inspect.Case) {
			gateOf(c, "pinned image", inspect.Absent, "the pod asks for tag 1, and a tag can be moved")
			said(c, "web", "tag-moved", "moved")
		}, "the pod asks for tag 1, and a tag can be moved (seen)."},
	}
	for name, tt := range tests {
		c := incident()
		tt.change(&c)
		if got := text(c, inspect.WhyMissed); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

func text(c inspect.Case, question string) string {
	for _, a := range answer.Answers(c) {
		if a.Question == question {
			return a.Text
		}
	}
	return ""
}
