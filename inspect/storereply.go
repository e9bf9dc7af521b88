package inspect

import "cmp"

// StoreReply is what one store of signatures answered for one subject digest.
type StoreReply struct {
	Store   string      `json:"store"`   // cosign-tag, referrers, referrers-tag, layout, buildkit
	Subject string      `json:"subject"` // digest that was asked for
	Status  StoreStatus `json:"status"`
	Detail  string      `json:"detail"`
	Found   int         `json:"found"`
}

// FactKind is the fact's JSON name.
func (StoreReply) FactKind() string { return "store" }

func (s StoreReply) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Stores, s, func(a, b StoreReply) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Subject, b.Subject))
	})
}
