// Package owner reads the package databases of an image: whose a file is, and what its content should be by them.
// What the layers below said of a package counts more than what a later layer wrote over it.
package owner
