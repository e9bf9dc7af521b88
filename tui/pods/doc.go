// Package pods is the screen that lists what runs: flagged pods first, folded by workload and rule, then alerts without
// a matching pod, then all other pods. The list follows the cluster while it is on screen; the cursor stays on its row.
package pods
