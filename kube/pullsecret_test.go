package kube

import (
	"context"
	"strings"
	"testing"
)

const pullDump = `{"kind":"List","apiVersion":"v1","items":[
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"serviceAccountName":"web","imagePullSecrets":[{"name":"pod"},{"name":"gone"}]}},
{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"web","namespace":"shop"},"imagePullSecrets":[{"name":"account"},{"name":"pod"}]},
{"apiVersion":"v1","kind":"Secret","metadata":{"name":"pod","namespace":"shop"},"data":{".dockerconfigjson":"e30="}},
{"apiVersion":"v1","kind":"Secret","metadata":{"name":"account","namespace":"shop"},"data":{".dockerconfigjson":"e30="}},
{"apiVersion":"v1","kind":"Secret","metadata":{"name":"other","namespace":"shop"}}]}`

func TestPullSecretsAreThoseThatThePodNames(t *testing.T) {
	s, err := ParseSnapshot("dump", []byte(pullDump))
	if err != nil {
		t.Fatal(err)
	}
	pod, err := s.Pod(t.Context(), "shop", "web")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	ctx := WithTrace(context.Background(), Trace{Object: func(o Object) { told = append(told, o.Kind) }})
	found, err := s.PullSecrets(ctx, pod)
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("the secret that is not there: %v", err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "pod account" {
		t.Errorf("got %q, want pod and account", got)
	}
	if len(told) != 0 {
		t.Errorf("told to the trace: %v", told)
	}
}
