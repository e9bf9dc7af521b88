package respond

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// contain lists the steps that preserve the pod and isolate it, in the order in which that loses least: none of it ends
// a process. What would destroy run-time state comes only after a person has recorded what became of that.
//
// The order: keep autoscalers from evicting it, keep its logs, take it from its Services and its controller, cut its
// network, copy its state, cordon its node. The network comes after the labels because the policy selects by the label
// that is set there.
func contain(c inspect.Case) []NextStep {
	k := container{
		c: c, pod: c.Pod, where: c.Target.Kubectl() + " -n " + text.Quote(c.Pod.Namespace),
		name: text.Quote(c.Pod.Name),
	}
	if _, ok := c.Target.SavedDump(); ok {
		k.in = " (in the cluster that the saved dump is of)"
	}
	if gone, ok := c.Gone(); ok {
		return append([]NextStep{todo("the pod is gone since "+gone.Time.Stamp()+": its run-time state "+
			"cannot be had any more; what was kept before is in this case", "")}, k.keepLogs()...)
	}
	var steps []NextStep
	steps = append(steps, k.preserve())
	steps = append(steps, k.keepLogs()...)
	steps = append(steps, k.relabel(), k.isolate())
	steps = append(steps, k.copyState()...)
	if k.pod.Node != "" {
		steps = append(steps, todo("Cordon the node (running pods stay)",
			c.Target.Kubectl()+" cordon "+text.Quote(k.pod.Node)))
	}
	if _, said := c.Runtime(); said {
		return append(steps, k.mend()...)
	}
	return append(steps,
		todo("when the run-time state is copied, or is given up, record it (on the screen : runtime saved); only "+
			"then is shown how to roll back and delete", runtimeCommand(c)))
}

// quarantine is the label by which the policy below finds the pod, with the value true.
const quarantine = "backtrail.dev/quarantine"

// container makes the steps of one pod.
type container struct {
	c           inspect.Case
	pod         *inspect.Pod
	where, name string // kubectl with context and namespace; the pod's name, quoted
	in          string // a remark where the case is of a saved dump: the commands are for its cluster
}

// preserve keeps the two common autoscalers from taking its node away. Both read annotations of the pod: Karpenter's
// karpenter.sh/do-not-disrupt, the Cluster Autoscaler's safe-to-evict.
func (k container) preserve() NextStep {
	return todo("Preserve the pod: its writable layer and memory exist nowhere else"+k.in,
		k.where+" annotate pod "+k.name+" karpenter.sh/do-not-disrupt=true "+
			"cluster-autoscaler.kubernetes.io/safe-to-evict=false")
}

// keepLogs is left out where the case has the logs, and where the pod is gone: the API server gives them of pods that
// it still has. A container that restarted has a log of the run before, which --previous gives.
func (k container) keepLogs() []NextStep {
	for _, p := range PreservedOf(&k.c) {
		if p.Word == "log" && p.Kept > 0 {
			return nil
		}
	}
	if _, gone := k.c.Gone(); gone {
		return nil
	}
	return oneTodo("keep its logs, of before a restart too", k.where+" logs "+k.name+" --all-containers --timestamps")
}

// relabel takes from the pod the labels by which its controller and Services pick it: it runs on, alone, with the
// memory and the files that it has. kubectl removes a label that is named with a dash behind it.
func (k container) relabel() NextStep {
	keys, stay := k.unpicked()
	command := k.where + " label pod " + k.name
	for _, key := range keys {
		command += " " + text.Quote(key+"-")
	}
	command += " --overwrite " + quarantine + "=true"
	if len(keys) == 0 {
		why := "nothing that could be read picks it by its labels"
		if len(k.pod.Owner) > 0 && !slices.ContainsFunc(k.pod.Selectors, controls) {
			why = "by which labels its " + k.pod.Owner[0].Kind +
				" picks it is not known: take those away too (KEY-), and it runs on alone"
		}
		return todo("label the pod, so that the policy below finds it; "+why+k.services(), command)
	}
	why := "Quarantine: take away the labels by which " + strings.Join(k.pickers(), ", ") +
		" selects the pod; it keeps running, and " + k.replaced()
	if len(stay) > 0 {
		why += "; " + strings.Join(stay, ", ") + " cannot be left this way"
	}
	if freed := k.policies(keys, true); len(freed) > 0 {
		why += "; it also leaves " + strings.Join(freed, ", ") + ", so make the policy of the next step first"
	}
	return todo(why+k.services(), command)
}

// replaced describes what the controller does about the pod that it lost: by its kind, as Kubernetes documents it. A
// StatefulSet gives each pod a name of its own and cannot make a second one of that name.
func (k container) replaced() string {
	at := slices.IndexFunc(k.pod.Selectors, controls)
	if at < 0 {
		return "no traffic comes by these"
	}
	switch k.pod.Selectors[at].Kind {
	case "StatefulSet":
		return "its StatefulSet can make no other of this name while it does"
	case "DaemonSet":
		return "its DaemonSet starts a replacement on this node from the same image"
	default:
		return "its " + k.pod.Selectors[at].Kind + " starts a replacement from the same image"
	}
}

// services is the remark that Services may pick the pod that were not seen; empty where all were read.
func (k container) services() string {
	if k.pod.Reach.Lacks(inspect.ReachServices) {
		return "; which Services pick it is not known"
	}
	return ""
}

// controls reports whether a selector is that of a controller, which replaces a pod that it loses.
func controls(s inspect.Selector) bool { return s.Kind != "Service" && s.Kind != "NetworkPolicy" }

// pickers names what picks the pod by its labels, without policies: those hold it back, and picking is what ends.
func (k container) pickers() []string {
	var names []string
	for _, s := range k.pod.Selectors {
		if s.Kind != "NetworkPolicy" && len(s.Keys) > 0 {
			names = append(names, s.Kind+" "+s.Name)
		}
	}
	return names
}

// unpicked gives the fewest labels without which nothing picks the pod (the one that most selectors match on first; of
// equals the one that takes it from fewer network policies), and what picks it whatever its labels are. The choice is
// greedy: with a handful of selectors it is the smallest set in practice, and one more label does no harm.
func (k container) unpicked() (keys, stay []string) {
	var open []inspect.Selector
	for _, s := range k.pod.Selectors {
		switch {
		case s.Kind == "NetworkPolicy":
		case len(s.Keys) == 0:
			stay = append(stay, s.Kind+" "+s.Name)
		default:
			open = append(open, s)
		}
	}
	for len(open) > 0 {
		asked := map[string]int{}
		for _, s := range open {
			for _, key := range s.Keys {
				asked[key]++
			}
		}
		best := slices.MinFunc(slices.Collect(maps.Keys(asked)), func(a, b string) int {
			return cmp.Or(asked[b]-asked[a], len(k.policies([]string{a}, true))-len(k.policies([]string{b}, true)),
				strings.Compare(a, b))
		})
		keys = append(keys, best)
		open = slices.DeleteFunc(open, func(s inspect.Selector) bool { return slices.Contains(s.Keys, best) })
	}
	return keys, stay
}

// policies names the network policies that let the pod go without these labels (lets), or those that still select it.
// Both matter: the first ones opened its traffic by leaving, the second ones allow what they did before.
func (k container) policies(without []string, lets bool) []string {
	var names []string
	for _, s := range k.pod.Selectors {
		if s.Kind == "NetworkPolicy" && lets == slices.ContainsFunc(s.Keys,
			func(key string) bool { return slices.Contains(without, key) }) {
			names = append(names, s.Kind+" "+s.Name)
		}
	}
	return names
}

// isolate makes a policy that allows nothing: it selects the pod by the label of quarantine and names no rule, for both
// directions. Policies add up: what another one allows stays allowed. One does not apply to a pod that uses the network
// of its node. Connections that stand may survive, depending on the plugin.
func (k container) isolate() NextStep {
	if k.pod.Reach.Has(inspect.HostNetwork) {
		return todo("no NetworkPolicy can hold its traffic back: it uses the network of its node; a firewall on "+
			"the node can", "")
	}
	why := "Isolate with a deny-all NetworkPolicy, where the CNI enforces it; established connections may survive"
	keys, _ := k.unpicked()
	if others := k.policies(keys, false); len(others) > 0 {
		why += "; what these allow stays allowed: " + strings.Join(others, ", ")
	}
	// In three words, so that each fits a line; printf puts them together.
	words := []string{
		`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"backtrail-quarantine"},`,
		`"spec":{"podSelector":{"matchLabels":{"` + quarantine + `":"true"}},`, `"policyTypes":["Ingress","Egress"]}}`,
	}
	command := "printf %s"
	for _, w := range words {
		command += " " + text.Quote(w)
	}
	return todo(why, command+" | "+k.where+" apply -f -")
}

// copyState describes how the run-time state can be copied on this node, and how it cannot: by the checkpoint API of
// the kubelet, POST /checkpoint/NAMESPACE/POD/CONTAINER, through the proxy of the API server. The container runs on.
func (k container) copyState() []NextStep {
	const no = "kubectl debug --copy-to starts another pod from the image, and is no copy of the state"
	can, why := checkpoints(k.pod.Runtime, k.pod.Kubelet)
	if can == inspect.Absent {
		return oneTodo("copy the run-time state: "+why+"; "+no+". A snapshot of the node's disk has the "+
			"writable layer; of the memory nothing does", "")
	}
	if k.pod.Node == "" {
		return nil
	}
	i, _ := Focus(k.c)
	name := cmp.Or(i.Container, k.c.Target.Container)
	if name == "" && len(k.pod.Containers) > 0 {
		name = k.pod.Containers[0].Name
	}
	path := "/api/v1/nodes/" + url.PathEscape(k.pod.Node) + "/proxy/checkpoint"
	for _, part := range []string{k.pod.Namespace, k.pod.Name, name} {
		path += "/" + url.PathEscape(part)
	}
	return []NextStep{
		todo("copy the run-time state of "+name+" by the kubelet, without stopping it: "+why+"; "+no,
			k.c.Target.Kubectl()+" create --raw "+text.Quote(path)+" -f /dev/null"),
		todo("it lies on the node then, in /var/lib/kubelet/checkpoints; fetch it and lay it over the image",
			inspectCommand(k.c)+" --checkpoint FILE"),
	}
}

// mend is shown once the run-time state is saved or given up: these steps end processes, and with them the memory and
// the writable layers. Deleting is never the first of them: an owner would start the same image again.
func (k container) mend() []NextStep {
	n, _ := k.c.Runtime()
	said := map[string]string{inspect.RuntimeSaved: "saved", inspect.RuntimeGivenUp: "given up"}[n.Mark]
	after := "run-time state is " + said + ", says " + n.Author + ": "
	var steps []NextStep
	if owner := k.workload(); owner != "" {
		if to := k.rollback(); to > 0 {
			steps = append(steps,
				todo(after+"roll back to the revision before; nodes may ask the registry for its tag again",
					fmt.Sprintf("%s rollout undo %s --to-revision=%d", k.where, owner, to)))
		} else {
			steps = append(steps,
				todo(after+"make its pods anew, once the image that their reference points to is good",
					k.where+" rollout restart "+owner))
		}
	}
	steps = append(steps, todo(after+"delete the pod", k.where+" delete pod "+k.name))
	if k.pod.Node != "" && k.pod.Reach.Node() {
		steps = append(steps, todo("it could reach its node: empty that one, then make it anew",
			k.c.Target.Kubectl()+" drain "+text.Quote(k.pod.Node)+" --ignore-daemonsets --delete-emptydir-data"))
	}
	return steps
}

// workload is the owner whose rollout can be undone, as kubectl names it: the topmost of a kind that has revisions;
// empty for a Job, a pod of its own, or what an operator owns.
func (k container) workload() string {
	for _, o := range slices.Backward(k.pod.Owner) {
		switch o.Kind {
		case "Deployment", "StatefulSet", "DaemonSet":
			return text.Quote(strings.ToLower(o.Kind) + "/" + o.Name)
		}
	}
	return ""
}

// rollback is the newest revision before the pod's own, 0 if there is none. One after it is a later rollout, which may
// have come in the same way.
func (k container) rollback() int64 {
	var own, best int64
	for _, r := range k.pod.Revisions {
		if r.Current {
			own = r.Number
		}
	}
	for _, r := range k.pod.Revisions {
		if r.Number < own {
			best = max(best, r.Number)
		}
	}
	return best
}

// runtimeCommand is how a person marks the run-time state of a saved case. WHY is for them to fill in: the command does
// not run without a reason.
func runtimeCommand(c inspect.Case) string {
	return "backtrail runtime " + text.Quote(inspect.CaseID(c.Target, c.Started)) + " saved --reason WHY"
}
