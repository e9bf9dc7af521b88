package cluster

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const (
	maxRendered     = 2000    // documents of one manifest
	maxRenderedSize = 1 << 20 // of one document, in bytes
)

// rendered is a workload in the manifest of a release: which image it asks for, by container.
type rendered struct {
	Kind      string            `json:"kind"`
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"` // empty: that of the release
	Images    map[string]string `json:"images"`
}

// betweenDocuments is the line that separates YAML documents.
var betweenDocuments = regexp.MustCompile(`(?m)^---(?:[ \t].*)?\r?$`)

// workloads lists what the manifest asks for that runs containers. A document that cannot be read is passed over:
// others may hold what is looked for.
func (r *helmRelease) workloads() []rendered {
	var all []rendered
	// The manifest is what Helm rendered and sent to the API server. It is what was requested, not what is there now.
	docs := betweenDocuments.Split(r.Manifest, maxRendered+1)
	for _, doc := range docs[:min(len(docs), maxRendered)] {
		// most documents of a chart run nothing: Services, ConfigMaps, CRDs of a megabyte
		if len(doc) > maxRenderedSize || !strings.Contains(doc, "containers") {
			continue
		}
		asJSON, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			continue
		}
		if w, ok := renderedOf(asJSON); ok {
			all = append(all, w)
		}
	}
	return all
}

// renderedOf reads a pod, or what makes pods of a template.
func renderedOf(doc []byte) (rendered, bool) {
	type template struct {
		Spec corev1.PodSpec `json:"spec"`
	}
	var o struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
		Spec struct {
			corev1.PodSpec
			Template template `json:"template"`
			Job      struct {
				Spec struct {
					Template template `json:"template"`
				} `json:"spec"`
			} `json:"jobTemplate"`
		} `json:"spec"`
	}
	// Types of other kinds' fields may differ; what was read until then counts.
	_ = json.Unmarshal(doc, &o)
	w := rendered{Kind: o.Kind, Name: o.Metadata.Name, Namespace: o.Metadata.Namespace, Images: map[string]string{}}
	// a pod, what has a template (Deployment, Job, …), and a CronJob
	for _, spec := range []corev1.PodSpec{o.Spec.PodSpec, o.Spec.Template.Spec, o.Spec.Job.Spec.Template.Spec} {
		for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
			w.Images[c.Name] = c.Image
		}
	}
	return w, w.Kind != "" && w.Name != "" && len(w.Images) > 0
}

// asks gives the image that the manifest of the release asks for in a container of a workload.
func (r *helmRelease) asks(namespace, kind, name, container string) (image string, ok bool) {
	for _, w := range r.workloads() {
		in := w.Namespace
		if in == "" {
			in = r.Namespace
		}
		if w.Kind == kind && w.Name == name && in == namespace {
			image, ok = w.Images[container]
			if ok {
				return image, true
			}
		}
	}
	return "", false
}
