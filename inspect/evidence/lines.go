package evidence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// eachLine reads lines of at most MaxLine bytes, without their breaks, from 1.
func eachLine(r io.Reader, take func(n int, line []byte) error) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(lines)
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

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > MaxLine {
			return nil, fmt.Errorf("longer than %d bytes", MaxLine)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return line, err
		default:
			return line[:len(line)-1], nil
		}
	}
}
