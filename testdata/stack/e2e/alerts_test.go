package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// alarmed is a namespace in which Deployment target runs the good shop, and about whose pod an IDS has something to say.
type alarmed struct {
	namespace string
	pod       *corev1.Pod
}

func newAlarmed(t *testing.T, namespace string) *alarmed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	must(t, stack.Namespace(ctx, namespace, nil))
	tag := stack.Registry.Host + "/" + namespace + "/target:1"
	digest := push(t, tag, image.Good)
	pod, err := stack.Roll(ctx, stack.Deployment(namespace, "target", tag), digest)
	must(t, err)
	return &alarmed{namespace: namespace, pod: pod}
}

// line is what Falco says of the pod, under a rule of the test's choice.
func (a *alarmed) line(t *testing.T, rule string) string {
	t.Helper()
	line, err := harness.FalcoAlert(a.pod, image.Entrypoint, harness.Lower, time.Now())
	must(t, err)
	return strings.TrimSpace(strings.ReplaceAll(line, "Drop and execute new binary in container", rule))
}

// create creates an object by its path.
func create(ctx context.Context, path string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encoding an object for %s: %w", path, err)
	}
	err = stack.Admin.CoreV1().RESTClient().Post().AbsPath(path).Body(body).Do(ctx).Error()
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// reportKinds defines the kinds of policy reports as custom resources, once.
var reportKinds = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	type object = map[string]any
	for _, k := range []struct{ group, version, plural, kind, scope string }{
		{"wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport", "Namespaced"},
		{"wgpolicyk8s.io", "v1alpha2", "clusterpolicyreports", "ClusterPolicyReport", "Cluster"},
		{"openreports.io", "v1alpha1", "reports", "Report", "Namespaced"},
	} { // clusterreports are left out: a kind that a cluster does not know is not missed
		schema := object{"openAPIV3Schema": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
		if err := create(ctx, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", object{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": object{"name": k.plural + "." + k.group},
			"spec": object{
				"group": k.group, "scope": k.scope, "names": object{"plural": k.plural, "singular": strings.ToLower(k.kind), "kind": k.kind, "listKind": k.kind + "List"},
				"versions": []object{{"name": k.version, "served": true, "storage": true, "schema": schema}},
			},
		}); err != nil {
			return fmt.Errorf("defining %s: %w", k.kind, err)
		}
		list := "/apis/" + k.group + "/" + k.version + "/" + k.plural
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			return stack.Admin.CoreV1().RESTClient().Get().AbsPath(list).Do(ctx).Error() == nil, nil
		})
		if err != nil {
			return fmt.Errorf("waiting for %s to be served: %w", k.kind, err)
		}
	}
	return nil
})

// report is a result of Falco about the pod as falcosidekick writes it, and one of an admission policy.
func (a *alarmed) report(t *testing.T, path, apiVersion, kind, rule string) {
	t.Helper()
	must(t, reportKinds())
	type object = map[string]any
	at := time.Now()
	must(t, create(context.Background(), path, object{
		"apiVersion": apiVersion, "kind": kind, "metadata": object{"name": "falco-policy-report", "namespace": a.namespace, "labels": object{"app.kubernetes.io/managed-by": "falcosidekick"}},
		"results": []object{
			{
				"source": "Falco", "policy": "syscall", "rule": rule, "severity": "critical", "result": "fail", "message": at.UTC().Format("15:04:05.000000000") + ": Critical " + rule,
				"timestamp": object{"seconds": at.Second(), "nanos": at.Nanosecond()},
				"properties": object{
					"container.id": harness.ContainerID(a.pod, "target"), "k8s.ns.name": a.namespace, "k8s.pod.name": a.pod.Name, "proc.exepath": image.Entrypoint, "user.name": "<nil>",
					"evt.time.iso8601": fmt.Sprint(at.UnixNano()),
				},
			},
			{"source": "kyverno", "policy": "signed", "result": "fail", "resources": []object{{"kind": "Pod", "name": a.pod.Name, "namespace": a.namespace}}},
		},
	}))
}

// sensor runs a pod that calls itself Falco and says these lines.
func (a *alarmed) sensor(t *testing.T, name string, lines ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	tag := stack.Registry.Host + "/" + a.namespace + "/falco:1"
	digest := push(t, tag, image.Good)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name, "app.kubernetes.io/name": "falco"}},
		Spec:       stack.PodSpec(corev1.Container{Name: "falco", Image: tag, ImagePullPolicy: corev1.PullAlways, Args: lines}),
	}
	_, err := stack.Admin.CoreV1().Pods(a.namespace).Create(ctx, pod, metav1.CreateOptions{})
	must(t, err)
	_, err = stack.AwaitDigest(ctx, a.namespace, name, digest)
	must(t, err)
}

// rules are those of the alerts of the namespace's pods.
func (a *alarmed) rules(list *podsJSON) []string {
	var rules []string
	for _, p := range list.Pods {
		if p.Namespace != a.namespace {
			continue
		}
		for _, alert := range p.Alerts {
			if p.Name == a.pod.Name {
				rules = append(rules, alert.Rule)
			}
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// With nothing but a kubeconfig: reports of both groups, and what a pod that calls itself Falco wrote. What an admission
// policy says is no alert, and who may read less is told what is missing.
func TestAlertsFromCluster(t *testing.T) {
	a := newAlarmed(t, "alarms")
	a.report(t, "/apis/wgpolicyk8s.io/v1alpha2/namespaces/alarms/policyreports", "wgpolicyk8s.io/v1alpha2", "PolicyReport", "Reported to the working group")
	a.report(t, "/apis/openreports.io/v1alpha1/namespaces/alarms/reports", "openreports.io/v1alpha1", "Report", "Reported openly")
	want := []string{"Reported openly", "Reported to the working group"}
	if stack.Kubelet {
		a.sensor(t, "falco-x", "Falco initialized with configuration file", a.line(t, "Said in a log"), `{"rule": "cut off`)
		want = append(want, "Said in a log")
	} else {
		t.Log("nothing runs in the pods here: there is no log of Falco to be read")
	}
	for _, user := range []string{env.Responder, env.Reader} {
		r := newResponder(t, user)
		var list podsJSON
		result := r.run(exitPassed, "pods", "-o", "json", "--alerts-from-cluster")
		decode(t, result, &list)
		if got := a.rules(&list); !slices.Equal(got, want) {
			t.Errorf("%s: the alerts are %q, want %q", user, got, want)
		}
		if stack.Kubelet && list.Broken < 1 {
			t.Errorf("%s: the line that is cut off is not counted", user)
		}
		says(t, result.Stdout, "left out", "of kyverno")
	}
	less := newResponder(t, env.PodsOnly).run(exitPassed, "pods", "--alerts-from-cluster")
	says(t, less.Stdout, a.pod.Name)
	says(t, less.Stderr, "alerts in policyreports of wgpolicyk8s.io", "forbidden")
	if stack.Kubelet {
		says(t, less.Stderr, "reading the log of container falco")
	}

	// The case of that pod has the lines as they were received, and what was asked for them.
	r := newResponder(t, env.Responder)
	bundle := r.file("bundle")
	result, err := r.program.Run(context.Background(), "inspect", "pod/"+a.pod.Name, "-n", a.namespace, "--alerts-from-cluster", "--offline", "-o", "json", "--export", bundle)
	must(t, err)
	var c caseJSON
	decode(t, result, &c)
	if len(c.Alerts) != len(want) {
		t.Errorf("%d alerts in the case: %+v", len(c.Alerts), c.Alerts)
	}
	custody := r.read(bundle + "/data/custody.jsonl")
	says(t, custody, "/apis/wgpolicyk8s.io/v1alpha2/policyreports", "/apis/openreports.io/v1alpha1/reports", "alerts/")
	if stack.Kubelet {
		says(t, custody, "/pods/falco-x/log?container=falco")
	}
	newResponder(t, env.Nobody).run(exitPassed, "verify", bundle)
}

// On the screen: an alert that is posted comes in where it belongs, the cursor stays on its row, and a flagged pod that goes
// stays on the list.
func TestLiveAlertsOnScreen(t *testing.T) {
	a := newAlarmed(t, "live")
	address := freeAddress(t)
	r := newResponder(t, env.Responder)
	s := openScreen(t, r, "-n", a.namespace, "--listen", address, "--offline")
	s.shows("1 pod", a.pod.Name, "none yet from webhook "+address, "live")
	before := s.cursor()

	if code, words := alarm(t, address, a.line(t, "Posted by falcosidekick")); code != http.StatusOK {
		t.Fatalf("the webhook answered %d %s", code, words)
	}
	stranger := strings.ReplaceAll(strings.ReplaceAll(a.line(t, "Of a pod that was"), a.pod.Name, "target-7d9c5b6f48-zzzzz"), harness.ContainerID(a.pod, "target")[:12], "0123456789ab")
	if code, words := alarm(t, address, stranger); code != http.StatusOK {
		t.Fatalf("the webhook answered %d %s", code, words)
	}
	s.shows("! Critical", "Posted by falcosidekick", "no matching pod: Of a pod that…")
	if after := s.cursor(); !strings.Contains(before, a.pod.Name) || !strings.Contains(after, a.pod.Name) {
		t.Errorf("the cursor went from %q to %q", before, after)
	}
	if code, words := alarmAs(t, address, a.line(t, "Posted by a page"), "Origin", "https://page.example"); code != http.StatusForbidden {
		t.Errorf("a page may post: %d %s", code, words)
	}

	now := int64(0)
	must(t, stack.Admin.CoreV1().Pods(a.namespace).Delete(context.Background(), a.pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	s.shows("gone ", "replaced by")
	s.types("g" + enter) // its case is of what is left of it
	s.shows("1 Over", "Posted by falcosidekick")
	s.types(escape)
	s.shows("no matching pod")
	s.types("q")
	if code := s.ends(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
}

// The port of another is an error before the screen is taken.
func TestListenOnATakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	s := openScreen(t, newResponder(t, env.Responder), "--listen", l.Addr().String())
	if code := s.ends(); code != exitNotRun {
		t.Errorf("the program ended with %d", code)
	}
	s.shows("address already in use", "another program may have the port")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

func alarm(t *testing.T, address, body string) (int, string) {
	t.Helper()
	return alarmAs(t, address, body, "", "")
}

// alarmAs posts an alert as falcosidekick does, with one more header.
func alarmAs(t *testing.T, address, body, header, value string) (int, string) {
	t.Helper()
	body = strings.Replace(body, "{", `{"uuid":"5b1c0c1a-6d52-4f3d-9c6e-1f8f0a2b3c4d",`, 1)
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/", bytes.NewBufferString(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if header != "" {
		r.Header.Set(header, value)
	}
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer resp.Body.Close()
	words, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(words)
}

// cursor is the selected row.
func (s *screen) cursor() string {
	for row := range strings.Lines(s.terminal.Screen()) {
		if strings.HasPrefix(row, "▸") {
			return strings.TrimSpace(row)
		}
	}
	return ""
}

// read is a file of the responder's.
func (r *responder) read(name string) string {
	r.t.Helper()
	content, err := os.ReadFile(name)
	must(r.t, err)
	return string(content)
}
