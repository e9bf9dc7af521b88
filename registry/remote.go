package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// repository is one repository of a registry, queried where the mappings point.
type repository struct {
	shown   string          // host as the image names it
	repo    name.Repository // what is asked
	trip    http.RoundTripper
	store   *Store
	sources []keySource

	mu      sync.Mutex
	conn    *connection
	next    int      // source to ask next; len(sources) is nobody, len(sources)+1 the end
	tried   []string // in words
	refused *AuthError
	until   time.Time // how long refused is repeated without asking
}

// connection is a way in with one set of credentials.
type connection struct {
	client *http.Client
	words  string
	proven bool // it has been let in once, so a refusal is about the request and not about the credentials
}

// refusedFor is how long a refusal is repeated without asking again: the checks of a case come together, and none of
// them should start the credential helpers anew; a person who logs in meanwhile is slower.
const refusedFor = 10 * time.Second

// do makes a request with the first credentials that are let in, nobody's at last. It returns any answer but 401, 403.
// Errors: *AuthError, *RateLimitError, *StatusError.
func (r *repository) do(ctx context.Context, method, path string, header http.Header) (*http.Response, error) {
	target := url.URL{Scheme: r.repo.Scheme(), Host: r.repo.RegistryStr(), Path: "/v2/" + r.repo.RepositoryStr() +
		"/" + path}
	return r.doURL(ctx, method, target, header)
}

// doURL is do for any address of this registry. Each round uses the next credentials: the loop ends since their number
// is finite.
func (r *repository) doURL(ctx context.Context, method string, target url.URL,
	header http.Header,
) (*http.Response, error) {
	for {
		conn, err := r.connect(ctx)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
		if err != nil {
			return nil, err
		}
		req.Header = header.Clone()
		resp, err := conn.client.Do(req)
		status := statusOf(resp, err)
		if err != nil && status == 0 {
			return nil, plain(err)
		}
		// A refusal by another host, behind a redirect, is about that host's link and not about these credentials.
		if err == nil && !(denied(status) && resp.Request.URL.Host == target.Host) {
			r.letIn(conn)
			return resp, nil
		}
		if resp != nil {
			drain(resp.Body)
		}
		if again := r.refuse(conn, status); !again {
			return nil, r.authError(status, []string{conn.words})
		}
	}
}

// denied reports 401 and 403; registries differ in which one they give for a missing permission.
func denied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// statusOf finds the refusal in an answer, or in the error of a token service.
func statusOf(resp *http.Response, err error) int {
	var refusal *transport.Error
	if errors.As(err, &refusal) && denied(refusal.StatusCode) {
		return refusal.StatusCode
	}
	if err != nil || resp == nil {
		return 0
	}
	return resp.StatusCode
}

// plain takes off http.Client's wrapping, which repeats the URL with its query.
func plain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return fmt.Errorf("%s: %w", strings.ToLower(wrapped.Op), wrapped.Err)
	}
	return err
}

// letIn notes that the credentials are good.
func (r *repository) letIn(conn *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	conn.proven = true
}

// refuse reports whether other credentials are left to try.
func (r *repository) refuse(conn *connection, status int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Credentials that were let in once are good: a 403 now is about one tag or one repository scope.
	if conn.proven {
		return false
	}
	if r.conn == conn { // else another request has been here already
		r.note(conn.words, status)
		r.conn = nil
	}
	return true
}

// note remembers what was tried, for the error. The caller holds the lock.
func (r *repository) note(words string, status int) {
	r.tried = append(r.tried, fmt.Sprintf("%s (%d)", words, status))
}

// connect returns the present way in, or makes one with the next credentials. Errors: *AuthError once none are left.
func (r *repository) connect(ctx context.Context) (*connection, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused != nil && time.Now().Before(r.until) {
		return nil, r.refused
	}
	r.refused = nil
	for r.conn == nil {
		// The order starts anew after a pause: a person may have logged in meanwhile.
		if r.next > len(r.sources) {
			r.refused, r.until = r.authError(http.StatusUnauthorized, r.tried), time.Now().Add(refusedFor)
			r.next, r.tried = 0, nil
			return nil, r.refused
		}
		auth, words := r.credentials(ctx)
		if auth == nil {
			continue
		}
		// The transport pings /v2/ and takes the challenge (distribution-spec, "Authentication"). It adds credentials
		// for this registry's host only, so that a redirect does not carry them along.
		tr, err := transport.NewWithContext(ctx, r.repo.Registry, auth, r.trip,
			[]string{r.repo.Scope(transport.PullScope)})
		if status := statusOf(nil, err); status != 0 {
			r.note(words, status)
			continue
		}
		if errors.Is(err, errInClear) {
			r.tried = append(r.tried, fmt.Sprintf("%s (%v)", words, errInClear))
			continue
		}
		if err != nil {
			r.next, r.tried = 0, nil
			return nil, fmt.Errorf("connecting to %s: %w", r.repo.RegistryStr(), plain(err))
		}
		r.conn = &connection{client: &http.Client{Transport: tr, CheckRedirect: checkRedirect}, words: words}
		r.account(ctx, auth, words)
	}
	return r.conn, nil
}

// account names to the scope of the case as whom the registry is read: the user, and never the secret.
func (r *repository) account(ctx context.Context, auth authn.Authenticator, source string) {
	tell := scopeOf(ctx).Account
	if tell == nil {
		return
	}
	user := ""
	if config, err := auth.Authorization(); err == nil && config != nil {
		user = config.Username
	}
	tell(showHost(r.repo.RegistryStr()), user, source)
}

// credentials asks the next source; nil means that it has none.
func (r *repository) credentials(ctx context.Context) (authn.Authenticator, string) {
	i := r.next
	r.next++
	if i == len(r.sources) {
		return authn.Anonymous, "without credentials"
	}
	source := r.sources[i]
	if !source.serves(r.repo.RegistryStr()) {
		return nil, ""
	}
	auth, err := source.ask(ctx, r.repo, HelperTimeout)
	if err != nil {
		r.tried = append(r.tried, fmt.Sprintf("%s (%v)", source.name, err))
		return nil, ""
	}
	if auth == nil {
		r.tried = append(r.tried, fmt.Sprintf("%s (nothing for %s)", source.name, r.repo.RegistryStr()))
		return nil, ""
	}
	return auth, source.name
}

// authError is the refusal with all that was tried and the command that helps.
func (r *repository) authError(status int, tried []string) *AuthError {
	return &AuthError{Host: showHost(r.repo.RegistryStr()), Status: status, Tried: tried, Hint: "try: " +
		loginHint(showHost(r.repo.RegistryStr()))}
}
