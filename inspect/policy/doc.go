// Package policy reads what was expected of an image: ClusterImagePolicy of Sigstore's policy-controller, Kyverno's
// verifyImages rules and ImageValidatingPolicy, from files and from the cluster. It turns each into
// inspect.PolicyRequirement, which the signatures of the images that the policy is about are judged by.
//
// What of a policy cannot be understood never makes it pass: it is unknown, with the reason.
package policy
