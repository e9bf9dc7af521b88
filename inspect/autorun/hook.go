package autorun

import (
	"path"
	"regexp"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
)

// hook is one thing that starts without being called, as a collector finds it. A collector fills in what the file
// states and judges nothing; whether a package answers for it, and what its bytes do, is found out for all kinds alike.
type hook struct {
	kind    string
	node    *inspect.Node // the file that makes it start; nil for the image's config
	name    string        // what it is in any version of the image: by it the other image's is found
	title   string        // what a finding is about where that is no path: "NODE_OPTIONS"
	trigger string        // predicate: "runs at every start of Python"
	command string        // command or code as it stands there; for a file without one its first lines, by excerpt
	inline  bool          // the command is all of it: another command is another hook
	pkg     string        // package that declares it, with its package manager; "" where the file's owner is asked
	place   string        // directory of pkg, where that is known
	version string        // of pkg
	text    []byte        // code to look through; nil: that of the node
	loads   []*inspect.Node

	missing string // a file that it names and the image does not have
	grave   bool   // takes a library of no package into every program
	opens   string // how it lets somebody in, as a predicate; "" if it does not
	dir     string // a directory of libraries that it names and where everyone may write, or that is hidden
	opaque  bool   // compiled, and its source is not beside it
	mild    bool   // read for settings more often than for code: a profile, a directory of libraries
}

// row is a hook with what was found out about it. Codes are the reasons for its severity, and are what a policy can
// name; the words for people are made of them last.
type row struct {
	hook
	owner   string // package, "" for none
	altered bool   // the file does not match its package
	found   []content.Found
	readTo  int64 // bytes that were looked through, where that is not all of a text; else 0
	codes   []string
	isNew   *bool
	system  bool // a package of the system owns the file, unaltered
	vouched bool // that, or it lies in the directory of a language's package
	hidden  string

	severity inspect.Severity
}

// path is the file that makes the hook start, or "" for the image's config.
func (h hook) path() string {
	if h.node == nil {
		return ""
	}
	return h.node.Path
}

// versions matches version numbers, and what stands in paths for them: python3.12, lib-1.0.8-nspkg, 3.3.0.
var versions = regexp.MustCompile(`python\d+(\.\d+)*|\d+(\.\d+)+([.-]?(dev|post|rc|a|b)\d*)?`)

// Versionless is a path without the versions in it: two releases of a package that lies in a directory of its version
// have the same.
func Versionless(p string) string { return versionless(p) }

// versionless is a path without the versions in it, which is the same in the next release.
func versionless(p string) string { return versions.ReplaceAllString(p, "#") }

// named makes the key by which the hook of a file is found in another image.
func named(n *inspect.Node) string { return versionless(path.Clean(n.Path)) }
