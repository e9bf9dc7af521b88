// Package tui is the terminal UI: the shell around the screens. It routes messages and keys, and draws the header, the
// status line, the keys and the dialog; what is between them is drawn by a screen of package pods, caseview or viewer.
//
// There is one model, and data goes one way: a source emits events, a pump carries them in batches, Update folds them
// into the screen, and View draws the rows that are visible. Update does no input or output. What takes time runs in a
// command, on a copy, and its result carries the generation of the screen that asked; results of an older generation
// are dropped. View changes nothing: after each message the screens arrange themselves for the size of the terminal.
//
// Every foreign string is cleaned where it becomes a cell of a row or a line of a document.
package tui
