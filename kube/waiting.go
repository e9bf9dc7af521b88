package kube

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"
)

// How long is waited for an answer.
const (
	waitNotice    = 10 * time.Second // until a person is told what is waited for, and how often they are told
	pluginTimeout = 3 * time.Minute  // for a credential plugin that cannot prompt; a login in a browser takes a while
)

// waiter is the outermost transport. It ends a request with its context even while a credential plugin hangs: client-go
// starts plugins without one. It reports what a request has been waiting for.
// It is the outermost transport, above authentication, so that it also sees a plugin that waits for a person.
type waiter struct {
	next    http.RoundTripper
	plugin  *api.ExecConfig // nil if the context has none
	server  string
	report  func(string) // may be nil
	notice  time.Duration
	timeout time.Duration // of a plugin that cannot prompt
	last    atomic.Int64  // when report was called, as Unix nanoseconds
}

// sent is how far a request came; the guard sets it.
type sent struct{ atomic.Bool }

// sentKey is the key of the state of a request in its context.
type sentKey struct{}

// markSent marks that a request has its credentials and goes to the network.
func markSent(ctx context.Context) {
	if s, ok := ctx.Value(sentKey{}).(*sent); ok {
		s.Store(true)
	}
}

// RoundTrip sends the request.
func (w *waiter) RoundTrip(req *http.Request) (*http.Response, error) {
	state := &sent{}
	req = req.WithContext(context.WithValue(req.Context(), sentKey{}, state))
	timer := time.AfterFunc(w.notice, func() { w.tell(state) })
	defer timer.Stop()
	if w.plugin == nil {
		return w.next.RoundTrip(req)
	}
	answered := make(chan outcome, 1)
	go func() { answered <- roundTrip(w.next, req) }()
	expired := time.NewTimer(w.timeout)
	defer expired.Stop()
	for {
		select {
		case a := <-answered:
			return a.resp, a.err
		case <-req.Context().Done():
			go drop(answered)
			return nil, req.Context().Err()
		case <-expired.C:
			if state.Load() || mayPrompt(w.plugin) {
				continue // the guard bounds the network, a person the prompt
			}
			go drop(answered)
			return nil, fmt.Errorf("getting credentials: plugin %s did not answer within %v", w.pluginName(), w.timeout)
		}
	}
}

// outcome is the end of a round trip.
type outcome struct {
	resp *http.Response
	err  error
}

// roundTrip makes an error of a panic, which would end the program from this goroutine.
func roundTrip(next http.RoundTripper, req *http.Request) (a outcome) {
	defer recovered(&a.err)
	a.resp, a.err = next.RoundTrip(req)
	return a
}

// drop closes an answer that nobody waits for any longer.
func drop(answered <-chan outcome) {
	if a := <-answered; a.resp != nil {
		_ = a.resp.Body.Close()
	}
}

// tell reports what is waited for, at most once per notice interval for all requests.
func (w *waiter) tell(state *sent) {
	now, last := time.Now().UnixNano(), w.last.Load()
	if w.report == nil || now-last < int64(w.notice) || !w.last.CompareAndSwap(last, now) {
		return
	}
	if w.plugin != nil && !state.Load() {
		w.report(fmt.Sprintf("no answer from credential plugin %s for %v: it may wait for a login", w.pluginName(),
			w.notice))
		return
	}
	w.report(fmt.Sprintf("no answer from %s for %v", w.server, w.notice))
}

// pluginName leaves out the folder; arguments may hold secrets.
func (w *waiter) pluginName() string { return filepath.Base(w.plugin.Command) }

// mayPrompt reports whether a plugin has the terminal to ask for something.
func mayPrompt(plugin *api.ExecConfig) bool {
	return plugin.InteractiveMode != api.NeverExecInteractiveMode && !plugin.StdinUnavailable
}

// MayPrompt reports whether the context has a credential plugin that may ask for something on the terminal. If so,
// Login comes before a terminal UI starts. If not, a UI can show its first frame at once and call Login meanwhile, with
// a context that it cancels when it ends.
func (c *Cluster) MayPrompt() bool { return c.plugin != nil && mayPrompt(c.plugin) }

// credentialHints name the way out of a kubeconfig whose login client-go no longer supports. The in-tree providers gcp
// and azure went with Kubernetes 1.26, client.authentication.k8s.io/v1alpha1 with 1.24.
func credentialHints(user *api.AuthInfo) []string {
	switch {
	case user == nil:
		return nil
	case user.AuthProvider != nil && user.AuthProvider.Name == "gcp":
		return []string{"install gke-gcloud-auth-plugin and run `gcloud container clusters get-credentials CLUSTER`: " +
			"the auth provider gcp was removed in Kubernetes 1.26"}
	case user.AuthProvider != nil && user.AuthProvider.Name == "azure":
		return []string{"install kubelogin and run `kubelogin convert-kubeconfig`: " +
			"the auth provider azure was removed in Kubernetes 1.26"}
	case user.AuthProvider != nil:
		return []string{fmt.Sprintf("auth provider %q is not supported: a credential plugin (exec) takes its "+
			"place in the kubeconfig",
			user.AuthProvider.Name)}
	case user.Exec != nil && user.Exec.APIVersion == "client.authentication.k8s.io/v1alpha1":
		hint := []string{"update the credential plugin and set apiVersion client.authentication.k8s.io/v1beta1 in " +
			"the kubeconfig: " +
			"v1alpha1 was removed in Kubernetes 1.24"}
		if name := filepath.Base(user.Exec.Command); name == "aws" || name == "aws-iam-authenticator" {
			hint = append(hint, "with the AWS CLI 1.24 or 2.7 and later, `aws eks update-kubeconfig --name "+
				"CLUSTER` does both")
		}
		return hint
	}
	return nil
}
