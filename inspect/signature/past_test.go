package signature

import (
	"context"
	"errors"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What the journal has is counted once for each image, beside what the tags show, and never the image itself.
func TestImagesOfTheJournalAreCountedOnce(t *testing.T) {
	image := func(digest, index string, signatures ...inspect.Signature) inspect.PastImage {
		return inspect.PastImage{Image: inspect.Image{ImageHead: inspect.ImageHead{Digest: digest, Index: index}, Signatures: signatures}}
	}
	good := inspect.Signature{Identity: "ci@shop.example", Status: inspect.Verified}
	bad := inspect.Signature{Identity: "eve@evil.example", Status: inspect.Failed, Reason: "invalid-signature"}
	stored := []inspect.PastImage{
		image("m1", "i1", good), image("m2", "i2", bad), image("m3", "", good), image("mine", "my-index", good),
		image("", "", good),
	}
	all, signed := map[string]bool{"i1": true, "m3": true}, map[string]bool{}
	mine := inspect.Image{ImageHead: inspect.ImageHead{Digest: "mine", Index: "my-index"}}
	past := func(context.Context, string) ([]inspect.PastImage, error) { return stored, nil }
	if n := recorded(t.Context(), past, "reg.example/app", mine, all, signed); n != 1 || len(all) != 3 {
		t.Errorf("%d are new: %v", n, all)
	}
	if !signed["i1"] || signed["i2"] || !signed["m3"] || signed["mine"] || signed["my-index"] {
		t.Errorf("signed %v", signed)
	}
	broken := func(context.Context, string) ([]inspect.PastImage, error) { return nil, errors.New("damaged") }
	if n := recorded(t.Context(), broken, "reg.example/app", mine, all, signed); n != 0 || len(all) != 3 {
		t.Errorf("of a journal that cannot be read: %d, %v", n, all)
	}
}
