package sbom

import (
	"slices"
	"sync"

	"github.com/anchore/syft/syft/pkg"
)

// memory is what cataloguers found in the images before. Where a cataloguer would ask the same and be answered the
// same, it would find the same: an image that differs from the one before in a few files is catalogued by those
// cataloguers alone whom these files concern. Answers name the contents of files by their sha256, so that nothing is
// taken for the same that is not. A cataloguer is a function of the files that it asks for, which is what makes this
// sound; one that asks for all of them, or fails to open one, is not remembered. It is safe for concurrent use.
type memory struct {
	mu    sync.Mutex
	found map[string][]recollection // by the cataloguer's name, the newest first
}

// maxRecollections is how many images each cataloguer remembers: those of a comparison, and one more. Each holds the
// packages of an image, so that more of them cost memory and help only when cases alternate.
const maxRecollections = 3

// recollection is one run of a cataloguer.
type recollection struct {
	asked    []question
	packages []pkg.Package
	err      error // what it could not read
}

// recall finds a run of the cataloguer in which every question had the answer that the resolver gives now. Questions
// are asked again in their order; the first other answer ends the comparison.
func (m *memory) recall(name string, r *resolver) (recollection, bool) {
	m.mu.Lock()
	known := slices.Clone(m.found[name])
	m.mu.Unlock()
	for _, k := range known {
		if !slices.ContainsFunc(k.asked, func(q question) bool { return q.ask(r) != q.answer }) {
			return k, true
		}
	}
	return recollection{}, false
}

// keep stores what a cataloger did, for an image that has the same files.
func (m *memory) keep(name string, run recollection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found == nil {
		m.found = map[string][]recollection{}
	}
	kept := append([]recollection{run}, m.found[name]...)
	m.found[name] = kept[:min(len(kept), maxRecollections)]
}
