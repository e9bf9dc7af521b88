// Package lock compares the lock files of an image with what is installed beside them: packages that no lock names,
// versions that are not the locked ones, install scripts that were removed, and sources that are not those of the
// others.
//
// A lock file is the claim of a package manager at the time of the build. Workspaces, links, development, optional and
// platform packages are often in a lock and not in an image, so that their absence means nothing.
package lock
