package sbom

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/anchore/syft/syft/file"
)

// question is what a cataloguer asked of an image, and a digest of the answer. What a file holds is no question: a
// location that was given as an answer names its content.
type question struct {
	kind   questionKind
	words  string // paths, patterns or types, one a line
	answer string
}

// questionKind is one of the ways in which a cataloger looks for files.
type questionKind byte

const (
	byPath questionKind = iota
	byGlob
	byType
	whether // there is anything at a path
)

// ask asks it of another image.
func (q question) ask(r *resolver) string {
	words := strings.Split(q.words, "\n")
	switch q.kind {
	case byPath:
		return r.digest(r.FilesByPath(words...))
	case byGlob:
		return r.digest(r.FilesByGlob(words...))
	case byType:
		return r.digest(r.FilesByMIMEType(words...))
	default:
		return strconv.FormatBool(r.HasPath(q.words))
	}
}

// digest stands for an answer: the paths, layers and contents of the files in their order, or the error. An error is an
// answer too. Words end with a zero byte, which no path holds, so that two lists never give one digest by their
// borders.
func (r *resolver) digest(found []file.Location, err error) string {
	if err != nil {
		return err.Error()
	}
	h := sha256.New()
	for _, l := range found {
		sum := ""
		if n := r.node(l); n != nil {
			sum = n.SHA256
		}
		for _, word := range []string{l.AccessPath, l.RealPath, l.FileSystemID, sum} {
			h.Write([]byte(word))
			h.Write([]byte{0})
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// listener is a resolver that writes down what it is asked.
type listener struct {
	*resolver
	mu    sync.Mutex
	asked []question
	whole bool // the questions do not determine the answer: it was asked for everything, or a file could not be opened
}

var _ file.Resolver = (*listener)(nil)

// note records one look with its result. A word with a line break would read as two questions; what rests on it is not
// remembered.
func (l *listener) note(kind questionKind, words []string, answer string) {
	text := strings.Join(words, "\n")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = l.whole || strings.Count(text, "\n") != len(words)-1
	l.asked = append(l.asked, question{kind, text, answer})
}

// HasPath asks on, and notes it.
func (l *listener) HasPath(p string) bool {
	is := l.resolver.HasPath(p)
	l.note(whether, []string{p}, strconv.FormatBool(is))
	return is
}

// FilesByPath asks on, and notes it.
func (l *listener) FilesByPath(paths ...string) ([]file.Location, error) {
	found, err := l.resolver.FilesByPath(paths...)
	l.note(byPath, paths, l.digest(found, err))
	return found, err
}

// FilesByGlob asks on, and notes it.
func (l *listener) FilesByGlob(patterns ...string) ([]file.Location, error) {
	found, err := l.resolver.FilesByGlob(patterns...)
	l.note(byGlob, patterns, l.digest(found, err))
	return found, err
}

// FilesByMIMEType asks on, and notes it.
func (l *listener) FilesByMIMEType(types ...string) ([]file.Location, error) {
	found, err := l.resolver.FilesByMIMEType(types...)
	l.note(byType, types, l.digest(found, err))
	return found, err
}

// RelativeFileByPath asks on, and notes it as a question for the path alone: the squashed scope has no other.
func (l *listener) RelativeFileByPath(_ file.Location, p string) *file.Location {
	return first(l.FilesByPath(p))
}

// AllLocations asks on; what rests on it is not remembered.
func (l *listener) AllLocations(ctx context.Context) <-chan file.Location {
	l.mu.Lock()
	l.whole = true
	l.mu.Unlock()
	return l.resolver.AllLocations(ctx)
}

// FileContentsByLocation opens a file. What rests on one that was refused is not remembered: a recollection has no
// reason.
func (l *listener) FileContentsByLocation(at file.Location) (io.ReadCloser, error) {
	c, err := l.resolver.FileContentsByLocation(at)
	if err != nil {
		l.mu.Lock()
		l.whole = true
		l.mu.Unlock()
	}
	return c, err
}
