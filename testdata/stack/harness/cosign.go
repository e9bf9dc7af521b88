package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// BuildCosign builds cosign's command line from the versions that the module in moduleDir requires, so that what is compiled for the one serves
// the other. Its few more dependencies go into a copy of go.mod and go.sum: the module's own files stay as they are.
func BuildCosign(ctx context.Context, moduleDir, bin string) (*terminal.Program, error) {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder for programs: %w", err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(moduleDir, name))
		if err != nil {
			return nil, fmt.Errorf("copying the module's files: %w", err)
		}
		if err := os.WriteFile(filepath.Join(bin, name), content, 0o644); err != nil {
			return nil, fmt.Errorf("copying the module's files: %w", err)
		}
	}
	return terminal.Build(ctx, "COSIGN_BIN", moduleDir, "github.com/sigstore/cosign/v2/cmd/cosign", filepath.Join(bin, "cosign"),
		"-mod=mod", "-modfile="+filepath.Join(bin, "go.mod"))
}
