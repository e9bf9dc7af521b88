package policy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// AddFile reads a file of policies. Origin is inspect.TrustFile where a flag names it.
func (s *Set) AddFile(path, origin string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading policies: %w", err)
	}
	defer f.Close()
	// one byte more than the bound: Parse refuses it, instead of reading a part
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return fmt.Errorf("reading policies of %s: %w", path, err)
	}
	return s.Add(Source{Bytes: data, Name: path, Origin: origin})
}

// AddFolder reads every .yaml, .yml and .json file of the folder of policies that are always loaded. One that is not
// there is empty.
func (s *Set) AddFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the folder of policies: %w", err)
	}
	if len(entries) > maxFiles {
		return fmt.Errorf("reading the folder of policies %s: more than %d files", dir, maxFiles)
	}
	var wrong []error
	// The order is that of the names; which policies apply does not depend on it (Set.add).
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			continue
		}
		if err := s.AddFile(filepath.Join(dir, e.Name()), inspect.TrustFolder); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}
