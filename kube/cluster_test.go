package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// names collects what Pods gives, and the sizes of the pages.
func names(t *testing.T, s Source, scope Scope) (got []string, pages []int, l Listing, err error) {
	t.Helper()
	l, err = s.Pods(t.Context(), scope, func(page []corev1.Pod) error {
		pages = append(pages, len(page))
		for _, p := range page {
			got = append(got, p.Namespace+"/"+p.Name)
		}
		return nil
	})
	return got, pages, l, err
}

func manyPods(n int) []any {
	var all []any
	for i := range n {
		all = append(all, pod(fmt.Sprintf("web-%04d", i), "web", nil, nil, "x"))
	}
	return all
}

func TestPagination(t *testing.T) {
	a := serve(t, manyPods(1203)...)
	got, pages, l, err := names(t, a.open(t, ""), Scope{})
	if err != nil || len(got) != 1203 || l.Pods != 1203 || len(l.Notes) != 0 || len(l.Namespaces) != 0 {
		t.Fatalf("got %d pods, %+v, %v", len(got), l, err)
	}
	if diff := cmp.Diff([]int{500, 500, 203}, pages); diff != "" {
		t.Error(diff)
	}
}

// A list that takes too long goes on with the token that the server sends.
func TestExpiredContinue(t *testing.T) {
	a := serve(t, manyPods(5)...)
	a.pageSize = 2
	expired := false
	a.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("continue") != "2" || expired {
			return false
		}
		expired = true
		w.WriteHeader(http.StatusGone)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,"metadata":{"continue":"02"}}`)
		return true
	}
	got, _, _, err := names(t, a.open(t, ""), Scope{})
	if err != nil || len(got) != 5 || !expired {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestForbiddenEverywhere(t *testing.T) {
	mine, theirs := pod("mine", "a", nil, nil, "x"), pod("theirs", "a", nil, nil, "x")
	alerted := pod("alerted", "a", nil, nil, "x")
	alerted.Namespace, theirs.Namespace = "bank", "other"
	a := serve(t, mine, theirs, alerted)
	a.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/namespaces/shop/") || strings.Contains(r.URL.Path, "/namespaces/bank/") {
			return false
		}
		answer(w, http.StatusForbidden, "Forbidden", "pods is forbidden: User \"u\" cannot list")
		return true
	}
	got, _, l, err := names(t, a.open(t, ""), Scope{Fallback: []string{"bank", "closed", "bank"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bank/alerted", "shop/mine"}, got); diff != "" {
		t.Error(diff)
	}
	if len(l.Notes) != 3 || !strings.Contains(l.Notes[2], "[bank shop]") {
		t.Errorf("it says what was not listed: %q", l.Notes)
	}
	if _, _, _, err := names(t, a.open(t, ""), Scope{Namespaces: []string{"closed"}}); !errors.Is(err, ErrForbidden) {
		t.Errorf("got %v", err)
	}
}

// Each failure says what failed, and what to try.
func TestFailuresInWords(t *testing.T) {
	for _, tt := range []struct {
		name string
		code int
		kind error
		says []string
	}{
		{"401", http.StatusUnauthorized, ErrUnauthorized, []string{"context prod is not logged in", "kubectl --context prod auth whoami"}},
		{"403", http.StatusForbidden, ErrForbidden, []string{"reading pod shop/web: said by the server", "backtrail rbac"}},
		{"404", http.StatusNotFound, ErrNotFound, []string{"pod shop/web: not found in context prod", "-n NAMESPACE"}},
		{"500", http.StatusInternalServerError, nil, []string{"reading pod shop/web"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := serve(t, shop()...)
			a.hook = func(w http.ResponseWriter, _ *http.Request) bool {
				answer(w, tt.code, http.StatusText(tt.code), "said by the server")
				return true
			}
			_, err := a.open(t, "").Pod(t.Context(), "shop", "web")
			checkWords(t, err, tt.kind, tt.says)
		})
	}
}

func checkWords(t *testing.T, err, kind error, says []string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || kind != nil && !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	text := e.Error() + "\n" + strings.Join(e.Hints(), "\n")
	for _, words := range says {
		if !strings.Contains(text, words) {
			t.Errorf("%q is not in:\n%s", words, text)
		}
	}
}

func TestDeadServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := openAt(t, server, "")
	checkWords(t, c.Login(t.Context()), ErrUnreachable, []string{
		"no answer from " + server.URL + " (context prod)", "VPN", "--snapshot", "prod, stage",
	})
}

func TestServerOfAnotherAuthority(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	stranger := &httptest.Server{URL: server.URL}
	checkWords(t, openAt(t, stranger, "").Login(t.Context()), ErrUnreachable, []string{"certificate", "certificate-authority"})
}

// A server that is no API server, such as a proxy's login page.
func TestForeignAnswer(t *testing.T) {
	a := serve(t, shop()...)
	a.hook = func(w http.ResponseWriter, _ *http.Request) bool {
		fmt.Fprint(w, "<html>please log in</html>")
		return true
	}
	if _, err := a.open(t, "").Pod(t.Context(), "shop", "web"); err == nil || !strings.Contains(err.Error(), "understanding the answer") {
		t.Errorf("got %v", err)
	}
}

func TestNoKubeconfig(t *testing.T) {
	hints := []string{"--kubeconfig", "--snapshot", "backtrail demo"}
	_, err := Open(Options{Kubeconfig: filepath.Join(t.TempDir(), "none")})
	checkWords(t, err, ErrNoConfig, hints)

	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	_, err = Open(Options{})
	checkWords(t, err, ErrNoConfig, append(hints, os.Getenv("KUBECONFIG")))

	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("{{{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(Options{Kubeconfig: broken})
	checkWords(t, err, nil, hints)
}

func TestContexts(t *testing.T) {
	file := kubeconfig(t, &httptest.Server{URL: "https://127.0.0.1:1"}, "")
	for _, tt := range []struct {
		options            Options
		context, namespace string
	}{
		{Options{Kubeconfig: file}, "prod", "shop"},
		{Options{Kubeconfig: file, Namespace: "bank"}, "prod", "bank"},
		{Options{Kubeconfig: file, Context: "stage"}, "stage", "default"},
	} {
		c, err := Open(tt.options)
		if err != nil {
			t.Fatal(err)
		}
		if c.Context() != tt.context || c.Namespace() != tt.namespace || c.Server() != "https://127.0.0.1:1" {
			t.Errorf("%+v: got %s, %s, %s", tt.options, c.Context(), c.Namespace(), c.Server())
		}
	}
	_, err := Open(Options{Kubeconfig: file, Context: "mars"})
	checkWords(t, err, ErrNoConfig, []string{`"mars"`, "prod, stage"})
}

// plugin writes a credential plugin that prints what it was told about stdin on stderr.
func plugin(t *testing.T, mode, body string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "login-tool")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, args: [--password, hunter2], interactiveMode: %s, installHint: "get login-tool from the intranet"}}`, file, mode)
}

const grant = `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"fresh"}}'`

func TestPluginRunsOnce(t *testing.T) {
	a := serve(t, shop()...)
	count := filepath.Join(t.TempDir(), "count")
	a.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer fresh" {
			t.Errorf("credentials: %q", r.Header.Get("Authorization"))
		}
		return false
	}
	c := a.open(t, plugin(t, "IfAvailable", "echo x >> "+count+"\n"+grant))
	if _, err := os.Stat(count); err == nil {
		t.Fatal("the plugin ran before it was needed")
	}
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Detach()
	mustPod(t, c, "bare")
	runs, err := os.ReadFile(count)
	if err != nil || !bytes.Equal(runs, []byte("x\n")) {
		t.Errorf("runs: %q, %v", runs, err)
	}
}

func TestPluginThatNeedsTheTerminal(t *testing.T) {
	c := serve(t, shop()...).open(t, plugin(t, "Always", grant))
	c.Detach()
	_, err := c.Pod(t.Context(), "shop", "bare")
	checkWords(t, err, ErrUnauthorized, []string{"login-tool", "kubectl --context prod auth whoami", "intranet"})
	var e *Error
	if errors.As(err, &e) && strings.Contains(strings.Join(e.Hints(), "\n"), "hunter2") {
		t.Error("the plugin's arguments are not shown")
	}
}

func TestPluginThatFails(t *testing.T) {
	c := serve(t, shop()...).open(t, plugin(t, "Never", "exit 3"))
	checkWords(t, c.Login(t.Context()), ErrUnauthorized, []string{"context prod is not logged in", "exit code 3", "renew"})
}

func TestGuard(t *testing.T) {
	passed := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed++ }))
	defer server.Close()
	g := &guard{next: http.DefaultTransport, base: "/k8s/c1"}
	for _, tt := range []struct {
		method, path string
		ok           bool
	}{
		{"GET", "/k8s/c1/api/v1/pods?watch=1", true},
		{"HEAD", "/k8s/c1/api/v1/pods", true},
		{"GET", "/k8s/c1/api/v1/namespaces/a/pods/b/log", true},
		{"GET", "/k8s/c1/api/v1/namespaces/pods/pods/exec", true}, // a pod named exec
		{"POST", "/k8s/c1/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", true},
		{"POST", "/k8s/c1/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", true},
		{"POST", "/k8s/c1/apis/authentication.k8s.io/v1/selfsubjectreviews", true},
		{"POST", "/k8s/c1/apis/authorization.k8s.io/v1/subjectaccessreviews", false},
		{"POST", "/k8s/c1/api/v1/namespaces/a/pods", false},
		{"POST", "/k8s/c1/api/v1/namespaces/a/configmaps/x/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", false},
		{"PUT", "/k8s/c1/api/v1/namespaces/a/pods/b", false},
		{"PATCH", "/k8s/c1/api/v1/namespaces/a/pods/b", false},
		{"DELETE", "/k8s/c1/api/v1/namespaces/a/pods/b", false},
		{"OPTIONS", "/k8s/c1/api/v1", false},
		{"GET", "/k8s/c1/api/v1/namespaces/a/pods/b/exec?command=sh", false},
		{"GET", "/k8s/c1/api/v1/namespaces/a/pods/b/attach", false},
		{"GET", "/k8s/c1/api/v1/namespaces/a/pods/b/portforward", false},
		{"GET", "/k8s/c1/api/v1/namespaces/a/services/b/proxy/x", false},
		{"GET", "/k8s/c1/api/v1/nodes/n/proxy/run/a/b/c?cmd=id", false},
		{"GET", "/k8s/c1/api/v1/proxy/nodes/n/run", false},
	} {
		before := passed
		req, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := g.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != tt.ok || (passed > before) != tt.ok || !tt.ok && !errors.Is(err, ErrRefused) {
			t.Errorf("%s %s: passed %v, %v", tt.method, tt.path, passed > before, err)
		}
	}
	upgrade, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/k8s/c1/api/v1/pods", nil)
	upgrade.Header.Set("Upgrade", "websocket")
	if _, err := g.RoundTrip(upgrade); !errors.Is(err, ErrRefused) {
		t.Errorf("an upgrade: %v", err)
	}
}

// The client itself cannot write, whatever asks it to.
func TestClientCannotWrite(t *testing.T) {
	a := serve(t, shop()...)
	a.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		t.Errorf("%s %s got through", r.Method, r.URL)
		return false
	}
	err := a.open(t, "").client.Delete().AbsPath("/api/v1/namespaces/shop/pods/bare").Body(&metav1.DeleteOptions{}).Do(t.Context()).Error()
	if !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	a := serve(t, shop()...)
	a.hook = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Warning", `299 - "this is old"`)
		return false
	}
	var got []string
	c, err := Open(Options{Kubeconfig: kubeconfig(t, a.server, ""), Warn: func(s string) { got = append(got, s) }})
	if err != nil {
		t.Fatal(err)
	}
	mustPod(t, c, "bare")
	if diff := cmp.Diff([]string{"this is old"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStoppedWhileListing(t *testing.T) {
	a := serve(t, manyPods(3)...)
	a.hook = func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err := a.open(t, "").Pods(ctx, Scope{}, func([]corev1.Pod) error { return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// Which cluster it is and who we are to it is what the server states; what it refuses is named, with the reason.
func TestTheIdentityOfACluster(t *testing.T) {
	a := serve(t, pod("bare", "bare", nil, nil, "x"))
	refuse := false
	a.hook = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case refuse:
			answer(w, http.StatusForbidden, "Forbidden", "not for you")
		case r.URL.Path == "/api/v1/namespaces/kube-system":
			fmt.Fprint(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u-1"}}`)
		case r.URL.Path == "/version":
			fmt.Fprint(w, `{"gitVersion":"v1.37.2"}`)
		case r.Method == http.MethodPost && r.URL.Path == "/apis/authentication.k8s.io/v1/selfsubjectreviews":
			fmt.Fprint(w, `{"kind":"SelfSubjectReview","status":{"userInfo":{"username":"alice","groups":["sre"]}}}`)
		default:
			return false
		}
		return true
	}
	var asked []Request
	ctx := WithTrace(t.Context(), Trace{Request: func(r Request) { asked = append(asked, r) }})
	c := a.open(t, "")
	id := c.Identity(ctx)
	if id.UID != "u-1" || id.User != "alice" || !slices.Equal(id.Groups, []string{"sre"}) || id.Version != "v1.37.2" ||
		id.Server != a.server.URL || !strings.HasPrefix(id.CA, "sha256:") || len(id.Unknown) != 0 {
		t.Errorf("%+v", id)
	}
	// The requests carry what an offset of clocks is made of.
	for _, r := range asked {
		if r.Date.IsZero() || r.Waited < 0 || !strings.HasSuffix(a.server.URL, r.Host) {
			t.Errorf("%+v", r)
		}
	}
	if len(asked) != 3 {
		t.Errorf("%d requests", len(asked))
	}
	refuse = true
	id = c.Identity(t.Context())
	if id.UID != "" || id.User != "" || len(id.Unknown) != 3 || !strings.Contains(id.Unknown[0], "uid: ") {
		t.Errorf("%+v", id)
	}
}

// bound parses a command line with kubectl's flags.
func bound(t *testing.T, args ...string) Overrides {
	t.Helper()
	var o Overrides
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	BindOverrides(&o, set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestKubectlsFlagsReachTheServer(t *testing.T) {
	a := serve(t, pod("web", "a", nil, nil, "x"))
	var got http.Header
	a.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		got = r.Header.Clone()
		return false
	}
	file := kubeconfig(t, a.server, "")
	c, err := Open(Options{Kubeconfig: file, Overrides: bound(t, "--as", "mallory", "--as-group", "a", "--as-group=b",
		"--as-uid", "7", "--token", "other", "--request-timeout", "5")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pod(t.Context(), "shop", "web"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Impersonate-User": "mallory", "Impersonate-Uid": "7", "Authorization": "Bearer other",
		"Impersonate-Group": "a b",
	}
	for name, value := range want {
		if have := strings.Join(got[name], " "); have != value {
			t.Errorf("%s: %q, want %q", name, have, value)
		}
	}
	// Impersonation is above the guard: it is not a way around it.
	err = c.client.Delete().AbsPath("/api/v1/namespaces/shop/pods/web").Do(t.Context()).Error()
	if !errors.Is(err, ErrRefused) {
		t.Errorf("deleting as another user: %v", err)
	}
}

func TestAServerNeedsNoKubeconfig(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a credential was sent to a server in plain text")
		}
		fmt.Fprint(w, `{"metadata":{"name":"web","namespace":"default"}}`)
	}))
	t.Cleanup(server.Close)
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	c, err := Open(Options{Overrides: bound(t, "-s", server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Pod(t.Context(), c.Namespace(), "web")
	if err != nil || p.Name != "web" || c.Server() != server.URL {
		t.Errorf("%v from %s: %v", p, c.Server(), err)
	}
	if _, err := Open(Options{}); !errors.Is(err, ErrNoConfig) {
		t.Errorf("neither a server nor a kubeconfig: %v", err)
	}
	if _, err := Open(Options{Context: "gone", Overrides: bound(t, "-s", server.URL)}); !errors.Is(err, ErrNoConfig) {
		t.Errorf("a context that is not there: %v", err)
	}
	server.Close()
	var explained *Error
	_, err = c.Pod(t.Context(), c.Namespace(), "web")
	if !errors.As(err, &explained) || strings.Contains(err.Error(), "(context )") ||
		!strings.Contains(strings.Join(explained.Hint, "\n"), "`kubectl --server "+server.URL+" version`") {
		t.Errorf("without a context: %v, hints %q", err, explained)
	}
}

func TestAnOverrideOfWhatIsNotThereIsAnError(t *testing.T) {
	a := serve(t, pod("web", "a", nil, nil, "x"))
	for _, flag := range []string{"--cluster", "--user"} {
		_, err := Open(Options{Kubeconfig: kubeconfig(t, a.server, ""), Overrides: bound(t, flag, "gone")})
		if err == nil || !strings.Contains(err.Error(), "gone") {
			t.Errorf("%s gone: %v", flag, err)
		}
	}
}

func TestTheRequestTimeoutBoundsOneAnswer(t *testing.T) {
	a := serve(t, pod("web", "a", nil, nil, "x"))
	held := make(chan struct{})
	a.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-held:
		case <-r.Context().Done():
		}
		return true
	}
	defer close(held)
	c, err := Open(Options{
		Kubeconfig: kubeconfig(t, a.server, ""), Overrides: bound(t, "--request-timeout", "20ms"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pod(t.Context(), "shop", "web"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a server that does not answer: %v", err)
	}
}

func TestCheckOverrides(t *testing.T) {
	for args, wrong := range map[string]bool{
		"":                          false,
		"--request-timeout=5":       false,
		"--request-timeout=0":       false,
		"--request-timeout=2m":      false,
		"--request-timeout=soon":    true,
		"--request-timeout=-1s":     true,
		"--as=a --as-group=b":       false,
		"--as-group=system:masters": true,
		"--as-uid=7":                true,
	} {
		o := bound(t, strings.Fields(args)...)
		if err := CheckOverrides(&o); (err != nil) != wrong {
			t.Errorf("%s: %v", args, err)
		}
	}
}
