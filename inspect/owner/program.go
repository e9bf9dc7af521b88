package owner

import (
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// IsProgram reports whether a file is a program by its kind, or a script that may be run. A library counts: it runs
// with what loads it. A jar counts where it may be run. The kind comes from the first bytes of the content (see layer)
// and not from the name, which an attacker chooses.
func IsProgram(n *inspect.Node) bool {
	if !layer.IsRegular(n) {
		return false
	}
	switch n.Kind {
	case inspect.KindELF, inspect.KindPE, inspect.KindMachO, inspect.KindWASM:
		return true
	case "":
		return bareScript(n)
	default:
		return n.Executable()
	}
}

// bareScript reports whether a file may be run and is a text without a first line that names its interpreter: shells,
// and execvp(3), hand it to sh. Copies from other file systems have that mode on all files, so that those with the
// name of something else are none.
func bareScript(n *inspect.Node) bool {
	if n.Mode&0o111 == 0 || n.Size == 0 || !strings.HasPrefix(n.MIME, "text/plain") {
		return false
	}
	switch strings.ToLower(path.Ext(n.Path)) {
	case "", ".sh", ".bash", ".ash", ".ksh", ".zsh":
		return true
	default:
		return false
	}
}

// hasBinaryKind reports whether a file is a program that no text editor makes.
func hasBinaryKind(n *inspect.Node) bool {
	switch n.Kind {
	case inspect.KindELF, inspect.KindPE, inspect.KindMachO, inspect.KindWASM:
		return true
	default:
		return false
	}
}
