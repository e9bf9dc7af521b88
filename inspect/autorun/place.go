package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Spot is a place of the system whose files start something or let somebody in.
type Spot struct {
	Kind string
	Does string // predicate: "starts programs by the clock"
	// Severity of a file there that no package owns, without a sign.
	Severity inspect.Severity
}

// Place recognizes the places of the file system hierarchy from which programs are started, by a clean path; ok is
// false for all others. The first row that matches counts. What a place does is the same for every file in it; how much
// it weighs depends on the file. The path is compared as it is, and links are resolved by the caller: /bin may lead to
// /usr/bin.
func Place(p string) (spot Spot, ok bool) {
	dir, base := path.Dir(p), path.Base(p)
	for _, s := range spots() {
		if s.match(p, dir, base) {
			return s.Spot, true
		}
	}
	return Spot{}, false
}

// spot is a row of the table of places.
type spot struct {
	Spot
	match func(p, dir, base string) bool
}

// spots is the table of places, the more specific ones first. The severity of a row is that of a file without any sign,
// which no package owns: what installers put there in most images is info, what is rarely in an image is more.
func spots() []spot {
	return []spot{
		{Spot{KindKeys, "lets the holders of its keys log in", inspect.Medium}, isKeys},
		{Spot{KindCron, "starts programs by the clock", inspect.Low}, isCron},
		{Spot{KindUnit, "starts a program with the system", inspect.Low}, isUnit},
		{Spot{KindEntrypointFolder, "is started by the image's entrypoint", inspect.Info}, isEntrypointFolder},
		{Spot{KindInit, "starts a program with the system or a login", inspect.Low}, isInit},
		{Spot{KindInit, "is started by supervisord", inspect.Info}, isSupervised},
		{Spot{KindCron, "runs scripts when logs are rotated", inspect.Info}, isLogRotation},
		{Spot{KindPAM, "decides who may log in", inspect.Medium}, isPAMModule},
		{Spot{KindPAM, "decides who may log in", inspect.Low}, func(_, dir,
			base string,
		) bool {
			return dir == "/etc/pam.d" && !strings.HasPrefix(base, "common-")
		}},
		{Spot{KindPAM, "decides who may log in", inspect.Info}, func(p, dir,
			_ string,
		) bool {
			return dir == "/etc/pam.d" || p == "/etc/pam.conf"
		}},
		{Spot{KindUdev, "runs programs when devices change", inspect.Low}, func(_, dir, base string) bool {
			return path.Ext(base) == ".rules" && slices.Contains([]string{
				"/etc/udev/rules.d",
				"/usr/lib/udev/rules.d", "/lib/udev/rules.d", "/run/udev/rules.d",
			}, dir)
		}},
		{Spot{KindProfile, "is read by every shell", inspect.Info}, isProfile},
		{Spot{KindLoader, "names where programs find their libraries", inspect.Info}, func(p, dir, base string) bool {
			return dir == "/etc/ld.so.conf.d" || p == "/etc/ld.so.conf" || dir == "/etc" && strings.HasPrefix(base,
				"ld-musl-")
		}},
		{Spot{KindPackageHook, "is run by the package manager", inspect.Low}, isPackageHook},
	}
}

// isKeys matches the files of sshd(8), AUTHORIZED_KEYS FILE FORMAT, in any home.
func isKeys(_, dir, base string) bool {
	return (base == "authorized_keys" || base == "authorized_keys2") && strings.HasSuffix(dir, "/.ssh")
}

// isCron matches crontab(5), anacrontab(5) and the folders of run-parts and of busybox. Files of cron.d with a dot in
// their name are not run by Debian's cron; they count all the same, since others run them.
func isCron(p, dir, base string) bool {
	if base == ".placeholder" {
		return false
	}
	return layer.Within(p, "/var/spool/cron") || strings.HasPrefix(dir, "/etc/cron.") || p == "/etc/crontab" ||
		p == "/etc/anacrontab" ||
		layer.Within(p, "/etc/periodic") || layer.Within(p, "/etc/crontabs")
}

// isUnit recognizes units, the files that add to one (NAME.service.d/*.conf), and what is started with a target
// (systemd.unit(5)).
func isUnit(_, dir, base string) bool {
	ends := []string{".service", ".timer", ".path", ".socket"}
	switch path.Ext(dir) {
	case ".d":
		dir, ends = path.Dir(dir), []string{".conf"}
	case ".wants", ".requires", ".upholds":
		dir = path.Dir(dir)
	}
	return slices.Contains([]string{
		"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
		"/etc/systemd/user", "/usr/lib/systemd/user", "/usr/local/lib/systemd/system", "/run/systemd/system",
		"/usr/local/lib/systemd/user", "/run/systemd/user",
	}, dir) && slices.Contains(ends, path.Ext(base)) ||
		strings.HasSuffix(dir, "/system-generators") && strings.Contains(dir, "/systemd/")
}

// isEntrypointFolder recognizes the folders whose scripts the start scripts of many images run.
func isEntrypointFolder(_, dir, _ string) bool {
	return slices.Contains([]string{
		"/docker-entrypoint.d", "/docker-entrypoint-init.d", "/docker-entrypoint-initdb.d", "/entrypoint.d",
		"/etc/cont-init.d",
		"/etc/cont-finish.d", "/etc/fix-attrs.d", "/etc/my_init.d", "/etc/entrypoint.d",
		"/usr/local/etc/entrypoint.d", "/opt/bitnami/scripts/init",
		"/container-entrypoint-initdb.d", "/usr/local/share/docker-entrypoint.d", "/etc/docker-entrypoint.d",
	}, dir) || layer.Within(dir, "/etc/services.d") || layer.Within(dir, "/etc/s6-overlay/s6-rc.d") ||
		layer.Within(dir, "/etc/service")
}

// isInit matches the scripts of System V, of rc.local, of logins (update-motd(5), sshrc) and of desktops.
func isInit(p, dir, base string) bool {
	return dir == "/etc/init.d" || strings.HasPrefix(dir, "/etc/rc") && strings.HasSuffix(dir, ".d") ||
		base == "rc.local" && layer.Within(p, "/etc") ||
		p == "/etc/inittab" || layer.Within(p, "/etc/xdg/autostart") || dir == "/etc/update-motd.d" ||
		dir == "/etc/local.d" || dir == "/etc/ssh" && base == "sshrc" || slices.Contains([]string{
		"/etc/network/if-pre-up.d", "/etc/network/if-up.d", "/etc/network/if-down.d", "/etc/network/if-post-down.d",
		"/etc/dhcp/dhclient-enter-hooks.d", "/etc/dhcp/dhclient-exit-hooks.d", "/etc/NetworkManager/dispatcher.d",
		"/etc/ppp/ip-up.d", "/etc/ppp/ip-down.d",
	}, dir)
}

// isSupervised matches the programs of supervisord (its documentation, Configuration File), in the folders of Debian,
// Fedora, Alpine and Arch. Images that run several programs have such files as a matter of course.
func isSupervised(p, dir, base string) bool {
	return slices.Contains([]string{
		"/etc/supervisor/conf.d", "/etc/supervisord.d", "/etc/supervisor.d", "/etc/supervisord/conf.d",
	}, dir) && slices.Contains([]string{".conf", ".ini"}, path.Ext(base)) || slices.Contains([]string{
		"/etc/supervisord.conf", "/etc/supervisor/supervisord.conf", "/etc/supervisor.conf",
	}, p)
}

// isLogRotation matches the settings of logrotate(8), whose postrotate and other scripts run as root.
func isLogRotation(p, dir, _ string) bool {
	return dir == "/etc/logrotate.d" || p == "/etc/logrotate.conf"
}

// isPAMModule matches modules wherever they lie: a stack may name one by its path.
func isPAMModule(p, _, base string) bool {
	return strings.HasPrefix(base, "pam_") && strings.HasSuffix(base, ".so") || layer.Within(p, "/lib/security") ||
		layer.Within(p, "/usr/lib/security")
}

// isProfile matches what shells read at their start, by the manual page of each.
func isProfile(p, dir, base string) bool {
	if dir == "/etc/skel" {
		return false // copied into homes that are made later
	}
	return dir == "/etc/profile.d" || dir == "/etc/zsh" && strings.HasPrefix(base, "z") || dir == "/etc/fish/conf.d" ||
		slices.Contains([]string{
			".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc",
			".zprofile", ".zshenv", ".zlogin", ".kshrc", ".shrc", ".ashrc", ".pam_environment", ".xprofile",
		}, base) ||
		slices.Contains([]string{
			"/etc/environment", "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zshrc",
			"/etc/zshenv", "/etc/shinit",
		}, p)
}

// isPackageHook recognizes the files by which package managers run commands: apt.conf(5) with Pre-Invoke and
// Post-Invoke, dpkg.cfg(5) with pre-invoke and post-invoke, apk's commit hooks, plugins and actions of yum and dnf. An
// image that is used as a base runs these in every build on top of it, with the rights of root.
func isPackageHook(p, dir, base string) bool {
	return dir == "/etc/apt/apt.conf.d" || p == "/etc/apt/apt.conf" || dir == "/etc/dpkg/dpkg.cfg.d" ||
		p == "/etc/dpkg/dpkg.cfg" || dir == "/etc/apk/commit_hooks.d" || dir == "/lib/apk/commit_hooks.d" ||
		dir == "/etc/dnf/plugins/post-transaction-actions.d" || dir == "/etc/yum/post-actions" ||
		dir == "/etc/pacman.d/hooks" || dir == "/usr/share/libalpm/hooks" && path.Ext(base) == ".hook"
}

// isPlace reports whether Place has the path.
func isPlace(p, _ string) bool {
	_, ok := Place(p)
	return ok
}

// readPlace reads a file of one of the places. A file without content starts nothing. Of units, rules and settings only
// the lines that start something are shown, and one without such a line is no row. The keys themselves are never kept
// as text: a public key identifies a person.
func readPlace(ctx context.Context, s *scene, n *inspect.Node) []hook {
	at, ok := Place(n.Path)
	if !ok || n.Size == 0 {
		return nil
	}
	text := s.text(ctx, n)
	h := hook{
		kind: at.Kind, node: n, name: named(n), trigger: at.Does, text: text,
		mild: at.Severity == inspect.Info && at.Kind != KindEntrypointFolder,
	}
	switch at.Kind {
	case KindKeys:
		h.opens, h.text, h.command = "lets the holders of its keys log in", []byte{}, keyNames(text)
	case KindPAM:
		h.opens, h.command = s.opensByPAM(ctx, n, text), excerpt(text)
		if h.opens == "" && isPAMModule(n.Path, "", path.Base(n.Path)) && !s.vouched(n.Path) {
			h.opens = "decides who may log in, and no package owns it"
		}
	case KindPackageHook:
		if h.command = invocations(n.Path, text); h.command == "" {
			return nil // settings only
		}
	case KindUdev, KindUnit:
		if h.command = started(text); strings.HasSuffix(path.Dir(n.Path), "-generators") {
			h.command = excerpt(text) // a program (systemd.generator(7)), not a list of directives
		}
		if h.command == "" {
			return nil
		}
	case KindLoader:
		h.text, h.command, h.dir = []byte{}, excerpt(text), oddDirectory(text)
	default:
		h.command = excerpt(text)
	}
	if at.Kind != KindLoader && at.Kind != KindKeys {
		h.loads = s.startedBy(text)
	}
	return []hook{h}
}

// oddDirectory is the first directory of a list of directories that is hidden or where everyone may write; "" for
// none.
func oddDirectory(text []byte) string {
	odd := ""
	layer.Lines(text, func(line string) {
		for dir := range strings.SplitSeq(strings.TrimSpace(line), ":") {
			if odd == "" && strings.HasPrefix(dir, "/") && hides(path.Clean(dir)+"/x") {
				odd = dir
			}
		}
	})
	return odd
}

// keyNames lists the comments and types of public keys: the keys themselves identify persons. A key without a comment
// is named by its type. Options before the key are left out.
func keyNames(text []byte) string {
	var names []string
	layer.Lines(text, func(line string) {
		words := strings.Fields(line)
		for i, w := range words {
			if (strings.HasPrefix(w, "ssh-") || strings.HasPrefix(w, "ecdsa-") || strings.HasPrefix(w, "sk-")) &&
				len(names) < MaxLoads {
				names = append(names, strings.TrimSpace(w+" "+strings.Join(words[min(i+2, len(words)):], " ")))
				return
			}
		}
	})
	return shorten(strings.Join(names, "; "))
}

// invocations lists the lines by which a package manager runs commands. Settings of apt and dnf are mostly numbers and
// addresses; a file with no such line is no row. An example: DPkg::Post-Invoke {"rm -rf /var/cache/apt/archives";}; is
// what official Debian images have.
func invocations(p string, text []byte) string {
	if !strings.Contains(p, "apt.conf") && !strings.Contains(p, "dpkg.cfg") {
		return excerpt(text)
	}
	var lines []string
	layer.Lines(text, func(line string) {
		lower := strings.ToLower(line)
		if t := strings.TrimSpace(line); !strings.HasPrefix(t, "//") && !strings.HasPrefix(t, "#") &&
			len(lines) < MaxLoads &&
			(strings.Contains(lower, "-invoke") || strings.Contains(lower, "pre-install-pkgs") ||
				strings.Contains(lower, "proxy-auto-detect")) {
			lines = append(lines, t)
		}
	})
	return shorten(strings.Join(lines, "; "))
}

// started lists the lines of a unit or of udev's rules that start something; "" for none. Directives are compared as
// systemd does, with their case. A unit without ExecStart and the like is one that orders others, and no row. User= and
// Environment= lines are left out; the file itself is evidence and has them.
func started(text []byte) string {
	var lines []string
	layer.Lines(text, func(line string) {
		t := strings.TrimSpace(line)
		if len(lines) < MaxLoads && !strings.HasPrefix(t, "#") &&
			(strings.HasPrefix(t, "Exec") || strings.HasPrefix(t, "Unit=") || strings.Contains(t, "RUN+=") ||
				strings.Contains(t, "RUN=") || strings.Contains(t, "PROGRAM=") || strings.Contains(t,
				"IMPORT{program}")) {
			lines = append(lines, t)
		}
	})
	return shorten(strings.Join(lines, "; "))
}

// startedBy finds the files that a text names by absolute paths and that are texts themselves, or lie where programs
// hide. Lines that are comments name nothing that is started.
func (s *scene) startedBy(text []byte) []*inspect.Node {
	var found []*inspect.Node
	layer.Lines(text, func(line string) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") || len(found) >= MaxLoads {
			return
		}
		for _, n := range s.targets(line) {
			if !slices.Contains(found, n) && (n.Kind != "" || n.Executable()) {
				found = append(found, n)
			}
		}
	})
	return found
}
