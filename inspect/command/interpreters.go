package command

import (
	"slices"
	"strings"
)

// options reads the options of an interpreter up to its first plain word, which is what it runs (of that kind);
// without one it reads its standard input. take is called with each option and consumes the value that belongs to it;
// it returns true where the option ends the line, as -c does.
func (l *line) options(kind Kind, take func(option string) (Run, bool)) Run {
	var loads []string
	for {
		word, ok := l.next()
		switch {
		case !ok, word == "-":
			return Run{Kind: Input, Loads: loads}
		case word == "--":
			continue
		case !strings.HasPrefix(word, "-") && !(l.plus && strings.HasPrefix(word, "+")):
			// Package managers are scripts themselves: python3 /usr/bin/pip install.
			return Run{Kind: kind, Target: word, Loads: loads, Installs: Installs(word) && installVerb(l.rest)}
		}
		r, done := take(word)
		loads = append(loads, r.Loads...)
		if done {
			r.Loads = loads
			return r
		}
	}
}

// none is the result for an option that names nothing to run or to load.
func none() (Run, bool) { return Run{}, false }

// python reads https://docs.python.org/3/using/cmdline.html: -c and -m end the options, also in a cluster (-Im). What
// stands behind them belongs to the code or the module, whatever it looks like.
func python(l *line) Run {
	return l.options(Script, func(o string) (Run, bool) {
		if strings.HasPrefix(o, "--") {
			if o == "--check-hash-based-pycs" {
				l.value()
			}
			return none()
		}
		for i, c := range o[1:] {
			rest := o[i+2:]
			switch c {
			case 'c':
				return Run{Kind: Code, Target: strings.TrimSpace(rest + " " + l.all())}, true
			case 'm':
				if rest == "" {
					rest = l.value()
				}
				return Run{Kind: Module, Target: rest, Installs: Installs(rest) && installVerb(l.rest)}, true
			case 'W', 'X':
				if rest == "" {
					l.value()
				}
				return none()
			}
		}
		return none()
	})
}

// node reads https://nodejs.org/api/cli.html. A value stands in the next word or behind a =, and options that are not
// listed take none: --max-old-space-size=512. What --require and --import name runs before the script does, and is how
// NODE_OPTIONS is abused.
func node(l *line) Run {
	return l.options(Script, func(o string) (Run, bool) {
		name, value, joined := strings.Cut(o, "=")
		switch name {
		case "-e", "--eval", "-p", "--print", "-pe":
			if !joined {
				value = l.all()
			}
			return Run{Kind: Code, Target: value}, true
		case "-r", "--require", "--import", "--loader", "--experimental-loader":
			if !joined {
				value = l.value()
			}
			return Run{Loads: []string{value}}, false
		case "-C", "--conditions", "--env-file", "--inspect-port", "--title", "--icu-data-dir", "--openssl-config":
			if !joined {
				l.value()
			}
		}
		return none()
	})
}

// bun reads bun and deno: bun [run] FILE, deno run|test|eval [options] FILE. A FILE may be an address: deno runs what
// it fetches from there.
func bun(l *line) Run {
	if len(l.rest) > 0 && slices.Contains([]string{"run", "test", "serve", "x"}, l.rest[0]) {
		l.next()
	}
	if len(l.rest) > 0 && l.rest[0] == "eval" {
		l.next()
		return Run{Kind: Code, Target: l.all()}
	}
	return node(l)
}

// ruby reads ruby(1): -e also ends a cluster of options that take no value (-ne, -lane).
func ruby(l *line) Run {
	return l.options(Script, func(o string) (Run, bool) {
		cluster := strings.TrimLeft(o[1:], "alnpsSvwy")
		switch {
		case strings.HasPrefix(cluster, "e"):
			return Run{Kind: Code, Target: strings.TrimSpace(cluster[1:] + " " + l.all())}, true
		case o == "-r":
			return Run{Loads: []string{l.value()}}, false
		case strings.HasPrefix(o, "-r"):
			return Run{Loads: []string{o[2:]}}, false
		case o == "-I", o == "-C", o == "-E", o == "-W":
			l.value()
		}
		return none()
	})
}

// perl reads perlrun(1): -e and -E also end a cluster (-we). -M and -m load a module by its name, of which the file is
// found by @INC and PERL5LIB.
func perl(l *line) Run {
	return l.options(Script, func(o string) (Run, bool) {
		switch {
		case o == "-I":
			l.value()
			return none()
		case strings.HasPrefix(o, "-I"), strings.HasPrefix(o, "-x"):
			return none()
		case strings.HasPrefix(o, "-M"), strings.HasPrefix(o, "-m"):
			module, _, _ := strings.Cut(o[2:], "=")
			return Run{Loads: []string{module}}, false
		case !strings.HasPrefix(o, "--") && strings.ContainsAny(o, "eE"):
			return Run{Kind: Code, Target: l.all()}, true
		}
		return none()
	})
}

// php reads php(1). A worker of php-fpm runs whatever file a request names: its process is called php-fpm: pool www,
// and its arguments name no script.
func php(l *line) Run {
	if strings.Contains(l.program, "fpm") || strings.Contains(l.program, "cgi") {
		return Run{Kind: Input}
	}
	return l.options(Script, func(o string) (Run, bool) {
		switch o {
		case "-r", "--run", "-B", "-R", "-E":
			return Run{Kind: Code, Target: l.all()}, true
		case "-f", "--file", "-F":
			return Run{Kind: Script, Target: l.value()}, true
		case "-c", "-d", "-S", "-t", "-z", "--php-ini", "--define":
			l.value()
		}
		return none()
	})
}

// javaValues are options of java(1) whose value is the next word.
var javaValues = []string{
	"-p", "--module-path", "--upgrade-module-path", "--add-modules", "--add-exports", "--add-opens", "--add-reads",
	"--limit-modules",
	"--patch-module", "--describe-module", "-d", "--enable-native-access", "--source", "--finalization",
}

// java reads https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html. A class path is a list with colons, as
// on every system that containers run; an agent's options stand behind its =.
func java(l *line) Run {
	return l.options(Class, func(o string) (Run, bool) {
		name, value, joined := strings.Cut(o, "=")
		switch {
		case o == "-jar":
			return Run{Kind: Jar, Target: l.value()}, true
		case name == "-m", name == "--module":
			if !joined {
				value = l.value()
			}
			return Run{Kind: Class, Target: value}, true
		case name == "-cp", name == "-classpath", name == "--class-path":
			if !joined {
				value = l.value()
			}
			return Run{Loads: strings.FieldsFunc(value, func(c rune) bool { return c == ':' })}, false
		case strings.HasPrefix(o, "-javaagent:"), strings.HasPrefix(o, "-agentpath:"):
			_, agent, _ := strings.Cut(o, ":")
			agent, _, _ = strings.Cut(agent, "=")
			return Run{Loads: []string{agent}}, false
		case slices.Contains(javaValues, name) && !joined:
			l.value()
		}
		return none()
	})
}

// dotnet reads dotnet [exec] FILE.dll. A program that was published as one file is its own, and comes by another name.
func dotnet(l *line) Run {
	if len(l.rest) > 0 && l.rest[0] == "exec" {
		l.next()
	}
	return l.options(Script, func(o string) (Run, bool) {
		if o == "--depsfile" || o == "--runtimeconfig" || o == "--additionalprobingpath" || o == "--fx-version" {
			l.value()
		}
		return none()
	})
}

// powershell reads pwsh -File FILE, pwsh -Command CODE, pwsh FILE. Names of options may be in any case of letters. The
// code of -EncodedCommand is Base64 of UTF-16; it is given as it stands, and whoever looks at it decodes it.
func powershell(l *line) Run {
	return l.options(Script, func(o string) (Run, bool) {
		switch strings.ToLower(o) {
		case "-c", "-command", "-e", "-ec", "-encodedcommand":
			return Run{Kind: Code, Target: l.all()}, true
		case "-f", "-file":
			return Run{Kind: Script, Target: l.value()}, true
		case "-ep", "-executionpolicy", "-wd", "-workingdirectory", "-version", "-inputformat", "-outputformat":
			l.value()
		}
		return none()
	})
}

// shell reads the options of POSIX sh and of bash. One that begins with + switches off what - switches on: bash +o
// posix x.sh. -c may stand anywhere in a cluster (-ec, -lc), and the code is the first word after all options.
func shell(l *line) Run {
	l.plus = true
	r := l.options(Script, func(o string) (Run, bool) {
		switch {
		case o == "--rcfile", o == "--init-file":
			return Run{Loads: []string{l.value()}}, false
		case o == "-o", o == "-O", o == "+o", o == "+O":
			l.value()
			return none()
		case strings.HasPrefix(o, "--"), strings.HasPrefix(o, "+"):
			return none()
		case strings.Contains(o, "c"):
			return Run{Kind: Code, Target: l.all()}, true
		case strings.Contains(o, "s"):
			return Run{Kind: Input}, true
		}
		return none()
	})
	r.Shell = true
	return r
}

// script reads an interpreter whose first plain word is its script.
func script(l *line) Run {
	return l.options(Script, func(o string) (Run, bool) {
		switch o {
		case "-f", "--file":
			return Run{Kind: Script, Target: l.value()}, true
		case "-e", "--eval", "-c":
			return Run{Kind: Code, Target: l.all()}, true
		}
		return none()
	})
}
