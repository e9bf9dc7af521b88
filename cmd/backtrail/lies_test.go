package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/recompute"
)

// lie changes one field of the facts of a case. found is a part of the detail by which it is found; empty for a lie that
// nothing in the bag contradicts.
type lie struct {
	name  string
	tell  func(inspect.Fact) (inspect.Fact, bool)
	found string
}

// about makes a lie about facts of one kind; change reports whether it applies.
func about[T inspect.Fact](change func(*T) bool) func(inspect.Fact) (inspect.Fact, bool) {
	return func(f inspect.Fact) (inspect.Fact, bool) {
		x, is := f.(T)
		if !is || !change(&x) {
			return f, false
		}
		return x, true
	}
}

// set makes a lie that applies to every fact of a kind.
func set[T inspect.Fact](change func(*T)) func(inspect.Fact) (inspect.Fact, bool) {
	return about(func(f *T) bool {
		change(f)
		return true
	})
}

// demoMiner is the program that the demo's image has too much.
const demoMiner = "/var/tmp/.font/fontd"

func aboutMiner(change func(*inspect.Binary)) func(inspect.Fact) (inspect.Fact, bool) {
	return about(func(b *inspect.Binary) bool {
		if b.Path != demoMiner {
			return false
		}
		change(b)
		return true
	})
}

// lies are told together, group by group: each is a field of its own and has to be found by itself.
func lies() map[string][]lie {
	later := inspect.At(time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC))
	return map[string][]lie{
		"signatures": {
			{"identity", set(func(s *inspect.Signature) { s.Identity = "https://evil.example" }), "identity is"},
			{"issuer", set(func(s *inspect.Signature) { s.Issuer = "https://evil.example" }), "issuer is"},
			{"log index", set(func(s *inspect.Signature) { s.LogIndex += 7 }), "logIndex is"},
			{"log time", set(func(s *inspect.Signature) { s.IntegratedTime = later }), "integratedTime is"},
			{"subject", set(func(s *inspect.Signature) { s.Subject = "sha256:" + strings.Repeat("0", 64) }), "subject is"},
			{"kind", set(func(s *inspect.Signature) { s.Kind = "notation" }), "kind is"},
			{"status", set(func(s *inspect.Signature) { s.Status, s.Reason = inspect.Failed, "untrusted-root" }), "status is"},
			{"predicate", set(func(s *inspect.Signature) { s.PredicateType = "https://evil.example/v1" }), "predicateType is"},
			{"steps", set(func(s *inspect.Signature) { s.Steps = nil }), "steps is"},
			{"certificate", set(func(s *inspect.Signature) { s.Certificate = nil }), "certificate is"},
		},
		"layers": {
			{"size", set(func(l *inspect.Layer) { l.Size += 3 }), "size is"},
			{"media type", set(func(l *inspect.Layer) { l.MediaType = "text/plain" }), "mediaType is"},
			{"build step", set(func(l *inspect.Layer) { l.CreatedBy = "RUN true" }), "createdBy is"},
			{"time", set(func(l *inspect.Layer) { l.Created = later }), "created is"},
			{"status", about(func(l *inspect.Layer) bool { l.Status, l.Reason = inspect.Failed, "digest-mismatch"; return !l.Empty }), "status is"},
			{"no diff ID", about(func(l *inspect.Layer) bool { l.DiffID = ""; return !l.Empty }), "diffID is"},
			{"counts", about(func(l *inspect.Layer) bool { l.Added += 5; return !l.Empty && l.Status != inspect.Unknown }), "by the listings"},
		},
		"image": {
			{"time", set(func(i *inspect.ImageHead) { i.Created = later }), "created is"},
			{"configuration", set(func(i *inspect.ImageHead) { i.Settings.User = "nobody" }), "imageConfig is"},
			{"bytes", about(func(b *inspect.Blob) bool { b.Size++; return b.Role == "config" && b.Of != "known-good" }), "bytes and not"},
		},
		"reference": {
			{"of the policy", set(func(i *inspect.ImageHead) { i.Reference = "evil.example/x" }), "no policy in the bag"},
		},
		"files": {
			{"kind", aboutMiner(func(b *inspect.Binary) { b.Kind = inspect.KindScript }), "kind is"},
			{"size", aboutMiner(func(b *inspect.Binary) { b.Size = 1 }), "size is"},
			{"mode", aboutMiner(func(b *inspect.Binary) { b.Mode = "4755" }), "mode is"},
			{"build step", aboutMiner(func(b *inspect.Binary) { b.CreatedBy = "RUN true" }), "createdBy is"},
			{"owner", aboutMiner(func(b *inspect.Binary) { b.Owner = "coreutils" }), "owner is"},
			{"count", aboutMiner(func(b *inspect.Binary) { b.Count = 9 }), "count is"},
			{"altered: package", set(func(a *inspect.Altered) { a.Package = "coreutils" }), "package is"},
			{"altered: expected", set(func(a *inspect.Altered) { a.Expected = "md5:00" }), "expected is"},
			{"altered: actual", set(func(a *inspect.Altered) { a.Actual = "md5:00" }), "actual is"},
			{"totals", set(func(f *inspect.Files) { f.Owned++ }), "owned is"},
			{"totals: unowned", set(func(f *inspect.Files) { f.Unowned++ }), "unowned is"},
			{"setting", set(func(s *inspect.Setting) { s.Severity = inspect.Critical }), "severity is"},
		},
		"contents": {
			{"digest", aboutMiner(func(b *inspect.Binary) { b.SHA256 = strings.Repeat("0", 64) }), "sha256 is"},
			{"layer", aboutMiner(func(b *inspect.Binary) { b.Layer = 0 }), "layer is"},
		},
		"packages": {
			{"name", set(func(p *inspect.Packages) { p.List = renamed(p.List, 0, "evil") }), "does not come out again"},
			{"purl", set(func(p *inspect.Packages) { p.List = withPURL(p.List, 1, "pkg:deb/evil") }), "purl is"},
			{"layer", set(func(p *inspect.Packages) { p.List = inLayer(p.List, 2, 77) }), "layer is"},
		},
		"image left out": {
			{"of one container", leftOut("mesh-proxy"), "does not name its image"},
		},
		"container left out": {
			{"of the pod", set(func(p *inspect.Pod) { p.Containers = p.Containers[:1] }), "has this container, and the case does not"},
		},
		"difference": {
			{"added", about(func(d *inspect.Diff) bool { return moreFiles(d) }), "added is"},
			{"removed", about(func(d *inspect.Diff) bool { return moreFiles(d) }), "removed is"},
			{"changed", about(func(d *inspect.Diff) bool { return moreFiles(d) }), "changed is"},
			{"list", about(func(d *inspect.Diff) bool { return moreFiles(d) }), "list is"},
		},
		"alerts": {
			{"rule", set(func(a *inspect.Alert) { a.Rule = "Nothing happened" }), "rule is"},
			{"priority", set(func(a *inspect.Alert) { a.Priority = "Debug" }), "priority is"},
			{"time", set(func(a *inspect.Alert) { a.Time = later }), "time is"},
			{"output", set(func(a *inspect.Alert) { a.Output = "nothing" }), "output is"},
			{"namespace", set(func(a *inspect.Alert) { a.Namespace = "evil" }), "namespace is"},
			{"pod", set(func(a *inspect.Alert) { a.Pod = "evil" }), "pod is"},
			{"container", set(func(a *inspect.Alert) { a.ContainerID = "0123" }), "containerID is"},
			{"path", set(func(a *inspect.Alert) { a.Path = "/bin/true" }), "path is"},
			{"image", set(func(a *inspect.Alert) { a.Image = "evil" }), "image is"},
		},
		"pod": {
			{"uid", set(func(p *inspect.Pod) { p.UID = "evil" }), "uid is"},
			{"node", set(func(p *inspect.Pod) { p.Node = "evil" }), "node is"},
			{"created", set(func(p *inspect.Pod) { p.Created = later }), "created is"},
			{"reference", set(func(p *inspect.Pod) { p.Containers = otherImage(p.Containers) }), "reference is"},
			{"image ID", set(func(p *inspect.Pod) { p.Containers = otherImage(p.Containers) }), "imageID is"},
		},
		"conclusions": {
			{"answer", set(func(a *inspect.Answer) { a.Text = "nothing came from anywhere" }), "text is"},
			{"sentences", set(func(a *inspect.Answer) { a.Sentences = nil }), "sentences is"},
			{"code", about(func(f *inspect.Finding) bool { f.Code = "all-well"; return f.Check == "binaries" }), "code is"},
		},
		"hooks": {
			{"owner", set(func(a *inspect.Autorun) { a.Owner = "coreutils" }), "owner is"},
			{"layer", set(func(a *inspect.Autorun) { a.Layer += 5 }), "layer is"},
			{"build step", set(func(a *inspect.Autorun) { a.CreatedBy = "RUN true" }), "createdBy is"},
			{"digest", set(func(a *inspect.Autorun) { a.SHA256 = strings.Repeat("0", 64) }), "sha256 is"},
		},
		"command of a hook": {
			{"command", set(func(a *inspect.Autorun) { a.Command = "/bin/true" }), "does not come out again"},
		},
		"hooks left out": {
			{"all", gone[inspect.Autorun], "the case does not have it"},
		},
		"platform": {
			{"of the image", set(func(i *inspect.ImageHead) { i.Platform = "linux/s390x" }), "platform is"},
		},
		"expectation": {
			{"identity", set(func(x *inspect.Expected) { x.Identities, x.Issuers = []string{"evil"}, []string{"evil"} }), "signature"},
		},
		"gates": {
			{"policy", about(func(g *inspect.Gate) bool {
				g.Status = inspect.GateAbsent
				return g.Kind == inspect.GateKindImagePolicy
			}), "policy"},
		},
		"tags of signatures": {
			{"tag", about(func(b *inspect.Blob) bool { is := b.Tag != ""; b.Tag = "other"; return is }), "signature"},
		},
		"findings of binaries": {
			{"evidence", about(func(f *inspect.Finding) bool { f.Evidence = nil; return f.Check == "binaries" }), "finding"},
		},
		"findings left out": {
			{"all of binaries", func(f inspect.Fact) (inspect.Fact, bool) {
				if x, is := f.(inspect.Finding); is && x.Check == "binaries" {
					return nil, true
				}
				return f, false
			}, "the case does not have it"},
		},
		"alerts left out": {
			{"all", gone[inspect.Alert], "its line is in the bag"},
		},
		"signatures left out": {
			{"all", gone[inspect.Signature], "the case does not name it"},
		},
		"packages left out": {
			{"all", gone[inspect.Packages], "the case does not have it"},
		},
		"layers of the base": {
			{"base", set(func(l *inspect.Layer) { l.Base = !l.Base }), "answer"},
		},
		"claimed: what was looked for": {
			{"a store", set(func(s *inspect.StoreReply) { s.Detail = "nothing here" }), ""},
			{"a candidate", set(func(c *inspect.Candidate) { c.Why = "it looks well" }), ""},
			{"where a trust root is from", set(func(x *inspect.Trust) { x.Name = "elsewhere" }), ""},
			{"where an exhibit is from", set(func(x *inspect.Exhibit) { x.Source = "elsewhere" }), ""},
			{"the program's digest", set(func(s *inspect.Session) { s.SHA256 = "sha256:" + strings.Repeat("0", 64) }), ""},
			{"the command line", set(func(s *inspect.Session) { s.Command = []string{"backtrail"} }), ""},
		},
		"claimed": {
			{"a moment", set(func(m *inspect.Moment) { m.What = "all is well" }), ""},
			{"who worked on it", set(func(s *inspect.Session) { s.Operator = "somebody else" }), ""},
			{"a request", set(func(r *inspect.Request) { r.URL = "https://evil.example/" }), ""},
			{"the owner of the pod", set(func(p *inspect.Pod) { p.Reach.ServiceAccount = "evil" }), ""},
			{"the way to the image", set(func(i *inspect.ImageHead) { i.Location = "evil.example/x" }), ""},
		},
	}
}

// gone leaves out all facts of a kind.
func gone[T inspect.Fact](f inspect.Fact) (inspect.Fact, bool) {
	if _, is := f.(T); is {
		return nil, true
	}
	return f, false
}

func renamed(list []inspect.Package, at int, name string) []inspect.Package {
	return changed(list, at, func(p *inspect.Package) { p.Name = name })
}

func withPURL(list []inspect.Package, at int, purl string) []inspect.Package {
	return changed(list, at, func(p *inspect.Package) { p.PURL = purl })
}

func inLayer(list []inspect.Package, at, layer int) []inspect.Package {
	return changed(list, at, func(p *inspect.Package) { p.Layer = layer })
}

func changed(list []inspect.Package, at int, change func(*inspect.Package)) []inspect.Package {
	list = append([]inspect.Package{}, list...)
	if at < len(list) {
		change(&list[at])
	}
	return list
}

// leftOut takes the image of a container out of a case. A nil fact is left out of the ledger.
func leftOut(container string) func(inspect.Fact) (inspect.Fact, bool) {
	return func(f inspect.Fact) (inspect.Fact, bool) {
		i, is := f.(inspect.ImageHead)
		if !is || i.Container != container {
			return f, false
		}
		return nil, true
	}
}

func moreFiles(d *inspect.Diff) bool {
	if d.Files == nil {
		return false
	}
	more := *d.Files
	more.Added, more.Removed, more.Changed, more.List = more.Added+1, more.Removed+1, more.Changed+1, nil
	d.Files = &more
	return true
}

func otherImage(list []inspect.Container) []inspect.Container {
	list = append([]inspect.Container{}, list...)
	for n := range list {
		list[n].Reference, list[n].ImageID = "evil.example/x:1", "evil.example/x@sha256:"+strings.Repeat("0", 64)
	}
	return list
}

// told writes a bag of the demo's case in which some facts are lies, with all that follows from the ledger written anew.
func told(t *testing.T, bag *evidence.Bag, group []lie) string {
	t.Helper()
	var events bytes.Buffer
	applied, prev, seq := make([]bool, len(group)), "", uint64(0)
	err := bag.Replay()(t.Context(), func(e inspect.Event) {
		for n, l := range group {
			if fact, is := l.tell(e.Fact); is {
				e.Fact, applied[n] = fact, true
			}
		}
		if e.Fact == nil {
			return
		}
		seq++
		e.Seq, e.Prev = seq, prev
		line, err := json.Marshal(e)
		if err != nil {
			t.Error(err)
			return
		}
		sum := sha256.Sum256(line)
		prev = "sha256:" + hex.EncodeToString(sum[:])
		events.Write(append(line, '\n'))
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, is := range applied {
		if !is {
			t.Errorf("%s: the demo has no such fact", group[n].name)
		}
	}
	to := filepath.Join(t.TempDir(), "bag")
	_, err = evidence.Export(t.Context(), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(events.Bytes())), nil },
		bag, to, evidence.Options{Layers: evidence.LayersAll, Case: bag.ID(), Documents: imageDocuments})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// demoBag exports the demo's case with all layers.
func demoBag(t *testing.T) *evidence.Bag {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, t.TempDir())
	}
	path := filepath.Join(t.TempDir(), "demo")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"demo", "--export", path, "--layers", "all", "-o", "brief"}, streams{in: strings.NewReader(""), out: &out, err: &errs}); code != exitFailed {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	bag, err := evidence.OpenBag(t.Context(), path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bag.Close() })
	return bag
}

func verified(t *testing.T, path string) evidence.Verification {
	t.Helper()
	v, err := evidence.Verify(t.Context(), path, evidence.VerifyOptions{
		Tool: tool(), Known: []string{demo.RootDigest()}, Documents: imageDocuments, Rerun: recompute.Bundle{}.Run,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func details(v evidence.Verification, status inspect.Status) string {
	var b strings.Builder
	for _, c := range v.Checks {
		if c.Status == status {
			b.WriteString(c.Name + " " + c.Subject + ": " + c.Detail + "\n")
		}
	}
	return b.String()
}

// TestEveryLieIsFoundOrClaimed rewrites the ledger of a bag and everything that follows from it, so that the bag fits and
// agrees with itself: only other bytes in it contradict.
func TestEveryLieIsFoundOrClaimed(t *testing.T) {
	bag := demoBag(t)
	honest := verified(t, bag.Path())
	if honest.Status != inspect.Verified || honest.Claims.Failed > 0 || honest.Claims.Recomputed < 500 {
		t.Errorf("the honest bag: %s, %+v\n%s%s", honest.Status, honest.Claims, details(honest, inspect.Failed), details(honest, inspect.Unknown))
	}
	n := 0
	for name, group := range lies() {
		n += len(group)
		v := verified(t, told(t, bag, group))
		failed := details(v, inspect.Failed)
		if v.Fits != inspect.Verified {
			t.Errorf("%s: the files do not fit: %s", name, failed)
		}
		for _, l := range group {
			switch {
			case l.found == "" && failed != "":
				t.Errorf("%s: %s is contradicted by nothing, and fails: %s", name, l.name, failed)
			case l.found == "" && v.Claims.Claimed == 0:
				t.Errorf("%s: %s is not counted as claimed", name, l.name)
			case !strings.Contains(failed, l.found):
				t.Errorf("%s: %s is not found:\n%s", name, l.name, failed)
			}
		}
	}
	if n < 60 {
		t.Errorf("%d lies", n)
	}
}
