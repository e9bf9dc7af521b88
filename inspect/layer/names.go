package layer

import "github.com/backtrail/backtrail/inspect"

// ComparePaths orders clean paths component by component, so that what is in a directory follows it directly.
func ComparePaths(a, b string) int { return comparePaths(a, b) }

// Within reports whether a path lies below a directory.
func Within(p, dir string) bool { return within(p, dir) }

// Join puts a name below a directory, both clean.
func Join(dir, name string) string { return join(dir, name) }

// CleanPath makes a member's name an absolute path that cannot leave the root.
func CleanPath(name string) string { return cleanPath(name) }

// IsRegular reports whether a node is a file with content. Each path of a hard link counts as one.
func IsRegular(n *inspect.Node) bool { return isRegular(n) }

// Guarded runs f and turns a panic into an error.
func Guarded(f func() error) error { return guarded(f) }
