package binary

import (
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/command"
)

// runtimes are the programs of container runtimes that start the processes of kubectl exec, by how their names begin: a
// sensor may cut a name at 15 characters. The first process of a container has the same parents. The kernel's comm has
// 15 characters and a terminating zero (proc(5)), so containerd-shim-runc-v2 arrives as containerd-shim. A process may
// choose its own comm: an attacker who renames a parent to runc turns a command into an exec, which changes the wording
// of the act and never whether it is shown.
var runtimes = []string{
	"runc", "crun", "youki", "runsc", "conmon", "containerd", "crio", "dockerd", "docker-init",
	"kata", "podman",
}

// act finds what was done at run time, and is not how the image starts: a shell that the runtime opened in a running
// container, packages that were installed, a command that another process gave. It returns "" for what the image starts
// by itself and for an interpreter that ran a file: the row of that file covers it. A terminal stands for kubectl exec
// -it also where the sensor does not name the parent.
func (h runResolver) act(a inspect.Alert, run command.Run) string {
	if h.startsWith(a, run) {
		return ""
	}
	byRuntime := startedByRuntime(a.Parent)
	switch {
	case run.Installs:
		return inspect.ActInstall
	case run.Kind == command.Code && (byRuntime || a.Terminal), run.Role == command.Tool && byRuntime:
		return inspect.ActExec
	case run.Kind == command.Code, run.Role == command.Tool:
		return inspect.ActCommand
	case run.Kind == command.Input && run.Shell && (byRuntime || a.Terminal):
		return inspect.ActExec
	case run.Kind == command.Input && run.Shell && a.Parent != "":
		return inspect.ActCommand
	}
	return ""
}

// startedByRuntime reports whether a parent is the container's runtime.
func startedByRuntime(parent string) bool {
	name := path.Base(parent)
	return slices.ContainsFunc(runtimes, func(r string) bool { return strings.HasPrefix(name, r) })
}

// startsWith reports whether a command line is the one that the image starts by itself, or its health check. All lines
// are compared word by word, since sensors join the arguments with blanks and lose their quoting. The program is
// compared by its base name only: Cmd may have "nginx" where the sensor has /usr/sbin/nginx. A command in the pod that
// overrides the image's is not considered: it counts as an act, which is the louder of the two.
func (h runResolver) startsWith(a inspect.Alert, run command.Run) bool {
	c := h.image.Settings
	words := strings.Fields(strings.Join(append(slices.Clone(c.Entrypoint), c.Cmd...), " "))
	health := strings.Join(strings.Fields(strings.Join(c.Health, " ")), " ")
	line := strings.Fields(a.CommandLine)
	if len(words) == 0 && health == "" || len(line) == 0 {
		return false
	}
	if target := strings.Join(strings.Fields(run.Target), " "); target != "" && run.Kind == command.Code {
		return strings.Contains(strings.Join(words, " "), target) || strings.Contains(health, target)
	}
	if len(words) == 0 || path.Base(words[0]) != path.Base(line[0]) || len(words) != len(line) {
		return false
	}
	return slices.Equal(words[1:], line[1:])
}
