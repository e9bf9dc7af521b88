package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// cosign's own command line signs and attests in each form, against registries with and without the referrers API, and finds what it
// wrote; backtrail comes to the same verdict and says from which store.
func TestCosignSignsAndAttests(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	signer, err := harness.NewSigner(ctx, cosign, t.TempDir())
	must(t, err)
	tests := []struct {
		name, host  string
		flags       []string
		kind, store string
	}{
		{"cosign tags", stack.Registry.Host, nil, "cosign", "tag"},
		{"bundle, referrers tag", stack.Registry.Host, []string{harness.Bundles}, "bundle", "referrers-tag"},
		{"cosign tags beside the referrers API", stack.Referrers.Host, nil, "cosign", "tag"},
		{"bundle, referrers API", stack.Referrers.Host, []string{harness.Bundles}, "bundle", "referrers"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repository := fmt.Sprintf("%s/signing/%d", test.host, i)
			reference := repository + "@" + push(t, repository+":1", image.Good)
			must(t, signer.Sign(ctx, reference, test.flags...))
			must(t, signer.Attest(ctx, reference, "slsaprovenance1", slsaV1(), test.flags...))
			must(t, signer.Verify(ctx, reference, test.flags != nil))
			must(t, signer.VerifyAttestation(ctx, reference, "slsaprovenance1", test.flags != nil))

			img := newResponder(t, env.Nobody).inspect(exitPassed, reference, "--key", signer.Public).Images[0]
			if len(img.Signatures) != 2 || len(img.Provenance) != 1 || img.Provenance[0].Status != "verified" {
				t.Fatalf("signatures %+v, provenance %+v; want two and one, verified", img.Signatures, img.Provenance)
			}
			for _, s := range img.Signatures {
				if s.Kind != test.kind || s.Store != test.store || s.Status != "verified" {
					t.Errorf("signature %+v; want %s from %s, verified", s, test.kind, test.store)
				}
			}
		})
	}
}
