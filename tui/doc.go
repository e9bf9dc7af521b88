// Package tui is the terminal UI. It draws a [inspect.Case] and turns keys into requests; it knows nothing of
// registries and clusters. All that it asks of the rest of the program stands in [Options].
//
// There is one model, and data goes one way: a source emits events, the pump hands them over in batches, Update
// folds them into the case, and View draws the rows that can be seen. Update does no input or output, and no command
// changes state: what takes time runs in a command, on a copy, and comes back as a message that carries the generation
// it was asked in. A message of an older generation is dropped.
//
// Every foreign string goes through [inspect.Clean] where it becomes a cell of a row or a line of a document.
package tui
