package layer

import "github.com/backtrail/backtrail/registry"

// budget is what the layers of one image may take together while they are unpacked, beyond the entries that they list.
type budget struct {
	implicit int64 // see MaxImplicit
	looked   int64 // see MaxLookup
	grown    int64 // bytes of paths that links make longer than they are named, see MaxNames
}

// makeDirectory takes the bytes of the path of a directory that no entry names. Errors: *registry.LimitError.
func (b *budget) makeDirectory(n int) error {
	if b.implicit += int64(n); b.implicit > MaxImplicit {
		return &registry.LimitError{What: "bytes of the paths of directories that no layer lists", Limit: MaxImplicit}
	}
	return nil
}

// lookUp takes the bytes of a path that is looked up. Errors: *registry.LimitError.
func (b *budget) lookUp(n int) error {
	if b.looked += int64(n); b.looked > MaxLookup {
		return &registry.LimitError{What: "bytes of paths that are looked up for the links of an image", Limit: MaxLookup}
	}
	return nil
}

// grow takes the bytes of a path that a link leads to. Errors: *registry.LimitError.
func (b *budget) grow(n int) error {
	if b.grown += int64(n); b.grown > MaxNames {
		return &registry.LimitError{What: "bytes of paths that links lead to in an image", Limit: MaxNames}
	}
	return nil
}
