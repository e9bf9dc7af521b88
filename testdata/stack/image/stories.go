package image

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/testdata/stack/sleeper"
)

// What the images of the stories hold besides.
const (
	Miner       = "/usr/lib/apt/kdevtmpfsd" // in the base image: it looks like a miner and sleeps
	MinerStep   = "RUN /bin/sh -c apt-get install -y --no-install-recommends kdev # buildkit"
	Trojaned    = "/usr/bin/top" // of package procps, as that package's own database says
	TrojanFrom  = "2:4.0.2-3"
	TrojanTo    = "2:4.0.4-9"
	TrojanStep  = "RUN /bin/sh -c apt-get install -y procps # buildkit"
	ProxyDrop   = "/usr/local/bin/mesh-helper" // only in the sidecar that somebody swapped
	ProxyBinary = "/usr/local/bin/mesh-proxy"
)

// MinedBase is a base image that somebody built a miner into: what looks like one, and sleeps.
func MinedBase() (v1.Image, error) {
	return Build(Spec{Steps: minedBase(), Entrypoint: []string{"/usr/bin/sleep"}})
}

func minedBase() []Step {
	miner := File{Path: strings.TrimPrefix(Miner, "/"), Mode: 0o755, Body: sleeper.ELF("a look-alike, it does nothing", "\x00stratum+tcp://pool.mining.example:3333\x00--donate-level\x00")}
	return []Step{base(), {CreatedBy: MinerStep, Files: []File{miner}}, {CreatedBy: `CMD ["bash"]`}}
}

// OnMinedBase is an application on that base, which it names by label as builders do.
func OnMinedBase(app, baseName, baseDigest string) func() (v1.Image, error) {
	return func() (v1.Image, error) {
		spec := shop(append(minedBase(), Step{CreatedBy: "COPY server /app/server # buildkit", Files: []File{program("app/server", app+" is open")}})...)
		spec.Labels["org.opencontainers.image.base.name"] = baseName
		spec.Labels["org.opencontainers.image.base.digest"] = baseDigest
		return Build(spec)
	}
}

// Upgraded is the good shop after an upgrade of procps: top has other bytes, and the package's database records them.
func Upgraded() (v1.Image, error) {
	all := packages(ChangedFrom)
	var files []File
	for i, p := range all {
		if p.Name != "procps" {
			continue
		}
		all[i].Version = TrojanTo
		all[i].Files = []File{program("usr/bin/top", "top of "+TrojanTo), p.Files[1]}
	}
	for _, f := range Database(all...) {
		switch f.Path {
		case "usr/bin/top", "var/lib/dpkg/status", "var/lib/dpkg/info/procps.list", "var/lib/dpkg/info/procps.md5sums":
			files = append(files, f)
		}
	}
	return Build(shop(base(), server(), Step{CreatedBy: TrojanStep, Files: files}))
}

// Proxy is a sidecar's image: one program and its package database.
func Proxy() (v1.Image, error) { return Build(proxy()) }

// SwappedProxy is that sidecar with something else in it.
func SwappedProxy() (v1.Image, error) {
	return Build(proxy(Step{CreatedBy: "COPY mesh-helper /usr/local/bin/ # buildkit", Files: []File{program(strings.TrimPrefix(ProxyDrop, "/"), "a look-alike, it helps nobody")}}))
}

func proxy(more ...Step) Spec {
	steps := append([]Step{base(), {CreatedBy: "COPY mesh-proxy /usr/local/bin/ # buildkit", Files: []File{program(strings.TrimPrefix(ProxyBinary, "/"), "the mesh is up")}}}, more...)
	return Spec{Steps: append(steps, Step{CreatedBy: `ENTRYPOINT ["` + ProxyBinary + `"]`}), Entrypoint: []string{ProxyBinary}}
}
