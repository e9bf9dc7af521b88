package binary

import (
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/layer"
)

// pathCodes are the signs that a path and its mode give by themselves. Mode bits are those of the archive's header.
// Setuid without any execute bit has no effect and gives no code; the value of security.capability is decoded by
// privileges.
func pathCodes(n *inspect.Node) []string {
	var codes []string
	if autorun.Temporary(n.Path) {
		codes = append(codes, inspect.CodeTmpPath)
	}
	if autorun.Hidden(n.Path) {
		codes = append(codes, inspect.CodeHiddenPath)
	}
	if n.Mode&0o6000 != 0 && n.Mode&0o111 != 0 {
		codes = append(codes, inspect.CodeSetuid)
	}
	if n.Xattrs["security.capability"] != "" {
		codes = append(codes, inspect.CodeCapability)
	}
	if n.Mode&0o002 != 0 {
		codes = append(codes, inspect.CodeWorldWritable)
	}
	return codes
}

// programs finds the files that the image starts by itself: entrypoint and command, also behind a shell or an
// interpreter. At most MaxWords words are looked up; the image's author chooses how many there are. A node is listed
// once.
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
	if n := t.Resolve(path.Join("/", c.WorkingDir, word)); n != nil && layer.IsRegular(n) && (!first ||
		strings.Contains(word, "/")) {
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
