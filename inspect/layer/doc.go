// Package layer reads the layers of an image in one pass over their bytes, keeps them with their listings in a cache,
// and merges them into the file tree that a container sees. It also determines which layers are those of the base
// image, and reads checkpoints of containers as further layers.
//
// Everything is read from the store by offset; nothing is unpacked to the disk, nothing of an image is run.
package layer
