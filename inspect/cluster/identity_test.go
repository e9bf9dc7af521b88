package cluster

import (
	"context"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// live is a cluster that states what it is; all else of a source is not read here.
type live struct {
	kube.Source
	id kube.Identity
}

func (l live) Identity(context.Context) kube.Identity { return l.id }

// Which cluster was read is recorded as it states; a saved dump states nothing, and nothing is made up for it.
func TestWhichClusterWasRead(t *testing.T) {
	var facts []inspect.Fact
	emit := func(e inspect.Event) { facts = append(facts, e.Fact) }
	identify(t.Context(), &kube.Snapshot{}, emit)
	if len(facts) != 0 {
		t.Errorf("%+v", facts)
	}
	identify(t.Context(), live{id: kube.Identity{
		Server: "https://a:6443", CA: "sha256:00", UID: "u", Version: "v1.37.2", User: "alice", Groups: []string{"sre"},
		Unknown: []string{"x: refused"},
	}}, emit)
	id, is := facts[0].(inspect.ClusterIdentity)
	if len(facts) != 1 || !is || id.Server != "https://a:6443" || id.CA != "sha256:00" || id.UID != "u" ||
		id.Version != "v1.37.2" || id.User != "alice" || len(id.Groups) != 1 || len(id.Unknown) != 1 {
		t.Errorf("%+v", facts)
	}
}
