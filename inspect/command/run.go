package command

import (
	"slices"
	"strings"
)

// Kind is the kind of thing that an interpreter was given.
type Kind string

// The kinds of what is run.
const (
	Script  Kind = "script"  // a file: python /srv/app.py
	Module  Kind = "module"  // by name: python -m gateway
	Code    Kind = "code"    // in the command line: sh -c 'id'
	Jar     Kind = "jar"     // java -jar app.jar
	Class   Kind = "class"   // java -cp lib/* com.example.Main
	Program Kind = "program" // what a launcher starts: timeout 5 /srv/run
	Input   Kind = "input"   // nothing: what is typed or piped into it
)

// Run is what a process ran.
type Run struct {
	Role   Role
	Kind   Kind
	Target string // path, module, class or code, as the command line has it; "" for Input
	// Loads are the files that options of the interpreter load before: node --require, java -javaagent, ruby -r, the
	// class path.
	Loads []string
	Shell bool // the interpreter is a shell
	// Installs is true for a package manager, or for code that calls one.
	Installs bool
}

// Bounds of a command line that is read: bytes, words, and programs that start one another. Falco and Tetragon cut the
// arguments of a process long before; a line in a file of alerts may be of any length.
const (
	MaxLine  = 16 << 10
	maxWords = 512
	maxDepth = 6
	maxLoads = 32
)

// Parse reads a command line, of which the first word is the name of the process. program is the path of what the
// kernel ran: a script's interpreter for a script that was started by itself. The first word decides nothing but which
// applet of busybox runs: whoever started the process chose it.
//
// A line of more than MaxLine bytes is cut, and words past a bound are not read. A program that acts by itself gives
// the zero Run.
func Parse(program, commandLine string) Run {
	if len(commandLine) > MaxLine {
		commandLine = strings.ToValidUTF8(commandLine[:MaxLine], "")
	}
	words := strings.Fields(commandLine)
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	return parse(program, words, 0)
}

// parse reads words as the command line of a program, which the depth bounds: programs may start one another.
func parse(program string, words []string, depth int) Run {
	name, args := program, []string(nil)
	if len(words) > 0 {
		args = words[1:]
	}
	l := &line{program: program, rest: args, depth: depth}
	if len(words) > 0 {
		l.called = words[0]
	}
	if isLoader(program) {
		return loader(l)
	}
	base := baseName(name)
	for role, all := range families() {
		for _, f := range all {
			for _, n := range f.names {
				if n == base {
					r := f.parse(l)
					if r.Role == Other {
						r.Role = role
					}
					return r.bounded()
				}
			}
		}
	}
	if RoleOf(program) == Tool {
		return Run{Role: Tool, Installs: Installs(program)}
	}
	return Run{}
}

// bounded cuts the list of what is loaded, and notes code that calls a package manager: its words are split at what
// separates commands of a shell. Quotes are lost in an alert, so that a word which is only printed counts as well.
func (r Run) bounded() Run {
	// An option at the end of the line has no value.
	r.Loads = slices.DeleteFunc(r.Loads, func(name string) bool { return name == "" })
	if len(r.Loads) > maxLoads {
		r.Loads = r.Loads[:maxLoads]
	}
	if r.Kind == Code && !r.Installs {
		words := strings.FieldsFunc(r.Target, func(c rune) bool { return strings.ContainsRune(" \t;&|()'\"`", c) })
		for i, w := range words {
			if Installs(w) && i+1 < len(words) && installVerb(words[i+1:]) {
				r.Installs = true
			}
		}
	}
	return r
}

// installVerb finds the verb of a package manager among its first words: options may stand before it. Those of one
// letter are of dpkg, rpm and pacman.
func installVerb(words []string) bool {
	for _, w := range words[:min(len(words), 4)] {
		switch w {
		case "install", "add", "i", "ci", "-i", "-S", "-U", "require", "get", "-ivh", "-Uvh", "-Sy", "-Syu":
			return true
		}
	}
	return false
}

// line is a command line while it is read.
type line struct {
	program string
	called  string // argv[0], or the name of the process
	rest    []string
	depth   int
	plus    bool // options may begin with + too, as those of shells
}

// next takes the next word; ok is false at the end.
func (l *line) next() (word string, ok bool) {
	if len(l.rest) == 0 {
		return "", false
	}
	word, l.rest = l.rest[0], l.rest[1:]
	return word, true
}

// value takes the value of an option, which stands in the next word.
func (l *line) value() string {
	w, _ := l.next()
	return w
}

// all takes the rest as one text: code has lost its quotes.
func (l *line) all() string {
	text := strings.Join(l.rest, " ")
	l.rest = nil
	return text
}

// start reads the rest as the command line of another program. Past the bound of programs that start one another
// nothing is named: a launcher in the place of what runs would be taken for a lead.
func (l *line) start() Run {
	word, ok := l.next()
	if !ok || l.depth >= maxDepth {
		return Run{Role: Launcher, Kind: Input}
	}
	inner := parse(word, append([]string{word}, l.rest...), l.depth+1)
	if inner.Role == Other {
		return Run{Role: Launcher, Kind: Program, Target: word}
	}
	if inner.Kind == "" {
		inner.Kind, inner.Target = Program, word
	}
	return inner
}
