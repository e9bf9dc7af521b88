package content

import (
	"bytes"
	"regexp"
	"strings"
)

// Sign is something that a text does or holds.
type Sign string

// The signs, the strong ones first: few texts that have them are harmless. The weak ones are common in installers and
// services, and mean something only for a text that should do none of it.
const (
	RunsDownload Sign = "runs-download"     // runs what it downloads
	RunsDecoded  Sign = "runs-decoded"      // runs what it decodes
	ReverseShell Sign = "reverse-shell"     // ties a shell to a connection
	Exfiltrates  Sign = "exfiltrates"       // collects credentials or the environment and sends them away
	Mines        Sign = "miner-string"      // holds strings of cryptocurrency miners
	Installs     Sign = "downloads-program" // makes what it downloads or decodes a program
	RunsRequest  Sign = "runs-request"      // runs what a request of the web brings

	Downloads  Sign = "downloads"
	Connects   Sign = "connects"
	Decodes    Sign = "decodes"
	Spawns     Sign = "spawns"
	Hides      Sign = "hides"
	Persists   Sign = "persists"
	Harvests   Sign = "harvests"
	Obfuscated Sign = "obfuscated"
)

// Strong reports whether few texts that have the sign are harmless.
func (s Sign) Strong() bool {
	switch s {
	case RunsDownload, RunsDecoded, ReverseShell, Exfiltrates, Mines, Installs, RunsRequest:
		return true
	default:
		return false
	}
}

// Words names the sign as a predicate, to stand behind the name of a file.
func (s Sign) Words() string {
	switch s {
	case RunsDownload:
		return "runs what it downloads"
	case RunsDecoded:
		return "runs what it decodes"
	case ReverseShell:
		return "connects a shell to the network"
	case Exfiltrates:
		return "sends credentials or its environment away"
	case Mines:
		return "contains strings of cryptocurrency miners"
	case Installs:
		return "makes a program of what it downloads"
	case RunsRequest:
		return "runs what a request brings"
	case Downloads:
		return "downloads"
	case Connects:
		return "opens a connection"
	case Decodes:
		return "decodes data"
	case Spawns:
		return "starts other programs"
	case Hides:
		return "hides what it does"
	case Persists:
		return "writes where programs are started from"
	case Harvests:
		return "reads credentials"
	case Obfuscated:
		return "is obfuscated"
	default:
		return string(s)
	}
}

// Found is a sign with the part of the text that shows it.
type Found struct {
	Sign    Sign
	Excerpt string // of the text as it stands there, one line, bounded; not cleaned
}

// hit is where a string was found.
type hit struct {
	start, end int
	word       string
}

// Scan looks through the first MaxText bytes of a script or a module. The signs are in the order of the constants, each
// once.
func Scan(text []byte) []Found {
	d, err := embedded()
	if err != nil {
		return nil // a test proves that it can be read
	}
	return d.scan(text[:min(len(text), MaxText)])
}

// scan looks through a text in one pass. At most maxHits places of a class are remembered; behind that a pair may be
// missed.
func (d *dictionary) scan(text []byte) []Found {
	t := scanned{text: text, hits: d.look(code(text))}
	t.strong()
	t.weak()
	return t.found
}

// look finds the strings of each class, in the order of the text.
func (d *dictionary) look(read []byte) map[class][]hit {
	hits := map[class][]hit{}
	d.find.find(read, func(number, end int) bool {
		w := d.words[number]
		if list := hits[w.class]; len(list) < maxHits && w.fits(read, end) {
			hits[w.class] = append(list, hit{w.start(read, end), end, w.text})
		}
		return true
	})
	return hits
}

// scanned is a text with what was found in it.
type scanned struct {
	text  []byte
	hits  map[class][]hit
	found []Found
}

// add notes a sign with the text that shows it.
func (t *scanned) add(s Sign, start, end int) {
	t.found = append(t.found, Found{s, excerpt(t.text, start, end)})
}

// strong adds the signs that two strings show together, or one alone. Exfiltration needs both ends, what is collected
// and a way out, or a service that is for nothing but dropping data.
func (t *scanned) strong() {
	for _, pair := range []struct {
		sign Sign
		a, b class
	}{{RunsDownload, classFetch, classRun}, {RunsDecoded, classDecode, classRun}} {
		if start, end, ok := t.together(pair.a, pair.b); ok {
			t.add(pair.sign, start, end)
		}
	}
	for _, from := range []class{classFetch, classDecode} {
		if start, end, ok := t.together(from, classMark); ok {
			t.add(Installs, start, end)
			break
		}
	}
	t.first(ReverseShell, classShell)
	secrets, drops := t.hits[classSecret], t.hits[classDrop]
	sends := len(t.hits[classConnect])+len(t.hits[classFetch])+len(drops)+len(t.hits[classAddress]) > 0
	switch {
	case len(secrets) > 0 && sends:
		t.add(Exfiltrates, secrets[0].start, secrets[0].end)
	case len(drops) > 0:
		t.add(Exfiltrates, drops[0].start, drops[0].end)
	}
	t.first(Mines, classMiner)
}

// weak adds the signs that are common in harmless texts too. They convict no text by themselves; a start-up hook of a
// package that has one is another matter, and package autorun weighs that.
func (t *scanned) weak() {
	t.first(Downloads, classFetch)
	t.first(Connects, classConnect)
	t.first(Decodes, classDecode)
	t.first(Spawns, classRun)
	t.first(Hides, classHide)
	t.first(Persists, classPersist)
	t.first(Harvests, classSecret)
	if at := t.hits[classObscured]; len(at) > 0 {
		t.add(Obfuscated, at[0].start, at[0].end)
	} else if start, ok := obscured(t.text); ok {
		t.add(Obfuscated, start, start+maxExcerpt/2)
	}
}

// first notes a sign by the first place of a class.
func (t *scanned) first(s Sign, of class) {
	if at := t.hits[of]; len(at) > 0 {
		t.add(s, at[0].start, at[0].end)
	}
}

// together finds two strings of different classes that stand near each other. Both lists are in the order of the text.
func (t *scanned) together(a, b class) (start, end int, ok bool) {
	others := t.hits[b]
	from := 0
	for _, x := range t.hits[a] {
		for from < len(others) && others[from].end+near < x.start {
			from++
		}
		for _, y := range others[from:] {
			if y.start > x.end+near {
				break
			}
			start, end = min(x.start, y.start), max(x.end, y.end)
			if bytes.Count(t.text[start:end], []byte("\n")) < nearLines {
				return start, end, true
			}
		}
	}
	return 0, 0, false
}

// hexadecimal matches what obfuscators of JavaScript leave: names such as _0x3fa1, and quoted strings of digits.
var hexadecimal = regexp.MustCompile(`_0x[0-9a-f]{4,6}\b|['"][0-9a-f]{16,}['"]`)

// obscured finds text that was made hard to read: a very long line without a blank in a script of a shell or of
// Python, or many hexadecimal names or strings.
func obscured(text []byte) (start int, ok bool) {
	if found := hexadecimal.FindAllIndex(text, manyNumbers); len(found) == manyNumbers {
		return found[0][0], true
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if !bytes.HasPrefix(first, []byte("#!")) || !bytes.Contains(first, []byte("sh")) && !bytes.Contains(first,
		[]byte("python")) && !bytes.Contains(first, []byte("perl")) {
		return 0, false // minified JavaScript has such lines too
	}
	for line := range bytes.Lines(text) {
		if len(line) > longLine && !bytes.ContainsAny(line[:longLine], " \t") {
			return start, true
		}
		start += len(line)
	}
	return 0, false
}

// excerpt is the part of a line around what was found, or of several lines, joined.
func excerpt(text []byte, start, end int) string {
	start, end = min(start, len(text)), min(end, len(text))
	for start > 0 && text[start-1] != '\n' && end-start < maxExcerpt {
		start--
	}
	for end < len(text) && text[end] != '\n' && end-start < maxExcerpt {
		end++
	}
	line := strings.Join(strings.Fields(string(text[start:min(end, start+2*maxExcerpt)])), " ")
	if len(line) > maxExcerpt {
		line = strings.ToValidUTF8(line[:maxExcerpt], "") + "…"
	}
	return strings.ToValidUTF8(line, "�")
}
