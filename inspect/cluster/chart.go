package cluster

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// chartMark is what the labels and annotations of a workload claim of its Helm release.
type chartMark struct {
	release, namespace   string // empty where there is no label
	chart, chartVersion  string
	appVersion, revision string
	by                   string // Flux, where that installs the chart
}

// chartOf reads the marks that Helm itself writes and those that charts write by custom
// (https://helm.sh/docs/chart_best_practices/labels/). Anybody who may edit the workload may write them.
func chartOf(w kube.Owner) (chartMark, bool) {
	m := chartMark{
		release:   w.Annotations["meta.helm.sh/release-name"],
		namespace: w.Annotations["meta.helm.sh/release-namespace"],
	}
	// Helm writes both annotations since version 3.0; heritage is what charts wrote before. The annotation alone is
	// enough: Helm refuses to adopt an object without it.
	byHelm := w.Labels["app.kubernetes.io/managed-by"] == "Helm" || w.Labels["heritage"] == "Helm"
	if flux := w.Labels["helm.toolkit.fluxcd.io/name"]; flux != "" {
		m.by = "Flux"
		byHelm = true
	}
	if m.release == "" && !byHelm {
		return m, false
	}
	for _, label := range []string{"app.kubernetes.io/instance", "release"} {
		if m.release == "" {
			m.release = w.Labels[label]
		}
	}
	// a release is installed into the namespace of its objects, unless the annotation names another
	if m.namespace == "" {
		m.namespace = w.Namespace
	}
	m.chart, m.chartVersion = splitChart(first(w.Labels["helm.sh/chart"], w.Labels["chart"]))
	m.appVersion, m.revision = w.Labels["app.kubernetes.io/version"],
		first(w.Annotations["helm.sh/revision"], w.Labels["helm.sh/revision"])
	return m, true
}

// chartVersion is the beginning of a chart's version, which is a semantic one, with or without a v: charts are named
// cert-manager-v1.12.0 and redis-6-17.0.1.
var chartVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]`)

// splitChart splits web-1.2.3 at the version. A plus is written as an underscore in labels.
func splitChart(label string) (name, version string) {
	for i := range len(label) {
		if label[i] == '-' && chartVersion.MatchString(label[i+1:]) {
			return label[:i], strings.ReplaceAll(label[i+1:], "_", "+")
		}
	}
	return label, ""
}

// first returns the first string that is not empty. Charts of before Helm 3 write other labels than those of today.
func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// words is the release in words: Helm release shop, chart web 1.2.3, revision 4.
func (m chartMark) words() string {
	text := "a Helm release"
	if m.release != "" {
		text = "Helm release " + m.release
	}
	if m.chart != "" {
		text += ", chart " + strings.TrimSpace(m.chart+" "+m.chartVersion)
	}
	if m.revision != "" {
		text += ", revision " + m.revision
	}
	if m.by != "" {
		text += ", installed by " + m.by
	}
	return text
}

// helmMark is the Helm release that the workload is labelled with: no Secret is read.
func (s *scene) helmMark() []inspect.Finding {
	w := s.lineage.Workload
	if w == nil {
		return nil
	}
	m, ok := chartOf(w.Owner)
	if !ok {
		return nil
	}
	return []inspect.Finding{finding(inspect.CodeHelmRelease, SubjectPod,
		fmt.Sprintf("%s %s belongs to %s", w.Kind, w.Name, m.words()),
		"self-reported in labels and annotations of the workload, unauthenticated; --helm reads the release itself",
		object(w.Kind, w.Namespace, w.Name, "labels and annotations"))}
}
