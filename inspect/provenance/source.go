package provenance

import (
	"regexp"
	"strings"
)

// source is a repository at a ref and commit, as far as they are named.
type source struct {
	repo   string // as said: git+https://github.com/acme/app, without ref
	ref    string // refs/heads/main
	commit string
	from   string // who says so, where it is not the statement: the certificate
}

var commitHex = regexp.MustCompile(`^[0-9a-f]{40}$`)

var commitPath = regexp.MustCompile(`^(https://[^/]+/.+)/commit/([0-9a-f]{40})$`)

// parseSource takes a source URI apart. Known forms: SLSA's and SPDX's URI@REF, BuildKit's URL#REF:DIRECTORY, Google
// Cloud Build's older https://github.com/OWNER/NAME/commit/SHA.
//
// Examples: git+https://github.com/acme/app@refs/heads/main, https://github.com/acme/app.git#v1.0:docker,
// ssh://git@host/app@refs/tags/v1. What fits no form is the repository as it is written.
func parseSource(uri string, digest map[string]string) source {
	s := source{repo: uri, commit: gitCommit(digest)}
	if m := commitPath.FindStringSubmatch(uri); m != nil {
		s.repo, s.commit = m[1], m[2]
		return s
	}
	if repo, fragment, ok := strings.Cut(uri, "#"); ok {
		ref, _, _ := strings.Cut(fragment, ":")
		s.repo = repo
		if commitHex.MatchString(ref) {
			s.commit = ref
		} else {
			s.ref = ref
		}
		return s
	}
	// The ref stands after the path; an @ before it belongs to user@host.
	path := strings.Index(uri, "://") + 1
	if path > 0 {
		path += len("//")
	}
	if slash := strings.IndexByte(uri[path:], '/'); slash >= 0 {
		if at := strings.IndexByte(uri[path+slash:], '@'); at >= 0 {
			s.repo, s.ref = uri[:path+slash+at], uri[path+slash+at+1:]
		}
	}
	return s
}

// isGit reports whether a URI names a git repository.
// The prefix is that of SPDX's package download locations.
func isGit(uri string) bool { return strings.HasPrefix(uri, "git+") }

// normalizeRepo writes a repository as git+SCHEME://HOST/PATH; a person may leave out git+ and https://.
// Nothing else is changed: upper case, ports and user names are part of what is compared.
func normalizeRepo(uri string) string {
	switch {
	case strings.HasPrefix(uri, "git+"):
		return uri
	case strings.Contains(uri, "://"):
		return "git+" + uri
	default:
		return "git+https://" + uri
	}
}

// sameRepo reports whether the repository which a statement names is the expected one: exactly, host and path, as
// slsa-verifier compares. Tekton and GitLab write the .git that git itself does not need; only that is let pass, and
// only on the side of the statement.
func sameRepo(said, expected string) bool {
	said, expected = normalizeRepo(said), normalizeRepo(expected)
	return said == expected || strings.TrimSuffix(said, ".git") == expected
}

// alike reports whether two claims name the same repository, each in its own way.
func alike(a, b string) bool { return sameRepo(a, b) || sameRepo(b, a) }
