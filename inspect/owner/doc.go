// Package owner reads the package databases of an image: whose a file is, and what its content should be by them.
// What the layers below
// hold about a package counts more than what a later layer wrote over it.
//
// Every database is the claim of whoever could write to the image. What makes it evidence is that a database of a lower
// layer cannot have been written by what came in with a higher one, and that digests are compared with bytes.
package owner
