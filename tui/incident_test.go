package tui

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/inspect/where"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/fleet"
	"github.com/backtrail/backtrail/tui/widget"
)

// The incident that the tests tell: a pod of shop/web runs an image that was pushed under the same tag, with a
// program dropped into a hidden place and a packaged program replaced. A second container was injected.

var clock = time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC)

func at(minutes int) inspect.Time { return inspect.At(clock.Add(time.Duration(minutes) * time.Minute)) }

func digest(n int) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte{byte(n), byte(n >> 8)}))
}

const dropped = "/usr/lib/.cache/kworkerd"

func incidentAlert() inspect.Alert {
	return inspect.Alert{
		ID: "a1", Source: "syscall", Rule: "Drop and execute new binary in container", Priority: "Critical",
		Time: at(-12),
		Output: "03:08:11.000000000: Critical Executing binary not part of base image (proc_exe=" + dropped +
			" container_id=4f3c2b1a0d9e)",
		Namespace: "shop", Pod: "web-6d4cf56db6-x7k2p", Container: "web", ContainerID: "4f3c2b1a0d9e", Path: dropped,
		Match: inspect.MatchContainer, Subject: "web", Why: "4f3c2b1a0d9e is container web", Count: 3, Raw: digest(90),
		Flags: []string{"EXE_LOWER_LAYER"},
		File: inspect.AlertFile{
			Path: dropped, Origin: inspect.OriginImage, Layer: 2,
			SHA256: strings.TrimPrefix(digest(50), "sha256:"),
			Detail: "The image's own file ran: layer 2, COPY cache /usr/lib/.cache.",
		},
	}
}

func incidentPod() inspect.Pod {
	return inspect.Pod{
		Name: "web-6d4cf56db6-x7k2p", Namespace: "shop", UID: "u-1", Node: "node-3", Phase: "Running", Created: at(-95),
		Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-6d4cf56db6"}, {Kind: "Deployment", Name: "web"}},
		Containers: []inspect.Container{
			{
				Name: "web", Type: inspect.ContainerMain, Reference: "registry.example.com/acme/web:1.4",
				ImageID: "registry.example.com/acme/web@" + digest(1), ContainerID: "containerd://4f3c2b1a0d9e",
				Started: at(-94), State: "running",
			},
			{
				Name: "proxy", Type: inspect.ContainerSidecar, Injected: true,
				Reference: "registry.example.com/mesh/proxy:2.0",
				ImageID:   "registry.example.com/mesh/proxy@" + digest(2), State: "running", Restarts: 1,
			},
		},
		Reach: inspect.Reach{
			ServiceAccount: "web", Role: "AWS arn:aws:iam::123456789012:role/web",
			Secrets: []string{"web-db", "web-tls"}, ConfigMaps: []string{"web-config"},
			Roles: []inspect.CloudRole{{
				Cloud: "AWS", Name: "arn:aws:iam::123456789012:role/web",
				Source: "annotation eks.amazonaws.com/role-arn of service account web",
			}},
			Volumes: []string{"host path /var/log"},
			Privileges: []inspect.Privilege{{
				Kind: inspect.Capabilities, Container: "web",
				Names: []string{"NET_ADMIN"},
			}},
			Token: inspect.TokenMounted,
			Tokens: []inspect.Token{{
				Container: "web", Path: "/var/run/secrets/kubernetes.io/serviceaccount/token",
				Seconds: 3607,
			}},
			Uses: []inspect.Use{
				{
					Kind: inspect.UseHostPath, Name: "/var/log", Container: "web", How: "mounted at /host/log",
					ReadOnly: true,
				},
				{Kind: inspect.UseSecret, Name: "web-db", Container: "web", How: "env DB_PASSWORD"},
				{Kind: inspect.UseSecret, Name: "web-tls", Container: "web", How: "mounted at /tls", ReadOnly: true},
			},
			NetworkPolicies: []string{"web-in"}, Isolated: []string{"ingress"},
			Unseen: []inspect.Unread{{Source: inspect.ReachServices, Reason: "not permitted"}},
			Shared: inspect.Shared{
				Digest: inspect.PodGroup{Count: 1, Pods: []string{"shop/web-6d4cf56db6-9qz4m"}},
				Node:   inspect.PodGroup{Count: 38, Pods: []string{"kube-system/dns-1", "shop/cart-0"}},
			},
		},
		Selectors: []inspect.Selector{{
			Kind: "ReplicaSet", Name: "web-6d4cf56db6",
			Keys: []string{"app", "pod-template-hash"},
		}},
		Others: []string{"shop/web-6d4cf56db6-9qz4m"},
	}
}

func incidentPods() inspect.PodList {
	list := inspect.PodList{Context: "prod-eu", Pods: []inspect.FlaggedPod{{
		Pod:    incidentPod(),
		Alerts: []inspect.Alert{incidentAlert()},
	}}}
	second := incidentPod()
	second.Name, second.UID = "web-6d4cf56db6-9qz4m", "u-2"
	list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: second})
	for i, name := range []string{"cart-0", "cart-1", "billing-7c9f8d6b5-mnbvc"} {
		list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: inspect.Pod{
			Name: name, Namespace: "shop", Created: at(-3000 * (i + 1)), Phase: "Running", Node: "node-1",
			Containers: []inspect.Container{{
				Name: "main", Type: inspect.ContainerMain,
				Reference: "registry.example.com/acme/" + name[:4] + ":2",
				ImageID:   "registry.example.com/acme/x@" + digest(20+i), State: "running",
			}},
		}})
	}
	for i := range 4 {
		list.Pods = append(list.Pods, inspect.FlaggedPod{
			Pod: inspect.Pod{
				Name: fmt.Sprintf("agent-%d", i), Namespace: "monitoring", Created: at(-9000),
				Owner: []inspect.Owner{{Kind: "DaemonSet", Name: "agent"}},
				Containers: []inspect.Container{{
					Name: "agent", Type: inspect.ContainerMain,
					Reference: "docker.io/acme/agent:5", ImageID: "docker.io/acme/agent@" + digest(30),
				}},
			},
			Alerts: []inspect.Alert{{
				ID: fmt.Sprint("m", i), Rule: "Read sensitive file untrusted", Priority: "Warning",
				Time: at(-60 + i), Count: 20, Match: inspect.MatchPod, Output: "a file was read",
			}},
		})
	}
	list.Unmatched = []inspect.Alert{{
		ID: "s1", Rule: "Terminal shell in container", Priority: "Notice", Time: at(-200),
		Namespace: "old", Pod: "gone-1", Output: "a shell", Why: "no pod of this name runs",
	}}
	return list
}

// on stamps an event with its check and subject.
func on(check, subject string, e inspect.Event) inspect.Event {
	e.Check, e.Container = check, subject
	return e.Stamped(at(0))
}

func ended(check, subject string, status inspect.CheckStatus, reason string) inspect.Event {
	return on(check, subject, inspect.Event{Fact: inspect.End{Status: status, Reason: reason}})
}

func begun(check, subject string) inspect.Event {
	return on(check, subject, inspect.Event{Fact: inspect.Begin{}})
}

func incidentEvents() []inspect.Event {
	alert, pod := incidentAlert(), incidentPod()
	events := []inspect.Event{
		{Time: at(0), Fact: inspect.Header{
			Schema: inspect.Schema,
			Target: inspect.Target{
				Kind: inspect.TargetPod, Name: "pod/" + pod.Name, Namespace: "shop",
				Context: "prod-eu",
			}, Started: at(0),
		}},
		begun("subject", ""), on("subject", "", inspect.Event{Fact: pod}),
		on("alert", "", inspect.Event{Fact: alert}),
	}
	for i, c := range pod.Containers {
		events = append(events, on("subject", c.Name, inspect.Event{Fact: inspect.ImageHead{
			Container: c.Name, Reference: c.Reference, Location: c.ImageID, Digest: digest(i + 1),
			Config: digest(i + 11), Platform: "linux/amd64", Created: at(-150), Status: inspect.Verified,
			Settings: inspect.ImageConfig{
				Entrypoint: []string{"/usr/bin/web"}, User: "1000",
				Env: []string{"PATH=/usr/bin:/bin"},
			},
		}}))
	}
	events = append(events, ended("subject", "", inspect.CheckDone, ""))
	events = append(events, incidentLayers()...)
	events = append(events, incidentSigners()...)
	events = append(events, incidentPackages()...)
	events = append(events, incidentFindings()...)
	return append(events, inspect.Event{Time: at(1), Fact: inspect.End{Status: inspect.CheckDone}})
}

func incidentLayers() []inspect.Event {
	steps := []inspect.Layer{
		{
			Position: 0, Number: 0, Size: 29_126_484,
			CreatedBy: "/bin/sh -c #(nop) ADD file:0eae0dca665c7044bf242cb1fc92cb8ea744f5af2dd376a558c90bc47349aefe in / ", Base: true, Added: 3241,
		},
		{Position: 1, Number: -1, Empty: true, CreatedBy: "/bin/sh -c #(nop)  CMD [\"bash\"]", Base: true},
		{
			Position: 2, Number: 1, Size: 8_400_512,
			CreatedBy: "RUN /bin/sh -c apt-get update && apt-get install -y curl top # buildkit", Added: 812,
			Modified: 14,
		},
		{
			Position: 3, Number: 2, Size: 84_120, CreatedBy: "COPY cache /usr/lib/.cache # buildkit", Added: 2,
			Modified: 1,
		},
	}
	events := []inspect.Event{begun("layers", "web"), begun("layers", "proxy")}
	for i := range steps {
		l := steps[i]
		l.Status = inspect.Verified
		if !l.Empty {
			l.Digest, l.DiffID = digest(100+i), digest(200+i)
		}
		events = append(events, on("layers", "web", inspect.Event{Fact: l}))
	}
	return append(events, ended("layers", "web", inspect.CheckDone, ""),
		ended("layers", "proxy", inspect.CheckBlocked, "getting layer 1: the registry answered 404"))
}

func incidentSigners() []inspect.Event {
	signature := inspect.Signature{
		ID: "g1", Kind: "cosign", Store: "tag", Digest: digest(60), Subject: digest(9), Status: inspect.Failed,
		Reason:   "subject-mismatch",
		Identity: "https://github.com/acme/web/.github/workflows/release.yml@refs/tags/v1.4",
		Issuer:   "https://token.actions.githubusercontent.com", LogIndex: 30024022, IntegratedTime: at(-40000),
		Certificate: &inspect.Certificate{Subject: []string{"https://github.com/acme/web/.github/workflows/release.yml@refs/tags/v1.4"}, Issuer: "CN=sigstore-intermediate,O=sigstore.dev", NotBefore: at(-40000), NotAfter: at(-39990), Extensions: map[string]string{"sourceRepositoryURI": "https://github.com/acme/web", "sourceRepositoryRef": "refs/tags/v1.4"}},
		Raw: []inspect.RawPart{
			{Name: "payload", Digest: digest(61)},
			{Name: "certificate", Digest: digest(62)},
		},
	}
	for i, name := range inspect.StepNames() {
		step := inspect.Step{Name: name, Status: inspect.Verified, Detail: "holds"}
		switch {
		case name == inspect.StepSubject:
			step.Status, step.Detail = inspect.Failed, "the payload names "+digest(9)+"; the image is "+digest(1)
		case name == inspect.StepTimestamp:
			step.Status, step.Detail = inspect.Absent, "the log entry gives the time"
		case i > 6:
			step.Status, step.Detail = inspect.Unknown, "not reached"
		}
		signature.Steps = append(signature.Steps, step)
	}
	return []inspect.Event{
		begun("signatures", "web"), on("signatures", "web", inspect.Event{Fact: signature}),
		on("signatures", "web", inspect.Event{Fact: inspect.StoreReply{
			Store: "cosign-tag", Subject: digest(1),
			Status: inspect.StoreFound, Found: 1,
		}}),
		on("signatures", "web", inspect.Event{Fact: inspect.StoreReply{
			Store: "referrers", Subject: digest(1),
			Status: inspect.StoreEmpty,
		}}),
		on("signatures", "web", inspect.Event{Fact: inspect.StoreReply{
			Store: "referrers-tag", Subject: digest(1),
			Status: inspect.StoreUnreachable, Detail: "the registry answered 500",
		}}),
		on("signatures", "web", inspect.Event{Fact: inspect.Gate{
			Name:   inspect.GateSignature,
			Status: inspect.GateRefused,
			Detail: "the known-good was signed, this one is not",
		}}),
		ended("signatures", "web", inspect.CheckDone, ""),
		on("provenance", "web", inspect.Event{Fact: inspect.Provenance{
			ID: "p1", PredicateType: "https://slsa.dev/provenance/v1", BuildType: "https://mobyproject.org/buildkit@v1",
			Builder: "https://ci.example.com/runner/7", Source: "git+https://github.com/acme/web",
			Ref:    "refs/heads/main",
			Commit: "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c", Status: inspect.Unknown, Reason: "unsigned",
			Subject: digest(1), Materials: []inspect.Material{{URI: "pkg:docker/debian@12", Digest: digest(70)}},
			Notes: []string{"the builder is not the one of the known-good"},
		}}),
		ended("provenance", "web", inspect.CheckDone, ""),
	}
}

func incidentPackages() []inspect.Event {
	list := []inspect.Package{
		{
			Type: "deb", Name: "curl", Version: "7.88.1-10", PURL: "pkg:deb/debian/curl@7.88.1-10", Layer: 1,
			Locations: []string{"/var/lib/dpkg/status"},
		},
		{
			Type: "deb", Name: "procps", Version: "2:4.0.2-3", PURL: "pkg:deb/debian/procps@4.0.2-3", Layer: 1,
			Locations: []string{"/var/lib/dpkg/status"},
		},
		{
			Type: "deb", Name: "xz-utils", Version: "5.6.1-1", PURL: "pkg:deb/debian/xz-utils@5.6.1-1", Layer: 1,
			Locations: []string{"/var/lib/dpkg/status"},
		},
	}
	known := inspect.KnownGood{
		Reference: "registry.example.com/acme/web:1.4", Digest: digest(9),
		Why: "previous revision 3 of deployment/web", Confidence: "high",
	}
	return []inspect.Event{
		on("packages", "web", inspect.Event{Fact: inspect.Packages{List: list}}),
		ended("packages", "web", inspect.CheckDone, ""),
		on("diff", "web", inspect.Event{Fact: inspect.Candidate{
			Reference: known.Reference, Digest: known.Digest,
			Why: known.Why, Confidence: "high",
		}}),
		on("diff", "web", inspect.Event{Fact: inspect.Diff{
			KnownGood: &known,
			Packages: &inspect.PackageDiff{
				Changed: []inspect.PackageChange{{
					Type: "deb", Name: "xz-utils",
					From: "5.4.1-0.2", To: "5.6.1-1", Change: "upgrade", Layer: 1,
				}}, Added: list[:1],
				Removed: []inspect.Package{{Type: "deb", Name: "ca-certificates", Version: "20230311", Layer: -1}},
			},
			Files:      &inspect.FileDiff{Added: 3, Changed: 2},
			Layers:     &inspect.LayerDiff{Shared: 1, Added: 2},
			Signers:    []string{"signed by acme/web's release workflow before, unsigned now"},
			Provenance: []string{"builder changed from https://github.com/actions/runner to https://ci.example.com/runner/7"},
		}}),
		ended("diff", "web", inspect.CheckDone, ""),
	}
}

func incidentFindings() []inspect.Event {
	finding := func(check, code, subject, title string, severity inspect.Severity) inspect.Event {
		f := inspect.Finding{
			ID: inspect.FindingID(check, code, subject), Check: check, Code: code, Subject: subject, Title: title,
			Severity: severity, Status: severity.RowStatus(),
			Detail: "What the check saw, in a sentence or two, so that it can be read out on a call.",
			Evidence: []inspect.Evidence{
				{Kind: "file", Digest: digest(50), Path: dropped},
				{Kind: "layer", Digest: digest(103), Text: "layer 2"},
			},
		}
		_, path, _ := strings.Cut(subject, ":")
		if path != "" {
			f.Evidence[0].Path = path
		}
		return on(check, "web", inspect.Event{Fact: f})
	}
	return []inspect.Event{
		on("binaries", "web", inspect.Event{Fact: inspect.Files{
			Total: 4055, Owned: 4020, Unowned: 35, Altered: 1,
			Ownership: "known",
		}}),
		on("binaries", "web", inspect.Event{Fact: inspect.Binary{
			Path: dropped, Kind: inspect.KindELF,
			SHA256: strings.TrimPrefix(digest(50), "sha256:"), Size: 81_920, Mode: "0755", Layer: 2,
			CreatedBy: "COPY cache /usr/lib/.cache # buildkit", Count: 1, Status: inspect.RowFailed,
			Severity: inspect.Critical, Codes: []string{"alerted", "unowned", "hidden-path", "static-stripped"},
			Detail: "An alert names it; no package does; it lies in a hidden directory.",
		}}),
		on("binaries", "web", inspect.Event{Fact: inspect.Binary{
			Path: "/usr/bin/web", Kind: inspect.KindELF,
			SHA256: strings.TrimPrefix(digest(51), "sha256:"), Size: 6_400_000, Mode: "0755", Layer: 1, Count: 1,
			Status: inspect.RowUnknown, Severity: inspect.Info, Codes: []string{"unowned", "entrypoint"},
			Detail: "The image's own program.",
		}}),
		on("binaries", "web", inspect.Event{Fact: inspect.Altered{
			Path: "/usr/bin/top", Kind: inspect.KindELF,
			Package: "procps", Layer: 2, Expected: "md5:" + strings.Repeat("0a", 16),
			Actual: "md5:" + strings.Repeat("ff", 16), Status: inspect.RowFailed, Severity: inspect.High,
			Detail: "Replaced in layer 2.",
		}}),
		ended("binaries", "web", inspect.CheckDone, ""),
		finding("binaries", "unexpected-binary", "web:"+dropped,
			"An alert names /usr/lib/.cache/kworkerd, which no package owns", inspect.Critical),
		finding("binaries", "altered-file", "web:/usr/bin/top", "/usr/bin/top is not what its package procps says",
			inspect.High),
		finding("diff", "signer-gone", "web", "Signed by acme/web before, unsigned now", inspect.High),
		finding("packages", "package-changed", "web", "xz-utils went from 5.4.1-0.2 to 5.6.1-1", inspect.Medium),
		on("answers", "", inspect.Event{Fact: inspect.Answer{
			Question: inspect.WhereFrom, Status: inspect.Answered,
			Text:     "From layer 2 of the image, build step COPY cache /usr/lib/.cache; seen in the bytes.",
			Findings: []string{inspect.FindingID("binaries", "unexpected-binary", "web:"+dropped)},
		}}),
		on("answers", "", inspect.Event{Fact: inspect.Answer{
			Question: inspect.HowIn, Status: inspect.Answered,
			Text: "With the own build: revision 4 of deployment/web, rolled out 2026-03-14 01:45:00Z by kubectl-set.",
		}}),
		on("answers", "", inspect.Event{Fact: inspect.Answer{
			Question: inspect.WhyMissed, Status: inspect.AnswerOpen,
			Text: "No admission policy selects namespace shop; whether one was there at the rollout is not known.",
		}}),
		on("answers", "", inspect.Event{Fact: inspect.Moment{
			Time: at(-40000), What: "known-good signed",
			Source: "log entry 30024022", Trust: inspect.BySignature,
		}}),
		on("answers", "", inspect.Event{Fact: inspect.Moment{
			Time: at(-150), What: "image built",
			Source: "config of the image", Trust: inspect.ByClaim,
		}}),
		on("answers", "", inspect.Event{Fact: inspect.Moment{
			Time: at(-95),
			What: "rollout of revision 4, pod created", Source: "ReplicaSet web-6d4cf56db6",
			Trust: inspect.ByCluster,
		}}),
		on("logs", "", inspect.Event{Fact: inspect.Exhibit{
			Path:    "logs/before.log",
			Missing: "the log of the run before of container proxy: previous terminated container not found",
		}}),
		on("logs", "", inspect.Event{Fact: inspect.Exhibit{
			Path: "logs/4f3c2b1a0d9e.log", Digest: digest(81),
			Size: 40_123, Source: "GET pods/web-6d4cf56db6-x7k2p/log", Truncated: true,
		}}),
		on("answers", "", inspect.Event{Fact: inspect.Exhibit{
			Path: "cluster/pod.json", Digest: digest(80),
			Size: 8123, Source: "GET pods/web-6d4cf56db6-x7k2p", Redacted: []string{"env DB_PASSWORD"},
		}}),
		ended("answers", "", inspect.CheckDone, ""),
	}
}

// cleanEvents is a case in which all is well and nothing was flagged.
func cleanEvents() []inspect.Event {
	signature := inspect.Signature{
		ID: "g1", Kind: "bundle", Store: "referrers", Subject: digest(5),
		Status: inspect.Verified, Identity: "release@example.com", Issuer: "https://accounts.example.com",
	}
	for _, name := range inspect.StepNames() {
		signature.Steps = append(signature.Steps, inspect.Step{Name: name, Status: inspect.Verified, Detail: "holds"})
	}
	events := []inspect.Event{
		{Time: at(0), Fact: inspect.Header{
			Schema: inspect.Schema,
			Target: inspect.Target{Kind: inspect.TargetImage, Name: "oci:fine:1"}, Started: at(0),
		}},
		on("subject", "image", inspect.Event{Fact: inspect.ImageHead{
			Reference: "oci:fine:1", Location: "oci:fine",
			Digest: digest(5), Status: inspect.Verified,
		}}),
		on("layers", "image", inspect.Event{Fact: inspect.Layer{
			Number: 0, Size: 100, Status: inspect.Verified,
			Digest: digest(6), DiffID: digest(7), CreatedBy: "COPY . /",
		}}),
		on("signatures", "image", inspect.Event{Fact: signature}),
	}
	for _, q := range inspect.Questions() {
		events = append(events, on("answers", "", inspect.Event{Fact: inspect.Answer{
			Question: q,
			Status:   inspect.AnswerNone, Text: "There is nothing to explain.",
		}}))
	}
	return append(events, inspect.Event{Time: at(0), Fact: inspect.End{Status: inspect.CheckDone}})
}

func sourceOf(events []inspect.Event) inspect.Source {
	return func(_ context.Context, emit func(inspect.Event)) error {
		for _, e := range events {
			emit(e)
		}
		return nil
	}
}

// incidentTree is the merged tree, or what layer 2 did.
func incidentTree(layer int) []inspect.Node {
	file := func(path string, layer int, change inspect.Change, size int64) inspect.Node {
		return inspect.Node{Entry: inspect.Entry{
			Path: path, Type: inspect.EntryFile, Mode: 0o755, Size: size,
			Kind: inspect.KindELF, SHA256: strings.TrimPrefix(digest(50), "sha256:"),
		}, Layer: layer, Change: change}
	}
	top := []inspect.Node{file(dropped, 2, inspect.Added, 81_920), file("/usr/bin/top", 2, inspect.Modified, 140_032)}
	if layer == 2 {
		return top
	}
	all := append([]inspect.Node{
		{Entry: inspect.Entry{Path: "/usr", Type: inspect.EntryDir, Mode: 0o755}},
		{Entry: inspect.Entry{Path: "/bin", Type: inspect.EntrySymlink, Mode: 0o777, Link: "usr/bin"}},
		file("/usr/bin/web", 1, inspect.Added, 6_400_000), file("/usr/bin/curl", 1, inspect.Added, 250_000),
		file("/usr/bin/ls", 0, inspect.Same, 140_000), file("/etc/passwd", 0, inspect.Same, 900),
	}, top...)
	return all
}

// memory is a store of a few files and blobs.
type memory struct{}

func (memory) Index(context.Context, string) ([]inspect.Entry, error) {
	return nil, inspect.ErrNotKept
}

func (memory) Catalogue(context.Context, string) ([]inspect.Package, error) {
	return nil, inspect.ErrNotKept
}

type bytesContent struct{ *strings.Reader }

func (bytesContent) Close() error  { return nil }
func (c bytesContent) Size() int64 { return c.Reader.Size() }

func (memory) Open(_ context.Context, _ string, e inspect.Entry) (inspect.Content, error) {
	if e.Path == dropped {
		return bytesContent{strings.NewReader(tinyELF())}, nil
	}
	return bytesContent{strings.NewReader("first line\nsecond \x1b[31mline\nthe needle is here\n")}, nil
}

func (memory) Blob(_ context.Context, digest string) (io.ReadCloser, error) {
	if digest == "" {
		return nil, errors.New("no digest")
	}
	return io.NopCloser(strings.NewReader(`{"critical":{"identity":{"docker-reference":"registry.example.com/acme/web"},"type":"cosign container image signature"}}`)), nil
}

// tinyELF is a 64-bit header with one loadable segment that is writable and executable.
func tinyELF() string {
	b := make([]byte, 120)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[20] = 2, 62, 1 // EXEC, x86-64
	b[24+2] = 0x40                 // entry
	b[32], b[52], b[54], b[56], b[58] = 64, 64, 56, 1, 64
	b[64], b[68] = 1, 7 // LOAD, rwx
	b[96], b[104] = 120, 120
	return string(b)
}

// testBrief is a brief as the report makes it, with fixed lines.
func testBrief(c inspect.Case) string {
	lines := []string{"CASE " + c.Target.Name + "  " + c.Target.Context, "STATUS " + string(verdict.Of(&c).Status)}
	for _, i := range c.Images {
		lines = append(lines, "IMAGE "+i.Digest)
	}
	for _, a := range c.Alerts {
		lines = append(lines, "ALERT "+a.Rule+", matched by "+a.Match, "FILE  "+a.File.Path+": "+a.File.Detail)
	}
	for _, a := range c.Answers {
		lines = append(lines, a.Text)
	}
	lines = append(lines, "NOT CHECKED layers of proxy", "KEPT pod, alerts, manifests  NOT KEPT logs",
		"NEXT Preserve the pod, then copy its runtime state")
	for i, l := range lines {
		lines[i] = widget.Fit(l, min(len([]rune(l)), 78))
	}
	return strings.Join(lines, "\n")
}

// program is a backend around the incident, without a cluster. A test replaces the functions that it is about.
type program struct {
	Options
	memory
	source    inspect.Source // the one case, where there is no list
	readOnly  string
	live      bool // a source goes on: commands that wait for it are parked
	pods      func(ctx context.Context, allNamespaces bool, emit func(inspect.PodList)) error
	paste     func(ctx context.Context, text string) error
	open      func(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error)
	watch     func() inspect.Source
	again     func(ctx context.Context, c *inspect.Case, keys []inspect.Key) (inspect.Source, error)
	knownGood func(ctx context.Context, c *inspect.Case, subject string, k inspect.Candidate) (inspect.Source, error)
	skip      func(digest string, skip bool)
	note      func(ctx context.Context, c *inspect.Case, n inspect.Note) (inspect.Event, error)
	clock     func(ctx context.Context, c *inspect.Case, k inspect.Clock) (inspect.Event, error)
	next      func(c inspect.Case) []respond.NextStep
	policy    func(ctx context.Context, c *inspect.Case, subject string, g inspect.Signature) (caseview.PolicyDraft,
		error)
	tree   func(ctx context.Context, i inspect.Image, layer int) ([]inspect.Node, error)
	place  func(ctx context.Context, p fleet.Place) (inspect.Source, error)
	stored func(ctx context.Context) (*fleet.Stored, error)
	audit  func(ctx context.Context, depth string, emit func(fleet.Update)) error
	where  func(ctx context.Context, what string) (where.Result, error)
	export func(ctx context.Context, c *inspect.Case, to string, p func(inspect.Progress)) (caseview.ExportResult,
		error)
	save func(ctx context.Context, name string, content io.Reader) error
}

func (p *program) Pods(ctx context.Context, all bool, emit func(inspect.PodList)) error {
	return p.pods(ctx, all, emit)
}
func (p *program) PasteAlerts(ctx context.Context, text string) error { return p.paste(ctx, text) }
func (p *program) OpenCase(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error) {
	return p.open(ctx, pod)
}

func (p *program) OpenPlace(ctx context.Context, place fleet.Place) (inspect.Source, error) {
	return p.place(ctx, place)
}
func (p *program) LastAudit(ctx context.Context) (*fleet.Stored, error) { return p.stored(ctx) }
func (p *program) Audit(ctx context.Context, depth string, emit func(fleet.Update)) error {
	return p.audit(ctx, depth, emit)
}
func (p *program) AuditPath(*audit.Report) string { return "backtrail-audit.json" }
func (p *program) ExportAudit(_ context.Context, r *audit.Report, to string) (string, error) {
	return fmt.Sprintf("%s with %d rows and %d gaps", to, len(r.Rows), len(r.NotLookedAt)), nil
}

func (p *program) Where(ctx context.Context, what string) (where.Result, error) {
	return p.where(ctx, what)
}
func (p *program) ReadOnly() string      { return p.readOnly }
func (p *program) Watch() inspect.Source { return p.watch() }
func (p *program) Retry(ctx context.Context, c *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
	return p.again(ctx, c, keys)
}

func (p *program) ConfirmKnownGood(ctx context.Context, c *inspect.Case, container string,
	k inspect.Candidate,
) (inspect.Source, error) {
	return p.knownGood(ctx, c, container, k)
}
func (p *program) SkipLayer(digest string, skip bool) { p.skip(digest, skip) }
func (p *program) AddNote(ctx context.Context, c *inspect.Case, n inspect.Note) (inspect.Event, error) {
	return p.note(ctx, c, n)
}

func (p *program) SetClock(ctx context.Context, c *inspect.Case, k inspect.Clock) (inspect.Event, error) {
	return p.clock(ctx, c, k)
}
func (p *program) NextSteps(c inspect.Case) []respond.NextStep { return p.next(c) }
func (p *program) Brief(c inspect.Case) string                 { return testBrief(c) }
func (p *program) Command(*inspect.Case, string) string {
	return "backtrail inspect pod/web-6d4cf56db6-x7k2p -n shop"
}

func (p *program) DraftPolicy(ctx context.Context, c *inspect.Case, container string,
	g inspect.Signature,
) (caseview.PolicyDraft, error) {
	return p.policy(ctx, c, container, g)
}

func (p *program) Tree(ctx context.Context, i inspect.Image, layer int) ([]inspect.Node, error) {
	return p.tree(ctx, i, layer)
}

func (p *program) ExportPath(inspect.Case) string { return "backtrail-pod-web-6d4cf56db6-x7k2p.tar.gz" }

func (p *program) Export(ctx context.Context, c *inspect.Case, to string,
	progress func(inspect.Progress),
) (caseview.ExportResult, error) {
	return p.export(ctx, c, to, progress)
}

func (p *program) SaveFile(ctx context.Context, name string, content io.Reader) error {
	return p.save(ctx, name, content)
}

// testProgram tells the whole incident.
func testProgram() *program {
	return &program{
		Options: Options{
			Context: "prod-eu", Alerts: "falco.json", Theme: ThemeDark,
			Now: func() time.Time { return clock },
		},
		paste: func(context.Context, string) error { return nil },
		watch: func() inspect.Source { return nil },
		skip:  func(string, bool) {},
		pods:  func(_ context.Context, _ bool, emit func(inspect.PodList)) error { emit(incidentPods()); return nil },
		open: func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
			return sourceOf(incidentEvents()), nil
		},
		tree: func(_ context.Context, _ inspect.Image, layer int) ([]inspect.Node, error) {
			return incidentTree(layer), nil
		},
		note: func(_ context.Context, _ *inspect.Case, n inspect.Note) (inspect.Event, error) {
			n.Time, n.Author = at(2), "ada"
			return inspect.Event{Time: at(2), Fact: n}, nil
		},
		clock: func(_ context.Context, c *inspect.Case, k inspect.Clock) (e inspect.Event, err error) {
			if k.Withdrawn != nil {
				k, err = respond.WithdrawClock(c, k.Regime, at(4).Time, "ada", k.Withdrawn.Reason)
			} else {
				k, err = respond.StartClock(c, k.Regime, k.Aware.Time, at(3).Time, "ada", k.Reason)
			}
			return inspect.Event{Time: at(3), Fact: k}, err
		},
		next: func(c inspect.Case) []respond.NextStep {
			steps := []respond.NextStep{{
				Why:     "Preserve the pod: its writable layer and memory exist nowhere else",
				Command: "kubectl --context prod-eu -n shop annotate pod web-6d4cf56db6-x7k2p karpenter.sh/do-not-disrupt=true",
			}}
			if _, said := c.Runtime(); said {
				steps = append(steps, respond.NextStep{
					Why:     "Runtime state is preserved: delete the pod",
					Command: "kubectl --context prod-eu -n shop delete pod web-6d4cf56db6-x7k2p",
				})
			}
			return steps
		},
		again: func(context.Context, *inspect.Case, []inspect.Key) (inspect.Source, error) {
			return sourceOf([]inspect.Event{
				{Fact: inspect.Reset{Drop: []inspect.Key{{Check: "layers", Container: "proxy"}}}},
				begun("layers", "proxy"), ended("layers", "proxy", inspect.CheckDone, ""),
				{Time: at(3), Fact: inspect.End{Status: inspect.CheckDone}},
			}), nil
		},
		knownGood: func(_ context.Context, _ *inspect.Case, subject string, c inspect.Candidate) (inspect.Source,
			error,
		) {
			return sourceOf([]inspect.Event{on("diff", subject,
				inspect.Event{Fact: inspect.Diff{KnownGood: &inspect.KnownGood{
					Reference: c.Reference,
					Digest:    c.Digest, Confirmed: true, By: "ada",
				}}})}), nil
		},
		export: func(_ context.Context, _ *inspect.Case, to string,
			progress func(inspect.Progress),
		) (caseview.ExportResult, error) {
			progress(inspect.Progress{Done: 1, Total: 2, Text: "layers"})
			return caseview.ExportResult{
				Path: to, Digest: digest(99), Size: 123_456,
				Line:   "backtrail CASE tagmanifest " + digest(99) + " 2026-03-14T03:20:00Z",
				Verify: "backtrail verify " + to,
			}, nil
		},
		save:  func(context.Context, string, io.Reader) error { return nil },
		place: func(context.Context, fleet.Place) (inspect.Source, error) { return sourceOf(incidentEvents()), nil },
		stored: func(context.Context) (*fleet.Stored, error) {
			return &fleet.Stored{Report: incidentAudit(), At: at(-60).Time}, nil
		},
		audit: func(_ context.Context, _ string, emit func(fleet.Update)) error {
			r := incidentAudit()
			emit(fleet.Update{Report: &r, Began: clock, Ended: true})
			return nil
		},
		where: func(context.Context, string) (where.Result, error) { return incidentWhere(), nil },
	}
}

// incidentAudit is an audit with a row of each outcome.
func incidentAudit() audit.Report {
	no, moved := false, true
	row := func(workload, image string, n int) audit.Row {
		return audit.Row{
			Cluster: "prod-eu", Namespace: "shop", Workload: workload, Container: "web", Type: "container", Pods: 2,
			Reference: "registry.example.com/acme/" + image, Digest: digest(n), State: audit.Done, Injected: &no,
			Signature: inspect.Verified, Signer: "https://github.com/acme/web/release.yml", Provenance: inspect.Verified,
			SBOM: inspect.Absent, Allowed: audit.Yes, Since: at(-95), TagMoved: &no,
		}
	}
	web := row("deployment/web", "web:1.4", 1)
	web.Level, web.Allowed, web.Signature, web.Signer = audit.Block, audit.No, inspect.Absent, ""
	web.Provenance, web.TagMoved = inspect.Absent, &moved
	web.Reason = "unsigned; policy shop-images requires a signature"
	web.Crossed = []string{"unsigned; policy shop-images requires a signature", "its tag means another image today"}
	cart := row("statefulset/cart", "cart:2", 20)
	cart.Level, cart.Crossed = audit.Warn, []string{"CVE-2026-1 of openssl 3.0.1, high: fix available (due 2026-03-20)"}
	billing := row("deployment/billing", "bill:2", 22)
	billing.State, billing.Allowed, billing.Signature = audit.NotChecked, audit.Unknown, inspect.Unknown
	billing.Provenance, billing.SBOM, billing.Signer = inspect.Unknown, inspect.Unknown, ""
	billing.Reason = "getting the manifest: the registry answered 401"
	agent := row("daemonset/agent", "agent:5", 30)
	agent.Namespace, agent.Container = "monitoring", "agent"
	return audit.Report{
		Schema: audit.Schema, Scope: audit.Scope{Contexts: []string{"prod-eu"}, Depth: audit.Identity},
		Rows:        []audit.Row{billing, agent, web, cart},
		Books:       audit.Books{Listed: 4, Done: 3, NotChecked: 1},
		NotLookedAt: []audit.Gap{{What: "layers and packages", Reason: "depth identity reads no layer"}},
		Changes: []audit.Change{
			{Kind: audit.NewDigest, Namespace: "shop", Workload: "deployment/web", Container: "web", From: digest(9), To: digest(1)},
			{Kind: audit.GoneWorkload, Namespace: "old", Workload: "job/import", Container: "main", From: digest(8)},
		},
	}
}

// incidentWhere is an answer with each of the four outcomes.
func incidentWhere() where.Result {
	match := func(workload, what, path string, n int) where.Match {
		return where.Match{
			Cluster: "prod-eu", Namespace: "shop", Workload: workload, Container: "web", Digest: digest(n), What: what,
			Path: path, Layer: 2, FirstSeen: at(-9000), LastSeen: at(-3),
		}
	}
	skipped := func(workload, reason string, n int) where.Skipped {
		return where.Skipped{
			Cluster: "prod-eu", Namespace: "shop", Workload: workload, Container: "main", Digest: digest(n), Reason: reason,
			FirstSeen: at(-9000), LastSeen: at(-3),
		}
	}
	built := match("statefulset/cart", "layer 1 built 2026-03-13T00:00:00Z", "", 20)
	built.Layer = -1
	elsewhere := match("deployment/web", "log4j-core 2.14.1", "/app/lib/log4j-core-2.14.1.jar", 1)
	elsewhere.Cluster = "prod-us"
	return where.Result{
		Schema: where.Schema,
		Matches: []where.Match{
			match("deployment/web", "log4j-core 2.14.1", "/app/lib/log4j-core-2.14.1.jar", 1),
			match("deployment/web", "log4j-core 2.14.1", "/srv/copy/log4j-core-2.14.1.jar", 1),
			elsewhere,
		},
		Window: []where.Match{built}, NotAffected: 1,
		NotChecked: []where.Skipped{skipped("deployment/billing", "looked into to depth identity only, and packages is needed", 22)},
		Clear:      []where.Skipped{skipped("daemonset/agent", "", 30)},
	}
}
