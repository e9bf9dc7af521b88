package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// noise is what real images have besides: an application, a language's packages, a tarball below /opt, caches.
func noise() []layerSpec {
	_, base := debian()
	var modules []member
	for _, name := range []string{"esbuild", "sharp", "bcrypt"} {
		modules = append(modules, file("app/node_modules/"+name+"/package.json", "{}"), exe("app/node_modules/"+name+"/build/"+name+".node", program(name)))
	}
	return []layerSpec{
		base,
		step("RUN curl -fsSL https://example.org/jdk.tar.gz | tar xz -C /opt", exe("opt/jdk/bin/java", program("java")), exe("opt/jdk/lib/libjvm.so", program("jvm"))),
		step("RUN npm ci", append(modules, exe("app/node_modules/.bin/esbuild", "#!/usr/bin/env node\n"))...),
		step("COPY server /app/server", exe("app/server", elfOf(amd64, false, "\xff Go buildinf:"))),
	}
}

// Harmless look-alikes of what was found in real incidents: each is the first row, and a finding.
func TestLookAlikesAreTheFirstRow(t *testing.T) {
	server := v1.Config{Entrypoint: []string{"/app/server"}}
	packedMiner := elfOf(amd64, false, "UPX! stratum+tcp://pool.example:3333 donate-level randomx_create_vm")
	for name, test := range map[string]struct {
		added  layerSpec
		under  bool // in the base image, below everything
		config v1.Config
		first  string // path
		codes  string
		layer  int
	}{
		"kinsing": {
			added: step("RUN true", exe("tmp/kinsing", elfOf(amd64, false, "k")), exe("tmp/kdevtmpfsi", elfOf(amd64, false, packedMiner))), config: server,
			first: "/tmp/kdevtmpfsi", codes: "tmp-path miner-string packed", layer: 4,
		},
		"kinsing by itself": {added: step("RUN true", exe("tmp/kinsing", elfOf(amd64, false, "\xff Go buildinf:"))), config: server, first: "/tmp/kinsing", codes: "unowned tmp-path", layer: 4},
		"perfctl": {added: step("RUN perf", file("lib/libgcwrap.so", program("wrap")), file("etc/ld.so.preload", "/lib/libgcwrap.so\n"), exe("usr/bin/top", program("hides")),
			exe("usr/bin/ldd", "#!/bin/sh\n"), exe("root/.config/cron/perfcc", elfOf(amd64, false, "UPX!"))), config: server, first: "/lib/libgcwrap.so", codes: "loader-hijack", layer: 4},
		"perfctl without its library": {added: step("RUN perf", exe("usr/bin/top", program("hides"))), config: server, first: "/usr/bin/top", codes: "altered", layer: 4},
		"a program in a hidden place": {added: step("RUN fonts", exe("var/tmp/.font/fontd", elfOf(amd64, false, "f"))), config: server, first: "/var/tmp/.font/fontd", codes: "unowned tmp-path hidden-path static-stripped", layer: 4},
		"a name that is not seen":     {added: step("RUN x", exe("usr/lib/... /init", elfOf(amd64, false, "f"))), config: server, first: "/usr/lib/... /init", codes: "hidden-path", layer: 4},
		"one obfuscated script": {
			added: step("COPY run.sh /", exe("run.sh", "#!/bin/bash\neval \"$(echo aWQ= | base64 -d)\"\n")), config: v1.Config{Entrypoint: []string{"/run.sh"}},
			first: "/run.sh", codes: "entrypoint obfuscated", layer: 4,
		},
		"a miner in a base image": {
			under: true, added: step("ADD rootfs.tar /", exe("usr/sbin/dbus-helper", packedMiner), file("etc/cron.d/dbus", "* * * * * root /usr/sbin/dbus-helper\n")), config: server,
			first: "/usr/sbin/dbus-helper", codes: "unowned miner-string packed", layer: 1,
		},
		"a miner in a Python package": {
			added: step("RUN pip install ultra", exe(site+"ultra/bin/worker", packedMiner), file(site+"ultra-8.3.41.dist-info/RECORD", record("ultra/bin/worker", packedMiner))), config: server,
			first: "/" + site + "ultra/bin/worker", codes: "miner-string", layer: 4,
		},
		"a miner in an npm package": {
			added: step("RUN npm i", file("app/node_modules/ua/package.json", "{}"), exe("app/node_modules/ua/jsextension", packedMiner)), config: server,
			first: "/app/node_modules/ua/jsextension", codes: "miner-string packed", layer: 4,
		},
		"a shell that gives root": {added: step("RUN chmod", exe("opt/.cache/sh", program("sh")).WithMode(0o4755)), config: server, first: "/opt/.cache/sh", codes: "setuid", layer: 4},
	} {
		t.Run(name, func(t *testing.T) {
			layers := append(noise(), test.added)
			if test.under {
				layers = slices.Insert(noise(), 1, test.added)
			}
			c := newBench(t).examine(t, imageOf(t, test.config, layers...), nil)
			rows := c.Images[0].Binaries
			if len(rows) == 0 || rows[0].Path != test.first || rows[0].Layer != test.layer || rows[0].CreatedBy != test.added.Step {
				t.Fatalf("rows %q", binaryRows(c.Images[0]))
			}
			for _, code := range strings.Fields(test.codes) {
				if !slices.Contains(rows[0].Codes, code) {
					t.Errorf("no sign %s: %v", code, rows[0].Codes)
				}
			}
			if !slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool {
				return f.Subject == "image:"+test.first && f.Severity == rows[0].Severity
			}) {
				t.Errorf("no finding of it: %+v", c.Findings)
			}
		})
	}
}
