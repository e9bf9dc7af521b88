package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// maxPeers bounds the pods of a roster.
	maxPeers = 50_000
	// rosterAge is how long a roster counts as what runs now: long enough for the checks of one case that need it.
	rosterAge = 30 * time.Second
)

// Roster is the pods that run beside the pod of a case. All that compare it with others share one list of them, which
// is the largest thing that is read of a cluster. It is safe for concurrent use.
type Roster struct {
	source    Source
	namespace string // listed where the whole cluster may not be

	mu   sync.Mutex
	read time.Time
	last Peers
}

// Peers is the content of a roster.
type Peers struct {
	Pods    []Peer
	Notes   []string // what could not be seen, in words
	Partial bool     // not all of the cluster was listed
}

// Peer is a pod, as far as others are compared with it.
type Peer struct {
	Namespace, Name, UID, Node string
	ServiceAccount             string
	Workload                   string // namespace/name of what made it, as far as the pod itself tells
	Containers                 []PeerContainer
}

// PeerContainer is a container of a Peer.
type PeerContainer struct {
	Name      string
	Reference string
	Image     ImageID // as the node reports it
}

// errFull ends a list of pods early.
// It is no failure: what was listed counts, and Partial shows that there is more.
var errFull = errors.New("enough pods were listed")

// NewRoster prepares a roster; nothing is listed before it is needed. namespace is that of the pod of the case.
func NewRoster(source Source, namespace string) *Roster {
	return &Roster{source: source, namespace: namespace}
}

// Peers lists the pods of the whole cluster, or of the namespaces that may be listed. Who asks while they are being
// listed waits for that. An error is not kept: the next who asks tries again.
func (r *Roster) Peers(ctx context.Context) (Peers, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.read.IsZero() && time.Since(r.read) < rosterAge {
		return r.last, nil
	}
	var p Peers
	listing, err := r.source.Pods(ctx, Scope{Fallback: []string{r.namespace}}, func(page []corev1.Pod) error {
		for i := range page {
			if len(p.Pods) == maxPeers {
				return errFull
			}
			p.Pods = append(p.Pods, peerOf(&page[i]))
		}
		return nil
	})
	p.Notes, p.Partial = listing.Notes, len(listing.Namespaces) > 0
	if errors.Is(err, errFull) {
		p.Partial = true
		p.Notes = append(p.Notes, fmt.Sprintf("only %d pods were compared: there are more", maxPeers))
		err = nil
	}
	if err != nil {
		return p, err
	}
	r.last, r.read = p, time.Now()
	return p, nil
}

// peerOf keeps of a pod what comparisons need: a whole pod is about 14 KB, a Peer some hundred bytes.
func peerOf(pod *corev1.Pod) Peer {
	p := Peer{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Node: pod.Spec.NodeName,
		ServiceAccount: pod.Spec.ServiceAccountName, Workload: WorkloadOf(pod),
	}
	for _, c := range Containers(pod, nil) {
		p.Containers = append(p.Containers, PeerContainer{Name: c.Name, Reference: c.Reference, Image: c.Image()})
	}
	return p
}

// Path is namespace/name.
func (p Peer) Path() string { return p.Namespace + "/" + p.Name }

// WorkloadOf names what made a pod as namespace/name, as far as the pod itself shows: a Deployment's pods carry the
// hash that its ReplicaSet's name ends in.
func WorkloadOf(pod *corev1.Pod) string {
	ref := metav1.GetControllerOf(pod)
	if ref == nil {
		return pod.Namespace + "/" + pod.Name
	}
	name := ref.Name
	if hash := pod.Labels[labelTemplateHash]; hash != "" {
		name = strings.TrimSuffix(name, "-"+hash)
	}
	return pod.Namespace + "/" + name
}
