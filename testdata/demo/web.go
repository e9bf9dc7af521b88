package shop

import (
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// goodWebSteps is how the shop builds its web server.
func goodWebSteps() ([]step, error) {
	packages, err := install(slices.Concat(basePackages(), webPackages()), webPackages())
	if err != nil {
		return nil, err
	}
	server, err := program{says: "shop web 1.4.2, listening on :8080"}.at("app/web")
	if err != nil {
		return nil, err
	}
	return []step{
		{
			by: "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl openssl procps xz-utils" +
				" && rm -rf /var/lib/apt/lists/* # buildkit",
			when:  at(8, 12, 58),
			files: append(packages, text("etc/ssl/certs/ca-certificates.crt", "# certificates of ca-certificates\n")),
		},
		{by: "RUN /bin/sh -c useradd --uid 10001 --no-create-home web # buildkit", when: at(8, 13, 4), files: []file{
			text("etc/passwd", passwd+"web:x:10001:10001::/app:/usr/sbin/nologin\n"), text("etc/group", "root:x:0:\nnogroup:x:65534:\nweb:x:10001:\n"),
		}},
		{by: "WORKDIR /app", when: at(8, 13, 4)},
		{by: "COPY public/ /app/public/ # buildkit", when: at(8, 13, 11), files: pages()},
		{by: "COPY web start.sh /app/ # buildkit", when: at(8, 13, 20), files: []file{server, script("app/start.sh", startGood)}},
		{by: "EXPOSE map[8080/tcp:{}]", when: at(8, 13, 20)},
		{by: "USER 10001", when: at(8, 13, 20)},
		{by: `ENTRYPOINT ["/app/start.sh"]`, when: at(8, 13, 20)},
	}, nil
}

const startGood = "#!/bin/sh\nset -eu\nexec /app/web --listen :8080\n"

// startBad also starts what was dropped.
const startBad = "#!/bin/sh\nset -eu\n/var/tmp/.font/fontd >/dev/null 2>&1 &\nexec /app/web --listen :8080\n"

// pages are what the web server shows.
func pages() []file {
	var all []file
	for _, name := range list("index", "cart", "checkout", "imprint", "login", "orders", "privacy", "search") {
		all = append(all, text("app/public/"+name+".html", "<!doctype html><title>shop: "+name+"</title>\n"))
	}
	for n := range 24 {
		all = append(all, text(fmt.Sprintf("app/public/articles/%04d.html", 1001+n), fmt.Sprintf("<!doctype html><title>article %d</title>\n", 1001+n)))
	}
	return append(all, text("app/public/style.css", "body { font-family: Shop, sans-serif }\n"), text("app/public/shop.js", "console.log(\"shop\")\n"))
}

// badWebSteps is what somebody built on top of the image that the shop had released.
func badWebSteps() ([]step, error) {
	const version = "5.6.1-1"
	all := upgraded(slices.Concat(basePackages(), webPackages()), version, "liblzma5", "xz-utils")
	xz, err := install(all, named(all, "liblzma5", "xz-utils"))
	if err != nil {
		return nil, err
	}
	dropped, err := droppedFiles()
	if err != nil {
		return nil, err
	}
	return []step{
		{
			by:    "RUN /bin/sh -c apt-get update && apt-get install -y xz-utils=" + version + " liblzma5=" + version + " # buildkit",
			when:  at(13, 56, 52),
			files: append(xz, text("usr/lib/x86_64-linux-gnu/.wh.liblzma.so.5.4.1", "")),
		},
		{by: "COPY fonts/ / # buildkit", when: at(13, 57, 31), files: dropped},
	}, nil
}

// droppedFiles look like what is found in real incidents and do nothing: the miner's address is text, and belongs to a
// name that is reserved (RFC 2606).
func droppedFiles() ([]file, error) {
	var all []file
	for _, f := range []struct {
		path string
		program
	}{
		{"var/tmp/.font/fontd", program{says: "stratum+tcp://pool.mining.example:3333\x00--threads=%d\x00/proc/cpuinfo", static: true, stripped: true}},
		{"usr/bin/top", program{says: "top (procps 2:4.0.2-3)\x00fontd"}},
		{"usr/local/lib/libfont.so", program{says: "readdir\x00fontd", library: true}},
	} {
		made, err := f.at(f.path)
		if err != nil {
			return nil, err
		}
		made.mode = 0o755
		all = append(all, made)
	}
	return append(all, text("etc/ld.so.preload", "/usr/local/lib/libfont.so\n"), script("app/start.sh", startBad),
		text("usr/share/fonts/truetype/shop/Shop-Regular.ttf", "a font\n")), nil
}

func webConfig() v1.Config {
	return v1.Config{
		User: "10001", WorkingDir: "/app", Entrypoint: []string{"/app/start.sh"}, ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Labels: map[string]string{
			"org.opencontainers.image.source":   webRun().source(),
			"org.opencontainers.image.revision": webRun().commit,
			"org.opencontainers.image.version":  "1.4.2",
		},
	}
}
