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

// spool keeps lines, each with what its alert says, in a file without a name, which is gone with the program: 100,000
// alerts are 150 MB, and of most of them nobody asks for the line again.
type spool struct {
	mu     sync.Mutex
	dir    string
	file   *os.File
	failed error
	buffer []byte // not in the file yet
	end    int64  // of the file
}

// extent is where a line is in the spool, and after it what its alert says.
type extent struct {
	at         int64
	size, said int32 // size 0: nowhere
}

// keep takes a line. One that cannot be kept is nowhere, and err says why.
func (s *spool) keep(line []byte, said string) (p extent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && s.end+int64(len(s.buffer)+len(line)+len(said)) > maxSpool {
		s.failed = errSpoolFull
	}
	if s.failed != nil || len(line) == 0 {
		return extent{}, s.failed
	}
	p = extent{at: s.end + int64(len(s.buffer)), size: int32(len(line)), said: int32(len(said))}
	if s.buffer = append(append(s.buffer, line...), said...); len(s.buffer) < spoolBuffer {
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

// line gives a line back, and what its alert says.
func (s *spool) line(p extent) (line []byte, said string, err error) {
	if p.size == 0 {
		return nil, "", errNotKept
	}
	both := make([]byte, p.size+p.said)
	if err := s.read(both, p.at); err != nil {
		return nil, "", err
	}
	return both[:p.size:p.size], string(both[p.size:]), nil
}

// text gives what the alert of a line says.
func (s *spool) text(p extent) (string, error) {
	if p.size == 0 {
		return "", errNotKept
	}
	said := make([]byte, p.said)
	if err := s.read(said, p.at+int64(p.size)); err != nil {
		return "", err
	}
	return string(said), nil
}

func (s *spool) read(to []byte, at int64) error {
	s.mu.Lock()
	file, inBuffer := s.file, at >= s.end
	if begun := at - s.end; inBuffer {
		defer s.mu.Unlock()
		if begun+int64(len(to)) > int64(len(s.buffer)) {
			return errNotKept
		}
		copy(to, s.buffer[begun:])
		return nil
	}
	s.mu.Unlock()
	if _, err := file.ReadAt(to, at); err != nil {
		return fmt.Errorf("reading an alert line back: %w", err)
	}
	return nil
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
