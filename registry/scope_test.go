package registry

import (
	"errors"
	"io"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Requests and notices reach the case that they are made for, and no other.
func TestRequestsBelongToTheirScope(t *testing.T) {
	image := imageOf(t, amd64, "one")
	host := serve(t, nil)
	push(t, host+"/app:v1", image)
	var mu sync.Mutex
	logged := map[string]int{}
	count := func(name string) func(Request) {
		return func(Request) {
			mu.Lock()
			defer mu.Unlock()
			logged[name]++
		}
	}
	c := client(t, func(o *Options) { o.Log = count("client") })
	first, second := &Scope{Log: count("first")}, &Scope{Log: count("second")}
	loc := parse(t, host+"/app:v1")
	_, err := c.Resolve(WithScope(t.Context(), first), loc, v1.Platform{})
	check(t, err)
	_, err = c.TagNow(WithScope(t.Context(), second), loc, "v1")
	check(t, err)
	if logged["first"] < 3 || logged["second"] != 1 || logged["client"] != 0 {
		t.Errorf("logged %v", logged)
	}
}

// A case transfers no more than its budget, over all its blobs.
func TestBudgetOfAScope(t *testing.T) {
	image := imageOf(t, amd64, "one", "two")
	host := serve(t, nil)
	push(t, host+"/app:v1", image)
	c := client(t)
	img, err := c.Resolve(t.Context(), parse(t, host+"/app:v1"), v1.Platform{})
	check(t, err)
	ctx := WithScope(t.Context(), &Scope{Budget: img.Layers[0].Descriptor.Size + 10})
	read := func(number int) error {
		r, err := c.Layer(ctx, img, number)
		check(t, err)
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}
	check(t, read(0))
	if err := read(1); !errors.As(err, new(*LimitError)) {
		t.Errorf("past the budget: %v", err)
	}
}

// A blob that goes on behind what its descriptor claims is not read to its end.
func TestABlobLongerThanItsDescriptor(t *testing.T) {
	data := make([]byte, 3<<20)
	host := breakingServer(t, data, true, len(data))
	desc := descriptorOf(digestOf(data))
	desc.Size = 100
	r, err := client(t).Blob(t.Context(), parse(t, host+"/app"), desc)
	check(t, err)
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); !errors.As(err, new(*LimitError)) || n > 2*100+sizeSlack {
		t.Errorf("%d bytes, %v", n, err)
	}
}
