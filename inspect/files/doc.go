// Package files looks at what an image holds: it indexes its layers in one pass over their bytes, merges them into
// the file tree that a container sees, asks the package databases whose file each one is, and shows the programs that
// belong to nobody or are not what their package says.
//
// Everything is read from the store by offset; nothing is unpacked to the disk, nothing of an image is run.
package files
