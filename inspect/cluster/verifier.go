package cluster

import (
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// verifier is a product whose webhooks verify images, if its policies say so.
type verifier struct{ mark, name string }

// verifiers are the known ones, by a mark in the name of their webhooks or configurations.
var verifiers = []verifier{
	{"policy.sigstore.dev", inspect.PolicyController},
	{"kyverno", inspect.Kyverno},
	{"connaisseur", "Connaisseur"},
	{"ratify", "Ratify"},
	{"gatekeeper", "Gatekeeper"},
	{"portieris", "Portieris"},
	{"kubewarden", "Kubewarden"},
}

// verifierOf names the product of a webhook, "" if it is none of the known ones.
func verifierOf(h hook) string {
	for _, v := range verifiers {
		if strings.Contains(strings.ToLower(h.config+" "+h.name), v.mark) {
			return v.name
		}
	}
	return ""
}

// GateAdmission is the gate that sums up whether anything verified images on their way into the cluster.
const GateAdmission = "admission"

// includeLabel is the label of namespaces in which policy-controller enforces.
const includeLabel = "policy.sigstore.dev/include"

// mirror is the annotation of a pod that a kubelet started from a file of its node; the API server shows a copy of it
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/).
const mirror = "kubernetes.io/config.mirror"

// summary is how the cluster's verifiers of images stood before what came in: the best of them.
func (s *scene) summary(in []request) (standing, hook) {
	if s.pod.Annotations[mirror] != "" && in[0].operation == admissionv1.Create {
		return standing{inspect.Absent, CodeStatic, fmt.Sprintf("the pod is static: the kubelet of node %s started it from a file there, and no admission was asked", s.pod.Spec.NodeName)}, hook{}
	}
	if err := s.validating.err; err != nil {
		return standing{inspect.Unknown, "", "which webhooks verify images is not known: " + reason(err)}, hook{}
	}
	var products []verdict
	for _, h := range s.hooks() {
		name := verifierOf(h)
		if name == "" || h.mutates {
			continue
		}
		if how, concerned := s.stand(h, in); concerned {
			how.text = s.inWords(name, h, how, in)
			products = better(products, verdict{name, h, how})
		}
	}
	if len(products) == 0 {
		return standing{inspect.Absent, CodeNoPolicy, fmt.Sprintf("nothing in the cluster verifies the images of %s on its way in", kindOfEntry(in[0]))}, hook{}
	}
	return best(products)
}

// kindOfEntry is what comes in: a pod, or a container that is attached to one.
func kindOfEntry(r request) string {
	if r.operation == admissionv1.Update {
		return "a debug container"
	}
	return "a pod"
}

// verdict is how a product stood: the best of its webhooks.
type verdict struct {
	product string
	by      hook
	how     standing
}

// better adds a webhook's standing to that of its product.
func better(all []verdict, v verdict) []verdict {
	for i, o := range all {
		if o.product == v.product {
			if rank(v.how.status) < rank(o.how.status) {
				all[i] = v
			}
			return all
		}
	}
	return append(all, v)
}

// best is the standing of the product that stood best; of several that stood as well, all in one text.
func best(all []verdict) (standing, hook) {
	first := all[0]
	for _, v := range all {
		if rank(v.how.status) < rank(first.how.status) {
			first = v
		}
	}
	var said []string
	for _, v := range all {
		if v.how.status == first.how.status {
			said = append(said, v.how.text)
		}
	}
	first.how.text = strings.Join(said, "; ")
	return first.how, first.by
}

// inWords makes a standing a sentence that can be read out. That of policy-controller's own label is the usual case.
func (s *scene) inWords(name string, h hook, how standing, in []request) string {
	_, labelled := s.namespace.labels[includeLabel]
	if name == inspect.PolicyController && how.status == inspect.Absent && s.namespace.err == nil && !labelled && !in[0].before(h.created) {
		return "policy-controller does not look at namespace " + s.pod.Namespace + ": it is not labelled " + includeLabel + "=true"
	}
	return name + "'s webhook " + h.name + ": " + how.text
}

func rank(s inspect.Status) int {
	switch s {
	case inspect.Verified:
		return 0
	case inspect.Unknown:
		return 1
	default:
		return 2
	}
}

func productNames() string {
	names := make([]string, len(verifiers))
	for i, v := range verifiers {
		names[i] = v.name
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// admissionFindings says why nothing verified the images, in one finding.
func (s *scene) admissionFindings() []inspect.Finding {
	how, by := s.summary(s.requests(kube.Container{}))
	if how.code == "" {
		return nil
	}
	evidence := []inspect.Evidence{object("Namespace", "", s.pod.Namespace, "its labels")}
	if by.name != "" {
		evidence = append(evidence, object(by.kind(), "", by.config, by.name))
	}
	detail := ""
	if how.code == CodeNoPolicy {
		detail = "looked for: a webhook of " + productNames()
	}
	return []inspect.Finding{finding(how.code, SubjectPod, upper(how.text), detail, evidence...)}
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" || strings.HasPrefix(s, inspect.PolicyController) {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
