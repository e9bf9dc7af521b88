package inspect

// Header opens a stream.
type Header struct {
	Schema  string `json:"schema"`
	Tool    Tool   `json:"tool"`
	Target  Target `json:"target"`
	Started Time   `json:"started"`
}

// Tool names the program that made the case.
type Tool struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Revision string `json:"revision"`
}

// FactKind is the fact's JSON name.
func (Header) FactKind() string { return "header" }

func (h Header) fold(c *Case, _ Event) {
	c.Schema, c.Tool, c.Target, c.Started = h.Schema, h.Tool, h.Target, h.Started
}
