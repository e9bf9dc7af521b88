package bagit

import (
	"errors"
	"fmt"
	"syscall"
)

// Explain wraps the error of a write with what was being done (a gerund) and, where the disk is the reason, with that
// in words. It returns nil for nil.
func Explain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: no space left there: %w", doing, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: it cannot be written there: %w", doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}
