package layer

import (
	"github.com/backtrail/backtrail/inspect"
)

// comparePaths orders clean paths component by component, so that what is in a directory follows it directly:
// /a, /a/b, /a-b. Plain order would put /a-b between the two.
func comparePaths(a, b string) int {
	n, i := min(len(a), len(b)), 0
	for i+8 <= n && a[i:i+8] == b[i:i+8] {
		i += 8
	}
	for ; i < n; i++ {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		case a[i] < b[i]:
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// within reports whether a path lies below a directory.
func within(p, dir string) bool {
	if dir == "/" {
		return p != "/"
	}
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// join puts a name below a directory, both clean.
func join(dir, name string) string {
	if dir == "/" {
		return "/" + name
	}
	return dir + "/" + name
}

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
