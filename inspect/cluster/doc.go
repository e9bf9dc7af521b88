// Package cluster looks at what stands around the pod of a case: the gates of admission that it passed or that nobody
// set up, who set its images and when, what explains a container that was injected and whether other pods got the same,
// the events and the network policies. It explains; an explanation clears nothing, since labels and annotations can be
// written by an attacker.
package cluster
