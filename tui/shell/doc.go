// Package shell is what surrounds a screen of the terminal UI: the notices of its status line, the dialog over it, the
// colours, the size and the clock. Screens change it from Update; package tui draws it.
//
// It also has what screens need to work outside of Update: commands that survive a panic, and pumps that carry what a
// source emits into batches.
package shell
