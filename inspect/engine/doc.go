// Package engine runs the checks of a case: each for every image or once per case, by its needs, side by side.
//
// What a check finds goes through the case's ledger. An error or a panic, in any goroutine of a check, makes that check
// blocked, with the reason; the others go on.
package engine
