package binary

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

func labeled(version, revision string) inspect.ImageConfig {
	c := inspect.ImageConfig{Labels: map[string]string{}}
	if version != "" {
		c.Labels["org.opencontainers.image.version"] = version
	}
	if revision != "" {
		c.Labels["org.opencontainers.image.revision"] = revision
	}
	return c
}

func TestImageRelease(t *testing.T) {
	env := func(value string) inspect.ImageConfig {
		return inspect.ImageConfig{Env: []string{"NGINX_VERSION=" + value}}
	}
	for name, tt := range map[string]struct {
		now, before       inspect.ImageConfig
		nowRef, beforeRef string
		want              release
	}{
		"same version and commit":        {labeled("1.2", "a"), labeled("1.2", "a"), "", "", sameRelease},
		"other version":                  {labeled("1.3", "a"), labeled("1.2", "a"), "", "", otherRelease},
		"other commit":                   {labeled("1.2", "b"), labeled("1.2", "a"), "", "", otherRelease},
		"other tag":                      {labeled("1.2", "a"), labeled("1.2", "a"), "r.example/a:2", "r.example/a:1", otherRelease},
		"a folder has no tag":            {labeled("1.2", "a"), labeled("1.2", "a"), "oci:/x/image-2", "oci:/x/image-1", sameRelease},
		"no labels":                      {labeled("", ""), labeled("", ""), "", "", unknownRelease},
		"only a commit":                  {labeled("", "a"), labeled("", "a"), "", "", unknownRelease},
		"that of the system":             {labeled("24.04", ""), labeled("24.04", ""), "", "", unknownRelease},
		"other variable":                 {env("1.27"), env("1.26"), "", "", otherRelease},
		"same variable proves nothing":   {env("1.27"), env("1.27"), "", "", unknownRelease},
		"a label on one side is no pair": {labeled("1.2", ""), labeled("", ""), "", "", unknownRelease},
	} {
		if got := imageRelease(tt.now, tt.before, tt.nowRef, tt.beforeRef, "24.04"); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// jarOf is a jar with coordinates and entries: name and content by turns.
func jarOf(t testing.TB, version string, entries ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	write := func(name, content string) {
		f, err := w.Create(name)
		must(t, err)
		_, err = f.Write([]byte(content))
		must(t, err)
	}
	write("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nBuild-Jdk: "+strings.Join(entries, "")+"\n")
	write("META-INF/maven/org.example/text/pom.properties", "groupId=org.example\nartifactId=text\nversion="+version+"\n")
	for i := 0; i+1 < len(entries); i += 2 {
		write(entries[i], entries[i+1])
	}
	must(t, w.Close())
	return buf.String()
}

func TestOtherContentInTheSameVersion(t *testing.T) {
	_, base := debian()
	image := func(version string, members ...member) string {
		c := v1.Config{Entrypoint: []string{"/srv/run"}, Labels: map[string]string{"org.opencontainers.image.version": version}}
		return imageOf(t, c, base, step("COPY", members...))
	}
	lib := func(version string, entries ...string) member {
		return file("srv/lib/text-"+version+".jar", jarOf(t, version, entries...))
	}
	for name, tt := range map[string]struct {
		good, bad string
		path      string // "" for calm
		severity  inspect.Severity
	}{
		"its own program": {image("1", exe("srv/run", program("a"))), image("1", exe("srv/run", program("b"))), "/srv/run", inspect.High},
		"a start script that was a program": {
			image("1", exe("srv/run", program("a"))), image("1", exe("srv/run", "#!/bin/sh\nexec /srv/.run\n")), "/srv/run", inspect.High,
		},
		"the next version": {image("1", exe("srv/run", program("a"))), image("2", exe("srv/run", program("b"))), "", ""},
		"a library of a released version": {
			image("1", lib("1.2", "A.class", "a")), image("2", lib("1.2", "A.class", "a", "B.class", "b")), "/srv/lib/text-1.2.jar", inspect.High,
		},
		"a library packed again": {
			image("1", lib("1.2", "A.class", "a", "B.class", "b")), image("1", lib("1.2", "B.class", "b", "A.class", "a")), "", "",
		},
		"a snapshot":                    {image("1", lib("1.2-SNAPSHOT", "A.class", "a")), image("2", lib("1.2-SNAPSHOT", "A.class", "b")), "", ""},
		"the next version of a library": {image("1", lib("1.2", "A.class", "a")), image("2", lib("1.3", "A.class", "b")), "", ""},
	} {
		c := newBench(t).examine(t, tt.bad, &inspect.KnownGood{Location: tt.good, Confirmed: true})
		var worst inspect.Finding
		for _, f := range c.Findings {
			if f.Severity.Rank() <= inspect.Medium.Rank() {
				worst = f
				break
			}
		}
		_, path, _ := strings.Cut(worst.Subject, ":")
		if path != tt.path || worst.Severity != tt.severity {
			t.Errorf("%s: %s %s (%s)", name, worst.Severity, worst.Subject, worst.Title)
		}
	}
}

// Lines of a manifest that start or load something count as content; what each build writes anew does not.
func TestTheManifestOfAJarCountsWhereItStarts(t *testing.T) {
	jar := func(manifest string) *zip.Reader {
		var buf bytes.Buffer
		w := zip.NewWriter(&buf)
		f, err := w.Create(manifestName)
		must(t, err)
		_, err = f.Write([]byte("Manifest-Version: 1.0\r\nMain-Class: org.example.Main\r\n" + manifest))
		must(t, err)
		must(t, w.Close())
		r, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
		must(t, err)
		return r
	}
	for manifest, same := range map[string]bool{
		"Build-Jdk: 21\r\n":                      true,
		"Premain-Class: a.B\r\n":                 false,
		"Launcher-Agent-Class: a.B\r\n":          false,
		"AGENT-CLASS : a.B\n":                    false,
		"Class-Path: lib/a.jar\r\n  lib/b.jar\n": false,
		"":                                       true,
	} {
		if got := (&comparison{}).sameClasses(jar(manifest), jar("Built-By: a\r\n")); got != same {
			t.Errorf("%q: %v", manifest, got)
		}
	}
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		_ = coordinatesOf(r)
		_ = (&comparison{}).sameClasses(r, r)
	})
}

// A small jar may unpack to much: what all jars of an image unpack to is bounded, and past it they count as different.
func TestWhatJarsUnpackToIsBounded(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("A.class")
	must(t, err)
	_, err = w.Write(make([]byte, 1<<20))
	must(t, err)
	must(t, z.Close())
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	must(t, err)
	c := &comparison{}
	if !c.sameClasses(r, r) || c.unpacked != 2<<20 {
		t.Errorf("unpacked %d", c.unpacked)
	}
	c.unpacked = maxJarsBytes - 1<<20
	if c.sameClasses(r, r) || c.unpacked < maxJarsBytes {
		t.Errorf("unpacked %d past the bound", c.unpacked)
	}
}
