package main

import (
	"path/filepath"

	"github.com/backtrail/backtrail/inspect/advisory"
)

// advisoryData is what images are compared with: the packs of the program, and what was imported below the folder of
// the data.
func (f *flags) advisoryData() (*advisory.Data, error) {
	dir, err := advisoryDir()
	if err != nil {
		return nil, err
	}
	return advisory.NewData(dir), nil
}

// advisoryDir is where imported advisories lie.
func advisoryDir() (string, error) {
	dir, err := dataDir()
	return filepath.Join(dir, "advisories"), err
}

// setWindow has images compared with the window of a flag.
func (s *session) setWindow(text string) error {
	if text == "" {
		return nil
	}
	w, err := advisory.ParseWindow(text)
	if err != nil {
		return usage("reading --window: %w", err)
	}
	s.advisories.Window = w
	return nil
}
