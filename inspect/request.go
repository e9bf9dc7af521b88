package inspect

// Request is one request that was made to a cluster or a registry, for the chain of custody.
type Request struct {
	Method string `json:"method"`
	URL    string `json:"url"` // without credentials and signatures
	Status int    `json:"status"`
	Bytes  int64  `json:"bytes"`
	Error  string `json:"error,omitempty"`
	Sent   Time   `json:"sent,omitzero"` // where it was made before the case began
}

// FactKind is the fact's JSON name.
func (Request) FactKind() string { return "request" }

func (Request) fold(c *Case, _ Event) { c.Requests++ }
