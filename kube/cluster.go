package kube

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Options choose a cluster, in kubectl's words.
type Options struct {
	Kubeconfig string // --kubeconfig; "" means $KUBECONFIG, else ~/.kube/config
	Context    string // --context; "" means the kubeconfig's current one
	Namespace  string // --namespace; "" means that of the context
	Overrides  Overrides
	UserAgent  string // backtrail/VERSION
	InCluster  bool   // the service account of the pod that this program runs in, in place of a kubeconfig
	NoStdin    bool   // credential plugins never get stdin: a terminal UI has it
	// Warn is called with each warning of the server; nil drops them.
	Warn func(string)
	// Waiting is called where a request or a credential plugin has not answered for 10 seconds, with a sentence for
	// people. nil drops it. It may be called from several goroutines.
	Waiting func(string)
}

// Cluster is a live cluster. Credentials come from the kubeconfig; its transport refuses
// everything that could change something.
type Cluster struct {
	reading
	context, namespace, server string
	contexts                   []string
	plugin                     *api.ExecConfig // nil if the context has no credential plugin
	certificateEnd             time.Time       // of the client certificate; zero if the kubeconfig has none
	client                     *rest.RESTClient
	authorities                string // sha256:… of the certificate authorities of the server; empty: the system's
}

// Open reads the kubeconfig and prepares a client. No request is made and no credential plugin
// runs: that is what Login and the first read do. The error is an *Error: ErrNoConfig, or what is
// wrong with the kubeconfig.
func Open(o Options) (*Cluster, error) {
	all, config, err := loadConfig(o)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		context: all.CurrentContext, namespace: o.Namespace, server: config.Host,
		contexts: contextNames(all), plugin: config.ExecProvider, certificateEnd: certificateEnd(config),
	}
	c.authorities = authoritiesOf(config)
	if c.namespace == "" {
		c.namespace = all.Contexts[c.context].Namespace
	}
	if c.namespace == "" {
		c.namespace = metav1.NamespaceDefault
	}
	c.client, err = newClient(config, o)
	if err != nil {
		return nil, &Error{
			Doing: fmt.Sprintf("preparing context %q", c.context), Err: err,
			Hint: credentialHints(userOf(all)),
		}
	}
	c.reading = reading{from: c}
	return c, nil
}

// Login makes one cheap request, with the terminal still ours: credential plugins of the
// kubeconfig run now and may ask on stdin. Call it before a terminal UI starts.
func (c *Cluster) Login(ctx context.Context) error {
	_, err := fetch(ctx, c.client.Get().AbsPath("/version"))
	// 403 comes after the credentials were accepted; 401 is the answer to bad ones
	if apierrors.IsForbidden(err) {
		return nil // logged in, and not permitted to ask for the version
	}
	return c.explain("logging in", err)
}

// Detach takes stdin from the credential plugin: from now on one that needs it fails, in words.
// Call it after Login and before a terminal UI starts, while no request is under way. Together
// with Quiet it leaves the terminal to the UI.
func (c *Cluster) Detach() {
	if c.plugin != nil {
		detach(c.plugin)
	}
}

// Context is the name of the kubeconfig context.
func (c *Cluster) Context() string { return c.context }

// Namespace is that of the options, else of the context, else "default".
func (c *Cluster) Namespace() string { return c.namespace }

// Server is the URL of the API server.
func (c *Cluster) Server() string { return c.server }

// Contexts are the names of all contexts of the kubeconfig, sorted.
func (c *Cluster) Contexts() []string { return c.contexts }

// home is where pods are listed if the whole cluster may not be.
func (c *Cluster) home() string { return c.namespace }

// lacks returns nil: a live cluster that lists none of a kind has none.
func (c *Cluster) lacks(resource) error { return nil }

// get reads one object with one request.
func (c *Cluster) get(ctx context.Context, res resource, namespace, name string) (Object, error) {
	obj := res.object(namespace, name, nil)
	raw, err := fetch(ctx, c.client.Get().AbsPath(obj.Path))
	if err != nil {
		return Object{}, c.explain("reading "+res.named(namespace, name), err)
	}
	obj.Raw = raw
	return obj, nil
}

// fetch sends the request. The server's own reason is in Error, which Raw would leave out.
func fetch(ctx context.Context, req *rest.Request) ([]byte, error) {
	result := req.Do(ctx)
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}

// page is one page of a list, with its items as received.
type page struct {
	Metadata metav1.ListMeta   `json:"metadata"`
	Items    []json.RawMessage `json:"items"`
}

// maxPages bounds a list: half a million objects.
const maxPages = 1000

// list reads page by page and gives each page to the caller before the next request, so that the first pods are shown
// while others are still on their way.
func (c *Cluster) list(ctx context.Context, res resource, namespace string, selector labels.Selector,
	each func([]found) error,
) (string, error) {
	doing := "listing the " + res.plural + " of all namespaces"
	if namespace != "" {
		doing = "listing the " + res.plural + " of namespace " + namespace
	}
	version, next := "", ""
	for range maxPages {
		p, err := c.page(ctx, res, namespace, selector, next)
		if err != nil {
			return version, c.explain(doing, err)
		}
		// A later page of the same list has the same version by the API's contract ("Retrieving large results sets in
		// chunks"); after a 410 it does not.
		if version == "" { // that of the first page: a watch from there misses nothing that later pages may have
			version = p.Metadata.ResourceVersion
		}
		items := make([]found, len(p.Items))
		for i, raw := range p.Items {
			items[i].raw = raw
		}
		if err := each(items); err != nil {
			return version, err
		}
		if next = p.Metadata.Continue; next == "" {
			return version, nil
		}
	}
	return version, &Error{Doing: doing, Kind: ErrLimit, Err: fmt.Errorf("more than %d pages", maxPages)}
}

// page reads one page. A list that takes longer than the server remembers it (410 Gone) goes on
// from the same place with what is there now, by the token that the server sends for this.
func (c *Cluster) page(ctx context.Context, res resource, namespace string, selector labels.Selector,
	next string,
) (page, error) {
	var p page
	req := c.client.Get().AbsPath(res.path(namespace, "")).Param("limit", strconv.Itoa(cmp.Or(res.page, PageSize)))
	if res.fields != "" {
		req = req.Param("fieldSelector", res.fields)
	}
	if !selector.Empty() {
		req = req.Param("labelSelector", selector.String())
	}
	if next != "" {
		req = req.Param("continue", next)
	}
	raw, err := fetch(ctx, req)
	var status apierrors.APIStatus
	// The token of the 410 continues without the guarantee of one state: a pod may be listed twice or not, which is
	// better than no list.
	if apierrors.IsResourceExpired(err) && errors.As(err, &status) {
		if fresh := status.Status().Continue; fresh != "" && fresh != next {
			return c.page(ctx, res, namespace, selector, fresh)
		}
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("understanding the answer: %w", err)
	}
	return p, nil
}

// Identity is which cluster was read, and as whom. A context is a name that each person chooses; the UID of kube-system
// is the same for everyone, as long as the cluster lives.
type Identity struct {
	Server  string // URL
	CA      string // sha256:… of the certificate authorities in PEM; empty: those of the system
	UID     string // of the namespace kube-system
	Version string
	User    string // as the server names it
	Groups  []string
	Unknown []string // what could not be read, with the reason
}

// Identity asks the cluster what it is, and who we are to it: three requests that every authenticated user may make
// (system:discovery, system:basic-user), but for that of the namespace, which needs get on namespaces. What is refused
// is named in Unknown.
//
// All of it is what the server states: a server that lies about its UID is found by comparing the CA and the UID with
// those of another case of the same cluster.
func (c *Cluster) Identity(ctx context.Context) Identity {
	id := Identity{Server: c.server, CA: c.authorities}
	if u, err := url.Parse(c.server); err == nil {
		u.User = nil
		id.Server = u.String()
	}
	unknown := func(what string, err error) {
		id.Unknown = append(id.Unknown, what+": "+err.Error())
	}
	if ns, err := c.ReadNamespace(ctx, metav1.NamespaceSystem); err != nil {
		unknown("uid", err)
	} else {
		id.UID = string(ns.UID)
	}
	// Both are asked for whatever came of the first: each is a fact of its own.
	var version struct{ GitVersion string }
	raw, err := fetch(ctx, c.client.Get().AbsPath("/version"))
	if err == nil {
		err = json.Unmarshal(raw, &version)
	}
	if err != nil {
		unknown("version", err)
	}
	id.Version = version.GitVersion
	var review authenticationv1.SelfSubjectReview
	raw, err = fetch(ctx, c.client.Post().AbsPath("/apis/authentication.k8s.io/v1/selfsubjectreviews").
		SetHeader("Content-Type", runtime.ContentTypeJSON).
		Body([]byte(`{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}`)))
	if err == nil {
		err = json.Unmarshal(raw, &review)
	}
	if err != nil {
		unknown("user", err)
	}
	id.User, id.Groups = review.Status.UserInfo.Username, review.Status.UserInfo.Groups
	return id
}

// authoritiesOf is the digest of the certificate authorities that the server's certificate has to lead to: the PEM of
// the kubeconfig, as it stands there. The same authority in another order or with comments has another digest.
func authoritiesOf(config *rest.Config) string {
	content := config.CAData
	if len(content) == 0 && config.CAFile != "" {
		content, _ = os.ReadFile(config.CAFile) // a file of the user's own; client-go reports an error
	}
	if len(content) == 0 {
		return ""
	}
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}
