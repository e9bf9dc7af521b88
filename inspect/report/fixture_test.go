package report

import (
	"time"

	"github.com/backtrail/backtrail/inspect"
)

var began = inspect.At(time.Date(2026, 11, 23, 3, 12, 4, 0, time.UTC))

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	digestC = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
	sumD    = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	release = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
	actions = "https://token.actions.githubusercontent.com"
)

func fold(events ...inspect.Event) inspect.Case {
	var c inspect.Case
	for n, e := range events {
		e = e.Stamped(inspect.At(began.Add(time.Duration(n) * time.Second)))
		e.Seq = uint64(n + 1)
		c.Apply(e)
	}

	return c
}

func header(kind inspect.TargetKind, name string) inspect.Event {
	return inspect.Event{Fact: inspect.Header{
		Schema: inspect.Schema, Tool: inspect.Tool{Name: "backtrail", Version: "0.1.0"}, Started: began,
		Target: inspect.Target{Kind: kind, Name: name, Context: "prod"},
	}}
}

func image(subject string, status inspect.Status) inspect.Event {
	return inspect.Event{Check: "subject", Container: subject, Fact: inspect.ImageHead{
		Container: subject, Reference: "registry.example/shop/web:1", Location: "registry.example/shop/web@" + digestA,
		Digest: digestA, Config: digestC, Platform: "linux/amd64", Created: began, Status: status,
		Settings: inspect.ImageConfig{User: "0", Entrypoint: []string{"/usr/bin/shop"}, Env: []string{"TOKEN=hunter2"}},
	}}
}

func ended(check, subject string, s inspect.CheckStatus, reason string) inspect.Event {
	return inspect.Event{Check: check, Container: subject, Fact: inspect.End{Status: s, Reason: reason}}
}

// incidentCase is a pod whose image holds a program that an alert names.
func incidentCase() inspect.Case {
	top := inspect.Layer{
		Position: 1, Number: 1, Digest: digestB, DiffID: digestC, Size: 4 << 20,
		CreatedBy: "COPY . / # buildkit", Status: inspect.Verified, Added: 2, Modified: 1,
	}
	base := inspect.Layer{
		Number: 0, Digest: digestC, DiffID: digestA, Size: 80 << 20,
		CreatedBy: "/bin/sh -c #(nop) ADD file:1 in / ", Status: inspect.Verified, Added: 5400, Base: true,
	}
	empty := inspect.Layer{Position: 2, Number: -1, Empty: true, CreatedBy: `ENTRYPOINT ["/usr/bin/shop"]`}
	h := header(inspect.TargetPod, "pod/web-7d9f")
	opened := h.Fact.(inspect.Header)
	opened.Target.Namespace = "shop"
	h.Fact = opened
	return fold(
		h,
		inspect.Event{Check: "cluster", Fact: inspect.Pod{
			Name: "web-7d9f", Namespace: "shop", Node: "node-3", Created: began, Others: []string{
				"shop/web-aaaa",
				"shop/web-bbbb",
			},
			Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-7d"}, {Kind: "Deployment", Name: "web"}},
			Containers: []inspect.Container{{
				Name: "web", Type: inspect.ContainerMain,
				Reference: "registry.example/shop/web:1", Started: began, State: "running",
			}},
			Reach: inspect.Reach{
				ServiceAccount: "shop", Secrets: []string{"db-password"},
				Privileges: []inspect.Privilege{{Kind: inspect.RunsAsRoot}},
			},
		}},
		image("web", inspect.Verified),
		inspect.Event{Check: "alerts", Container: "web", Fact: inspect.Alert{
			ID: "a1", Source: "falco", Rule: "Drop and execute new binary in container", Priority: "Critical",
			Time: began, Match: inspect.MatchContainer, Subject: "web",
			Output: "curl -H 'Authorization: Bearer s3cr3t' executed", Why: "container id 0123456789ab is the pod's",
			Count: 3,
			File: inspect.AlertFile{
				Path: "/var/tmp/.font/x", Origin: inspect.OriginImage, Layer: 1, SHA256: sumD,
				Detail: "/var/tmp/.font/x is the image's own file, of layer 1, COPY . /",
			},
		}},
		inspect.Event{Check: "layers", Container: "web", Fact: base}, inspect.Event{
			Check: "layers", Container: "web",
			Fact: top,
		}, inspect.Event{Check: "layers", Container: "web", Fact: empty},
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{
			Digest: digestA, Role: "manifest",
			State: "carried", Of: "image",
		}},
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{
			Digest: digestB, Role: "layer",
			State: "carried", Of: "image",
		}},
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{
			Digest: digestC, Role: "layer",
			State: "missing", Of: "image",
		}},
		inspect.Event{Check: "cluster", Fact: inspect.Exhibit{Path: "cluster/pod.json", Digest: digestA}},
		inspect.Event{Check: "signatures", Container: "web", Fact: inspect.StoreReply{
			Store:   "cosign-tag",
			Subject: digestA, Status: inspect.StoreEmpty, Detail: "no such tag",
		}},
		inspect.Event{Check: "signatures", Container: "web", Fact: inspect.StoreReply{
			Store:   "referrers",
			Subject: digestA, Status: inspect.StoreUnreachable, Detail: "registry.example answered 503",
		}},
		inspect.Event{Check: "signatures", Container: "web", Fact: inspect.Gate{
			Name:   inspect.GateSignature,
			Status: inspect.GateRefused, Detail: "a signature by acme was expected, and there is none",
		}},
		ended("signatures", "web", inspect.CheckDone, ""),
		ended("advisories", "web", inspect.CheckBlocked, "no database on this machine"),
		inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Files{
			Total: 5402, Owned: 5398, Unowned: 3,
			Altered: 1, Ownership: "known",
		}},
		inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Binary{
			Path: "/var/tmp/.font/x", Kind: inspect.KindELF, SHA256: sumD, Size: 3 << 20, Mode: "0755", Layer: 1,
			CreatedBy: "COPY . / # buildkit", Count: 1,
			Status: inspect.RowFailed, Severity: inspect.Critical, Codes: []string{
				"alerted", "hidden-path",
				"unowned",
			}, Detail: "an unowned program in a hidden folder, which the alert names",
		}},
		inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Altered{
			Path: "/usr/bin/top", Package: "procps", Layer: 1, Expected: "md5:00", Actual: "md5:11",
			Status: inspect.RowFailed, Severity: inspect.High,
		}},
		inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Finding{
			ID: "f1", Check: "binaries", Code: "unexpected-binary", Status: inspect.RowFailed,
			Severity: inspect.Critical, Subject: "web:/var/tmp/.font/x",
			Title:  "an unowned program in a hidden folder ran: /var/tmp/.font/x",
			Detail: "layer 1 (COPY . /) brought it; no package owns it, and the previous image did not have it",
			Evidence: []inspect.Evidence{
				{Kind: "file", Digest: "sha256:" + sumD, Path: "/var/tmp/.font/x"},
				{Kind: "layer", Digest: digestB},
			},
		}},
		inspect.Event{Check: "diff", Container: "web", Fact: inspect.Diff{
			KnownGood: &inspect.KnownGood{
				Reference: "registry.example/shop/web@" + digestB, Digest: digestB,
				Why: "previous revision 1 of Deployment web", Confidence: "high",
			},
			Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{
				Type: "deb", Name: "libc6",
				From: "2.36-9", To: "2.36-8", Change: "downgrade", Layer: 1,
			}}},
			Files: &inspect.FileDiff{Added: 1, Changed: 1, List: []inspect.FileChange{{
				Path:   "/var/tmp/.font/x",
				Change: "added", Layer: 1, To: sumD,
			}}},
			Layers:  &inspect.LayerDiff{Shared: 1, Added: 1},
			Signers: []string{"signed by acme before, unsigned now"},
		}},
		inspect.Event{Check: "answers", Fact: inspect.Answer{
			Question: inspect.WhereFrom, Status: inspect.Answered,
			Text: "From layer 1, build step COPY . /, of the shop's own build; no package owns the file and the previous image did not have it.", Findings: []string{"f1"},
		}},
		inspect.Event{Check: "answers", Fact: inspect.Answer{
			Question: inspect.HowIn, Status: inspect.AnswerOpen,
			Text: "The image is unsigned and has no provenance, so the builder is not known.",
		}},
		inspect.Event{Check: "answers", Fact: inspect.Answer{
			Question: inspect.WhyMissed, Status: inspect.Answered,
			Text: "No gate asked for a signature in namespace shop.",
		}},
		inspect.Event{Fact: inspect.Moment{
			Time: began, What: "alert: Drop and execute new binary in container",
			Source: "falco", Trust: inspect.ByAlert,
		}},
		inspect.Event{Fact: inspect.Note{
			Time: began, Author: "ada", Subject: "f1", Mark: "malicious",
			Text: "known miner",
		}},
		inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}},
	)
}

// cleanCase is a signed image in which all holds.
func cleanCase() inspect.Case {
	sig := signature()
	return fold(
		header(inspect.TargetImage, "registry.example/shop/web:1"),
		inspect.Event{Fact: inspect.Expected{Identities: []string{release}, Issuers: []string{actions}}},
		inspect.Event{Fact: inspect.Trust{
			Kind: "sigstore", Origin: inspect.TrustTUF,
			Name: "tuf-repo-cdn.sigstore.dev", Digest: digestB, Age: "2d",
		}},
		image("image", inspect.Verified),
		inspect.Event{Check: "signatures", Container: "image", Fact: sig},
		inspect.Event{Check: "signatures", Container: "image", Fact: inspect.Gate{
			Name:   inspect.GateSignature,
			Status: inspect.GatePassed, Detail: "signed as expected",
		}},
		inspect.Event{Check: "provenance", Container: "image", Fact: inspect.Provenance{
			ID: "p", PredicateType: "https://slsa.dev/provenance/v1", Builder: "https://builder.example/v1",
			Source: "git+https://ada:hunter2@github.com/acme/shop",
			Ref:    "refs/heads/main", Commit: "6cf671f47f0123456789", Signed: true, Status: inspect.Verified,
		}},
		ended("signatures", "image", inspect.CheckDone, ""),
		inspect.Event{Check: "answers", Fact: inspect.Answer{
			Question: inspect.WhereFrom, Status: inspect.AnswerNone,
			Text: "There is nothing to explain.",
		}},
		inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}},
	)
}

func signature() inspect.Signature {
	sig := inspect.Signature{
		ID: "s", Kind: "cosign", Store: "tag", Digest: digestC, Subject: digestA, Status: inspect.Verified,
		Identity: release, Issuer: actions,
		LogIndex: 30024022, IntegratedTime: began,
	}
	for _, name := range inspect.StepNames() {
		st := inspect.Step{Name: name, Status: inspect.Verified, Detail: "held against " + name}
		if name == inspect.StepTimestamp {
			st.Status, st.Detail = inspect.Absent, "no timestamp is needed beside the log entry"
		}
		sig.Steps = append(sig.Steps, st)
	}
	return sig
}

// hostileCase has the worst in every string that comes from outside.
func hostileCase() inspect.Case {
	const evil = "x\x1b[31m\u202e\n# Heading [link](http://evil.example) <script>alert(1)</script> | ``` | $(rm -rf /) '; rm -rf /; '"
	h := header(inspect.TargetPod, "pod/"+evil)
	opened := h.Fact.(inspect.Header)
	opened.Target.Namespace, opened.Target.Context = evil, evil
	h.Fact = opened
	return fold(
		h,
		inspect.Event{Check: "cluster", Fact: inspect.Pod{
			Name: evil, Namespace: evil,
			Owner: []inspect.Owner{{Kind: evil, Name: evil}}, Others: []string{evil},
		}},
		inspect.Event{Check: "subject", Container: evil, Fact: inspect.ImageHead{
			Container: evil, Reference: evil,
			Digest: evil, Status: inspect.Unknown, Reason: evil,
		}},
		inspect.Event{Check: "alerts", Fact: inspect.Alert{
			ID: "a", Rule: evil, Priority: evil, Output: evil,
			Match: inspect.MatchPod, Subject: evil, Path: evil,
		}},
		inspect.Event{Check: "x", Container: evil, Fact: inspect.Signature{
			ID: evil, Status: inspect.Unknown,
			Reason: "no-expectation", Identity: evil, Issuer: evil, Notes: []string{evil},
			Steps: []inspect.Step{{Name: evil, Detail: evil}},
		}},
		inspect.Event{Check: "x", Container: evil, Fact: inspect.Provenance{
			ID: evil, Builder: evil, Source: evil,
			Notes: []string{evil},
		}},
		inspect.Event{Check: "x", Container: evil, Fact: inspect.Layer{CreatedBy: evil, Digest: evil}},
		inspect.Event{Check: "x", Container: evil, Fact: inspect.Binary{
			Path: evil, Codes: []string{evil},
			Severity: inspect.High,
		}},
		inspect.Event{Check: "x", Container: evil, Fact: inspect.Finding{
			ID: evil, Title: evil, Detail: evil,
			Severity: inspect.High, Status: inspect.RowFailed, Evidence: []inspect.Evidence{{
				Kind: evil, Path: evil,
				Text: evil,
			}},
		}},
		inspect.Event{Fact: inspect.Moment{What: evil, Source: evil, Trust: evil}},
		inspect.Event{Fact: inspect.Notice{Level: evil, Text: evil, Hint: evil}},
		ended("x", evil, inspect.CheckBlocked, evil),
	)
}

func podList() inspect.PodList {
	return inspect.PodList{
		Schema: inspect.PodsSchema, Context: "prod", Broken: 2,
		Pods: []inspect.FlaggedPod{
			{Pod: inspect.Pod{
				Namespace: "kube-system", Name: "dns-1", Created: began,
				Containers: []inspect.Container{{
					Name: "dns", Reference: "registry.k8s.io/coredns:v1",
					ImageID: "registry.k8s.io/coredns@" + digestB,
				}},
			}},
			{
				Pod: inspect.Pod{Namespace: "shop", Name: "web-7d9f", Created: began, Containers: []inspect.Container{
					{
						Name: "web", Reference: "127.0.0.1:5000/shop/web:1",
						ImageID: "127.0.0.1:5000/shop/web@" + digestA,
					}, {
						Name: "proxy", Injected: true,
						Reference: "istio/proxy",
					},
				}},
				Alerts: []inspect.Alert{
					{Rule: "Read sensitive file", Priority: "Warning"},
					{Rule: "Drop and execute new binary in container", Priority: "Critical", Count: 3},
				},
			},
		},
		Unmatched: []inspect.Alert{{
			Rule: "Terminal shell", Priority: "Notice", Time: began, Namespace: "old",
			Pod: "gone-1", Why: "no container 0123 is in this cluster",
		}},
		Notices: []inspect.Notice{{
			Level: "warning", Text: "namespace x cannot be listed",
			Hint: "kubectl auth can-i list pods -n x",
		}},
	}
}
