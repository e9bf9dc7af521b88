package binary

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// privileges describes what a program may do beyond who starts it: setuid, setgid, capabilities. The bits mean nothing
// on a file that may not be run. The value of a capability attribute is looked at by mildCapabilities.
func privileges(n *inspect.Node) []string {
	if !layer.IsRegular(n) || n.Mode&0o111 == 0 {
		return nil
	}
	var all []string
	if n.Mode&0o4000 != 0 {
		all = append(all, "setuid")
	}
	if n.Mode&0o2000 != 0 {
		all = append(all, "setgid")
	}
	if n.Xattrs["security.capability"] != "" {
		all = append(all, "capabilities")
	}
	return all
}

// gained finds privileges that an earlier image does not give: a chmod leaves a packaged program's content as it was,
// so that no package database shows it. One that came with its package is for the diff of packages to explain.
func (h *scanner) gained(before *layer.Tree, good inspect.KnownGood, emit func(inspect.Event)) {
	rows := 0
	for n := range h.tree.All() {
		more := privileges(n)
		if len(more) == 0 || rows > MaxRows {
			continue
		}
		old := before.Get(n.Path)
		if old != nil {
			more = missingFrom(more, privileges(old))
		}
		if len(more) == 0 {
			continue
		}
		severity := inspect.Medium
		text := fmt.Sprintf("%s has %s; the %s image does not have the file", n.Path, strings.Join(more, " and "),
			good.Word())
		switch {
		case old != nil && layer.IsRegular(old):
			severity = inspect.High
			text = fmt.Sprintf("%s has %s, which it does not have in the %s image", n.Path, strings.Join(more,
				" and "), good.Word())
		case h.own.Packaged(n.Path) && !h.own.Altered(n.Path):
			severity = inspect.Low
		}
		rows++
		emit(inspect.Event{Fact: inspect.Setting{Code: inspect.CodeNewPrivilege, Detail: fmt.Sprintf("%s (layer %d)",
			text,
			n.Layer), Severity: severity}})
		if severity.Rank() <= inspect.Medium.Rank() {
			emit(inspect.Event{Fact: *placeScanner{h}.placeFinding(inspect.CheckDiff, n, inspect.CodeNewPrivilege, text,
				severity)})
		}
	}
}

// raisedPrivileges finds privileges that a layer gave to a packaged program of a lower one, whose content it left as it
// was. It needs no earlier image: the layer below is in the image itself. A program that came with its bits has none to
// compare with.
func (h *scanner) raisedPrivileges(emit func(inspect.Event)) {
	rows := 0
	for n := range h.tree.All() {
		more := privileges(n)
		if len(more) == 0 || rows > MaxRows || !h.own.Packaged(n.Path) || h.own.Altered(n.Path) {
			continue
		}
		was := h.tree.Previous(n)
		if was == nil || !layer.IsRegular(was) || was.SHA256 != n.SHA256 {
			continue
		}
		if more = missingFrom(more, privileges(was)); len(more) == 0 || n.Mode&0o6000 != 0 &&
			anyProgram(path.Base(n.Path)) {
			continue // the second is a finding of its own
		}
		severity := inspect.Medium
		if len(more) == 1 && more[0] == "capabilities" && mildCapabilities(n.Xattrs["security.capability"]) {
			severity = inspect.Low
		}
		rows++
		placeScanner{h}.place(n, inspect.CodeRaisedPrivilege,
			fmt.Sprintf("%s was given %s, which its package's layer %d does not give it",
				n.Path, strings.Join(more, " and "), was.Layer), severity, emit)
	}
}

// mildCapabilities reports whether a capability attribute gives no more than what servers and ping are often given:
// CAP_NET_BIND_SERVICE and CAP_NET_RAW (linux/capability.h, vfs_cap_data: a magic number, then pairs of permitted and
// inheritable bits, little-endian).
func mildCapabilities(value string) bool {
	data := []byte(value)
	if text, ok := strings.CutPrefix(value, "0x"); ok {
		var err error
		if data, err = hex.DecodeString(text); err != nil {
			return false
		}
	}
	if len(data) < 12 {
		return false
	}
	const mild = 1<<10 | 1<<13
	permitted := uint64(binary.LittleEndian.Uint32(data[4:]))
	if len(data) >= 20 {
		permitted |= uint64(binary.LittleEndian.Uint32(data[12:])) << 32
	}
	return permitted != 0 && permitted&^mild == 0
}
