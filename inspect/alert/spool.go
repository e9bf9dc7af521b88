package alert

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// Bounds of what is kept of lines.
const (
	maxSpool    = 2 << 30 // bytes
	spoolBuffer = 256 << 10
)

var errSpoolFull = fmt.Errorf("more than %d GB of alert lines", maxSpool>>30)

// spool keeps lines in a file without a name, which is gone with the program: 100,000 alerts are 150 MB, and of most of
// them nobody asks for the line again.
type spool struct {
	mu     sync.Mutex
	dir    string
	file   *os.File
	failed error
	buffer []byte // not in the file yet
	end    int64  // of the file
}

// extent is where a line is in the spool.
type extent struct {
	at   int64
	size int32 // 0: nowhere
}

// keep takes a line. One that cannot be kept is nowhere, and err says why.
func (s *spool) keep(line []byte) (p extent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && s.end+int64(len(s.buffer)+len(line)) > maxSpool {
		s.failed = errSpoolFull
	}
	if s.failed != nil || len(line) == 0 {
		return extent{}, s.failed
	}
	p = extent{at: s.end + int64(len(s.buffer)), size: int32(len(line))}
	if s.buffer = append(s.buffer, line...); len(s.buffer) < spoolBuffer {
		return p, nil
	}
	if s.failed = s.flush(); s.failed != nil {
		return extent{}, s.failed
	}
	return p, nil
}

func (s *spool) flush() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, ".alerts-*")
		if err != nil {
			return fmt.Errorf("making a file for alert lines: %w", err)
		}
		_ = os.Remove(f.Name()) // where a file that is open cannot be removed, close does
		s.file = f
	}
	n, err := s.file.WriteAt(s.buffer, s.end)
	if err != nil {
		return fmt.Errorf("keeping alert lines: %w", err)
	}
	s.end += int64(n)
	s.buffer = s.buffer[:0]
	return nil
}

var errNotKept = errors.New("the line was not kept")

// line gives a line back.
func (s *spool) line(p extent) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.size == 0 {
		return nil, errNotKept
	}
	if p.at >= s.end {
		begun := p.at - s.end
		if begun+int64(p.size) > int64(len(s.buffer)) {
			return nil, errNotKept
		}
		return append([]byte(nil), s.buffer[begun:begun+int64(p.size)]...), nil
	}
	line := make([]byte, p.size)
	if _, err := s.file.ReadAt(line, p.at); err != nil {
		return nil, fmt.Errorf("reading an alert line back: %w", err)
	}
	return line, nil
}

func (s *spool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
	s.file, s.failed, s.buffer = nil, errNotKept, nil
}
