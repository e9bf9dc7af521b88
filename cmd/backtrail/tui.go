package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/tui"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/caseview/pane"
)

// browse shows the pods of the cluster, or prints them where there is no terminal: `backtrail | less` is a list, not a
// screen that waits for keys.
func (f *flags) browse(ctx context.Context, std streams) error {
	if !f.interactive(std) {
		if err := f.checkListen(true, "backtrail, where it is not on a terminal,"); err != nil {
			return err
		}
		return runPods(ctx, f, std)
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	err = s.showPods(ctx)
	if errors.Is(err, kube.ErrNoConfig) && f.kubeconfig == "" && f.context == "" && offerDemo(std, err) {
		story, _ := demo.Named("")
		return runDemo(ctx, f, std, inspectFlags{layers: string(evidence.LayersSuspect)}, story, true)
	}
	return err
}

// offerDemo asks whether to open the demo where there is no cluster, and reports the answer. Enter is yes: whoever has
// no kubeconfig most likely tries the program.
func offerDemo(std streams, err error) bool {
	fmt.Fprintf(std.err, "%s\nOpen the built-in incident instead, with a tour? It needs no cluster. [Y/n] ",
		text.Clean(err.Error()))
	line, errRead := bufio.NewReader(io.LimitReader(std.in, maxReply)).ReadString('\n')
	if errRead != nil {
		return false // ctrl+d, or the end of the terminal
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "", "y", "yes":
		return true
	default:
		return false
	}
}

// showPods is the terminal UI on a cluster. The order is what matters here: the webhook's port first, since its error
// must be read before the screen is taken; then the alerts, which are read while a person logs in. Credential plugins
// run once before it takes the terminal, so that they can ask; after that they get no stdin, and what they and klog
// print becomes a notice.
func (s *session) showPods(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := s.listenForAlerts(); err != nil {
		return err
	}
	if err := s.alerts.Follow(ctx); err != nil {
		return err
	}
	cluster, err := s.openCluster() // a dump takes as long as the alerts, which are read meanwhile
	if err != nil {
		return err
	}
	if live, ok := cluster.(*kube.Cluster); ok {
		if err := live.Login(ctx); err != nil {
			return err
		}
		live.Detach()
	}
	if err := s.alerts.FollowCluster(ctx); err != nil {
		return err
	}
	live := &liveView{view: view{session: s}}
	// Deferred calls run in reverse: the case is closed, stderr is given back, and then the cases are listed.
	defer func() { live.printSaved(s.std.err) }() // after restore: until then what is written to stderr is a notice
	restore, err := kube.Quiet(s.notice)
	if err != nil {
		return fmt.Errorf("keeping the terminal for the UI: %w", err)
	}
	defer restore()
	defer live.close()
	o := s.screenOptions()
	o.Context, o.Namespace, o.Alerts = cluster.Context(), s.flags.namespace, s.alerts.Name()
	return tui.Browse(ctx, live, o)
}

// printSaved prints where each case of the session is, once the terminal is given back: the screen is gone by then, and
// with it what it has shown.
func (v *liveView) printSaved(w io.Writer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range v.saved {
		fmt.Fprintf(w, "case saved: %s · backtrail open %s\n", text.Clean(id), text.Quote(id))
	}
}

// showSaved is the terminal UI on a saved case. ctrl+c ends it, as everywhere; nothing was begun that could be lost.
func (s *session) showSaved(ctx context.Context, saved savedCase) error {
	return tui.Show(ctx, &savedView{view: view{session: s}, saved: saved}, saved.replay, s.screenOptions())
}

// screenOptions are how the terminal UI looks, by the flags and the environment.
func (s *session) screenOptions() tui.Options {
	f := s.flags
	return tui.Options{
		Notices: s.notices, Now: s.now, Version: version, Tour: s.tour,
		NoColor: f.noColor || os.Getenv("NO_COLOR") != "", ASCII: f.style(s.std.out).ASCII,
	}
}

// view is the backend of a case, as far as it does not matter whether the case is live or saved. Its methods are
// called by the terminal UI; those without a context return at once.
type view struct {
	session *session
}

// Brief is the text for the channel.
func (v *view) Brief(c inspect.Case) string {
	ascii := v.session.flags.style(v.session.std.out).ASCII
	brief := report.Brief(c, report.Style{ASCII: ascii, Now: v.session.now()})
	if ascii {
		return inASCII(brief)
	}
	return brief
}

// NextSteps are what to do next.
func (v *view) NextSteps(c inspect.Case) []respond.NextStep { return respond.Next(c) }

// Command is the command line that shows the same.
func (v *view) Command(c *inspect.Case, container string) string {
	return v.session.command(c, container)
}

// ExportPath proposes where a bundle is written.
func (v *view) ExportPath(c inspect.Case) string { return exportPath(c) }

// SaveFile writes bytes to a new file that a person named.
func (v *view) SaveFile(ctx context.Context, name string, content io.Reader) error {
	return save(ctx, name, content)
}

// treeOf lists the files of a layer, or of the merged tree, out of a store. It reads listings, which are there once a
// layer was read, and no layer.
func treeOf(ctx context.Context, store inspect.Store, i inspect.Image, number int) ([]inspect.Node, error) {
	tree, err := layer.TreeOf(ctx, store, i.Layers)
	if err != nil {
		return nil, err
	}
	if number == pane.MergedTree {
		return tree.MergedNodes(), nil
	}
	return tree.LayerNodes(number), nil
}

// exportOf writes the evidence bundle of a recorded case, with its suspect layers. A result comes with an error where
// the bundle was written and could not be read back: the path is then shown beside what is wrong.
func (v *view) exportOf(ctx context.Context, from recorded, store inspect.Store, to string,
	progress func(inspect.Progress),
) (caseview.ExportResult, error) {
	r, err := exportCase(ctx, v.session, from, store, to, evidence.Options{Layers: evidence.LayersSuspect}, progress)
	return caseview.ExportResult{
		Path: r.Path, Digest: r.TagManifest, Size: r.Bytes, Line: r.Line, Left: append(r.Notes, r.Taken...),
		Verify: v.session.verifyCommand(r.Path),
	}, err
}

// exportPath proposes a name in the current directory that does not exist yet: target and start of the case, in
// characters that need no quotes in a shell. The name of a target is foreign text; what is not a letter of ASCII, a
// digit, a period or a hyphen becomes a hyphen, so that no path leads elsewhere. A long name keeps its end, where tag
// and pod are distinguished.
func exportPath(c inspect.Case) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, c.Target.Name)
	if len(name) > 60 {
		name = name[len(name)-60:]
	}
	base := "backtrail-" + strings.Trim(name, "-.") + "-" + c.Started.Format("20060102T150405Z")
	path := base
	for n := 2; isFile(path) && n < 1000; n++ {
		path = fmt.Sprintf("%s-%d", base, n)
	}
	return path
}

// isDemo reports whether the session is of the built-in incident.
func (s *session) isDemo() bool { return s.alerts.PresetName == demoAlerts }

// verifyCommand is the command by which whoever has a bundle checks it, quoted for a shell.
func (s *session) verifyCommand(path string) string {
	if s.isDemo() {
		return "backtrail verify --demo " + text.Quote(path)
	}
	return "backtrail verify " + text.Quote(path)
}

// maxSaved bounds a file that a person saves out of an image, in bytes: a sparse file of a layer may claim any size.
const maxSaved = 8 << 30

// save writes bytes to a new file that only its owner can read, and that is not executable: it may be the malware. An
// existing file, or a link of that name, is never followed or written over (O_EXCL). On errors no part of it stays.
func save(ctx context.Context, name string, content io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("saving to %s: %w", name, err)
	}
	n, err := io.Copy(f, io.LimitReader(content, maxSaved+1))
	if err == nil && n > maxSaved {
		err = fmt.Errorf("it is larger than %d bytes", int64(maxSaved))
	}
	if err == nil {
		err = ctx.Err()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(name)
		return fmt.Errorf("saving to %s: %w", name, err)
	}
	return nil
}

// flagForm is a flag without its value. It needs no quotes, and is read better without.
var flagForm = regexp.MustCompile(`^--?[a-z][a-z-]*$`)

// command is the command line that shows the same case, or one image of it, with every flag in force. Nothing but the
// demo makes the demo's case again.
//
// Names of targets are foreign text, and the command is made to be pasted: each word is quoted for a POSIX shell.
func (s *session) command(c *inspect.Case, subj string) string {
	if again, ok := respond.DemoCommand(*c); ok {
		return again
	}
	parts := []string{"backtrail", "inspect"}
	switch i, ok := c.Image(subj); {
	case ok && c.Pod == nil:
		parts = append(parts, i.Location)
	case ok:
		parts = append(parts, c.Target.Name+":"+subj)
	default:
		parts = append(parts, c.Target.Name)
	}
	if c.Target.Namespace != "" {
		parts = append(parts, "-n", c.Target.Namespace)
	}
	if s.flags.snapshot != "" {
		parts = append(parts, "--snapshot", s.flags.snapshot)
	} else if c.Target.Context != "" {
		parts = append(parts, "--context", c.Target.Context)
	}
	parts = append(parts, s.flags.given...)
	for n, p := range parts {
		if !flagForm.MatchString(p) {
			parts[n] = text.Quote(p)
		}
	}
	return strings.Join(parts, " ")
}
