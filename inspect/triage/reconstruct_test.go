package triage

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

const (
	goneDigest  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	otherDigest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// remnants is a namespace in which Deployment web has a ReplicaSet with two pods left, StatefulSet
// db has none, and a bare

// pod has a name that another had before it.
func remnants(t *testing.T, digests ...string) *kube.Snapshot {
	t.Helper()
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web"},
		}
	}
	template := func(app string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
			Spec: corev1.PodSpec{
				ServiceAccountName: app,
				Containers: []corev1.Container{
					{Name: app, Image: "reg.example/" + app + ":1"}, {Name: "side", Image: "reg.example/side:1"},
				},
			},
		}
	}
	yes := true
	selector := func(app string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
	}
	items := []any{
		&appsv1.Deployment{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: meta("web"),
			Spec: appsv1.DeploymentSpec{Selector: selector("web"), Template: template("web")},
		},
		&appsv1.ReplicaSet{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"}, ObjectMeta: meta("web-7d9c5b6f48"),
			Spec: appsv1.ReplicaSetSpec{Selector: selector("web"), Template: template("web")},
		},
		&appsv1.StatefulSet{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: meta("db"),
			Spec: appsv1.StatefulSetSpec{Selector: selector("db"), Template: template("db")},
		},
		&corev1.Pod{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: meta("bare"),
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "reg.example/bare:2"}}},
			Status: corev1.PodStatus{
				ContainerStatuses: []corev1.ContainerStatus{{Name: "main", ImageID: "reg.example/bare@" + otherDigest}},
			},
		},
	}
	for i, digest := range digests {
		p := &corev1.Pod{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
			ObjectMeta: meta(fmt.Sprintf("web-7d9c5b6f48-%05d", i)), Spec: template("web").Spec,
		}
		p.OwnerReferences = []metav1.OwnerReference{
			{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-7d9c5b6f48", UID: "uid-web-7d9c5b6f48",
				Controller: &yes,
			},
		}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", ImageID: "reg.example/web@" + digest}}
		items = append(items, p)
	}
	dump, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	s, err := kube.ParseSnapshot("remnants", dump)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReconstruct(t *testing.T) {
	for _, tt := range []struct {
		name      string
		digests   []string // of other pods of the ReplicaSet
		traces    PodTraces
		container string
		images    string // NAME=REFERENCE=IMAGEID of each container
		owner     string
		basis     string // a part of it
	}{
		{
			"the owner by its name, the digest by its siblings",
			[]string{goneDigest, goneDigest},
			PodTraces{Name: "web-7d9c5b6f48-x2kqp", Container: "web"},
			"web", "web=reg.example/web:1=reg.example/web@" + goneDigest + " side=reg.example/side:1=",
			"ReplicaSet web-7d9c5b6f48", "2 other pods of ReplicaSet web-7d9c5b6f48 run it",
		},
		{
			"siblings that differ say nothing",
			[]string{goneDigest, otherDigest},
			PodTraces{Name: "web-7d9c5b6f48-x2kqp", Container: "web"},
			"web", "web=reg.example/web:1= side=reg.example/side:1=", "ReplicaSet web-7d9c5b6f48",
			"2 different images of web",
		},
		{
			"the digest of the alert counts first",
			[]string{otherDigest},
			PodTraces{Name: "web-7d9c5b6f48-x2kqp", Container: "web", ImageID: "reg.example/web@" + goneDigest},
			"web", "web=reg.example/web:1=reg.example/web@" + goneDigest + " side=reg.example/side:1=",
			"ReplicaSet web-7d9c5b6f48", "the one that the alert names",
		},
		{
			"the container by its image", nil,
			PodTraces{Name: "web-7d9c5b6f48-x2kqp", Reference: "docker.io/reg.example/side:1"},
			"side", "web=reg.example/web:1= side=reg.example/side:1=", "ReplicaSet web-7d9c5b6f48",
			"which image side ran is not known",
		},
		{
			"the ReplicaSet is gone too", nil,
			PodTraces{Name: "web-6b5d4c3f21-x2kqp", Container: "web", Reference: "reg.example/web:0"},
			"web", "web=reg.example/web:0= side=reg.example/side:1=", "Deployment web",
			"the alert names reg.example/web:0, which is inspected",
		},
		{
			"a StatefulSet's", nil,
			PodTraces{Name: "db-0", Container: "db"},
			"db", "db=reg.example/db:1= side=reg.example/side:1=", "StatefulSet db", "StatefulSet db exists",
		},
		{
			"the workload that the alert names", nil,
			PodTraces{Name: "strange", Workload: "db", WorkloadKind: "StatefulSet", Container: "db"},
			"db", "db=reg.example/db:1= side=reg.example/side:1=", "StatefulSet db", "which the alert names",
		},
		{
			"a container that was injected", nil,
			PodTraces{Name: "db-0", Container: "proxy", Reference: "mesh/proxy:1"},
			"proxy", "db=reg.example/db:1= side=reg.example/side:1= proxy=mesh/proxy:1=", "StatefulSet db", "",
		},
		{
			"the pod that has the name now", nil,
			PodTraces{Name: "bare"},
			"main", "main=reg.example/bare:2=reg.example/bare@" + otherDigest, "", "the pod that has its name now",
		},
		{
			"nothing but the alert", nil,
			PodTraces{Name: "lost-x2kqp", Reference: "reg.example/lost:1"},
			inspect.ImageContainer, inspect.ImageContainer + "=reg.example/lost:1=", "", "its owner is not known",
		},
		{
			"nothing at all", nil, PodTraces{Name: "lost-x2kqp"}, "", "", "", "its owner is not known",
		},
		{
			"as it was on the list",
			[]string{otherDigest},
			PodTraces{Name: "web-7d9c5b6f48-x2kqp", Container: "web", Listed: &inspect.Pod{UID: "u", Node: "n", Containers: []inspect.Container{
				{
					Name: "web", Type: inspect.ContainerMain, Reference: "reg.example/web:9",
					ImageID: "reg.example/web@" + goneDigest,
				},
			}}},
			"web", "web=reg.example/web:9=reg.example/web@" + goneDigest + " side=reg.example/side:1=",
			"ReplicaSet web-7d9c5b6f48", "while it was on the list",
		},
		{
			"a name that is a path", nil,
			PodTraces{Name: "../../web-x2kqp", Reference: "r/x:1"},
			inspect.ImageContainer, inspect.ImageContainer + "=r/x:1=", "", "its owner is not known",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.traces.Namespace = "shop"
			g := Reconstruct(t.Context(), remnants(t, tt.digests...), tt.traces)
			var images []string
			for _, c := range g.Pod.Spec.Containers {
				images = append(images, c.Name+"="+c.Image+"="+g.status(c.Name).ImageID)
			}
			owner := ""
			for _, o := range g.Pod.OwnerReferences {
				owner = o.Kind + " " + o.Name
			}
			if g.Container != tt.container || strings.Join(images, " ") != tt.images || owner != tt.owner ||
				!strings.Contains(strings.Join(g.Basis, "; "), tt.basis) {
				t.Errorf("container %q, images %v, owner %q, basis %q", g.Container, images, owner, g.Basis)
			}
			if g.Pod.Status.Phase != PhaseGone {
				t.Error("it is not said that it is gone")
			}
		})
	}
}
