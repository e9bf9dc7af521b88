package shop

import (
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// onBase makes one of the shop's small images: Debian's base and one program.
func onBase(base layer, repository, tag string, built time.Time) (image, error) {
	p, err := program{says: repository + " " + tag}.at("app/server")
	if err != nil {
		return image{}, err
	}
	own, err := steps(
		step{by: "COPY server /app/ # buildkit", when: built, files: []file{p}},
		step{by: `ENTRYPOINT ["/app/server"]`, when: built},
	)
	if err != nil {
		return image{}, err
	}
	return newImage(repository, tag, built, v1.Config{User: "10001", Entrypoint: []string{"/app/server"}}, append([]layer{base}, own...))
}

// newReport makes the image of the job that writes reports, with the layer on top that whoever had the registry's
// credentials built onto it too.
func newReport(base, dropped layer) (image, error) {
	p, err := program{says: "shop/report 0.3.1"}.at("app/report")
	if err != nil {
		return image{}, err
	}
	own, err := steps(
		step{by: "COPY report /app/ # buildkit", when: on(12, 16, 2, 45), files: []file{p}},
		step{by: `ENTRYPOINT ["/app/report"]`, when: on(12, 16, 2, 45)},
	)
	if err != nil {
		return image{}, err
	}
	layers := append(append([]layer{base}, own...), dropped)
	return newImage("shop/report", "0.3.1", at(13, 58, 40), v1.Config{User: "10001", Entrypoint: []string{"/app/report"}}, layers)
}

// newProxy makes the sidecar's image, in the manner of distroless: each package is a file of its own in status.d, and
// there is no shell.
func newProxy(built time.Time) (image, error) {
	files := append(skeleton(), text("etc/passwd", passwd), symlink("etc/os-release", "../usr/lib/os-release"))
	for _, p := range named(basePackages(), "base-files", "libc6", "zlib1g") {
		content, err := p.content()
		if err != nil {
			return image{}, err
		}
		stanza, err := p.stanza()
		if err != nil {
			return image{}, err
		}
		sums, err := p.sums()
		if err != nil {
			return image{}, err
		}
		at := "var/lib/dpkg/status.d/" + p.name
		files = append(files, slices.Concat(content, []file{text(at, stanza), text(at+".md5sums", sums)})...)
	}
	p, err := program{says: "mesh proxy 1.22.3"}.at("usr/local/bin/mesh-proxy")
	if err != nil {
		return image{}, err
	}
	layers, err := steps(
		step{by: "bazel build //base:debian12", when: built.Add(-time.Hour), files: files},
		step{by: "COPY mesh-proxy /usr/local/bin/ # buildkit", when: built, files: []file{p}},
		step{by: `ENTRYPOINT ["/usr/local/bin/mesh-proxy"]`, when: built},
	)
	if err != nil {
		return image{}, err
	}
	return newImage("mesh/proxy", "1.22.3", built, v1.Config{User: "1337", Entrypoint: []string{"/usr/local/bin/mesh-proxy"}}, layers)
}
