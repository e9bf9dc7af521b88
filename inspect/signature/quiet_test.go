package signature

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/notaryproject/notation-core-go/signature/jws"

	"github.com/backtrail/backtrail/inspect"
)

// The terminal belongs to the terminal UI: whatever a library thinks of a signature, nothing is printed.
func TestNothingIsPrinted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	defer func() { os.Stdout, os.Stderr = out, errs }()

	s, shop, acme := newStudio(t), newShop(t, nil), newHouse(t, "acme")
	payload := simplePayload(t, shop.list)
	good := s.annotations(s.keyless(alice), payload, false, true)
	shop.attach(shop.list, "sig", mediaSimple, payload, good)
	shop.refer(bundleV03, encode(t, s.statementBundle(s.keyless(alice), statementOf(t, digestOf(nil)), "dsse")))
	shop.referNotation(jws.MediaTypeEnvelope, spoil(acme.sign(jws.MediaTypeEnvelope, acme.request(shop.target()))))
	got := shop.look(FixedTrust(Root{Material: s.ca}, Root{Material: s.root}),
		inspect.Expected{Identities: []string{alice}})
	if _, err := VerifyBlob(context.Background(), BlobRequest{Digest: digestOf(blob), Bundle: encode(t,
		s.messageBundle(newKeyed(t), blob)), Trust: s.trust()}); err != nil {
		t.Error(err)
	}

	os.Stdout, os.Stderr = out, errs
	_ = w.Close()
	printed, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(printed) > 0 {
		t.Errorf("printed: %q", printed)
	}
	if n := len(got.Images[0].Signatures); n != 3 {
		t.Errorf("%d signatures were judged, want three", n)
	}
}
