package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/kube"
)

// packed is a release as Helm writes it.
func packed(t testing.TB, plain string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(base64.StdEncoding.EncodeToString(b.Bytes()))
}

const plainRelease = `{"name":"shop","namespace":"shop","version":2,"info":{"last_deployed":"2026-03-01T09:00:00.5Z","status":"deployed"},
"chart":{"metadata":{"name":"web","version":"1.2.3"},"values":{"image":{"repository":"reg.example/web"}},"templates":[{"name":"x","data":"eA=="}]},
"config":{"image":{"tag":"2"},"password":"hunter2"},"manifest":"---\n# Source: web\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, image: reg.example/web:2}]}}}\n"}`

func TestDecodeRelease(t *testing.T) {
	r, err := decodeRelease(packed(t, plainRelease))
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "shop" || r.Version != 2 || r.chart() != "chart web 1.2.3" || stamp(r.deployed()) != "2026-03-01 09:00:00Z" {
		t.Errorf("%+v", r)
	}
	if image, ok := r.asks("shop", "Deployment", "web", "web"); !ok || image != "reg.example/web:2" {
		t.Errorf("it asks for %q", image)
	}
	unpacked := base64.StdEncoding.EncodeToString([]byte(plainRelease))
	if r, err := decodeRelease([]byte(unpacked)); err != nil || r.Name != "shop" {
		t.Errorf("not packed: %v", err)
	}
}

func TestReleasesThatDoNotHold(t *testing.T) {
	bomb := packed(t, `{"name":"x","version":1,"manifest":"`+strings.Repeat("a", maxReleaseJSON)+`"}`)
	for name, tt := range map[string]struct {
		text []byte
		says string
	}{
		"not base64":  {[]byte("!"), "illegal base64"},
		"not JSON":    {packed(t, "x"), "invalid character"},
		"cut off":     {[]byte(base64.StdEncoding.EncodeToString([]byte{0x1f, 0x8b, 0x08, 0})), "unpacking the release"},
		"nothing":     {nil, "unexpected end"},
		"no name":     {packed(t, `{"version":1}`), "no name or no revision"},
		"no revision": {packed(t, `{"name":"x"}`), "no name or no revision"},
		"a bomb":      {bomb, "more than 33554432 bytes"},
		"too long":    {make([]byte, maxReleaseText+1), "more than 4194304 bytes"},
	} {
		if _, err := decodeRelease(tt.text); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

func TestWorkloadsOfAManifest(t *testing.T) {
	r := helmRelease{Namespace: "shop", Manifest: `apiVersion: v1
kind: Pod
metadata: {name: one, namespace: elsewhere}
spec: {containers: [{name: a, image: a:1}]}
---
kind: CronJob
metadata: {name: two}
spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{name: i, image: i:1}], containers: [{name: b, image: b:1}]}}}}}
---
: containers broken
---
kind: Deployment
metadata: {name: three}
spec: {template: {spec: {containers: [{name: c, image: c:1}]}}, replicas: many}
`}
	for _, tt := range []struct{ namespace, kind, name, container, want string }{
		{"elsewhere", "Pod", "one", "a", "a:1"},
		{"shop", "Pod", "one", "a", ""},
		{"shop", "CronJob", "two", "b", "b:1"},
		{"shop", "CronJob", "two", "i", "i:1"},
		{"shop", "Deployment", "three", "c", "c:1"},
		{"shop", "Deployment", "three", "x", ""},
	} {
		if got, _ := r.asks(tt.namespace, tt.kind, tt.name, tt.container); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

// Of values only those that name images are kept.
func TestValuesAreWithheld(t *testing.T) {
	v, taken := withheld(json.RawMessage(`{"image":{"repository":"r","tag":"2","pullSecret":"s"},"db":{"password":"p","hosts":["h",{"image":"i"}]},"replicas":3,"none":null}`))
	kept, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"db":{"hosts":["REDACTED",{"image":"i"}],"password":"REDACTED"},"image":{"pullSecret":"REDACTED","repository":"r","tag":"2"},"none":null,"replicas":"REDACTED"}`
	if string(kept) != want {
		t.Errorf("%s\nwant %s", kept, want)
	}
	if got := strings.Join(taken, " "); got != ".db.hosts[0] .db.password .image.pullSecret .replicas" {
		t.Errorf("taken out: %s", got)
	}
	deep := strings.Repeat(`{"a":`, 100) + `"secret"` + strings.Repeat("}", 100)
	v, _ = withheld(json.RawMessage(deep))
	if kept, _ := json.Marshal(v); bytes.Contains(kept, []byte("secret")) {
		t.Errorf("kept %s", kept)
	}
}

func TestWhoseValues(t *testing.T) {
	r, err := decodeRelease(packed(t, plainRelease))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.givenBy("reg.example/web:2"); got != "by values that were given to it (image.tag)" {
		t.Error(got)
	}
	r.Config = nil
	if got := r.givenBy("reg.example/web:2"); got != "by the chart's own values (image.repository)" {
		t.Error(got)
	}
	if got := r.givenBy("other"); got != "as the chart is written" {
		t.Error(got)
	}
}

func TestMarksOfACharts(t *testing.T) {
	for name, tt := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"of Helm":     {map[string]string{"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "my-web-1.2.3_b"}, map[string]string{"meta.helm.sh/release-name": "shop"}, "Helm release shop, chart my-web 1.2.3+b"},
		"by instance": {map[string]string{"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "shop"}, nil, "Helm release shop"},
		"older":       {map[string]string{"heritage": "Helm", "release": "shop", "chart": "web-v2"}, nil, "Helm release shop, chart web-v2"},
		"Flux":        {map[string]string{"helm.toolkit.fluxcd.io/name": "shop"}, map[string]string{"meta.helm.sh/release-name": "shop"}, "Helm release shop, installed by Flux"},
		"no name":     {map[string]string{"app.kubernetes.io/managed-by": "Helm"}, nil, "a Helm release"},
		"none":        {map[string]string{"app.kubernetes.io/instance": "shop"}, nil, ""},
	} {
		m, ok := chartOf(kube.Owner{Labels: tt.labels, Annotations: tt.annotations})
		if ok != (tt.want != "") || ok && m.words() != tt.want {
			t.Errorf("%s: %q, want %q", name, m.words(), tt.want)
		}
	}
}

func FuzzRelease(f *testing.F) {
	f.Add(packed(f, plainRelease))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(plainRelease))))
	f.Add([]byte("H4sI"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		r, err := decodeRelease(text)
		if err != nil {
			return
		}
		r.workloads()
		_ = r.givenBy("x") + r.chart()
		_, _ = withheld(r.Config)
	})
}
