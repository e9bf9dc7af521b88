// Package cluster looks at what stands around the pod of a case: the gates of admission that it passed or that nobody
// set up, who set its images and when, what explains a container that was injected and whether other pods got the same,
// the events and the network policies. It explains; an explanation clears nothing, since labels and annotations can be
// written by an attacker.
//
// One check for each thing that has an end of its own:
//
//	Events   what the API server still has of events; first, since it forgets them after an hour (--event-ttl)
//	Logs     what containers wrote; early, since nodes forget logs with the pod
//	Check    admission, rollout, injection, tags, network policies: a scene that is read once, side by side
//	Reach    service account, node, Services: what the pod could touch
//	Helm     the release, where a flag allows reading its Secrets
//	Sharing  other images with the layers that brought what is wrong
//	Watch    what happens to the pod while the case is open
//
// All of them only read. What may not be read is unknown and named, in Reach.Unseen or in a notice; it is never taken
// for absent. Gates have five outcomes: passed, would refuse, not enforced, absent, unknown. A gate passed only if it
// was set up before the pod came in, selects it, and refuses while its controller does not answer.
package cluster
