package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// softMemory is where the garbage collector begins to work harder, bytes. Left alone it lets the heap grow to twice of
// what is in use, which for an image of 200,000 files is more than the 600 MiB that backtrail may take on a laptop, the
// program itself of some 100 MiB included. It is no bound: what is needed beyond it is had.
const softMemory = 416 << 20

// limitMemory sets softMemory, unless GOMEMLIMIT says otherwise.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(softMemory)
	}
}

// softListMemory is the same for a list: 5,000 pods and 100,000 alerts are to fit into 300 MiB, the program of some 120
// MiB included. Below it nothing is collected: reading is quick, and most of it is garbage at once.
const softListMemory = 156 << 20

// limitListMemory sets softListMemory, until a case is opened.
func limitListMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(softListMemory)
	}
}

// easeListMemory gives a list that needs more than that the room it needs: the collector would do nothing else.
func easeListMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(live); live[0].Value.Uint64() > softListMemory*3/4 {
		limitMemory()
	}
}
