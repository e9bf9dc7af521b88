package kube

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Snapshot is a saved dump, as `kubectl get pods,nodes,… -A -o json` writes it. It is read once
// and kept in memory; Secrets in it are left out.
// Answers are those of the time when it was saved. It has no time of its own: files may have been written at different
// times.
type Snapshot struct {
	reading
	path    string
	objects map[string][]*savedObject // by kind, sorted by namespace and name
	byKey   map[key]*savedObject
	notes   []string
}

// savedObject is an object of the dump with what it is found by.
type savedObject struct {
	key
	labels  labels.Set
	packed  packed
	event   bool // of a watch: an earlier state of the object may stand before it
	deleted bool // the object is gone; packed is as it was last
}

// key is what no two objects of a cluster share.
type key struct{ group, kind, namespace, name string }

// Limits of a dump. A cluster of 5,000 pods gives about 50 MB.
const (
	maxDumpFiles   = 10_000
	maxDumpDepth   = 16       // folders below the one named
	maxDumpBytes   = 1 << 30  // all files together
	maxDumpObjects = 500_000  // kept ones
	maxYAMLBytes   = 64 << 20 // one YAML document; they take ten times as long as JSON
	maxDumpNotes   = 100      // notes kept; more are counted
)

// LoadSnapshot reads a dump: a file or a directory of files, JSON or YAML, each a List, one
// object or several documents. What cannot be read is in Notes; it is an error if nothing can.
func LoadSnapshot(ctx context.Context, path string) (*Snapshot, error) {
	d := &dump{}
	if err := d.readPath(ctx, path); err != nil {
		return nil, &Error{Doing: "reading snapshot " + path, Err: err, Hint: snapshotHints()}
	}
	return d.snapshot(path)
}

// ParseSnapshot is LoadSnapshot for bytes at hand. name is for Context and the notes.
func ParseSnapshot(name string, content []byte) (*Snapshot, error) {
	d := &dump{}
	if err := d.parse(name, bytes.NewReader(content)); err != nil {
		return nil, &Error{Doing: "reading snapshot " + name, Err: err, Hint: snapshotHints()}
	}
	return d.snapshot(name)
}

// snapshotHints is the command that makes a dump with all kinds that are read.
func snapshotHints() []string {
	return []string{
		"a snapshot is what `kubectl get pods,replicasets,deployments,statefulsets,daemonsets,jobs," +
			"controllerrevisions,nodes -A -o json` writes",
	}
}

// snapshot indexes what was read. Of an object that is there twice the last one counts.
func (d *dump) snapshot(path string) (*Snapshot, error) {
	if len(d.objects) == 0 {
		err := errors.New("it contains no Kubernetes object")
		if len(d.notes) > 0 {
			err = errors.New(d.notes[0])
		}
		return nil, &Error{Doing: "reading snapshot " + path, Err: err, Hint: snapshotHints()}
	}
	s := &Snapshot{path: path, objects: map[string][]*savedObject{}, byKey: map[key]*savedObject{}}
	twice := 0
	for i := range d.objects {
		t := &d.objects[i]
		if s.byKey[t.key] != nil && !t.event {
			twice++
		}
		s.byKey[t.key] = t
	}
	if twice > 0 {
		d.note("objects that stand in the dump twice, of which the last is used: %d", twice)
	}
	for _, t := range s.byKey {
		if t.deleted {
			delete(s.byKey, t.key)
			continue
		}
		s.objects[t.group+"/"+t.kind] = append(s.objects[t.group+"/"+t.kind], t)
	}
	for _, list := range s.objects {
		slices.SortFunc(list, func(a, b *savedObject) int {
			return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
		})
	}
	s.notes = d.allNotes()
	s.reading = reading{from: s}
	return s, nil
}

// Context is "snapshot PATH".
func (s *Snapshot) Context() string { return "snapshot " + s.path }

// Namespace is that of the pods if they are all of one, else "default".
func (s *Snapshot) Namespace() string {
	list := s.objects["/"+pods().kind]
	if len(list) > 0 && list[0].namespace == list[len(list)-1].namespace {
		return list[0].namespace // sorted by namespace
	}
	return metav1.NamespaceDefault
}

// Notes are which documents of the dump could not be read, and why. Pods gives them as well.
func (s *Snapshot) Notes() []string { return s.notes }

// Pods is as for a cluster; the notes begin with those of the dump.
func (s *Snapshot) Pods(ctx context.Context, scope Scope, each func([]corev1.Pod) error) (Listing, error) {
	l, err := s.reading.Pods(ctx, scope, each)
	l.Notes = slices.Concat(s.notes, l.Notes)
	return l, err
}

// home is where a pod is looked for if nobody names a namespace.
func (s *Snapshot) home() string { return s.Namespace() }

// lacks is an error where the dump holds none of a kind: whoever made it may have left the kind out.
func (s *Snapshot) lacks(res resource) error {
	if len(s.objects[res.group+"/"+res.kind]) > 0 {
		return nil
	}
	return &Error{
		Doing: "listing " + res.plural, Kind: ErrNotFound, Err: fmt.Errorf("%s has none", s.Context()),
		Hint: []string{"add " + res.plural + " to the `kubectl get`, if the cluster has any"},
	}
}

// get finds one object by group, kind, namespace and name; the version does not matter.
func (s *Snapshot) get(ctx context.Context, res resource, namespace, name string) (Object, error) {
	doing := "reading " + res.named(namespace, name)
	if err := ctx.Err(); err != nil {
		return Object{}, &Error{Doing: doing, Err: err}
	}
	if res.global {
		namespace = ""
	}
	t := s.byKey[key{res.group, res.kind, namespace, name}]
	if t == nil {
		return Object{}, &Error{
			Doing: doing, Kind: ErrNotFound, Err: fmt.Errorf("not found in %s", s.Context()),
			Hint: s.lookHints(res, name),
		}
	}
	return res.object(namespace, name, t.packed.raw()), nil
}

// lookHints names where an object of this name is, if the dump has one at all.
func (s *Snapshot) lookHints(res resource, name string) []string {
	all := s.objects[res.group+"/"+res.kind]
	if len(all) == 0 {
		return []string{"the snapshot has no " + res.plural + ": add them to the `kubectl get`"}
	}
	var hints []string
	for _, t := range all {
		if t.name == name && len(hints) < 3 {
			hints = append(hints, fmt.Sprintf("-n %s has a %s of this name", t.namespace, res.words()))
		}
	}
	return hints
}

// list gives the objects of a kind in pages of PageSize, as a server would.
func (s *Snapshot) list(ctx context.Context, res resource, namespace string, selector labels.Selector,
	each func([]found) error,
) (string, error) {
	var page []found
	for _, t := range s.objects[res.group+"/"+res.kind] {
		if namespace != "" && t.namespace != namespace || !selector.Matches(t.labels) {
			continue
		}
		if page = append(page, found{raw: t.packed.raw()}); len(page) < PageSize {
			continue
		}
		if err := ctx.Err(); err != nil {
			return "", &Error{Doing: "listing " + res.plural, Err: err}
		}
		if err := each(page); err != nil {
			return "", err
		}
		page = nil
	}
	if len(page) == 0 {
		return "", nil
	}
	return "", each(page)
}
