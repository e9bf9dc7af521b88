package respond

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// ReachRow is one thing that the pod could touch, in words. Screens and reports draw the same rows.
type ReachRow struct {
	// Kind is the word of the first column: privilege, host path, cloud role, account, token, may do, secret, config
	// map, volume, network, not seen, same image, same layer, same account, same node
	Kind    string
	Text    string // names are those of the cluster, not cleaned
	Name    string // of the account, Secret or ConfigMap that the row is about; empty: of none
	Why     string // what that means
	Weight  ReachWeight
	Command string // that gives more, quoted for a shell; empty where there is none
	Pod     string // namespace/name of another pod that the row is about; empty where it is about none
}

// ReachWeight describes how far something reaches: the smaller, the farther, so that rows sort by it.
type ReachWeight int

// The weights, the heaviest first.
const (
	ReachesNode  ReachWeight = iota // beyond the pod: the node, a cloud
	ReachesOther                    // what others rely on: secrets, tokens, an open network
	ReachesOwn                      // what is the pod's own
	ReachesKin                      // what else is concerned
)

// Reachable lists what the pod could touch, the dangerous first, then what else is concerned. It is what the pod's
// specification and the cluster allow, not what was done. What could not be read has rows of its own, so that a short
// list is not taken for a small reach. nil for a case without a pod.
func Reachable(c *inspect.Case) []ReachRow {
	if c.Pod == nil {
		return nil
	}
	l := reachList{c: c, pod: *c.Pod, r: c.Pod.Reach}
	l.privileges()
	l.roles()
	l.account()
	l.named(inspect.UseSecret, l.r.Secrets, ReachesOther, "The value was not read.")
	l.named(inspect.UseConfigMap, l.r.ConfigMaps, ReachesOwn, "")
	l.volumes()
	l.network()
	for _, u := range l.r.Unseen {
		l.add(ReachRow{
			Kind: "not seen", Text: u.String(),
			Why: "This may hide more of what the pod could touch. " +
				"`backtrail rbac` prints the role that may read it.",
			Weight: ReachesOther,
		})
	}
	l.shared("same image", "Pods that run one of its digests.", l.r.Shared.Digest, l.pod.Others)
	l.shared("same layer", "Pods whose image has a layer that brought what is wrong here.", l.layers(), nil)
	l.shared("same account", "Pods that run as the same service account: what its token may do, these may do.",
		l.r.Shared.ServiceAccount, nil)
	l.shared("same node", "Pods on the same node: what leaves the container reaches these first.", l.r.Shared.Node, nil)
	return l.rows
}

// reachList collects the rows.
type reachList struct {
	c    *inspect.Case
	pod  inspect.Pod
	r    inspect.Reach
	rows []ReachRow
}

// add appends a row.
func (l *reachList) add(r ReachRow) { l.rows = append(l.rows, r) }

// privileges are what the containers may do beyond ordinary ones, and the files of the node that they have. A host path
// reaches the node also where it is mounted read-only.
func (l *reachList) privileges() {
	for _, p := range l.r.Privileges {
		l.add(ReachRow{
			Kind: "privilege", Text: p.String(),
			Why: "What the container may do on the node, or to the other containers.", Weight: privilegeWeight(p),
		})
	}
	for _, u := range l.r.Uses {
		if u.Kind == inspect.UseHostPath {
			l.add(ReachRow{
				Kind: "host path", Text: textOf(u), Why: "A part of the node's own files.",
				Weight: ReachesNode,
			})
		}
	}
}

// privilegeWeight separates what reaches the node from what only makes that easier.
func privilegeWeight(p inspect.Privilege) ReachWeight {
	if p.ReachesNode() {
		return ReachesNode
	}
	return ReachesOther
}

// roles are identities of a cloud. The cluster has only half of that trust, the annotation or the association; the
// other half is the policy of the role at the cloud.
func (l *reachList) roles() {
	roles := l.r.Roles
	if len(roles) == 0 && l.r.Role != "" {
		roles = []inspect.CloudRole{{Name: l.r.Role}}
	}
	for _, r := range roles {
		text := r.String()
		if r.Source != "" {
			text += " (" + r.Source + ")"
		}
		l.add(ReachRow{
			Kind: "cloud role", Text: text,
			Why:    "Whoever runs in the pod can take on this role, as long as the cloud's own side trusts it.",
			Weight: ReachesNode,
		})
	}
}

// account describes which service account it is, where its tokens are, and that what it may do is not known: the API
// server answers that only about the caller's own account, unless the caller has the right to impersonate. The command
// of the row queries it as the account, with the rights of the person who runs it.
func (l *reachList) account() {
	if l.r.ServiceAccount == "" {
		return
	}
	l.add(ReachRow{
		Kind: "account", Text: l.r.ServiceAccount, Name: l.r.ServiceAccount,
		Why:    "The service account that the pod runs as.",
		Weight: ReachesOwn,
	})
	for _, t := range l.r.Tokens {
		audience := "for the API server"
		if t.Audience != "" {
			audience = "for " + t.Audience
		}
		text := fmt.Sprintf("%s: %s, %s", t.Container, t.Path, audience)
		if t.Seconds > 0 {
			text += fmt.Sprintf(", valid for %d s", t.Seconds)
		}
		l.add(ReachRow{
			Kind: "token", Text: text,
			Why:    "Whoever runs in the container can read this token and use it elsewhere until it ends.",
			Weight: ReachesOther,
		})
	}
	if l.r.Token == inspect.TokenNone {
		l.add(ReachRow{
			Kind: "token", Text: "none is mounted",
			Why: "No token of the service account is in the file tree of its containers.", Weight: ReachesOwn,
		})
		return
	}
	l.add(ReachRow{
		Kind:   "may do",
		Text:   "not known: what the account may do; only a user who may impersonate it can find out",
		Why:    "Roles and bindings are not read: what authorization webhooks allow is not in them.",
		Weight: ReachesOther, Command: fmt.Sprintf("%s auth can-i --list -n %s --as %s", l.c.Target.Kubectl(),
			text.Quote(l.pod.Namespace), text.Quote("system:serviceaccount:"+l.pod.Namespace+":"+l.r.ServiceAccount)),
	})
}

// named lists objects with the ways by which they come in: mounted at a path, as a variable, for pulling images. One
// name that comes in several ways is one row.
func (l *reachList) named(kind string, names []string, w ReachWeight, why string) {
	for _, name := range names {
		var ways []string
		for _, u := range l.r.Uses {
			if u.Kind == kind && u.Name == name {
				ways = append(ways, wayOf(u))
			}
		}
		text := name
		if len(ways) > 0 {
			text += ": " + strings.Join(ways, "; ")
		}
		l.add(ReachRow{
			Kind: kind, Text: text, Name: name,
			Why: strings.TrimSpace("A " + kind + " of namespace " + l.pod.Namespace + ". " + why), Weight: w,
		})
	}
}

// wayOf is how something comes in, and where: env DB_PASSWORD in web.
func wayOf(u inspect.Use) string {
	how := u.How
	if u.Container != "" {
		how += " in " + u.Container
	}
	return how
}

// textOf is a host path with its way in, and whether the container can write there.
func textOf(u inspect.Use) string {
	text := u.Name + ": " + wayOf(u)
	if u.ReadOnly {
		return text + ", read only"
	}
	return text + ", writable"
}

// volumes are those that no other row describes better: a host path stands among what reaches the node.
func (l *reachList) volumes() {
	told := map[string]bool{}
	for _, u := range l.r.Uses {
		told["host path "+u.Name] = u.Kind == inspect.UseHostPath || told["host path "+u.Name]
	}
	for _, v := range l.r.Volumes {
		if !told[v] {
			l.add(ReachRow{Kind: "volume", Text: v, Why: "A volume of the pod.", Weight: ReachesOwn})
		}
	}
}

// network is what restricts the pod's traffic, as far as the cluster's objects show. A policy without a network plugin
// that enforces it changes nothing (kubernetes.io/docs/concepts/services-networking/network-policies), and which plugin
// runs is not read. A pod that a policy selects for one direction is open in the other.
func (l *reachList) network() {
	const enforced = " It applies only if the network plugin enforces it."
	for _, p := range l.r.NetworkPolicies {
		l.add(ReachRow{Kind: "network", Text: p, Why: "A policy that selects the pod." + enforced, Weight: ReachesOwn})
	}
	s, ok := l.c.Check(inspect.CheckCluster, "")
	if !ok || s.Status != inspect.CheckDone || l.r.Lacks(inspect.ReachNetworkPolicies) {
		return // whether there are any is not known: that none was read does not make the traffic free
	}
	if len(l.r.NetworkPolicies) == 0 {
		l.add(ReachRow{
			Kind: "network", Text: "no network policy selects it",
			Why: "Nothing is known that would hold its traffic back." + enforced, Weight: ReachesOther,
		})
		return
	}
	if len(l.r.Isolated) == 1 {
		open := map[string]string{"ingress": "egress", "egress": "ingress"}[l.r.Isolated[0]]
		l.add(ReachRow{
			Kind: "network", Text: open + " is open",
			Why:    "The policies that select the pod do not restrict " + open + ": all of it is allowed.",
			Weight: ReachesOther,
		})
	}
}

// shared counts other pods, and names them one a row while they are few. older are the pods of a case of an earlier
// version, which counted none.
func (l *reachList) shared(kind, why string, g inspect.PodGroup, older []string) {
	if g.Count == 0 {
		g = inspect.PodGroup{Count: len(older), Pods: older}
	}
	const few = 20
	if l.r.Shared.Partial {
		why += " Not all namespaces could be listed: there may be more."
	}
	for _, p := range g.Pods[:min(few, len(g.Pods))] {
		l.add(ReachRow{Kind: kind, Text: p, Why: why, Weight: ReachesKin, Pod: p})
	}
	if more := g.Count - min(few, len(g.Pods)); more > 0 {
		l.add(ReachRow{
			Kind: kind, Text: fmt.Sprintf("and %d more", more),
			Why: why + fmt.Sprintf(" %d in all.", g.Count), Weight: ReachesKin,
		})
	}
}

// layers are the pods that have a suspect layer, of whichever image of this pod, once each. They are the ones to look
// at next: their images may have other tags and other digests.
func (l *reachList) layers() inspect.PodGroup {
	var g inspect.PodGroup
	for _, i := range l.c.Images {
		g.Pods = append(g.Pods, i.Sharing.Pods()...)
	}
	slices.Sort(g.Pods)
	g.Pods = slices.Compact(g.Pods)
	g.Count = len(g.Pods)
	return g
}
