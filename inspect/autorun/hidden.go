package autorun

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect/layer"
)

// hides reports whether a file lies where everyone may write, or under a name that listings leave out.
func hides(p string) bool { return Temporary(p) || Hidden(p) }

// Temporary reports whether a path is where everyone may write. /run and /dev are mounted over in most containers; what
// an image has there is odd in itself.
func Temporary(p string) bool {
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev", "/run", "/var/run"} {
		if layer.Within(p, dir) {
			return true
		}
	}
	return false
}

// Hidden reports whether a name on the way is made not to be seen: it begins with a dot and is none of the directories
// that developers' tools make, is nothing but dots and blanks, ends with a blank, or turns the direction of writing.
// The directories of tools hide nothing, but for below a temporary directory.
func Hidden(p string) bool {
	names := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, name := range names {
		if oddName(name) {
			return true
		}
		if !strings.HasPrefix(name, ".") || name == ".build-id" {
			continue
		}
		if !toolDirectory(name) || Temporary(p) {
			return true
		}
		if i == len(names)-1 {
			return true // the program itself has the name of a directory
		}
	}
	return false
}

// oddName reports whether a name is made to be overlooked or misread: dots and blanks only, blanks at an end, bytes
// that are no UTF-8, characters that turn the direction of writing (Trojan Source, CVE-2021-42574) or are not drawn.
func oddName(name string) bool {
	if strings.Trim(name, ". ") == "" || strings.TrimSpace(name) != name || !utf8.ValidString(name) {
		return true
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cc, r) || r == '\u200b' || r == '\ufeff'
	}) >= 0
}

// toolDirectory recognizes the dot directories that package managers and language tools make for programs. The list is
// of names that are usual in images as they are built. An attacker may use one of them; then a file still has to be
// unowned and to start by itself to be a row.
func toolDirectory(name string) bool {
	return slices.Contains([]string{
		".venv", ".virtualenv", ".virtualenvs", ".local", ".cache", ".cargo", ".rustup", ".npm", ".nvm", ".pnpm",
		".pnpm-store", ".yarn", ".bin",
		".conda", ".mamba", ".pyenv", ".rbenv", ".asdf", ".sdkman", ".m2", ".gradle", ".nuget", ".dotnet", ".gem",
		".bundle", ".deno", ".bun", ".volta",
		".libs", ".dylibs", ".nix-profile", ".nix-defexpr", ".opam", ".stack", ".ghcup", ".linuxbrew", ".poetry",
		".pixi", ".next", ".output", ".git",
		".vscode-server", ".krew", ".helm", ".terraform", ".terraform.d", ".config", ".node", ".store", ".prisma",
		".heroku", ".apt", ".profile.d", ".foundry",
	}, name)
}
