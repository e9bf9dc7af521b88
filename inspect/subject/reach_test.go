package subject_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
)

// podOf reads a pod as the API writes it.
func podOf(t *testing.T, text string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		t.Fatal(err)
	}
	return p
}

// What a pod's own specification lets it touch, by name; no Secret is read.
func TestReach(t *testing.T) {
	for name, tt := range map[string]struct {
		pod  string
		want []string // kind and text of rows, in their order
	}{
		"nothing": {`{"spec":{"containers":[{"name":"web"}]}}`, []string{"network: no network policy selects it"}},
		"its token": {
			`{"metadata":{"namespace":"shop"},"spec":{"serviceAccountName":"web","volumes":[{"name":"kube-api-access-x","projected":{"sources":[
				{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt"}}]}}],
				"containers":[{"name":"web","volumeMounts":[{"name":"kube-api-access-x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true}]}]}}`,
			[]string{
				"account: web", "token: web: /var/run/secrets/kubernetes.io/serviceaccount/token, for the API server, valid for 3607 s",
				"may do: not known: what the account may do; only a user who may impersonate it can find out",
				"config map: kube-root-ca.crt: mounted at /var/run/secrets/kubernetes.io/serviceaccount in web", "network: no network policy selects it",
			},
		},
		"no token": {
			`{"spec":{"serviceAccountName":"web","automountServiceAccountToken":false,"containers":[{"name":"web"}]}}`,
			[]string{"account: web", "token: none is mounted", "network: no network policy selects it"},
		},
		"secrets and config maps": {
			`{"spec":{"volumes":[{"name":"db","secret":{"secretName":"db"}},{"name":"unused","secret":{"secretName":"old"}}],"imagePullSecrets":[{"name":"pull"}],
				"containers":[{"name":"web","volumeMounts":[{"name":"db","mountPath":"/etc/db/"}],"envFrom":[{"configMapRef":{"name":"settings"}}],
				"env":[{"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"p"}}},{"name":"PLAIN","value":"x"}]}]}}`,
			[]string{
				"secret: db: mounted at /etc/db in web; env PASSWORD in web", "secret: old: a volume that no container mounts", "secret: pull: for pulling images",
				"config map: settings: all of it in the environment in web", "network: no network policy selects it",
			},
		},
		"the node": {
			`{"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/web":"unconfined"}},"spec":{"hostPID":true,"shareProcessNamespace":true,
				"securityContext":{"runAsUser":0,"seccompProfile":{"type":"Unconfined"}},"volumes":[{"name":"log","hostPath":{"path":"/var/log"}}],
				"containers":[{"name":"web","volumeMounts":[{"name":"log","mountPath":"/host"}],"securityContext":{"procMount":"Unmasked","allowPrivilegeEscalation":true,
				"capabilities":{"add":["NET_ADMIN","SYS_PTRACE"]}}},{"name":"agent","securityContext":{"privileged":true,"allowPrivilegeEscalation":true,"runAsUser":7,
				"seccompProfile":{"type":"RuntimeDefault"}}}]}}`,
			[]string{
				"privilege: agent: privileged", "privilege: containers share one process namespace", "privilege: host PID namespace", "privilege: web: /proc unmasked",
				"privilege: web: AppArmor unconfined", "privilege: web: capabilities NET_ADMIN, SYS_PTRACE", "privilege: web: may gain privileges", "privilege: web: runs as root",
				"privilege: web: seccomp unconfined", "host path: /var/log: mounted at /host in web, writable", "network: no network policy selects it",
			},
		},
		"roles of clouds": {
			`{"metadata":{"annotations":{"iam.amazonaws.com/role":"old"}},"spec":{"volumes":[{"name":"aws","projected":{"sources":[
				{"serviceAccountToken":{"audience":"pods.eks.amazonaws.com","path":"eks-pod-identity-token"}}]}}],"containers":[{"name":"web",
				"volumeMounts":[{"name":"aws","mountPath":"/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"}],
				"env":[{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::1:role/web"}]},{"name":"side","env":[{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::1:role/web"},{"name":"AZURE_CLIENT_ID","value":"0-1"}]}]}}`,
			[]string{
				"cloud role: AWS arn:aws:iam::1:role/web (env AWS_ROLE_ARN of web)", "cloud role: Azure 0-1 (env AZURE_CLIENT_ID of side)",
				"cloud role: AWS old (annotation iam.amazonaws.com/role of the pod)",
				"cloud role: AWS role, not named in the cluster (EKS Pod Identity: a token for pods.eks.amazonaws.com; the role stands in the associations of the cluster at AWS)",
				"network: no network policy selects it",
			},
		},
	} {
		p := subject.FromPod(podOf(t, tt.pod), nil)
		c := inspect.Case{Pod: &p, Checks: []inspect.CheckState{{Name: inspect.CheckCluster, Status: inspect.CheckDone}}}
		var got []string
		for _, r := range respond.Reachable(&c) {
			got = append(got, r.Kind+": "+r.Text)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

// Other pods that share a digest, the service account or the node are counted in full, and named as far as there is room.
func TestWhatElseIsConcerned(t *testing.T) {
	w := newWorld(t)
	digest, _ := w.push("app:1", "linux/amd64")
	id := w.host + "/app@" + digest
	neighbour := func(n int, namespace, account, on, imageID string) object {
		p := pod(w.host+"/app:1", imageID)
		p["metadata"] = object{"name": fmt.Sprintf("p-%04d", n), "namespace": namespace, "uid": fmt.Sprint(n)}
		spec, _ := p["spec"].(object)
		spec["nodeName"], spec["serviceAccountName"] = on, account
		return p
	}
	objects := []object{pod(w.host+"/app:1", id), node("amd64")}
	for n := range inspect.MaxShared + 5 {
		objects = append(objects, neighbour(n, "shop", "other", "n2", id))
	}
	objects = append(
		objects,
		neighbour(5000, "shop", "default", "n2", ""),
		neighbour(5001, "bank", "default", "n1", ""),
	)
	c := w.run(w.cluster(objects...), subject.Options{})
	s := c.Pod.Reach.Shared
	if s.Digest.Count != inspect.MaxShared+5 || len(s.Digest.Pods) != inspect.MaxShared ||
		s.Digest.Pods[0] != "shop/p-0000" ||
		len(c.Pod.Others) != inspect.MaxShared ||
		c.Pod.SameDigest() != inspect.MaxShared+5 {
		t.Errorf("digest: %d, %d named", s.Digest.Count, len(s.Digest.Pods))
	}
	if s.ServiceAccount.Count != 1 || s.ServiceAccount.Pods[0] != "shop/p-5000" || s.Node.Count != 1 ||
		s.Node.Pods[0] != "bank/p-5001" ||
		s.Partial {
		t.Errorf("%+v, %+v, partial %v", s.ServiceAccount, s.Node, s.Partial)
	}
	rows := 0
	for _, r := range respond.Reachable(&c) {
		if r.Kind == "same image" {
			rows++
		}
	}
	if rows != 21 {
		t.Errorf("%d rows of pods with the same image", rows)
	}
}

// refusing is a cluster of which only one namespace may be listed.
type refusing struct{ kube.Source }

func (r refusing) Pods(ctx context.Context, _ kube.Scope, each func([]corev1.Pod) error) (kube.Listing, error) {
	l, err := r.Source.Pods(ctx, kube.Scope{Namespaces: []string{"shop"}}, each)
	l.Notes = append(l.Notes, "not permitted to list the pods of all namespaces")
	return l, err
}

func TestWhatCannotBeListedIsSaid(t *testing.T) {
	w := newWorld(t)
	digest, _ := w.push("app:1", "linux/amd64")
	c := w.run(refusing{w.cluster(pod(w.host+"/app:1", w.host+"/app@"+digest), node("amd64"))}, subject.Options{})
	if !c.Pod.Reach.Shared.Partial ||
		!slices.ContainsFunc(
			c.Notices,
			func(n inspect.Notice) bool { return strings.Contains(n.Text, "not permitted to list") },
		) {
		t.Errorf("%+v, %+v", c.Pod.Reach.Shared, c.Notices)
	}
}

// What the pod is picked by, and what was kept before anything else was asked.
func TestThePodIsKeptFirst(t *testing.T) {
	w := newWorld(t)
	digest, _ := w.push("app:1", "linux/amd64")
	p := pod(w.host+"/app:1", w.host+"/app@"+digest)
	meta, _ := p["metadata"].(object)
	meta["labels"] = object{"app": "web"}
	c := w.run(w.cluster(append(workload(w.host+"/app:0", w.host+"/app:1"), p, node("amd64"))...), subject.Options{})
	if first, _ := c.Events()[1].Fact.(inspect.Exhibit); first.Path != "cluster/pod-shop-web.json" {
		t.Errorf("the first event is %+v", first)
	}
	if s := c.Pod.Selectors; len(s) != 1 || s[0].Kind != "ReplicaSet" || !slices.Equal(s[0].Keys, []string{"app"}) {
		t.Errorf("%+v", s)
	}
}
