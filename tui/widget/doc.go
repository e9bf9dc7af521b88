// Package widget has the parts that screens of the terminal UI are drawn with: lists, trees, documents, rows of cells,
// the layout of a screen, and the text functions below them. It has no type of the domain: a screen turns what it shows
// into cells and lines first.
//
// Nothing here does input or output. What draws takes its receiver as it is and changes nothing; what changes (Set,
// Move, Seek, Fit) is called from Update. Widths are those of terminal cells, as github.com/charmbracelet/x/ansi counts
// them, and a size below zero draws nothing. Every text that becomes a cell or a line of a document is cleaned of
// control and bidirectional characters.
package widget
