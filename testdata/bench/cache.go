package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// cacheDir is what is kept between runs: programs in bin, images in images. It is safe to remove.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache: %w", err)
	}
	dir := filepath.Join(base, "backtrail-bench")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	return dir, nil
}

// made gives DIR/NAME, and makes it where it is not there: beside, and renamed when it is complete.
func made(dir, name string, build func(to string) error) (string, error) {
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", path, err)
	}
	beside := path + ".new"
	if err := os.RemoveAll(beside); err != nil {
		return "", fmt.Errorf("clearing %s: %w", beside, err)
	}
	if err := build(beside); err != nil {
		_ = os.RemoveAll(beside)
		return "", fmt.Errorf("making %s: %w", name, err)
	}
	if err := os.Rename(beside, path); err != nil {
		return "", fmt.Errorf("keeping %s: %w", path, err)
	}
	return path, nil
}
