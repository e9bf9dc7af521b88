package provenance

import (
	"net/url"
	"regexp"
	"strings"
)

// project is a repository of source as a place with an owner who may write: host, owner and name, whichever way its
// address is written.
type project struct{ host, owner, name string }

// scpAddress is the short form of ssh: git@github.com:acme/app.git.
var scpAddress = regexp.MustCompile(`^(?:[^@/:]+@)?([^/:]+):([^/].*)$`)

// runOf cuts the run, the job or the workflow off the address of a builder, which leaves the repository that it is of:
// https://github.com/acme/app/actions/runs/690, https://gitlab.com/acme/app/-/jobs/12.
var runOf = regexp.MustCompile(`/(?:actions/runs|-/|\.github/|pipelines/|jobs/|runs/).*$`)

// projectOf reads the address of a repository, or of a builder that belongs to one.
// It returns the zero value for what is no address. Owner and name are in lower case, since forges do not distinguish
// cases apart; groups of GitLab (a/b/c) are all in the owner.
func projectOf(address string) project {
	address = strings.TrimPrefix(strings.TrimSpace(address), "git+")
	address, _, _ = strings.Cut(address, "#")
	if m := scpAddress.FindStringSubmatch(address); m != nil && !strings.Contains(address, "://") {
		address = "ssh://" + m[1] + "/" + m[2]
	} else if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(runOf.ReplaceAllString(address, ""))
	if err != nil || u.Hostname() == "" {
		return project{}
	}
	path := strings.Trim(u.Path, "/")
	if name, _, ok := strings.Cut(path, "@"); ok { // URI@REF
		path = name
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	p := project{host: strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")}
	if at := strings.LastIndexByte(path, '/'); at >= 0 {
		p.owner, p.name = strings.ToLower(path[:at]), strings.ToLower(path[at+1:])
	} else {
		p.owner = strings.ToLower(path)
	}
	return p
}

// known reports whether there is an owner to compare.
// A text that is no address has neither.
func (p project) known() bool { return p.host != "" && p.owner != "" }

// foreign reports whether another owner answers for a project: another owner on the same host. Two hosts may be a move
// of the same people or not, which the owner's name does not decide: only both being other is foreign.
func (p project) foreign(before project) bool {
	return p.known() && before.known() && p.owner != before.owner
}
