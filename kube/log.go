package kube

import (
	"context"
	"errors"
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

// Log reads the log of a container: of its present run, or of the one before. It is a GET that the node answers; nothing
// is attached to the container.
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
	l := Log{Path: req.URL().RequestURI(), Text: text[:min(len(text), maxLogBytes)]}
	l.Truncated = len(text) >= maxLogBytes || lines(text) >= maxLogLines
	return l, nil
}

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
	return Log{}, &Error{Doing: "reading a log", Kind: ErrNotFound, Err: errors.New(s.Context() + " holds no logs")}
}
