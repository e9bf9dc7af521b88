// Package journal remembers on disk what ran where, and what was found in the images that ran: a second fold of cases
// and audits, over all of them. It is one SQLite file for a person or an audit home.
//
// Two things are kept apart. A sighting is that a container of a workload ran a digest, with the first and the last
// time that it was seen. Facts are what is in an image, by its digest: they do not depend on the cluster that runs it
// and do not change, so that a question about a new advisory is a join of both, without registry and without layers.
// Facts have a depth, how far an image was looked into, and a version: a program that reads images in a new way raises
// FactsVersion, and Missing lists what it has to collect again.
//
// Packages and files are kept as parts: what one layer contributes to an image. Images with the same lower layers
// share their parts, so that a fleet on few bases stays small. Names, paths and digests of contents are kept once each
// and found through indexes.
//
// Several processes may use the file at once, and each change is one transaction: whoever is killed loses only the
// change that was being made. A damaged file is set aside under another name and never deleted.
package journal
