package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// required are the files without which a bag is no bundle of ours.
var required = []string{
	"data/case.json", "data/events.jsonl", "data/custody.jsonl", "data/blobs.jsonl",
	"data/report.html", "data/report.md",
}

// fitting compares the files of a bag with its manifests.
// It trusts nothing in the bag but SHA-256 and SHA-512: what the manifests list is what they are compared with, so
// that a bag whose maker lies can fit. Whether its claims follow is another question.
type fitting struct{ *verifier }

// run compares the files with the manifests, both ways, and what is named by a digest with its name.
// All defects are listed, not only the first: whoever investigates wants to see what was touched.
func (v *fitting) run() {
	before := len(v.out.Checks)
	v.declaration() // first: of a folder that is no bag the rest is hundreds of lines
	for _, d := range v.bag.files.Defects {
		v.fail("file", d.Subject, "%s", d.Detail)
	}
	v.hashFiles()
	v.manifests(bagit.TagManifest256, bagit.TagManifest512, isTagFile)
	v.manifests(bagit.Manifest256, bagit.Manifest512, bagit.IsPayload)
	v.oxum()
	v.parent()
	v.required()
	v.ownNames()
	v.blobLines()
	v.custody()
	if len(v.out.Checks) == before && v.ctx.Err() == nil {
		var total int64
		for _, s := range v.sums {
			total += s.Size
		}
		v.record("bag", v.out.TagManifest, inspect.Verified, BasisBytes,
			"all %d files (%d bytes) fit their manifests, by SHA-256 and SHA-512", len(v.sums), total)
	}
}

// declaration checks bagit.txt (RFC 8493, 2.1.1).
func (v *fitting) declaration() {
	text, err := v.bag.files.Read(bagit.DeclarationFile, MaxSmall)
	if err != nil {
		v.fail("file", bagit.DeclarationFile, "it is missing: this is no bag")
		return
	}
	// A transfer in text mode changes line ends; the tag manifest shows that it happened.
	if strings.ReplaceAll(string(text), "\r\n", "\n") != bagit.Declaration {
		v.fail("file", bagit.DeclarationFile, "it does not declare BagIt 1.0 in UTF-8")
	}
}

// hashFiles computes the digests of all files. Two names that differ by case only are a defect: one of the two would
// be lost on file systems that do not distinguish them.
func (v *fitting) hashFiles() {
	v.sums = map[string]bagit.FileSum{}
	seen := map[string]string{}
	for _, name := range v.bag.files.Names() {
		if v.ctx.Err() != nil {
			return
		}
		if other, twice := seen[strings.ToLower(name)]; twice {
			v.fail("file", name, "its name differs from %s by upper and lower case only", other)
		}
		seen[strings.ToLower(name)] = name
		sum, err := v.bag.files.Sum(v.ctx, name)
		if err != nil {
			v.fail("file", name, "it cannot be read: %v", err)
			continue
		}
		v.sums[name] = sum
	}
}

// isTagFile reports whether a file has to stand in the tag manifests: all but these, and signature and timestamp
// over one of them.
// A tag manifest lists neither itself nor another tag manifest (RFC 8493, 2.2.1).
func isTagFile(name string) bool {
	return !bagit.IsPayload(name) && name != bagit.TagManifest256 && name != bagit.TagManifest512 &&
		name != bagit.SignatureFile && name != bagit.TimestampFile
}

// manifests compares a pair of manifests with the files that it has to list.
// Both algorithms have to agree: a file that only one manifest lists could differ between tools that read one of them.
func (v *fitting) manifests(name256, name512 string, belongs func(string) bool) {
	want256, ok256 := v.manifest(name256, 64)
	want512, ok512 := v.manifest(name512, 128)
	for _, name := range slices.Sorted(maps.Keys(v.sums)) {
		if !belongs(name) {
			continue
		}
		sum := v.sums[name]
		a, in256 := want256[name]
		b, in512 := want512[name]
		switch {
		case ok256 && !in256, ok512 && !in512:
			v.fail("file", name, "it is extra: %s does not list it", pick(ok256 && !in256, name256, name512))
		case ok256 && a != sum.SHA256, ok512 && b != sum.SHA512:
			v.fail("file", name, "it was altered: its digest is not the one in %s", pick(ok256 && a != sum.SHA256,
				name256, name512))
		}
	}
	v.missing(name256, want256, belongs)
	// One name is reported once, though both manifests list it.
	if ok256 && ok512 {
		maps.DeleteFunc(want512, func(name, _ string) bool { _, both := want256[name]; return both })
	}
	v.missing(name512, want512, belongs)
}

// pick is a where first is true, else b.
func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// missing names the files that a manifest lists and that are not there, and those that do not belong into it.
func (v *fitting) missing(manifest string, want map[string]string, belongs func(string) bool) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !belongs(name) {
			v.fail("manifest", manifest, "it lists %s, which does not belong into it", name)
			continue
		}
		if !v.bag.files.Has(name) {
			v.fail("file", name, "it is missing: %s lists it", manifest)
		}
	}
}

// manifest reads a manifest and reports its defects. It returns false where it could not be read at all: then no file
// is compared with it.
func (v *fitting) manifest(name string, digits int) (map[string]string, bool) {
	text, err := v.bag.files.Read(name, bagit.MaxManifest)
	if err != nil {
		v.fail("manifest", name, "it cannot be read: %v", err)
		return nil, false
	}
	sums, defects := bagit.ParseManifest(text, digits)
	for _, d := range defects {
		v.fail("manifest", name, "%s", d)
	}
	return sums, true
}

// oxum compares the payload with bag-info.txt's Payload-Oxum.
func (v *fitting) oxum() {
	info := v.info()
	if info == nil {
		v.fail("file", bagit.InfoFile, "it is missing or cannot be read")
		return
	}
	var size int64
	files := 0
	for name, s := range v.sums {
		if bagit.IsPayload(name) {
			size, files = size+s.Size, files+1
		}
	}
	if have := fmt.Sprintf("%d.%d", size, files); info[infoOxum] != have {
		v.fail("file", bagit.InfoFile, "%s is %q; the payload is %s", infoOxum, info[infoOxum], have)
	}
}

// required checks that the files of every bundle are there, and that none is to be fetched: fetch.txt (RFC 8493,
// 2.2.3) would have bytes come from an address that whoever made the bag chose.
func (v *fitting) required() {
	names := required
	if v.kind != nil {
		names = v.kind.Required
	}
	for _, name := range names {
		if !v.bag.files.Has(name) {
			v.fail("file", name, "it is missing: every bundle has it")
		}
	}
	if v.bag.files.Has("fetch.txt") {
		v.fail("file", "fetch.txt", "it asks to fetch files from elsewhere; a bundle carries what it has")
	}
}

// digestFolders hold files whose names are the digests of their bytes.
var digestFolders = []string{
	"data/image/blobs/sha256/", "data/known-good/blobs/sha256/", "data/damaged/",
	"data/binaries/", "data/packages/", "data/facts/", "data/policies/",
}

// ownNames checks the files that are named by their digest.
// Everything that opens a blob of the bag by its digest rests on this.
func (v *fitting) ownNames() {
	for name, sum := range v.sums {
		for _, folder := range digestFolders {
			hex, inside := strings.CutPrefix(name, folder)
			if inside && hex != "index.json" && hex != sum.SHA256 {
				v.fail("blob", name, "its bytes are %s, not the digest in its name", sum.SHA256)
			}
		}
	}
}

// blobLines compares data/blobs.jsonl with the layouts: what it calls carried is there, and what is there it names.
// The state of a blob decides what is computed again and what is passed over, so it has to be true of the files.
func (v *fitting) blobLines() {
	r, err := v.bag.files.Stream("data/blobs.jsonl")
	if err != nil {
		return
	}
	defer r.Close()
	v.left = map[string]bool{}
	named := map[string]bool{}
	err = eachLine(r, func(n int, line []byte) error {
		var l blobLine
		if err := json.Unmarshal(line, &l); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		// An image whose configuration was left out on request is not opened; see comparison.leftAway for what that
		// takes.
		if l.State == blobLeftOut && l.Of == ofImage {
			v.left[l.Digest] = true
		}
		name := layoutFolder(l.Of) + "/blobs/sha256/" + bagit.HexOf(l.Digest)
		if l.State == blobDamaged {
			name = "data/damaged/" + bagit.HexOf(l.Actual)
		}
		named[name] = true
		there := v.bag.files.Has(name)
		if !there && (l.State == blobCarried || l.State == blobDamaged && l.Detail == "") {
			v.fail("blob", l.Digest, "data/blobs.jsonl calls it %s, and it is not there", l.State)
		}
		if there && l.State != blobCarried && l.State != blobDamaged {
			v.fail("blob", l.Digest, "data/blobs.jsonl calls it %s, and it is there", l.State)
		}
		return nil
	})
	if err != nil {
		v.fail("file", "data/blobs.jsonl", "it cannot be read: %v", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(v.sums)) {
		if strings.Contains(name, "/blobs/sha256/") && !named[name] {
			v.fail("blob", name, "data/blobs.jsonl does not name it")
		}
	}
}

// custody checks that the chain holds and ends at the head in bag-info.txt.
func (v *fitting) custody() {
	r, err := v.bag.files.Stream("data/custody.jsonl")
	if err != nil {
		return
	}
	defer r.Close()
	last, lines, err := checkCustody(r)
	switch {
	case err != nil:
		v.fail("custody", "data/custody.jsonl", "the chain breaks: %v", err)
	case lines == 0:
		v.fail("custody", "data/custody.jsonl", "there is nothing in it")
	case v.info()[infoCustody] != last:
		v.fail("custody", "data/custody.jsonl", "the chain ends at %s, not at the head in %s", last, bagit.InfoFile)
	}
}

// States of a parent in bag-info.txt, behind the digest of its tag manifest.
const (
	parentFits   = "fits"
	parentBroken = "does not fit"
)

// Unfit checks an opened bundle against its manifests, and returns what is wrong with it in one sentence; empty:
// nothing is. A bundle that was exported from one that did not fit is as doubtful as that one.
// It reads every byte of the bag once. err is that of ctx, and nothing else.
func Unfit(ctx context.Context, bag *Bag) (reason string, err error) {
	v := &verifier{ctx: ctx, bag: bag, out: Verification{}}
	status := v.part((&fitting{v}).run)
	if ctx.Err() != nil {
		return "", fmt.Errorf("checking the bundle %s: %w", bag.path, ctx.Err())
	}
	if status != inspect.Failed {
		return "", nil
	}
	first, more := "", 0
	for _, c := range v.out.Checks {
		switch {
		case c.Status != inspect.Failed:
		case first == "":
			first = c.Subject + ": " + c.Detail
		default:
			more++
		}
	}
	if more > 0 {
		first += fmt.Sprintf(" (and %d more)", more)
	}
	return first, nil
}

// ParentOf names a bundle as the parent of an export of the case in it, with the state in which it was found.
// reason is that of Unfit. A chain of exports carries a defect of its first bundle to the last.
func ParentOf(bag *Bag, reason string) string {
	if reason != "" {
		return bag.TagManifest() + " " + parentBroken + ": " + reason
	}
	return bag.TagManifest() + " " + parentFits
}

// parent fails a bag that was exported from one whose files did not fit its manifests.
func (v *fitting) parent() {
	parent := v.info()[infoParent]
	if _, state, _ := strings.Cut(parent, " "); strings.HasPrefix(state, parentBroken) {
		v.fail("parent", bagit.InfoFile, "it was exported from a bundle that was not intact: %s", parent)
	}
}
