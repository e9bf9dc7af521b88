package answer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// incident is a pod with a dropped program in the own build of web, which an alert names.
func incident() inspect.Case {
	i, f := dropped(1)
	i.Binaries[0].Codes = []string{"unowned", "alerted"}
	c := caseWith(i, f)
	c.Pod = &inspect.Pod{
		Name: "web-1", Namespace: "shop", Owner: []inspect.Owner{
			{Kind: "ReplicaSet", Name: "web-7d"},
			{Kind: "Deployment", Name: "web"},
		},
		Containers: []inspect.Container{{Name: "web", Type: inspect.ContainerMain}},
	}
	c.Alerts = []inspect.Alert{alertOf("/var/tmp/.font/x", inspect.OriginImage)}
	return c
}

func alertOf(path, origin string) inspect.Alert {
	return inspect.Alert{Match: inspect.MatchContainer, Subject: "web", File: inspect.AlertFile{
		Path:   path,
		Origin: origin, Layer: 1, Detail: "so it is",
	}}
}

// said adds a finding of the cluster.
func said(c *inspect.Case, subject, code, title string) {
	c.Findings = append(c.Findings, inspect.Finding{
		ID: "id-" + code, Check: "cluster", Code: code, Subject: subject,
		Status: inspect.RowUnknown, Title: title,
	})
}

func addGate(c *inspect.Case, kind inspect.GateKind, status inspect.GateStatus, detail string) {
	g := inspect.Gate{Name: string(kind), Kind: kind, Status: status, Detail: detail}
	if kind == inspect.GateKindImagePolicy {
		g.Name = inspect.GatePolicy + "signed"
	}
	c.Images[0].Gates = append(c.Images[0].Gates, g)
}

func TestWhereTheAlertedFileIs(t *testing.T) {
	tests := map[string]struct {
		path, origin string
		want         string
	}{
		"image": {
			"/var/tmp/.font/x", inspect.OriginImage,
			"/var/tmp/.font/x, which the alert names, is the image's own file, of layer 1 (build step: COPY app /app), and belongs to no package (seen).",
		},
		"changed": {
			"/app", inspect.OriginChanged,
			"/app, which the alert names, ran from a copy in the container's writable layer; the image's file, of layer 1, does not prove what ran (seen).",
		},
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

// Where the layers could not be read there is what the alert alone tells.
func TestTheAlertAloneIsNoProof(t *testing.T) {
	c := incident()
	a := alertOf("/tmp/x", inspect.OriginUnknown)
	a.File.Detail = "/tmp/x ran from the container's writable layer; whether the image has it too is not known"
	c.Alerts = []inspect.Alert{a}
	want := "/tmp/x, which the alert names, ran from the container's writable layer; whether the image has it too is not known (not known)."
	if got := text(c, inspect.WhereFrom); !strings.HasPrefix(got, want) {
		t.Errorf("%s", got)
	}
}

// Of alerts about one file those speak that know it; where none does, the answer is open, whatever else is known.
func TestAlertsThatKnowTheFileSpeak(t *testing.T) {
	c := incident()
	unknown, image, changed := alertOf("/app", inspect.OriginUnknown), alertOf("/app", inspect.OriginImage),
		alertOf("/app", inspect.OriginChanged)
	c.Alerts = []inspect.Alert{unknown, image, changed, image}
	got := text(c, inspect.WhereFrom)
	if strings.Contains(got, "so it is") || strings.Count(got, "the image's own file") != 1 || strings.Count(got,
		"ran from a copy") != 1 {
		t.Errorf("it says %s", got)
	}
	c.Alerts = []inspect.Alert{unknown}
	if a := answer.Answers(c, nil)[0]; a.Status != inspect.AnswerPartial || len(a.Sentences) < 2 ||
		!strings.Contains(a.Text, "so it is (not known)") {
		t.Errorf("it is %+v", a)
	}
}

// What a checkpoint or the pod's mounts tell more is said.
func TestWhereTheAlertedFilesBytesAre(t *testing.T) {
	for want, file := range map[string]inspect.AlertFile{
		"/tmp/x, which the alert names, was written at run time: it is not in the image, and the checkpoint has its bytes (seen).":                                   {Path: "/tmp/x", Origin: inspect.OriginRuntime, SHA256: "ab"},
		"/app, which the alert names, is of layer 1 of the image and was changed at run time; the checkpoint has the bytes that lay there (seen).":                   {Path: "/app", Origin: inspect.OriginChanged, Layer: 1, SHA256: "ab"},
		"/srv/x, which the alert names, lies on the volume uploads (emptyDir) that is mounted at /srv: it is not of the image, and we do not have its bytes (seen).": {Path: "/srv/x", Origin: inspect.OriginVolume, Detail: "it lies on the volume uploads (emptyDir) that is mounted at /srv: it is not of the image, and we do not have its bytes"},
	} {
		c := incident()
		if file.Detail == "" {
			file.Detail = "so it is"
		}
		c.Alerts = []inspect.Alert{{Match: inspect.MatchContainer, Subject: "web", File: file}}
		if got := text(c, inspect.WhereFrom); !strings.HasPrefix(got, want) {
			t.Errorf("%s\nwant %s", got, want)
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
		"own build": {func(*inspect.Case) {}, "/var/tmp/.font/x was added by the image's own build (derived)."},
		"base image": {func(c *inspect.Case) {
			c.Images[0].Binaries[0].Layer, c.Alerts[0].File.Layer = 0, 0
		}, "/var/tmp/.font/x came in with the base image (derived)."},
		"base of other images": {func(c *inspect.Case) {
			c.Images[0].Layers = append(c.Images[0].Layers, inspect.Layer{
				Position: 2, Number: 2,
				CreatedBy: "COPY own /own",
			})
			c.Images[0].Sharing = &inspect.Sharing{Others: []inspect.SharedImage{
				{Reference: "example.com/web:2", Prefix: 2, Total: 3}, {
					Reference: "example.com/cart:1", Prefix: 2,
					Total: 3,
				}, {Reference: "example.com/far:1", Prefix: 1, Total: 3},
			}}
		}, "came in with the base image: example.com/cart begins with the same 2 layers (derived)."},
		"copies elsewhere": {func(c *inspect.Case) {
			c.Images[0].Layers = append(c.Images[0].Layers, inspect.Layer{
				Position: 2, Number: 2,
				CreatedBy: "COPY own /own",
			})
			c.Images[0].Sharing = &inspect.Sharing{Others: []inspect.SharedImage{
				{Reference: "mirror.example.com/shop/web:1", Prefix: 2, Total: 3}, {
					Reference: "example.com/other:1",
					Prefix:    2, Total: 2,
				},
			}}
		}, "/var/tmp/.font/x was added by the image's own build (derived)."},
		"base of another image itself": {func(c *inspect.Case) {
			c.Images[0].Sharing = &inspect.Sharing{Others: []inspect.SharedImage{{
				Reference: "example.com/other:1",
				Prefix:    2, Total: 3,
			}}}
		}, "/var/tmp/.font/x was added by the image's own build (derived)."},
		"dependency": {
			func(c *inspect.Case) {
				c.Images[0].Binaries = []inspect.Binary{{
					Path: "/usr/lib/liblzma.so.5", Owner: "liblzma5", Layer: 1,
					Codes: []string{"alerted"},
				}}
				c.Alerts = []inspect.Alert{alertOf("/usr/lib/liblzma.so.5", inspect.OriginImage)}
				c.Images[0].Diff = &inspect.Diff{Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{Name: "liblzma5", From: "5.4.1", To: "5.6.1"}}}}
			},
			"a package dependency: /usr/lib/liblzma.so.5 is of package liblzma5, which changed from 5.4.1 to 5.6.1 (derived).",
		},
		"sidecar": {func(c *inspect.Case) {
			c.Pod.Containers[0].Injected = true
			said(c, "web", "injected-explained", "web was injected: webhook injector.mesh.example explains it")
		}, "an injected sidecar: web was injected: webhook injector.mesh.example explains it (derived)."},
		"sidecar, nothing known": {
			func(c *inspect.Case) { c.Pod.Containers[0].Injected = true },
			"an injected sidecar: the workload's template does not have it",
		},
		"debug container": {func(c *inspect.Case) {
			c.Pod.Containers[0].Type = inspect.ContainerEphemeral
			said(c, "web", "debug-container", "somebody debugged the pod")
		}, "with a debug container, attached to the running pod (seen)."},
		"another image": {func(c *inspect.Case) {
			c.Images[0].Binaries, c.Alerts[0].File.Origin = nil, inspect.OriginUnknown
			c.Images[0].Diff = &inspect.Diff{KnownGood: &inspect.KnownGood{}, Layers: &inspect.LayerDiff{Added: 2}}
		}, "another image altogether: it shares no layer with the previous image"},
		"by hand": {func(c *inspect.Case) {
			said(c, "web", "image-set-by-hand",
				"the image of web was set by kubectl-set, by hand, although argocd deploys it")
		}, "set by kubectl-set, by hand, although argocd deploys it (seen)."},
		"setter not known": {
			func(*inspect.Case) {},
			"who set the image is not known: no managed fields were read; to know, run: kubectl get deployment web -n shop -o yaml --show-managed-fields (not known).",
		},
		"restarted": {
			func(c *inspect.Case) { said(c, "pod", "restarted", "Deployment web was restarted") },
			"Deployment web was restarted (seen).",
		},
		"chart": {
			func(c *inspect.Case) {
				said(c, "pod", "helm-release", "Deployment web belongs to Helm release shop")
			},
			"Deployment web belongs to Helm release shop; to know, run: backtrail inspect pod/web-1 -n shop --helm (claimed by its labels and annotations).",
		},
		"release": {func(c *inspect.Case) {
			said(c, "pod", "helm-release", "Deployment web belongs to Helm release shop")
			said(c, "web", "helm-image-changed", "Helm release shop brought the image of web")
		}, "Helm release shop brought the image of web (seen)."},
		"tag moved": {
			func(c *inspect.Case) { said(c, "web", "tag-moved", "web:1 was moved") },
			"web:1 was moved (seen).",
		},
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
		"not looked": {func(*inspect.Case) {}, "admission policies were not checked; to know, run: kubectl get"},
		"not read": {func(c *inspect.Case) {
			addGate(c, inspect.GateKindAdmission, inspect.GateUnknown,
				"which webhooks verify images is unknown: not permitted")
		}, "not permitted; to know, run: kubectl get"},
		"not labelled": {func(c *inspect.Case) {
			addGate(c, inspect.GateKindAdmission, inspect.GateAbsent, "policy-controller not enforced in shop")
			said(c, "pod", "namespace-exempt", "policy-controller not enforced in shop")
		}, "policy-controller not enforced in shop (seen)."},
		"fails open": {func(c *inspect.Case) {
			addGate(c, inspect.GateKindAdmission, inspect.GateUnknown, "its failurePolicy is Ignore")
			said(c, "pod", "policy-fails-open", "it fails open")
		}, "its failurePolicy is Ignore (seen)."},
		"unusual": {func(c *inspect.Case) {
			c.Findings = append(c.Findings, inspect.Finding{
				ID: "u", Check: inspect.CheckSigningNorm, Subject: "web",
				Title: "The image of web is not signed, and nearly all others of its repository are.",
			})
		}, "the image of web is not signed, and nearly all others of its repository are (seen)."},
		"another than last seen": {func(c *inspect.Case) {
			c.Findings = append(c.Findings, inspect.Finding{
				ID: "u", Check: inspect.CheckSignerHistory, Subject: "web",
				Title: "web: signed by ci when last seen, unsigned now",
			})
		}, "signed by ci when last seen, unsigned now (seen)."},
		"of the API server": {func(c *inspect.Case) {
			c.Images[0].Gates = []inspect.Gate{
				{
					Name: "admission policy registries", Kind: inspect.GateKindAdmissionPolicy,
					Status: inspect.GatePassed,
					By:     inspect.APIServer, Detail: "evaluated the pod: admitted",
				},
				{
					Name: "admission policy no-host-network", Kind: inspect.GateKindAdmissionPolicy,
					Status: inspect.GatePassed,
					Detail: "evaluated",
				},
			}
		}, "admission policy registries of the API server inspects images: evaluated the pod: admitted (seen)."},
		"of the API server, bindings not read": {func(c *inspect.Case) {
			c.Images[0].Gates = []inspect.Gate{{
				Name: "admission policy registries", Kind: inspect.GateKindAdmissionPolicy, Status: inspect.GateUnknown,
				Reason: inspect.GateNotReadable, By: inspect.APIServer, Detail: "its bindings could not be read",
			}}
		}, "inspects images: its bindings could not be read (not known)."},
		"no policy of it": {func(c *inspect.Case) {
			c.Images[0].Gates = append(c.Images[0].Gates, inspect.Gate{
				Name: "admission", Kind: inspect.GateKindAdmission, Status: inspect.GatePassed,
				Detail: "Kyverno evaluated the pod: admitted",
				By:     inspect.Kyverno,
			})
		}, "Kyverno evaluated the pod: admitted; no known policy of Kyverno applies to this image (seen)."},
		"given here": {func(c *inspect.Case) {
			c.Images[0].Gates = []inspect.Gate{{
				Name: "policy signed", Kind: inspect.GateKindImagePolicy, Status: inspect.GateRefused, Asked: true,
			}}
		}, "policy signed, given on this machine, refuses the image"},
		"passes": {func(c *inspect.Case) {
			addGate(c, inspect.GateKindImagePolicy, inspect.GatePassed, "signed by ci (mode enforce)")
		}, "policy signed is met"},
		"tag": {func(c *inspect.Case) {
			addGate(c, inspect.GateKindPinned, inspect.GateAbsent, "the pod names tag 1, and a tag can be moved")
			said(c, "web", "tag-moved", "moved")
		}, "the pod names tag 1, and a tag can be moved (seen)."},
	}
	for name, tt := range tests {
		c := incident()
		tt.change(&c)
		if got := text(c, inspect.WhyMissed); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// Why a policy that says no today did not stop the image.
func TestWhyAPolicyDidNotStopIt(t *testing.T) {
	came := inspect.At(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	later := inspect.At(came.Add(time.Hour))
	policy := inspect.Gate{
		Name: "policy signed", Kind: inspect.GateKindImagePolicy, Status: inspect.GateRefused,
		By: inspect.Kyverno, Mode: inspect.ModeEnforce, Since: inspect.At(came.Add(-time.Hour)),
	}
	sum := inspect.Gate{
		Name: "admission", Kind: inspect.GateKindAdmission, Status: inspect.GatePassed,
		Detail: "asked", By: inspect.PolicyController,
	}
	hook := func(status inspect.GateStatus, by string) inspect.Gate {
		return inspect.Gate{
			Name: "webhook of " + by, Kind: inspect.GateKindWebhook, Status: status, By: by, Detail: "set up later",
		}
	}
	with := func(change func(g *inspect.Gate)) inspect.Gate {
		g := policy
		change(&g)
		return g
	}
	tests := map[string]struct {
		gates []inspect.Gate
		want  string
	}{
		"given here": {
			[]inspect.Gate{with(func(g *inspect.Gate) { g.Asked = true })},
			"policy signed, given on this machine, refuses the image (seen).",
		},
		"only warns": {
			[]inspect.Gate{with(func(g *inspect.Gate) { g.Mode = inspect.ModeWarn })},
			"policy signed would refuse the image, but is in mode warn: violations are admitted (seen).",
		},
		"set up later": {
			[]inspect.Gate{with(func(g *inspect.Gate) { g.Since = later }), sum},
			"but was set up at 2026-03-01 10:00:00Z, after the pod was admitted (seen).",
		},
		"nothing enforces": {
			[]inspect.Gate{policy, sum, hook(inspect.GatePassed, inspect.PolicyController)},
			"but nothing enforces it: no webhook of Kyverno applies to this pod (seen).",
		},
		"not looked": {
			[]inspect.Gate{policy, sum, hook(inspect.GateNotEnforced, inspect.Kyverno)},
			"but Kyverno is not enforced for this pod: set up later (seen).",
		},
		"one of two looked": {
			[]inspect.Gate{
				with(func(g *inspect.Gate) { g.Changed = later }), sum,
				hook(inspect.GateNotEnforced, inspect.Kyverno), hook(inspect.GatePassed, inspect.Kyverno),
			},
			"but was changed at 2026-03-01 10:00:00Z, after the pod was admitted; what it required before is not known (seen).",
		},
		"fails open": {
			[]inspect.Gate{
				with(func(g *inspect.Gate) { g.FailsOpen = true }), sum,
				hook(inspect.GatePassed, inspect.Kyverno),
			},
			"but it fails open: while Kyverno is unreachable, requests are admitted unchecked (derived).",
		},
		"was asked": {
			[]inspect.Gate{policy, sum, hook(inspect.GatePassed, inspect.Kyverno)},
			"why Kyverno admitted it is not known; to know, run: kubectl get events",
		},
		"summed up already": {[]inspect.Gate{policy, {
			Kind: inspect.GateKindAdmission, Status: inspect.GateNotEnforced, Products: []string{inspect.Kyverno},
			Detail: "Kyverno not enforced",
		}, hook(inspect.GateNotEnforced, inspect.Kyverno)}, "but Kyverno is not enforced for this pod (seen)."},
		"webhooks not read": {[]inspect.Gate{policy, {
			Kind: inspect.GateKindAdmission, Status: inspect.GateUnknown,
			Reason: inspect.GateNotReadable,
		}}, "policy signed would refuse the image today (seen)."},
	}
	for name, tt := range tests {
		c := incident()
		c.Pod.Created, c.Images[0].Gates = came, tt.gates
		if got := text(c, inspect.WhyMissed); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// What came in at run time passed no gate, and the image is not to blame.
func TestRunTime(t *testing.T) {
	c := caseWith(web())
	c.Alerts = []inspect.Alert{alertOf("/tmp/x", inspect.OriginRuntime)}
	c.Checks = []inspect.CheckState{{Name: "binaries", Container: "web", Status: inspect.CheckDone}}
	for question, want := range map[string]string{
		inspect.WhereFrom: "nothing in the image itself stands out: all of its layers were read (seen).",
		inspect.HowIn:     "who wrote it is not known: a program of the container itself, or a person who opened a shell in it",
		inspect.WhyMissed: "no gate could have seen it: signatures and admission look at images and pods on their way in, and this came later (derived).",
	} {
		if got := text(c, question); !strings.Contains(got, want) {
			t.Errorf("%s: %s\nwant %s", question, got, want)
		}
	}
	c.Alerts = append(c.Alerts, alertOf("/usr/bin/x", inspect.OriginImage))
	if got := text(c, inspect.WhereFrom); strings.Contains(got, "nothing in the image") {
		t.Error(got)
	}
}

// A file of the base image: whose image that is, and who says so.
func TestBaseImage(t *testing.T) {
	const compared = "a label of its config names debian:12 as its base image (sha256:abc), and its lowest 1 layers are " +
		"those of that image"
	for detail, want := range map[string]string{
		"": "which image its base is is not known",
		"a label of its config names debian:12 as its base image (sha256:abc); that image was not compared, since it was not read before": "a label of its config names debian:12 as its base image; that image was not compared, since it was not read before (claimed by the image itself).",
		compared: "its lowest 1 layers are those of that image (seen).",
		"a label of its config names evil are those of that image as its base image; that image was not compared": "(claimed by the image itself).",
	} {
		c := incident()
		c.Images[0].Binaries[0].Layer, c.Alerts[0].File.Layer = 0, 0
		if detail != "" {
			c.Images[0].Notable = []inspect.Setting{{Code: "base-image", Detail: detail}}
			if detail == compared {
				c.Images[0].Notable[0].Basis = inspect.Seen
			}
		}
		if got := text(c, inspect.WhereFrom); !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestProvenance(t *testing.T) {
	tests := map[string]struct {
		p    inspect.Provenance
		want string
	}{
		"verified": {
			inspect.Provenance{
				Signed: true, Status: inspect.Verified, Source: "github.com/a/b",
				Commit: "0123456789abcdef", Builder: "ci",
			},
			"it was built from github.com/a/b at commit 0123456789ab by ci (seen).",
		},
		"unsigned": {
			inspect.Provenance{Source: "github.com/a/b"},
			"it was built from github.com/a/b at a commit that is not stated by (not stated) (claimed by an unsigned statement).",
		},
		"by somebody": {
			inspect.Provenance{Signed: true, Status: inspect.Unknown, Signature: "s"},
			"(claimed by a statement of mallory, who was not expected).",
		},
		"by a key": {
			inspect.Provenance{Signed: true, Status: inspect.Unknown, Signature: "x"},
			"(claimed by a statement whose signature proves nothing here).",
		},
	}
	for name, tt := range tests {
		c := incident()
		c.Images[0].Signatures = []inspect.Signature{{ID: "s", Identity: "mallory"}}
		c.Images[0].Provenance = []inspect.Provenance{tt.p}
		if got := text(c, inspect.WhereFrom); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

func text(c inspect.Case, question string) string {
	for _, a := range answer.Answers(c, nil) {
		if a.Question == question {
			return a.Text
		}
	}
	return ""
}
