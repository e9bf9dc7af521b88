package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// Enforcement is what stands before new pods of each namespace of a cluster: whether the webhook of the product that a
// policy is written for would be called at all. It is for lists of many pods, as of an audit; of one pod the gates
// show more. It is safe for concurrent use.
type Enforcement struct {
	from  kube.Source
	hooks []hook // validating ones

	mu         sync.Mutex
	namespaces map[string]*scene // by name, each read once
}

// ReadEnforcement reads the webhooks that may refuse an object. The error states why they are not known: that none
// stands there must not follow from a list that could not be read. The list of a dump without any is taken for one that
// was not dumped.
func ReadEnforcement(ctx context.Context, from kube.Source) (*Enforcement, error) {
	list, err := from.ValidatingWebhooks(ctx)
	_, dump := from.(*kube.Snapshot)
	if err != nil && !(dump && errors.Is(err, kube.ErrNotFound)) {
		return nil, fmt.Errorf("reading the validating webhooks: %w", err)
	}
	if dump && len(list) == 0 {
		return nil, fmt.Errorf("reading the validating webhooks: the dump has none, and the cluster may: add " +
			"validatingwebhookconfigurations and namespaces to the kubectl get")
	}
	s := &scene{}
	s.validating.list = list
	return &Enforcement{from: from, hooks: s.hooks(), namespaces: map[string]*scene{}}, nil
}

// Of is how a product stands before a new pod of a namespace: passed where one of its webhooks is called for it and
// what it refuses is refused, not enforced where none is, unknown where that could not be found out, or where requests
// are let in unchecked while the product does not answer. The text is one sentence for people.
func (e *Enforcement) Of(ctx context.Context, product, namespace string) (inspect.GateStatus, string) {
	s := e.scene(ctx, namespace)
	pod := request{version: "v1", resource: "pods", operation: admissionv1.Create, what: "a new pod"}
	var best *standing
	for _, h := range e.hooks {
		if verifierOf(h) != product {
			continue
		}
		how, concerned := s.stand(withoutObjects(h), []request{pod})
		if !concerned {
			continue
		}
		if how.status != inspect.GateNotEnforced && !empty(h.object) {
			how = standing{inspect.GateUnknown, inspect.GateNotReadable, "", "its objectSelector chooses some pods"}
		}
		if how.status == inspect.GatePassed {
			how.text = "is called for new pods"
		}
		how = s.inWords(product, h, how, []request{pod})
		if best == nil || rank(how.status) < rank(best.status) {
			best = &how
		}
	}
	if best == nil {
		return inspect.GateNotEnforced, fmt.Sprintf("no webhook of %s is called for pods", product)
	}
	return best.status, best.text
}

// Names lists the webhooks, for a digest of what rows were made by. A nil Enforcement has none.
func (e *Enforcement) Names() []string {
	names := []string{}
	if e != nil {
		for _, h := range e.hooks {
			names = append(names, h.config+"/"+h.name)
		}
	}
	return names
}

// withoutObjects is the webhook without its selector of objects: labels of pods differ within a namespace, and Of is
// about all of them.
func withoutObjects(h hook) hook {
	h.object = nil
	return h
}

// scene reads the labels of a namespace, once.
func (e *Enforcement) scene(ctx context.Context, namespace string) *scene {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, known := e.namespaces[namespace]
	if !known {
		s = &scene{pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace}}}
		n, err := e.from.ReadNamespace(ctx, namespace)
		if s.namespace.err = err; err == nil {
			s.namespace.labels = n.Labels
		}
		e.namespaces[namespace] = s
	}
	return s
}
