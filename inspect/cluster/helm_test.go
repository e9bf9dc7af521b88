package cluster_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// withHelm is a dump beside which Helm keeps releases.
type withHelm struct {
	kube.Source
	secrets []corev1.Secret
	err     error
}

func (h withHelm) HelmReleases(_ context.Context, namespace, release string) ([]corev1.Secret, error) {
	if namespace != "shop" || release != "shop" {
		return nil, fmt.Errorf("asked for %s in %s", release, namespace)
	}
	return h.secrets, h.err
}

// release is a revision as Helm keeps it.
func release(t *testing.T, version int, status, image string, values string) corev1.Secret {
	t.Helper()
	plain, err := json.Marshal(map[string]any{
		"name": "shop", "namespace": "shop", "version": version,
		"info": map[string]any{"status": status, "last_deployed": morning.Format("2006-01-02T15:04:05Z")},
		"chart": map[string]any{"metadata": map[string]any{"name": "web", "version": fmt.Sprintf("1.0.%d",
			version)}, "values": map[string]any{"image": image}},
		"config": json.RawMessage(values),
		"manifest": "kind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, " +
			"image: \"" + image + "\"}]}}}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(plain)
	_ = z.Close()
	return corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("sh.helm.release.v1.shop.v%d", version)},
		Data:       map[string][]byte{"release": []byte(base64.StdEncoding.EncodeToString(b.Bytes()))},
	}
}

// readRelease runs the check on a Deployment that says that it is of release shop.
func readRelease(t *testing.T, w *world, err error, secrets ...corev1.Secret) (inspect.Case, *registry.Store) {
	t.Helper()
	store, storeErr := registry.OpenStore(t.TempDir())
	if storeErr != nil {
		t.Fatal(storeErr)
	}
	w.deployment.Annotations = map[string]string{"meta.helm.sh/release-name": "shop"}
	source := withHelm{sourceOf(t, []any{w.namespace, w.deployment, w.set, w.pod}), secrets, err}
	return runChecks(t, nil, cluster.Helm(cluster.Options{Cluster: source, Pod: w.pod}, store, true)), store
}

func TestReleaseAgainstWhatRuns(t *testing.T) {
	const runs, other = "reg.example/web:1", "evil.example/web:1"
	tests := map[string]struct {
		secrets  []corev1.Secret
		code     string
		severity inspect.Severity
		title    string
	}{
		"as released": {
			[]corev1.Secret{release(t, 1, "deployed", runs, "{}")},
			inspect.CodeHelmImage, inspect.Info,
			"Helm release shop (chart web 1.0.1, revision 1 at 2026-03-01 08:00:00Z) renders the image of web, by " +
				"the chart's own values (image)",
		},
		"changed outside Helm": {
			[]corev1.Secret{release(t, 1, "deployed", other, "{}")},
			inspect.CodeHelmSwapped, inspect.High,
			"the image of web was changed outside Helm: Helm release shop (chart web 1.0.1, revision 1 at " +
				"2026-03-01 08:00:00Z) renders evil.example/web:1, and Deployment web has reg.example/web:1, as " +
				"kubectl-set set it at 2026-03-01 11:00:00Z",
		},
		"brought by the chart": {
			[]corev1.Secret{release(t, 1, "superseded", other, "{}"), release(t, 2, "deployed", runs, "{}")},
			inspect.CodeHelmImageChanged, inspect.Info,
			"changed the image of web: revision 1 (chart web 1.0.1) renders evil.example/web:1, this one renders " +
				"reg.example/web:1, by the chart's own values (image)",
		},
		"brought by values": {
			[]corev1.Secret{release(t, 2, "deployed", runs, `{"image":"reg.example/web:1"}`), release(t, 1,
				"superseded", other, "{}")},
			inspect.CodeHelmImageChanged, inspect.Info,
			"by values that were given to it (image)",
		},
		"the same before": {[]corev1.Secret{release(t, 1, "superseded", runs, "{}"), release(t, 2, "deployed",
			runs, "{}")}, inspect.CodeHelmImage, inspect.Info, "revision 2"},
		"a failed upgrade": {[]corev1.Secret{release(t, 1, "deployed", runs, "{}"), release(t, 2, "failed", other,
			"{}")}, inspect.CodeHelmImage, inspect.Info, "revision 1"},
		"nothing is deployed": {[]corev1.Secret{release(t, 1, "uninstalled", other, "{}")}, "", "", ""},
	}
	for name, tt := range tests {
		w := newWorld()
		w.deployment.ManagedFields = []metav1.ManagedFieldsEntry{setImage("kubectl-set", 3)}
		c, _ := readRelease(t, w, nil, tt.secrets...)
		if tt.code == "" {
			if len(c.Findings) != 0 {
				t.Errorf("%s: %v", name, codes(c))
			}
			continue
		}
		f, ok := findingOf(c, tt.code)
		if !ok || f.Severity != tt.severity || f.Subject != "web" || !strings.Contains(f.Title, tt.title) ||
			f.Check != inspect.CheckHelm {
			t.Errorf("%s: %+v of %v", name, f, codes(c))
		}
		if len(c.Timeline) != len(tt.secrets) {
			t.Errorf("%s: timeline %v", name, c.Timeline)
		}
	}
}

// What is kept of a release is what it asks for; what may be secret is taken out, and that is said.
func TestReleaseIsKeptWithoutSecrets(t *testing.T) {
	c, store := readRelease(t, newWorld(), nil, release(t, 1, "deployed", "reg.example/web:1",
		`{"db":{"password":"hunter2"}}`))
	if len(c.Exhibits) != 1 || c.Exhibits[0].Path != "cluster/helm-shop-shop.v1.json" {
		t.Fatalf("%+v", c.Exhibits)
	}
	x := c.Exhibits[0]
	if !slices.Contains(x.Redacted, ".values.db.password") ||
		x.Source != "/api/v1/namespaces/shop/secrets/sh.helm.release.v1.shop.v1" {
		t.Errorf("%+v", x)
	}
	raw, err := store.Read(x.Digest, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(raw); strings.Contains(text, "hunter2") || !strings.Contains(text, `"web": "reg.example/web:1"`) {
		t.Error(text)
	}
	if f, _ := findingOf(c, inspect.CodeHelmImage); f.Evidence[0].Digest != x.Digest {
		t.Errorf("%+v", f.Evidence)
	}
}

func TestReleasesThatCannotBeRead(t *testing.T) {
	w := newWorld()
	c, _ := readRelease(t, w, errors.New("listing secrets: not permitted\nhint"))
	if state, _ := c.Check(inspect.CheckHelm, ""); state.Status != inspect.CheckBlocked ||
		state.Reason != "the Helm release shop could not be read: listing secrets: not permitted" {
		t.Errorf("%+v", state)
	}
	broken := release(t, 1, "superseded", "x", "{}")
	broken.Data["release"] = []byte("!")
	c, _ = readRelease(t, w, nil, broken, release(t, 2, "deployed", "reg.example/web:1", "{}"))
	if state, _ := c.Check(inspect.CheckHelm, ""); state.Status != inspect.CheckBlocked ||
		!strings.HasPrefix(state.Reason,
			"1 of 2 revisions of the release could not be read: sh.helm.release.v1.shop.v1") {
		t.Errorf("%+v", state)
	}
	if _, ok := findingOf(c, inspect.CodeHelmImage); !ok {
		t.Errorf("the other revision is not compared: %v", codes(c))
	}
}

// Without --helm no Secret is read; a workload that is of no chart has none.
func TestHelmIsNotReadUnasked(t *testing.T) {
	w := newWorld()
	source := withHelm{sourceOf(t, []any{w.namespace, w.deployment, w.set, w.pod}), nil, errors.New("read, unasked")}
	for name, check := range map[string]engine.Check{
		"unasked":  cluster.Helm(cluster.Options{Cluster: source, Pod: w.pod}, nil, false),
		"no chart": cluster.Helm(cluster.Options{Cluster: source, Pod: w.pod}, nil, true),
		"no pod":   cluster.Helm(cluster.Options{}, nil, true),
	} {
		c := runChecks(t, nil, check)
		if state, _ := c.Check(inspect.CheckHelm, ""); state.Status != inspect.CheckSkipped {
			t.Errorf("%s: %+v", name, state)
		}
	}
}
