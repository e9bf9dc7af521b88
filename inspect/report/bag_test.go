package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// bagOf is a bag with some files.
func bagOf(names ...string) Bag {
	return Bag{Has: func(name string) bool { return slices.Contains(names, name) }, Custody: digestB}
}

// Every claim names its bytes in the bag, or why they are not there, with one command that checks it.
func TestEvidenceIsNamedByItsPlaceInTheBag(t *testing.T) {
	c := incidentCase()
	i := c.Images[0]
	file := inspect.Evidence{Kind: "file", Path: "/var/tmp/.font/x", Digest: "sha256:" + sumD}
	layer := inspect.Evidence{Kind: "layer", Digest: digestB}
	for name, tt := range map[string]struct {
		bag            Bag
		e              inspect.Evidence
		where, command string
	}{
		"a file": {
			bagOf("data/binaries/" + sumD), file, "in this bag: data/binaries/" + sumD,
			"echo '" + sumD + "  data/binaries/" + sumD + "' | sha256sum --check",
		},
		"a file that is left out": {
			bagOf(), file, "not in this bag: only files that need a look are carried, within bounds " +
				"(data/binaries/index.json)",
			"crane export registry.example/shop/web@" + digestA + " - | tar -xOf - var/tmp/.font/x | sha256sum | " +
				"grep " + sumD,
		},
		"a layer with its listing": {
			bagOf("data/index/" + hexOf(digestC) + ".jsonl.gz"), layer,
			"not in this bag: left out at the export; its listing is data/index/" + hexOf(digestC) + ".jsonl.gz",
			"crane blob registry.example/shop/web@" + digestB + " | sha256sum | grep " + hexOf(digestB),
		},
		"a layer that the registry has no more": {
			bagOf(),
			inspect.Evidence{Kind: "layer", Digest: digestC},
			"not in this bag: it is missing",
			"crane blob registry.example/shop/web@" + digestC + " | sha256sum | grep " + hexOf(digestC),
		},
		"an exhibit": {
			bagOf("data/cluster/pod.json"),
			inspect.Evidence{Kind: "pod", Digest: digestA},
			"in this bag: data/cluster/pod.json", "echo '" + hexOf(digestA) +
				"  data/cluster/pod.json' | sha256sum --check",
		},
		"no digest": {
			bagOf(),
			inspect.Evidence{Kind: "alert", Text: "x"},
			"not in this bag: the claim names no digest; it rests on the record, data/events.jsonl", "",
		},
		"no bag": {Bag{}, inspect.Evidence{Kind: "pod"}, "", ""},
	} {
		if where, command := tt.bag.place(c, i, tt.e); where != tt.where || command != tt.command {
			t.Errorf("%s: %s; %s", name, where, command)
		}
	}
}

// What an image names never becomes a part of a command, and nothing is fetched of an image that is in no registry.
func TestCommandsOfEvidenceAreQuoted(t *testing.T) {
	i := inspect.Image{ImageHead: inspect.ImageHead{Location: "r.example/a@" + digestA}}
	e := inspect.Evidence{Kind: "file", Path: "/tmp/$(id); rm -rf 'x'", Digest: digestB}
	if got := fetched(i, e, hexOf(e.Digest)); !strings.Contains(got, `'tmp/$(id); rm -rf '\''x'\'''`) {
		t.Error(got)
	}
	for _, location := range []string{
		"", "oci:/srv/x@" + digestA, "/srv/x.tar", "docker-archive:x@" + digestA,
		"a b@" + digestA,
	} {
		i.Location = location
		if got := fetched(i, e, hexOf(e.Digest)); got != "" {
			t.Errorf("%q: %s", location, got)
		}
	}
	for _, bad := range []string{"", "sha256:", "md5:00", "sha256:" + strings.Repeat("z", 64), strings.Repeat("A",
		64)} {
		if hexOf(bad) != "" {
			t.Errorf("%q is taken for a digest", bad)
		}
	}
}

// The audit record of a report in a bag has the head of its chain of custody, what is carried, and the commands of
// standard tools.
func TestTheAuditRecordOfABag(t *testing.T) {
	c := incidentCase()
	c.Sessions = []inspect.Session{{
		Operator: "ada", CaseNumber: "IR-7", Host: "laptop", TimeZone: "CET +0100", SHA256: digestC,
		Tool: inspect.Tool{Name: "backtrail", Version: "1", Revision: "abc"}, Command: []string{"backtrail", "inspect"},
	}}
	c.Redactions = []inspect.Redaction{{
		Container: "web", Where: "image imageConfig.env", Kind: "password",
		Original: "hmac-sha256:00",
	}}
	c.Hosts = []inspect.HostRequests{{Host: "registry.example", Method: "GET", Count: 3, Failed: 1, Bytes: 5}}
	var page, md bytes.Buffer
	b := bagOf("data/image/blobs/sha256/" + hexOf(digestA))
	if err := b.HTML(&page, c); err != nil {
		t.Fatal(err)
	}
	if err := b.Markdown(&md, c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Head of the chain of custody: " + digestB, "session 1: ada on laptop", "IR-7", "hmac-sha256:00",
		"sha256sum --check --strict --quiet tagmanifest-sha256.txt", "data/image/blobs/sha256/" + hexOf(digestA),
		"left out at the export", "registry.example",
	} {
		for form, text := range map[string]string{
			"page":     strings.ReplaceAll(page.String(), "<wbr>", ""),
			"markdown": md.String(),
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in it", form, want)
			}
		}
	}
	for _, parts := range [][]string{
		{"## Summary for decisions", "## Findings and evidence", "## Audit record", "## Annex"},
	} {
		last := -1
		for _, p := range parts {
			at := strings.Index(md.String(), p)
			if at <= last {
				t.Errorf("%q is not in its place", p)
			}
			last = at
		}
	}
}
