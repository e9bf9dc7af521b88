package layertest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/registry"
)

// only opens the one image of a layout.
func only(t *testing.T, target string) v1.Image {
	t.Helper()
	dir, ok := strings.CutPrefix(target, "oci:")
	if !ok {
		t.Fatalf("%s is no layout", target)
	}
	index, err := layout.ImageIndexFromPath(dir)
	Must(t, err)
	m, err := index.IndexManifest()
	Must(t, err)
	if len(m.Manifests) != 1 {
		t.Fatalf("%d images", len(m.Manifests))
	}
	img, err := index.Image(m.Manifests[0].Digest)
	Must(t, err)
	return img
}

// An image that a test makes is a valid one: what a check finds in it was put there by the test.
func TestImagesAreValid(t *testing.T) {
	_, base := Debian()
	for name, layers := range map[string][]Layer{
		"no layers": nil, "the base image": {base}, "an empty layer": {Step("RUN true", []Member{}...)},
		"a step without a layer": {base, {Step: "CMD app"}, Step("COPY app /", Exe("app", Program("app")))},
	} {
		img := only(t, Image(t, v1.Config{Env: []string{"A=1"}, Cmd: []string{"app"}}, layers...))
		if err := validate.Image(img); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		config, err := img.ConfigFile()
		Must(t, err)
		if config.OS != "linux" || config.Architecture != "amd64" || config.Config.Env[0] != "A=1" {
			t.Errorf("%s: config %+v", name, config)
		}
		if len(config.History) != len(layers) {
			t.Errorf("%s: %d steps for %d layers", name, len(config.History), len(layers))
		}
		for i, h := range config.History {
			if h.CreatedBy != layers[i].Step || h.EmptyLayer != (layers[i].Members == nil) {
				t.Errorf("%s: step %d is %+v", name, i, h)
			}
		}
	}
}

func TestTheSameImageHasTheSameDigest(t *testing.T) {
	make := func(content string) string {
		digest, err := only(t, Image(t, v1.Config{}, Step("COPY", File("a", content)))).Digest()
		Must(t, err)
		return digest.String()
	}
	if make("1") != make("1") || make("1") == make("2") {
		t.Error("digests do not follow the content")
	}
}

// A layout that is written by hand is valid too, until the test edits it.
func TestLayoutsCanBeWrong(t *testing.T) {
	data := Tar(t, File("a", "1"))
	packed := Gzip(t, data)
	good := Layout(t, [][]byte{packed}, []string{SHA256(data)}, nil)
	if err := validate.Image(only(t, good)); err != nil {
		t.Errorf("a layout that holds: %v", err)
	}
	for name, test := range map[string]struct {
		diffID string
		edit   func(dir string, manifest map[string]any)
	}{
		"a diff ID of something else": {SHA256(nil), nil},
		"a size of something else": {SHA256(data), func(_ string, m map[string]any) {
			m["layers"].([]map[string]any)[0]["size"] = 1
		}},
		"a blob that was changed": {SHA256(data), func(dir string, _ map[string]any) {
			Must(t, os.WriteFile(filepath.Join(dir, SHA256(packed)[7:]), []byte("x"), 0o600))
		}},
	} {
		target := Layout(t, [][]byte{packed}, []string{test.diffID}, test.edit)
		if err := validate.Image(only(t, target)); err == nil {
			t.Errorf("%s holds", name)
		}
	}
}

func TestALayoutIsNamedByItsManifest(t *testing.T) {
	target := Layout(t, nil, nil, func(_ string, m map[string]any) { m["mediaType"] = "application/x" })
	data, err := os.ReadFile(filepath.Join(strings.TrimPrefix(target, "oci:"), "index.json"))
	Must(t, err)
	var index struct {
		Manifests []struct{ MediaType, Digest string }
	}
	Must(t, json.Unmarshal(data, &index))
	if len(index.Manifests) != 1 || index.Manifests[0].MediaType != "application/x" {
		t.Errorf("index %s", data)
	}
	blob := filepath.Join(strings.TrimPrefix(target, "oci:"), "blobs", "sha256", index.Manifests[0].Digest[7:])
	manifest, err := os.ReadFile(blob)
	Must(t, err)
	if SHA256(manifest) != index.Manifests[0].Digest {
		t.Error("the manifest is not its digest")
	}
}

// Run gives checks what a case gives them: the image with its settings, secrets of its environment removed, the alerts
// matched to it, and the image that it is compared with before the checks that need it.
func TestRunGivesChecksACase(t *testing.T) {
	store, err := registry.OpenStore(t.TempDir())
	Must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	Must(t, err)
	defer client.Close()
	config := v1.Config{
		User: "0", Cmd: []string{"serve"}, Env: []string{"DB_PASSWORD=hunter2secret", "MODE=fast"},
		ExposedPorts: map[string]struct{}{"80/tcp": {}, "22/tcp": {}}, Volumes: map[string]struct{}{"/data": {}},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "true"}}, OnBuild: []string{"RUN x"},
	}
	target := Image(t, config, Step("COPY", File("a", "1")))
	good := &inspect.KnownGood{Digest: "sha256:good"}
	var seen inspect.Image
	check := engine.Check{Name: "look", Needs: []string{"known-good"}, Run: func(_ context.Context, on engine.On,
		emit func(inspect.Event),
	) error {
		seen = on.Image()
		emit(inspect.Event{Fact: inspect.Setting{Code: "seen", Severity: inspect.Info}})
		return nil
	}}
	c := Run(t, client, target, good, []engine.Check{check}, inspect.Alert{ID: "1", Rule: "shell"})
	if seen.Location != target || seen.Digest == "" || seen.Status != inspect.Unknown {
		t.Errorf("image %+v", seen.ImageHead)
	}
	s := seen.Settings
	if s.User != "0" || len(s.Cmd) != 1 || strings.Join(s.Ports, " ") != "22/tcp 80/tcp" || s.Volumes[0] != "/data" ||
		s.Health[1] != "true" || s.OnBuild[0] != "RUN x" {
		t.Errorf("settings %+v", s)
	}
	if env := strings.Join(s.Env, " "); strings.Contains(env, "hunter2secret") || !strings.Contains(env, "MODE=") {
		t.Errorf("environment %s", env)
	}
	if seen.Diff == nil || seen.Diff.KnownGood == nil || seen.Diff.KnownGood.Digest != "sha256:good" {
		t.Errorf("compared with %+v", seen.Diff)
	}
	if len(c.Alerts) != 1 || c.Alerts[0].Subject != "image" || c.Alerts[0].Match != inspect.MatchDigest {
		t.Errorf("alerts %+v", c.Alerts)
	}
	if len(c.Images) != 1 || len(c.Images[0].Notable) != 1 || c.Images[0].Notable[0].Code != "seen" {
		t.Errorf("images %+v", c.Images)
	}
}
