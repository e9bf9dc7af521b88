package layer

import (
	"os"
	"sync"

	"github.com/backtrail/backtrail/registry"
)

// maxIdle is how many tars of layers stay open when none of their files is read. Tars that are read are not bounded
// here: readers close what they open. It keeps a process far below the usual limit of 1024 open files.
const maxIdle = 8

// handles share the open tars of layers: an image has tens of thousands of files to read, in a few tars. The zero
// handles are ready.
type handles struct {
	mu    sync.Mutex
	open  map[string]*handle // by diff ID
	turns int
}

// handle is one open tar. It is read by offset only, so that many can read it at once.
type handle struct {
	file  *os.File
	size  int64
	users int
	turn  int // when it was last released
	gone  bool
}

// get opens a tar, or gives the one that is open. Errors: registry.ErrNotFound. The file is opened under the lock, so
// that two callers do not open it twice. Call put for each handle.
func (h *handles) get(store *registry.Store, diffID string) (*handle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, ok := h.open[diffID]; ok {
		one.users++
		return one, nil
	}
	f, size, err := store.Open(diffID)
	if err != nil {
		return nil, err
	}
	if h.open == nil {
		h.open = map[string]*handle{}
	}
	one := &handle{file: f, size: size, users: 1}
	h.open[diffID] = one
	return one, nil
}

// put releases a tar. Of those without readers, the ones that were read last stay open. Call it once for each get.
func (h *handles) put(one *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turns++
	one.users--
	one.turn = h.turns
	if one.gone && one.users == 0 {
		_ = one.file.Close()
		return
	}
	for {
		idle, oldest, key := 0, (*handle)(nil), ""
		for diffID, other := range h.open {
			if other.users > 0 {
				continue
			}
			if idle++; oldest == nil || other.turn < oldest.turn {
				oldest, key = other, diffID
			}
		}
		if idle <= maxIdle {
			return
		}
		_ = oldest.file.Close()
		delete(h.open, key)
	}
}

// forget makes the next get open the tar anew: the file was found to be damaged, and another will take its place.
// Readers that have it open keep reading the old file; the last of them closes it.
func (h *handles) forget(diffID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one, ok := h.open[diffID]
	if !ok {
		return
	}
	delete(h.open, diffID)
	if one.gone = true; one.users == 0 {
		_ = one.file.Close()
	}
}
