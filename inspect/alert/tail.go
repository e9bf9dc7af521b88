package alert

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// tail reads a file that grows.
type tail struct {
	ctx  context.Context
	path string
	feed *Feed
	file *os.File
	info fs.FileInfo

	// where it is read
	at int64
	// the first bytes: a file that was written anew has others
	head []byte
	// the last byte was in the middle of a line
	half bool
	// it was read to its end
	ended bool
	// also after it lost its name
	drained bool
	// for a file of this name
	waits bool
}

// begin goes to the newest part of a very large file, and reads a JSON document: what is added to
// it later is lines.
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
	if len(start) < 2 || !isDocument(start) {
		return nil
	}
	t.at = t.info.Size()
	return t.feed.scan(t.ctx, io.LimitReader(t.file, t.at), Limits{Day: t.info.ModTime()})
}

// Read waits for more. At the end of the file it checks whether it was replaced, cut or removed.
func (t *tail) Read(p []byte) (int, error) {
	for t.ctx.Err() == nil {
		if !t.ended {
			n, err := t.file.Read(p)
			if n > 0 {
				t.note(p[:n])
				return n, nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				t.feed.SetCondition(true, "reading "+t.path+": "+err.Error())
			}
			t.ended = true
		}
		t.feed.waits()
		more, err := t.look()
		switch {
		case err != nil:
			t.waits = true
			t.feed.SetCondition(true, words(err))
		case t.waits:
			t.waits = false
			t.feed.SetCondition(false, "following")
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

// look checks, at the end of the file, whether it was replaced, cut or removed. more reports that
// there is something to read.
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
		t.feed.SetCondition(false, "following; another file took its name "+clockWords())
		return true, nil
	}
	if info.Size() < t.at || !t.sameHead() {
		if _, err := t.file.Seek(0, io.SeekStart); err != nil {
			return false, err
		}
		t.at, t.head = 0, nil
		t.feed.SetCondition(false, "following; it was written anew "+clockWords())
		return true, nil
	}
	return info.Size() > t.at, nil
}

// sameHead reports whether the file still begins with the bytes that were read: a file that was cut
// and written to again may be as long as before.
func (t *tail) sameHead() bool {
	if len(t.head) == 0 {
		return true
	}
	now := make([]byte, len(t.head))
	n, _ := t.file.ReadAt(now, 0)
	return bytes.Equal(now[:n], t.head)
}

// words describes a file that cannot be opened as the condition of its feed.
func words(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "waiting for the file to reappear"
	}
	return "waiting: " + err.Error()
}

// clockWords is the current time for the condition of a feed.
func clockWords() string { return "at " + time.Now().UTC().Format("15:04:05Z") }
