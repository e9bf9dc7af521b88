// Package evidence keeps cases: the file that every case is written to from its first event on, and the bundle that
// a person hands on.
//
// A bundle is a BagIt 1.0 bag (RFC 8493), as a directory or .tar.gz. Export writes one, Verify checks one and its
// claims, and Bag reads one: it is an inspect.Store and replays the case. A bundle of another person is
// foreign bytes: no path in it is followed or written, and every read has a bound (limits.go).
//
// Verify assumes an adversary who has the bundle, this program and all the time in the world, and who rewrites the
// record, every document and all manifests so that they agree. Three questions are kept apart, since each has another
// answer to that:
//
//   - fits: the files are those that the manifests list. It finds accidents and clumsy changes only.
//   - reproduced: what the bytes in the bag determine is computed again. A lie has to be one about which the bag
//     carries nothing; such claims are counted, and never called verified.
//   - authentic: a signer whom the reader named signed the tag manifest. Without a signature, the digest of the tag
//     manifest that was posted at the export takes its place (VerifyOptions.Expect).
//
// A comparison is written so that what it passes over has to be named: fields by their names, rows by the check that
// was not run again, bytes by the blob that is not carried.
package evidence
