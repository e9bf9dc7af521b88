package binary

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/elfread"
)

// identify describes what a program records of its own making: Go's build information, or what Rust's tools leave. That
// identifies it; it makes nobody its owner, for whoever builds a program may write it. The magic is that of package
// debug/buildinfo; it is looked for in the first 8 MiB since a stripped section table must not hide it. Rust writes
// "rustc version 1.79.0 (…)" into .comment, which strip removes.
func (f *facts) identify(file *elf.File, data []byte) {
	if file.Section(".go.buildinfo") != nil || bytes.Contains(data[:min(len(data), 8<<20)],
		[]byte("\xff Go buildinf:")) {
		f.add(inspect.CodeGoModule, goWords(data))
		return
	}
	if file.Section(".dep-v0") != nil { // https://github.com/rust-secure-code/cargo-auditable
		f.Detail = append(f.Detail, "it is built by Rust and lists its crates")
		return
	}
	if s := file.Section(".comment"); s != nil && s.Size < endsSize {
		if text, err := io.ReadAll(io.LimitReader(s.Open(), endsSize)); err == nil && bytes.Contains(text,
			[]byte("rustc version")) {
			f.Detail = append(f.Detail, "it is built by Rust")
		}
	}
}

// goWords names module, version and commit of a Go program, as far as it records them. debug/buildinfo bounds what it
// reads; an error means a layout that it does not read (or one made up) and not that Go did not build it.
func goWords(data []byte) string {
	info, err := buildinfo.Read(elfread.Stored(bytes.NewReader(data)))
	if err != nil {
		return "it is built by Go"
	}
	return buildWords(info)
}

// buildWords words what Go's build information names of a program: module, version, commit. All of it is a claim of
// whoever built it. Lengths are cut before they reach a row: 40 bytes for the version of Go, 200 for a path, 80 for a
// version, 12 digits of a commit.
func buildWords(info *buildinfo.BuildInfo) string {
	text := "it is built by " + cut(info.GoVersion, 40)
	if info.Path != "" {
		text += " from " + cut(info.Path, 200)
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		text += " " + cut(v, 80)
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text += fmt.Sprintf(", at commit %.12s", s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			text += ", with changes that were not committed"
		}
	}
	return text
}
