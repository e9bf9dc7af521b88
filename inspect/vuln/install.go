package vuln

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/anchore/clio"
	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/db/v6/distribution"
	"github.com/anchore/grype/grype/db/v6/installation"
	"github.com/klauspost/compress/zstd"
)

// DefaultSource is where grype's databases are published.
const DefaultSource = "https://grype.anchore.io/databases"

// Bounds of an update: the listing is small, the archive has hundreds of megabytes.
const (
	listingTimeout = 30 * time.Second
	archiveTimeout = time.Hour
)

// Update fetches the newest database into a folder of grype's, where there is a newer one. The archive must have the
// digest that the listing names.
//
// It is one of the few calls that need a network, and only a person makes it. agent is the User-Agent of its requests.
func Update(folder, source, agent string) (changed bool, err error) {
	id := clio.Identification{Name: agent}
	client, err := distribution.NewClient(distribution.Config{
		ID: id, LatestURL: source, RequireUpdateCheck: true,
		CheckTimeout: listingTimeout, UpdateTimeout: archiveTimeout,
	})
	if err != nil {
		return false, fmt.Errorf("updating the vulnerability database: %w", err)
	}
	curator, err := installation.NewCurator(installation.Config{DBRootDir: folder, ValidateChecksum: true}, client)
	if err != nil {
		return false, fmt.Errorf("updating the vulnerability database: %w", err)
	}
	if changed, err = curator.Update(); err != nil {
		return false, fmt.Errorf("updating the vulnerability database: %w", err)
	}
	return changed, nil
}

// Magic numbers of the files that Import takes.
var (
	magicSQLite = []byte("SQLite format 3\x00")
	magicZstd   = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicGzip   = []byte{0x1f, 0x8b}
)

// IsDatabase reports whether a file is one that Import takes, by its first bytes: a database of SQLite, or a tar
// archive compressed with zstd or gzip.
func IsDatabase(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(magicSQLite))
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	return bytes.HasPrefix(head, magicSQLite) || bytes.HasPrefix(head, magicZstd) || bytes.HasPrefix(head, magicGzip)
}

// Import takes a database from a file: an archive as it is published, or the database itself. It replaces the one in
// the folder only once the new one was read.
// An error leaves the folder as it was. The file may come from a stranger: it is unpacked within a bound, and nothing
// but the database is taken from an archive, whatever else it holds.
func Import(folder, file string) error {
	if err := importFile(folder, file); err != nil {
		return fmt.Errorf("importing the vulnerability database %s: %w", file, err)
	}
	return nil
}

func importFile(folder, file string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(folder, "import-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	unpacked := filepath.Join(dir, v6.VulnerabilityDBFileName)
	if err := unpack(file, unpacked); err != nil {
		return err
	}
	// A database of another schema would be opened and found empty.
	if _, err := v6.ReadDescription(unpacked); err != nil {
		return fmt.Errorf("it is no database of grype, schema %d: %w", v6.ModelVersion, err)
	}
	curator, err := installation.NewCurator(installation.Config{DBRootDir: folder, ValidateChecksum: true}, nil)
	if err != nil {
		return err
	}
	return curator.Import(unpacked)
}

// unpack writes the database of a file to another one.
// The first member with the name of the database counts, in whatever folder it lies.
func unpack(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	head := make([]byte, len(magicSQLite))
	n, _ := io.ReadFull(in, head)
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var content io.Reader
	switch head = head[:n]; {
	case bytes.HasPrefix(head, magicSQLite):
		return copyBounded(to, in)
	case bytes.HasPrefix(head, magicZstd):
		z, err := zstd.NewReader(in, zstd.WithDecoderMaxMemory(512<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		content = z
	case bytes.HasPrefix(head, magicGzip):
		if content, err = gzip.NewReader(in); err != nil {
			return err
		}
	default:
		return errors.New("it is no database of SQLite, and no archive with zstd or gzip")
	}
	archive := tar.NewReader(io.LimitReader(content, maxDatabase))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the archive has no %s", v6.VulnerabilityDBFileName)
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg && path.Base(h.Name) == v6.VulnerabilityDBFileName {
			return copyBounded(to, archive)
		}
	}
}

// copyBounded writes a new file of at most maxDatabase bytes.
func copyBounded(to string, from io.Reader) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(from, maxDatabase+1))
	if err == nil && n > maxDatabase {
		err = fmt.Errorf("it is larger than %d bytes", int64(maxDatabase))
	}
	return errors.Join(err, out.Close())
}
