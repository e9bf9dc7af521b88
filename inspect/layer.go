package inspect

import (
	"cmp"
)

// Layer is a layer of the manifest, or a history entry without one (Empty, Number -1).
type Layer struct {
	Position  int    `json:"position"` // in the history, from 0: the key of the layer
	Number    int    `json:"number"`   // in the manifest, from 0
	Digest    string `json:"digest"`
	DiffID    string `json:"diffID"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"` // bytes as stored in the registry
	CreatedBy string `json:"createdBy"`
	Created   Time   `json:"created"`
	Empty     bool   `json:"empty"`
	Base      bool   `json:"base"`
	Status    Status `json:"status"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
	// Source is SourceCache where the bytes were not read again; else empty.
	Source   string `json:"source,omitempty"`
	Added    int    `json:"added"`
	Modified int    `json:"modified"`
	Removed  int    `json:"removed"`
}

// SourceCache is the source of a registry's bytes that an earlier run read and verified, and that were not read again.
const SourceCache = "cache"

// FactKind is the fact's JSON name.
func (Layer) FactKind() string { return "layer" }

// fold: the key is its position in the history, which entries without a layer have too.
func (l Layer) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Layers, l, func(a, b Layer) int { return cmp.Compare(a.Position, b.Position) })
}

// EntryType is the kind of a member of a layer's tar.
type EntryType string

// The types of members.
const (
	EntryFile     EntryType = "file"
	EntryDir      EntryType = "dir"
	EntrySymlink  EntryType = "symlink"
	EntryHardlink EntryType = "hardlink" // Link names the member that holds the content
	EntryChar     EntryType = "char"
	EntryBlock    EntryType = "block"
	EntryFIFO     EntryType = "fifo"
	EntryWhiteout EntryType = "whiteout" // Path is what it hides, without the .wh. prefix
	EntryOpaque   EntryType = "opaque"   // Path is the directory whose lower content it hides
	// EntryGlobal is a PAX global header. Nothing is unpacked for it, but containerd removes what has its name.
	EntryGlobal EntryType = "global"
)

// Entry is one member of a layer's tar, as the one pass over the layer recorded it.
type Entry struct {
	Path    string            `json:"path"` // clean, absolute, not resolved: /usr/bin/top
	Type    EntryType         `json:"type"`
	Mode    uint32            `json:"mode"` // permission bits with setuid, setgid and sticky: 0o7777
	UID     int               `json:"uid"`
	GID     int               `json:"gid"`
	Size    int64             `json:"size,omitempty"` // bytes of content
	ModTime int64             `json:"mtime,omitempty"`
	Link    string            `json:"link,omitempty"`   // as written in the tar
	Offset  int64             `json:"offset,omitempty"` // of the content in the uncompressed layer
	SHA256  string            `json:"sha256,omitempty"` // hex, of a regular file's content
	MIME    string            `json:"mime,omitempty"`
	Kind    Kind              `json:"kind,omitempty"` // by its first bytes
	Xattrs  map[string]string `json:"xattrs,omitempty"`
	Device  string            `json:"device,omitempty"` // major:minor of a device node
}

// Kind is what a regular file is by its first bytes, where it is a program.
type Kind string

// The kinds of programs.
const (
	KindELF    Kind = "elf"
	KindScript Kind = "script"
	KindPE     Kind = "pe"
	KindMachO  Kind = "macho"
	KindWASM   Kind = "wasm"
	KindJar    Kind = "jar"
)

// Executable reports whether a program of this kind with these mode bits can be run as it is.
func (e Entry) Executable() bool {
	if e.Type != EntryFile && e.Type != EntryHardlink {
		return false
	}
	return e.Mode&0o111 != 0 || e.Kind == KindELF
}

// Change describes what a layer did to a path.
type Change string

// What a layer can do to a path.
const (
	Same     Change = ""
	Added    Change = "added"
	Modified Change = "modified"
	Removed  Change = "removed"
)

// Node is an entry of a file tree: of the merged image, or of one layer seen over those below it.
type Node struct {
	Entry
	Layer  int    `json:"layer"`            // number of the layer that holds the entry
	Change Change `json:"change,omitempty"` // what that layer did to the path
}
