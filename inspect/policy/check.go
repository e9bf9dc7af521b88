package policy

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Loaded is what the policies of a case are read from. It is safe for concurrent use.
type Loaded struct {
	Files   *Set    // of flags and of the folder, or of a bundle
	Problem error   // what of these could not be read
	Cluster Cluster // nil: there is none
	// namespace of the pod, whose own policies are read too; some policies are about some namespaces
	Pod   string
	Store *registry.Store // where the bytes are kept

	// all is set by the check and read by the check of signatures, which may run again for an image while other images
	// are read.
	mu  sync.Mutex
	all *Set
}

// Check reads the policies of the cluster, names all that there are, and keeps their bytes. A cluster that has none, or
// does not show them, is noted and leaves the case as it is; a file that cannot be read is not passed over.
func Check(l *Loaded) engine.Check {
	return engine.Check{Name: inspect.CheckPolicies, Scope: engine.PerCase, Run: l.run}
}

// run reads the policies of the cluster, emits each source with its digest as a root of trust, and lists all policies
// by name.
func (l *Loaded) run(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
	all := l.Files.With(nil)
	if l.Cluster != nil {
		found, said := readCluster(traced(ctx, emit), l.Cluster, l.Pod)
		all = all.With(found)
		for _, n := range said {
			emit(inspect.Event{Fact: n})
		}
	}
	l.mu.Lock()
	l.all = all
	l.mu.Unlock()
	for _, s := range all.sources {
		t := s.trust()
		if l.Store != nil {
			_ = l.Store.Put(t.Digest, s.Bytes) // a cache that is full costs the bundle its copy, not the verdict
		}
		emit(inspect.Event{Fact: t})
	}
	expected := on.Case().Expected
	expected.Policies = all.Names()
	emit(inspect.Event{Fact: expected})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	// A file of a flag or of the folder that cannot be read leaves the case open: it may hold the policy that refuses
	// the image.
	case l.Problem != nil:
		return engine.Unchecked("%s", strings.ReplaceAll(l.Problem.Error(), "\n", "; "))
	case len(all.policies) == 0:
		return engine.Nothing("there are no policies")
	}
	return nil
}

// traced makes each request a line of the custody log.
func traced(ctx context.Context, emit func(inspect.Event)) context.Context {
	return kube.WithTrace(ctx, kube.Trace{Request: func(r kube.Request) {
		q := inspect.Request{Method: r.Method, URL: r.Path, Status: r.Status, Bytes: r.Bytes}
		if r.Err != nil {
			q.Error = r.Err.Error()
		}
		emit(inspect.Event{Fact: q})
	}})
}

// Requirements gives what the policies require of an image.
func (l *Loaded) Requirements(i inspect.Image) []inspect.PolicyRequirement {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		return l.Files.Requirements(i, l.Pod)
	}
	return l.all.Requirements(i, l.Pod)
}

// Named reports whether a flag names a policy: an image that none is about is then an open question.
func (l *Loaded) Named() bool {
	return l != nil && l.Files != nil && slices.ContainsFunc(l.Files.sources,
		func(s Source) bool { return s.Origin == inspect.TrustFile })
}
