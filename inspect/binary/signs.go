package binary

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// pathCodes are the signs that a path and its mode give by themselves.
func pathCodes(n *inspect.Node) []string {
	var codes []string
	if temporary(n.Path) {
		codes = append(codes, codeTmpPath)
	}
	if hiddenPath(n.Path) {
		codes = append(codes, codeHiddenPath)
	}
	if n.Mode&0o6000 != 0 && n.Mode&0o111 != 0 {
		codes = append(codes, codeSetuid)
	}
	if n.Xattrs["security.capability"] != "" {
		codes = append(codes, codeCapability)
	}
	if n.Mode&0o002 != 0 {
		codes = append(codes, codeWorldWritable)
	}
	return codes
}

// temporary says that a path is where anybody may write.
func temporary(p string) bool {
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev", "/run", "/var/run"} {
		if layer.Within(p, dir) {
			return true
		}
	}
	return false
}

// hiddenPath says that a name on the way is made not to be seen: it begins with a dot and is none of the directories
// that developers' tools make, is nothing but dots and blanks, ends with a blank, or turns the direction of writing.
func hiddenPath(p string) bool {
	names := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, name := range names {
		if oddName(name) {
			return true
		}
		if !strings.HasPrefix(name, ".") || name == ".build-id" {
			continue
		}
		if !toolDirectory(name) || temporary(p) {
			return true
		}
		if i == len(names)-1 {
			return true // the program itself has the name of a directory
		}
	}
	return false
}

func oddName(name string) bool {
	if strings.Trim(name, ". ") == "" || strings.TrimSpace(name) != name || !utf8.ValidString(name) {
		return true
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cc, r) || r == '\u200b' || r == '\ufeff'
	}) >= 0
}

// toolDirectory knows the dot directories that package managers and language tools make for programs.
func toolDirectory(name string) bool {
	return slices.Contains([]string{
		".venv", ".virtualenv", ".virtualenvs", ".local", ".cache", ".cargo", ".rustup", ".npm", ".nvm", ".pnpm", ".pnpm-store", ".yarn", ".bin",
		".conda", ".mamba", ".pyenv", ".rbenv", ".asdf", ".sdkman", ".m2", ".gradle", ".nuget", ".dotnet", ".gem", ".bundle", ".deno", ".bun", ".volta",
		".libs", ".dylibs", ".nix-profile", ".nix-defexpr", ".opam", ".stack", ".ghcup", ".linuxbrew", ".poetry", ".pixi", ".next", ".output", ".git",
		".vscode-server", ".krew", ".helm", ".terraform", ".terraform.d", ".config", ".node", ".store", ".prisma", ".heroku", ".apt", ".profile.d", ".foundry",
	}, name)
}

// programs finds the files that the image starts by itself: entrypoint and command, also behind a shell or an
// interpreter.
func programs(t *layer.Tree, c inspect.ImageConfig, dirs []string) []*inspect.Node {
	var words []string
	for _, arg := range slices.Concat(c.Entrypoint, c.Cmd) {
		words = append(words, strings.Fields(arg)...)
	}
	var found []*inspect.Node
	for i, w := range words[:min(len(words), MaxWords)] {
		n := started(t, strings.Trim(w, `"';&|()`), c, dirs, i == 0)
		if n != nil && layer.IsRegular(n) && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	return found
}

// started resolves a word of a command line: the first one through PATH too, the others only where they hold a slash
// or lie in the working directory.
func started(t *layer.Tree, word string, c inspect.ImageConfig, dirs []string, first bool) *inspect.Node {
	switch {
	case word == "" || strings.HasPrefix(word, "-"):
		return nil
	case strings.HasPrefix(word, "/"):
		return t.Resolve(word)
	}
	if n := t.Resolve(path.Join("/", c.WorkingDir, word)); n != nil && layer.IsRegular(n) && (!first || strings.Contains(word, "/")) {
		return n
	}
	if strings.Contains(word, "/") {
		return nil
	}
	for _, d := range dirs {
		if n := t.Resolve(layer.Join(d, word)); n != nil && layer.IsRegular(n) {
			return n
		}
	}
	return nil
}
