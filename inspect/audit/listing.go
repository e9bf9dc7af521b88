package audit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// maxPlaces bounds the rows of one audit: containers of workloads, not of pods. A row is about 1 KiB with its words:
// half a million are some 500 MiB, which is what a large job may take. A cluster of 150,000 pods (kubernetes.io,
// "Considerations for large clusters") has far fewer workloads.
const maxPlaces = 500_000

// Place is a container of a workload with the image that it runs: what becomes a row.
type Place struct {
	Cluster   string       `json:"cluster"`
	Namespace string       `json:"namespace"`
	Workload  string       `json:"workload"`
	Container string       `json:"container"`
	Type      string       `json:"type"`
	Reference string       `json:"reference"`
	ImageID   string       `json:"imageID"`
	Platform  string       `json:"platform"` // of the nodes; empty where it is not known
	Injected  *bool        `json:"injected"`
	Since     inspect.Time `json:"since"` // first start of the pods that run now
	Pods      int          `json:"pods"`
	Pod       string       `json:"pod"`     // one of them, by name
	Unit      string       `json:"unit"`    // key of the image that it runs; empty where that is not known
	Problem   string       `json:"problem"` // why it is not known
}

// Listing is what a cluster runs.
type Listing struct {
	Context string
	// Sorted by cluster, namespace, workload and container: the same cluster gives the same list.
	Places     []Place
	Namespaces []string // that were listed; empty: all
	Skipped    int      // containers of pods that have ended
	Over       int      // places past the bound of a listing: they have no row and count as not checked
	Gaps       []Gap
}

// Listed is how many containers the books have to account for: places, of which each stands for the same container of
// all pods of its workload, and the containers of pods that have ended.
func (l *Listing) Listed() int { return len(l.Places) + l.Skipped + l.Over }

// Selection chooses what is listed. Its zero value is everything.
type Selection struct {
	Namespaces []string
	Labels     labels.Selector // of pods; nil: all
	Fields     *kube.Filter    // of pods; nil: all
	Image      string          // part of a reference or of a digest
	Platform   string          // of the flag, in place of the nodes'
}

// List reads what runs. What may not be read stands in the gaps; an error means that nothing could be listed.
func List(ctx context.Context, from kube.Source, sel Selection) (Listing, error) {
	l := &lister{from: from, sel: sel, pods: map[string]*podGroup{}}
	l.out.Context = from.Context()
	seen, err := from.Pods(ctx, kube.Scope{Namespaces: sel.Namespaces, Labels: exact(sel.Labels)}, l.page)
	if err != nil {
		return Listing{}, fmt.Errorf("listing what runs: %w", err)
	}
	l.out.Namespaces = seen.Namespaces
	for _, note := range seen.Notes {
		l.gap("pods", note)
	}
	if s, ok := from.(*kube.Snapshot); ok {
		for _, note := range s.Notes() {
			l.gap("parts of the dump", note)
		}
	}
	platforms := l.readNodes(ctx)
	lineages := l.readOwners(ctx)
	if err := ctx.Err(); err != nil {
		return Listing{}, fmt.Errorf("listing what runs: %w", err)
	}
	l.place(platforms, lineages)
	return l.out, nil
}

// exact gives the labels of a selector that a server can be asked for; nil where it has other requirements, which are
// compared here.
func exact(s labels.Selector) map[string]string {
	if s == nil {
		return nil
	}
	requirements, selectable := s.Requirements()
	if !selectable {
		return nil
	}
	all := map[string]string{}
	for _, r := range requirements {
		value, ok := r.ValuesUnsorted(), r.Operator() == "=" || r.Operator() == "=="
		if !ok || len(value) != 1 {
			return nil
		}
		all[r.Key()] = value[0]
	}
	return all
}

// lister collects pods page by page.
type lister struct {
	from kube.Source
	sel  Selection
	pods map[string]*podGroup // by what made them
	out  Listing
}

// podGroup is the pods of one revision of one owner.
type podGroup struct {
	sample  *corev1.Pod // the first of them: the others have the same owner
	members []member
}

// member is what is kept of a pod.
type member struct {
	name, node string
	created    inspect.Time
	containers []kube.Container
}

// gap notes what could not be looked at.
func (l *lister) gap(what, reason string) {
	l.out.Gaps = append(l.out.Gaps, Gap{What: what, Reason: reason})
}

// page takes in a page of pods.
func (l *lister) page(pods []corev1.Pod) error {
	for i := range pods {
		p := &pods[i]
		if !l.sel.Fields.Picks(p) || l.sel.Labels != nil && !l.sel.Labels.Matches(labels.Set(p.Labels)) {
			continue
		}
		containers := l.chosen(kube.Containers(p, nil))
		// A pod that has ended runs nothing. It is counted as skipped, since a person who lists pods sees it too, and
		// the books must not disagree with that list.
		if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			l.out.Skipped += len(containers)
			continue
		}
		if len(containers) == 0 {
			continue
		}
		key := groupKey(p)
		g := l.pods[key]
		if g == nil {
			g = &podGroup{sample: p.DeepCopy()} // the page's memory is used again
			l.pods[key] = g
		}
		g.members = append(g.members, member{
			name: p.Name, node: p.Spec.NodeName,
			created: inspect.At(p.CreationTimestamp.Time), containers: containers,
		})
	}
	return nil
}

// chosen leaves out the containers whose image was not asked for.
func (l *lister) chosen(all []kube.Container) []kube.Container {
	if l.sel.Image == "" {
		return all
	}
	return slices.DeleteFunc(all, func(c kube.Container) bool {
		return !strings.Contains(c.Reference, l.sel.Image) && !strings.Contains(c.ImageID, l.sel.Image)
	})
}

// revisionLabel is the label by which StatefulSets and DaemonSets mark the revision that a pod was made of.
const revisionLabel = "controller-revision-hash"

// groupKey is what made a pod: its owner and the revision of that, or the pod itself.
func groupKey(p *corev1.Pod) string {
	for _, o := range p.OwnerReferences {
		if o.Controller != nil && *o.Controller {
			// the UID distinguishes a workload from one of the same name that was deleted; pods of a ReplicaSet have
			// one template, those of a DaemonSet or StatefulSet one for each revision
			return p.Namespace + "\x00" + o.Kind + "\x00" + o.Name + "\x00" + string(o.UID) + "\x00" +
				p.Labels[revisionLabel]
		}
	}
	return p.Namespace + "\x00\x00" + p.Name
}

// place makes the rows of all groups, one for each container and image of a workload.
func (l *lister) place(platforms map[string]string, lineages map[string]lineage) {
	rows := map[string]*Place{}
	for _, key := range slices.Sorted(maps.Keys(l.pods)) {
		g, above := l.pods[key], lineages[key]
		for _, m := range g.members {
			platform := cmp.Or(l.sel.Platform, platforms[m.node])
			for _, c := range m.containers {
				p := Place{
					Cluster: l.out.Context, Namespace: g.sample.Namespace, Workload: above.workload,
					Container: c.Name, Type: string(c.Type), Reference: c.Reference, ImageID: c.ImageID,
					Platform: platform, Injected: above.injected(c),
				}
				p.Unit, p.Problem = unitKey(p)
				add(rows, p, m, c)
			}
		}
	}
	for _, p := range rows {
		l.out.Places = append(l.out.Places, *p)
	}
	slices.SortFunc(l.out.Places, comparePlaces)
	l.bound(maxPlaces)
}

// bound leaves out the places past a number. They stay in the books, as not checked: a cluster cannot hide a workload
// by listing many before it.
func (l *lister) bound(most int) {
	if extra := len(l.out.Places) - most; extra > 0 {
		l.gap("containers", fmt.Sprintf("%d of them are past the bound of %d: -n or -l chooses some", extra, most))
		l.out.Places, l.out.Over = l.out.Places[:most], extra
	}
}

// add counts a container of a pod to the row that it belongs to. What the pods of one row do not have in common is
// chosen by its value, not by which pod came first: the same cluster is the same bytes, in whatever order it lists.
func add(rows map[string]*Place, p Place, m member, c kube.Container) {
	key := p.key()
	row := rows[key]
	if row == nil {
		row = &p
		rows[key] = row
	}
	row.Pods++
	row.ImageID, row.Type = min(row.ImageID, p.ImageID), min(row.Type, p.Type)
	row.Injected = worstInjected(row.Injected, p.Injected)
	if row.Pod == "" || m.name < row.Pod { // the same one whatever the order of the list
		row.Pod = m.name
	}
	// A container that crashed an hour ago has run for as long as its pod: the older of the two is since when these
	// bytes have been there.
	since := inspect.At(c.Started)
	if since.IsZero() || !m.created.IsZero() && m.created.Before(since.Time) {
		since = m.created // a container that was restarted runs since its pod was made
	}
	if row.Since.IsZero() || !since.IsZero() && since.Before(row.Since.Time) {
		row.Since = since
	}
}

// worstInjected joins what two pods of a row show: one into which the container was injected is enough to report it,
// and one whose template could not be read leaves open what the others answer with no.
func worstInjected(a, b *bool) *bool {
	switch {
	case a != nil && *a:
		return a
	case b != nil && *b:
		return b
	case a == nil:
		return nil
	}
	return b
}

// key is what no two places share. Container runtimes write one image in several ways (docker-pullable://a@sha256:…
// and a@sha256:…): what counts is the unit, and only where that is not known the words of the node.
func (p *Place) key() string {
	runs := p.Unit
	if runs == "" {
		runs = p.ImageID
	}
	return strings.Join([]string{p.Cluster, p.Namespace, p.Workload, p.Container, p.Reference, runs, p.Platform},
		"\x00")
}

func comparePlaces(a, b Place) int {
	return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Workload, b.Workload), cmp.Compare(a.Container, b.Container), cmp.Compare(a.key(), b.key()))
}
