package command

import (
	"path"
	"slices"
	"strings"
)

// applet reads busybox and toybox: the applet is the name that the program was called by, or its first argument. On
// Alpine the alert of every script names /bin/busybox, whose shell reads it.
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

// launcherValues are the options of each launcher whose value is the next word, by the manual page of its program
// (coreutils, util-linux, sudo(8), tini, findutils, strace(1)). An option that one takes as a flag is a value to
// another: nice -n 10, but sudo -n. Options with their value in the same word need no entry.
func launcherValues(name string) []string {
	switch name {
	case "env":
		return []string{"-u", "--unset", "-C", "--chdir"}
	case "nice":
		return []string{"-n", "--adjustment"}
	case "timeout":
		return []string{"-k", "--kill-after", "-s", "--signal"}
	case "stdbuf":
		return []string{"-i", "-o", "-e", "--input", "--output", "--error"}
	case "ionice":
		return []string{"-c", "--class", "-n", "--classdata"}
	case "chrt":
		return []string{"-T", "-P", "-D"}
	case "unshare":
		return []string{"-S", "--setuid", "-G", "--setgid", "-R", "--root", "-w", "--wd"}
	case "nsenter":
		return []string{"-t", "--target", "-S", "--setuid", "-G", "--setgid"}
	case "sudo":
		return []string{
			"-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-D", "--chdir", "-R",
			"--chroot", "-r", "-t", "-T", "-U",
		}
	case "doas":
		return []string{"-u", "-C"}
	case "setpriv":
		return []string{
			"--reuid", "--regid", "--ruid", "--rgid", "--euid", "--egid", "--groups", "--inh-caps",
			"--bounding-set", "--ambient-caps",
		}
	case "runuser":
		return []string{"-u", "--user", "-g", "--group", "-G", "--supp-group", "-s", "--shell", "-c", "--command"}
	case "time":
		return []string{"-f", "--format", "-o", "--output"}
	case "tini":
		return []string{"-p", "-e"}
	case "dumb-init":
		return []string{"-r", "--rewrite"}
	case "xargs":
		return []string{"-n", "--max-args", "-I", "-L", "-P", "--max-procs", "-d", "--delimiter", "-s", "-a", "-E"}
	case "watch":
		return []string{"-n", "--interval", "-q", "--equexit"}
	case "strace":
		return []string{"-e", "-o", "-p", "-s", "-u", "-E", "-a", "-b", "-I", "-O", "-P", "-S", "-X"}
	}
	return nil
}

// launched reads a launcher: after its options, its assignments and its own first arguments comes the program. A
// launcher without a program runs a shell, or whatever it is given to read.
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
			if slices.Contains(launcherValues(name), word) {
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

// loader reads ld.so [options] PROGRAM [arguments] (ld.so(8)). What it starts needs no permission to be executed, and
// comes by no execve of its own: an alert names the loader alone.
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
