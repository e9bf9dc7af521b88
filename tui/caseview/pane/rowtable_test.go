package pane

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What y copies is in full, whatever the screen had room for; where a row leads is a file that the image has.
func TestWhatRowsCopyAndWhereTheyLead(t *testing.T) {
	v := incident()
	for _, c := range []struct {
		pane        Kind
		id          string
		copies, to  string
		layer       int
		mark        string
		ofContainer string
	}{
		{Overview, "group:layer:web:2", "kubectl annotate pod web-1 -n shop hold=true", miner, 2, "", "web"},
		{Overview, "finding:f3", "no signature is valid", "", -1, "f3", "web"},
		{Overview, "alert:a1", "exe=" + miner, miner, 2, "a1", "web"},
		{Overview, "check:vulnerabilities:web", "vulnerabilities of web: no database", "", -1, "", "web"},
		{Overview, "answer:where-from", "layer 2, COPY fonts/ /", "", -1, "", ""},
		{Overview, "next:0", "kubectl annotate pod web-1 -n shop hold=true", "", -1, "", ""},
		{Overview, "exhibit:logs/web.log", "sha256:10", "", -1, "", ""},
		{Layers, MergedID, "sha256:32e45c9a7ba9d1c0", "", MergedTree, "", "web"},
		{Layers, "layer:2", "sha256:1a000", "", 2, "", "web"},
		{Signatures, "signature:g1", "release@shop.example", "", -1, "g1", "web"},
		{
			Signatures, "gate:shop-images", "shop-images: namespace shop lacks policy.sigstore.dev/include=true", "", -1,
			"",
			"web",
		},
		{Signatures, "store:referrers:sha256:32e45c9a7ba9d1c0", "sha256:32e45c9a7ba9d1c0", "", -1, "", "web"},
		{Provenance, "provenance:p1", "00ddf00ddf00ddf0", "", -1, "p1", "web"},
		{Packages, "advisory:xz-2024-03:package:xz-utils 5.6.1-1", "xz-2024-03", "", 1, "xz-2024-03", "web"},
		{Packages, "changed:deb:procps:4.0.4-1", "procps 4.0.4-2", replica, 2, "", "web"},
		{
			Packages, "package:+deb:xz-utils:5.6.1-1:", "pkg:deb/debian/xz-utils@5.6.1-1", "", 1,
			"pkg:deb/debian/xz-utils@5.6.1-1", "web",
		},
		{Packages, "file:" + miner, miner, miner, 2, miner, "web"},
		{Binaries, "binary:" + miner, "5f0a", miner, 2, miner, "web"},
		{Binaries, "altered:" + replica, "md5:ff", replica, 2, replica, "web"},
		{Binaries, "missing:/usr/bin/ps", "/usr/bin/ps", "", 1, "/usr/bin/ps", "web"},
		{
			Timeline, "moment:" + ago(12).String() + "alert: Drop and executesyscall",
			"2026-03-14 03:08:00Z alert: Drop and execute", miner, 2, "a1", "web",
		},
		{BlastRadius, "container:web", "sha256:32e45c9a7ba9d1c0", "", -1, "", "web"},
		{BlastRadius, "owner:rs", "web-6d4", "", -1, "", ""},
		{
			Autoruns, "autorun:preload:/etc/ld.so.preload:/usr/lib/libfont.so", "/etc/ld.so.preload", "/etc/ld.so.preload",
			2,
			"/etc/ld.so.preload", "web",
		},
		{Autoruns, "autorun:entrypoint::/app/start.sh", "/app/start.sh", "", -1, "/app/start.sh", "web"},
	} {
		r := find(t, c.pane.Listed(v), c.id)
		got := fmt.Sprintf("copies %q, leads to %q in layer %d, is marked as %q, of %q", r.Value, r.Path, r.Layer,
			r.Mark,
			r.Container)
		want := fmt.Sprintf("copies %q, leads to %q in layer %d, is marked as %q, of %q", c.copies, c.to, c.layer,
			c.mark,
			c.ofContainer)
		if got != want {
			t.Errorf("%s\n   %s\nnot %s", c.id, got, want)
		}
	}
}

// The filter finds a row by what a responder has at hand: a path, a digest, a code, a severity, a package, a rule.
func TestTheFilterFindsRowsByWhatIsKnownOfThem(t *testing.T) {
	v := incident()
	for _, c := range []struct {
		pane  Kind
		words string
		id    string
	}{
		{Overview, "top does not match", "group:layer:web:2"},
		{Overview, "signature-invalid high", "finding:f3"},
		{Overview, "drop fontd", "alert:a1"},
		{Overview, "no database", "check:vulnerabilities:web"},
		{Overview, "blocked", "answer:why-missed"},
		{Overview, "collected web.log", "exhibit:logs/web.log"},
		{Layers, "apt-get", "layer:1"},
		{Layers, "sha256:d1000", "layer:2"},
		{Signatures, "cosign tag", "signature:g1"},
		{Signatures, "include=true", "gate:shop-images"},
		{Provenance, "slsa.dev fork", "provenance:p1"},
		{
			Packages, "spoof package-lock",
			"lock:/app/package-lock.json:left-pad:/app/node_modules/left-pad:version-spoof",
		},
		{Binaries, "hidden-path critical", "binary:" + miner},
		{Binaries, "5f0a", "binary:" + miner},
		{Binaries, "altered procps", "altered:" + replica},
		{Binaries, "missing", "missing:/usr/bin/ps"},
		{Timeline, "alert syscall", "moment:" + ago(12).String() + "alert: Drop and executesyscall"},
		{BlastRadius, "privileged", "reach:privilege:web: privileged"},
		{Autoruns, "new preload loader-hijack", "autorun:preload:/etc/ld.so.preload:/usr/lib/libfont.so"},
	} {
		var found []string
		for _, r := range c.pane.Listed(v) {
			text := strings.ToLower(r.Find())
			if !slices.ContainsFunc(strings.Fields(c.words),
				func(w string) bool { return !strings.Contains(text, w) }) {
				found = append(found, r.Key())
			}
		}
		if !slices.Contains(found, c.id) {
			t.Errorf("%s: %q finds %q, not %s", c.pane.Spec().Name, c.words, found, c.id)
		}
	}
}

// v shows what was received. Where nothing was, the object of the row stands in for it, and it is never empty.
func TestEveryRowHasSomethingBehindIt(t *testing.T) {
	v := incident()
	for k := range Count {
		for _, r := range k.Listed(v) {
			if r.Key() == "moment:now" || r.Key() == "vulnerabilities" {
				continue // they are ours, and no fact
			}
			parts := r.Parts()
			if len(parts) == 0 || parts[0].Name == "" && len(parts[0].Text) == 0 {
				t.Errorf("%s: nothing is behind %s", k.Spec().Name, r.Key())
			}
			if len(parts) > 0 && &parts[0] == firstOf(r.Raw) {
				t.Errorf("%s: the parts of %s share memory with the row", k.Spec().Name, r.Key())
			}
		}
	}
	exhibit := find(t, Overview.Listed(v), "exhibit:logs/web.log").Parts()
	if len(exhibit) != 1 || exhibit[0].Digest != "sha256:10" || exhibit[0].Name != "logs/web.log" {
		t.Errorf("behind the log is %+v", exhibit)
	}
}

// firstOf is the address of the first item, nil for none.
func firstOf[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// A file that is shown in Binaries, in the comparison and in an alert leads to the same finding.
func TestAFileLeadsToItsFindingFromEverywhere(t *testing.T) {
	v := incident()
	for _, r := range slices.Concat(Binaries.Listed(v), Packages.Listed(v), Overview.Listed(v)) {
		if r.Path != miner || r.Heads {
			continue
		}
		if id, group := v.FindingOf(r.Path); id != "finding:f1" || group != "layer:web:2" {
			t.Errorf("%s leads to finding %q of group %q", r.Key(), id, group)
		}
	}
	if id, _ := v.FindingOf("/etc/passwd"); id != "" {
		t.Errorf("a file without a finding leads to %q", id)
	}
}

// A moment of an alert is the alert: its detail, what was received, the file; one of anything else is only a time.
func TestAnAlertOnTheTimelineLeadsToItsDetail(t *testing.T) {
	v := incident()
	again := v.Case.Alerts[0]
	again.ID, again.Rule, again.Time, again.Last, again.Count = "a2", "Shell", ago(10), ago(3), 7
	v.Case.Apply(on("alert", "", again))
	rows := Timeline.Listed(v)
	first := find(t, rows, "moment:"+ago(12).String()+"alert: Drop and executesyscall")
	has(t, "the alert", line(v, first, 90), "● alert: Drop and execute ×3")
	has(t, "its detail", detail(v, first), "Where the file is", "As received", "exe="+miner, "count       3")
	second := find(t, rows, "moment:"+ago(10).String()+"alert: Shellsyscall")
	has(t, "the other", line(v, second, 90), "● alert: Shell ×7, the last at 03:17:00Z")
	has(t, "its detail", detail(v, second), "last        2026-03-14 03:17:00Z")
	if r := find(t, rows, "moment:"+ago(60).String()+"pod createdmetadata"); r.Path != "" || r.Mark != "" {
		t.Errorf("the start of the pod leads to %q", r.Path)
	}
	// an older bundle has a moment of one alert among its facts: the others are still on the axis
	v.Case.Apply(on("alert", "", inspect.Moment{Time: ago(12), What: "alert", Trust: inspect.ByAlert}))
	find(t, Timeline.Listed(v), "moment:"+ago(10).String()+"alert: Shellsyscall")
}

// Rows of other pods lead to them; rows of what the pod itself has do not.
func TestRowsOfOtherPods(t *testing.T) {
	v := incident()
	v.Case.Pod.Reach.Shared.Digest = inspect.PodGroup{Count: 30, Pods: []string{"shop/web-2", "blog/web-3"}}
	for _, c := range []struct{ row, pod string }{
		{"reach:same node:shop/cart-0", "shop/cart-0"},
		{"reach:same image:shop/web-2", "shop/web-2"},
		{"reach:same image:blog/web-3", "blog/web-3"},
		{"reach:same image:and 28 more", ""},
		{"reach:secret:web-db: env DB_PASSWORD in web", ""},
		{"reach:account:web", ""},
		{"container:web", ""},
	} {
		r := find(t, BlastRadius.Listed(v), c.row)
		if r.Pod != c.pod {
			t.Errorf("%s leads to %q, not to %q", c.row, r.Pod, c.pod)
		}
		if text := detail(v, r); strings.Contains(text, "enter copies") != (c.pod != "") {
			t.Errorf("%s reads\n%s", c.row, text)
		}
	}
}

// A package leads to the file of it that something was found about, and a file to the package that owns it.
func TestAPackageLeadsToItsFilesAndBack(t *testing.T) {
	v := incident()
	v.Case.Apply(on("binaries", "web", inspect.Binary{
		Path: "/usr/bin/xz", Owner: "xz-utils 5.6.1-1", Layer: 1,
		Severity: inspect.High, Codes: []string{"gained"},
	}))
	v.Whole = true
	v.Case.Apply(on("packages", "web", inspect.Packages{List: []inspect.Package{
		{Type: "deb", Name: "procps", Version: "4.0.4-2", Layer: 1},
		{Type: "deb", Name: "xz-utils", Version: "5.6.1-1"},
		{Type: "npm", Name: "left-pad", Version: "1.3.1", Locations: []string{"/app/left-pad/package.json"}, Layer: 2},
		{Type: "go-module", Name: "stdlib", Version: "1.2", Locations: []string{"pkg:golang/stdlib"}, Layer: 2},
	}}))
	rows := Packages.Listed(v)
	for _, c := range []struct {
		name, path string
		layer      int
	}{
		{"procps", replica, 2},
		{"xz-utils", "/usr/bin/xz", 1},
		{"left-pad", "/app/left-pad/package.json", 2},
		{"stdlib", "", 2},
	} {
		id := PackageOf(rows, c.name)
		r := find(t, rows, id)
		if r.Path != c.path || r.Layer != c.layer {
			t.Errorf("%s leads to %q in layer %d, not to %q in layer %d", c.name, r.Path, r.Layer, c.path, c.layer)
		}
	}
	for path, want := range map[string]string{
		replica: "procps", "/usr/bin/xz": "xz-utils", "/usr/bin/ps": "procps",
		miner: "", "/none": "", "": "",
	} {
		if got := v.OwnerOf(path); got != want {
			t.Errorf("%q is of %q, not of %q", path, got, want)
		}
	}
	if id := PackageOf(rows, ""); id != "" {
		t.Errorf("no name finds the row %q", id)
	}
}

// A bill of materials is compared with what is there, in numbers; one that was not compared claims nothing.
func TestABillOfMaterialsIsReadAgainstTheImage(t *testing.T) {
	v := incident()
	row := func(b inspect.SBOM) string { return detail(v, sbomRow(v, b)) }
	b := inspect.SBOM{Origin: "attached", Format: "spdx-json", Packages: 9, Status: inspect.Unknown, Reason: "unsigned"}
	if text := row(b); strings.Contains(text, "Against") {
		t.Errorf("one that was not compared reads\n%s", text)
	}
	b.Truth = &inspect.SBOMTruth{
		Confirmed: 7, OtherVersion: 1, Missing: 1, Hidden: 2,
		Examples: []string{"xz-utils 5.6.1-1 is not listed\x1b[2J"},
	}
	text := row(b)
	has(t, "the comparison", text, "Against what is in the image",
		"7 as listed, 1 in another version, 1 listed and not there, 2 there and not listed",
		"• xz-utils 5.6.1-1 is not listed␛[2J")
	if strings.Contains(text, "files  ") {
		t.Errorf("no file was compared, and files are counted:\n%s", text)
	}
	b.Truth.FilesAltered = 3
	has(t, "with files", row(b), "0 as listed, 3 with other content, 0 not there")
}

func ExampleKind_Listed() {
	v := incident()
	for _, r := range Binaries.Listed(v) {
		fmt.Println(line(v, r, 64))
	}
	// Output:
	// CRIT   /var/tmp/.font/fontd       unowned hidden-pa… elf      L2
	// HIGH   /usr/bin/top               does not match pr… altered  L2
	// MED    /usr/bin/ps                listed by procps … missing  L1
}

func ExampleView_Why() {
	v := folded(ended("binaries", inspect.CheckBlocked, "getting layer 2: 404")...)
	status, why := v.Why(Binaries, false)
	fmt.Println(status, "·", why)
	// Output: unknown · could not run: getting layer 2: 404
}
