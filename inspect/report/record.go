package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// maxRecord bounds the tables of the audit record; the bundle has all of their rows.
const maxRecord = 400

// sessionSection is who worked on the case, when, where and with which program.
func sessionSection(c inspect.Case) section {
	s := section{title: "Who, when, with what"}
	s.text(join("case "+inspect.CaseID(c.Target, c.Started), "started "+c.Started.Stamp(),
		"ended "+c.Finished.Stamp()))
	for n, x := range c.Sessions {
		i := item{bare: true, title: fmt.Sprintf("session %d: %s on %s, %s", n+1, cmp.Or(x.Operator,
			"operator not recorded"),
			cmp.Or(x.Host, "a host that is not recorded"), x.Started.Stamp())}
		i.lines = some(labelled("case number", x.CaseNumber), labelled("time zone of the host", x.TimeZone),
			labelled("program", toolWords(x.Tool)), labelled("its file", x.SHA256),
			labelled("command line", strings.Join(x.Command, " ")))
		s.item(i)
	}
	if len(c.Sessions) == 0 {
		s.text("No session is recorded: who made this case is not known. Program: " + toolWords(c.Tool) + ".")
	}
	s.text("Times of this case are those of the host's clock, in UTC. By how much it differed from the clocks " +
		"of servers is in data/custody.jsonl, where it was measured; times of alerts, of the cluster and of " +
		"signatures are those of others, and the timeline names whose.")
	return s
}

// toolWords name a program with its version and revision.
func toolWords(t inspect.Tool) string {
	name := strings.TrimSpace(cmp.Or(t.Name, "backtrail") + " " + t.Version)
	if t.Revision != "" {
		name += " (" + t.Revision + ")"
	}
	return name
}

// sourceSection is what was read: the target as it was named, the cluster, and each image by its digests.
func sourceSection(c inspect.Case) section {
	s := section{title: "What was read"}
	t := table{head: []string{"what", "value"}}
	row := func(name, value string) {
		if value != "" {
			t.rows = append(t.rows, []cell{plainCell(name), codeCell(value)})
		}
	}
	row("target, as named", c.Target.Name)
	row("kind of target", string(c.Target.Kind))
	if dump, saved := c.Target.SavedDump(); saved {
		row("saved dump in place of a cluster", dump)
	} else {
		row("cluster, by its context", c.Target.Context)
	}
	if c.Pod != nil {
		row("pod", c.Pod.Namespace+"/"+c.Pod.Name)
		row("UID of the pod", c.Pod.UID)
		row("node", c.Pod.Node)
	}
	for _, i := range focusFirst(c) {
		row(i.Container+": reference", i.Reference)
		row(i.Container+": location", i.Location)
		row(i.Container+": index", i.Index)
		row(i.Container+": manifest", i.Digest)
		row(i.Container+": config", i.Config)
	}
	s.tableOf(t, maxRecord)
	return s
}

// bases are what each check rests on. Bytes are those of the image, each verified against its digest; what the cluster
// answers is authenticated by the connection alone.
var bases = map[string]string{
	inspect.CheckSubject: "cluster and registry", inspect.CheckWorkload: "cluster",
	inspect.CheckKnownGood: "cluster and journal",
	inspect.CheckCluster:   "cluster", inspect.CheckHelm: "cluster", inspect.CheckEvents: "cluster",
	inspect.CheckLogs: "cluster", inspect.CheckReach: "cluster", inspect.CheckSharing: "cluster and manifests",
	inspect.CheckWatch: "cluster", inspect.CheckPolicies: "policies and signatures",
	inspect.CheckSignatures: "signatures and trust roots", inspect.CheckSigningNorm: "registry",
	inspect.CheckProvenance: "attestations and trust roots", inspect.CheckDrift: "attestations of both images",
	inspect.CheckSignerHistory: "journal of this machine", inspect.CheckLayers: "image bytes",
	inspect.CheckBase: "image bytes and registry", inspect.CheckBinaries: "image bytes",
	inspect.CheckDiff: "bytes of both images", inspect.CheckAlertLocation: "image bytes and alerts",
	inspect.CheckRuntime: "checkpoint", inspect.CheckAutoruns: "image bytes", inspect.CheckLockFiles: "image bytes",
	inspect.CheckPackages: "image bytes", inspect.CheckPackageDiff: "bytes of both images",
	inspect.CheckAttachedSBOM: "documents of the publisher", inspect.CheckSBOMTruth: "image bytes and documents",
	inspect.CheckAdvisories: "image bytes and records", inspect.CheckVulnerabilities: "packages and a database",
	inspect.CheckAnswers: "the facts of the case",
}

// checkSection lists every check with what it rests on, when it ran, and how it ended.
func checkSection(c inspect.Case) section {
	s := section{title: "Checks"}
	t := table{head: []string{"check", "about", "result", "rests on", "started", "ended", "reason"}}
	for _, x := range c.Checks {
		result := string(x.Status)
		if x.Running() {
			result = "still running"
		}
		t.rows = append(t.rows, []cell{
			plainCell(x.Name), plainCell(cmp.Or(x.Container, "the case")), plainCell(result),
			plainCell(cmp.Or(bases[x.Name], "not known here")), plainCell(x.Started.Stamp()),
			plainCell(x.Ended.Stamp()),
			plainCell(x.Reason),
		})
	}
	s.tableOf(t, maxRecord)
	if len(c.Checks) == 0 {
		s.text("No check is recorded.")
	}
	return s
}

// redactionSection lists what was removed before the case recorded it. The digests are salted: whoever has the original
// and the salt can prove that they belong together, and a short secret cannot be guessed.
func redactionSection(c inspect.Case) section {
	s := section{title: "Redactions"}
	t := table{head: []string{"about", "where", "what", "salted digest of the original"}}
	for _, r := range c.Redactions {
		t.rows = append(t.rows, []cell{
			plainCell(cmp.Or(r.Container, "the case")), plainCell(r.Where), plainCell(r.Kind), codeCell(r.Original),
		})
	}
	for _, x := range c.Exhibits {
		for _, field := range x.Redacted {
			t.rows = append(t.rows, []cell{
				plainCell(x.Path), plainCell(field), plainCell("secret"),
				codeCell(x.Original),
			})
		}
	}
	s.tableOf(t, maxKept)
	if len(t.rows) == 0 {
		s.text("Nothing was removed.")
	}
	return s
}

// carriedSection lists the content of registries that the case names: whether this bag has it, or what became of it.
func carriedSection(c inspect.Case, b Bag) section {
	s := section{title: "Carried and left out"}
	if b.Has == nil {
		s.text("This report is in no bag. backtrail open CASE --export PATH writes one with the bytes.")
		return s
	}
	t := table{head: []string{"what", "of", "size", "digest", "in this bag"}}
	for _, x := range c.Blobs {
		where := b.find(c, x.Digest)
		switch {
		case where != "":
		case x.State == inspect.BlobCarried:
			where = "left out at the export"
		default:
			where = x.State
		}
		t.rows = append(t.rows, []cell{
			plainCell(x.Role), plainCell(x.Of), plainCell(text.Size(x.Size)), codeCell(x.Digest), codeCell(where),
		})
	}
	s.tableOf(t, maxRecord)
	s.text("data/blobs.jsonl lists every blob, data/exhibits.json what was collected besides, and " +
		"data/redactions.jsonl " +
		"what was removed from it.")
	return s
}

// custodySection has the head of the chain of custody, and the commands that check the bag without backtrail.
func custodySection(c inspect.Case, b Bag) section {
	s := section{title: "Custody, and how to check without backtrail"}
	if b.Has == nil {
		s.text("The chain of custody is written with the evidence bundle: data/custody.jsonl, each line with the " +
			"SHA-256 " +
			"of the line before it.")
		return s
	}
	head := b.Custody
	if hexOf(head) == "" {
		head = "not known"
	}
	s.text("Head of the chain of custody: " + head + ". Every line names the SHA-256 of the line before it, so " +
		"that this " +
		"digest fixes all of them; bag-info.txt has it too (Backtrail-Custody).")
	for _, x := range [][2]string{
		{"the files are those that were written", "sha256sum --check --strict --quiet tagmanifest-sha256.txt " +
			"manifest-sha256.txt"},
		{
			"the bag is the one that was announced: compare with the digest posted at the export",
			"sha256sum tagmanifest-sha256.txt",
		},
		{"the head of the chain of custody", `tail -n 1 data/custody.jsonl | tr -d '\n' | sha256sum`},
	} {
		s.item(item{bare: true, title: x[0], command: x[1]})
	}
	said := map[string]bool{}
	for _, i := range focusFirst(c) {
		if name := b.find(c, i.Digest); name != "" && !said[name] {
			said[name] = true
			s.item(item{
				bare: true, title: "the manifest of " + i.Container + " is " + i.Digest,
				command: "echo " + text.Quote(hexOf(i.Digest)+"  "+name) + " | sha256sum --check",
			})
		}
	}
	s.text("README.txt has these lines, and those for the signature and the images. backtrail verify computes " +
		"the claims " +
		"again from the bytes in the bag.")
	return s
}

// requestSection counts the requests of the case; each one is a line of the chain of custody.
func requestSection(c inspect.Case) section {
	s := section{title: "Requests"}
	t := table{head: []string{"host", "method", "requests", "failed", "bytes"}}
	for _, x := range c.Hosts {
		t.rows = append(t.rows, []cell{
			codeCell(x.Host), plainCell(x.Method), plainCell(strconv.Itoa(x.Count)), plainCell(strconv.Itoa(x.Failed)),
			plainCell(text.Size(x.Bytes)),
		})
	}
	s.tableOf(t, maxKept)
	s.text(text.Count(c.Requests, "request") + " to clusters and registries. Each is a line of " +
		"data/custody.jsonl in the " +
		"evidence bundle.")
	return s
}
