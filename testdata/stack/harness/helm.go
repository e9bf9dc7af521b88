package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// Helm is Helm's own program, as an admin of the stack runs it.
type Helm struct {
	program *terminal.Program
	dir     string
}

// NewHelm gives Helm a home in dir.
func (s *Stack) NewHelm(program *terminal.Program, dir string) *Helm {
	return &Helm{dir: dir, program: &terminal.Program{Path: program.Path, Dir: dir, Env: []string{
		"KUBECONFIG=" + s.Kubeconfig, "HOME=" + dir, "HELM_CACHE_HOME=" + dir + "/cache", "HELM_CONFIG_HOME=" + dir + "/config", "HELM_DATA_HOME=" + dir + "/data",
	}}}
}

// Release installs a chart as a release, or upgrades it; values are KEY=VALUE, as --set takes them.
func (h *Helm) Release(ctx context.Context, namespace, release, chart string, values ...string) error {
	args := []string{"upgrade", "--install", release, chart, "--namespace", namespace}
	for _, v := range values {
		args = append(args, "--set", v)
	}
	_, err := h.program.Must(ctx, args...)
	return err
}

// imageValue stands in a chart's template where its values name the image.
const imageValue = "{{ .Values.image }}"

// Chart writes a chart with one Deployment, whose image is the chart's value "image", and gives its folder.
func (h *Helm) Chart(name, version, image string, d *appsv1.Deployment) (string, error) {
	d = d.DeepCopy()
	d.APIVersion, d.Kind = "apps/v1", "Deployment"
	d.Labels = map[string]string{
		"app.kubernetes.io/managed-by": "{{ .Release.Service }}", "app.kubernetes.io/instance": "{{ .Release.Name }}",
		"helm.sh/chart": "{{ .Chart.Name }}-{{ .Chart.Version }}",
	}
	d.Spec.Template.Spec.Containers[0].Image = imageValue
	template, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing chart %s: %w", name, err)
	}
	dir := filepath.Join(h.dir, name+"-"+version)
	for file, content := range map[string]string{
		"Chart.yaml":                fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version),
		"values.yaml":               fmt.Sprintf("image: %s\ndatabase: {password: hunter2}\n", image),
		"templates/deployment.yaml": strings.ReplaceAll(string(template), `"creationTimestamp": null,`, ""),
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", fmt.Errorf("writing chart %s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return "", fmt.Errorf("writing chart %s: %w", name, err)
		}
	}
	return dir, nil
}
