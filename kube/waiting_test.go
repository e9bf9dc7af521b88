package kube

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"
)

// hangs is a transport that answers only when its test ends, with or without having reached the network.
type hangs struct {
	sent bool
	end  chan struct{}
}

func (h hangs) RoundTrip(req *http.Request) (*http.Response, error) {
	if h.sent {
		markSent(req.Context())
	}
	<-h.end
	return &http.Response{Body: io.NopCloser(strings.NewReader(""))}, nil
}

func hang(t *testing.T, sent bool) hangs {
	h := hangs{sent: sent, end: make(chan struct{})}
	t.Cleanup(func() { close(h.end) })
	return h
}

// A person reads what is waited for: the plugin before the request is sent, the server after that.
func TestWaitingIsReported(t *testing.T) {
	plugin := &api.ExecConfig{Command: "/opt/bin/corp-login", Args: []string{"--password=x"}}
	for _, tt := range []struct {
		name   string
		sent   bool
		plugin *api.ExecConfig
		want   string
	}{
		{"a plugin", false, plugin, "no answer from credential plugin corp-login for 10ms: it may wait for a login"},
		{"a server", true, plugin, "no answer from https://api.example for 10ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reports := make(chan string, 10)
			w := &waiter{
				next: hang(t, tt.sent), plugin: tt.plugin, server: "https://api.example", report: func(s string) { reports <- s },
				notice: 10 * time.Millisecond, timeout: time.Hour,
			}
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				if got := <-reports; got != tt.want {
					t.Errorf("got %q", got)
				}
				stop()
			}()
			if _, err := w.RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A plugin that cannot prompt is given up; one that has the terminal may wait for its person.
func TestPluginTimeout(t *testing.T) {
	plugin := &api.ExecConfig{Command: "plug", InteractiveMode: api.NeverExecInteractiveMode}
	w := &waiter{next: hang(t, false), plugin: plugin, notice: time.Hour, timeout: time.Millisecond}
	_, err := w.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if err == nil || !isLoginError(err) || !strings.Contains(err.Error(), "plugin plug did not answer within 1ms") {
		t.Errorf("got %v", err)
	}
	plugin.InteractiveMode = api.IfAvailableExecInteractiveMode
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := w.RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// panics is what a login library may do.
type panics struct{}

func (panics) RoundTrip(*http.Request) (*http.Response, error) { panic("no credentials") }

func TestPanicBelowTheTransport(t *testing.T) {
	w := &waiter{next: panics{}, plugin: &api.ExecConfig{}, notice: time.Hour, timeout: time.Hour}
	_, err := w.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if err == nil || !strings.Contains(err.Error(), "internal error: no credentials") {
		t.Errorf("got %v", err)
	}
}

// A login ends with its context although the plugin goes on: the program that wants to quit can.
func TestHangingPlugin(t *testing.T) {
	plug := filepath.Join(t.TempDir(), "plug")
	if err := os.WriteFile(plug, []byte("#!/bin/sh\nexec sleep 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := serve(t, shop()...).open(t, "{exec: {apiVersion: client.authentication.k8s.io/v1, command: "+plug+", interactiveMode: Never}}")
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	start := time.Now()
	err := c.Login(ctx)
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestMayPrompt(t *testing.T) {
	a := serve(t, shop()...)
	exec := "{exec: {apiVersion: client.authentication.k8s.io/v1, command: plug, interactiveMode: "
	for user, want := range map[string]bool{"": false, exec + "Never}}": false, exec + "IfAvailable}}": true, exec + "Always}}": true} {
		c := a.open(t, user)
		if c.MayPrompt() != want {
			t.Errorf("%s: got %v", user, !want)
		}
		if c.Detach(); c.MayPrompt() {
			t.Errorf("%s: it may prompt without stdin", user)
		}
	}
}

// Logins that client-go no longer has: with the way out.
func TestRemovedLogins(t *testing.T) {
	a := serve(t, shop()...)
	for user, hint := range map[string]string{
		"{auth-provider: {name: gcp, config: {}}}":                                                "gke-gcloud-auth-plugin",
		"{auth-provider: {name: azure, config: {}}}":                                              "kubelogin convert-kubeconfig",
		"{auth-provider: {name: openstack}}":                                                      `auth provider "openstack" is not supported`,
		"{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: /usr/bin/aws}}":      "aws eks update-kubeconfig",
		"{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: /usr/bin/tsh-auth}}": "set apiVersion client.authentication.k8s.io/v1beta1",
	} {
		_, err := Open(Options{Kubeconfig: kubeconfig(t, a.server, user)})
		checkWords(t, err, nil, []string{hint})
	}
}

// The end of a kubeadm cluster's admin.conf after a year.
func TestExpiredClientCertificate(t *testing.T) {
	authority, user := clientCertificate(t, time.Now().Add(-time.Hour))
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientCAs: authority, ClientAuth: tls.VerifyClientCertIfGiven}
	server.StartTLS()
	t.Cleanup(server.Close)
	err := openAt(t, server, user).Login(t.Context())
	checkWords(t, err, ErrUnauthorized, []string{"the client certificate of context prod expired on 2", "kubeadm certs renew admin.conf", "clock"})
	if text := err.Error(); strings.Contains(text, "VPN") || strings.Contains(text, "no answer") {
		t.Errorf("got %s", text)
	}

	unreachable := httptest.NewServer(http.NotFoundHandler())
	unreachable.Close()
	checkWords(t, openAt(t, unreachable, user).Login(t.Context()), ErrUnreachable, []string{"no answer from"})
}

// clientCertificate makes a self-signed one, and the kubeconfig's user with it.
func clientCertificate(t *testing.T, end time.Time) (*x509.CertPool, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "admin"}, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	encode := func(kind string, der []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return pool, "{client-certificate-data: " + encode("CERTIFICATE", der) + ", client-key-data: " + encode("EC PRIVATE KEY", private) + "}"
}
