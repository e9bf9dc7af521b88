package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/spf13/cobra"
)

// casesCommand is the verb cases. It reads summaries that each case keeps beside its events, and the events themselves
// where a summary is missing or older: the list is as right after a crash as before.
func casesCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "cases",
		Short: "List the cases on this disk, newest first",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return listCases(cmd.Context(), f, std) },
	}
}

// savedCases are the cases on this disk, the newest first, and the folder that they are in. A folder that is not there
// yet is an empty list. A case that cannot be read is in the list, with the reason in its Problem.
func savedCases(ctx context.Context) (dir string, saved []ledger.Saved, err error) {
	if dir, err = casesDir(); err != nil {
		return "", nil, err
	}
	saved, err = ledger.Cases(ctx, dir)
	return dir, saved, err
}

// listCases prints the cases. That there are none is a note on stderr: stdout stays empty for a script that counts
// lines.
func listCases(ctx context.Context, f *flags, std streams) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	dir, saved, err := savedCases(ctx)
	if err != nil {
		return err
	}
	if f.output == "json" {
		b, err := inspect.EncodeJSON(saved)
		if err != nil {
			return fmt.Errorf("encoding the cases: %w", err)
		}
		_, err = std.out.Write(b)
		return err
	}
	if len(saved) == 0 {
		fmt.Fprintf(std.err, "no case yet in %s\n", dir)
		return nil
	}
	style := f.style(std.out)
	for _, c := range saved {
		fmt.Fprintf(std.out, "%s  %-18s  %-40s  %s\n", text.Clean(c.ID), style.Paint(c.Status.Tone(),
			c.Status.Words()), text.Clean(c.Target), state(c))
	}
	return nil
}

// state describes what became of a case, by what matters most to a person who looks for it: a case that cannot be read
// before one that is open, and both before whether it was exported. The path is that of the newest export; nothing
// checks that the bundle is still there.
func state(c ledger.Saved) string {
	switch {
	case c.Problem != "":
		return "cannot be read: " + text.Clean(c.Problem)
	case c.Running:
		return "open now"
	case c.Partial:
		return "partial"
	case len(c.Exported) > 0:
		text := "exported to " + text.Clean(c.Exported[len(c.Exported)-1].Path)
		if c.AddedTo() {
			text += ", added to since"
		}
		return text
	default:
		return "not exported"
	}
}

// caseKey is what makes two openings one case: the pod, by its UID, and the bytes that its containers run. A pod of
// the same name that came later is another one, and so is a container that was started again from a tag that was moved
// meanwhile. It is empty for an image, which has no pod that notes could be about.
func caseKey(p prepared) string {
	if p.subject.Pod == nil {
		return ""
	}
	pod := subject.FromPod(p.subject.Pod, nil)
	return podKey(p.target.Context, p.target.Container, &pod)
}

// podKey is the key of a case with this pod. The digests are those that the kubelet reports: of a container that has
// not started yet there is none.
func podKey(context, container string, pod *inspect.Pod) string {
	parts := []string{context, pod.Namespace, pod.Name, pod.UID, container}
	for _, c := range pod.Containers {
		parts = append(parts, c.Name+"="+c.Digest())
	}
	slices.Sort(parts[5:])
	return strings.Join(parts, "\x00")
}

// maxCandidates bounds the saved cases of one pod that are looked into: the newest ones.
const maxCandidates = 5

// earlierCase finds the newest case of this disk with a key; "" where there is none. Summaries choose which records
// are folded, so that hundreds of cases cost a few milliseconds.
func earlierCase(ctx context.Context, p prepared) string {
	key := caseKey(p)
	_, saved, err := savedCases(ctx)
	if key == "" || err != nil {
		return "" // a case that cannot be found again is begun anew
	}
	looked := 0
	for _, c := range saved {
		if c.Target != p.target.Name || c.Context != p.target.Context || c.Running || c.Problem != "" {
			continue
		}
		if looked++; looked > maxCandidates {
			break
		}
		folded, err := ledger.Fold(ctx, c.Replay())
		t := folded.Target
		if err == nil && folded.Pod != nil && podKey(t.Context, t.Container, folded.Pod) == key {
			return c.ID
		}
	}
	return ""
}

// resume goes on with a saved case, and gives nil where that is not possible: it is damaged, or another process has it
// open. A case of its own is then begun, which loses no evidence; the first is in its opening.
func resume(ctx context.Context, s *session, p *prepared, id string) *open {
	dir, err := casesDir()
	if err != nil {
		return nil
	}
	l, err := ledger.Resume(ctx, dir, id, s.operator.session(s.now()), s.now)
	if err != nil {
		return nil
	}
	if err := l.Broken(); err != nil {
		_ = l.Close() // nothing is added to a record that was changed
		p.opening = append(p.opening, inspect.Event{Fact: inspect.Notice{
			Level: "warning",
			Text: fmt.Sprintf("the earlier case %s of this pod is not intact (%v): it is left as it is, "+
				"and this case is a new one", id, err),
		}})
		return nil
	}
	o := openOn(s, l, s.plan(*p), *p)
	o.source = goOn(ctx, s, o, *p)
	return o
}

// endingTimeout bounds how long a case that is opened again waits for its run before to end. That was interrupted when
// the case was left.
const endingTimeout = 15 * time.Second

// goOn gives the source of a case that was left: its checks that did not end run again, and those that what has come
// since concerns.
func goOn(ctx context.Context, s *session, o *open, p prepared) inspect.Source {
	ended := make(chan struct{})
	go func() {
		o.runs.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	case <-time.After(endingTimeout):
	}
	c := o.ledger.Case()
	again, opening := unfinished(ctx, s, &c, p)
	o.scope.Keychain = p.keys
	return o.resumed(again, opening)
}

// unfinished are the checks that run again in a case that is gone on with, and the facts that it is opened with anew:
//
//   - checks that were interrupted, by leaving the case or by a crash;
//   - checks of layers whose files are no longer in the cache, since they could not be shown;
//   - what rests on the alerts, where others have come since: the files that they name are located by the binaries
//     check, which also judges them;
//   - all of them, where the person now expects something else of the image, or has other thresholds.
func unfinished(ctx context.Context, s *session, c *inspect.Case, p prepared) (again []inspect.Key,
	opening []inspect.Event,
) {
	known := map[string]bool{}
	for _, a := range c.Alerts {
		known[a.ID] = true
	}
	for _, e := range p.opening {
		if a, is := e.Fact.(inspect.Alert); is && !known[a.ID] {
			opening = append(opening, e)
		}
	}
	alerts := len(opening) > 0
	if alerts {
		again = append(again, inspect.Key{Check: inspect.CheckAlertLocation}, inspect.Key{Check: inspect.CheckAnswers})
	}
	other := !sameExpected(c.Expected, s.expected) || !sameJSON(c.Thresholds, s.thresholds)
	if other {
		opening = append(opening, inspect.Event{Fact: s.expected})
		if s.thresholds != nil {
			opening = append(opening, inspect.Event{Fact: *s.thresholds})
		}
	}
	for _, state := range c.Checks {
		k := inspect.Key{Check: state.Name, Container: state.Container}
		gone := state.Name == inspect.CheckLayers && uncached(ctx, s, c, state.Container)
		alerted := state.Name == inspect.CheckBinaries && alerts
		if other || gone || alerted || engine.Unfinished(state) {
			again = append(again, k)
		}
	}
	if len(again) == 0 && (c.End == nil || len(c.Checks) == 0) { // it ended before some of them had begun
		again = append(again, inspect.Key{Check: inspect.CheckAnswers})
	}
	slices.SortFunc(again, func(a, b inspect.Key) int {
		return strings.Compare(a.Check+"\x00"+a.Container, b.Check+"\x00"+b.Container)
	})
	return slices.Compact(again), opening
}

// uncached reports whether the files of an image can no longer be listed: the cache was pruned since.
func uncached(ctx context.Context, s *session, c *inspect.Case, container string) bool {
	i, ok := c.Image(container)
	if !ok || len(i.Layers) == 0 {
		return false
	}
	_, err := s.cache.Tree(ctx, i.Layers)
	return err != nil
}

// sameExpected reports whether a case rests on what the person expects now. Policies of the cluster are in the case
// beside those that the person named: only that these are among them counts.
func sameExpected(c, now inspect.Expected) bool {
	for _, p := range now.Policies {
		if !slices.Contains(c.Policies, p) {
			return false
		}
	}
	c.Policies, now.Policies = nil, nil
	return sameJSON(c, now)
}

// sameJSON reports whether two values are the same in a record: nil and an empty list are.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	empty := []byte("null")
	normal := func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("[]"), empty) }
	return errX == nil && errY == nil && bytes.Equal(normal(x), normal(y))
}

// clusterRole is the least role with which everything that backtrail reads of a cluster can be read. With less a case
// lists what could not be read.
//
// It has no verb but get, list and watch: the transport of package kube refuses all others, whatever the role allows.
// watch is granted for pods alone, since nothing else is followed. Secrets are left out: RBAC can limit get
// to Secrets by name (resourceNames), and their names are only known at run time, so that a ClusterRole with them
// would open all Secrets of the cluster.
const clusterRole = `# The least role with which backtrail can read everything. It does not read Secrets:
# --pull-secrets also needs get on secrets, and --helm the last rule. Without pods/log,
# use --no-logs. With less than this role a case lists what could not be read; pods alone
# are enough for a case.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: backtrail
rules:
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes, namespaces, events]
  verbs: [get, list]
- apiGroups: [""]
  resources: [services]
  verbs: [list]
- apiGroups: [""]
  resources: [serviceaccounts, pods/log]
  verbs: [get]
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets, daemonsets, controllerrevisions]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list]
- apiGroups: [policy.sigstore.dev]
  resources: [clusterimagepolicies]
  verbs: [list]
- apiGroups: [kyverno.io]
  resources: [clusterpolicies, policies]
  verbs: [list]
- apiGroups: [policies.kyverno.io]
  resources: [imagevalidatingpolicies]
  verbs: [list]
- apiGroups: [wgpolicyk8s.io]
  resources: [policyreports, clusterpolicyreports]
  verbs: [list]
- apiGroups: [openreports.io]
  resources: [reports, clusterreports]
  verbs: [list]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list]
- apiGroups: [admissionregistration.k8s.io]
  resources:
  - mutatingwebhookconfigurations
  - validatingwebhookconfigurations
  - validatingadmissionpolicies
  - validatingadmissionpolicybindings
  verbs: [get, list]
# Only for --helm, which lists the Secrets of one Helm release. Better a Role in the namespaces where that
# is wanted: Kubernetes cannot limit list to some of the Secrets.
# - apiGroups: [""]
#   resources: [secrets]
#   verbs: [list]
`

// rbacCommand is the verb rbac. It needs no cluster: the role is the same for all of them.
func rbacCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rbac",
		Short: "Print the least ClusterRole with which everything can be read, for kubectl apply -f -",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(std.out, clusterRole)
			return err
		},
	}
}
