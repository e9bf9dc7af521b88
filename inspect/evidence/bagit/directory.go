package bagit

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"github.com/backtrail/backtrail/inspect"
)

// openDirectory lists a directory bundle.
// os.Root keeps every name below the directory, also where a link is put there after the listing.
func openDirectory(ctx context.Context, dir string) (*Files, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &Files{sizes: map[string]int64{}, Close: root.Close}
	f.open = func(name string) (inspect.Content, error) { return openRegular(root, name) }
	count := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if count++; count > MaxFiles {
			return fmt.Errorf("more than %d files", MaxFiles)
		}
		f.walk(name, d, err)
		return nil
	})
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// walk lists what fs.WalkDir found at a name.
func (f *Files) walk(name string, d fs.DirEntry, err error) {
	switch {
	case err != nil:
		f.defect(name, "it cannot be read: %v", err)
	case d.IsDir():
	case !d.Type().IsRegular():
		f.defect(name, "it is no regular file (%s); a bundle has neither links nor special files", kindOf(d.Type()))
	default:
		info, err := d.Info()
		if err != nil {
			f.defect(name, "it cannot be read: %v", err)
			return
		}
		f.add(name, info.Size())
	}
}

// kindOf is the word for a file that is not a regular one.
// It is named in the defect, since a symbolic link is what an attacker would try first.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// openRegular opens nothing but a regular file: opening a pipe would wait for its writer.
func openRegular(root *os.Root, name string) (inspect.Content, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening %s: not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	// Between the two calls the name may become a link or a pipe within the directory: os.Root keeps the first inside,
	// and whoever can do that owns the bag anyway.
	return fileContent{f, info.Size()}, nil
}
