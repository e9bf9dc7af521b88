// Package vuln compares the packages of an image with a vulnerability database of grype, by grype's own matchers. The
// packages are those of the case: the image is not catalogued again, so that stored facts can be compared with new data
// without its layers.
//
// The database is grype's (schema 6), from the place where the grype command keeps it, and is opened for reading only.
// It is fetched or imported when a person asks for it, never by a check. Without one, nothing is known about
// vulnerabilities, which is not the same as having none.
//
// What grype derives from the files of a package is not in a package URL: the symbols of Go binaries, and which files a
// package of the distribution owns. The answers are those of the grype command on package URLs and CPEs.
package vuln
