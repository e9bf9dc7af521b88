package alert

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/kube"
)

// Bounds of the logs that are read for alerts.
const (
	// of Falco and of Tetragon each; both run on every node
	maxLogPods = 200
	logsAtOnce = 8
	// of each, the newest: a day of a node in a busy cluster
	logLines = 1000
	logBytes = 4 << 20
	// for all of them, where they are read once
	logsTime = 45 * time.Second
	// with fewer lines each, where the bytes were too many for the newest
	logAttempts = 3
	minLogRetry = time.Second
	maxLogRetry = 30 * time.Second
	// containers of one pod
	maxLogStacks = 3
)

// logs describes the pods of a sensor and the container whose log has the alerts.
type logs struct {
	kind   string
	labels map[string]string
	// "": all of the pod's
	container string
}

// logSources are Falco, whose container is falco in its own chart, and Tetragon's export.
func logSources() []logs {
	return []logs{
		{KindFalcoLog, map[string]string{"app.kubernetes.io/name": "falco"}, "falco"},
		{KindTetragonLog, map[string]string{"app.kubernetes.io/name": "tetragon"}, "export-stdout"},
	}
}

// podLog is the log of one container.
type podLog struct {
	feed   *Feed
	wanted kube.LogWanted
	// of the last line that was read
	last time.Time
}

// follower is a cluster whose logs can be read; a dump has none.
type follower interface {
	StreamLog(ctx context.Context, w kube.LogWanted) (io.ReadCloser, error)
}

// findLogs lists the logs that may contain alerts.
func (c *FromCluster) findLogs(ctx context.Context) []*podLog {
	var found []*podLog
	if _, live := c.Cluster.(follower); !live {
		c.notice(
			"%s has no logs: alerts of Falco and Tetragon are read from its policy reports only",
			c.Cluster.Context(),
		)
		return nil
	}
	for _, of := range logSources() {
		n := 0
		_, err := c.Cluster.Pods(ctx, kube.Scope{Labels: of.labels}, func(page []corev1.Pod) error {
			for i := range page {
				if page[i].Status.Phase != corev1.PodRunning {
					continue
				}
				if n++; n > maxLogPods {
					c.notice("more than %d pods of a %s: the others were not read", maxLogPods, of.kind)
					return nil
				}
				for _, name := range of.containers(&page[i]) {
					w := kube.LogWanted{
						Namespace: page[i].Namespace, Pod: page[i].Name, Container: name, Lines: logLines,
					}
					found = append(found, &podLog{wanted: w, feed: c.Store.Open(of.kind, w.Path())})
				}
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			c.notice("alerts in a %s: %s", of.kind, err)
		}
	}
	return found
}

// containers returns the containers of the pod whose log is read: the one of the usual name, else all.
func (l logs) containers(pod *corev1.Pod) []string {
	var names []string
	for _, c := range pod.Spec.Containers {
		if c.Name == l.container {
			return []string{c.Name}
		}
		names = append(names, c.Name)
	}
	if l.kind == KindTetragonLog {
		return nil // its other containers write no alerts
	}
	return names[:min(len(names), maxLogStacks)]
}

// readLogs reads the newest lines of all logs.
func (c *FromCluster) readLogs(ctx context.Context) {
	var work sync.WaitGroup
	room := make(chan struct{}, logsAtOnce)
	found := c.findLogs(ctx)
	within, stop := context.WithTimeout(ctx, logsTime)
	defer stop()
	for _, l := range found {
		c.run(&work, func() {
			room <- struct{}{}
			defer func() { <-room }()
			l.wanted.Bytes = logBytes
			err := c.readLog(within, l)
			switch {
			case ctx.Err() != nil:
			case within.Err() != nil:
				l.feed.SetCondition(true, "not read to its end")
				c.notice("the logs of Falco and Tetragon took longer than %v: not all were read", logsTime)
			case err != nil:
				l.feed.SetCondition(true, err.Error())
				c.notice("%s", err)
			}
		})
	}
	work.Wait()
}

// readLog reads one log. The server counts bytes from the oldest of the lines: where they were too
// many it is asked for fewer lines, so that the newest are there.
func (c *FromCluster) readLog(ctx context.Context, l *podLog) error {
	for range logAttempts {
		n, err := l.stream(ctx, c.Cluster.(follower))
		if err != nil || n < int64(l.wanted.Bytes) {
			return err
		}
		l.wanted.Lines /= 10
		l.feed.SetCondition(true, "cut short: its lines are very long")
	}
	return nil
}

// stream reads an answer to its end, without what was read before. n is its size in bytes.
func (l *podLog) stream(ctx context.Context, from follower) (n int64, err error) {
	body, err := from.StreamLog(ctx, l.wanted)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	r := newLineFilter(body, l.last, 64<<10)
	_, err = Scan(r, Limits{Log: true}, func(b Batch) bool {
		l.feed.Append(b)
		return ctx.Err() == nil
	})
	l.last = r.last
	return r.size, err
}

// followLogs follows the logs that there are and those of pods that are created later.
func (c *FromCluster) followLogs(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	for {
		for _, l := range c.findLogs(ctx) {
			if c.begin(l) {
				c.run(&work, func() { c.followLog(ctx, l) })
			}
		}
		if _, live := c.Cluster.(follower); !live || !pause(ctx, podsEvery) {
			return
		}
	}
}

// begin reports whether the log is not followed yet, and marks it as followed.
func (c *FromCluster) begin(l *podLog) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.logs == nil {
		c.logs = map[string]bool{}
	}
	if c.logs[l.feed.Name] {
		return false
	}
	c.logs[l.feed.Name] = true
	return true
}

// followLog follows a log until its pod is gone. A lost connection is a condition of the feed, and
// is opened again.
func (c *FromCluster) followLog(ctx context.Context, l *podLog) {
	defer func() {
		c.mu.Lock()
		delete(c.logs, l.feed.Name)
		c.mu.Unlock()
	}()
	l.wanted.Follow = true
	retry := minLogRetry
	for {
		l.feed.SetCondition(false, "following")
		before := l.last
		_, err := l.stream(ctx, c.Cluster.(follower))
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, kube.ErrNotFound):
			l.feed.SetCondition(false, "ended: the pod is gone")
			return
		case errors.Is(err, kube.ErrForbidden):
			l.feed.SetCondition(true, err.Error())
			c.notice("%s", err)
			return
		case err != nil:
			l.feed.SetCondition(true, "lost "+time.Now().UTC().Format("15:04:05Z")+": "+err.Error())
		}
		if l.last.After(before) {
			retry = minLogRetry
		}
		if !pause(ctx, retry) {
			return
		}
		retry = min(2*retry, maxLogRetry)
		if !l.last.IsZero() {
			l.wanted.Lines, l.wanted.Since = 0, l.last
		}
	}
}
