package journal

import (
	"encoding/hex"
	"iter"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// File is a file of an image that can run or be loaded, by its content.
type File struct {
	Path   string `json:"path"`
	Layer  int    `json:"layer"`
	SHA256 string `json:"sha256"` // hex
	Kind   string `json:"kind"`   // executable, library, or the kind of an autorun
}

// Kinds of files besides those of autoruns.
const (
	FileExecutable = "executable"
	FileLibrary    = "library"
)

// maxFiles bounds the files of one image that are kept. Past it the image counts as not looked into that deep.
// The largest images that are known to run, with a desktop or a machine-learning stack, have a few tens of thousands.
const maxFiles = 200_000

// FilesOf gives the files of a merged tree that can run or be loaded by what runs: executables, shared libraries, jars,
// and the links by which they are called.
func FilesOf(nodes iter.Seq[*inspect.Node]) []File {
	var all []File
	// Links are resolved after all files are known: a tree gives its entries in the order of paths, and a link may lead
	// to a later one.
	links, kept := map[string]*inspect.Node{}, map[string]File{}
	for n := range nodes {
		if n.Type == inspect.EntrySymlink {
			links[n.Path] = n
		}
		if kind := kindOf(n); kind != "" && n.SHA256 != "" {
			kept[n.Path] = File{Path: n.Path, Layer: n.Layer, SHA256: n.SHA256, Kind: kind}
			all = append(all, kept[n.Path])
		}
	}
	for _, n := range links {
		if f, ok := kept[resolved(n.Path, links)]; ok {
			all = append(all, File{Path: n.Path, Layer: n.Layer, SHA256: f.SHA256, Kind: f.Kind})
		}
	}
	return all
}

// maxLinks is how many symbolic links are followed for one path, as Linux does.
const maxLinks = 40

// resolved follows the symbolic links in a path; empty where they lead in a circle.
func resolved(p string, links map[string]*inspect.Node) string {
	for range maxLinks {
		next := p
		// shortest first, since a link in a folder above decides what lies below it
		for at := 1; at <= len(p); at++ { // the first part of the path that is a link
			if at < len(p) && p[at] != '/' {
				continue
			}
			if n, ok := links[p[:at]]; ok {
				to := n.Link
				if !path.IsAbs(to) {
					to = path.Join(path.Dir(p[:at]), to)
				}
				next = path.Clean("/" + to + p[at:])
				break
			}
		}
		if next == p {
			return p
		}
		p = next
	}
	return ""
}

// kindOf is the kind of a file that is kept; empty for one that is not.
func kindOf(n *inspect.Node) string {
	name := path.Base(n.Path)
	switch {
	case n.Type != inspect.EntryFile && n.Type != inspect.EntryHardlink:
		return ""
	// by name, since libraries need no execute permission to be loaded, and often have none
	case strings.HasSuffix(name, ".so"), strings.Contains(name, ".so."), n.Kind == inspect.KindJar:
		return FileLibrary
	// a script or an ELF file without the permission can be run by its interpreter or loader
	case n.Executable(), n.Kind != "":
		return FileExecutable
	}
	return ""
}

// filesOf are the files of an image: those of its tree, and those that make something start by itself.
func filesOf(tree []File, autoruns []inspect.Autorun) []File {
	all := append([]File(nil), tree...)
	for _, a := range autoruns {
		if a.Path != "" && a.SHA256 != "" {
			all = append(all, File{Path: a.Path, Layer: a.Layer, SHA256: a.SHA256, Kind: a.Kind})
		}
	}
	return all
}

// bytesOf are the bytes of a sha256 in hex, with its algorithm before it or without; nil for what is none.
func bytesOf(sum string) []byte {
	b, err := hex.DecodeString(strings.TrimPrefix(sum, "sha256:"))
	if err != nil || len(b) != 32 {
		return nil
	}
	return b
}
