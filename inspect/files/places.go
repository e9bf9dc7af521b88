package files

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// places looks where programs are made to start by themselves, or where somebody is let in: each is a setting, and a
// finding where it is more than low.
func (h *hunt) places(ctx context.Context, emit func(inspect.Event)) {
	for n := range h.tree.All() {
		if code, what, severity := h.notablePlace(n); code != "" {
			h.place(n, code, what, severity, emit)
		}
	}
	if n := h.tree.Resolve(preloadFile); n != nil && isRegular(n) && n.Size > 0 {
		severity := inspect.Medium
		if len(h.hijacked) > 0 {
			severity = inspect.High
		}
		h.place(n, "ld-so-preload", preloadFile+" makes every program load a library", severity, emit)
	}
	if data, err := h.tree.readSmall(ctx, "/etc/passwd"); err == nil {
		lines(data, func(line string) {
			if words := strings.Split(line, ":"); len(words) > 3 && words[2] == "0" && words[0] != "root" {
				h.place(h.tree.Resolve("/etc/passwd"), "uid-0", fmt.Sprintf("the account %q has the rights of root", words[0]), inspect.Medium, emit)
			}
		})
	}
	for _, l := range h.layers {
		if l.Status == inspect.Verified && l.Detail != "" {
			emit(inspect.Event{Setting: &inspect.Setting{Code: "odd-layer", Detail: fmt.Sprintf("layer %d is %s", l.Number, l.Detail), Severity: inspect.Low}})
		}
	}
}

// notablePlace says what an unowned file or link is where it stands, "" for nothing notable.
func (h *hunt) notablePlace(n *inspect.Node) (code, what string, severity inspect.Severity) {
	if (n.Type == inspect.EntryBlock || n.Type == inspect.EntryChar) && !within(n.Path, "/dev") {
		return "device", n.Path + " is a device node", inspect.Low
	}
	if _, owned := h.own.owner[n.Path]; owned || !isRegular(n) || n.Size == 0 || h.own.level == ownershipUnknown && n.Layer == 0 {
		return "", "", ""
	}
	dir, base := path.Dir(n.Path), path.Base(n.Path)
	switch {
	case base == "authorized_keys" && strings.HasSuffix(dir, "/.ssh"):
		return "authorized-keys", n.Path + " lets the holders of its keys in", inspect.Medium
	case within(n.Path, "/var/spool/cron"), dir == "/etc/cron.d", n.Path == "/etc/crontab", within(n.Path, "/etc/periodic"):
		return "cron", n.Path + " starts programs by the clock", inspect.Low
	case dir == "/etc/systemd/system" && strings.HasSuffix(base, ".service"):
		return "unit", n.Path + " starts a program with the system", inspect.Low
	case dir == "/etc/pam.d" && !strings.HasPrefix(base, "common-"), within(n.Path, "/lib/security"), within(n.Path, "/usr/lib/security"):
		return "pam", n.Path + " decides who may log in", inspect.Low
	case dir == "/etc/apt/sources.list.d", dir == "/etc/apt/trusted.gpg.d", dir == "/etc/apk/keys", dir == "/etc/yum.repos.d":
		return "repository", n.Path + " lets packages come from another place", inspect.Info
	}
	return "", "", ""
}

func (h *hunt) place(n *inspect.Node, code, what string, severity inspect.Severity, emit func(inspect.Event)) {
	what = fmt.Sprintf("%s (layer %d)", what, n.Layer)
	emit(inspect.Event{Setting: &inspect.Setting{Code: code, Detail: what, Severity: severity}})
	if severity.Rank() > inspect.Medium.Rank() {
		return
	}
	subject := h.image.Subject + ":" + n.Path
	emit(inspect.Event{Finding: &inspect.Finding{
		ID: inspect.FindingID(CheckBinaries, code, subject), Check: CheckBinaries, Code: code, Status: severity.RowStatus(), Severity: severity,
		Subject: subject, Title: what, Detail: h.createdBy(n.Layer),
		Evidence: []inspect.Evidence{
			{Kind: "file", Digest: "sha256:" + n.SHA256, Path: n.Path},
			{Kind: "layer", Digest: h.layerDigest(n.Layer), Path: n.Path, Text: h.createdBy(n.Layer)},
		},
	}})
}
