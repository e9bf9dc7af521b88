package inspect

import (
	"strings"
	"testing"
)

// allPrivileges with whether they give a way to the node by themselves.
var allPrivileges = map[PrivilegeKind]bool{
	HostNetwork: true, HostPID: true, HostIPC: true, Privileged: true, Capabilities: true, UnmaskedProc: true,
	WindowsHostLevel: true, SharedProcesses: false, RunsAsRoot: false, MayEscalate: false, SeccompOff: false,
	AppArmorOff: false,
}

// Each privilege has words of its own, which are not its code, and is found by its kind.
func TestEveryPrivilege(t *testing.T) {
	words := map[string]PrivilegeKind{}
	for kind, node := range allPrivileges {
		p := Privilege{Kind: kind}
		text := p.String()
		if other, twice := words[text]; twice || text == "" || text == string(kind) && !oneWord(kind) {
			t.Errorf("%s is called %q, as is %q", kind, text, other)
		}
		words[text] = kind
		if p.ReachesNode() != node {
			t.Errorf("%s reaches the node: %v", kind, p.ReachesNode())
		}
		r := Reach{Privileges: []Privilege{p}}
		if !r.Has(kind) || r.Has("another") || r.Node() != node {
			t.Errorf("%s: has %v, node %v", kind, r.Has(kind), r.Node())
		}
	}
}

func oneWord(kind PrivilegeKind) bool { return !strings.Contains(string(kind), "-") }

// What a pod reaches by its volumes counts only where they are the node's.
func TestWaysToTheNode(t *testing.T) {
	for name, tt := range map[string]struct {
		r    Reach
		want bool
	}{
		"nothing":             {Reach{}, false},
		"a Secret":            {Reach{Uses: []Use{{Kind: UseSecret, Name: "db"}}}, false},
		"a ConfigMap":         {Reach{Uses: []Use{{Kind: UseConfigMap, Name: "db"}}}, false},
		"a host path":         {Reach{Uses: []Use{{Kind: UseHostPath, Name: "/", ReadOnly: true}}}, true},
		"one among others":    {Reach{Uses: []Use{{Kind: UseSecret}, {Kind: UseHostPath}}}, true},
		"root, and no more":   {Reach{Privileges: []Privilege{{Kind: RunsAsRoot}, {Kind: MayEscalate}}}, false},
		"root and privileged": {Reach{Privileges: []Privilege{{Kind: RunsAsRoot}, {Kind: Privileged}}}, true},
	} {
		if got := tt.r.Node(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What could not be read is named with its reason: it is not "none".
func TestWhatIsUnread(t *testing.T) {
	for want, u := range map[string]Unread{
		"network policies: forbidden": {
			Source: ReachNetworkPolicies,
			Reason: "forbidden",
		},
		"services that send traffic to it: timeout": {Source: ReachServices, Reason: "timeout"},
		"service account shop, which may name a cloud role: forbidden": {
			Source: ReachServiceAccount, Name: "shop",
			Reason: "forbidden",
		},
		"its node: gone":                    {Source: ReachNodeObject, Name: "node-1", Reason: "gone"},
		"role-bindings: of a newer version": {Source: "role-bindings", Reason: "of a newer version"},
	} {
		if u.String() != want {
			t.Errorf("%q, want %q", u, want)
		}
		r := Reach{Unseen: []Unread{u}}
		if !r.Lacks(u.Source) || r.Lacks("another") {
			t.Errorf("%s: lacks %v, another %v", u.Source, r.Lacks(u.Source), r.Lacks("another"))
		}
	}
}

func TestCloudRoles(t *testing.T) {
	for want, r := range map[string]CloudRole{
		"AWS arn:aws:iam::1:role/shop":         {Cloud: "AWS", Name: "arn:aws:iam::1:role/shop"},
		"Azure role, not named in the cluster": {Cloud: "Azure"},
		"arn:aws:iam::1:role/shop":             {Name: "arn:aws:iam::1:role/shop"},
	} {
		if r.String() != want {
			t.Errorf("%q, want %q", r, want)
		}
	}
}
