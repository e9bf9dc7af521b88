package inspect_test

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What a responder reads of a privilege, and whether it reaches the node.
func TestPrivilege(t *testing.T) {
	for _, tt := range []struct {
		p     inspect.Privilege
		words string
		node  bool
	}{
		{inspect.Privilege{Kind: inspect.HostNetwork}, "host network", true},
		{inspect.Privilege{Kind: inspect.Capabilities, Container: "web", Names: []string{"NET_ADMIN", "SYS_PTRACE"}}, "web: capabilities NET_ADMIN, SYS_PTRACE", true},
		{inspect.Privilege{Kind: inspect.RunsAsRoot, Container: "web"}, "web: runs as root", false},
		{inspect.Privilege{Kind: inspect.SharedProcesses}, "containers share one process namespace", false},
		{inspect.Privilege{Kind: "of-tomorrow"}, "of-tomorrow", true}, // what is not known counts as the worse
	} {
		if tt.p.String() != tt.words || tt.p.ReachesNode() != tt.node {
			t.Errorf("%+v: got %q, %v", tt.p, tt.p, tt.p.ReachesNode())
		}
	}
}

func TestReachOfAPod(t *testing.T) {
	r := inspect.Reach{
		Privileges: []inspect.Privilege{{Kind: inspect.RunsAsRoot, Container: "web"}},
		Unseen:     []inspect.Unread{{Source: inspect.ReachServiceAccount, Name: "shop", Reason: "not permitted"}},
	}
	if !r.Has(inspect.RunsAsRoot) || r.Has(inspect.Privileged) || r.Node() {
		t.Errorf("got %v, %v, %v", r.Has(inspect.RunsAsRoot), r.Has(inspect.Privileged), r.Node())
	}
	if !r.Lacks(inspect.ReachServiceAccount) || r.Lacks(inspect.ReachServices) {
		t.Error("what could not be read is mixed up")
	}
	if got := r.Unseen[0].String(); got != "service account shop, which may name a cloud role: not permitted" {
		t.Errorf("got %q", got)
	}
	r.Uses = []inspect.Use{{Kind: inspect.UseHostPath, Name: "/var/log"}}
	if !r.Node() {
		t.Error("files of the node reach it")
	}
}
