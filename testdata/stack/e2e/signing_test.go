package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// cosign's own command line signs and attests against both registries, and finds what it wrote: what the stories show to backtrail is genuine.
func TestCosignSignsAndAttests(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	signer, err := harness.NewSigner(ctx, cosign, t.TempDir())
	must(t, err)
	tests := []struct {
		name, host string
		flags      []string
	}{
		{name: "cosign tags", host: stack.Registry.Host},
		{name: "bundle, referrers tag", host: stack.Registry.Host, flags: []string{harness.Bundles}},
		{name: "cosign tags beside the referrers API", host: stack.Referrers.Host},
		{name: "bundle, referrers API", host: stack.Referrers.Host, flags: []string{harness.Bundles}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repository := fmt.Sprintf("%s/signing/%d", test.host, i)
			reference := repository + "@" + push(t, repository+":1", image.Good)
			must(t, signer.Sign(ctx, reference, test.flags...))
			must(t, signer.Attest(ctx, reference, "slsaprovenance1", slsaV1(), test.flags...))
			must(t, signer.Verify(ctx, reference, test.flags != nil))
			must(t, signer.VerifyAttestation(ctx, reference, "slsaprovenance1", test.flags != nil))
		})
	}
}
