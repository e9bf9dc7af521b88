package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
)

// secrets is a kind that is read for a flag only: for pulling images and for Helm releases.
func secrets() resource { return resource{version: "v1", plural: "secrets", kind: "Secret"} }

// serviceAccounts is the kind of the accounts that pods run as.
func serviceAccounts() resource {
	return resource{version: "v1", plural: "serviceaccounts", kind: "ServiceAccount"}
}

// PullSecrets reads the Secrets that the pod and its service account name for pulling images: the only Secrets that
// backtrail ever reads, and only if a person asks for it. Those that could not be read are left out and named in
// the error; the others are there. They are not reported to a Trace, so that no bundle can hold them.
func (r *reading) PullSecrets(ctx context.Context, pod *corev1.Pod) ([]corev1.Secret, error) {
	// requests stay in the custody log, with their paths; objects do not
	ctx = context.WithValue(ctx, traceKey{}, Trace{Request: traceOf(ctx).Request})
	var errs []error
	refs := slices.Clone(pod.Spec.ImagePullSecrets)
	if name := pod.Spec.ServiceAccountName; name != "" {
		var account corev1.ServiceAccount
		if err := r.read(ctx, serviceAccounts(), pod.Namespace, name, &account); err != nil {
			errs = append(errs, err)
		}
		refs = append(refs, account.ImagePullSecrets...)
	}
	var found []corev1.Secret
	for _, name := range secretNames(refs) {
		var s corev1.Secret
		if err := r.read(ctx, secrets(), pod.Namespace, name, &s); err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, s)
	}
	return found, errors.Join(errs...)
}

// secretNames are the names of references, once each, in their order: the kubelet tries them in it.
func secretNames(refs []corev1.LocalObjectReference) []string {
	var names []string
	for _, ref := range refs {
		if ref.Name != "" && !slices.Contains(names, ref.Name) {
			names = append(names, ref.Name)
		}
	}
	return names
}

// pullKey is the login of one entry of a pull secret, and where it belongs: a host, of which each label may be a
// pattern, and the begin of a path.
type pullKey struct {
	host, port, path string
	login            authn.AuthConfig
}

// pullKeys are the logins of pull secrets, the most specific place first.
//
// The matching is that of the kubelet (kubernetes.io/docs/concepts/containers/images, "Interpretation of config.json"),
// so that backtrail reads what the node read. It stands here, and is not that of go-containerregistry's
// authn/kubernetes: that package links the whole typed client of Kubernetes, 14 MB of a program that never makes a
// typed request.
type pullKeys []pullKey

// PullKeychain makes a keychain of Secrets. A Secret that is no pull secret is passed over. One that cannot be read is
// left out and named in the error; the others are in the keychain.
func PullKeychain(found []corev1.Secret) (authn.Keychain, error) {
	var keys pullKeys
	var errs []error
	for i := range found {
		secret := &found[i]
		logins, err := loginsOf(secret)
		if err != nil { // of a secret: the reason is left out, since that of encoding/json quotes its bytes
			errs = append(errs, fmt.Errorf("reading pull secret %s: it has no logins in the form of its type",
				secret.Name))
		}
		for _, place := range slices.Sorted(maps.Keys(logins)) {
			key, err := newPullKey(place, logins[place])
			if err != nil {
				errs = append(errs, fmt.Errorf("reading pull secret %s: one of its registries is no URL",
					secret.Name))
				continue
			}
			keys = append(keys, key)
		}
	}
	// Of two logins for one place that of the earlier secret comes first.
	slices.SortStableFunc(keys, func(a, b pullKey) int {
		return cmp.Compare(b.host+b.port+b.path, a.host+a.port+a.path)
	})
	return keys, errors.Join(errs...)
}

// loginsOf reads the two forms of a pull secret: Docker's config.json, and the older .dockercfg, which is the map of
// logins alone. Both are bounded by the API server, which takes no Secret of more than 1 MiB.
func loginsOf(s *corev1.Secret) (map[string]authn.AuthConfig, error) {
	var config struct {
		Auths map[string]authn.AuthConfig `json:"auths"`
	}
	if s.Type == corev1.SecretTypeDockerConfigJson {
		err := json.Unmarshal(s.Data[corev1.DockerConfigJsonKey], &config)
		return config.Auths, err
	}
	if s.Type == corev1.SecretTypeDockercfg {
		err := json.Unmarshal(s.Data[corev1.DockerConfigKey], &config.Auths)
		return config.Auths, err
	}
	return nil, nil
}

// newPullKey reads where a login belongs: registry.example, https://registry.example:5000/team, *.registry.example. A
// path of /v1/ or /v2/ is that of the API and stands for the host, as Docker writes it for its own registry.
func newPullKey(place string, login authn.AuthConfig) (pullKey, error) {
	if !strings.HasPrefix(place, "https://") && !strings.HasPrefix(place, "http://") {
		place = "https://" + place
	}
	u, err := url.Parse(place)
	if err != nil || u.Hostname() == "" {
		return pullKey{}, errors.New("no host")
	}
	below := u.Path
	if strings.HasPrefix(below, "/v1/") || strings.HasPrefix(below, "/v2/") {
		below = below[len("/v1"):]
	}
	if below == "/" {
		below = ""
	}
	host := u.Hostname()
	if host == "docker.io" {
		host = "index.docker.io" // one registry, whose images go-containerregistry names by this host
	}
	return pullKey{host: host, port: u.Port(), path: below, login: login}, nil
}

// Resolve gives the login for a registry or repository; authn.Anonymous where there is none.
func (k pullKeys) Resolve(target authn.Resource) (authn.Authenticator, error) {
	u, err := url.Parse("https://" + target.String())
	if err != nil {
		return authn.Anonymous, nil // no registry is of that name
	}
	for i := range k {
		if k[i].matches(u) {
			return authn.FromConfig(k[i].login), nil
		}
	}
	return authn.Anonymous, nil
}

// matches compares label by label: *.example.com is registry.example.com, and neither example.com nor a.b.example.com.
// A port must be the same, also the one that is not there.
func (k *pullKey) matches(u *url.URL) bool {
	want, have := strings.Split(k.host, "."), strings.Split(u.Hostname(), ".")
	if k.port != u.Port() || len(want) != len(have) || !strings.HasPrefix(u.Path, k.path) {
		return false
	}
	for i := range want {
		if ok, err := path.Match(want[i], have[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
