package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// softMemory is where the garbage collector begins to work harder, bytes. Left alone it lets the heap grow to twice of
// what is in use, which for an image of 200,000 files is more than the 600 MiB that backtrail may take on a laptop, the
// program itself of some 100 MiB included. It is no bound: what is needed beyond it is had.
const softMemory = 416 << 20

// listing says that the memory is that of a list.
var listing struct {
	sync.Mutex
	on bool
}

// limitMemory sets softMemory, unless GOMEMLIMIT says otherwise.
func limitMemory() { setMemory(false, 100, softMemory) }

// softListMemory is the same for a list: 5,000 pods and 100,000 alerts are to fit into 300 MiB, the program of some 120
// MiB included. Below it nothing is collected: reading is quick, and most of it is garbage at once.
const softListMemory = 156 << 20

// limitListMemory sets softListMemory, until a case is opened.
func limitListMemory() { setMemory(true, -1, softListMemory) }

func setMemory(list bool, percent int, limit int64) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	listing.Lock()
	defer listing.Unlock()
	listing.on = list
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(limit)
}

// runtimeMemory is what Go needs besides its heap, for a list.
const runtimeMemory = 20 << 20

// easeListMemory gives a list that needs more than that the room it needs, and a quarter more: the collector would do
// nothing else.
func easeListMemory() {
	listing.Lock()
	defer listing.Unlock()
	if !listing.on {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	need := int64(live[0].Value.Uint64())
	debug.SetMemoryLimit(max(softListMemory, need+need/4+runtimeMemory))
}
