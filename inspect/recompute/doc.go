// Package recompute derives the claims of an evidence bundle again from the bytes that the bundle carries: signatures,
// provenance, layers, owners of files, packages, alerts, findings and answers. The bag takes the place of registry,
// cluster, trust root and clock; nothing comes from this machine's cache or network, nor from its time. It stands above
// the checks, which it composes, and evidence compares its outcome with the case that the bundle records.
package recompute
