package content

import "bytes"

// code returns a text with its comments and printed words replaced by blanks, so that offsets stay: texts about an
// attack stand in comments and in messages. Lines that begin with a sign of a comment are blanked whole, and so is
// what echo and printf print in quotes.
func code(text []byte) []byte {
	out := bytes.Clone(text)
	for start := 0; start < len(out); {
		end := bytes.IndexByte(out[start:], '\n')
		if end < 0 {
			end = len(out) - start
		}
		line := out[start : start+end]
		switch trimmed := bytes.TrimLeft(line, " \t"); {
		case isComment(trimmed), len(trimmed) < len(line) && inBlock(trimmed):
			blank(line)
		case prints(trimmed):
			blankQuoted(line)
		}
		start += end + 1
	}
	return out
}

func isComment(line []byte) bool {
	if bytes.HasPrefix(line, []byte("#!")) || bytes.HasPrefix(line, []byte("#{")) {
		return false
	}
	return bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("//")) || bytes.HasPrefix(line,
		[]byte("<!--"))
}

// inBlock reports whether a line looks like one of a block of comments: a star and words. Lines of a crontab may
// begin with a star too, and go on with a number or another star.
func inBlock(line []byte) bool {
	return len(line) > 2 && line[0] == '*' && line[1] == ' ' && (line[2] >= 'a' && line[2] <= 'z' ||
		line[2] >= 'A' && line[2] <= 'Z')
}

func prints(line []byte) bool {
	return bytes.HasPrefix(line, []byte("echo ")) || bytes.HasPrefix(line, []byte("printf "))
}

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
