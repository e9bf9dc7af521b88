// Package inspect is the vocabulary of backtrail: facts, their fold, the case.
//
// Checks look at one subject each and emit events; a Case is the fold of the events, and everything that a person
// or a script sees (terminal UI, report, JSON, bundle) is drawn from a Case. A saved stream folds to the same Case
// as the live one, so a live case cannot be distinguished from a replayed one.
//
// The package imports the standard library and package text only.
package inspect
