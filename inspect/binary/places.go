package binary

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// placeScanner finds places of the merged tree where rights are given, or where packages may come from.
type placeScanner struct{ *scanner }

// places looks where somebody is given rights, or where packages may come from: each is a setting, and a finding
// where it is more than low. What starts by itself is listed by package autorun. The cut of PATH is reported, so that a
// PATH of 100,000 directories does not hide one silently.
func (h placeScanner) places(ctx context.Context, emit func(inspect.Event)) {
	for n := range h.tree.All() {
		code, what, severity := h.notablePlace(n)
		if code == "" {
			continue
		}
		if severity == inspect.Info && n.Layer == 0 {
			continue // what installers of distributions write
		}
		if code == inspect.CodeSudo {
			what, severity = h.sudoers(ctx, n, what, severity)
		}
		h.place(n, code, what, severity, emit)
	}
	for _, a := range h.rootAccounts(ctx) {
		h.place(h.tree.Resolve(passwdFile), inspect.CodeUID0, a.words(), a.severity(), emit)
	}
	h.logins(ctx, emit)
	if h.path.cut > 0 {
		emit(inspect.Event{Fact: inspect.Setting{
			Code: inspect.CodeLongPath, Severity: inspect.Low,
			Detail: fmt.Sprintf("PATH names more than %d directories: %d were not looked through", MaxPathDirs,
				h.path.cut),
		}})
	}
	h.writable(emit)
	h.libraryPaths(ctx, emit)
	for _, l := range h.layers {
		if l.Status == inspect.Verified && l.Detail != "" {
			emit(inspect.Event{Fact: inspect.Setting{Code: inspect.CodeOddLayer, Detail: fmt.Sprintf("layer %d is %s",
				l.Number, l.Detail), Severity: inspect.Low}})
		}
	}
}

// passwdFile lists the accounts (passwd(5)). Seven fields with colons between: name, password, user ID, group ID,
// comment, home, shell. An empty password field lets anybody in where PAM allows it; "x" refers to /etc/shadow.
const passwdFile = "/etc/passwd"

// rootAccount is an account with the rights of root that is not root.
type rootAccount struct {
	name string
	open bool // it has no password
}

// words words the account; its name is quoted, since it is a foreign string.
func (a rootAccount) words() string {
	text := fmt.Sprintf("the account %q has the rights of root", a.name)
	if a.open {
		text += " and no password"
	}
	return text
}

// severity is high for an account that anybody can use.
func (a rootAccount) severity() inspect.Severity {
	if a.open {
		return inspect.High
	}
	return inspect.Medium
}

// rootAccounts lists the accounts that have the rights of root and are not root. At most layer.MaxNotes of them. A line
// whose user ID is no number is none. A second line named root with the ID 0 is not reported: C libraries take the
// first one.
func (h placeScanner) rootAccounts(ctx context.Context) []rootAccount {
	data, err := h.tree.ReadFile(ctx, passwdFile, MaxTextFile)
	if err != nil {
		return nil
	}
	var all []rootAccount
	layer.Lines(data, func(line string) {
		words := strings.Split(line, ":")
		if len(words) > 3 && isZero(words[2]) && words[0] != "root" && !strings.HasPrefix(words[0], "#") &&
			len(all) < layer.MaxNotes {
			all = append(all, rootAccount{words[0], words[1] == ""})
		}
	})
	return all
}

// isZero reports whether C libraries read a user ID as 0: they skip blanks, take a sign, and some of them keep 32
// bits only. So "0", "+0", "-0", " 00" and "4294967296" all are. More than 30 digits are not read, which bounds the
// loop.
func isZero(text string) bool {
	text = strings.TrimSpace(text)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	if text == "" || len(text) > 30 || strings.Trim(text, "0123456789") != "" {
		return false
	}
	id := uint64(0)
	for _, digit := range text {
		id = id*10 + uint64(digit-'0') // only the low 32 bits count, whatever overflows
	}
	return uint32(id) == 0
}

// writable describes where everyone may put a program that others run, or change a setting of the system. Files
// outside of /etc are left to the rows of programs. At most 50 are named. A sticky bit on a directory keeps others from
// removing files, not from adding one, so it does not matter here.
func (h placeScanner) writable(emit func(inspect.Event)) {
	said := map[string]bool{}
	for _, d := range h.path.dirs {
		n := h.tree.Get(d)
		if n == nil || n.Type != inspect.EntryDir || n.Mode&0o002 == 0 || said[n.Path] {
			continue
		}
		said[n.Path] = true
		h.place(n, inspect.CodeWorldWritable,
			fmt.Sprintf("everyone may put programs into %s, where they are looked for by PATH (mode %04o)", n.Path,
				n.Mode), inspect.Low, emit)
	}
	for n := range h.tree.Below("/etc") {
		if layer.IsRegular(n) && n.Mode&0o002 != 0 && len(said) < 50 {
			said[n.Path] = true
			h.place(n, inspect.CodeWorldWritable, fmt.Sprintf("everyone may change %s (mode %04o)", n.Path, n.Mode),
				inspect.Low, emit)
		}
	}
}

// notablePlace describes what an unowned file or link is where it stands, "" for nothing notable. What a package owns
// is not notable but for a shell with setuid, whatever owns it. Device nodes in a layer have no effect in a container
// whose runtime does not allow the device; they are low.
func (h placeScanner) notablePlace(n *inspect.Node) (code, what string, severity inspect.Severity) {
	if (n.Type == inspect.EntryBlock || n.Type == inspect.EntryChar) && !layer.Within(n.Path, "/dev") {
		return inspect.CodeDevice, n.Path + " is a device node", inspect.Low
	}
	if !layer.IsRegular(n) || n.Size == 0 {
		return "", "", ""
	}
	if n.Mode&0o6000 != 0 && n.Mode&0o111 != 0 && anyProgram(path.Base(n.Path)) {
		return inspect.CodeSetuidShell, fmt.Sprintf("%s runs any program, and with the rights of its owner (mode %04o)",
			n.Path, n.Mode), inspect.High
	}
	if h.own.Packaged(n.Path) || h.own.Level == owner.Unknown && n.Layer == 0 {
		return "", "", ""
	}
	return trustPlace(n.Path)
}

// trustPlace recognizes the paths of files that give rights of root, or that name whom package managers trust.
func trustPlace(p string) (code, what string, severity inspect.Severity) {
	dir, base := path.Dir(p), path.Base(p)
	switch {
	case dir == "/etc/sudoers.d" && base != "README", dir == "/etc/doas.d", p == "/etc/doas.conf":
		return inspect.CodeSudo, p + " gives rights of root", inspect.Low
	case repository(p, dir):
		return inspect.CodeRepository, p + " lets packages come from another place", inspect.Info
	}
	return "", "", ""
}

// repository recognizes where package managers keep their sources and the keys that they trust. These are drop-in
// directories and files of apt, apk, dnf, zypper, pip and npm. The content is not judged: an attacker needs only one
// line, and so does a mirror of the company.
func repository(p, dir string) bool {
	return slices.Contains([]string{
		"/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings",
		"/etc/apk/keys", "/etc/yum.repos.d", "/etc/pki/rpm-gpg", "/etc/zypp/repos.d",
	}, dir) || slices.Contains([]string{
		"/etc/pip.conf", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf",
		"/root/.npmrc", "/etc/apk/repositories",
	}, p)
}

// anyProgram recognizes programs that run whatever they are given: with setuid they give everybody the rights of their
// owner. The list follows what is commonly used to leave a restricted shell; a program that is missing here is still
// shown as setuid.
func anyProgram(base string) bool {
	if strings.HasPrefix(base, "python") || strings.HasPrefix(base, "perl") || strings.HasPrefix(base, "ruby") {
		return true
	}
	return slices.Contains([]string{
		"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "env", "find", "awk",
		"gawk", "mawk", "vim", "vi", "nano", "tar", "cp", "dd", "node", "php", "nmap", "gdb", "strace", "socat",
		"nc",
	}, base)
}

// place emits a setting about a file, and a finding where it is more than low.
func (h placeScanner) place(n *inspect.Node, code, what string, severity inspect.Severity, emit func(inspect.Event)) {
	what = fmt.Sprintf("%s (layer %d)", what, n.Layer)
	emit(inspect.Event{Fact: inspect.Setting{Code: code, Detail: what, Severity: severity}})
	if severity.Rank() > inspect.Medium.Rank() {
		return
	}
	emit(inspect.Event{Fact: *h.placeFinding(inspect.CheckBinaries, n, code, what, severity)})
}

// placeFinding is the finding of a check about a file at a place, with the layer that brought it.
func (h placeScanner) placeFinding(check string, n *inspect.Node, code, what string,
	severity inspect.Severity,
) *inspect.Finding {
	subject := h.image.Container + ":" + n.Path
	return &inspect.Finding{
		ID: inspect.FindingID(inspect.CheckBinaries, code, subject), Check: check, Code: code,
		Status: severity.RowStatus(), Severity: severity,
		Subject: subject, Title: what, Detail: h.createdBy(n.Layer),
		Evidence: []inspect.Evidence{
			{Kind: "file", Digest: "sha256:" + n.SHA256, Path: n.Path},
			{Kind: "layer", Digest: h.layerDigest(n.Layer), Path: n.Path, Text: h.createdBy(n.Layer)},
		},
	}
}
