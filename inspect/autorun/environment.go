package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/redact"
)

// variable is an environment variable by whose value something is started.
type variable struct {
	name, kind, trigger string
	words               []string // options of the value that load something; none: all of it does
}

// variables is the table of them, by what each interpreter documents. A variable is in it only if its value is code, or
// a file of code, that is run before the program itself.
func variables() []variable {
	node := []string{
		"--require", "-r", "--import", "--loader", "--experimental-loader", "--env-file",
		"--openssl-config",
	}
	java := []string{
		"-javaagent:", "-agentpath:", "-agentlib:", "-Xbootclasspath", "@", "-XX:OnOutOfMemoryError",
		"-XX:OnError", "--patch-module",
	}
	return []variable{
		{"LD_PRELOAD", KindLoader, "makes every program load a library", nil},
		{"LD_AUDIT", KindLoader, "makes every program load a library", nil},
		{"NODE_OPTIONS", KindInterpreterEnv, "makes every Node.js process load a file", node},
		{"BUN_OPTIONS", KindInterpreterEnv, "makes every bun process load a file", []string{
			"--preload", "-r",
			"--require", "--import",
		}},
		{"PYTHONSTARTUP", KindInterpreterEnv, "runs with every interactive Python", nil},
		{"PYTHONPATH", KindInterpreterEnv, "is imported at every start of Python", nil},
		{"RUBYOPT", KindInterpreterEnv, "makes every Ruby process load a file", []string{"-r", "-I"}},
		{"PERL5OPT", KindInterpreterEnv, "makes every Perl process load a module", []string{"-M", "-m", "-I", "-d"}},
		{"PERL5LIB", KindInterpreterEnv, "makes every Perl process load a module", nil},
		{"RUBYLIB", KindInterpreterEnv, "makes every Ruby process load a file", nil},
		{"PHP_INI_SCAN_DIR", KindInterpreterEnv, "makes every PHP process read further settings", nil},
		{"DOTNET_STARTUP_HOOKS", KindInterpreterEnv, "makes every .NET process load a library", nil},
		{"CORECLR_PROFILER_PATH", KindInterpreterEnv, "makes every .NET process load a library", nil},
		{"JAVA_TOOL_OPTIONS", KindJavaAgent, "makes every JVM load an agent", java},
		{"JDK_JAVA_OPTIONS", KindJavaAgent, "makes java load an agent", java},
		{"_JAVA_OPTIONS", KindJavaAgent, "makes every JVM load an agent", java},
		{"JAVA_OPTS", KindJavaAgent, "makes the JVMs of start scripts load an agent", java},
		{"JAVA_ARGS", KindJavaAgent, "makes the JVMs of start scripts load an agent", java},
		{"JVM_OPTS", KindJavaAgent, "makes the JVMs of start scripts load an agent", java},
		{"CATALINA_OPTS", KindJavaAgent, "makes Tomcat load an agent", java},
		{"KAFKA_OPTS", KindJavaAgent, "makes Kafka load an agent", java},
		{"ES_JAVA_OPTS", KindJavaAgent, "makes Elasticsearch load an agent", java},
		{"BASH_ENV", KindShellEnv, "makes every script of bash run a file first", nil},
		{"ENV", KindShellEnv, "makes every interactive shell run a file first", nil},
		{"PROMPT_COMMAND", KindShellEnv, "runs before every prompt of bash", nil},
	}
}

// readEnvironment makes a hook of each variable of the image's environment that loads or runs something. Values that
// were removed as secrets are passed over: what they load is not known. Several LD_PRELOAD entries are each a hook,
// since which of them the runtime keeps is its own matter. More than MaxRows libraries count as skipped, which makes
// the check report a gap.
func readEnvironment(ctx context.Context, s *scene) []hook {
	var all []hook
	var dirs []string // of libraries, read once
	libraries := 0
	for _, e := range s.config.Env {
		name, value, _ := strings.Cut(e, "=")
		at := slices.IndexFunc(variables(), func(v variable) bool { return v.name == name })
		if at < 0 || strings.TrimSpace(value) == "" || value == redact.Mark || value == redact.Withheld {
			continue
		}
		v := variables()[at]
		switch {
		case v.kind == KindLoader:
			if dirs == nil {
				dirs = LibraryDirs(ctx, s.tree)
			}
			for _, library := range libraryNames(value) {
				if libraries++; libraries > MaxRows {
					s.skipped++
					continue
				}
				h := s.preload(library, dirs)
				h.name, h.title, h.trigger = name+" "+library, name, v.trigger
				all = append(all, h)
			}
		case name == "PYTHONPATH":
			all = append(all, s.pythonPath(value)...)
		case name == "PERL5LIB" || name == "RUBYLIB":
			all = append(all, s.standIns(v, value)...)
		case len(v.words) == 0 || hasOption(value, v.words):
			all = append(all, s.variableHook(ctx, v, value))
		}
	}
	return all
}

// hasOption reports whether a value has one of the options that load something. Options are compared by their
// beginning, as in --require=/tmp/x.js. Quotes within a value are not taken apart.
func hasOption(value string, options []string) bool {
	return slices.ContainsFunc(strings.Fields(value), func(w string) bool {
		return slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(w, o) })
	})
}

// variableHook is the hook of a variable that names what is loaded in the options of its value. The words of a value
// are looked up as files; the first absolute one that is not there is named as missing.
func (s *scene) variableHook(ctx context.Context, v variable, value string) hook {
	h := hook{
		kind: v.kind, name: v.name, title: v.name, trigger: v.trigger, command: shorten(v.name + "=" + value),
		inline: true,
		text:   []byte(value),
	}
	s.loadWords(ctx, &h, value)
	for _, n := range s.namedModules(v.name, value) {
		if !slices.Contains(h.loads, n) && len(h.loads) < MaxLoads {
			h.loads = append(h.loads, n)
		}
	}
	return h
}

// loadWords adds the files that the words of a value name. A file of arguments, as java takes it behind an @, is read
// for further ones (JDK's java(1), Launcher Argument Files; they do not nest).
func (s *scene) loadWords(ctx context.Context, h *hook, value string) {
	for _, w := range strings.FieldsFunc(strings.ReplaceAll(value, "-javaagent:", " "),
		func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'=:;,", r) }) {
		w = strings.TrimPrefix(strings.TrimPrefix(w, "-r"), "-I")
		w, arguments := strings.CutPrefix(w, "@")
		n := s.target(w, cmpDir(s.config.WorkingDir))
		if n == nil && h.title == "NODE_OPTIONS" {
			n = s.module(w)
		}
		switch {
		case n != nil && !slices.Contains(h.loads, n) && len(h.loads) < MaxLoads:
			h.loads = append(h.loads, n)
			if arguments && h.kind == KindJavaAgent {
				s.loadWords(ctx, h, strings.ReplaceAll(string(s.text(ctx, n)), "@", " "))
			}
		case n == nil && strings.HasPrefix(w, "/") && h.missing == "" && s.tree.Resolve(w) == nil:
			h.missing = w
		}
	}
}

// module finds the main file of a package of node_modules that an option names. As Node.js resolves a bare name
// (https://nodejs.org/api/modules.html#all-together), but for the global folders of NODE_PATH.
func (s *scene) module(name string) *inspect.Node {
	if name == "" || strings.HasPrefix(name, "-") || strings.HasPrefix(name, "/") {
		return nil
	}
	for _, dir := range []string{
		cmpDir(s.config.WorkingDir) + "/node_modules", "/usr/local/lib/node_modules",
		"/usr/lib/node_modules", "/node_modules",
	} {
		for _, end := range []string{"", ".js", "/index.js", "/package.json"} {
			if n := s.tree.Resolve(path.Join("/", dir, name) + end); n != nil && layer.IsRegular(n) {
				return n
			}
		}
	}
	return nil
}

// cmpDir is an absolute directory: the working directory may be missing.
func cmpDir(dir string) string { return path.Join("/", dir) }

// pythonPath makes a hook of each module that PYTHONPATH leads to and that Python imports by itself.
func (s *scene) pythonPath(value string) []hook {
	dirs := slices.DeleteFunc(strings.Split(value, ":"), func(dir string) bool { return !path.IsAbs(dir) })
	return s.customizing(dirs, "PYTHONPATH")
}
