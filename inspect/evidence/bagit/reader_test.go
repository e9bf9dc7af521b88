package bagit

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestDecompressTellsTheFormsApart(t *testing.T) {
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, err := g.Write([]byte("content"))
	must(t, errors.Join(err, g.Close()))
	z, err := zstd.NewWriter(&zs)
	must(t, err)
	_, err = z.Write([]byte("content"))
	must(t, errors.Join(err, z.Close()))
	for name, data := range map[string]string{"gzip": gz.String(), "zstd": zs.String(), "plain": "content"} {
		r, err := Decompress(strings.NewReader(data))
		must(t, err)
		if got, err := io.ReadAll(r); err != nil || string(got) != "content" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, short := range []string{"a", "\x1f", "ab", "abc"} {
		r, err := Decompress(strings.NewReader(short))
		must(t, err)
		if got, _ := io.ReadAll(r); string(got) != short {
			t.Errorf("%q became %q", short, got)
		}
	}
	if _, err := Decompress(strings.NewReader("")); !errors.Is(err, io.EOF) {
		t.Errorf("nothing at all: %v", err)
	}
	if _, err := Decompress(strings.NewReader("\x1f\x8bnot gzip")); err == nil {
		t.Error("a gzip that is none was opened")
	}
}

func TestReadBoundedNeverReadsMore(t *testing.T) {
	if b, err := ReadBounded(strings.NewReader("1234"), 4, "x"); err != nil || string(b) != "1234" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := ReadBounded(strings.NewReader("12345"), 4, "the config"); err == nil || err.Error() != "reading the config: more than 4 bytes" {
		t.Errorf("%v", err)
	}
}

func TestErrorsOfTheDiskInWords(t *testing.T) {
	for _, tt := range []struct {
		err   error
		words string
	}{
		{syscall.ENOSPC, "writing x: no space left there: no space left on device"},
		{&os.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}, "writing x: no space left there: write x: disk quota exceeded"},
		{syscall.EROFS, "writing x: it cannot be written there: read-only file system"},
		{syscall.EACCES, "writing x: it cannot be written there: permission denied"},
		{io.ErrUnexpectedEOF, "writing x: unexpected EOF"},
	} {
		err := Explain("writing x", tt.err)
		if err == nil || err.Error() != tt.words || !errors.Is(err, tt.err) {
			t.Errorf("%v", err)
		}
	}
	if err := Explain("writing x", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}
