// Package ledger keeps the record of a case: the one way by which a fact gets into it.
//
// Append numbers a fact, stamps it with the time, chains it to the line before, writes it to disk, folds it into the
// case and gives it to those who listen. Checks, transports, the watch of the pod and people all go through it, so that
// a live case cannot be distinguished from a replayed one.
//
// Beside the record lies a second chain, the access log: who exported the case (openings are not logged yet). It is
// never part of a bundle's payload.
package ledger
