package respond

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Preserved is, of one kind of thing, what is kept, since when, and what is not. Kept and Lost may both be above 0:
// some logs were read and others were refused.
type Preserved struct {
	Word  string // of one: event, log, layer
	Kept  int
	First inspect.Time // when the first of them was kept
	Last  inspect.Time // when the last of them was
	Lost  int          // how many could not be kept
	Whole bool         // nothing of this kind could be kept, and how many there are is not known
	Why   []string
}

// The kinds of things, in the order in which they vanish. The words are of one, and screens make their plurals; a new
// kind needs its place in PreservedOf as well.
const (
	keptPod       = "pod object"
	keptEvent     = "event"
	keptLog       = "log"
	keptAlert     = "alert"
	keptObject    = "cluster object" // owners, revisions, policies, webhooks
	keptManifest  = "manifest"
	keptSignature = "signature part"
	keptLayer     = "layer"
	keptRuntime   = "run-time file"
)

// PreservedOf lists what is kept in the order in which it vanishes elsewhere: the pod, its events and logs, the
// alerts, what stands above and around it, manifests, signatures, layers. Kinds of which there is nothing are left
// out; those of which all was lost are not. Events last an hour in the API server by default, logs as long as the
// pod's files on its node, a manifest until its registry collects garbage.
func PreservedOf(c *inspect.Case) []Preserved {
	t := tally{}
	for _, x := range c.Exhibits {
		t.exhibit(x)
	}
	for _, b := range c.Blobs {
		t.blob(b)
	}
	if c.Pod != nil {
		t.unread(c)
	}
	for _, i := range c.Images {
		if i.Digest != "" && i.Reason == inspect.ReasonMissingBlob && !slices.ContainsFunc(c.Blobs,
			func(b inspect.Blob) bool { return b.Digest == i.Digest }) {
			t.lose(keptManifest, i.Container+": "+cmp.Or(i.Detail, i.Reason))
		}
	}
	var all []Preserved
	for _, word := range []string{
		keptPod, keptEvent, keptLog, keptAlert, keptObject, keptManifest, keptSignature,
		keptLayer, keptRuntime,
	} {
		if p := t[word]; p != nil {
			p.Word, p.Whole = word, p.Whole && p.Kept == 0
			slices.Sort(p.Why)
			p.Why = slices.Compact(p.Why)
			all = append(all, *p)
		}
	}
	return all
}

// unread adds what could not be read around a pod, by the checks that were to read it. Logs that no check was to
// read, as with --no-logs, are lost too. The run-time state counts as lost until a person has marked it: nothing that
// a cluster's API gives contains it.
func (t tally) unread(c *inspect.Case) {
	for _, of := range []struct{ word, check string }{
		{keptEvent, inspect.CheckEvents},
		{keptLog, inspect.CheckLogs},
		{
			keptObject,
			inspect.CheckWorkload,
		},
		{keptObject, inspect.CheckCluster},
	} {
		s, ok := c.Check(of.check, "")
		if of.word == keptLog && !ok && t[of.word] == nil {
			t.loseAll(of.word, "")
		}
		open := s.Status == inspect.CheckBlocked && !s.Running() || s.Status == inspect.CheckSkipped &&
			t[of.word] == nil
		if ok && open {
			t.loseAll(of.word, s.Reason)
		}
	}
	if n, said := c.Runtime(); !said {
		t.loseAll(keptRuntime, "neither they nor the memory were collected")
	} else if n.Mark == inspect.RuntimeGivenUp {
		t.loseAll(keptRuntime, strings.Join(strings.Fields("given up by "+n.Author+": "+n.Text), " "))
	}
}

// tally counts by kind, under the word of one.
type tally map[string]*Preserved

// of gives the count of a kind, which begins with its first.
func (t tally) of(word string) *Preserved {
	if t[word] == nil {
		t[word] = &Preserved{}
	}
	return t[word]
}

// keep counts something that is kept since a time.
func (t tally) keep(word string, at inspect.Time) {
	p := t.of(word)
	p.Kept++
	p.First = inspect.Earlier(p.First, at)
	if at.After(p.Last.Time) {
		p.Last = at
	}
}

// lose counts something that could not be kept, and why.
func (t tally) lose(word, why string) {
	p := t.of(word)
	p.Lost++
	if why != "" {
		p.Why = append(p.Why, why)
	}
}

// loseAll notes that nothing of a kind could be kept; how many there were is not known.
func (t tally) loseAll(word, why string) {
	t.lose(word, why)
	t[word].Whole = true
}

// exhibit counts an exhibit by its path, which the check chose: logs/…, alerts/…, cluster/KIND-NAMESPACE-NAME.json.
func (t tally) exhibit(x inspect.Exhibit) {
	folder, _, _ := strings.Cut(x.Path, "/")
	word := map[string]string{"logs": keptLog, "alerts": keptAlert}[folder]
	if folder == "cluster" {
		kind, _, _ := strings.Cut(strings.TrimSuffix(path.Base(x.Path), ".json"), "-")
		word = cmp.Or(map[string]string{"pod": keptPod, "event": keptEvent}[kind], keptObject)
	}
	switch {
	case word == "":
	case x.Missing != "":
		t.lose(word, x.Missing)
	default:
		t.keep(word, x.Kept)
	}
}

// blob counts a blob by its role. Bytes that are not their digest are kept as well: they are evidence of that. Those of
// the known-good are no evidence of the incident.
func (t tally) blob(b inspect.Blob) {
	word := keptManifest
	switch b.Role {
	case "layer":
		word = keptLayer
	case "signature", "attestation", "referrer", "sbom":
		word = keptSignature
	}
	switch {
	case b.Of == "known-good":
	case b.State == inspect.BlobCarried || b.State == inspect.BlobDamaged:
		t.keep(word, b.Kept)
	default:
		t.lose(word, fmt.Sprintf("%s %.19s is %s", b.Role, b.Digest, b.State))
	}
}
