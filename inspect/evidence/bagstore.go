package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

var _ inspect.Store = (*Bag)(nil)

// Index lists the entries of a layer, from the bundle's listing of it.
// Every layer of both images has a listing, also one that is left out. An error wraps inspect.ErrNotKept where there
// is none.
func (b *Bag) Index(ctx context.Context, diffID string) ([]inspect.Entry, error) {
	r, err := b.files.Stream(listingName(diffID))
	if err != nil {
		return nil, fmt.Errorf("opening the listing of layer %s: %w", text.Clean(diffID), err)
	}
	defer r.Close()
	return readListing(ctx, r)
}

// Catalogue lists the packages of an image of the case.
// The image is named by its Key. The packages are those that the case claims: the catalog is made again by Verify.
func (b *Bag) Catalogue(ctx context.Context, image string) ([]inspect.Package, error) {
	c, err := b.Case(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range c.Images {
		if i.Key() == image && image != "" {
			return i.Packages, nil
		}
	}
	return nil, fmt.Errorf("listing the packages of %s: %w", image, inspect.ErrNotKept)
}

// Open gives the content of a file: one that is kept by itself, or from its layer where that is carried.
// The entry may be a stranger's: its place is checked against the layer, and it is never a path on this machine.
func (b *Bag) Open(ctx context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	if bagit.IsHex(e.SHA256) {
		for _, folder := range []string{"data/binaries/", "data/packages/"} {
			if c, err := b.files.Get(folder + e.SHA256); err == nil {
				return c, nil
			}
		}
	}
	if e.Type != inspect.EntryFile {
		return nil, fmt.Errorf("opening %s: it is a %s, not a regular file", e.Path, e.Type)
	}
	f, err := b.layer(ctx, diffID)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", e.Path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", e.Path, err)
	}
	// Written as a difference, since the sum of offset and size of a hostile entry can overflow.
	if e.Offset < 0 || e.Size < 0 || e.Offset > info.Size()-e.Size {
		return nil, fmt.Errorf("opening %s: its place is not in the layer", e.Path)
	}
	return bagit.PartContent{SectionReader: io.NewSectionReader(f, e.Offset, e.Size)}, nil
}

// layer unpacks a carried layer, once, and checks that it is its diff ID.
// The file stays open, under a name that nothing else has, until the bag is closed.
func (b *Bag) layer(ctx context.Context, diffID string) (*os.File, error) {
	digest, err := b.layerDigest(ctx, diffID)
	if err != nil {
		return nil, err
	}
	// Blob takes the lock too, where it looks among the exhibits for a layer that was left out.
	r, err := b.Blob(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", digest, err)
	}
	defer r.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if f, ok := b.unpacked[diffID]; ok {
		return f, nil
	}
	packed, _ := b.files.Size("data/image/blobs/sha256/" + bagit.HexOf(digest))
	// A bound on the ratio stops a small layer that unpacks to terabytes long before the bound on the size does.
	limit := min(int64(MaxLayer), max(int64(bagit.RatioFloor), packed*bagit.MaxRatio))
	f, err := b.unpackLayer(bagit.WithContext(ctx, r), diffID, limit)
	if err != nil {
		return nil, fmt.Errorf("unpacking layer %s: %w", digest, err)
	}
	b.unpacked[diffID] = f
	return f, nil
}

// layerDigest is the digest of the blob that unpacks to a diff ID, by the layers of the case.
func (b *Bag) layerDigest(ctx context.Context, diffID string) (string, error) {
	c, err := b.Case(ctx)
	if err != nil {
		return "", err
	}
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if l.DiffID == diffID && diffID != "" {
				// The docker-save form names no digest: its layers are carried as tars, under their diff IDs.
				return cmp.Or(l.Digest, l.DiffID), nil
			}
		}
	}
	return "", fmt.Errorf("layer %s: %w", text.Clean(diffID), inspect.ErrNotKept)
}

// unpackLayer writes the tar of a layer to a temporary file and compares its sha256 with the diff ID (OCI image-spec,
// config.md, "Layer DiffID"). More than limit bytes, or another digest, is an error, and no file is left.
func (b *Bag) unpackLayer(r io.Reader, diffID string, limit int64) (*os.File, error) {
	r, err := bagit.Decompress(r)
	if err != nil {
		return nil, err
	}
	f, err := bagit.TempFile(b.temp)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(r, limit+1))
	switch {
	case err != nil:
	case n > limit:
		err = fmt.Errorf("it unpacks to more than %d bytes", limit)
	case "sha256:"+hex.EncodeToString(h.Sum(nil)) != diffID:
		err = fmt.Errorf("its bytes are not its diff ID %s", diffID)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}

// Blob gives the bytes of a blob: of the layouts, of what is damaged, of the suspect files, or of an exhibit.
// The error wraps inspect.ErrNotKept where the bag does not carry it. It takes the lock of the bag where no folder has
// the blob, and must not be called with the lock held.
func (b *Bag) Blob(_ context.Context, digest string) (io.ReadCloser, error) {
	hex := bagit.HexOf(digest)
	if hex == "" {
		return nil, fmt.Errorf("opening blob %q: not sha256:<hex>", text.Clean(digest))
	}
	for _, folder := range []string{
		"data/image/blobs/sha256/", "data/known-good/blobs/sha256/", "data/damaged/",
		// A name that is a digest was compared with the bytes under it by Verify and Unfit (fitting.ownNames), not
		// here.
		"data/binaries/", "data/packages/",
	} {
		if r, err := b.files.Stream(folder + hex); err == nil {
			return r, nil
		}
	}
	if name, ok := b.exhibit(digest); ok {
		return b.files.Stream(name)
	}
	return nil, fmt.Errorf("opening blob %s: %w", digest, inspect.ErrNotKept)
}

// exhibit finds the file that was kept under a name of its own.
func (b *Bag) exhibit(digest string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.digests == nil {
		b.digests = b.readExhibits()
	}
	name, ok := b.digests[digest]
	return name, ok
}

// readExhibits lists what was kept under a name of its own by its digest: exhibits, and the trust roots, keys and
// policies. A list that cannot be read has none; Verify reports it.
func (b *Bag) readExhibits() map[string]string {
	digests := map[string]string{}
	var list []exhibitLine
	if data, err := b.files.Read("data/exhibits.json", bagit.MaxManifest); err == nil && json.Unmarshal(data,
		&list) == nil {
		for _, e := range list {
			if b.files.Has(e.Name) && e.State == blobCarried {
				digests[e.Digest] = e.Name
			}
		}
	}
	for _, name := range b.files.Below(trustFolder) {
		if data, err := b.files.Read(trustFolder+name, MaxSmall); err == nil {
			digests[bagit.Digest(data)] = trustFolder + name
		}
	}
	return digests
}
