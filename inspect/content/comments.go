package content

import (
	"bytes"
	"regexp"
)

// code returns a text with its comments and printed words replaced by blanks, so that offsets stay: texts about an
// attack stand in comments and in messages. Lines that begin with a sign of a comment are blanked whole, and so is
// what echo and printf print in quotes. Lines that a backslash continues are joined. A carriage return ends a line too,
// as it does in Python and JavaScript.
func code(text []byte) []byte {
	out := bytes.Clone(text)
	var block block
	for start := 0; start < len(out); {
		end := bytes.IndexAny(out[start:], "\n\r")
		if end < 0 {
			end = len(out) - start
		}
		line := out[start : start+end]
		switch trimmed := bytes.TrimLeft(line, " \t"); {
		case block.has(trimmed), isComment(trimmed):
			blank(line)
		case prints(trimmed) && !pipedToShell.Match(trimmed):
			blankQuoted(line)
		}
		if end > 0 && line[end-1] == '\\' && start+end < len(out) {
			blank(out[start+end-1 : start+end+1])
		}
		start += end + 1
	}
	return out
}

// pipedToShell matches a line whose output a shell runs: what it prints is code then.
var pipedToShell = regexp.MustCompile(`\|\s*(sudo\s+)?(\S*/)?(env\s+)?(ba|da|z|a|k)?sh(\s+-\w*)*\s*([;&|>0-9].*)?$`)

// isComment reports whether a line is a comment in one of the languages of scripts. Two slashes before a path are a
// program to a shell, PHP runs what stands between its tags wherever that is, and JavaScript ends a line at U+2028.
func isComment(line []byte) bool {
	if bytes.HasPrefix(line, []byte("#!")) || bytes.HasPrefix(line, []byte("#{")) || bytes.Contains(line,
		[]byte("<?")) || bytes.ContainsAny(line, "\u2028\u2029") {
		return false
	}
	if rest, ok := bytes.CutPrefix(line, []byte("//")); ok {
		return !isRootedPath(rest)
	}
	return bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("<!--"))
}

// isRootedPath reports whether a line goes on behind its two slashes with the name of a directory: usr/bin/curl -s.
func isRootedPath(rest []byte) bool {
	rest = bytes.TrimLeft(rest, "/")
	slash := bytes.IndexByte(rest, '/')
	return slash > 0 && bytes.IndexFunc(rest[:slash], func(r rune) bool {
		return r != '.' && r != '-' && (r > 0x7f || !inName(byte(r)))
	}) < 0
}

// block follows a block of comments: a line that begins with a slash and a star, and the lines right behind it that
// begin with a star. A star alone proves no comment: it multiplies in JavaScript and Python, and stands for a minute in
// a crontab.
type block struct{ open bool }

// has reports whether the next line of a text is one within a block. A line with what may end a string around the
// block, a backtick or three quotes, is none, nor is the one that ends the comment, since code may follow there.
func (b *block) has(line []byte) bool {
	if !b.open {
		b.open = bytes.HasPrefix(line, []byte("/*")) && !bytes.Contains(line, []byte("*/"))
		return false
	}
	if !bytes.HasPrefix(line, []byte("*")) || bytes.ContainsAny(line, "`\u2028\u2029") ||
		bytes.Contains(line, []byte(`"""`)) || bytes.Contains(line, []byte("'''")) ||
		bytes.Contains(line, []byte("<?")) {
		b.open = false
		return false
	}
	b.open = !bytes.Contains(line, []byte("*/"))
	return b.open
}

// prints reports whether a line is one that prints its words.
func prints(line []byte) bool {
	return bytes.HasPrefix(line, []byte("echo ")) || bytes.HasPrefix(line, []byte("printf "))
}

// blank replaces bytes with blanks.
func blank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

// blankQuoted blanks what stands in quotes on a line. Substitutions in double quotes are run, and stay.
func blankQuoted(line []byte) {
	quote := byte(0)
	for i, c := range line {
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case quote == '"' && (c == '$' || c == '`'):
			return
		case quote != 0:
			line[i] = ' '
		}
	}
}
