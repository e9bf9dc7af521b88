// Package subject finds what a case is about: from a pod or an image reference to the digests that run, the workload
// above the pod, and the image that ran before.
package subject
