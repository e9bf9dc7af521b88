// Command write generates the built-in incident into a directory: go run ./testdata/demo/write inspect/demo.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	shop "github.com/backtrail/backtrail/testdata/demo"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: write DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	files, err := shop.Files()
	if err != nil {
		return fmt.Errorf("generating the incident: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			return fmt.Errorf("writing the incident: %w", err)
		}
		fmt.Printf("%s: %d bytes\n", f.Name, len(f.Data))
	}
	return nil
}
