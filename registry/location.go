package registry

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Kind describes what sort of place a Location is.
type Kind string

// The kinds of places. What a local place really holds is recognized by its content; the kind is what the user named.
const (
	KindRemote        Kind = "registry"
	KindLayout        Kind = "oci"
	KindArchive       Kind = "oci-archive"
	KindDockerArchive Kind = "docker-archive"
	KindPath          Kind = "path"
)

// Location describes where an image is. It is comparable.
type Location struct {
	Kind       Kind
	Path       string // of a local place
	Host       string // of a registry, such as "docker.io" or "127.0.0.1:5000"
	Repository string // in the registry, such as "library/nginx"
	Tag        string // tag, or name in a layout or archive; empty when not given
	Digest     string // sha256:<hex>; wins over the tag; empty when not given
}

// dockerHost is what people call Docker Hub; index.docker.io is what go-containerregistry calls it.
const dockerHost = "docker.io"

var (
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	tagForm    = regexp.MustCompile(`^\w[\w.-]{0,127}$`) // distribution-spec, "Pulling manifests"
	digestTail = regexp.MustCompile(`@(sha256:[0-9a-f]{64})$`)
)

// IsDigest reports whether text is a digest in the one form that is used here, sha256:<hex>.
func IsDigest(text string) bool { return digestForm.MatchString(text) }

// Parse reads a target: "oci:DIR[:TAG|@DIGEST]", "oci-archive:FILE[…]", "docker-archive:FILE[…]", a path that begins
// with "/", "./" or "../", or an image reference, also as nodes write it ("docker-pullable://…@sha256:…") and with
// both tag and digest. Where a path with a colon could end at several places, the longest that exists wins.
func Parse(target string) (Location, error) {
	if strings.ContainsRune(target, 0) {
		return Location{}, errors.New("parsing image location: it contains a NUL byte")
	}
	for _, kind := range []Kind{KindLayout, KindArchive, KindDockerArchive} {
		if rest, ok := strings.CutPrefix(target, string(kind)+":"); ok {
			return parsePath(kind, rest)
		}
	}
	for _, prefix := range []string{"/", "./", "../"} {
		if strings.HasPrefix(target, prefix) {
			return parsePath(KindPath, target)
		}
	}
	return ParseReference(target)
}

// parsePath splits a path from the tag or digest behind it.
func parsePath(kind Kind, text string) (Location, error) {
	loc := Location{Kind: kind, Path: text}
	// a path with a colon or an @ in it is taken whole where it exists: it is what the person sees
	if exists(text) {
		return loc, nil
	}
	if m := digestTail.FindStringSubmatch(text); m != nil {
		loc.Path, loc.Digest = strings.TrimSuffix(text, m[0]), m[1]
	} else {
		loc.Path, loc.Tag = cutTag(text, kind)
	}
	if loc.Path == "" {
		return Location{}, fmt.Errorf("parsing image location %q: there is no path in it", string(kind)+":"+text)
	}
	return loc, nil
}

// cutTag splits PATH:TAG. Names in layouts hold colons themselves (docker.io/library/nginx:1), so the longest path
// that exists ends before the tag. Where none exists, the first colon ends the path of a form that may have a tag.
func cutTag(text string, kind Kind) (path, tag string) {
	for i := len(text) - 1; i > 0; i-- {
		if text[i] == ':' && exists(text[:i]) {
			return text[:i], text[i+1:]
		}
	}
	if kind == KindLayout {
		path, tag, _ = strings.Cut(text, ":")
		return path, tag
	}
	return text, ""
}

// exists reports whether something is at a path, whatever it is.
func exists(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
}

// repositoryName is what the distribution specification allows (https://github.com/opencontainers/distribution-spec,
// Pulling manifests); the library is more generous.
var repositoryName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// hostName is a name or an address with a port or without one. One of dots alone would be read again as a path.
var hostName = regexp.MustCompile(`^(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?)(:[0-9]+)?$`)

// maxRepository is the longest name of a repository that clients take, "library/" of Docker Hub's own counted.
const maxRepository = 255

// ParseReference reads a reference to a registry, also as nodes write it ("docker-pullable://…@sha256:…"). Whatever a
// stranger wrote (a pod, a revision, a policy, an index, a bundle) is read by it and not by Parse: it never leads to
// a file of this machine, and its errors are the same whether such a file exists or not.
func ParseReference(text string) (Location, error) {
	if strings.ContainsRune(text, 0) {
		return Location{}, errors.New("parsing image reference: it contains a NUL byte")
	}
	for _, scheme := range []string{"docker-pullable://", "docker://"} {
		text = strings.TrimPrefix(text, scheme)
	}
	// the library would read sha256:… as repository sha256 with a long tag
	if IsDigest(text) {
		return Location{}, fmt.Errorf("parsing image reference %q: a digest alone names no repository", text)
	}
	base, digest := text, ""
	if m := digestTail.FindStringSubmatch(text); m != nil {
		base, digest = strings.TrimSuffix(text, m[0]), m[1]
	}
	// WeakValidation completes Docker Hub's short names (nginx is docker.io/library/nginx), as every runtime does.
	tag, err := name.NewTag(base, name.WeakValidation, name.WithDefaultTag(""))
	if err != nil {
		return Location{}, fmt.Errorf("parsing image reference %q: %w", text, err)
	}
	if !hostName.MatchString(tag.RegistryStr()) {
		return Location{}, fmt.Errorf("parsing image reference %q: %q is no host", text, tag.RegistryStr())
	}
	if !repositoryName.MatchString(tag.RepositoryStr()) || len(tag.RepositoryStr()) > maxRepository {
		return Location{}, fmt.Errorf("parsing image reference %q: %q is no name of a repository", text,
			tag.RepositoryStr())
	}
	loc := Location{
		Kind: KindRemote, Host: showHost(tag.RegistryStr()), Repository: tag.RepositoryStr(),
		Tag: tag.TagStr(), Digest: digest,
	}
	if loc.Tag == "" && loc.Digest == "" {
		loc.Tag = name.DefaultTag
	}
	return loc, nil
}

// showHost is a host as people write it.
func showHost(host string) string {
	if host == name.DefaultRegistry {
		return dockerHost
	}
	return host
}

// String returns a form that Parse reads again as the same location.
func (l Location) String() string {
	if l.Kind == "" {
		return ""
	}
	var b strings.Builder
	switch l.Kind {
	case KindRemote:
		b.WriteString(l.Host + "/" + l.Repository)
	case KindPath:
		b.WriteString(l.Path)
	default:
		b.WriteString(string(l.Kind) + ":" + l.Path)
	}
	if l.Tag != "" && (l.Kind == KindRemote || l.Digest == "") {
		b.WriteString(":" + l.Tag)
	}
	if l.Digest != "" {
		b.WriteString("@" + l.Digest)
	}
	return b.String()
}

// Name returns the place without tag and digest: "ghcr.io/acme/app", or the path.
func (l Location) Name() string {
	if l.Kind == KindRemote {
		return l.Host + "/" + l.Repository
	}
	return l.Path
}

// Local reports whether the place is a file or directory of this machine.
func (l Location) Local() bool { return l.Kind != KindRemote }

// At returns the same place pinned to a digest, sha256:<hex>; a remote tag stays for show.
func (l Location) At(digest string) Location {
	l.Digest = digest
	if l.Local() {
		l.Tag = ""
	}
	return l
}
