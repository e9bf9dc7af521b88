// Package where answers which workloads run or ran something: a package, a vulnerability, an advisory, a content, a
// path, an image, or whatever an incident is recognized by. It joins what the journal has of sightings and facts; no
// cluster, registry or layer is read.
//
// There are four outcomes for each image that ran, and no fewer. It is a hit. Or it was built in the window of time
// that is asked about. Or it is not affected: it was looked into deep enough, and does not have it. Or it could not be
// checked, with the reason: nothing is stored of it, it was not looked into deep enough, or what is asked about is of a
// kind that is not stored.
package where
