// Package fleet has the screens about many workloads at once: the audit of all that runs, and where something runs or
// ran. Both are a list of workloads with a detail; enter opens the case of one, and esc comes back to its row.
//
// What is shown was computed by package inspect/audit and package inspect/where. Every string of a row is foreign text
// of a cluster, a registry or a certificate; it is cleaned where it is drawn.
package fleet
