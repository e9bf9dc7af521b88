package evidence

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
)

// Bag is an opened bundle. It is an inspect.Store, and its bytes are foreign: use Verify before believing it.
// It can be used by several goroutines at once. What it gives is not checked against manifests when it is read, but
// for layers, which are unpacked only if they are their diff ID: Verify and Unfit check all files first.
type Bag struct {
	path  string
	files *bagit.Files
	// Folder for temporary files; empty: the system's.
	temp  string
	isDir bool

	mu sync.Mutex
	// Guarded by mu: the fold of the events, which is made once.
	folded   *inspect.Case
	digests  map[string]string   // digest to name of what lies under another name: exhibits, trust
	unpacked map[string]*os.File // layers by diff ID
}

// OpenBag opens a bundle: a directory or a .tar.gz, which is unpacked into a nameless temporary file below temp ("" for
// the system's). Close it.
// A file that is no archive, or a bag with broken members, is opened all the same: its defects are those of a bundle,
// and Verify names them.
func OpenBag(ctx context.Context, path, temp string) (*Bag, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle: %w", err)
	}
	b := &Bag{path: path, temp: temp, isDir: info.IsDir(), unpacked: map[string]*os.File{}}
	if b.files, err = bagit.Open(ctx, path, temp); err != nil {
		return nil, fmt.Errorf("opening the bundle %s: %w", path, err)
	}
	if len(b.files.Names()) == 0 && len(b.files.Defects) == 0 {
		_ = b.Close()
		return nil, fmt.Errorf("opening the bundle %s: there is nothing in it", path)
	}
	return b, nil
}

// Close lets go of the files.
func (b *Bag) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.unpacked {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
	b.unpacked = map[string]*os.File{}
	return b.files.Close()
}

// Path is where the bundle lies.
func (b *Bag) Path() string { return b.path }

// ID is the name of the case.
// It is a label of bag-info.txt and may be anything; the exported name of a case follows from target and time.
func (b *Bag) ID() string {
	content, err := b.files.Read(bagit.InfoFile, MaxSmall)
	if err != nil {
		return ""
	}
	info, _ := bagit.ParseInfo(content)
	return text.Clean(info[infoID])
}

// TagManifest is the digest that fixes the bundle's content, sha256:…, or "" where there is none.
// The tag manifest lists every tag file, the payload manifests among them, which list every file of the payload. So
// this one digest, posted where the bundle's maker cannot change it later, fixes every byte of the bundle (RFC 8493,
// 2.2.1).
func (b *Bag) TagManifest() string {
	text, err := b.files.Read(bagit.TagManifest256, bagit.MaxManifest)
	if err != nil {
		return ""
	}
	return bagit.Digest(text)
}

// Replay is the saved stream of events.
func (b *Bag) Replay() inspect.Source { return ledger.ReplayOf(b.Events) }

// Events opens the saved stream, for another export.
func (b *Bag) Events() (io.ReadCloser, error) {
	r, err := b.files.Stream("data/events.jsonl")
	if err != nil {
		return nil, fmt.Errorf("reading the bundle's events: %w", err)
	}
	return r, nil
}

// Case is the fold of the saved stream.
// It is made from the events and not from case.json, which is a rendering of them. An error is that of a record that
// cannot be replayed; it is not kept, so that an interrupted call can be made again.
func (b *Bag) Case(ctx context.Context) (inspect.Case, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.folded != nil {
		return *b.folded, nil
	}
	c, err := ledger.Fold(ctx, b.Replay())
	if err != nil {
		return c, fmt.Errorf("replaying the bundle: %w", err)
	}
	b.folded = &c
	return c, nil
}

// Trust gives the bytes of a trust root, policy or key that the bundle carries, by the digest of its file.
// The files are found by their content: the name of one is a claim. An error wraps inspect.ErrNotKept.
func (b *Bag) Trust(digest string) ([]byte, error) {
	for _, name := range b.files.Below(trustFolder) {
		data, err := b.files.Read(trustFolder+name, MaxSmall)
		if err == nil && bagit.Digest(data) == digest {
			return data, nil
		}
	}
	return nil, fmt.Errorf("reading trust root %s: %w", digest, inspect.ErrNotKept)
}

// Layout gives a directory with the OCI layout of the image (of "image") or of the known-good (of "known-good"), for a
// registry client to open; cleanup removes what had to be unpacked for it. Only files that are named by a digest and
// the two that a layout needs are unpacked.
func (b *Bag) Layout(ctx context.Context, of string) (dir string, cleanup func(), err error) {
	folder := layoutFolder(of)
	if size, _ := b.files.Size(folder + "/index.json"); of != ofImage && of != ofKnownGood || size == 0 {
		return "", func() {}, fmt.Errorf("opening the layout %s of the bundle: %w", of, inspect.ErrNotKept)
	}
	// The layout of a directory is used where it lies. Links in it were listed as defects, and a registry client
	// compares every blob with its digest.
	if b.isDir {
		return b.path + "/" + folder, func() {}, nil
	}
	dir, err = os.MkdirTemp(b.temp, "backtrail-layout-*")
	if err != nil {
		return "", func() {}, fmt.Errorf("unpacking the layout: %w", err)
	}
	cleanup = func() { _ = os.RemoveAll(dir) }
	if err := b.unpackLayout(ctx, folder, dir); err != nil {
		cleanup()
		return "", func() {}, bagit.Explain("unpacking the layout", err)
	}
	return dir, cleanup, nil
}

func (b *Bag) unpackLayout(ctx context.Context, folder, dir string) error {
	const blobs = "blobs/sha256/"
	if err := os.MkdirAll(dir+"/"+blobs, 0o700); err != nil {
		return err
	}
	for _, name := range b.files.Below(folder + "/") {
		// No name of the archive becomes a path as it is: it is one of two constants, or 64 hexadecimal digits.
		hex, isBlob := strings.CutPrefix(name, blobs)
		if name != "index.json" && name != "oci-layout" && !(isBlob && bagit.IsHex(hex)) {
			continue
		}
		r, err := b.files.Stream(folder + "/" + name)
		if err != nil {
			return err
		}
		err = writeFile(ctx, dir+"/"+name, r)
		_ = r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFile(ctx context.Context, path string, r io.Reader) error {
	// O_EXCL does not follow a link that was put in its place in between.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bagit.WithContext(ctx, r))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
