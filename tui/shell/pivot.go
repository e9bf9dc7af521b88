package shell

// Pivot is something that pods have in common, and that leads to all pods that have it.
type Pivot struct {
	// Kind: account, node, secret, config map, image, owner
	Kind string
	// Namespace: of what is named; empty for a node and an image, which belong to none
	Namespace string
	// Name: of an image its digest, of an owner Kind/name
	Name string
}

// The kinds of a Pivot.
const (
	PivotAccount   = "account"
	PivotNode      = "node"
	PivotSecret    = "secret"
	PivotConfigMap = "config map"
	PivotImage     = "image"
	PivotOwner     = "owner"
)

// Words name it: account shop/web. They have foreign names in them.
func (p Pivot) Words() string {
	if p.Namespace == "" {
		return p.Kind + " " + p.Name
	}
	return p.Kind + " " + p.Namespace + "/" + p.Name
}
