package kube

import (
	"context"
	"io"
	"strconv"
	"time"
)

// LogWanted says what of a container's log is wanted.
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

// StreamLog reads a container's log as it comes, each line with its time before it. The caller closes the body. As with Log
// it is a GET that the node answers.
func (c *Cluster) StreamLog(ctx context.Context, w LogWanted) (io.ReadCloser, error) {
	doing := "reading the log of container " + w.Container + " of " + pods().named(w.Namespace, w.Pod)
	if err := checkNames(w.Namespace, w.Pod); err != nil {
		return nil, &Error{Doing: doing, Err: err}
	}
	req := c.client.Get().AbsPath(pods().path(w.Namespace, w.Pod)+"/log").Param("container", w.Container).Param("timestamps", "true")
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
