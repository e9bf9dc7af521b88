// Package bagit reads and writes bags of BagIt 1.0 (RFC 8493): directories, or archives with one directory in them.
//
// A bag of another person is foreign bytes. Nothing in it is followed or run: links and special files are
// defects, no path of it becomes a path on the disk, and every read has a bound (limits.go). What lies in the bag's
// payload is the business of package evidence.
package bagit
