package pane

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/widget"
)

// A small incident, as the facts that checks emit: layer 2 of shop/web plants a miner and replaces top. Its previous
// image was signed and built by a workflow, this one is not. Every pane has rows of it, and nothing here is a view
// model: what a pane shows has gone through the fold.

const (
	miner   = "/var/tmp/.font/fontd"
	replica = "/usr/bin/top"
)

// on is a fact of a check about the image of web, or about the case where the container is empty.
func on(check, container string, f inspect.Fact) inspect.Event {
	return inspect.Event{Check: check, Container: container, Fact: f, Time: ago(1)}
}

// folded looks at the case that events make, as the screen does.
func folded(events ...inspect.Event) View {
	c := &inspect.Case{}
	for _, e := range events {
		c.Apply(e)
	}
	return View{
		Case: c, Container: "web", Paint: widget.NewPaint(true, true, false), Now: now,
		Opened: func(string) bool { return false },
		Steps:  []respond.NextStep{{Why: "Preserve the pod", Command: "kubectl annotate pod web-1 -n shop hold=true"}},
	}
}

// incident is the whole of it.
func incident() View {
	var all []inspect.Event
	for _, part := range [][]inspect.Event{imageFacts(), signerFacts(), softwareFacts(), fileFacts(), podFacts()} {
		all = append(all, part...)
	}
	// the network policies were listed: that none selects the pod is known
	all = append(all, on(inspect.CheckCluster, "", inspect.End{Status: inspect.CheckDone}))
	return folded(all...)
}

// ended is a check of web that came to its end.
func ended(check string, status inspect.CheckStatus, reason string) []inspect.Event {
	return []inspect.Event{
		on(check, "web", inspect.Begin{}),
		on(check, "web", inspect.End{Status: status, Reason: reason}),
	}
}

// imageFacts are the image with its layers, compared with the previous one.
func imageFacts() []inspect.Event {
	layer := func(n int, size int64, step string) inspect.Event {
		return on("layers", "web", inspect.Layer{
			Position: n, Number: n, Size: size, CreatedBy: step,
			Digest: "sha256:1a" + strings.Repeat("0", n+1), DiffID: "sha256:d1" + strings.Repeat("0", n+1),
			Status: inspect.Verified, Added: n + 1, Base: n == 0,
		})
	}
	return append(ended("layers", inspect.CheckDone, ""),
		on("", "", inspect.Header{
			Target:  inspect.Target{Kind: "pod", Name: "pod/web-1", Context: "prod"},
			Started: ago(9),
		}),
		on("subject", "web", inspect.ImageHead{
			Reference: "registry.example.com/shop/web:1.4.2",
			Digest:    "sha256:32e45c9a7ba9d1c0", Platform: "linux/amd64", Status: inspect.Verified,
			Settings: inspect.ImageConfig{Entrypoint: []string{"/app/start.sh"}, User: "0"},
		}),
		layer(0, 29_000_000, "ADD rootfs /"), layer(1, 4_100_000, "RUN /bin/sh -c apt-get install xz # buildkit"),
		layer(2, 84_000, "COPY fonts/ / # buildkit"),
		on("diff", "web", inspect.Diff{
			KnownGood: &inspect.KnownGood{Reference: "registry.example.com/shop/web", Digest: "sha256:9de70d7a4af0"},
			Layers:    &inspect.LayerDiff{Shared: 1, Added: 2},
			Settings:  []string{"user changed from 1000 to 0"},
			Packages: &inspect.PackageDiff{
				Added: []inspect.Package{{
					Type: "deb", Name: "xz-utils", Version: "5.6.1-1",
					PURL: "pkg:deb/debian/xz-utils@5.6.1-1", Layer: 1,
				}},
				Changed: []inspect.PackageChange{{
					Type: "deb", Name: "procps", From: "4.0.4-1", To: "4.0.4-2",
					Change: "upgrade",
					Layer:  1,
				}},
			},
			Files: &inspect.FileDiff{
				Added: 1,
				List: []inspect.FileChange{{
					Path: miner, Change: "added", Type: inspect.EntryFile,
					Layer: 2, Executable: true,
				}},
			},
			Past: &inspect.Past{
				Signers: []inspect.PastSigner{{
					Status: inspect.Verified, Issuer: "https://token.actions.example",
					Identity: "https://github.com/shop/web/.github/workflows/release.yml@refs/tags/v1.4.1",
				}},
				Builds: []inspect.PastBuild{{
					Status: inspect.Verified, Signed: true, Commit: "7c1d94e0b35f00aa",
					Builder: "https://github.com/shop/web/.github/workflows/release.yml@refs/tags/v1.4.1",
					Source:  "git+https://github.com/shop/web",
				}},
			},
		}))
}

// signerFacts are a signature that is not valid, a gate that was not in the way, and the stores that were queried.
func signerFacts() []inspect.Event {
	return append(ended("signatures", inspect.CheckDone, ""),
		on("expected", "", inspect.Expected{
			Identities: []string{"release@shop.example"},
			Issuers:    []string{"https://token.actions.example"},
		}),
		on("signatures", "web", inspect.Signature{
			ID: "g1", Kind: "cosign", Store: "tag", Status: inspect.Failed,
			Reason: "subject-mismatch", Identity: "release@shop.example", Issuer: "https://token.actions.example",
			Subject: "sha256:9de70d7a4af0", Steps: []inspect.Step{
				{Name: "certificate", Status: inspect.Verified, Detail: "chains to the trust root"},
				{
					Name: "subject", Status: inspect.Failed,
					Detail: "the payload names 9de70d7a4af0, this is 32e45c9a7ba9",
				},
				{Name: "log", Status: inspect.Unknown, Detail: "the log was not reachable"},
			},
		}),
		on("gates", "web", inspect.Gate{
			Name: "shop-images", Status: inspect.GateNotEnforced, By: "policy-controller",
			Detail: "namespace shop lacks policy.sigstore.dev/include=true",
		}),
		on("signatures", "web", inspect.StoreReply{
			Store: "referrers", Subject: "sha256:32e45c9a7ba9d1c0",
			Status: inspect.StoreEmpty,
		}),
		on("signatures", "web", inspect.StoreReply{
			Store: "cosign-tag", Subject: "sha256:32e45c9a7ba9d1c0",
			Status: inspect.StoreUnreachable, Detail: "503",
		}),
		on("provenance", "web", inspect.Provenance{
			ID: "p1", PredicateType: "https://slsa.dev/provenance/v1",
			Builder: "ci", Source: "git+https://github.com/shop/fork", Commit: "00ddf00ddf00ddf0",
			Status: inspect.Unknown,
			Reason: "unsigned",
		}))
}

// softwareFacts are packages, what is known against them, and what starts by itself.
func softwareFacts() []inspect.Event {
	yes := true
	return append(append(ended("packages", inspect.CheckDone, ""), ended("autoruns", inspect.CheckDone, "")...),
		on("packages", "web", inspect.Packages{List: []inspect.Package{
			{Type: "deb", Name: "procps", Version: "4.0.4-2", Layer: 1},
			{Type: "deb", Name: "xz-utils", Version: "5.6.1-1", PURL: "pkg:deb/debian/xz-utils@5.6.1-1", Layer: 1},
		}}),
		on("advisories", "web", inspect.Advisory{
			ID: "xz-2024-03", Source: "incident-pack",
			Kind:    inspect.AdvisoryPackage,
			Subject: "xz-utils 5.6.1-1", Title: "liblzma contains a backdoor", Severity: inspect.Critical, Layer: 1,
			Status: inspect.RowFailed, Published: inspect.At(now.AddDate(-2, 0, 0)),
		}),
		on("lock", "web", inspect.LockRow{
			File: "/app/package-lock.json", Type: "npm", Name: "left-pad",
			Locked:    "1.3.0",
			Installed: "1.3.1", Change: inspect.LockVersionSpoof, Path: "/app/node_modules/left-pad", Layer: 2,
			Severity: inspect.High, Status: inspect.RowFailed, Detail: "its package.json was changed",
		}),
		on("sbom", "web", inspect.SBOM{
			Origin: "attached", Format: "spdx-json", Packages: 2, Status: inspect.Unknown,
			Reason: "unsigned",
		}),
		on("autoruns", "web", inspect.Autorun{
			Path: "/etc/ld.so.preload", Kind: "preload",
			Trigger: "is loaded into every program", Command: "/usr/lib/libfont.so", Layer: 2, New: &yes,
			Severity: inspect.High, Status: inspect.RowFailed, Codes: []string{"loader-hijack"},
			Detail: "every program loads it",
		}),
		on("autoruns", "web", inspect.Autorun{
			Kind: "entrypoint", Trigger: "is started with every container",
			Command: "/app/start.sh", Layer: -1, New: &yes, Severity: inspect.Info, Status: inspect.RowObserved,
		}))
}

// fileFacts are unexpected, altered and missing files, and the findings about them.
func fileFacts() []inspect.Event {
	finding := func(id, path, title string, severity inspect.Severity) inspect.Event {
		return on("binaries", "web", inspect.Finding{
			ID: id, Check: "binaries", Code: "unexpected-binary",
			Status: inspect.RowFailed, Severity: severity, Subject: "web:" + path, Title: title,
			Detail:   "read from layer 2",
			Evidence: []inspect.Evidence{{Kind: "layer", Digest: "sha256:1a000"}, {Kind: "file", Path: path}},
		})
	}
	return append(ended("binaries", inspect.CheckDone, ""),
		on("binaries", "web", inspect.Binary{
			Path: miner, Kind: inspect.KindELF, Size: 81_920, Mode: "0755", Layer: 2,
			CreatedBy: "COPY fonts/ / # buildkit", Severity: inspect.Critical, Status: inspect.RowFailed,
			SHA256: "5f0a",
			Codes:  []string{"unowned", "hidden-path", "miner-string"},
			Detail: "Contains the address of a mining pool.",
		}),
		on("binaries", "web", inspect.Altered{
			Path: replica, Package: "procps 4.0.4-2", Layer: 2, Expected: "md5:0a",
			Actual: "md5:ff", Severity: inspect.High, Status: inspect.RowFailed, Detail: "Its size differs too.",
		}),
		on("binaries", "web", inspect.Missing{
			Path: "/usr/bin/ps", Package: "procps 4.0.4-2", Layer: 1,
			Executable: true,
			Severity:   inspect.Medium, Status: inspect.RowObserved,
		}),
		finding("f1", miner, "fontd is unpackaged and was alerted", inspect.Critical),
		finding("f2", replica, "top does not match package procps", inspect.High),
		on("signatures", "web", inspect.Finding{
			ID: "f3", Check: "signatures", Code: "signature-invalid",
			Status: inspect.RowFailed, Severity: inspect.High, Subject: "web", Title: "no signature is valid",
		}),
		on("answers", "", inspect.Answer{
			Question: inspect.WhereFrom, Status: inspect.Answered,
			Text:     "layer 2, COPY fonts/ /",
			Findings: []string{"f1"}, Sentences: []inspect.Sentence{{
				Text:  "fontd is in layer 2",
				Basis: inspect.Seen,
			}},
		}))
}

// podFacts are the pod, the alert on it, what it could touch, and what of it was collected.
func podFacts() []inspect.Event {
	return append(ended("vulnerabilities", inspect.CheckBlocked, "no database"),
		on("subject", "", inspect.Pod{
			Name: "web-1", Namespace: "shop", UID: "u1", Node: "node-3", Created: ago(60),
			Owner: []inspect.Owner{{UID: "rs", Kind: "ReplicaSet", Name: "web-6d4"}},
			Containers: []inspect.Container{{
				Name: "web", Type: inspect.ContainerMain, State: "running",
				Reference: "registry.example.com/shop/web:1.4.2", ImageID: "sha256:32e45c9a7ba9d1c0",
				Started: ago(59),
			}},
			Reach: inspect.Reach{
				ServiceAccount: "web", Secrets: []string{"web-db"},
				Privileges: []inspect.Privilege{{Kind: inspect.Privileged, Container: "web"}},
				Uses: []inspect.Use{{
					Kind: inspect.UseSecret, Name: "web-db", Container: "web",
					How: "env DB_PASSWORD",
				}},
				Shared: inspect.Shared{Node: inspect.PodGroup{Count: 1, Pods: []string{"shop/cart-0"}}},
			},
		}),
		on("alert", "", inspect.Alert{
			ID: "a1", Source: "syscall", Rule: "Drop and execute", Priority: "Critical",
			Time: ago(12), Count: 3, Subject: "web", Match: inspect.MatchPod, Path: miner, Output: "exe=" + miner,
			File: inspect.AlertFile{
				Path: miner, Origin: inspect.OriginImage, Layer: 2,
				Detail: "The image's own file ran.",
			},
		}),
		on("pod", "", inspect.Moment{Time: ago(60), What: "pod created", Source: "metadata", Trust: inspect.ByCluster}),
		on("image", "web", inspect.Moment{
			Time: ago(90), What: "image built", Source: "config",
			Trust: inspect.ByClaim,
		}),
		on("evidence", "", inspect.Exhibit{
			Path: "logs/web.log", Digest: "sha256:10", Size: 40_123, Source: "GET log",
			Kept: ago(1),
		}),
		on("evidence", "", inspect.Exhibit{Path: "logs/web-previous.log", Missing: "not found", Kept: ago(1)}),
		on("", "", inspect.Note{Time: ago(2), Author: "ada", Subject: "f1", Mark: "malicious", Text: "seen on call"}))
}
