package evidence

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect/ledger"
)

// eachLine reads lines of at most MaxLine bytes, without their breaks, from 1.
func eachLine(r io.Reader, take func(n int, line []byte) error) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, err := ledger.ReadLine(lines, MaxLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if len(line) > 0 {
			if bad := take(n, line); bad != nil {
				return bad
			}
		}
		if err != nil {
			return nil
		}
	}
}
