// Package policy reads what was expected of an image: ClusterImagePolicy of Sigstore's policy-controller, Kyverno's
// verifyImages rules and ImageValidatingPolicy, from files and from the cluster. It turns each into
// inspect.PolicyRequirement, which the signatures of the images that the policy is about are judged by.
//
// What of a policy cannot be understood never makes it pass: it is unknown, with the reason. Two lists of every
// requirement carry that. MayAccept is what the policy accepts and is not compared here, so that a failure is not
// certain: a key in a Secret, a signature without an entry in a log. AlsoRequires is what it requires besides, so that
// a pass is not certain: a CUE policy, annotations. What is in both leaves every outcome unknown.
//
// The text of a policy is foreign: it may come from a cluster that an attacker controls. It can require or accept
// anything for that cluster, which is what a verdict reports, and nothing for another: what a person names by flag or
// folder is judged by itself.
package policy
