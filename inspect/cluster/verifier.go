package cluster

import (
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// verifier is a product whose webhooks verify images, if its policies require it.
type verifier struct{ mark, name string }

// verifiers are the known ones, by a mark in the name of their webhooks or configurations.
var verifiers = []verifier{
	// The marks are those of their default installations: policy.sigstore.dev and cosigned webhooks,
	// validate.kyverno.svc-fail, connaisseur-svc, ratify's Gatekeeper provider, validation.gatekeeper.sh,
	// trust.hooks.securityenforcement (portieris), kubewarden.
	{"policy.sigstore.dev", inspect.PolicyController},
	{"kyverno", inspect.Kyverno},
	{"connaisseur", "Connaisseur"},
	{"ratify", "Ratify"},
	{"gatekeeper", "Gatekeeper"},
	{"portieris", "Portieris"},
	{"kubewarden", "Kubewarden"},
}

// verifierOf names the product of a webhook, "" if it is none of the known ones. A name proves nothing about what
// answers the webhook: a person who may write such a configuration may do worse.
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

// summary is how the cluster's verifiers of images stood: the best of them.
type summary struct {
	standing
	by       hook     // the webhook that stood best; empty if there is none
	products []string // those that stood as well
}

// summary works out how the verifiers of images stood before what came in.
func (s *scene) summary(in []request) summary {
	if s.pod.Annotations[mirror] != "" && in[0].operation == admissionv1.Create {
		text := fmt.Sprintf("static pod: the kubelet of node %s started it from a file, without admission",
			s.pod.Spec.NodeName)
		return summary{standing: standing{inspect.GateNotEnforced, inspect.GateStaticPod, inspect.CodeStaticPod, text}}
	}
	// with the list unread, "absent" would be a claim: a verifier may stand there
	if err := s.validating.err; err != nil {
		text := "which webhooks verify images is unknown: " + reason(err)
		return summary{standing: standing{inspect.GateUnknown, inspect.GateNotReadable, "", text}}
	}
	var products []verdict
	for _, h := range s.hooks() {
		name := verifierOf(h)
		// A mutating webhook resolves tags or adds annotations; it is the validating one of the same product that
		// refuses.
		if name == "" || h.mutates {
			continue
		}
		if how, concerned := s.stand(h, in); concerned {
			products = better(products, verdict{name, h, s.inWords(name, h, how, in)})
		}
	}
	if len(products) == 0 {
		text := "no admission webhook verifies the images of " + kindOfEntry(in[0])
		return summary{standing: standing{inspect.GateAbsent, inspect.GateNoVerifier, inspect.CodeNoImagePolicy, text}}
	}
	return best(products)
}

// kindOfEntry is what is admitted: a pod, or a container that is attached to one.
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
func best(all []verdict) summary {
	first := all[0]
	for _, v := range all {
		if rank(v.how.status) < rank(first.how.status) {
			first = v
		}
	}
	sum := summary{standing: first.how, by: first.by}
	var texts []string
	for _, v := range all {
		if v.how.status == first.how.status {
			texts, sum.products = append(texts, v.how.text), append(sum.products, v.product)
		}
	}
	sum.text = strings.Join(texts, "; ")
	return sum
}

// inWords makes a standing a sentence that can be read out. That of policy-controller's own label is the usual case.
func (s *scene) inWords(name string, h hook, how standing, in []request) standing {
	// the label's value does not matter to the default selector unless it is exclude
	_, labelled := s.namespace.labels[includeLabel]
	switch {
	case name == inspect.PolicyController && how.status == inspect.GateNotEnforced && s.namespace.err == nil &&
		!labelled &&
		!in[0].before(h.created):
		how.reason = inspect.GateNoLabel
		how.text = fmt.Sprintf("policy-controller not enforced in %s: label %s is missing", s.pod.Namespace,
			includeLabel)
	case how.status == inspect.GateNotEnforced:
		how.text = fmt.Sprintf("%s not enforced (webhook %s): %s", name, h.name, how.text)
	default:
		how.text = fmt.Sprintf("%s (webhook %s) %s", name, h.name, how.text)
	}
	return how
}

// rank orders standings, best first: one webhook that evaluated the pod is enough, whatever others did not see.
// Unknown comes before not enforced: where one product may have looked, that another did not proves little.
func rank(s inspect.GateStatus) int {
	switch s {
	case inspect.GatePassed:
		return 0
	case inspect.GateUnknown:
		return 1
	default:
		return 2
	}
}

// productNames lists the products that are recognised, for a finding that none was found.
func productNames() string {
	names := make([]string, len(verifiers))
	for i, v := range verifiers {
		names[i] = v.name
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// admissionFindings is why nothing verified the images, as one finding.
func (s *scene) admissionFindings() []inspect.Finding {
	sum := s.summary(s.requests(kube.Container{}))
	// a verifier did its work, or it is not known: neither is a finding
	if sum.code == "" {
		return nil
	}
	evidence := []inspect.Evidence{object("Namespace", "", s.pod.Namespace, "its labels")}
	if sum.by.name != "" {
		evidence = append(evidence, object(sum.by.kind(), "", sum.by.config, sum.by.name))
	}
	detail := ""
	if sum.code == inspect.CodeNoImagePolicy {
		detail = "known products: " + productNames()
	}
	return []inspect.Finding{finding(sum.code, SubjectPod, upper(sum.text), detail, evidence...)}
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" || strings.HasPrefix(s, inspect.PolicyController) {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
