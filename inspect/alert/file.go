package alert

import (
	"bufio"
	"bytes"
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
	maxFile   = 2 << 30          // bytes, the newest; a day of a busy cluster is a tenth of that
	pipeQuiet = 10 * time.Second // how long a pipe may say nothing before ReadFile takes what there is
	pollEvery = 250 * time.Millisecond
	headBytes = 256 // by which a file is known again
)

// ErrNoAlertFile is what can hold no alerts: a directory, a device.
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

// CheckFile says why a file cannot be read as alerts.
func CheckFile(path string) error {
	f, _, err := openFile(path)
	if err != nil {
		return fmt.Errorf("opening the alerts: %w", err)
	}
	return f.Close()
}

// ReadFile reads a file of alerts once. A pipe is read to its end, or until it says nothing for a while: that is said.
func ReadFile(ctx context.Context, path string, feed *Feed) error {
	f, info, err := openFile(path)
	if err != nil {
		return fmt.Errorf("opening the alerts: %w", err)
	}
	defer f.Close()
	if info.Mode()&fs.ModeNamedPipe != 0 {
		p := &pipe{ctx: ctx, file: f, feed: feed, quiet: pipeQuiet}
		return feed.scan(ctx, p, time.Now())
	}
	r, err := feed.newest(f, info.Size())
	if err != nil {
		return err
	}
	return feed.scan(ctx, r, info.ModTime())
}

// FollowFile reads a file of alerts and what is added to it, as tail -F does, until ctx ends: also when it is cut short or
// another takes its name. The error is about how it was opened; what happens later is said by the feed.
func FollowFile(ctx context.Context, path string, feed *Feed) error {
	f, info, err := openFile(path)
	if err != nil {
		return fmt.Errorf("opening the alerts: %w", err)
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		defer f.Close()
		p := &pipe{ctx: ctx, file: f, feed: feed, again: !strings.HasPrefix(path, "/dev/fd/")}
		return feed.scan(ctx, p, time.Now())
	}
	t := &tail{ctx: ctx, path: path, feed: feed, file: f, info: info}
	defer func() { _ = t.file.Close() }()
	if err := t.begin(); err != nil {
		return err
	}
	feed.Say(false, "following")
	return feed.scan(ctx, t, info.ModTime())
}

// FollowReader reads alerts until r ends or fails, or ctx ends.
func FollowReader(ctx context.Context, r io.Reader, feed *Feed) error {
	return feed.scan(ctx, r, time.Now())
}

// scan gives what r has to the feed. A context that has ended is no error.
func (f *Feed) scan(ctx context.Context, r io.Reader, day time.Time) error {
	in, err := Scan(r, Limits{Day: day}, func(b Batch) bool {
		f.Take(b)
		return ctx.Err() == nil
	})
	for _, n := range in.Notes {
		f.Say(true, n)
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
	f.Say(true, fmt.Sprintf("only its newest %d GB were read", maxFile>>30))
	r := bufio.NewReader(io.LimitReader(file, maxFile))
	for {
		if _, err := r.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return r, nil
		}
	}
}

// pipe reads a pipe, and ends with its context.
type pipe struct {
	ctx   context.Context
	file  *os.File
	feed  *Feed
	quiet time.Duration // how long it may say nothing; 0: for ever
	again bool          // after its end another writer may come

	spoke bool
	since time.Time // of the last byte
}

// Read waits for a writer and for what it writes.
func (p *pipe) Read(b []byte) (int, error) {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	for {
		if p.ctx.Err() != nil {
			return 0, io.EOF
		}
		_ = p.file.SetReadDeadline(time.Now().Add(pollEvery))
		n, err := p.file.Read(b)
		switch {
		case n > 0:
			p.spoke, p.since = true, time.Now()
			p.feed.Say(false, "following")
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.feed.waits()
		case err == nil, errors.Is(err, io.EOF): // nobody writes: not yet, or no more
			p.feed.waits()
			if p.spoke && !p.again {
				p.feed.Say(false, "ended")
				return 0, io.EOF
			}
			if !pause(p.ctx, pollEvery) {
				return 0, io.EOF
			}
		default:
			return 0, err
		}
		if p.quiet > 0 && time.Since(p.since) > p.quiet {
			p.feed.Say(true, fmt.Sprintf("a pipe that did not end: nothing came for %v, and what comes later is not read", p.quiet))
			return 0, io.EOF
		}
	}
}

// tail reads a file that grows.
type tail struct {
	ctx  context.Context
	path string
	feed *Feed
	file *os.File
	info fs.FileInfo

	at      int64  // where it is read
	head    []byte // the first bytes: a file that was written anew has others
	half    bool   // the last byte was in the middle of a line
	ended   bool   // it was read to its end
	drained bool   // also after it lost its name
	waits   bool   // for a file of this name
}

// begin goes to the newest part of a very large file, and reads a JSON document: what is added to it later is lines.
func (t *tail) begin() error {
	if t.info.Size() > maxFile {
		r, err := t.feed.newest(t.file, t.info.Size())
		if err != nil {
			return err
		}
		// What the reader has read ahead is read again, from the line on.
		t.at, err = t.file.Seek(-int64(r.(*bufio.Reader).Buffered()), io.SeekCurrent)
		return err
	}
	start := make([]byte, headBytes)
	n, _ := t.file.ReadAt(start, 0)
	start = bytes.TrimLeft(bytes.TrimPrefix(start[:n], []byte("\ufeff")), " \t\r\n")
	if len(start) < 2 || !isDocument(start[:2]) {
		return nil
	}
	t.at = t.info.Size()
	return t.feed.scan(t.ctx, io.LimitReader(t.file, t.at), t.info.ModTime())
}

// Read waits for more. At the end of the file it looks what became of it before it reads on.
func (t *tail) Read(p []byte) (int, error) {
	for t.ctx.Err() == nil {
		if !t.ended {
			n, err := t.file.Read(p)
			if n > 0 {
				t.note(p[:n])
				return n, nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				t.feed.Say(true, "reading "+t.path+": "+err.Error())
			}
			t.ended = true
		}
		t.feed.waits()
		more, err := t.look()
		switch {
		case err != nil:
			t.waits = true
			t.feed.Say(true, words(err))
		case t.waits:
			t.waits = false
			t.feed.Say(false, "following")
		}
		if more {
			t.ended = false
			if t.half && t.at == 0 { // the half line will never be whole
				t.half = false
				p[0] = '\n'
				return 1, nil
			}
			continue
		}
		pause(t.ctx, pollEvery)
	}
	return 0, io.EOF
}

// note remembers what was read.
func (t *tail) note(b []byte) {
	if room := headBytes - len(t.head); room > 0 && t.at == int64(len(t.head)) {
		t.head = append(t.head, b[:min(room, len(b))]...)
	}
	t.at += int64(len(b))
	t.half = b[len(b)-1] != '\n'
}

// look finds out what became of the file, at its end. more says that there is something to read.
func (t *tail) look() (more bool, err error) {
	info, err := os.Stat(t.path)
	if err != nil {
		if old, bad := t.file.Stat(); bad == nil && old.Size() > t.at { // who writes it has it open still
			return true, nil
		}
		return false, err
	}
	if !os.SameFile(info, t.info) {
		if !t.drained { // something may have come before it lost its name
			t.drained = true
			return true, nil
		}
		f, now, err := openFile(t.path)
		if err != nil {
			return false, err
		}
		_ = t.file.Close()
		t.file, t.info, t.at, t.head, t.drained, t.waits = f, now, 0, nil, false, false
		t.feed.Say(false, "following; another file took its name "+clockWords())
		return true, nil
	}
	if info.Size() < t.at || !t.sameHead() {
		if _, err := t.file.Seek(0, io.SeekStart); err != nil {
			return false, err
		}
		t.at, t.head = 0, nil
		t.feed.Say(false, "following; it was written anew "+clockWords())
		return true, nil
	}
	return info.Size() > t.at, nil
}

func (t *tail) sameHead() bool {
	if len(t.head) == 0 {
		return true
	}
	now := make([]byte, len(t.head))
	n, _ := t.file.ReadAt(now, 0)
	return bytes.Equal(now[:n], t.head)
}

// words is what a file that cannot be looked at means for who follows it.
func words(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "waiting for the file to come back"
	}
	return "waiting: " + err.Error()
}

func clockWords() string { return "at " + time.Now().UTC().Format("15:04:05Z") }
