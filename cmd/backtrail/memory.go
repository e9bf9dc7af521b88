package main

import (
	"os"
	"runtime/debug"
)

// softMemory is where the garbage collector begins to work harder, in bytes. Left alone it lets the heap grow to
// twice of what is in use, which for an image of 200,000 files is more than the 600 MiB that backtrail may take on a
// laptop, with about 100 MiB for the program itself. It is not a bound: what is needed beyond it is allocated.
const softMemory = 416 << 20

// limitMemory sets softMemory, unless GOMEMLIMIT is set.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
}
