package triage

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// addressed is a cluster in which 10.0.0.5 belonged to job-1 until an hour before the alert and
// belongs to web-0 since ten

// minutes before it. Pod agent has the address of its node.
func addressed() *Index {
	x := NewIndex()
	job := webPod("job-1", containerOf("d"), digestB)
	job.CreationTimestamp = metav1.NewTime(at.Add(-2 * time.Hour))
	job.Status.PodIP = "10.0.0.5"
	x.Add(job)
	x.Gone("shop", "job-1", "uid-job-1", at.Add(-time.Hour))
	web := webPod("web-0", hex64, digestA)
	web.Status.PodIPs = []corev1.PodIP{{IP: "10.0.0.5"}, {IP: "fd00::5"}}
	x.Add(web)
	agent := webPod("agent", containerOf("e"), digestA)
	agent.Spec.HostNetwork, agent.Status.PodIP = true, "192.168.0.1"
	x.Add(agent)
	return x
}

func TestMatchByAddress(t *testing.T) {
	for _, tt := range []struct {
		name      string
		addresses []string
		time      time.Time
		imprecise bool
		pod, why  string
	}{
		{
			"the pod of the address",
			[]string{"10.0.0.5", "203.0.113.9"},
			at, false, "web-0",
			"10.0.0.5 was the address of this pod",
		},
		{"on the other end", []string{"203.0.113.9", "10.0.0.5"}, at, false, "web-0", ""},
		{"the second address", []string{"fd00::5"}, at, false, "web-0", ""},
		{"the pod that had it before", []string{"10.0.0.5"}, at.Add(-90 * time.Minute), false, "job-1", ""},
		{
			"between the two",
			[]string{"10.0.0.5"},
			at.Add(-30 * time.Minute), false, "",
			"no pod had an address of the connection at that time: 10.0.0.5",
		},
		{"within the skew of clocks", []string{"10.0.0.5"}, at.Add(-11 * time.Minute), false, "web-0", ""},
		{"before both", []string{"10.0.0.5"}, at.Add(-3 * time.Hour), false, "", "no pod had an address"},
		{"a time of day only", []string{"10.0.0.5"}, at, true, "", "not known well enough"},
		{"the address of a node", []string{"192.168.0.1"}, at, false, "", "no pod had an address"},
		{"nobody's", []string{"203.0.113.9"}, at, false, "", "no pod had an address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := alert.Alert{Alert: inspect.Alert{Time: inspect.At(tt.time), Imprecise: tt.imprecise}}
			for _, text := range tt.addresses {
				a.Addresses = append(a.Addresses, netip.MustParseAddr(text))
			}
			m := addressed().Match(&a)
			pod := ""
			if len(m.Hits) == 1 {
				pod = m.Hits[0].Pod
			}
			if pod != tt.pod || !strings.Contains(m.Why, tt.why) || (pod != "") != (m.How == inspect.MatchPod) {
				t.Errorf("got %s %q: %s", m.How, pod, m.Why)
			}
		})
	}
}

func TestMatchByUID(t *testing.T) {
	x := addressed()
	for uid, want := range map[string]string{"uid-web-0": "web-0", "uid-job-1": "job-1", "uid-nobody": ""} {
		m := x.Match(&alert.Alert{PodUID: uid})
		pod := ""
		if len(m.Hits) == 1 {
			pod = m.Hits[0].Pod
		}
		if pod != want {
			t.Errorf("%s: got %q: %s", uid, pod, m.Why)
		}
	}
}

// A pod that has ended loses its address; alerts from before that are about it.
func TestTheAddressOfAPodThatEnded(t *testing.T) {
	x := NewIndex()
	job := webPod("job-1", hex64, digestA)
	job.Status.PodIP = "10.0.0.7"
	x.Add(job)
	ended := job.DeepCopy()
	ended.Status.Phase, ended.Status.PodIP = corev1.PodSucceeded, ""
	ended.Status.ContainerStatuses[0].State = corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(at)},
	}
	x.Add(ended)
	for _, tt := range []struct {
		at   time.Time
		hits int
	}{{at.Add(-time.Minute), 1}, {at.Add(time.Hour), 0}} {
		a := alert.Alert{
			Alert: inspect.Alert{Time: inspect.At(tt.at)}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.7")},
		}
		if m := x.Match(&a); len(m.Hits) != tt.hits {
			t.Errorf("at %v: %d hits: %s", tt.at, len(m.Hits), m.Why)
		}
	}
}

func TestPodOf(t *testing.T) {
	x := cluster()
	for _, tt := range []struct {
		name  string
		alert alert.Alert
		key   string
	}{
		{"of no pod", alert.Alert{Alert: inspect.Alert{Namespace: "bank", Pod: "teller"}}, ""},
		{"of one pod", alert.Alert{Alert: inspect.Alert{ContainerID: hex64[:12]}}, "uid-web-0 shop/web-0"},
		{
			"of any that run the image",
			alert.Alert{Alert: inspect.Alert{Image: "reg.example/web:1"}},
			"image reg.example/web:1",
		},
		{"of any that run the digest", alert.Alert{Digest: digestA}, "image " + digestA},
	} {
		if got := x.PodOf(&tt.alert); got != tt.key {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.key)
		}
	}
}
