package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// reJudged are the fields of a file's row that a comparison with the known-good changes: its layers are not in the bag.
var reJudged = []string{"codes", "status", "severity", "detail"}

// fileRows compares what the checks of the files and packages found.
// Rows that rest on data outside of the bag (vulnerabilities, candidates, the replies of stores, gates of the cluster,
// the contents of the known-good) are counted as claimed.
func (v *comparison) fileRows(i, again inspect.Image) {
	skip, hooks := []string{}, []string{}
	if i.Diff != nil && i.Diff.KnownGood != nil {
		skip, hooks = reJudged, append([]string{"new"}, reJudged...)
	}
	rows(v, "files", i.Container, inspect.CheckBinaries, i.Binaries, again.Binaries,
		func(b inspect.Binary) string { return b.Path }, skip...)
	rows(v, "files", i.Container, inspect.CheckBinaries, i.Altered, again.Altered,
		func(a inspect.Altered) string { return a.Path }, skip...)
	rows(v, "files", i.Container, inspect.CheckBinaries, i.Missing, again.Missing,
		func(m inspect.Missing) string { return m.Path }, skip...)
	claimed, found := v.settings(i.Container, i.Notable, again.Notable)
	rows(v, "setting", i.Container, inspect.CheckBinaries, claimed, found,
		func(s inspect.Setting) string { return s.Code + " " + s.Detail })
	rows(v, "package", i.Container, inspect.CheckPackages, i.Packages, again.Packages, func(p inspect.Package) string {
		return p.Type + " " + p.Name + " " + p.Version + " " + strings.Join(p.Locations, " ")
	})
	if v.ran(inspect.CheckBinaries, i.Container) {
		v.row("files", i.Container, v.ended(inspect.CheckBinaries, i.Container), i.Files, again.Files)
	} else {
		v.out.Claims.Claimed++
	}
	rows(v, "autorun", i.Container, inspect.CheckAutoruns, i.Autoruns, again.Autoruns, func(a inspect.Autorun) string {
		return a.Kind + " " + a.Path + " " + a.Command + " " + a.Trigger
	}, hooks...)
	rows(v, "lock", i.Container, inspect.CheckLockFiles, v.lockRows(i, again), again.Lock, lockKey)
	rows(v, "advisory", i.Container, inspect.CheckAdvisories, v.recorded(i.Advisories, again.Advisories),
		again.Advisories, advisoryKey)
	v.out.Claims.Claimed += len(i.Vulns) + len(i.Candidates) + len(i.Stores) + len(i.Gates) +
		comparedClaims(i.Diff)
}

// advisoryKey is what makes a row of an advisory the same.
func advisoryKey(a inspect.Advisory) string { return a.ID + " " + string(a.Kind) + " " + a.Subject }

// recorded are the rows of advisories that rest on a record in the bag. A window that a person named rests on their
// word, and a row without its record on nothing here: these are claimed.
func (v *comparison) recorded(all, again []inspect.Advisory) []inspect.Advisory {
	var rest []inspect.Advisory
	for _, a := range all {
		found := func(o inspect.Advisory) bool { return advisoryKey(o) == advisoryKey(a) }
		if a.Record == "" && !slices.ContainsFunc(again, found) {
			v.out.Claims.Claimed++
			continue
		}
		rest = append(rest, a)
	}
	return rest
}

// lockKey is what makes a row of a lock file the same.
func lockKey(l inspect.LockRow) string {
	return l.File + " " + l.Name + " " + l.Path + " " + string(l.Change)
}

// lockRows are the rows of lock files that the bytes in the bag can bear out. Where the image was compared with a
// known-good, others may follow from that one's lock files, which are not in the bag: these are claimed.
func (v *comparison) lockRows(i, again inspect.Image) []inspect.LockRow {
	if i.Diff == nil || i.Diff.KnownGood == nil || !v.ran(inspect.CheckLockFiles, i.Container) {
		return i.Lock
	}
	var rest []inspect.LockRow
	for _, l := range i.Lock {
		if slices.ContainsFunc(again.Lock, func(o inspect.LockRow) bool { return lockKey(o) == lockKey(l) }) {
			rest = append(rest, l)
		} else {
			v.out.Claims.Claimed++
		}
	}
	return rest
}

// comparedClaims counts what a comparison with the known-good states beyond files, which are compared by their
// listings: the other image's packages, config and signatures are not in the bag.
func comparedClaims(d *inspect.Diff) int {
	if d == nil {
		return 0
	}
	n := len(d.Settings) + len(d.Signers) + len(d.Provenance)
	if d.Packages != nil {
		n += len(d.Packages.Added) + len(d.Packages.Removed) + len(d.Packages.Changed)
	}
	return n
}

// listings compares the listings in the bag with those of the carried layers, read again.
func (v *comparison) listings() {
	for _, diffID := range slices.Sorted(maps.Keys(v.again.Listings)) {
		name := listingName(diffID)
		have, err := v.bag.Index(v.ctx, diffID)
		if err != nil {
			v.fail("listing", name, "the layer is in the bag, and its listing cannot be read: %v", err)
			continue
		}
		if at := differingEntry(have, v.again.Listings[diffID]); at != "" {
			v.fail("listing", name, "it is not what the layer in the bag contains: %s", at)
			continue
		}
		v.out.Claims.Recomputed += len(have)
		v.record("listing", name, inspect.Verified, BasisBytes, "its %d entries are those of the layer", len(have))
	}
}

// differingEntry names the first path at which two listings differ.
// The order counts: of two entries with one path the later one is unpacked over the earlier.
func differingEntry(have, want []inspect.Entry) string {
	for n, w := range want {
		if n >= len(have) {
			return "it lacks " + text.Clean(w.Path)
		}
		if _, differs := differences(have[n], w); len(differs) > 0 {
			return text.Clean(w.Path) + ": " + strings.Join(differs, "; ")
		}
	}
	if len(have) > len(want) {
		return "it has " + text.Clean(have[len(want)].Path) + " besides"
	}
	return ""
}

// countsAgain compares the counts of files of each layer with those of the listings.
func (v *comparison) countsAgain(i inspect.Image) {
	counted := v.again.Changes[i.Container]
	for _, l := range i.Layers {
		at := slices.IndexFunc(counted, func(o inspect.Layer) bool { return !o.Empty && o.Number == l.Number })
		if l.Empty {
			continue
		}
		if at < 0 {
			v.out.Claims.Claimed += 3
			continue
		}
		have, want := [3]int{l.Added, l.Modified, l.Removed}, [3]int{
			counted[at].Added, counted[at].Modified,
			counted[at].Removed,
		}
		v.listingRow("layer", fmt.Sprintf("%s layer %d files", i.Container, l.Number), v.ended(inspect.CheckLayers,
			i.Container), have, want)
	}
	if i.Diff == nil || i.Diff.Files == nil {
		return
	}
	if d := v.again.Files[i.Container]; d != nil {
		v.listingRow("diff", i.Container+" files", true, *i.Diff.Files, *d)
		return
	}
	v.out.Claims.Claimed += 4
}

// listingRow is row for what follows from listings.
func (v *comparison) listingRow(name, subject string, ended bool, claimed, found any) {
	same, differs := differences(claimed, found)
	v.out.Claims.Recomputed += same
	switch {
	case len(differs) == 0:
		v.record(name, subject, inspect.Verified, BasisListing, "it follows from the listings")
	case ended:
		v.record(name, subject, inspect.Failed, BasisListing, "by the listings %s", strings.Join(differs, "; "))
	default:
		v.record(name, subject, inspect.Absent, BasisListing, "the check did not end, so the case claims nothing")
	}
}

// windowed reports whether an image has a row of advisories without a record, from which findings may follow.
func windowed(check string, i inspect.Image) bool {
	return check == inspect.CheckAdvisories && slices.ContainsFunc(i.Advisories,
		func(a inspect.Advisory) bool { return a.Record == "" })
}

// comparing are the checks whose findings are judged anew by a comparison with the known-good, whose layers are not in
// the bag.
var comparing = []string{inspect.CheckBinaries, inspect.CheckAutoruns, inspect.CheckLockFiles}

// findings compares the findings of the checks that were run again; all others are claimed.
func (v *comparison) findings() {
	again := map[string]inspect.Finding{}
	for _, f := range v.again.Case.Findings {
		again[f.ID] = f
	}
	for _, f := range v.c.Findings {
		found, there := again[f.ID]
		delete(again, f.ID)
		// Which check a finding is of is a claim too: under the name of one that is not run again it would be believed.
		check, subject := f.Check, f.Subject
		if there {
			check, subject = found.Check, found.Subject
		}
		container, _, _ := strings.Cut(subject, ":")
		i, named := v.c.Image(container)
		compared := contains(comparing, check) && named && i.Diff != nil && i.Diff.KnownGood != nil
		switch {
		// One about a window that a person named rests on no record.
		case !v.ran(check, container) || !v.ended(check, container), !there && (compared || windowed(check, i)):
			v.out.Claims.Claimed++
		case !there:
			v.fail("finding", f.Subject, "%s: it does not come out again from the bytes in the bag", f.Code)
		default:
			skip := []string{}
			if compared {
				skip = []string{"status", "severity", "title", "detail", "evidence"} // the comparison judges them again
			}
			v.row("finding", f.Subject+" "+f.Code, true, f, found, skip...)
		}
	}
	for _, f := range v.again.Case.Findings {
		container, _, _ := strings.Cut(f.Subject, ":")
		i, named := v.c.Image(container)
		// A hook that an earlier image has too is none to report.
		calmed := f.Check == inspect.CheckAutoruns && named && i.Diff != nil && i.Diff.KnownGood != nil
		if _, left := again[f.ID]; left && !calmed && v.ran(f.Check, container) && v.ended(f.Check, container) {
			v.fail("finding", f.Subject, "%s comes out of the bytes in the bag, and the case does not have it", f.Code)
		}
	}
}

// settings leaves out what the case has by comparing the image with images that its machine had read before: these are
// not in the bag, so that it is a claim. Without them the same annotation of a base image comes out as not compared.
func (v *comparison) settings(container string, claimed, found []inspect.Setting) (_, _ []inspect.Setting) {
	past := false
	claimed = slices.DeleteFunc(slices.Clone(claimed), func(s inspect.Setting) bool {
		base := s.Code == inspect.CodeBaseMismatch || s.Code == inspect.CodeBaseImage && s.Basis == inspect.Seen
		if base || s.Code == inspect.CodeBuiltFrom {
			v.notInBag("setting", container+" "+s.Code, "what it was compared with, or would be, is not in the bag")
		}
		past = past || base
		return base || s.Code == inspect.CodeBuiltFrom
	})
	found = slices.DeleteFunc(slices.Clone(found), func(s inspect.Setting) bool {
		return past && s.Code == inspect.CodeBaseImage
	})
	return claimed, found
}

// carriesLayers reports whether the layers of all images of the case are in the bag.
func (v *comparison) carriesLayers() bool {
	for _, i := range v.c.Images {
		for _, l := range i.Layers {
			if !l.Empty && !v.carried(l.Digest) {
				return false
			}
		}
	}
	return true
}

// received compares alerts and the pod with the lines and the object that are kept.
func (v *comparison) received() {
	for _, a := range v.c.Alerts {
		found, there := v.again.Alerts[a.ID]
		if !there {
			v.notInBag("alert", a.ID,
				"its line is not in the bag, or is one result of a report, which does not name the pod")
			continue
		}
		skip := []string{
			"match", "subject", "why", "file", "count", "last", "variants", "also", "earlier", "number", "from", "raw",
			"title",
		}
		// What an interpreter was given to run is found again in the layers, and only where all of them are carried.
		if at := slices.IndexFunc(v.again.Case.Alerts, func(r inspect.Alert) bool { return r.ID == a.ID }); at >= 0 {
			found.Ran = v.again.Case.Alerts[at].Ran
		}
		if !v.carriesLayers() {
			skip = append(skip, "ran")
		}
		v.row("alert", a.ID, true, a, found, skip...)
	}
	v.leftOutAlerts()
	switch {
	case v.c.Pod == nil:
	case v.again.Pod == nil:
		v.notInBag("pod", v.c.Pod.Name, "its object is not in the bag")
	default:
		v.row("pod", v.c.Pod.Name, true, *v.c.Pod, *v.again.Pod, "owner", "reach", "others", "runtime", "kubelet",
			"selectors", "revisions", "phase", "containers")
		v.containers()
	}
	for _, f := range v.again.Answers {
		at := slices.IndexFunc(v.c.Answers, func(a inspect.Answer) bool { return a.Question == f.Question })
		if at < 0 {
			v.fail("answer", f.Question, "it follows from the facts of the case, and the case does not have it")
			continue
		}
		v.row("answer", f.Question, true, v.c.Answers[at], f)
	}
	if v.again.Answers == nil {
		v.out.Claims.Claimed += len(v.c.Answers)
	}
	v.out.Claims.Claimed += len(v.c.Timeline) + len(v.c.Notes) + len(v.c.Sessions) + v.c.Requests
}

// leftOutAlerts fails a case that lacks an alert whose line is in the bag: everything in a case follows from the alerts
// that it begins with. Lines that repeat an alert in other words are kept beside it and have no row of their own: a row
// of the same source and rule stands for them.
func (v *comparison) leftOutAlerts() {
	for _, id := range slices.Sorted(maps.Keys(v.again.Alerts)) {
		a := v.again.Alerts[id]
		if !slices.ContainsFunc(v.c.Alerts, func(o inspect.Alert) bool {
			return o.ID == id || o.Source == a.Source && o.Rule == a.Rule
		}) {
			v.fail("alert", id, "its line is in the bag, and the case does not have it: %s", a.Name())
		}
	}
}

// containers compares the containers of the pod with its object, both ways, and the image of each with what the node
// reported.
func (v *comparison) containers() {
	for _, c := range v.c.Pod.Containers {
		at := slices.IndexFunc(v.again.Pod.Containers, func(o inspect.Container) bool { return o.Name == c.Name })
		if at < 0 {
			v.fail("pod", c.Name, "the object in the bag has no container of this name")
			continue
		}
		v.row("pod", c.Name, true, c, v.again.Pod.Containers[at], "injected", "state", "last", "restarts", "mounts",
			"started")
		v.reported(c.Name, v.again.Pod.Containers[at].Digest())
	}
	for _, c := range v.again.Pod.Containers {
		if !slices.ContainsFunc(v.c.Pod.Containers, func(o inspect.Container) bool { return o.Name == c.Name }) {
			v.fail("pod", c.Name, "the object in the bag has this container, and the case does not")
		}
	}
}

// reported compares the image of a container with the digest that the node reported. A container without an image of
// the case is one only where the case is about another container.
// The node may report the digest of an index, of a manifest or of a configuration, by its runtime and its version.
func (v *comparison) reported(container, digest string) {
	i, ok := v.c.Image(container)
	switch {
	case !ok || !i.Named():
		if only := v.c.Target.Container; v.ended(inspect.CheckSubject, "") && (only == "" || only == container) {
			v.fail("image", container, "the object in the bag has this container, and the case does not name its image")
		}
	case digest == "" || i.Digest == "" || contains([]string{i.Digest, i.Index, i.Config}, digest):
	case !slices.ContainsFunc(i.Manifests, func(m inspect.Manifest) bool { return m.Digest == digest }):
		v.fail("image", container, "the node reported %s in the pod's status; the case is about %s", digest,
			cmp.Or(i.Index, i.Digest))
	}
}

// namedImages checks that every manifest that was kept as an image's is that of an image of the case.
func (v *comparison) namedImages() {
	named := map[string]bool{}
	for _, i := range v.c.Images {
		named[i.Digest], named[i.Index], named[i.Config] = true, true, true
		for _, m := range i.Manifests {
			named[m.Digest] = true
		}
	}
	for _, b := range v.c.Blobs {
		if (b.Role == "manifest" || b.Role == "config") && b.Of != ofKnownGood && b.State == blobCarried &&
			!named[b.Digest] {
			v.fail("image", b.Digest, "the bag carries this %s, and no image of the case has it", b.Role)
		}
		if sum, there := v.sums["data/image/blobs/sha256/"+bagit.HexOf(b.Digest)]; there && b.State == blobCarried {
			if b.Size != 0 && b.Size != sum.Size {
				v.fail("blob", b.Digest, "it has %d bytes and not %d", sum.Size, b.Size)
			} else {
				v.out.Claims.Recomputed++
			}
		}
	}
}
