// Package pane makes the rows of the panes of a case: what is listed in each, how a row looks, and what its detail
// is. It reads the case and changes nothing. A row is made of facts alone: its line for a width, its detail, and what
// keys do with it. Rows are values that are thrown away and made again whenever the case changes, so none may
// remember anything; the screen keeps the selection by the identity of a row.
//
// Every string of a case may be foreign. It is cleaned where it is drawn, in the cells and documents of package
// widget, and nowhere before: y copies a value as it is.
//
// The rows of Binaries, 80 columns wide (severity, sign of the outcome, path, codes, kind, layer):
//
//	CRIT   /var/tmp/.font/fontd                 unowned hidden-path min… elf      L2
//	HIGH   /usr/bin/top                         does not match procps 4… altered  L2
//	MED    /usr/bin/ps                          listed by procps 4.0.4-2 missing  L1
//
// Above the list of Signatures, Provenance and Layers stands a comparison with the previous or the known-good image,
// where there is one (Kind.Top). Beside the list stands the detail of the selected row.
package pane
