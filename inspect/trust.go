package inspect

import "cmp"

// Trust is a root of trust that verdicts rest on.
type Trust struct {
	Kind   string `json:"kind"`   // sigstore, key, policy
	Origin string `json:"origin"` // file, tuf, embedded, bag; of policies also folder, cluster
	Name   string `json:"name"`   // the file's path as given, or the repository
	Digest string `json:"digest"` // of its bytes, kept as a blob
	Age    string `json:"age"`    // 214d, where it is known
}

// Origins of a trust root.
const (
	TrustFile     = "file"
	TrustTUF      = "tuf"
	TrustEmbedded = "embedded"
	TrustBag      = "bag"
	TrustFolder   = "folder"  // of policies that are always loaded
	TrustCluster  = "cluster" // of policies that the cluster holds
)

// FactKind is the fact's JSON name.
func (Trust) FactKind() string { return "trust" }

func (t Trust) fold(c *Case, _ Event) {
	upsert(&c.Trust, t, func(a, b Trust) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest,
			b.Digest))
	})
}
