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
	if cached, err := r.store.openVerified(digest); err == nil {
		return cached, nil
	}
	t := &transfer{ctx: ctx, repo: r, digest: digest, resumes: MaxResumes}
	if err := t.start(); err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", digest, err)
	}
	return t, nil
}

// transfer is a blob on its way. Where the connection breaks or stands still, it is taken up again at that byte.
type transfer struct {
	ctx     context.Context
	repo    *repository
	digest  string
	offset  int64 // bytes handed out
	resumes int   // how often it may still be taken up again
	body    io.ReadCloser
	cancel  context.CancelFunc
	timer   *time.Timer // breaks off a transfer that stands still
}

func (t *transfer) start() error {
	ctx, cancel := context.WithCancel(t.ctx)
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
		cancel()
		_ = resp.Body.Close()
		return err
	}
	t.body, t.cancel = resp.Body, cancel
	t.timer = time.AfterFunc(t.repo.stall, cancel)
	return nil
}

// check takes an answer from where we are, or skips what we have if the server does not know ranges.
func (t *transfer) check(resp *http.Response) error {
	if t.offset == 0 {
		return t.repo.checkStatus(resp, http.StatusOK)
	}
	if err := t.repo.checkStatus(resp, http.StatusOK, http.StatusPartialContent); err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		_, err := io.CopyN(io.Discard, contextReader{t.ctx, resp.Body}, t.offset)
		return err
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", t.offset)) {
		return fmt.Errorf("the registry continues at another place (%q)", resp.Header.Get("Content-Range"))
	}
	return nil
}

// Read hands out the next bytes. Errors: *LimitError past MaxLayerBytes.
func (t *transfer) Read(p []byte) (int, error) {
	for {
		if t.body == nil {
			return 0, errors.New("reading blob: it is closed")
		}
		t.timer.Reset(t.repo.stall)
		n, err := t.body.Read(p)
		t.timer.Stop() // what the reader does between two reads is no standstill
		t.offset += int64(n)
		if t.offset > MaxLayerBytes {
			return 0, &LimitError{What: "blob in bytes", Limit: MaxLayerBytes}
		}
		if n > 0 || errors.Is(err, io.EOF) {
			// An error that came along comes again with the next read.
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

// resume starts again where the transfer broke, a bounded number of times.
func (t *transfer) resume(broken error) error {
	t.stop()
	for t.resumes > 0 && t.ctx.Err() == nil {
		t.resumes--
		err := t.start()
		if err == nil {
			return nil
		}
		var refusal *AuthError
		if errors.Is(err, ErrNotFound) || errors.As(err, &refusal) {
			return err
		}
		broken = err
	}
	return errors.Join(broken, t.ctx.Err())
}

func (t *transfer) stop() {
	if t.body == nil {
		return
	}
	t.timer.Stop()
	t.cancel()
	_ = t.body.Close()
	t.body = nil
}

// Close ends the transfer.
func (t *transfer) Close() error {
	t.stop()
	return nil
}
