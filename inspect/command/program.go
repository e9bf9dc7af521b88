package command

import (
	"path"
	"slices"
	"strings"
)

// Role is the part that a program plays by nature.
type Role string

// The roles of programs that do what they are given.
const (
	Interpreter Role = "interpreter" // runs a script, a module or code: python, java, sh
	Launcher    Role = "launcher"    // runs another program: env, timeout, ld.so
	Tool        Role = "tool"        // fetches, copies, installs: curl, tar, apt-get
	Other       Role = ""            // acts by itself
)

// family is a group of interpreters that read their arguments alike.
type family struct {
	names []string // of the program, without a version
	parse func(*line) Run
}

// families are the interpreters and launchers. A new family is one line here and its function. Names are those of their
// files without a version, in lower case; no name stands in two families.
func families() map[Role][]family {
	return map[Role][]family{
		Interpreter: {
			{[]string{"python", "pypy", "ipython"}, python},
			{[]string{"node", "nodejs"}, node},
			{[]string{"bun", "deno"}, bun},
			{[]string{"ruby", "jruby"}, ruby},
			{[]string{"perl"}, perl},
			{[]string{"php", "php-fpm", "php-cgi"}, php},
			{[]string{"java"}, java},
			{[]string{"dotnet"}, dotnet},
			{[]string{"pwsh", "powershell"}, powershell},
			{[]string{"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "rbash"}, shell},
			{[]string{
				"lua", "luajit", "tclsh", "rscript", "guile", "gawk", "awk", "mawk", "expect", "groovy",
				"elixir", "escript",
			}, script},
		},
		Launcher: {
			{[]string{"busybox", "toybox"}, applet},
			{[]string{
				"env", "nice", "nohup", "setsid", "stdbuf", "timeout", "time", "ionice", "chroot", "chrt",
				"unshare", "nsenter",
				"sudo", "doas", "su-exec", "gosu", "setpriv", "runuser", "tini", "dumb-init", "catatonit", "xargs",
				"watch", "strace",
			}, launched},
		},
	}
}

// tools are programs that fetch, copy, pack, look around or install for whoever calls them. One whose bytes are its
// package's is never the cause: it did what it was given.
var tools = []string{
	"curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "sftp", "ssh", "scp", "rsync", "dig",
	"nslookup", "host", "ping",
	"tar", "gzip", "gunzip", "bzip2", "xz", "zstd", "unzip", "zip", "cpio", "base64", "xxd", "od", "openssl", "gpg",
	"cat", "cp", "mv", "rm", "ln", "ls", "dd", "find", "grep", "sed", "head", "tail", "tee", "touch", "mkdir",
	"chmod", "chown", "chattr",
	"install", "id", "whoami", "uname", "hostname", "ps", "kill", "pkill", "killall", "mount", "umount", "su",
	"passwd", "useradd",
	"adduser", "usermod", "crontab", "ip", "ifconfig", "iptables", "nft", "ss", "netstat", "lsof", "gdb", "nmap",
	"tcpdump", "git",
	"make", "gcc", "cc", "cmp", "cut", "sort", "tr", "wc", "date", "sleep", "true", "echo", "printf", "test",
	"readlink", "stat", "vi",
	"vim", "nano", "less", "more", "screen", "tmux", "script", "kubectl", "crictl", "docker",
}

// installers are package managers: what they are given to install is not what the image held.
var installers = []string{
	"apt", "apt-get", "aptitude", "dpkg", "apk", "yum", "dnf", "microdnf", "rpm", "zypper", "pacman", "tdnf", "opkg",
	"snap",
	"pip", "pipx", "uv", "poetry", "conda", "mamba", "npm", "npx", "pnpm", "yarn", "gem", "bundle", "composer",
	"cargo", "go", "brew",
}

// RoleOf returns the role of a program by its path. Versions behind the name do not count: python3.12, ruby3.3. A name
// proves nothing: a miner called python3 is an interpreter here, and only the check of its bytes distinguishes it.
func RoleOf(program string) Role {
	if isLoader(program) {
		return Launcher
	}
	name := baseName(program)
	for role, all := range families() {
		for _, f := range all {
			if slices.Contains(f.names, name) {
				return role
			}
		}
	}
	// The digits of base64 and bzip2 are no version.
	if slices.Contains(tools, name) || slices.Contains(installers, name) || slices.Contains(tools, fileName(program)) {
		return Tool
	}
	return Other
}

// Installs reports whether a program is a package manager, by its name: of the system or of a language.
func Installs(program string) bool { return slices.Contains(installers, baseName(program)) }

// IsShell reports whether a program is a shell, or holds one as busybox does.
func IsShell(program string) bool {
	name := baseName(program)
	return name == "busybox" || name == "toybox" || slices.Contains(shellNames(), name)
}

// shellNames are the names of shells, those of the family that shell reads.
func shellNames() []string {
	for _, f := range families()[Interpreter] {
		if slices.Contains(f.names, "bash") {
			return f.names
		}
	}
	return nil
}

// fileName is the name of a program without its folder and its extension. " (deleted)" is what the kernel appends to
// the path of a running program whose file was removed (proc(5), /proc/PID/exe).
func fileName(program string) string {
	name := strings.ToLower(path.Base(strings.TrimSuffix(program, " (deleted)")))
	return strings.TrimSuffix(strings.TrimSuffix(name, ".exe"), ".static")
}

// baseName is the name of a program without its folder, its extension and its version.
func baseName(program string) string {
	name := fileName(program)
	if short := strings.TrimRight(name, "0123456789."); short != "" {
		name = strings.TrimSuffix(short, "-")
	}
	return name
}

// isLoader recognizes the dynamic loaders of glibc and musl: ld-linux-x86-64.so.2, ld-musl-aarch64.so.1, ld.so,
// ld-2.31.so.
func isLoader(program string) bool {
	name := path.Base(program)
	return name == "ld.so" || strings.HasPrefix(name, "ld-linux") || strings.HasPrefix(name, "ld-musl-") ||
		strings.HasPrefix(name, "ld64.so") || strings.HasPrefix(name, "ld-2.") && strings.HasSuffix(name, ".so")
}
