// Package triage brings alerts and pods together: it finds the pod of each alert, keeps the list of
// pods with the most urgent first, also while both change, and reconstructs pods that no longer
// run. Everything in an alert may be invented: a match is as strong as what it rests on, and
// Match.Why states that.
package triage
