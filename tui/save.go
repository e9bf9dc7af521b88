package tui

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// savePart hands all bytes of a part to the program's Save. It runs outside of Update.
func savePart(ctx context.Context, store inspect.Store, p part, name string, save func(context.Context, string, io.Reader) error) error {
	switch {
	case p.text != nil:
		return save(ctx, name, bytes.NewReader(p.text))
	case store == nil:
		return errors.New("no store is at hand")
	case p.digest != "":
		blob, err := store.Blob(ctx, p.digest)
		if err != nil {
			return err
		}
		defer blob.Close()
		return save(ctx, name, blob)
	default:
		file, err := store.Open(ctx, p.diffID, p.entry)
		if err != nil {
			return err
		}
		defer file.Close()
		return save(ctx, name, io.NewSectionReader(file, 0, file.Size()))
	}
}
