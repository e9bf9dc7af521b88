package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/redact"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Logs keeps what the containers wrote, of the present run and of the one before: the node forgets it with the pod.
// off reports whether nobody wants that. A log that cannot be read is noted, and is no reason to doubt the case.
func Logs(o Options, store *registry.Store, off bool) engine.Check {
	return engine.Check{Name: inspect.CheckLogs, Scope: engine.PerCase, Run: func(ctx context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		switch {
		case o.Pod == nil:
			return engine.Nothing("the target is not a pod")
		case off:
			return engine.Nothing("not read: --no-logs")
		}
		// kubectl get does not write logs, so a dump has none, which is no failure
		if _, dump := o.Cluster.(*kube.Snapshot); dump {
			return engine.Nothing("%s has no logs", o.Cluster.Context())
		}
		if o.Trace != nil {
			ctx = o.Trace(ctx, emit)
		}
		k := logKeeper{o: o, store: store, emit: emit}
		return k.all(ctx)
	}}
}

// logKeeper reads the logs of one pod.
type logKeeper struct {
	o     Options
	store *registry.Store
	emit  func(inspect.Event)
}

// all reads the logs of the containers side by side: the present run, and the one before where the status names it.
func (k *logKeeper) all(ctx context.Context) error {
	var work engine.Group
	for _, c := range kube.Containers(k.o.Pod, nil) {
		if k.o.Container != "" && c.Name != k.o.Container || c.ContainerID == "" {
			continue
		}
		// The kubelet keeps one run before the present one (kubernetes.io, "Logging Architecture").
		if len(c.TerminatedIDs) > 0 { // the next restart takes it
			work.Go(func() error {
				k.keep(ctx, c, c.TerminatedIDs[0], true)
				return nil
			})
		}
		work.Go(func() error {
			k.keep(ctx, c, c.ContainerID, false)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// keep reads one log and makes it an exhibit under the container's ID, and the mark of a later reading.
func (k *logKeeper) keep(ctx context.Context, c kube.Container, id string, previous bool, mark ...string) {
	name := bareID(id)
	for _, m := range mark {
		name += "@" + m
	}
	l, err := k.o.Cluster.Log(ctx, k.o.Pod, c.Name, previous)
	if err == nil {
		err = k.exhibit(l, name)
	}
	if err != nil && ctx.Err() == nil {
		which := "log"
		if previous {
			which = "log of the run before"
		}
		k.emit(missing("logs/"+name+".log", "the "+which+" of container "+c.Name+": "+firstLine(err)))
		k.emit(inspect.Event{Fact: inspect.Notice{
			Level: "info",
			Text:  fmt.Sprintf("the %s of container %s is not kept: %s", which, c.Name, firstLine(err)),
		}})
	}
}

// exhibit redacts a log and keeps it. Redaction comes before the store: nothing that looks like a secret is written.
func (k *logKeeper) exhibit(l kube.Log, name string) error {
	// The digest of the original is kept where something was taken out: whoever has the log can show that this one was
	// made of it.
	text, secrets := redact.Text(string(l.Text))
	x := inspect.Exhibit{
		Path: "logs/" + name + ".log", Source: l.Path, Redacted: redact.Kinds(secrets),
		Truncated: l.Truncated,
	}
	if len(secrets) > 0 {
		sum := sha256.Sum256(l.Text)
		x.Original = "sha256:" + hex.EncodeToString(sum[:])
	}
	if err := keep(k.store, &x, []byte(text)); err != nil {
		return err
	}
	k.emit(inspect.Event{Fact: x})
	return nil
}

// keep puts the content of an exhibit into the store, and fills in its digest and size.
func keep(store *registry.Store, x *inspect.Exhibit, content []byte) error {
	// Written under another name and moved by its digest: an interrupted case leaves no half of a log.
	w, err := store.Create()
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := w.Write(content); err != nil {
		return err
	}
	x.Digest, x.Size = w.Digest(), int64(len(content))
	return w.Commit(x.Digest)
}

// bareID is a container ID without its runtime, of letters and digits only.
func bareID(id string) string {
	if _, bare, ok := strings.Cut(id, "://"); ok {
		id = bare
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, id)
	// the hex of a sha256 is 64 digits long
	return clean[:min(len(clean), 64)]
}
