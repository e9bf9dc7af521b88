// Package env is the description of a running stack: one file, env.json, with the addresses and paths that
// a test needs. The stack writes it, the harness reads it.
package env

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The users that the stack makes, each with a kubeconfig of its own (client certificates, CN = this name).
const (
	Admin     = "backtrail-admin"     // system:masters
	Responder = "backtrail-responder" // may do everything, so that reading only is backtrail's own doing
	Reader    = "backtrail-reader"    // get, list and watch on everything but Secrets
	PodsOnly  = "backtrail-pods-only" // get, list and watch on pods, nothing else
	Nobody    = "backtrail-nobody"    // no right at all beyond discovery
	Releases  = "backtrail-releases"  // as Reader, and list on Secrets: what --helm needs
	Least     = "backtrail-least"     // no right either, until a story gives it the role that backtrail prints
)

// Users lists them in the order above.
var Users = []string{Admin, Responder, Reader, PodsOnly, Nobody, Releases, Least}

// fileName is the file's name in the stack's folder.
const fileName = "env.json"

// Env describes a stack that is ready.
type Env struct {
	Dir         string            `json:"dir"`
	APIServer   string            `json:"apiServer"`   // https://127.0.0.1:PORT
	Kubeconfig  string            `json:"kubeconfig"`  // the admin's
	Kubeconfigs map[string]string `json:"kubeconfigs"` // user to file
	AuditLog    string            `json:"auditLog"`    // JSON lines, audit.k8s.io/v1, level Metadata
	Node        string            `json:"node"`        // set it as nodeName: there is no scheduler
	Kubelet     bool              `json:"kubelet"`     // false: whoever tests takes the kubelet's place
	Registry    Registry          `json:"registry"`    // distribution; answers 404 to the referrers API, as that version has none
	Referrers   Registry          `json:"referrers"`   // go-containerregistry's, in memory, with the referrers API
	Private     Registry          `json:"private"`     // distribution with basic authentication
	Processes   map[string]int    `json:"processes"`   // name of a server to its process id
}

// Registry is one registry's address (host:port, plain HTTP on loopback) and, where it asks for them, its credentials.
type Registry struct {
	Host     string `json:"host"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Root     string `json:"root,omitempty"` // folder with its blobs, if they are on disk
}

// Write stores e as DIR/env.json, complete or not at all.
func (e *Env) Write() error {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the stack's environment: %w", err)
	}
	name := filepath.Join(e.Dir, fileName)
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the stack's environment: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("writing the stack's environment: %w", err)
	}
	return nil
}

// Read loads DIR/env.json.
func Read(dir string) (*Env, error) {
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		return nil, fmt.Errorf("reading the stack's environment: %w", err)
	}
	var e Env
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("decoding the stack's environment: %w", err)
	}
	return &e, nil
}
