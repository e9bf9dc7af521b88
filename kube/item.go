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

// item is one object of a dump on its way to become a thing.
type item struct {
	raw       []byte // until it is packed
	kind, api string // that its list gives it, where it does not say itself

	// Found out by the crew:
	header header
	packed packed
	err    error
}

// packed is an object as it was received, compressed: a dump of 5,000 pods is about 100 MB, and little of it is asked for
// again.
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

// crew identifies and packs objects on all cores while the file is still being cut up.
type crew struct {
	jobs  chan *item
	free  chan []byte // to be used again
	wait  sync.WaitGroup
	items []*item
}

func hire() *crew {
	const ahead = 16
	c := &crew{jobs: make(chan *item, ahead), free: make(chan []byte, 2*ahead)}
	for range runtime.GOMAXPROCS(0) {
		c.wait.Go(func() {
			var parser fastjson.Parser
			var scratch []byte
			for it := range c.jobs {
				it.identify(&parser, &scratch)
				select {
				case c.free <- it.raw:
				default:
				}
				it.raw = nil
			}
		})
	}
	return c
}

// add takes a copy of an object and gives it back, so that its list can name its kind later.
func (c *crew) add(raw []byte) *item {
	var room []byte
	select {
	case room = <-c.free:
	default:
	}
	it := &item{raw: append(room[:0], raw...)}
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

// identify reads what the object is, and packs it.
func (it *item) identify(parser *fastjson.Parser, scratch *[]byte) {
	v, err := parser.ParseBytes(it.raw)
	if err != nil {
		it.err = json.Unmarshal(it.raw, &it.header) // which says it shorter, and does not cite the object
	} else {
		it.header.read(v)
	}
	it.packed = pack(it.raw, scratch)
}

// read takes the header out of an object; what has another type is not there.
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
	return thing{key: k, labels: h.Metadata.Labels, packed: it.packed}, nil
}
