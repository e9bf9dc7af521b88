package policy_test

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/policy"
)

// A file may hold several policies; each is named after its object.
func ExampleParse() {
	policies, err := policy.Parse(policy.Source{Name: "shop.yaml", Bytes: []byte(`
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: shop-images}
spec:
  images: [{glob: "ghcr.io/shop/**"}]
  authorities:
  - keyless:
      identities: [{issuer: "https://token.actions.githubusercontent.com", subjectRegExp: "^https://github.com/shop/"}]
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range policies {
		fmt.Println(p.Kind, p.Name)
	}
	// Output: ClusterImagePolicy shop-images
}
