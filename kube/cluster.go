package kube

import (
	"context"
	"errors"
)

// Options choose a cluster, in kubectl's words.
type Options struct {
	Kubeconfig string // --kubeconfig; "" means $KUBECONFIG, else ~/.kube/config
	Context    string // --context; "" means the kubeconfig's current one
	Namespace  string // --namespace; "" means that of the context
	UserAgent  string // backtrail/VERSION
	// Warn is told the server's warnings; nil drops them.
	Warn func(string)
}

// Cluster is a live cluster.
type Cluster struct {
	reading
	context, namespace string
}

// Open reads the kubeconfig and prepares a client. No request is made and no credential plugin
// runs: that is what Login and the first read do. Errors are ErrNoConfig, or say what is wrong
// with the kubeconfig.
func Open(o Options) (*Cluster, error) { return nil, errors.New("not yet") }

// Login makes one cheap request, with the terminal still ours: credential plugins of the
// kubeconfig run now and may ask on stdin. Call it before a terminal UI starts.
func (c *Cluster) Login(ctx context.Context) error { return errors.New("not yet") }

// Detach takes stdin from credential plugins: from now on one that needs it fails, in words.
// Call it after Login and before a terminal UI starts.
func (c *Cluster) Detach() {}

// Context is the name of the kubeconfig context.
func (c *Cluster) Context() string { return c.context }

// Namespace is that of the options, else of the context, else "default".
func (c *Cluster) Namespace() string { return c.namespace }

// Server is the URL of the API server.
func (c *Cluster) Server() string { return "" }

// Contexts are the names of all contexts of the kubeconfig, sorted.
func (c *Cluster) Contexts() []string { return nil }
