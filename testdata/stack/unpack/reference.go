package unpack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/containerd/containerd/v2/pkg/archive"
	"golang.org/x/sys/unix"
)

// node is what stands at a path.
type node struct {
	Type     string
	Mode     uint32
	UID, GID int
	Link     string // of a symbolic link
	SHA256   string // of a file
	Device   string
	Xattrs   map[string]string
}

func (n node) String() string {
	return fmt.Sprint([]any{n.Type, fmt.Sprintf("%04o", n.Mode), n.UID, n.GID, n.Link, n.SHA256, n.Device, n.Xattrs})
}

// reference is what containerd makes of an image.
type reference struct {
	tree    map[string]node
	data    [][]byte        // the layers; there is none above one that is refused
	refused error           // why overlayfs does not take the last of them; tree is what the native snapshotter makes of it
	stopped error           // why the native snapshotter does not take it either; tree is empty
	native  map[string]node // what the native snapshotter makes of all layers; nil where it refuses one
}

// unpacked unpacks layers as containerd does for overlayfs: the first into a plain directory, each other into one of its own
// with whiteouts of overlayfs.
func unpacked(ctx context.Context, dir string, g *generator) (*reference, error) {
	r := &reference{}
	var lowers []string // the highest first
	for i := range 1 + g.IntN(4) {
		data := g.layer(func(data []byte) bool {
			try := filepath.Join(dir, "try")
			defer os.RemoveAll(try)
			return apply(ctx, try, lowers, data) == nil
		})
		r.data = append(r.data, data)
		to := filepath.Join(dir, fmt.Sprintf("layer%d", i))
		err := apply(ctx, to, lowers, data)
		if err != nil && i == 0 {
			r.refused, r.stopped = err, err
			return r, nil
		}
		if err != nil {
			r.refused = err
			return r, r.fallBack(ctx, dir, lowers, data)
		}
		lowers = append([]string{to}, lowers...)
	}
	var err error
	if r.tree, err = merged(dir, lowers, ""); err != nil {
		return nil, err
	}
	r.native, err = natively(ctx, filepath.Join(dir, "native"), r.data)
	return r, err
}

// apply unpacks a layer into a new directory.
func apply(ctx context.Context, to string, lowers []string, data []byte) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	var opts []archive.ApplyOpt
	if len(lowers) > 0 {
		opts = []archive.ApplyOpt{archive.WithParents(lowers), archive.WithConvertWhiteout(archive.OverlayConvertWhiteout)}
	}
	_, err := archive.Apply(ctx, to, bytes.NewReader(data), opts...)
	return err
}

// fallBack unpacks a layer that overlayfs refuses over a copy of those below it, as the native snapshotter does.
func (r *reference) fallBack(ctx context.Context, dir string, lowers []string, data []byte) error {
	to := filepath.Join(dir, "copy")
	if _, err := merged(dir, lowers, to); err != nil {
		return err
	}
	if _, r.stopped = archive.Apply(ctx, to, bytes.NewReader(data)); r.stopped != nil {
		return nil
	}
	var err error
	r.tree, err = walked(to)
	return err
}

// natively unpacks all layers into one directory. It gives nil where one is refused.
func natively(ctx context.Context, to string, layers [][]byte) (map[string]node, error) {
	if err := os.Mkdir(to, 0o755); err != nil {
		return nil, err
	}
	for _, data := range layers {
		if _, err := archive.Apply(ctx, to, bytes.NewReader(data)); err != nil {
			return nil, nil //nolint:nilerr // a refusal is a result
		}
	}
	return walked(to)
}

// merged mounts layers with overlayfs and lists what is there, or copies it.
func merged(dir string, lowers []string, to string) (map[string]node, error) {
	empty, at := filepath.Join(dir, "empty"), filepath.Join(dir, "merged")
	for _, d := range []string{empty, at} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return nil, err
		}
	}
	// The empty directory stands for the one that a container writes to.
	if err := unix.Mount("overlay", at, "overlay", unix.MS_RDONLY, "lowerdir="+empty+":"+strings.Join(lowers, ":")); err != nil {
		return nil, fmt.Errorf("mounting overlayfs: %w", err)
	}
	defer func() { _ = unix.Unmount(at, 0) }()
	if to != "" {
		return nil, copied(to, at)
	}
	return walked(at)
}

// copied copies a directory tree with its hard links, devices and attributes. Names that overlayfs lists and does not find,
// whiteouts in directories that no other layer has, are left out.
func copied(to, from string) error {
	cp := exec.Command("cp", "-a", from+"/.", to)
	cp.Env = append(os.Environ(), "LC_ALL=C")
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	out, err := cp.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "No such file or directory") {
			return fmt.Errorf("copying layers: %w: %s", err, line)
		}
	}
	return nil
}

// walked lists a directory tree.
func walked(root string) (map[string]node, error) {
	tree := map[string]node{}
	err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // overlayfs lists whiteouts in directories that no other layer has
		}
		if err != nil {
			return err
		}
		n, err := stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		tree["/"+strings.TrimPrefix(strings.TrimPrefix(p, root), "/")] = n
		return nil
	})
	return tree, err
}

func stat(p string) (node, error) {
	var s unix.Stat_t
	if err := unix.Lstat(p, &s); err != nil {
		return node{}, err
	}
	n := node{Mode: s.Mode & 0o7777, UID: int(s.Uid), GID: int(s.Gid)}
	var err error
	switch s.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		n.Type = "dir"
	case unix.S_IFREG:
		n.Type = "file"
		var data []byte
		data, err = os.ReadFile(p)
		sum := sha256.Sum256(data)
		n.SHA256 = hex.EncodeToString(sum[:])
	case unix.S_IFLNK:
		n.Type, n.Mode = "symlink", 0
		n.Link, err = os.Readlink(p)
	case unix.S_IFIFO:
		n.Type = "fifo"
	case unix.S_IFCHR:
		n.Type, n.Device = "char", device(s.Rdev)
	case unix.S_IFBLK:
		n.Type, n.Device = "block", device(s.Rdev)
	}
	if err != nil {
		return n, err
	}
	n.Xattrs, err = xattrs(p)
	return n, err
}

func device(number uint64) string {
	return fmt.Sprintf("%d:%d", unix.Major(number), unix.Minor(number))
}

func xattrs(p string) (map[string]string, error) {
	list, err := listed(p)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range list {
		value := make([]byte, 1<<10)
		n, err := unix.Lgetxattr(p, name, value)
		if err != nil {
			return nil, err
		}
		all[name] = text(string(value[:n]))
	}
	return all, nil
}

// listed lists the names of extended attributes, without those of overlayfs itself.
func listed(p string) ([]string, error) {
	names := make([]byte, 4<<10)
	n, err := unix.Llistxattr(p, names)
	if err != nil {
		return nil, err
	}
	list := strings.Split(string(names[:n]), "\x00")
	return slices.DeleteFunc(list, func(name string) bool { return name == "" || strings.HasPrefix(name, "trusted.") }), nil
}

// text writes a value as backtrail does: what is no text in hex.
func text(value string) string {
	if utf8.ValidString(value) && strings.IndexFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return value
	}
	return "0x" + hex.EncodeToString([]byte(value))
}
