package audit

import (
	"context"
	_ "embed" // the dates
	"strings"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/text"
)

// The dates are data of this program, and are renewed with it: no service is queried for them.
//
//go:embed eol.tsv
var eolTable string

// release is a release of a distribution.
type release struct {
	id, version, name string
	ends              time.Time
	by                string // what shows it
}

// releases reads the table of end-of-life dates.
var releases = sync.OnceValue(func() []release {
	var all []release
	for line := range strings.Lines(eolTable) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 4 || strings.HasPrefix(line, "#") {
			continue
		}
		if ends, err := time.Parse(time.DateOnly, f[3]); err == nil {
			all = append(all, release{id: f[0], version: f[1], name: f[2], ends: ends})
		}
	}
	return all
})

// maxRelease bounds os-release, in bytes.
const maxRelease = 64 << 10

// readRelease reads which distribution a merged tree is; the zero release where it does not show.
func readRelease(ctx context.Context, cache *layer.Cache, layers []inspect.Layer) release {
	tree, err := cache.Tree(ctx, layers)
	if err != nil {
		return release{}
	}
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if data, err := tree.ReadFile(ctx, path, maxRelease); err == nil && len(data) > 0 {
			return parseRelease(data)
		}
	}
	return release{}
}

// parseRelease reads ID and VERSION_ID of os-release (os-release(5)).
func parseRelease(data []byte) release {
	r := release{by: "os-release"}
	for line := range strings.Lines(string(data[:min(len(data), maxRelease)])) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		// quotes of a shell, without its escapes: no ID and no version has one
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			r.id = strings.ToLower(text.Clean(value))
		case "VERSION_ID":
			r.version = text.Clean(value)
		}
	}
	if r.id == "" {
		return release{}
	}
	return r
}

// lookUp finds the release of an ID and a version; a version may go on where the table's ends: 3.18.4 is 3.18.
func lookUp(id, version string) (release, bool) {
	for _, r := range releases() {
		if r.id == id && (r.version == version || strings.HasPrefix(version, r.version+".")) {
			return r, true
		}
	}
	return release{}, false
}

// named finds the release that the reference of an image names: debian:11-slim, python:3.12-bookworm,
// node:20-alpine3.18.
func named(reference string) (release, bool) {
	before, _, _ := strings.Cut(reference, "@")
	slash := strings.LastIndexByte(before, '/')
	repository, tag, tagged := strings.Cut(before[slash+1:], ":")
	if !tagged {
		return release{}, false
	}
	parts := strings.FieldsFunc(tag, func(r rune) bool { return r == '-' || r == '_' })
	for i, part := range parts {
		for _, r := range releases() {
			numbered := strings.TrimPrefix(part, r.id)
			switch {
			case r.name != "-" && part == r.name,
				numbered != part && (numbered == r.version || strings.HasPrefix(numbered, r.version+".")),
				i == 0 && repository == r.id && (part == r.version || strings.HasPrefix(part, r.version+".")):
				r.by = "name " + text.Clean(reference)
				return r, true
			}
		}
	}
	return release{}, false
}

// dated adds the distribution and when it ends: that of the files, else the one that the names of image and base give.
func (b *Base) dated(r release, names ...string) {
	if r.id != "" {
		b.Distribution = strings.TrimSpace(r.id+" "+r.version) + " (" + r.by + ")"
		if known, ok := lookUp(r.id, r.version); ok {
			b.EndOfLife = inspect.At(known.ends)
		}
		return
	}
	for _, name := range names {
		if known, ok := named(name); ok {
			b.Distribution = known.id + " " + known.version + " (" + known.by + ")"
			b.EndOfLife = inspect.At(known.ends)
			return
		}
	}
}
