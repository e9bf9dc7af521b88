package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/valyala/fastjson"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// item is one object of a dump before it is known what it is.
type item struct {
	raw       []byte // until it is packed
	kind, api string // of its list, where the object has none itself
	event     bool   // it stands in a watch event
	deleted   bool   // by that event

	// Set by a worker of the indexer:
	header header
	packed packed
	err    error
}

// packed is an object as it was received, compressed: a dump of 5,000 pods is about 100 MB, and little of it is asked
// for again.
type packed []byte

// pack compresses into scratch, which grows as it must, and gives a copy that is no larger than it needs.
func pack(raw []byte, scratch *[]byte) packed {
	if need := s2.MaxEncodedLen(len(raw)); cap(*scratch) < need {
		*scratch = make([]byte, need)
	}
	return slices.Clone(s2.Encode((*scratch)[:cap(*scratch)], raw))
}

// raw is the object as it was received.
func (p packed) raw() []byte {
	raw, _ := s2.Decode(nil, p) // it never left our memory
	return raw
}

// indexer identifies and packs objects on all cores while the file is still being split.
type indexer struct {
	jobs  chan *item
	free  chan []byte // to be used again
	wait  sync.WaitGroup
	items []*item
}

// newIndexer starts the workers. They end with finish.
func newIndexer() *indexer {
	// objects that may wait for a worker: the file is split faster than it is packed
	const ahead = 16
	x := &indexer{jobs: make(chan *item, ahead), free: make(chan []byte, 2*ahead)}
	for range runtime.GOMAXPROCS(0) {
		x.wait.Go(x.work)
	}
	return x
}

// work is one worker.
func (x *indexer) work() {
	var parser fastjson.Parser
	var scratch []byte
	for it := range x.jobs {
		it.identify(&parser, &scratch)
		select {
		case x.free <- it.raw:
		default:
		}
		it.raw = nil
	}
}

// add takes a copy of an object and returns it, so that its list can name its kind later.
func (x *indexer) add(raw []byte) *item {
	var room []byte
	select {
	case room = <-x.free:
	default:
	}
	it := &item{raw: append(room[:0], raw...)}
	x.items = append(x.items, it)
	x.jobs <- it
	return it
}

// finish waits until all is identified and returns the items in the file's order.
func (x *indexer) finish() []*item {
	close(x.jobs)
	x.wait.Wait()
	return x.items
}

// identify reads what the object is, and packs it. A panic becomes the item's error: one odd object must not end the
// program.
func (it *item) identify(parser *fastjson.Parser, scratch *[]byte) {
	defer recovered(&it.err)
	// fastjson reads the few fields that are needed without decoding the rest, some ten times faster
	v, err := parser.ParseBytes(it.raw)
	if err != nil {
		it.err = json.Unmarshal(it.raw, &it.header) // which says it shorter, and does not cite the object
	} else {
		it.header.read(v)
	}
	it.packed = pack(it.raw, scratch)
}

// read takes the header out of an object. A field of another type counts as absent.
func (h *header) read(v *fastjson.Value) {
	h.APIVersion, h.Kind = string(v.GetStringBytes("apiVersion")), string(v.GetStringBytes("kind"))
	m := v.Get("metadata")
	h.Metadata.Name, h.Metadata.Namespace = string(m.GetStringBytes("name")), string(m.GetStringBytes("namespace"))
	m.GetObject("labels").Visit(func(name []byte, value *fastjson.Value) {
		if h.Metadata.Labels == nil {
			h.Metadata.Labels = map[string]string{}
		}
		h.Metadata.Labels[string(name)] = string(value.GetStringBytes())
	})
}

// object returns the item with what it is found by.
func (it *item) object() (savedObject, error) {
	if it.err != nil {
		return savedObject{}, fmt.Errorf("reading its name: %w", it.err)
	}
	h := it.header
	if h.Kind == "" {
		h.Kind = it.kind
	}
	if h.APIVersion == "" {
		h.APIVersion = it.api
	}
	if h.Kind == "" || h.Metadata.Name == "" {
		return savedObject{}, errors.New("it has no kind or no name")
	}
	if err := checkNames(h.Metadata.Namespace, h.Metadata.Name); err != nil {
		return savedObject{}, err
	}
	gv, err := schema.ParseGroupVersion(h.APIVersion)
	if err != nil {
		return savedObject{}, err
	}
	k := key{group: gv.Group, kind: h.Kind, namespace: h.Metadata.Namespace, name: h.Metadata.Name}
	return savedObject{key: k, labels: h.Metadata.Labels, packed: it.packed, event: it.event, deleted: it.deleted}, nil
}
