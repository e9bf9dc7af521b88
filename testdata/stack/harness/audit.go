package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// maxAuditLine bounds one event; at level Metadata they are about a kilobyte.
const maxAuditLine = 1 << 20

// Request is one request as the API server saw it (audit.k8s.io/v1 Event).
type Request struct {
	Verb       string    `json:"verb"`
	RequestURI string    `json:"requestURI"`
	UserAgent  string    `json:"userAgent"`
	Received   time.Time `json:"requestReceivedTimestamp"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource, Subresource, Namespace, Name, APIGroup string
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// Requests reads from the audit log what a user asked for, in order.
func (s *Stack) Requests(user string) ([]Request, error) {
	f, err := os.Open(s.AuditLog)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	defer func() { _ = f.Close() }()
	var requests []Request
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxAuditLine)
	for lines.Scan() {
		var r Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("decoding the audit log: %w", err)
		}
		if r.User.Username == user {
			requests = append(requests, r)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return requests, nil
}

// ReadOnly reports whether a request changes nothing: get, list, watch, or the question what its sender may do.
func (r Request) ReadOnly() bool {
	if slices.Contains([]string{"get", "list", "watch"}, r.Verb) {
		return true
	}
	review := strings.HasPrefix(r.ObjectRef.Resource, "selfsubject") && strings.HasSuffix(r.ObjectRef.Resource,
		"reviews")
	return r.Verb == "create" && review
}
