// Package evidence keeps cases: the file that every case is written to from its first event on, and the bundle that
// a person hands on.
//
// A bundle is a BagIt 1.0 bag (RFC 8493), as a directory or .tar.gz. Export writes one, Verify checks one and its
// claims, and Bag reads one: it is an inspect.Store and replays the case. A bundle that comes from somebody else is
// foreign bytes: no path in it is followed or written, and every read has a bound (limits.go).
package evidence
