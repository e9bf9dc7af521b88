package layer

import (
	"fmt"
	"slices"
)

// doubt is a kind of place in a layer that runtimes unpack to different files. backtrail shows what containerd does with the
// overlayfs snapshotter.
type doubt string

const (
	doubtRoot     doubt = "an opaque marker in the root directory: overlayfs ignores it, others hide all lower layers"
	doubtReplaced doubt = "a directory that was removed and made again: overlayfs shows what lower layers have in it, others do not"
	doubtDevice   doubt = "a character device 0:0: overlayfs hides what it stands for, others show a device"
	doubtLink     doubt = "files below what a lower layer has as a link or a file: overlayfs puts a directory there, others follow the link or stop"
	doubtUnnamed  doubt = "an opaque marker after files of its own layer: overlayfs keeps them, others remove them"
	doubtGlobal   doubt = "a PAX global header with the name of a file: overlayfs keeps the file, others remove it"
	doubtLinkMode doubt = "a hard link with another mode or owner than its file: containerd sets it on the file, others do not"
	doubtHidden   doubt = "a directory that is not listed and that lower layers have no more: overlayfs gives it the mode it had there, others do not"
	doubtMerged   doubt = "a directory without attributes that a lower layer gives it: overlayfs drops them, others keep them"
)

// doubts are the doubts about one layer, each with the first path that it is about.
type doubts struct {
	kinds []doubt
	paths []string
	more  int // paths that are not named
}

func (d *doubts) add(kind doubt, p string) {
	if slices.Contains(d.kinds, kind) {
		d.more++
		return
	}
	d.kinds, d.paths = append(d.kinds, kind), append(d.paths, p)
}

// text names all, the first path of each.
func (d *doubts) lines() []string {
	list := make([]string, 0, len(d.kinds))
	for i, kind := range d.kinds {
		list = append(list, fmt.Sprintf("%q: %s", d.paths[i], kind))
	}
	return list
}
