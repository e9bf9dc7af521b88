package command

import (
	"path"
	"slices"
	"strings"
)

// applet reads busybox and toybox: the applet is the name that the program was called by, or its first argument.
func applet(l *line) Run {
	name := baseName(l.called)
	if name == "busybox" || name == "toybox" || RoleOf(name) == Other {
		called := ""
		if len(l.rest) > 0 {
			called = l.rest[0]
		}
		if RoleOf(called) == Other && strings.Contains(strings.Join(l.rest[:min(1, len(l.rest))], ""), "/") {
			// A script that was started by itself: the process has its name, and the shell is busybox.
			return shell(l)
		}
		if RoleOf(called) == Other {
			return Run{Role: Tool}
		}
		l.next()
		name = called
	}
	if l.depth >= maxDepth {
		return Run{Role: Tool}
	}
	return parse(name, append([]string{name}, l.rest...), l.depth+1)
}

// launcherValues are options of launchers whose value is the next word.
var launcherValues = []string{
	"-u", "--user", "-g", "--group", "-n", "--adjustment", "-k", "--kill-after", "-s", "--signal", "-C", "--chdir",
	"-S", "-c", "-e", "-o",
	"--reuid", "--regid", "-I", "-P", "-L", "-d", "-i", "-p", "-t", "--target",
}

// launched reads a launcher: after its options, its assignments and its own first arguments comes the program.
func launched(l *line) Run {
	name := baseName(l.program)
	own := 0 // arguments of the launcher itself: a duration, a user
	if slices.Contains([]string{"timeout", "su-exec", "gosu", "chroot", "chrt"}, name) {
		own = 1
	}
	for len(l.rest) > 0 {
		word := l.rest[0]
		switch {
		case word == "--":
			l.next()
		case strings.HasPrefix(word, "-"):
			l.next()
			flags := name == "env" && (word == "-i" || word == "-0") || name == "nsenter" && word != "-t" ||
				strings.HasPrefix(name, "sudo") && word == "-i" ||
				name == "dumb-init" || name == "xargs" && (word == "-i" || word == "-t" || word == "-p")
			if slices.Contains(launcherValues, word) && !flags {
				l.next()
			}
		case name != "watch" && strings.Contains(word, "=") && !strings.HasPrefix(word, "/"):
			l.next()
		case own > 0:
			own--
			l.next()
		default:
			return l.start()
		}
	}
	return Run{Role: Launcher, Kind: Input}
}

// loader reads ld.so [options] PROGRAM [arguments] (ld.so(8)).
func loader(l *line) Run {
	var loads []string
	for len(l.rest) > 0 && strings.HasPrefix(l.rest[0], "-") {
		o := l.value()
		name, value, joined := strings.Cut(o, "=")
		switch name {
		case "--preload", "--audit", "--library-path", "--argv0", "--inhibit-rpath", "--glibc-hwcaps-prepend":
			if !joined {
				value = l.value()
			}
		}
		if name == "--preload" || name == "--audit" {
			loads = append(loads, strings.FieldsFunc(value, func(c rune) bool { return c == ':' || c == ' ' })...)
		}
	}
	if len(l.rest) == 0 || path.Base(l.rest[0]) == "" {
		return Run{Role: Launcher, Kind: Input, Loads: loads}
	}
	r := l.start()
	r.Loads = append(loads, r.Loads...)
	return r.bounded()
}
