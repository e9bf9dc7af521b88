package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// readEntrypoint makes a hook of what the image starts: entrypoint and command together. Where the first word is a
// script of the image, that is the file.
func readEntrypoint(ctx context.Context, s *scene) []hook {
	words := slices.Concat(s.config.Entrypoint, s.config.Cmd)
	if len(words) == 0 {
		return nil
	}
	h := s.commandHook(ctx, KindEntrypoint, words)
	h.title, h.trigger = "the command that the image starts", "is started with every container"
	return []hook{h}
}

// readHealthCheck makes a hook of the image's health check. Kubernetes ignores it; other runtimes run it again and
// again.
func readHealthCheck(ctx context.Context, s *scene) []hook {
	words := s.config.Health
	if len(words) == 0 || words[0] == "NONE" {
		return nil
	}
	if words[0] == "CMD" || words[0] == "CMD-SHELL" {
		words = words[1:]
	}
	h := s.commandHook(ctx, KindHealthCheck, words)
	h.title, h.trigger = "the image's health check", "is run again and again"
	return []hook{h}
}

// commandHook makes the hook of a command line, with the files of the image that it starts. A command within quotes, as
// sh -c has it, is taken apart at its blanks: each word that is a file of the image counts. The text of the hook is the
// line itself, so that "sh -c 'curl … | sh'" is scanned although no file holds it.
func (s *scene) commandHook(ctx context.Context, kind string, words []string) hook {
	line := strings.Join(words, " ")
	h := hook{kind: kind, name: kind, command: shorten(line), inline: true, text: []byte(line)}
	for i, w := range strings.Fields(line)[:min(len(strings.Fields(line)), MaxWords)] {
		n := s.program(strings.Trim(w, `"';&|()`), i == 0)
		if n == nil || slices.Contains(h.loads, n) || len(h.loads) == MaxLoads {
			continue
		}
		if i == 0 && (n.Kind == inspect.KindScript || n.Kind == "") {
			h.node = n
		}
		h.loads = append(h.loads, n)
	}
	h.loads = s.followed(ctx, h.loads)
	return h
}

// program resolves a word of a command line: the first one through PATH too, the others only where they hold a slash or
// lie in the working directory. Words that look like options are none. A word longer than PATH_MAX (4096 bytes) cannot
// be a path and is not resolved.
func (s *scene) program(word string, first bool) *inspect.Node {
	regular := func(p string) *inspect.Node {
		if n := s.tree.Resolve(p); n != nil && layer.IsRegular(n) {
			return n
		}
		return nil
	}
	switch {
	case word == "" || strings.HasPrefix(word, "-") || len(word) > 4096:
		return nil
	case strings.HasPrefix(word, "/"):
		return regular(word)
	}
	if !first || strings.Contains(word, "/") {
		return regular(below(s.config.WorkingDir, word))
	}
	for _, d := range searchPath(s.config.Env) {
		if n := regular(path.Join(d, word)); n != nil {
			return n
		}
	}
	return nil
}

// searchPath is PATH as an environment sets it, or what runtimes set where it has none; at most maxLibraryDirs
// directories. The last PATH of an environment counts, as for execvp(3) of the runtime.
func searchPath(env []string) []string {
	value := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, e := range env {
		if rest, ok := strings.CutPrefix(e, "PATH="); ok {
			value = rest
		}
	}
	var dirs []string
	for d := range strings.SplitSeq(value, ":") {
		if strings.HasPrefix(d, "/") && len(dirs) < maxLibraryDirs && !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return dirs
}
