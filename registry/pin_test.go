package registry

import (
	"errors"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// An image is found again by the digests that it had, with its platform, its layers and its config.
func TestReopen(t *testing.T) {
	l := newHandLayout(t)
	amd, arm := l.image(amd64, "amd"), l.image(arm64, "arm")
	inner := l.index(on("linux/amd64", amd), on("linux/arm64", arm))
	for name, root := range map[string]v1.Descriptor{"a manifest": arm, "an index": inner, "an index in an index": l.index(inner)} {
		t.Run(name, func(t *testing.T) {
			c := client(t)
			first, err := c.Resolve(t.Context(), parse(t, l.root(root)), arm64)
			check(t, err)
			p := first.Pin()
			pin, err := ParsePin(p.Location.String(), p.Index, p.Manifest, p.Config)
			check(t, err)
			again, err := client(t).Reopen(t.Context(), pin)
			check(t, err)
			if again.Digest() != arm.Digest.String() || again.Config.Digest != first.Config.Digest || len(again.Layers) != 1 {
				t.Errorf("%s, config %s, %d layers", again.Digest(), again.Config.Digest, len(again.Layers))
			}
			if again.Index.Digest != first.Index.Digest || again.Pin() != p {
				t.Errorf("pin %+v, was %+v", again.Pin(), p)
			}
		})
	}
}

// What another image took the place of is an error, and what was never resolved has nothing to open.
func TestReopenRefusesOtherBytes(t *testing.T) {
	l := newHandLayout(t)
	amd, arm := l.image(amd64, "amd"), l.image(arm64, "arm")
	target := l.root(amd)
	first, err := client(t).Resolve(t.Context(), parse(t, target), v1.Platform{})
	check(t, err)
	pin := first.Pin()
	pin.Config = "sha256:" + arm.Digest.Hex
	if _, err := client(t).Reopen(t.Context(), pin); !errors.As(err, new(*DigestError)) {
		t.Errorf("another config: %v", err)
	}
	check(t, os.Remove(blobFile(l.dir, amd.Digest.String())))
	l.root(arm)
	if img, err := client(t).Reopen(t.Context(), first.Pin()); err == nil {
		t.Errorf("a manifest that is gone gives %s", img.Digest())
	}
	if _, err := ParsePin("", "", "", ""); !errors.Is(err, ErrUnresolved) {
		t.Errorf("no location: %v", err)
	}
	if _, err := ParsePin("ghcr.io/acme/app:1", "", "", ""); !errors.Is(err, ErrUnresolved) {
		t.Errorf("a tag alone: %v", err)
	}
}
