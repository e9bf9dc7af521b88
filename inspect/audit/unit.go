package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Unit is an image as it is examined: the same bytes of one repository, however many workloads run them. A digest in
// two repositories is two units, since signatures lie beside an image.
type Unit struct {
	Key        string   `json:"key"`
	References []string `json:"references"` // by which pods name it
	ImageID    string   `json:"imageID"`
	Platform   string   `json:"platform"`
	Namespaces []string `json:"namespaces"` // of the pods that run it: policies are about some
	Namespace  string   `json:"namespace"`  // of the pod below
	Pod        string   `json:"pod"`        // one that runs it, whose pull secrets may be used
}

// unitKey names the image of a place: its repository with the digest that runs, and the platform. The second value
// states why that is not known.
func unitKey(p Place) (key, problem string) {
	spec, err := registry.ParseReference(p.Reference)
	if err != nil {
		return "", err.Error()
	}
	id := kube.ParseImageID(p.ImageID)
	// The imageID of a status has no fixed form, and runtimes differ; kube.ParseImageID has those that
	// are seen. The repository is that of the reference, not that of the imageID: a mirror holds the bytes, the
	// signatures lie beside the reference.
	switch id.Kind {
	case kube.IDRepo:
		return spec.Name() + "@" + id.Digest + " " + p.Platform, ""
	case kube.IDConfig: // it names no manifest: that is found by the reference
		return spec.String() + " config " + id.Digest + " " + p.Platform, ""
	default:
		if spec.Digest == "" {
			return "", "the node has not reported a digest: it is not known which image the container runs"
		}
		return spec.Name() + "@" + spec.Digest + " " + p.Platform, ""
	}
}

// digestOf is the digest that a place runs as far as the cluster shows it; empty where it does not.
func digestOf(p Place) string {
	if id := kube.ParseImageID(p.ImageID); id.Kind != kube.IDNone {
		return id.Digest
	}
	if spec, err := registry.ParseReference(p.Reference); err == nil {
		return spec.Digest
	}
	return ""
}

// Units are the distinct images of places, by key.
func Units(places []Place) []Unit {
	all := map[string]*Unit{}
	for _, p := range places {
		if p.Unit == "" {
			continue
		}
		u := all[p.Unit]
		if u == nil {
			u = &Unit{Key: p.Unit, ImageID: p.ImageID, Platform: p.Platform, Namespace: p.Namespace, Pod: p.Pod}
			all[p.Unit] = u
		}
		u.References = append(u.References, p.Reference)
		u.Namespaces = append(u.Namespaces, p.Namespace)
		// the choice does not depend on the order of the places
		if p.Namespace+"/"+p.Pod < u.Namespace+"/"+u.Pod {
			u.Namespace, u.Pod, u.ImageID = p.Namespace, p.Pod, p.ImageID
		}
	}
	units := make([]Unit, 0, len(all))
	for _, u := range all {
		u.References, u.Namespaces = sortedSet(u.References), sortedSet(u.Namespaces)
		units = append(units, *u)
	}
	slices.SortFunc(units, func(a, b Unit) int { return cmp.Compare(a.Key, b.Key) })
	return units
}

func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// unitContainer is the name of the container that a unit's pod has.
const unitContainer = "image"

// pod is the least pod that runs the unit: what finds a pod's image works from it, without the cluster.
func (u Unit) pod() *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: cmp.Or(u.Namespace, "default"), Name: cmp.Or(u.Pod, "pod")},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: unitContainer, Image: first(u.References)}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name:  unitContainer,
			Image: first(u.References), ImageID: u.ImageID,
		}}},
	}
}

// World is a dump of pods that run the units, each in the least form: where a registry has lost a digest, the other
// references to it are found there.
func World(units []Unit) (*kube.Snapshot, error) {
	list := corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}}
	for i, u := range units {
		pod := u.pod()
		pod.Name = "unit-" + strconv.Itoa(i) // two units may have the same sample
		list.Items = append(list.Items, *pod)
	}
	if len(units) == 0 {
		list.Items = append(list.Items, *Unit{}.pod())
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encoding what runs: %w", err)
	}
	return kube.ParseSnapshot("what is audited", raw)
}
