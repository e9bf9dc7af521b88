package subject

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// imageVolume is a volume of an image.
func imageVolume(name, reference string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		Image: &corev1.ImageVolumeSource{Reference: reference},
	}}
}

// mounting is a container that mounts volumes, each as NAME=PATH.
func mounting(name string, volumes ...string) corev1.Container {
	c := corev1.Container{Name: name}
	for _, v := range volumes {
		volume, at, _ := strings.Cut(v, "=")
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: at})
	}
	return c
}

// textsOf are the words of notices; all of them must warn.
func textsOf(t *testing.T, notices []inspect.Notice) []string {
	t.Helper()
	var all []string
	for _, n := range notices {
		if n.Level != "warning" {
			t.Errorf("level %q of %q", n.Level, n.Text)
		}
		all = append(all, n.Text)
	}
	return all
}

// What a container loads from a volume that is an image is no layer of its own image: it is said that nobody looked.
func TestVolumesThatAreImages(t *testing.T) {
	const evil = "registry.example/models:1"
	for name, test := range map[string]struct {
		volumes    []corev1.Volume
		containers []corev1.Container
		only       string
		want       []string
	}{
		"none": {
			[]corev1.Volume{
				{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			},
			[]corev1.Container{mounting("web", "work=/work")},
			"", nil,
		},
		"one": {
			[]corev1.Volume{imageVolume("models", evil)},
			[]corev1.Container{mounting("web", "models=/models/")},
			"",
			[]string{"volume models is the image " + evil + ", mounted at /models of web; its content was not inspected: " +
				"that is a case of its own, for what the reference means now"},
		},
		"of two containers": {
			[]corev1.Volume{imageVolume("models", evil)},
			[]corev1.Container{mounting("web", "models=/a"), mounting("side", "models=b")},
			"",
			[]string{"volume models is the image " + evil + ", mounted at /a of web, /b of side; its content was not " +
				"inspected: that is a case of its own, for what the reference means now"},
		},
		"that no container mounts": {
			[]corev1.Volume{imageVolume("models", evil)},
			[]corev1.Container{mounting("web")},
			"web",
			[]string{"volume models is the image " + evil + ", which no container mounts; its content was not inspected: " +
				"that is a case of its own, for what the reference means now"},
		},
		"of another container than the case": {
			[]corev1.Volume{imageVolume("models", evil)},
			[]corev1.Container{mounting("web"), mounting("side", "models=/b")},
			"web", nil,
		},
		"without a reference": {
			[]corev1.Volume{imageVolume("models", "")},
			[]corev1.Container{mounting("web", "models=/a")},
			"",
			[]string{"volume models is the image of no reference, mounted at /a of web; its content was not inspected"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &corev1.Pod{Spec: corev1.PodSpec{Volumes: test.volumes, Containers: test.containers}}
			if got := textsOf(t, imageVolumes(p, test.only)); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// A pod with very many of them gets no more lines than somebody reads, and none is passed over in silence.
func TestManyVolumesThatAreImages(t *testing.T) {
	p := &corev1.Pod{}
	for i := range 3 * maxVolumeNotices {
		p.Spec.Volumes = append(p.Spec.Volumes, imageVolume(fmt.Sprint("v", i), "registry.example/x:1"))
	}
	got := textsOf(t, imageVolumes(p, ""))
	if len(got) != maxVolumeNotices+1 || !strings.HasPrefix(got[maxVolumeNotices], "40 further volumes") {
		t.Errorf("%d: %q", len(got), got[len(got)-1])
	}
	p = &corev1.Pod{Spec: corev1.PodSpec{Volumes: []corev1.Volume{imageVolume("v", "registry.example/x:1")}}}
	for i := range 2 * maxVolumeNotices {
		p.Spec.Containers = append(p.Spec.Containers, mounting(fmt.Sprint("c", i), "v=/x"))
	}
	if got := textsOf(t, imageVolumes(p, "")); len(got) != 1 || !strings.Contains(got[0], "/x of c19 and 20 more;") {
		t.Errorf("%q", got)
	}
	if got := reach(p).Volumes; !slices.Equal(got, []string{"image registry.example/x:1"}) {
		t.Errorf("reach: %q", got)
	}
}

// Each source of a volume in the words of the API.
func TestKindsOfVolumes(t *testing.T) {
	for name, test := range map[string]struct {
		source       corev1.VolumeSource
		kind, detail string
	}{
		"claim": {
			corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}},
			"persistentVolumeClaim", "c",
		},
		"host": {corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}, "hostPath", "/"},
		"map": {corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "m"},
		}}, "configMap", "m"},
		"projected": {
			corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}, "projected", "",
		},
		"downward": {
			corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{}}, "downwardAPI", "",
		},
		"csi": {corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "d"}}, "csi", "d"},
		"ephemeral": {
			corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}, "ephemeral", "",
		},
		"nfs": {
			corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: "/p"}}, "nfs", "s:/p",
		},
		"image": {
			imageVolume("", "registry.example/x:1").VolumeSource, "image", "registry.example/x:1",
		},
		"of a kind that is not known": {corev1.VolumeSource{}, "volume", ""},
	} {
		if kind, detail := volumeKind(corev1.Volume{VolumeSource: test.source}); kind != test.kind ||
			detail != test.detail {
			t.Errorf("%s: %s %q", name, kind, detail)
		}
	}
}

// A container's own field wins over that of the pod, in both directions.
func TestWhoseSettingCounts(t *testing.T) {
	yes, no, root, user := true, false, int64(0), int64(1000)
	unmasked := corev1.UnmaskedProcMount
	off := &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
	on := &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	bare := &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
	for name, test := range map[string]struct {
		own  *corev1.SecurityContext
		pod  corev1.PodSecurityContext
		want []inspect.PrivilegeKind
	}{
		"nothing": {nil, corev1.PodSecurityContext{}, nil},
		"root by the pod": {
			nil, corev1.PodSecurityContext{RunAsUser: &root}, []inspect.PrivilegeKind{"runs-as-root"},
		},
		"no root by its own": {
			&corev1.SecurityContext{RunAsUser: &user}, corev1.PodSecurityContext{RunAsUser: &root}, nil,
		},
		"root by its own": {
			&corev1.SecurityContext{RunAsUser: &root},
			corev1.PodSecurityContext{RunAsUser: &user},
			[]inspect.PrivilegeKind{"runs-as-root"},
		},
		"confined by its own": {
			&corev1.SecurityContext{SeccompProfile: on}, corev1.PodSecurityContext{SeccompProfile: off}, nil,
		},
		"unconfined by its own": {
			&corev1.SecurityContext{SeccompProfile: off},
			corev1.PodSecurityContext{SeccompProfile: on},
			[]inspect.PrivilegeKind{"seccomp-unconfined"},
		},
		"without AppArmor": {
			nil, corev1.PodSecurityContext{AppArmorProfile: bare}, []inspect.PrivilegeKind{"apparmor-unconfined"},
		},
		"privileged needs no more": {
			&corev1.SecurityContext{Privileged: &yes, AllowPrivilegeEscalation: &yes},
			corev1.PodSecurityContext{},
			[]inspect.PrivilegeKind{"privileged"},
		},
		"switched off": {
			&corev1.SecurityContext{Privileged: &no, AllowPrivilegeEscalation: &no}, corev1.PodSecurityContext{}, nil,
		},
		"may escalate": {
			&corev1.SecurityContext{AllowPrivilegeEscalation: &yes},
			corev1.PodSecurityContext{},
			[]inspect.PrivilegeKind{"may-escalate"},
		},
		"unmasked": {
			&corev1.SecurityContext{ProcMount: &unmasked},
			corev1.PodSecurityContext{},
			[]inspect.PrivilegeKind{"unmasked-proc"},
		},
		"dropped capabilities": {
			&corev1.SecurityContext{Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			corev1.PodSecurityContext{},
			nil,
		},
		"the node of Windows": {
			&corev1.SecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: &yes}},
			corev1.PodSecurityContext{},
			[]inspect.PrivilegeKind{"windows-host-process"},
		},
		"the node of Windows, no": {
			&corev1.SecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: &no}},
			corev1.PodSecurityContext{},
			nil,
		},
		"a capability beside these": {
			&corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}}},
			corev1.PodSecurityContext{},
			[]inspect.PrivilegeKind{"capabilities"},
		},
	} {
		var got []inspect.PrivilegeKind
		for _, p := range containerPrivileges(test.own, &test.pod) {
			got = append(got, p.Kind)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// Pods of a group are counted in full, named in order and once, and the first of them are kept where there are too many.
func TestPodsOfAGroup(t *testing.T) {
	g := inspect.PodGroup{}
	for i := 2 * inspect.MaxShared; i > 0; i-- {
		join(&g, fmt.Sprintf("shop/p-%05d", i))
	}
	join(&g, "shop/p-00001")
	if g.Count != 2*inspect.MaxShared+1 || len(g.Pods) != inspect.MaxShared || g.Pods[0] != "shop/p-00001" ||
		!slices.IsSorted(g.Pods) || len(slices.Compact(slices.Clone(g.Pods))) != inspect.MaxShared {
		t.Errorf("%d, %d named, first %s", g.Count, len(g.Pods), g.Pods[0])
	}
}

// What a template says is a candidate by a digest, or by what a tag means today; the very tag that runs says nothing.
func TestCandidatesByReference(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for reference, want := range map[string]string{
		"registry.example/app:1":           "low",
		"registry.example/app@" + digest:   "high",
		"registry.example/app:2@" + digest: "high",
		"registry.example/app:2":           "",
		"registry.example/app@sha256:abc":  "",
		"":                                 "",
		"registry.example/APP:1":           "",
	} {
		got := byReference(reference, "revision 1", "registry.example/app:2")
		if len(got) == 0 != (want == "") || len(got) == 1 && got[0].Confidence != want {
			t.Errorf("%q: %+v, want %q", reference, got, want)
		}
	}
	if got := byReference("registry.example/app@"+digest, "", "registry.example/app@"+digest); len(got) != 1 {
		t.Errorf("the same digest: %+v", got)
	}
}

// A revision after the current one was rolled back, and is no previous one; without a current one nothing is newer.
func TestRevisionsThatCameLater(t *testing.T) {
	all := []inspect.Revision{{Number: 3}, {Number: 2, Current: true}, {Number: 1}}
	if !newer(all, all[0]) || newer(all, all[1]) || newer(all, all[2]) || newer(all[2:], all[0]) {
		t.Error("the order is not that of the numbers")
	}
}

// Containers are matched by their repository, however its name is written.
func TestContainersOfARepository(t *testing.T) {
	containers := []inspect.Container{
		{Name: "a", Reference: "nginx"},
		{Name: "b", Reference: "docker.io/library/nginx:1.27"},
		{Name: "c", Reference: "registry.example/nginx"},
		{Name: "d", Reference: "not a reference"},
		{Name: "e"},
	}
	loc, err := registry.Parse("index.docker.io/library/nginx:1")
	if err != nil {
		t.Fatal(err)
	}
	if got := sameRepository(containers, loc.Name()); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
}

// The parts of an image with what became of each: there, lost, or other bytes than were asked for.
func TestBlobsSayWhatBecameOfThem(t *testing.T) {
	img := &registry.Image{
		Index:    registry.Part{Digest: "sha256:i", Bytes: []byte("index"), Actual: "sha256:i"},
		Nested:   []registry.Part{{Digest: "sha256:n", Size: 7, Problem: registry.ProblemMissing}},
		Manifest: registry.Part{Digest: "sha256:m", Bytes: []byte("other"), Actual: "sha256:x"},
		Config:   registry.Part{},
	}
	img.Location.Tag = "1.0"
	want := []inspect.Blob{
		{Digest: "sha256:i", Size: 5, Role: "index", Of: "image", State: "carried", Tag: "1.0"},
		{Digest: "sha256:n", Size: 7, Role: "index", Of: "image", State: "missing", Tag: "1.0"},
		{Digest: "sha256:m", Size: 5, Role: "manifest", Of: "image", State: "damaged", Actual: "sha256:x", Tag: "1.0"},
	}
	got := Blobs(img, "image")
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if fmt.Sprintf("%+v", got[i]) != fmt.Sprintf("%+v", want[i]) {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
	img.Nested[0].Size = -1
	if got := Blobs(img, "known-good"); got[1].Size != 0 || got[1].Of != "known-good" {
		t.Errorf("a size that nothing claims: %+v", got[1])
	}
}

// An image is gone where the registry says so, or has lost its manifest; an error of the network proves nothing.
func TestWhatIsGone(t *testing.T) {
	lost := &registry.Image{Manifest: registry.Part{Problem: registry.ProblemMissing}}
	odd := &registry.Image{Manifest: registry.Part{Problem: registry.ProblemMalformed}}
	for name, test := range map[string]struct {
		img  *registry.Image
		err  error
		want bool
	}{
		"not found":   {nil, fmt.Errorf("reading: %w", registry.ErrNotFound), true},
		"the network": {nil, errors.New("connection refused"), false},
		"lost":        {lost, nil, true},
		"malformed":   {odd, nil, false},
		"there":       {&registry.Image{}, nil, false},
		"nothing":     {nil, nil, false},
	} {
		if gone(test.img, test.err) != test.want {
			t.Errorf("%s: want %v", name, test.want)
		}
	}
}

// The config of an image says what would run; names are sorted, so that two readings of it are the same.
func TestSettingsOfAConfig(t *testing.T) {
	s := settings(v1.Config{
		User: "0", ExposedPorts: map[string]struct{}{"443/tcp": {}, "22/tcp": {}, "": {}},
		Volumes: map[string]struct{}{"/data": {}, "/a": {}}, Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "x"}},
		OnBuild: []string{"RUN x"}, WorkingDir: "/w",
	})
	if !slices.Equal(s.Ports, []string{"22/tcp", "443/tcp"}) || !slices.Equal(s.Volumes, []string{"/a", "/data"}) ||
		!slices.Equal(s.Health, []string{"CMD", "x"}) || s.User != "0" || s.WorkingDir != "/w" || len(s.OnBuild) != 1 {
		t.Errorf("%+v", s)
	}
	if s = settings(v1.Config{}); s.Ports != nil || s.Health != nil || s.Volumes != nil {
		t.Errorf("of nothing: %+v", s)
	}
}

// The times of a pod are those of the cluster; a container that did not start has none.
func TestMomentsOfAPod(t *testing.T) {
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", CreationTimestamp: metav1.NewTime(at)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}, {Name: "b"}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "a", State: corev1.ContainerState{
			Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(at.Add(time.Second))},
		}}, {Name: "b"}}},
	}
	all := podMoments(p)
	if len(all) != 2 || all[0].What != "pod web created" || all[1].What != "container a started" ||
		all[1].Trust != inspect.ByCluster || !all[1].Time.After(all[0].Time.Time) {
		t.Errorf("%+v", all)
	}
	if rankOf(kube.Object{Kind: "Pod"}) >= rankOf(kube.Object{Kind: "ReplicaSet"}) {
		t.Error("an owner comes before its pod")
	}
}

// Digests are cut for people; what is none is left as it is.
func TestDigestsAsPeopleReadThem(t *testing.T) {
	for digest, want := range map[string]string{
		"sha256:" + strings.Repeat("a", 64): "sha256:aaaaaaaaaaaa…", "sha256:abc": "sha256:abc", "": "", "x": "x",
	} {
		if got := short(digest); got != want {
			t.Errorf("%q: %q", digest, got)
		}
	}
}
