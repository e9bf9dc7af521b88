package subject

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// A list of thousands of pods makes each of them this way.
func BenchmarkFromPod(b *testing.B) {
	pod := &corev1.Pod{}
	if err := json.Unmarshal([]byte(`{"metadata":{"name":"web","namespace":"shop"},"spec":{"serviceAccountName":"web","volumes":[{"name":"kube-api-access-x","projected":{"sources":[
		{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt"}}]}},{"name":"db","secret":{"secretName":"db"}}],"containers":[
		{
			"name":"web", "env":[{"name":"P","valueFrom":{"secretKeyRef":{"name":"db","key":"p"}}}],
			"volumeMounts":[{"name":"kube-api-access-x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"},{"name":"db","mountPath":"/db"}]
		},
		{"name":"proxy","volumeMounts":[{"name":"kube-api-access-x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}]}}`), pod); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		FromPod(pod, nil)
	}
}
