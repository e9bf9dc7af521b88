package alert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// Bounds of files.
const (
	// bytes, the newest; a day of a busy cluster is a tenth of that
	maxFile = 2 << 30
	// how long a pipe may be silent before ReadFile stops reading it
	pipeQuiet = 10 * time.Second
	pollEvery = 250 * time.Millisecond
	// by which a file is known again
	headBytes = 256
)

// ErrNoAlertFile is the error of a path that cannot contain alerts: a directory, a device.
var ErrNoAlertFile = errors.New("not a file of alerts")

// openFile opens a regular file or a pipe; opening a pipe does not wait for a writer.
func openFile(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() && mode&fs.ModeNamedPipe == 0 {
		return nil, nil, fmt.Errorf("%s is %s: %w", path, kindOf(mode), ErrNoAlertFile)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// kindOf names what a path is if it is neither a file nor a pipe.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	default:
		return "no regular file"
	}
}

// CheckFile returns why a file cannot be read as alerts.
func CheckFile(path string) error {
	f, _, err := openFile(path)
	if err != nil {
		return fmt.Errorf("opening the alerts: %w", err)
	}
	return f.Close()
}

// ReadFile reads a file of alerts once. A pipe is read to its end, or until it is silent for a
// while: that is reported.
func ReadFile(ctx context.Context, path string, feed *Feed) error {
	f, info, err := openFile(path)
	if err != nil {
		return fmt.Errorf("opening the alerts: %w", err)
	}
	defer f.Close()
	if info.Mode()&fs.ModeNamedPipe != 0 {
		p := &pipe{ctx: ctx, file: f, feed: feed, quiet: pipeQuiet}
		return feed.scan(ctx, p, Limits{Day: time.Now()})
	}
	r, err := feed.newest(f, info.Size())
	if err != nil {
		return err
	}
	return feed.scan(ctx, r, Limits{Day: info.ModTime()})
}

// FollowFile reads a file of alerts and what is added to it, as tail -F does, until ctx ends: also
// when it is cut short or another takes its name. The error is about how it was opened; what
// happens later is reported by the feed.
func FollowFile(ctx context.Context, path string, feed *Feed) error {
	f, info, err := openFile(path)
	if err != nil {
		return fmt.Errorf("opening the alerts: %w", err)
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		defer f.Close()
		p := &pipe{ctx: ctx, file: f, feed: feed, again: !strings.HasPrefix(path, "/dev/fd/")}
		return feed.scan(ctx, p, Limits{Day: time.Now()})
	}
	t := &tail{ctx: ctx, path: path, feed: feed, file: f, info: info}
	defer func() { _ = t.file.Close() }()
	if err := t.begin(); err != nil {
		return err
	}
	feed.SetCondition(false, "following")
	return feed.scan(ctx, t, Limits{Day: info.ModTime(), Lines: true})
}

// FollowReader reads alerts until r ends or fails, or ctx ends.
func FollowReader(ctx context.Context, r io.Reader, feed *Feed) error {
	return feed.scan(ctx, r, Limits{Day: time.Now()})
}

// scan passes the alerts of r to the feed. A context that has ended is not an error.
func (f *Feed) scan(ctx context.Context, r io.Reader, limits Limits) error {
	in, err := Scan(r, limits, func(b Batch) bool {
		f.Append(b)
		return ctx.Err() == nil
	})
	for _, n := range in.Notes {
		f.SetCondition(true, n)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// newest is the part of a file that is read: of a very large one the end, from a whole line on.
func (f *Feed) newest(file io.ReadSeeker, size int64) (io.Reader, error) {
	if size <= maxFile {
		return io.LimitReader(file, maxFile), nil
	}
	if _, err := file.Seek(size-maxFile, io.SeekStart); err != nil {
		return nil, fmt.Errorf("looking for the newest alerts: %w", err)
	}
	f.SetCondition(true, fmt.Sprintf("only its newest %d GB were read", maxFile>>30))
	r := bufio.NewReader(io.LimitReader(file, maxFile))
	for {
		if _, err := r.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return r, nil
		}
	}
}
