package content

import (
	_ "embed" // signs.txt
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed signs.txt
var signsFile string

// class is what a string of signs.txt does.
type class string

// The classes of strings. Most mean something only together: see Scan.
const (
	classRun      class = "run"      // runs code or a program
	classMark     class = "mark"     // makes a file one that may be run
	classFetch    class = "fetch"    // gets something by the network
	classDecode   class = "decode"   // unpacks something
	classConnect  class = "connect"  // sends something by the network
	classAddress  class = "address"  // names a host
	classSecret   class = "secret"   // names a place of credentials, or takes the whole environment
	classDrop     class = "drop"     // names a service by which data leave, and of which the sender needs no account
	classShell    class = "shell"    // ties a shell to a connection
	classMiner    class = "miner"    // stands in programs that mine, and hardly elsewhere
	classHide     class = "hide"     // keeps something from being seen
	classPersist  class = "persist"  // makes something start again
	classObscured class = "obscured" // stands in code that was made hard to read
)

// classes are all classes.
func classes() []class {
	return []class{
		classRun, classMark, classFetch, classDecode, classConnect, classAddress, classSecret, classDrop, classShell,
		classMiner, classHide,
		classPersist, classObscured,
	}
}

// word is a string that is looked for.
type word struct {
	class class
	text  string // in lower case
	bare  bool   // no name and no dot stands before it: eval( but not re.eval(
	whole bool   // no name goes on behind it: | sh but not | shuf
	alone bool   // hardly anything but a miner has it, so that it counts in programs too
}

// fits reports whether a match is one, by the bytes around it.
func (w word) fits(text []byte, end int) bool {
	start := w.start(text, end)
	if start > 0 && inName(w.text[0]) && inName(text[start-1]) {
		return false
	}
	if w.bare && start > 0 && (text[start-1] == '.' || text[start-1] == '$' || text[start-1] == '>') {
		return false
	}
	return !w.whole || end >= len(text) || !inName(text[end])
}

// start is where a match begins that ends at an offset: a blank of the string may be several blanks of the text.
func (w word) start(text []byte, end int) int {
	at := end
	for i := len(w.text) - 1; i >= 0 && at > 0; i-- {
		at--
		for w.text[i] == ' ' && i > 0 && at > 0 && isBlank(text[at-1]) {
			at--
		}
	}
	return at
}

// isBlank reports whether a byte is a blank or a tab.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// inName reports whether a byte may be part of a name.
func inName(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// dictionary is signs.txt, parsed, with its automaton.
type dictionary struct {
	words []word
	find  *automaton
}

// embedded is the dictionary of signs.txt; a test proves that it can be read.
var embedded = sync.OnceValues(func() (*dictionary, error) { return parseWords(signsFile) })

// parseWords reads lines of the form CLASS FLAGS "STRING", where FLAGS is -, or some of bare, whole and alone with
// commas between. Empty lines and those that begin with # are skipped. An error names the line.
func parseWords(text string) (*dictionary, error) {
	known := map[class]bool{}
	for _, c := range classes() {
		known[c] = true
	}
	d := &dictionary{}
	var list []string
	for number, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		of, rest, _ := strings.Cut(line, " ")
		flags, quoted, _ := strings.Cut(rest, " ")
		s, err := strconv.Unquote(quoted)
		if err != nil || s == "" || strings.Contains(s, "  ") || !known[class(of)] {
			return nil, fmt.Errorf("reading line %d of the list of signs: %q is not CLASS FLAGS \"STRING\"",
				number+1, line)
		}
		w := word{
			class: class(of), text: strings.ToLower(s), bare: strings.Contains(flags, "bare"),
			whole: strings.Contains(flags, "whole"), alone: strings.Contains(flags, "alone"),
		}
		d.words, list = append(d.words, w), append(list, w.text)
	}
	d.find = newAutomaton(list)
	return d, nil
}

// MinerWords are strings that miners hold and hardly any other program does, in lower case.
func MinerWords() []string {
	d, err := embedded()
	if err != nil {
		return nil
	}
	var list []string
	for _, w := range d.words {
		if w.class == classMiner && w.alone {
			list = append(list, w.text)
		}
	}
	return list
}
