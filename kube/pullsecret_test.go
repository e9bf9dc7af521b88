package kube

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
)

// pullObjects are the service account and Secrets of namespace shop; gone is not there.
var pullObjects = map[string]string{
	"/api/v1/namespaces/shop/serviceaccounts/web": `{"metadata":{"name":"web"},"imagePullSecrets":[{"name":"account"},{"name":"pod"}]}`,
	"/api/v1/namespaces/shop/secrets/pod":         `{"metadata":{"name":"pod"},"data":{".dockerconfigjson":"e30="}}`,
	"/api/v1/namespaces/shop/secrets/account":     `{"metadata":{"name":"account"},"data":{".dockerconfigjson":"e30="}}`,
	"/api/v1/namespaces/shop/secrets/other":       `{"metadata":{"name":"other"}}`,
}

func TestPullSecretsAreThoseThatThePodNames(t *testing.T) {
	p := pod("web-0", "web", nil, nil, "registry.example/web:1")
	p.Spec.ServiceAccountName = "web"
	p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pod"}, {Name: "gone"}}
	var asked []string
	server := serve(t, p)
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		asked = append(asked, path.Base(r.URL.Path))
		body, ok := pullObjects[r.URL.Path]
		if ok {
			fmt.Fprint(w, body)
		}
		return ok
	}
	var told []string
	ctx := WithTrace(t.Context(), Trace{Object: func(o Object) { told = append(told, o.Kind) }})
	found, err := server.open(t, "").PullSecrets(ctx, p)
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("the secret that is not there: %v", err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "pod account" {
		t.Errorf("got %q, want pod and account: %v", got, err)
	}
	if len(told) != 0 {
		t.Errorf("told to the trace, which keeps for the bundle: %v", told)
	}
	if strings.Contains(strings.Join(asked, " "), "other") {
		t.Errorf("asked for %v: only what the pod names is read", asked)
	}
}

// dockerConfig is a pull secret in the form of Docker's config.json.
func dockerConfig(name, config string) corev1.Secret {
	s := corev1.Secret{Type: corev1.SecretTypeDockerConfigJson}
	s.Name, s.Data = name, map[string][]byte{corev1.DockerConfigJsonKey: []byte(config)}
	return s
}

// loginFor is the user name that a keychain gives for a repository, "" for none.
func loginFor(t *testing.T, k authn.Keychain, repository string) string {
	t.Helper()
	repo, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	found, err := k.Resolve(repo)
	if err != nil {
		t.Fatal(err)
	}
	login, err := authn.Authorization(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	return login.Username
}

func TestAPullSecretIsForTheRegistryThatItNames(t *testing.T) {
	keys, err := PullKeychain([]corev1.Secret{
		dockerConfig("many", `{"auths":{
			"registry.example":{"username":"host"},
			"https://registry.example/team":{"auth":"dGVhbTpzZWNyZXQ="},
			"registry.example:5000":{"username":"port"},
			"*.cloud.example":{"username":"pattern"},
			"https://index.docker.io/v1/":{"username":"hub"}}}`),
		dockerConfig("later", `{"auths":{"registry.example":{"username":"later"}}}`),
		{Type: corev1.SecretTypeDockercfg, Data: map[string][]byte{
			corev1.DockerConfigKey: []byte(`{"old.example":{"username":"old"}}`),
		}},
		{Type: corev1.SecretTypeOpaque, Data: map[string][]byte{
			corev1.DockerConfigJsonKey: []byte(`{"auths":{"opaque.example":{"username":"opaque"}}}`),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]string{
		"registry.example/web":      "host", // of the first secret that names it
		"registry.example/team/web": "team", // the longer path counts
		"registry.example:5000/web": "port",
		"registry.example:5001/web": "",
		"eu.cloud.example/web":      "pattern",
		"a.eu.cloud.example/web":    "", // * is one label
		"cloud.example/web":         "",
		"registry.example.evil/web": "",
		"evilregistry.example/web":  "",
		"nginx":                     "hub",
		"old.example/web":           "old",
		"opaque.example/web":        "", // the kubelet reads the two types of pull secrets only
	} {
		if got := loginFor(t, keys, repository); got != want {
			t.Errorf("%s: login %q, want %q", repository, got, want)
		}
	}
}

// docker.io and index.docker.io are one registry, whichever the secret names.
func TestAPullSecretForDockerHub(t *testing.T) {
	keys, err := PullKeychain([]corev1.Secret{dockerConfig("hub", `{"auths":{"docker.io":{"username":"hub"}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]string{"nginx": "hub", "docker.io/team/web": "hub", "quay.io/web": ""} {
		if got := loginFor(t, keys, repository); got != want {
			t.Errorf("%s: login %q, want %q", repository, got, want)
		}
	}
}

func TestABrokenPullSecretIsNamedAndTheOthersCount(t *testing.T) {
	keys, err := PullKeychain([]corev1.Secret{
		dockerConfig("broken", `{"auths":{"registry.example":{"auth":"c2VjcmV0"}}}`), // no colon: no user
		dockerConfig("nowhere", `{"auths":{"https://%zz":{"username":"hunter2"}}}`),
		dockerConfig("good", `{"auths":{"registry.example":{"username":"good"}}}`),
	})
	if err == nil || !strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("the error does not name the broken secrets: %v", err)
	}
	if err != nil && (strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), "hunter2")) {
		t.Errorf("the error quotes a secret: %v", err)
	}
	if got := loginFor(t, keys, "registry.example/web"); got != "good" {
		t.Errorf("login %q, want that of the good secret", got)
	}
}

// hostOf is the registry of a repository without its port.
func hostOf(repo name.Repository) string { return strings.Split(repo.RegistryStr(), ":")[0] }

func FuzzPullKeychain(f *testing.F) {
	f.Add([]byte(`{"auths":{"registry.example":{"auth":"dGVhbTpzZWNyZXQ="}}}`), "registry.example/web")
	f.Add([]byte(`{"auths":{"[::1]:5000/[":{"username":"a"},"*.[a-":{}}}`), "[::1]:5000/web")
	f.Add([]byte(`{"auths":null}`), "web")
	f.Fuzz(func(t *testing.T, config []byte, image string) {
		repo, err := name.NewRepository(image)
		if err != nil {
			return
		}
		keys, _ := PullKeychain([]corev1.Secret{dockerConfig("s", string(config))})
		found, err := keys.Resolve(repo)
		if err != nil || found == nil {
			t.Fatalf("no answer: %v", err)
		}
		// A login with a literal host must not be given to another one.
		if found != authn.Anonymous && !strings.ContainsAny(string(config), "*?[\\") &&
			!strings.Contains(strings.ToLower(string(config)), strings.ToLower(hostOf(repo))) {
			t.Errorf("a login for %s out of %q", repo, config)
		}
	})
}
