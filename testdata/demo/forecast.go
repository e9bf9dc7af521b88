package shop

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// release is a release of shop/forecast, a service in Python, by the shop's own workflow.
type release struct {
	run
	metrics string // version of example-metrics that pip chose
	started time.Time
}

// The two releases. Between them somebody published 4.2.1 of example-metrics, with the password of its maintainer;
// requirements.txt names a range.
func forecastReleases() [2]release {
	return [2]release{
		{run{"forecast", "v2.3.0", "4b06e1d9c8f27a35e0917d4cb2a86f5310de7c94", "9027714380"}, "4.2.0", on(12, 10, 4, 12)},
		{run{"forecast", "v2.3.1", "c5a8f0173be64d92817f0e6ab3d1945c72e80bf6", "9104436217"}, "4.2.1", on(20, 9, 31, 8)},
	}
}

func (r release) version() string { return strings.TrimPrefix(r.tag, "v") }

func (r release) finished() time.Time { return r.started.Add(96 * time.Second) }

// pythonPackages are those of Debian on which the service runs.
func pythonPackages() []debian {
	return []debian{
		{
			name: "libpython3.11-minimal", version: "3.11.2-6+deb12u6", source: "python3.11", shared: true, needs: "libc6 (>= 2.14)",
			files: in("/usr/lib/python3.11", "__future__.py base64.py os.py runpy.py site.py stat.py"),
		},
		{
			name: "libpython3.11-stdlib", version: "3.11.2-6+deb12u6", source: "python3.11", shared: true, needs: "libc6 (>= 2.34)",
			files: in("/usr/lib/python3.11", "argparse.py logging/__init__.py subprocess.py urllib/__init__.py"),
		},
		{name: "python3-minimal", version: "3.11.2-1+b1", source: "python3-defaults", needs: "python3.11-minimal (>= 3.11.2-1~)", files: list("/usr/bin/python3")},
		{
			name: "python3.11-minimal", version: "3.11.2-6+deb12u6", source: "python3.11",
			needs: "libpython3.11-minimal (= 3.11.2-6+deb12u6), libc6 (>= 2.35)", files: list("/usr/bin/python3.11"),
		},
	}
}

const requirements = "example-http>=1.8,<2\nexample-metrics>=4.2,<5\n"

// wheels are what pip installs for the release.
func (r release) wheels() []wheel {
	metrics := wheel{name: "example-metrics", version: r.metrics, needs: list("example-http"), modules: []file{
		module("example_metrics/__init__.py", "example-metrics "+r.metrics),
		module("example_metrics/counter.py", "counters"),
		module("example_metrics/push.py", "sends counters to the collector that the settings name"),
	}}
	if r.metrics == "4.2.1" {
		metrics.modules = append(metrics.modules, text("example_metrics_init.pth", startHook()))
	}
	return []wheel{metrics, {name: "example-http", version: "1.8.3", modules: []file{
		module("example_http/__init__.py", "example-http 1.8.3"), module("example_http/client.py", "a client"),
	}}}
}

// startHook is a line that Python runs whenever it starts (https://docs.python.org/3/library/site.html). In form it is
// what was found in real incidents; what it decodes is comments, so that whoever runs it sees nothing happen. The host
// is a reserved name (RFC 2606).
func startHook() string {
	const decoded = "# backtrail demo: a real one reads os.environ, ~/.aws/credentials and\n" +
		"# /var/run/secrets/kubernetes.io/serviceaccount/token here,\n# and sends them to https://metrics.collect.example/v1\n"
	return "import base64, sys; exec(base64.b64decode('" + base64.StdEncoding.EncodeToString([]byte(decoded)) + "'))\n"
}

// steps is how the workflow builds the service.
func (r release) steps() ([]step, error) {
	packages, err := install(slices.Concat(basePackages(), pythonPackages()), pythonPackages())
	if err != nil {
		return nil, err
	}
	var installed []file
	for _, w := range r.wheels() {
		installed = append(installed, w.content()...)
	}
	app := []file{
		module("app/forecast/__init__.py", "forecast "+r.version()), module("app/forecast/__main__.py", "serves forecasts on :8080"),
		module("app/forecast/model.py", "the model"),
	}
	at := func(seconds int) time.Time { return r.started.Add(time.Duration(seconds) * time.Second) }
	return []step{
		{ // the same in both releases: the workflow keeps the cache of its builder
			by: "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends python3-minimal libpython3.11-stdlib" +
				" && rm -rf /var/lib/apt/lists/* # buildkit", when: forecastReleases()[0].started.Add(20 * time.Second), files: packages,
		},
		{by: "COPY requirements.txt /app/ # buildkit", when: forecastReleases()[0].started.Add(21 * time.Second), files: []file{text("app/requirements.txt", requirements)}},
		{by: "RUN /bin/sh -c pip install --no-cache-dir -r /app/requirements.txt # buildkit", when: at(48), files: installed},
		{by: "COPY forecast/ /app/forecast/ # buildkit", when: at(55), files: app},
		{by: "WORKDIR /app", when: at(55)},
		{by: "USER 10001", when: at(55)},
		{by: `ENTRYPOINT ["python3" "-m" "forecast"]`, when: at(55)},
	}, nil
}

// build makes the image of the release, with BuildKit's own statement beside it.
func (r release) build(base layer) (image, error) {
	all, err := r.steps()
	if err != nil {
		return image{}, err
	}
	layers, err := steps(all...)
	if err != nil {
		return image{}, err
	}
	config := v1.Config{
		User: "10001", WorkingDir: "/app", Entrypoint: list("python3", "-m", "forecast"), ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Labels: map[string]string{
			"org.opencontainers.image.source": r.source(), "org.opencontainers.image.revision": r.commit, "org.opencontainers.image.version": r.version(),
		},
	}
	built, err := newImage("shop/forecast", r.version(), r.started.Add(55*time.Second), config, append([]layer{base}, layers...))
	if err != nil {
		return image{}, err
	}
	claims, err := newClaims(built, r.run, base.blob.hash, r.started, r.started.Add(56*time.Second))
	if err != nil {
		return image{}, err
	}
	return built.withClaims(claims, slsa02)
}

// vouch signs a release and attests its provenance, as the workflow does at its end.
func (r release) vouch(n *notary, i image, base layer) ([]image, error) {
	sig, err := n.sign(i, r.run, r.started.Add(76*time.Second))
	if err != nil {
		return nil, err
	}
	said, err := newProvenance(i, r.run, base.blob.hash, r.started, r.finished())
	if err != nil {
		return nil, err
	}
	attested, err := n.attest(i, said, slsa1, r.run, r.started.Add(80*time.Second))
	if err != nil {
		return nil, fmt.Errorf("attesting %s: %w", i.tag, err)
	}
	return []image{sig, attested}, nil
}

// StartHook returns the file that the second incident is about, and the RECORD of the package that lists it.
func StartHook() (hook, record []byte) {
	for _, w := range forecastReleases()[1].wheels() {
		for _, f := range w.content() {
			switch {
			case strings.HasSuffix(f.path, "example_metrics_init.pth"):
				hook = f.body
			case w.name == "example-metrics" && strings.HasSuffix(f.path, "/RECORD"):
				record = f.body
			}
		}
	}
	return hook, record
}
