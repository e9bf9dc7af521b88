package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"

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
		defer func() { _ = blob.Close() }()
		return save(ctx, name, blob)
	default:
		file, err := store.Open(ctx, p.diffID, p.entry)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		return save(ctx, name, io.NewSectionReader(file, 0, file.Size()))
	}
}

// askSave asks where the bytes on screen go. The name is never taken from the image.
func (m *Model) askSave(p part) {
	hex := firstOf(p.entry.SHA256, shortDigest(p.digest), "object")
	name := fmt.Sprintf("backtrail-%.12s.bin", hex)
	if p.text != nil {
		name = "backtrail-object.json"
	}
	about := []string{"Saves " + p.name + ", all of it, not executable.", "Careful: these may be the attacker's bytes."}
	m.ask("Save", name, about, func(m *Model, name string) tea.Cmd {
		ctx, store, save := m.ctx, m.o.Store, m.o.Save
		return work(func() tea.Msg {
			return doneMsg{text: "saving " + name, err: savePart(ctx, store, p, name, save)}
		})
	})
}
