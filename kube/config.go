package kube

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc" // kubectl has this login built in as well
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// What the client allows itself. requestTimeout is for one page on a slow link,
// where --request-timeout gives none.
const (
	dialTimeout    = 10 * time.Second
	requestTimeout = 60 * time.Second
	requestsPerSec = 50
	requestBurst   = 100
)

// Overrides are the flags of kubectl that replace a part of the kubeconfig for one run.
type Overrides = clientcmd.ConfigOverrides

// BindOverrides adds those flags, with kubectl's names and meanings. They are bound by clientcmd, which kubectl binds
// them by as well, and not by cli-runtime: that package links a discovery client and the scheme of all built-in kinds.
func BindOverrides(o *Overrides, s *pflag.FlagSet) {
	flag := func(name, words string) clientcmd.FlagInfo {
		return clientcmd.FlagInfo{LongName: name, Description: words}
	}
	server := flag(clientcmd.FlagAPIServer, "address and port of the API server, a `URL`")
	server.ShortName = "s"
	clientcmd.BindOverrideFlags(o, s, clientcmd.ConfigOverrideFlags{
		AuthOverrideFlags: clientcmd.AuthOverrideFlags{
			Token:       flag(clientcmd.FlagBearerToken, "bearer `TOKEN` for the API server"),
			Impersonate: flag(clientcmd.FlagImpersonate, "`USER` to impersonate in all requests to the API server"),
			ImpersonateUID: flag(clientcmd.FlagImpersonateUID,
				"`UID` to impersonate"),
			ImpersonateGroups: flag(clientcmd.FlagImpersonateGroup,
				"`GROUP` to impersonate (repeatable)"),
		},
		ClusterOverrideFlags: clientcmd.ClusterOverrideFlags{
			APIServer: server,
			TLSServerName: flag(clientcmd.FlagTLSServerName,
				"`NAME` that the certificate of the API server must have, if it is not that of the URL"),
		},
		ContextOverrideFlags: clientcmd.ContextOverrideFlags{
			ClusterName:  flag(clientcmd.FlagClusterName, "`CLUSTER` of the kubeconfig"),
			AuthInfoName: flag(clientcmd.FlagAuthInfoName, "`USER` of the kubeconfig"),
		},
		Timeout: flag(clientcmd.FlagTimeout,
			"how long one answer of the API server may take, as `TIME` such as 5s (default 60s; not for watches)"),
	})
}

// CheckOverrides refuses what could not be meant, before anything is read.
func CheckOverrides(o *Overrides) error {
	if o.Timeout != "" {
		// client-go takes a plain number for seconds, as kubectl does
		if d, err := clientcmd.ParseTimeout(o.Timeout); err != nil || d < 0 {
			return fmt.Errorf("--%s %s is no time: 5s, 2m and 0 are", clientcmd.FlagTimeout, o.Timeout)
		}
	}
	if o.AuthInfo.Impersonate == "" && (len(o.AuthInfo.ImpersonateGroups) > 0 || o.AuthInfo.ImpersonateUID != "") {
		return fmt.Errorf("--%s and --%s need --%s: the API server takes no group without a user",
			clientcmd.FlagImpersonateGroup, clientcmd.FlagImpersonateUID, clientcmd.FlagImpersonate)
	}
	return nil
}

// loadConfig reads the kubeconfig by kubectl's rules and picks the context. There is no
// fallback to a pod's own service account: that is used where it is asked for, and nothing else is then.
func loadConfig(o Options) (*api.Config, *rest.Config, error) {
	if o.InCluster {
		return inClusterConfig(serviceAccountNamespace, &o.Overrides)
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	// the warning would go to stderr, in the middle of a terminal UI
	rules.WarnIfAllMissing = false
	all, err := rules.Load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &Error{Doing: "reading the kubeconfig", Err: err, Hint: noConfigHints()}
	}
	named := o.Overrides.ClusterInfo.Server != "" // a server needs no kubeconfig
	if (err != nil || len(all.Contexts) == 0) && (!named || o.Context != "" || o.Kubeconfig != "") {
		return nil, nil, noConfig(rules)
	}
	if all == nil {
		all = api.NewConfig()
	}
	if o.Context == "" {
		o.Context = all.CurrentContext
	}
	if _, ok := all.Contexts[o.Context]; !ok {
		if !named || o.Context != "" {
			return nil, nil, wrongContext(all, o.Context)
		}
		all.Contexts[""] = &api.Context{}
	}
	all.CurrentContext = o.Context
	overrides := o.Overrides
	overrides.CurrentContext = o.Context
	config, err := clientcmd.NewNonInteractiveClientConfig(*all, o.Context, &overrides, rules).ClientConfig()
	if err != nil {
		return nil, nil, &Error{
			Doing: fmt.Sprintf("reading context %q of the kubeconfig", o.Context), Err: err,
			Hint: credentialHints(userOf(all)),
		}
	}
	return all, config, nil
}

// InClusterContext is what the cluster is called where a pod reads its own.
const InClusterContext = "in-cluster"

// serviceAccountNamespace is the file in which a pod finds its namespace, and maxNamespace bounds it, in bytes.
const (
	serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	maxNamespace            = 4 << 10
)

// inClusterConfig is the service account of the pod that this program runs in. namespaceFile may be missing.
// Of the overrides it takes those that do not name another cluster or user.
func inClusterConfig(namespaceFile string, o *Overrides) (*api.Config, *rest.Config, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, nil, &Error{
			Doing: "reading the service account of this pod", Kind: ErrNoConfig, Err: err,
			Hint: []string{"--in-cluster works in a pod that mounts its service account's token"},
		}
	}
	config.Impersonate = rest.ImpersonationConfig{
		UserName: o.AuthInfo.Impersonate, UID: o.AuthInfo.ImpersonateUID, Groups: o.AuthInfo.ImpersonateGroups,
	}
	if o.Timeout != "" {
		if config.Timeout, err = clientcmd.ParseTimeout(o.Timeout); err != nil {
			return nil, nil, &Error{Doing: "reading the service account of this pod", Err: err}
		}
	}
	namespace := ""
	if f, err := os.Open(namespaceFile); err == nil {
		raw, errRead := io.ReadAll(io.LimitReader(f, maxNamespace))
		_ = f.Close()
		if errRead == nil {
			namespace = strings.TrimSpace(string(raw))
		}
	}
	all := api.NewConfig()
	all.CurrentContext = InClusterContext
	all.Contexts[InClusterContext] = &api.Context{Namespace: namespace}
	return all, config, nil
}

// userOf returns the user of the current context, nil if the kubeconfig does not have it.
func userOf(all *api.Config) *api.AuthInfo {
	return all.AuthInfos[all.Contexts[all.CurrentContext].AuthInfo]
}

// certificateEnd returns when the client certificate of the kubeconfig expires; zero if there is none that can be read.
func certificateEnd(config *rest.Config) time.Time {
	content := config.CertData
	if len(content) == 0 && config.CertFile != "" {
		content, _ = os.ReadFile(config.CertFile) // a file of the user's own; client-go reports an error
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return time.Time{}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	return cert.NotAfter
}

// noConfig is the error that no kubeconfig has a context, with the files that were looked for.
func noConfig(rules *clientcmd.ClientConfigLoadingRules) error {
	looked := rules.Precedence
	if rules.ExplicitPath != "" {
		looked = []string{rules.ExplicitPath}
	}
	return &Error{
		Doing: "looking for a cluster in " + strings.Join(looked, ", "),
		Kind:  ErrNoConfig, Hint: noConfigHints(),
	}
}

// noConfigHints are the ways to work without the kubeconfig that is missing.
func noConfigHints() []string {
	return []string{
		"`backtrail demo` shows a built-in incident and needs no cluster",
		"--kubeconfig FILE (or $KUBECONFIG) names a kubeconfig",
		"--snapshot PATH reads a saved `kubectl get pods,replicasets,nodes -A -o json` in place of a cluster",
	}
}

// wrongContext is the error for a context that the kubeconfig does not have, with those that it has.
func wrongContext(all *api.Config, name string) error {
	known := strings.Join(contextNames(all), ", ")
	if name == "" {
		return &Error{
			Doing: "choosing a context", Kind: ErrNoConfig, Err: errors.New("the kubeconfig has no current context"),
			Hint: []string{"--context NAME picks one of: " + known},
		}
	}
	return &Error{
		Doing: fmt.Sprintf("choosing context %q", name), Kind: ErrNoConfig,
		Err:  errors.New("the kubeconfig does not have it"),
		Hint: []string{"it has: " + known},
	}
}

// contextNames are the contexts of the kubeconfig, sorted.
func contextNames(all *api.Config) []string {
	var names []string
	for name := range all.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// newClient makes a client for plain paths that can only read.
func newClient(config *rest.Config, o Options) (*rest.RESTClient, error) {
	server, err := url.Parse(config.Host)
	if err != nil {
		return nil, fmt.Errorf("reading the server's URL: %w", err)
	}
	base := strings.TrimSuffix(server.Path, "/")
	// Wrapped first, so that it is nearest to the network: authentication and credential plugins run above it, and
	// nothing above can go around it.
	timeout := config.Timeout
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &guard{next: next, base: base, timeout: timeout}
	})
	config.UserAgent = o.UserAgent
	config.QPS, config.Burst = requestsPerSec, requestBurst
	config.Timeout = 0 // the guard's, which leaves out the credential plugin
	config.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout}).DialContext
	config.WarningHandlerWithContext = warner(o.Warn)
	// JSON, since objects are kept as received; the scheme only has to know a Status.
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.GroupVersion = &schema.GroupVersion{Version: "v1"}
	if config.ExecProvider != nil && o.NoStdin {
		detach(config.ExecProvider)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	client.Transport = &waiter{
		next: client.Transport, plugin: config.ExecProvider, server: config.Host, report: o.Waiting,
		notice: waitNotice, timeout: pluginTimeout,
	}
	return rest.UnversionedRESTClientForConfigAndClient(config, client)
}

// detach makes client-go give the plugin no stdin, or fail with this message if it needs one.
func detach(plugin *api.ExecConfig) {
	plugin.StdinUnavailable = true
	plugin.StdinUnavailableMessage = "the terminal UI has the terminal"
}

// warner hands on the server's warnings.
type warner func(string)

// HandleWarningHeaderWithContext is called by client-go.
func (w warner) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	if w != nil {
		w(text)
	}
}
