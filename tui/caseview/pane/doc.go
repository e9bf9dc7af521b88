// Package pane makes the rows of the panes of a case: what is listed in each, how a row looks, and what its detail is.
// It reads the case and changes nothing.
package pane
