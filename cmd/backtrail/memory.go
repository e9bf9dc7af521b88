package main

import (
	"os"
	"runtime/debug"
)

// softMemory is where the garbage collector begins to work harder, bytes. Left alone it lets the heap grow to twice of
// what is in use, which for an image of 200,000 files is more than the 600 MiB that backtrail may take on a laptop, the
// program itself of some 100 MiB included. It is no bound: what is needed beyond it is had.
const softMemory = 416 << 20

// limitMemory sets softMemory, unless GOMEMLIMIT says otherwise.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
}
