package kube

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Limits of one log. The newest lines are asked for; the server counts bytes from the first of them.
const (
	maxLogLines = 5000
	maxLogBytes = 4 << 20
	logTimeout  = 15 * time.Second // the API server asks the node, which may be gone
)

// Log is what one run of a container wrote, as the node still has it.
type Log struct {
	Path      string // of the API, with its query
	Text      []byte // each line begins with its time
	Truncated bool   // a limit cut it short
}

// Log reads the log of a container: of its present run, or of the one before. It is a GET that the node answers;
// nothing is attached to the container.
func (c *Cluster) Log(ctx context.Context, pod *corev1.Pod, container string, previous bool) (Log, error) {
	doing := "reading the log of container " + container + " of " + pods().named(pod.Namespace, pod.Name)
	if err := checkNames(pod.Namespace, pod.Name); err != nil {
		return Log{}, &Error{Doing: doing, Err: err}
	}
	ctx, stop := context.WithTimeout(ctx, logTimeout)
	defer stop()
	req := c.client.Get().AbsPath(pods().path(pod.Namespace, pod.Name)+"/log").
		Param("container", container).Param("timestamps", "true").
		Param("tailLines", strconv.Itoa(maxLogLines)).Param("limitBytes", strconv.Itoa(maxLogBytes))
	if previous {
		req = req.Param("previous", "true")
	}
	text, err := fetch(ctx, req)
	if err != nil {
		return Log{}, c.explain(doing, err)
	}
	// limitBytes is counted before the server adds times to the lines, so an answer may be longer
	l := Log{Path: req.URL().RequestURI(), Text: text[:min(len(text), maxLogBytes)]}
	l.Truncated = len(text) >= maxLogBytes || lines(text) >= maxLogLines
	return l, nil
}

// lines counts line feeds.
func lines(text []byte) (n int) {
	for _, b := range text {
		if b == '\n' {
			n++
		}
	}
	return n
}

// Log is what a dump does not have.
func (s *Snapshot) Log(context.Context, *corev1.Pod, string, bool) (Log, error) {
	return Log{}, &Error{Doing: "reading a log", Kind: ErrNotFound, Err: errors.New(s.Context() + " has no logs")}
}

// LogWanted describes what of a container's log is wanted.
type LogWanted struct {
	Namespace, Pod, Container string

	Lines  int       // at most, the newest ones
	Bytes  int       // at most; the server counts them from the first of the lines. 0: no limit
	Since  time.Time // only what was written from this second on; zero: from the beginning
	Follow bool      // go on with what is written from now on; the server ends such an answer at some time
}

// Path is where the API keeps the log.
func (w LogWanted) Path() string {
	return pods().path(w.Namespace, w.Pod) + "/log?container=" + w.Container
}

// StreamLog reads a container's log as it comes, each line with its time before it. The caller closes the body. As with
// Log it is a GET that the node answers.
func (c *Cluster) StreamLog(ctx context.Context, w LogWanted) (io.ReadCloser, error) {
	doing := "reading the log of container " + w.Container + " of " + pods().named(w.Namespace, w.Pod)
	if err := checkNames(w.Namespace, w.Pod); err != nil {
		return nil, &Error{Doing: doing, Err: err}
	}
	req := c.client.Get().AbsPath(pods().path(w.Namespace, w.Pod)+"/log").Param("container",
		w.Container).Param("timestamps", "true")
	if w.Lines > 0 {
		req = req.Param("tailLines", strconv.Itoa(w.Lines))
	}
	if w.Bytes > 0 {
		req = req.Param("limitBytes", strconv.Itoa(w.Bytes))
	}
	if !w.Since.IsZero() {
		req = req.Param("sinceTime", w.Since.UTC().Format(time.RFC3339))
	}
	if w.Follow {
		req = req.Param("follow", "true")
	}
	body, err := req.Stream(ctx)
	if err != nil {
		return nil, c.explain(doing, err)
	}
	return body, nil
}
