package signature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// AskedGitHub is GitHub's store as StoreReply names it.
const AskedGitHub = "github"

// labelSource is where an image claims that its source is (OCI image-spec, annotations).
const labelSource = "org.opencontainers.image.source"

// askGitHub asks GitHub's store, where a person allows that, after the others: what they hold may name the repository.
// It runs last, since the bundles of other stores may name the repository to ask about.
func (e *examiner) askGitHub(ctx context.Context, digests []string) {
	if e.GitHub == nil {
		return
	}
	repositories := e.repositories()
	for _, d := range digests {
		q := query{store: AskedGitHub, subject: d}
		if len(repositories) == 0 {
			e.collect(ctx, q, storeResult{err: errors.New(
				"the image does not name its repository on GitHub: --github=OWNER/REPO names it")})
			continue
		}
		found, err := e.attested(ctx, repositories, d)
		reply := q.reply(storeResult{err: err}, found)
		if found == 0 && err == nil {
			reply.Detail = "GitHub has nothing about it in " + strings.Join(repositories, ", ") + " that we may see"
		}
		e.reply(q, reply)
	}
}

// attested judges what GitHub holds about a digest in any of the repositories, and counts it.
// A repository that does not answer hides no other.
func (e *examiner) attested(ctx context.Context, repositories []string, digest string) (found int, err error) {
	for _, r := range repositories {
		bundles, bad := e.bundlesOf(ctx, r, digest)
		if bad != nil {
			err = errors.Join(err, bad)
		}
		for _, data := range bundles {
			if len(e.out.rows) >= maxSignatures {
				return found, errors.Join(err, fmt.Errorf("there are more than %d signatures", maxSignatures))
			}
			found++
			e.put(digestOf(data), data)
			e.load()
			hash, _ := v1.NewHash(digestOf(data))
			e.judgeBundle(ctx, item{
				match: match{store: StoreGitHub}, form: mediaBundle,
				desc: v1.Descriptor{Digest: hash},
			}, data)
		}
	}
	return found, err
}

// bundlesOf gives what was kept, or else asks.
func (e *examiner) bundlesOf(ctx context.Context, repository, digest string) (all [][]byte, err error) {
	if e.GitHub.kept != nil {
		return e.GitHub.kept[digest], nil
	}
	err = protect("asking GitHub", func() (err error) {
		all, err = e.GitHub.bundles(ctx, repository, digest)
		return err
	})
	return all, err
}

// repositories are those that the person named; else what certificates, the image's label and its name give, in this
// order. None of it is believed: it only shows where to look.
// They come from flags, from certificates of signatures that were found, and from the image's label.
func (e *examiner) repositories() []string {
	if e.GitHub.kept != nil {
		return []string{"the bundle"}
	}
	if len(e.GitHub.repositories) > 0 {
		return e.GitHub.repositories
	}
	var all []string
	add := func(name string) {
		if isRepository(name) && !slices.Contains(all, name) && len(all) < maxRepositories {
			all = append(all, name)
		}
	}
	for _, row := range e.out.rows {
		if row.Certificate != nil {
			add(onGitHub(row.Certificate.Extensions["sourceRepositoryURI"]))
			add(row.Certificate.Extensions["githubWorkflowRepository"])
		}
	}
	add(onGitHub(e.source))
	if e.shelf.loc.Host == "ghcr.io" {
		add(firstTwo(e.shelf.loc.Repository))
	}
	return all
}

// onGitHub is OWNER/REPO of an address on github.com.
// It returns nothing for an address elsewhere, or one that is no repository.
func onGitHub(uri string) string {
	path, ok := strings.CutPrefix(strings.TrimPrefix(uri, "git+"), "https://github.com/")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(firstTwo(path), ".git")
}

// firstTwo is OWNER/REPO at the beginning of a path; empty where there are not two parts.
func firstTwo(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// reply keeps what a store answered, and what could not be asked of it.
// A store that could not be asked leaves the image open, with its detail as the reason.
func (e *examiner) reply(q query, r inspect.StoreReply) {
	e.out.replies = append(e.out.replies, r)
	if r.Status == inspect.StoreUnreachable {
		e.out.open = append(e.out.open, fmt.Sprintf("not everything in the store %s about %s could be read: %s",
			q.store, q.subject, r.Detail))
	}
}

// ofGitHub reports whether the certificate names GitHub's own authority, which is in no other trusted root.
// It chooses only the words of a hint.
func (s *sigstoreBundle) ofGitHub() bool {
	return s.cert != nil && slices.Contains(s.cert.Issuer.Organization, "GitHub, Inc.")
}
