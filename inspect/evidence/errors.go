package evidence

import (
	"errors"
	"fmt"
	"syscall"
)

// inWords makes a failed write say what it means where the disk is the reason.
func inWords(doing string, err error) error {
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
