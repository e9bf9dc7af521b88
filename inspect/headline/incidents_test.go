package headline

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// ran is the alert of a program that was given something to run: the sensor names the interpreter, which is only the
// messenger.
func ran(program, target string) inspect.Event {
	e := alertOf(program, inspect.OriginImage)
	a := e.Fact.(inspect.Alert)
	a.Rule = "Outbound connection to a mining pool"
	a.Ran = &inspect.Ran{
		Program: program, Role: inspect.RoleInterpreter, Kind: "script", Target: target,
		Proof: "package python3.12",
	}
	e.Fact = a
	return e
}

// acted is the alert of what was done in the running container.
func acted(act, program string) inspect.Event {
	e := alertOf(program, inspect.OriginImage)
	a := e.Fact.(inspect.Alert)
	a.Rule = "Terminal shell in container"
	a.Ran = &inspect.Ran{Program: program, Role: inspect.RoleInterpreter, Act: act}
	e.Fact = a
	return e
}

// severe is a finding of the check about a file or an image that failed.
func severe(check, code, subject, title string, cause inspect.Cause) inspect.Event {
	return on(check, "web", inspect.Finding{
		ID: check + code + subject, Check: check, Code: code, Subject: subject,
		Title: title, Status: inspect.RowFailed, Severity: inspect.High, Cause: cause.Key(),
	})
}

func hook(path, kind, trigger, command, owner string) inspect.Event {
	return on("autoruns", "web", inspect.Autorun{
		Path: path, Kind: kind, Trigger: trigger, Command: command,
		Owner: owner,
		Layer: 6, Status: inspect.RowFailed, Severity: inspect.High,
	})
}

func signedBy(identity string) inspect.Event {
	return on("signatures", "web", inspect.Signature{ID: "s", Status: inspect.Verified, Identity: identity})
}

// knownBad is an advisory about a release.
func knownBad(id, subject string) inspect.Event {
	return on("advisories", "web", inspect.Advisory{
		ID: id, Kind: inspect.AdvisoryPackage, Subject: subject,
		Status: inspect.RowFailed, Severity: inspect.Critical,
	})
}

// against compares with an image that went by the same tag.
func against(d inspect.Diff) inspect.Event {
	d.KnownGood = &inspect.KnownGood{Reference: "registry.example/shop/web", Digest: digestBefore}
	return on("diff", "web", d)
}

func pkg(name, version string) inspect.Cause {
	return inspect.Cause{Kind: inspect.CausePackage, Name: name, Version: version, Layer: 6}
}

// incident is a kind of compromise that was reported, with what a responder must read first.
type incident struct {
	name string
	c    *inspect.Case
	want map[string]string // the beginning of a line, or all of it
}

// Each of these was an incident (INCIDENTS): the first line names what brought the behavior in, in the words of the
// evidence that answered it, and never what happened to execute it.
func incidents() []incident {
	miner := inspect.Cause{Kind: inspect.CauseFile, Path: "/usr/local/bin/entry.sh", Layer: 6}
	return []incident{
		{"an entrypoint is swapped under a moved tag", story(
			severe("autoruns", "autorun-entrypoint", "web:/usr/local/bin/entry.sh", "entry.sh downloads and runs",
				miner),
			because(miner), hook("/usr/local/bin/entry.sh", "entrypoint", "runs as the entrypoint", "curl | sh", ""),
			against(inspect.Diff{Layers: &inspect.LayerDiff{Shared: 6, Added: 1}}), ran("/bin/busybox",
				"/usr/local/bin/entry.sh"),
		), map[string]string{
			What: "/usr/local/bin/entry.sh runs as the entrypoint: curl | sh (layer 6); alert: Outbound connection",
			Step: "COPY fonts/ / |",
			How:  "tag shop/web:1.4.2 overwritten: 9de70d7a → 32e45c9a, pulled by revision 2 14:02:00Z |",
		}},
		{"a file comes from another poisoned image", story(
			severe("advisories", "known-compromise", "web:/opt/scan", "known-compromised file /opt/scan", inspect.Cause{
				Kind: inspect.CauseFile, Path: "/opt/scan", Layer: -1,
			}),
			because(inspect.Cause{Kind: inspect.CauseFile, Path: "/opt/scan", Layer: 6}),
			on("binaries", "web", inspect.Binary{Path: "/opt/scan", Layer: 6, Codes: []string{"unowned"}}),
			alertOf("/bin/sh", inspect.OriginImage),
		), map[string]string{
			What: "unpackaged executable /opt/scan is in the image (layer 6); alert: Program started",
			Step: "COPY fonts/ / |", How: "by the image's own build",
		}},
		{"provenance names a stranger", story(
			severe("drift", "provenance-drift", "web", "web: builder changed",
				inspect.Cause{Kind: inspect.CauseBuilder, Name: "web"}),
			because(inspect.Cause{Kind: inspect.CauseBuilder, Name: "web", Layer: -1}),
			on("signatures", "web", inspect.Signature{
				ID: "s", Status: inspect.Failed, Reason: "identity-mismatch",
				Identity: "https://github.com/stranger/kics/.github/workflows/x.yml@refs/heads/main",
			}),
			on("expected", "", inspect.Expected{Identities: []string{workflowID}}),
		), map[string]string{
			What: "image 32e45c9a is not signed as required: signed by stranger/kics/x.yml@refs/heads/main |",
			Signed: "no valid signature: signed by stranger/kics/x.yml@refs/heads/main · required: " +
				"shop/web/release.yml@refs/tags/v1.4.2 |",
		}},
		{"a start-up file of a package", story(
			severe("advisories", "known-compromise", "web", "known-compromised package litellm 1.82.8",
				pkg("python litellm", "1.82.8")),
			because(pkg("python litellm", "1.82.8")), knownBad("PYSEC-1", "litellm 1.82.8"),
			hook("/usr/lib/python3/litellm.pth", "python-pth", "runs at each start of Python", "exec(x)",
				"litellm 1.82.8"),
			ran("/usr/local/bin/python3.12", "/srv/app.py"),
		), map[string]string{
			What: "python package litellm 1.82.8 (layer 6) is a known-compromised release (PYSEC-1); alert: Outbound connection",
			How:  "as a dependency of the image's own build; revision 2 rolled it out 14:02:00Z |",
		}},
		{"a start-up file of a package that no list has", story(
			severe("autoruns", "autorun-python-pth", "web:/usr/lib/python3/elementary.pth", "x",
				pkg("python elementary-data", "0.9")),
			because(pkg("python elementary-data", "0.9")),
			hook("/usr/lib/python3/elementary.pth", "python-pth", "runs at each start of Python", "exec(x)",
				"elementary-data 0.9"),
			ran("/usr/local/bin/python3.12", "-m dbt"), signedBy(workflowID),
		), map[string]string{
			What: "python package elementary-data 0.9 (layer 6) brings /usr/lib/python3/elementary.pth, which runs at " +
				"each start of Python; alert",
			Missed: "the image is signed, and no gate looks at content: a signature does not vouch for it |",
		}},
		{"a phantom dependency", story(
			severe("lock", "phantom", "web:/app/node_modules/plain-crypto-js", "installed, and in no lock file",
				pkg("npm plain-crypto-js", "4.2.1")),
			because(pkg("npm plain-crypto-js", "4.2.1")),
			against(inspect.Diff{Packages: &inspect.PackageDiff{Added: []inspect.Package{{
				Type: "npm",
				Name: "plain-crypto-js", Version: "4.2.1",
			}}}}),
			ran("/usr/local/bin/node", "/app/server.js"),
		), map[string]string{
			What: "npm package plain-crypto-js 4.2.1: installed, and in no lock file; alert: Outbound connection",
			How:  "tag shop/web:1.4.2 overwritten",
		}},
		{"an install script of a worm", story(
			severe("autoruns", "autorun-npm-script", "web:/app/node_modules/@ctrl/tinycolor/package.json",
				"preinstall runs bundle.js",
				pkg("npm @ctrl/tinycolor", "4.1.1")),
			because(pkg("npm @ctrl/tinycolor", "4.1.1")),
			on("diff", "web", inspect.Diff{Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{
				Type: "npm",
				Name: "@ctrl/tinycolor", From: "4.1.0", To: "4.1.1",
			}}}}),
		), map[string]string{
			What: "npm package @ctrl/tinycolor 4.1.1: preinstall runs bundle.js |",
			How:  "dependency @ctrl/tinycolor changed in the image's own build: 4.1.0 → 4.1.1; revision 2",
		}},
		{"a genuine signature on bad content", story(
			severe("autoruns", "autorun-npm-script", "web:/app/node_modules/router/package.json",
				"postinstall is new", pkg("npm router", "2.0")),
			because(pkg("npm router", "2.0")), signedBy(workflowID), on("expected", "",
				inspect.Expected{Identities: []string{workflowID}}),
		), map[string]string{
			What:   "npm package router 2.0: postinstall is new |",
			Signed: "yes, by shop/web/release.yml@refs/tags/v1.4.2, as required |",
			Missed: "the image is signed as required, and no gate looks at content: a signature does not vouch " +
				"for it |",
		}},
		{"a miner in a vendor's image", story(
			severe("binaries", "unexpected-binary", "web:/usr/bin/kong-agent", "kong-agent mines", inspect.Cause{
				Kind: inspect.CauseFile, Path: "/usr/bin/kong-agent", Layer: -1,
			}),
			because(inspect.Cause{Kind: inspect.CauseFile, Path: "/usr/bin/kong-agent", Layer: 0}),
			on("binaries", "web", inspect.Binary{Path: "/usr/bin/kong-agent", Codes: []string{
				"unowned", "packed",
				"miner-string",
			}}),
			alertOf("/usr/bin/kong-agent", inspect.OriginImage),
			on("cluster", "web", inspect.Gate{
				Name: "admission", Kind: inspect.GateKindAdmission,
				Status: inspect.GateAbsent,
				Detail: "nothing in the cluster verifies images",
			}),
		), map[string]string{
			What:   "miner /usr/bin/kong-agent ran; it is in the image (layer 0) |",
			Step:   "ADD rootfs / (of the base image) |",
			How:    "with the base image (its layers are below the image's own); revision 2 rolled it out 14:02:00Z |",
			Missed: "nothing in the cluster verifies images |",
		}},
		{"a poisoned package of the distribution", story(
			severe("advisories", "known-compromise", "web", "known-compromised package liblzma5 5.6.1-1",
				pkg("liblzma5", "5.6.1-1")),
			because(inspect.Cause{Kind: inspect.CausePackage, Name: "liblzma5", Version: "5.6.1-1", Layer: 0}),
			knownBad("xz-backdoor", "liblzma5 5.6.1-1"), alertOf("/usr/sbin/sshd", inspect.OriginImage),
		), map[string]string{
			What: "package liblzma5 5.6.1-1 (layer 0) is a known-compromised release (xz-backdoor); alert: Program " +
				"started from a hidden folder (/usr/sbin/sshd) |",
			Step: "ADD rootfs / (of the base image) |",
		}},
		{"a shell by kubectl exec", story(acted(inspect.ActExec, "/bin/bash"),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/bin/bash", Layer: -1})), map[string]string{
			What: "a shell was opened in the running container (Terminal shell in container); the image does " +
				"not start it |",
			Step:   "none: it came at run time, not with the image |",
			How:    "by exec into the running container; the API server's audit log (pods/exec) names who |",
			Missed: "signatures and admission cover images only; this did not come with the image |",
		}},
		{"packages installed at run time", story(acted(inspect.ActInstall, "/usr/bin/apt-get"),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/usr/bin/apt-get", Layer: -1})), map[string]string{
			What: "packages were installed in the running container (Terminal shell in container) |",
			How:  "by a process of the running container; what made it do so is not known |",
		}},
		{"a command of a process that was taken over", story(acted(inspect.ActCommand, "/usr/bin/curl"),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/usr/bin/curl", Layer: -1})), map[string]string{
			What: "a process of the container started /usr/bin/curl (Terminal shell in container); the image does " +
				"not start it |",
			How: "by a process of the running container; what made it do so is not known |",
		}},
		{"a shell in a debug container", story(acted(inspect.ActExec, "/bin/bash"),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Name: "debugger-x", Layer: -1})), map[string]string{
			What: "debug container debugger-x ran /bin/bash; it is not in the workload's image |",
			How: "as a debug container attached to the running pod; the API server's audit log " +
				"(pods/ephemeralcontainers) names who |",
		}},
		{"a program from memory", story(alertOf("/memfd:x", inspect.OriginMemfd),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/memfd:x", Layer: -1})), map[string]string{
			What: "a program ran from memory; it is not in the image |",
		}},
		{"a program that was overwritten at run time", story(alertOf("/usr/bin/top", inspect.OriginChanged),
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/usr/bin/top", Layer: -1})), map[string]string{
			What: "/usr/bin/top ran with other content than the image has: it was changed at run time |",
		}},
		{"a debug container", story(alertOf("/usr/bin/nmap", inspect.OriginRuntime),
			because(inspect.Cause{
				Kind: inspect.CauseRuntime, Path: "/usr/bin/nmap", Name: "debugger-x",
				Layer: -1,
			})), map[string]string{
			What: "debug container debugger-x ran /usr/bin/nmap; it is not in the workload's image |",
		}},
		{"an act at run time that no alert names", story(
			because(inspect.Cause{Kind: inspect.CauseRuntime, Path: "/tmp/x", Layer: -1})), map[string]string{
			What: "/tmp/x started at run time; it is not in the image |",
		}},
		{"an advisory that was withdrawn", story(
			severe("binaries", "unexpected-binary", "web:/app/x.js", "x.js is obfuscated", pkg("npm left", "1.0")),
			because(pkg("npm left", "1.0")),
			on("advisories", "web", inspect.Advisory{
				ID: "MAL-1", Kind: inspect.AdvisoryPackage, Subject: "left 1.0",
				Status: inspect.RowFailed, Withdrawn: true,
			})), map[string]string{
			What: "npm package left 1.0: x.js is obfuscated |",
		}},
		{"an advisory of another package", story(
			severe("binaries", "unexpected-binary", "web:/app/x.py", "x.py is obfuscated", pkg("python go", "1.0")),
			because(pkg("python go", "1.0")),
			knownBad("MAL-2", "django-go 1.0"), knownBad("MAL-3", "django 1.0")), map[string]string{
			What: "python package go 1.0: x.py is obfuscated |",
		}},
		{"an advisory of another version", story(
			severe("binaries", "unexpected-binary", "web:/app/x.js", "x.js is obfuscated", pkg("npm left", "1.0")),
			because(pkg("npm left", "1.0")),
			knownBad("MAL-2", "left 2.0")), map[string]string{What: "npm package left 1.0: x.js is obfuscated |"}},
		{"a name that Python writes in two ways", story(
			severe("advisories", "known-compromise", "web", "x", pkg("python fastembed_utils", "1.3.1")),
			because(pkg("python fastembed_utils", "1.3.1")),
			knownBad("MAL-4", "FastEmbed-Utils 1.3.1"),
			on("diff", "web", inspect.Diff{Packages: &inspect.PackageDiff{Changed: []inspect.PackageChange{{
				Name: "fastembed-utils",
				From: "1.3.0", To: "1.3.1",
			}}}})), map[string]string{
			What: "python package fastembed_utils 1.3.1 (layer 6) is a known-compromised release (MAL-4)",
			How:  "dependency fastembed-utils changed in the image's own build: 1.3.0 → 1.3.1",
		}},
	}
}

func TestTheHeadlineOfEachIncident(t *testing.T) {
	for _, tt := range incidents() {
		for label, want := range tt.want {
			if got := words(tt.c, label); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s\n got %s\nwant %s", tt.name, label, got, want)
			}
		}
	}
}

// messengers are programs that do what they are given: an alert names them for everything that is a script.
var messengers = []string{
	"/usr/local/bin/python3.12", "/usr/local/bin/node", "/bin/busybox", "/bin/sh",
	"/usr/sbin/sshd",
}

// An interpreter that was used, or a program that loaded a poisoned library, is not what happened. It may stand behind
// the cause, as what the alert names.
func TestTheMessengerDoesNotLead(t *testing.T) {
	for _, tt := range incidents() {
		what := words(tt.c, What)
		for _, m := range messengers {
			cause, _, _ := strings.Cut(what, "; alert: ")
			if strings.Contains(cause, m) {
				t.Errorf("%s: %q leads with the messenger %s", tt.name, what, m)
			}
		}
	}
}

// An interpreter whose own bytes are not its package's is the cause itself.
func TestAnInterpreterThatWasReplacedLeads(t *testing.T) {
	c := story(
		severe("binaries", "replaced-program", "web:/usr/bin/python3", "x", inspect.Cause{
			Kind: inspect.CauseFile,
			Path: "/usr/bin/python3",
		}),
		because(inspect.Cause{Kind: inspect.CauseFile, Path: "/usr/bin/python3", Layer: 6}),
		on("binaries", "web", inspect.Altered{
			Path: "/usr/bin/python3", Package: "python3-minimal",
			Status: inspect.RowFailed,
		}))
	if got, want := words(c, What),
		"/usr/bin/python3 was replaced: it does not match the checksum of package python3-minimal "+
			"(layer 6) |"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// No line of any incident carries a sign of a verification that passed, or calls the case well.
func TestNoHeadlineCallsAnIncidentWell(t *testing.T) {
	for _, tt := range incidents() {
		for _, l := range Of(tt.c, nil) {
			for _, bad := range []string{"✓", "verified", "no problems found", "nothing to", " ok"} {
				if strings.Contains(l.Text+l.Aside+l.Short, bad) {
					t.Errorf("%s: %s %q", tt.name, l.Label, l.Text)
				}
			}
		}
	}
}
