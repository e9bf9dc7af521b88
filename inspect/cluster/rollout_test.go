package cluster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
)

// setImage is what the API server keeps of a manager that set the image of web, hours after the morning.
func setImage(manager string, hours int) metav1.ManagedFieldsEntry {
	return manages(manager, hours,
		`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}}}}}}`)
}

func manages(manager string, hours int, fields string) metav1.ManagedFieldsEntry {
	at := metav1.NewTime(morning.Add(time.Duration(hours) * time.Hour))
	return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}
}

func TestWhoSetTheImage(t *testing.T) {
	replicas := func(manager string) metav1.ManagedFieldsEntry {
		return manages(manager, 0, `{"f:spec":{"f:replicas":{}}}`)
	}
	tests := map[string]struct {
		managers []metav1.ManagedFieldsEntry
		release  string // of Helm, by annotation
		code     string
		severity inspect.Severity
		title    string
	}{
		"pipeline": {
			[]metav1.ManagedFieldsEntry{setImage("kubectl-client-side-apply", 1)},
			"",
			inspect.CodeImageSetBy, inspect.Info, "was set by kubectl-client-side-apply at 2026-03-01 09:00:00Z",
		},
		"GitOps": {
			[]metav1.ManagedFieldsEntry{setImage("argocd-controller", 1)},
			"",
			inspect.CodeImageSetBy, inspect.Info, "set by argocd-controller",
		},
		"by hand": {
			[]metav1.ManagedFieldsEntry{setImage("kubectl-set", 3)},
			"", inspect.CodeImageEdited,
			inspect.Medium, "set by kubectl-set at 2026-03-01 11:00:00Z, by hand",
		},
		"against GitOps": {
			[]metav1.ManagedFieldsEntry{replicas("argocd-controller"), setImage("kubectl-set", 3)},
			"", inspect.CodeImageSetByHand, inspect.High, "by hand, although argocd-controller deploys it",
		},
		"against a release": {
			[]metav1.ManagedFieldsEntry{setImage("kubectl-edit", 3)},
			"shop",
			inspect.CodeImageSetByHand, inspect.High, "by hand, although Helm deploys it",
		},
		"both agree": {[]metav1.ManagedFieldsEntry{setImage("argocd-controller", 1), setImage("kubectl-set",
			3)}, "", inspect.CodeImageSetBy, inspect.Info, "set by argocd-controller"},
		"an operator": {[]metav1.ManagedFieldsEntry{replicas("argocd-controller"), setImage("image-updater",
			3)}, "", inspect.CodeImageSetBy, inspect.Info, "set by image-updater"},
		"not kept":      {nil, "", "", "", ""},
		"broken fields": {[]metav1.ManagedFieldsEntry{manages("kubectl-set", 1, `{"f:spec":[]}`)}, "", "", "", ""},
	}
	for name, tt := range tests {
		w := newWorld()
		w.deployment.ManagedFields = tt.managers
		if tt.release != "" {
			w.deployment.Annotations = map[string]string{"meta.helm.sh/release-name": tt.release}
		}
		c := w.look(t)
		for _, code := range []string{inspect.CodeImageSetBy, inspect.CodeImageEdited, inspect.CodeImageSetByHand} {
			f, ok := findingOf(c, code)
			if ok != (code == tt.code) || ok && (f.Severity != tt.severity || f.Subject != "web" ||
				!strings.Contains(f.Title, tt.title)) {
				t.Errorf("%s: %s: %+v, want %s %q", name, code, f, tt.code, tt.title)
			}
		}
	}
}

func TestRestartAndRelease(t *testing.T) {
	const key, when = "kubectl.kubernetes.io/restartedAt", "2026-03-01T08:59:00Z"
	w := newWorld()
	w.pod.Annotations = map[string]string{key: when}
	w.set.Spec.Template.Annotations = map[string]string{key: when}
	w.deployment.ManagedFields = []metav1.ManagedFieldsEntry{manages("kubectl-rollout", 1,
		fmt.Sprintf(`{"f:spec":{"f:template":{"f:metadata":{"f:annotations":{"f:%s":{}}}}}}`, key))}
	w.deployment.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "web-1.2.3"}
	w.deployment.Annotations = map[string]string{"meta.helm.sh/release-name": "shop"}
	c := w.look(t)
	if f, _ := findingOf(c, inspect.CodeRestarted); !strings.HasPrefix(f.Title,
		"Deployment web was restarted by kubectl-rollout at 2026-03-01 08:59:00Z") {
		t.Errorf("%+v", f)
	}
	if f, _ := findingOf(c,
		inspect.CodeHelmRelease); f.Title != "Deployment web belongs to Helm release shop, chart web 1.2.3" {
		t.Errorf("%+v", f)
	}
}

// Two pods ask for the same tag and run different images: the tag was moved.
func TestTagMoved(t *testing.T) {
	w := newWorld()
	w.more = append(w.more, podOf("web-0", "web-6c", "web", "reg.example/web:1", digestOther))
	f, ok := findingOf(w.look(t), inspect.CodeTagMoved)
	if !ok || f.Severity != inspect.Medium ||
		f.Title != "reg.example/web:1 was moved: 1 other pod runs another image by that name: shop/web-0" {
		t.Errorf("%+v", f)
	}
	w.more = []any{podOf("web-0", "web-6c", "web", "reg.example/web:1", digestMine)}
	if f, ok := findingOf(w.look(t), inspect.CodeTagMoved); ok {
		t.Errorf("%+v", f)
	}
}

func TestCloudRole(t *testing.T) {
	w := newWorld()
	w.pod.Spec.ServiceAccountName = "web"
	account := &corev1.ServiceAccount{TypeMeta: kind("v1", "ServiceAccount"), ObjectMeta: named("web")}
	account.Annotations = map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web"}
	w.more = append(w.more, account)
	if got := w.look(t).Pod.Reach.Role; got != "AWS arn:aws:iam::111122223333:role/web" {
		t.Error(got)
	}
}
