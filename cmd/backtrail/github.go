package main

import (
	"os"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/signature"
)

// gitHubOfImage is --github without a repository: the image's own words say where to look.
const gitHubOfImage = "of-the-image"

// gitHub is GitHub's store of attestations, or nil where nobody asked for it: the question tells GitHub which digest
// somebody looks at. GITHUB_API_URL names another server, as in GitHub's own workflows.
func (s *session) gitHub() (*signature.Attestations, error) {
	f := s.flags
	if len(f.github) == 0 {
		return nil, nil
	}
	if f.offline {
		return nil, usage("--github asks GitHub, and --offline forbids that: leave out one of them")
	}
	o := signature.AttestationOptions{
		Base: os.Getenv("GITHUB_API_URL"), Token: os.Getenv("GH_TOKEN"), UserAgent: "backtrail/" + version,
		Log: s.gitHubRequest,
	}
	for _, name := range f.github {
		if name != gitHubOfImage {
			o.Repositories = append(o.Repositories, name)
		}
	}
	a, err := signature.NewAttestations(o)
	if err != nil {
		return nil, usage("%w", err)
	}
	return a, nil
}

// gitHubRequest puts a request to GitHub into the open case.
func (s *session) gitHubRequest(method, url string, status int, bytes int64) {
	if say := s.say.Load(); say != nil {
		(*say)(inspect.Event{Fact: inspect.Request{Method: method, URL: url, Status: status, Bytes: bytes}})
	}
}
