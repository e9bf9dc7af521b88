package pods

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
)

// Only makes a list of the pods that have something in common: those of a node, of a service account, those that
// mount a Secret. It reads nothing: it is a part of this list, and follows it for as long as it is open.
func (s *Screen) Only(p shell.Pivot) *Screen {
	n := New(s.shell, s.backend, s.o)
	n.from, n.only, n.all, n.sort = s, p, s.all, s.sort
	// what a person has muted, and what cases found, is the same in both lists
	n.muted, n.known = s.muted, s.known
	takeParent(n)
	return n
}

// onParent follows the list that this one is a part of. The list itself asks for the next message.
func (s *Screen) onParent(msg podsMsg) tea.Cmd {
	if msg.gen == s.from.gen {
		takeParent(s)
	}
	return nil
}

// takeParent takes over what the list has now.
func takeParent(s *Screen) {
	list := s.from.board.list
	list.Unmatched = nil
	list.Pods = slices.DeleteFunc(slices.Clone(list.Pods), func(p inspect.FlaggedPod) bool {
		return !has(&p.Pod, s.only)
	})
	list.Said = 0 // of all pods; what is counted here is that of these
	s.board, s.came, s.loading = newBoard(list), s.from.came, s.from.loading
	s.refresh()
}

// has reports whether a pod has what others have too. Secrets and ConfigMaps are those that its specification names:
// what a process inside reads through the API is not seen.
func has(p *inspect.Pod, x shell.Pivot) bool {
	if x.Namespace != "" && p.Namespace != x.Namespace {
		return false
	}
	switch x.Kind {
	case shell.PivotAccount:
		return p.Reach.ServiceAccount == x.Name
	case shell.PivotNode:
		return p.Node == x.Name
	case shell.PivotSecret:
		return slices.Contains(p.Reach.Secrets, x.Name)
	case shell.PivotConfigMap:
		return slices.Contains(p.Reach.ConfigMaps, x.Name)
	case shell.PivotImage:
		return slices.ContainsFunc(p.Containers, func(c inspect.Container) bool { return c.Digest() == x.Name })
	case shell.PivotOwner:
		return slices.ContainsFunc(p.Owner, func(o inspect.Owner) bool {
			// a list does not ask for the Deployment above a ReplicaSet
			return o.Kind+"/"+o.Name == x.Name
		}) || x.Name == "Deployment/"+p.Workload()
	default:
		return false
	}
}

// onlyTitle names the list by what its pods have in common. Where one namespace is listed, pods of the others are not
// in it: a short list must not look complete.
func onlyTitle(s *Screen) string {
	title := "Pods with " + s.only.Words()
	if s.only.Kind == shell.PivotNode {
		title = "Pods on " + s.only.Words()
	}
	if !s.all && s.only.Namespace == "" {
		title += ", of namespace " + s.o.Namespace + " only"
	}
	return title
}
