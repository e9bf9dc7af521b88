package inspect

import "context"

// PastImage is an image that was looked at before, as it is kept: what was found in it, without what depends on a
// place.
type PastImage struct {
	Image Image
	Seen  Time // when it was last looked at
}

// PastImages gives the images of a repository (HOST/PATH, without tag and digest) that were looked at before, the
// newest first. What is kept on one machine is no expectation: it may raise a finding, and lowers none. A nil function
// has none.
type PastImages func(ctx context.Context, repository string) ([]PastImage, error)
