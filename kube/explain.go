package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// explain turns client-go's error into one that names which context and server it was and what
// to try. nil stays nil; a caller that stopped gets its own error back.
func (c *Cluster) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Doing: doing, Err: err}
	switch {
	case errors.Is(err, context.Canceled):
	case errors.Is(err, ErrRefused), errors.Is(err, ErrLimit):
	case c.certificateExpired(err):
		e.Kind = ErrUnauthorized
		e.Err = fmt.Errorf("the client certificate of context %s expired on %s: %w",
			c.context, c.certificateEnd.UTC().Format(time.DateOnly), err)
		e.Hint = []string{
			"renew the kubeconfig; of a kubeadm cluster `kubeadm certs renew admin.conf` does it on a control " +
				"plane node",
			"if it has not expired, this machine's clock is wrong",
		}
	case apierrors.IsUnauthorized(err), isLoginError(err):
		e.Kind = ErrUnauthorized
		e.Err = fmt.Errorf("context %s is not logged in to %s: %w", c.context, c.server, err)
		e.Hint = c.loginHints()
	case apierrors.IsForbidden(err):
		e.Kind = ErrForbidden
		e.Hint = []string{
			"`backtrail rbac` prints the least role that it needs; -n NAMESPACE lists one namespace only",
		}
	case apierrors.IsNotFound(err):
		e.Kind = ErrNotFound
		e.Err = errors.New("not found in " + c.place())
		e.Hint = []string{"look elsewhere with -n NAMESPACE or --context; `backtrail pods -A` lists what is there"}
	case isCertificateError(err):
		e.Kind = ErrUnreachable
		e.Err = fmt.Errorf("the certificate of %s is not valid: %w", c.named(), err)
		e.Hint = []string{"the kubeconfig's certificate-authority must be that of this cluster; is a proxy in between?"}
	case isNetworkError(err):
		e.Kind = ErrUnreachable
		e.Err = fmt.Errorf("no answer from %s: %w", c.named(), err)
		e.Hint = c.reachHints()
	}
	return e
}

// named is the cluster for an error: its server, and the context that led there. A server that a flag names needs none.
func (c *Cluster) named() string {
	if c.context == "" {
		return c.server
	}
	return c.server + " (" + c.place() + ")"
}

// place is the cluster as a person named it: the context, else the server.
func (c *Cluster) place() string {
	if c.context == "" {
		return c.server
	}
	return "context " + c.context
}

// kubectl begins a command about the same cluster.
func (c *Cluster) kubectl() string {
	if c.context == "" {
		return "kubectl --server " + c.server
	}
	return "kubectl --context " + c.context
}

// certificateExpired reports that a client certificate which has expired may be why the server refused: the refusal
// arrives as a TLS alert, a closed connection or status 401. A connection that was never made has another cause.
func (c *Cluster) certificateExpired(err error) bool {
	if c.certificateEnd.IsZero() || time.Now().Before(c.certificateEnd) {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" || isCertificateError(err) {
		return false
	}
	return apierrors.IsUnauthorized(err) || isNetworkError(err)
}

// isLoginError recognizes a failed credential plugin; client-go wraps it without %w.
// The text is that of client-go's plugin/pkg/client/auth/exec.
func isLoginError(err error) bool {
	return strings.Contains(err.Error(), "getting credentials: ")
}

// loginHints name the plugin, not its arguments: they may hold secrets.
func (c *Cluster) loginHints() []string {
	again := fmt.Sprintf("`%s auth whoami` logs in again, with the terminal at hand", c.kubectl())
	if c.plugin == nil {
		return []string{"the credentials of this context are refused: renew them in the kubeconfig", again}
	}
	hints := []string{fmt.Sprintf("credentials come from the plugin `%s`: renew its login",
		filepath.Base(c.plugin.Command)), again}
	if hint := strings.TrimSpace(c.plugin.InstallHint); hint != "" {
		hints = append(hints, strings.Split(hint, "\n")...)
	}
	return hints
}

// reachHints are what to try when the API server does not answer.
func (c *Cluster) reachHints() []string {
	hints := []string{
		fmt.Sprintf("is the VPN up? `%s version` connects to the same server", c.kubectl()),
		"--snapshot PATH reads a saved `kubectl get … -o json` in place of the cluster",
	}
	if len(c.contexts) > 1 {
		hints = append(hints, "--context NAME picks another of: "+strings.Join(c.contexts, ", "))
	}
	return hints
}

// isCertificateError reports that the server's certificate was refused on this side.
func isCertificateError(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) ||
		errors.As(err, &verification)
}

// isNetworkError reports that no answer came: a refused or lost connection, a name that does not resolve, a timeout.
func isNetworkError(err error) bool {
	var network net.Error
	var sending *url.Error
	return errors.As(err, &network) || errors.As(err, &sending) || errors.Is(err, context.DeadlineExceeded)
}
