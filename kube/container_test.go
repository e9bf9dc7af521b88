package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContainers(t *testing.T) {
	made := template("web", "reg.example/web:1")
	p := injected(webPod("web-new-a", "web-new", 6, digestNew))
	type row struct {
		name     string
		kind     ContainerType
		injected bool
		image    IDKind
	}
	want := []row{
		{"web", TypeContainer, false, IDRepo},
		{"proxy", TypeSidecar, true, IDConfig},
		{"setup", TypeInit, true, IDNone},
		{"debug", TypeEphemeral, false, IDNone},
	}
	var got []row
	all := Containers(p, &made)
	for _, c := range all {
		got = append(got, row{c.Name, c.Type, c.Injected, c.Image().Kind})
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Error(diff)
	}
	web := all[0]
	if web.State != "running" || !web.Started.Equal(p.CreationTimestamp.Time) || web.Restarts != 1 {
		t.Errorf("web: %+v", web)
	}
	if want := []string{"containerd://" + strings.Repeat("cd", 32)}; !cmp.Equal(web.TerminatedIDs, want) {
		t.Errorf("the run before the restart: %v", web.TerminatedIDs)
	}
	for _, c := range Containers(p, nil) {
		if c.Injected {
			t.Errorf("%s is called injected though no template is known", c.Name)
		}
	}
}

func TestParseImageID(t *testing.T) {
	for in, want := range map[string]ImageID{
		"docker-pullable://reg.example/web@" + digestOld: {"reg.example/web", digestOld, IDRepo},
		"reg.example:5000/a/web@" + digestOld:            {"reg.example:5000/a/web", digestOld, IDRepo},
		digestOld:                                        {"", digestOld, IDConfig},
		"docker://" + digestOld:                          {"", digestOld, IDConfig},
		strings.TrimPrefix(digestOld, "sha256:"):         {"", digestOld, IDConfig},
		"":                                               {},
		"reg.example/web:1":                              {},
		"reg.example/web@sha256:11":                      {},
		"@" + digestOld:                                  {},
		"reg.example/web@" + strings.ToUpper(digestOld):  {},
		"reg.example/web@md5:" + strings.Repeat("1", 32): {},
		"sha256:" + strings.Repeat("z", 64):              {},
	} {
		if got := ParseImageID(in); got != want {
			t.Errorf("%q: got %+v, want %+v", in, got, want)
		}
	}
}

func FuzzParseImageID(f *testing.F) {
	f.Add("docker-pullable://reg.example/web@" + digestOld)
	f.Add(digestOld)
	f.Fuzz(func(t *testing.T, s string) {
		id := ParseImageID(s)
		if (id.Kind == IDNone) != (id.Digest == "") || id.Digest != "" && !isDigest(id.Digest) {
			t.Errorf("%q: %+v", s, id)
		}
	})
}
