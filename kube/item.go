package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// item is one object of a dump on its way to become a thing.
type item struct {
	raw       json.RawMessage
	kind, api string // that its list gives it, where it does not say itself

	// Found out by the crew:
	header header
	found  found
	err    error
}

// found is an object of a list, decoded where that was done already.
type found struct {
	raw json.RawMessage
	pod *corev1.Pod // nil if not decoded yet; shared, so not to be changed
	err error       // why the pod is decoded in part only
}

// crew identifies objects on all cores while the file is still being cut up.
type crew struct {
	jobs  chan *item
	wait  sync.WaitGroup
	items []*item
}

func hire() *crew {
	c := &crew{jobs: make(chan *item, 64)}
	for range runtime.GOMAXPROCS(0) {
		c.wait.Go(func() {
			for it := range c.jobs {
				it.identify()
			}
		})
	}
	return c
}

// add takes an object and gives it back, so that its list can name its kind later.
func (c *crew) add(raw json.RawMessage) *item {
	it := &item{raw: raw}
	c.items = append(c.items, it)
	c.jobs <- it
	return it
}

// finish waits until all is identified; the items are in the file's order.
func (c *crew) finish() []*item {
	close(c.jobs)
	c.wait.Wait()
	return c.items
}

// identify reads what the object is. Pods, most of every dump, are decoded now and whole: to
// look for their names only would take half as long again.
func (it *item) identify() {
	it.found.raw = it.raw
	if startsAsPod(it.raw) {
		pod := &corev1.Pod{}
		if it.found.err = decodePod(it.raw, pod); pod.Name != "" {
			it.found.pod = pod
			it.header = header{APIVersion: "v1", Kind: pods().kind}
			it.header.Metadata.Name, it.header.Metadata.Namespace, it.header.Metadata.Labels = pod.Name, pod.Namespace, pod.Labels
			return
		}
	}
	it.err = json.Unmarshal(it.raw, &it.header)
}

// startsAsPod reports an object that begins with apiVersion v1 and kind Pod, as kubectl writes it.
func startsAsPod(raw []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(raw[:min(len(raw), 200)]))
	for _, want := range []json.Token{json.Delim('{'), "apiVersion", "v1", "kind", pods().kind} {
		if token, err := dec.Token(); err != nil || token != want {
			return false
		}
	}
	return true
}

// thing is the item with what it is found by.
func (it *item) thing() (thing, error) {
	if it.err != nil {
		return thing{}, fmt.Errorf("reading its name: %w", it.err)
	}
	h := it.header
	if h.Kind == "" {
		h.Kind = it.kind
	}
	if h.APIVersion == "" {
		h.APIVersion = it.api
	}
	if h.Kind == "" || h.Metadata.Name == "" {
		return thing{}, errors.New("without kind or name")
	}
	if err := checkNames(h.Metadata.Namespace, h.Metadata.Name); err != nil {
		return thing{}, err
	}
	gv, err := schema.ParseGroupVersion(h.APIVersion)
	if err != nil {
		return thing{}, err
	}
	k := key{group: gv.Group, kind: h.Kind, namespace: h.Metadata.Namespace, name: h.Metadata.Name}
	return thing{key: k, labels: h.Metadata.Labels, found: it.found}, nil
}
