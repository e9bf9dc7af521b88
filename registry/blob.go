package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// blob streams a blob of the repository, from the store if it is there.
func (r *repository) blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	digest := hashString(desc.Digest)
	if !IsDigest(digest) {
		return nil, fmt.Errorf("opening blob %q: it is not sha256:<hex>", digest)
	}
	// The copy is hashed again while it is read: a disk that lost a sector must not show as an image that was altered.
	if cached, err := r.store.openVerified(digest); err == nil {
		return cached, nil
	}
	t := &transfer{
		ctx: ctx, repo: r, scope: scopeOf(ctx), digest: digest, limit: blobLimit(desc.Size),
		resumes: MaxResumes, slow: maxSlow, sleep: sleep,
	}
	if err := t.start(); err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", digest, err)
	}
	return t, nil
}

// blobLimit returns how many bytes of a blob are read whose descriptor claims a size, -1 for none. What is longer
// than its descriptor never fits; the slack keeps the report exact where the claim is only a little off.
func blobLimit(size int64) int64 {
	if size < 0 {
		return MaxLayerBytes
	}
	return min(MaxLayerBytes, 2*size+sizeSlack)
}

// transfer is a blob on its way. Where the connection breaks or becomes too slow, it resumes at that byte.
type transfer struct {
	ctx     context.Context
	repo    *repository
	scope   *Scope
	digest  string
	limit   int64 // bytes
	offset  int64 // bytes handed out
	resumes int   // how often it may still resume
	slow    int   // how often it may still resume after it was too slow
	body    io.ReadCloser
	cancel  context.CancelFunc
	sleep   func(context.Context, time.Duration) error
}

// start opens the transfer at the byte where it stands. Errors: those of the request, and an answer that begins
// elsewhere.
func (t *transfer) start() error {
	ctx, cancel := context.WithCancel(t.ctx)
	// Range requests for blobs: distribution-spec, "Pulling blobs"; RFC 9110, 14.2. A server may ignore them.
	header := http.Header{}
	if t.offset > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", t.offset))
	}
	resp, err := t.repo.do(ctx, http.MethodGet, "blobs/"+t.digest, header)
	if err != nil {
		cancel()
		return err
	}
	if err := t.check(resp); err != nil {
		_ = resp.Body.Close()
		cancel()
		return err
	}
	t.body, t.cancel = resp.Body, cancel
	return nil
}

// check accepts an answer that begins where the transfer broke, or skips what was read if the server ignores ranges.
func (t *transfer) check(resp *http.Response) error {
	if t.offset == 0 {
		return t.repo.checkStatus(resp, http.StatusOK)
	}
	if err := t.repo.checkStatus(resp, http.StatusOK, http.StatusPartialContent); err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		_, err := io.CopyN(io.Discard, spender{contextReader{t.ctx, resp.Body}, t.scope}, t.offset)
		return err
	}
	// bytes from elsewhere would be glued to those that were read, and the digest would accuse the image
	if !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", t.offset)) {
		return fmt.Errorf("the registry continues at another place (%q)", resp.Header.Get("Content-Range"))
	}
	return nil
}

// spender charges what it reads to a scope.
type spender struct {
	r     io.Reader
	scope *Scope
}

func (s spender) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if over := s.scope.spend(int64(n)); over != nil {
		return n, over
	}
	return n, err
}

// Read returns the next bytes. Errors: *LimitError past what the descriptor allows, or past the budget of the case;
// *SlowError.
func (t *transfer) Read(p []byte) (int, error) {
	for {
		if t.body == nil {
			return 0, errors.New("reading blob: it is closed")
		}
		n, err := t.body.Read(p)
		t.offset += int64(n)
		if t.offset > t.limit {
			return 0, &LimitError{What: "blob in bytes", Limit: t.limit}
		}
		if over := t.scope.spend(int64(n)); over != nil {
			return 0, over
		}
		// Bytes first: an error that comes with them is met again by the next read, after the caller has them.
		if n > 0 || errors.Is(err, io.EOF) {
			// Any other error is returned again by the next read.
			if n > 0 && !errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		}
		if err == nil {
			continue
		}
		if err := t.resume(err); err != nil {
			return 0, fmt.Errorf("reading blob %s at byte %d: %w", t.digest, t.offset, err)
		}
	}
}

// resume starts again where the transfer broke, a bounded number of times, with a growing pause before each.
func (t *transfer) resume(broken error) error {
	t.stop()
	// A server that is slow once may be one of several; slow twice, it is what there is, and the layer is unknown.
	if errors.As(broken, new(*SlowError)) {
		if t.slow--; t.slow < 0 {
			return broken
		}
	}
	for try := 0; t.resumes > 0 && t.ctx.Err() == nil; try++ {
		t.resumes--
		if err := t.sleep(t.ctx, resumePause(MaxResumes-t.resumes)); err != nil {
			return err
		}
		err := t.start()
		if err == nil {
			return nil
		}
		if final(err) {
			return err
		}
		broken = err
	}
	return errors.Join(broken, t.ctx.Err())
}

// resumePause returns how long to wait before a transfer resumes for the nth time, from 1.
func resumePause(n int) time.Duration {
	return min(resumeFirst<<(n-1), resumeLongest)
}

// final reports whether an error will be the same next time.
// What a broken connection or a busy server answers is not among them: that may be other in a second.
func final(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.As(err, new(*AuthError)) || errors.As(err, new(*LimitError)) ||
		errors.As(err, new(*RateLimitError)) || errors.As(err, new(*SlowError))
}

func (t *transfer) stop() {
	if t.body == nil {
		return
	}
	t.cancel()
	_ = t.body.Close()
	t.body = nil
}

// Close ends the transfer.
func (t *transfer) Close() error {
	t.stop()
	return nil
}
