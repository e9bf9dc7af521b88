package policy

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/kube"
)

// Cluster is the part of kube.Source that policies are read from.
type Cluster interface {
	Custom(ctx context.Context, kind kube.CustomKind, namespace string) ([]kube.Object, error)
}

// patience is how long the cluster may take to show its policies: verdicts wait for them.
const patience = 15 * time.Second

// kinds are the kinds of policies, each with its versions, newest first.
func kinds() []kube.CustomKind {
	return []kube.CustomKind{
		{
			Group: "policy.sigstore.dev", Version: "v1beta1,v1alpha1", Plural: "clusterimagepolicies",
			Kind: "ClusterImagePolicy",
		},
		{Group: "kyverno.io", Version: "v1", Plural: "clusterpolicies", Kind: "ClusterPolicy"},
		{Group: "kyverno.io", Version: "v1", Plural: "policies", Kind: "Policy", Namespaced: true},
		{
			Group: "policies.kyverno.io", Version: "v1,v1beta1,v1alpha1", Plural: "imagevalidatingpolicies",
			Kind: "ImageValidatingPolicy",
		},
	}
}

// answer is the cluster's answer for one kind.
type answer struct {
	objects []kube.Object
	err     error
}

// readCluster reads the policies of all kinds side by side, those of a namespace for a pod of it, and states what could
// not be read.
func readCluster(ctx context.Context, c Cluster, namespace string) (*Set, []inspect.Notice) {
	// an API server that does not answer costs the policies of the cluster, not the case
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	all := kinds()
	answers, err := askAll(ctx, c, all, namespace)
	set, said := &Set{}, []inspect.Notice{}
	if err != nil {
		said = append(said, inspect.Notice{
			Level: "warning",
			Text:  "not all policies of the cluster could be read: " + err.Error(),
		})
	}
	var none, refused []string
	for i, a := range answers {
		switch {
		// The API server does not serve the kind, so its controller is not installed. That is an answer: there are no
		// such policies.
		case errors.Is(a.err, kube.ErrNotFound):
			none = append(none, all[i].Plural)
		case errors.Is(a.err, kube.ErrForbidden):
			refused = append(refused, all[i].Plural+"."+all[i].Group)
		case a.err != nil:
			said = append(said, inspect.Notice{
				Level: "warning",
				Text: "not all policies of the cluster could be read: " +
					a.err.Error(),
			})
		}
		for _, o := range a.objects {
			if err := set.addObject(o); err != nil {
				said = append(said, inspect.Notice{
					Level: "warning",
					Text:  "a policy of the cluster was skipped: " + err.Error(),
				})
			}
		}
	}
	if len(refused) > 0 {
		said = append(said, inspect.Notice{
			Level: "warning", Text: "the policies of the cluster could not be read: not permitted to list " +
				strings.Join(refused, ", "),
			Hint: "backtrail rbac prints a role that may; --policy FILE names policies",
		})
	}
	if len(none) == len(all) {
		said = append(said, inspect.Notice{
			Level: "info",
			Text:  "the cluster has no image policies: it has none of the kinds " + strings.Join(none, ", "),
		})
	}
	return set, said
}

// askAll lists all kinds at once. The answers are in the order of the kinds, whichever came first, and so are the
// notices that are made of them.
func askAll(ctx context.Context, c Cluster, all []kube.CustomKind, namespace string) ([]answer, error) {
	answers := make([]answer, len(all))
	var work engine.Group
	for i, k := range all {
		work.Go(func() error {
			answers[i] = ask(ctx, c, k, namespace)
			return nil
		})
	}
	err := work.Wait()
	return answers, err
}

// ask lists a kind in the first of its versions that the cluster serves.
func ask(ctx context.Context, c Cluster, k kube.CustomKind, namespace string) answer {
	var a answer
	for _, v := range strings.Split(k.Version, ",") {
		k.Version = v
		a.objects, a.err = c.Custom(ctx, k, namespace)
		// a version that is not served is no answer about the others; one that is forbidden is
		if !errors.Is(a.err, kube.ErrNotFound) {
			break
		}
	}
	return a
}

// addObject takes an object of the cluster. One without a rule about images, as most of Kyverno's are, is passed over.
// Most ClusterPolicies of Kyverno are about other things than images, so one without such a rule is no notice.
func (s *Set) addObject(o kube.Object) error {
	source := Source{Bytes: o.Raw, Name: o.Path, Origin: inspect.TrustCluster}
	err := s.Add(source)
	if errors.Is(err, errNoRule) {
		return nil
	}
	return err
}

// errNoRule means that a policy asks nothing of images.
var errNoRule = errors.New("it has no rule about who signed images")

// OfCluster reads the policies of all namespaces of a cluster. none reports whether the cluster serves none of their
// kinds; unread states what could not be read, and is empty where everything was.
func OfCluster(ctx context.Context, c Cluster) (set *Set, none bool, unread string) {
	set, said := readCluster(ctx, c, "")
	var why []string
	for _, n := range said {
		// info is "there are none of the kinds", every other level that something was not read
		switch n.Level {
		case "info":
			none = true
		default:
			why = append(why, n.Text)
		}
	}
	return set, none, strings.Join(why, "; ")
}
