package registry

import (
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
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

// As whom a registry was read is named without the secret, and requests carry what an offset of clocks is made of.
func TestTheAccountAtARegistry(t *testing.T) {
	image := imageOf(t, amd64, "one")
	host := serve(t, nil)
	push(t, host+"/app:v1", image)
	var mu sync.Mutex
	var accounts [][3]string
	var requests []Request
	scope := &Scope{
		Account: func(host, user, source string) {
			mu.Lock()
			defer mu.Unlock()
			accounts = append(accounts, [3]string{host, user, source})
		},
		Log: func(r Request) {
			mu.Lock()
			defer mu.Unlock()
			requests = append(requests, r)
		},
	}
	_, err := client(t).Resolve(WithScope(t.Context(), scope), parse(t, host+"/app:v1"), v1.Platform{})
	check(t, err)
	if len(accounts) == 0 || accounts[0][0] != host || accounts[0][1] != "" || accounts[0][2] != "without credentials" {
		t.Errorf("accounts %q", accounts)
	}
	for _, r := range requests {
		if r.Host != host || r.Date.IsZero() == (r.Status != 0) || r.Sent.IsZero() || r.Waited < 0 {
			t.Errorf("%+v", r)
		}
	}
	// One that logs in is named by its user; the password is nowhere.
	repo := &repository{}
	repo.repo, err = name.NewRepository(host + "/app")
	check(t, err)
	accounts = nil
	repo.account(WithScope(t.Context(), scope), authn.FromConfig(authn.AuthConfig{
		Username: "robot", Password: "hunter2",
	}), "docker config")
	if want := [3]string{host, "robot", "docker config"}; len(accounts) != 1 || accounts[0] != want {
		t.Errorf("accounts %q", accounts)
	}
	repo.account(t.Context(), authn.Anonymous, "nobody is told")
}
