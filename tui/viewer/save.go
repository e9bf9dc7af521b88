package viewer

import (
	"bytes"
	"context"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
)

// savePart hands all bytes of a part to the store. It runs outside of Update.
func savePart(ctx context.Context, store Store, p Part, name string) error {
	switch {
	case p.Text != nil:
		return store.SaveFile(ctx, name, bytes.NewReader(p.Text))
	case p.Digest != "":
		blob, err := store.Blob(ctx, p.Digest)
		if err != nil {
			return err
		}
		defer func() { _ = blob.Close() }()
		return store.SaveFile(ctx, name, blob)
	default:
		file, err := store.Open(ctx, p.DiffID, p.Entry)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		return store.SaveFile(ctx, name, io.NewSectionReader(file, 0, file.Size()))
	}
}

// saveName proposes a file name. It is never taken from the image.
func saveName(p Part) string {
	if p.Text != nil {
		return "backtrail-object.json"
	}
	hex := p.Entry.SHA256
	if hex == "" {
		hex = label.Digest(p.Digest)
	}
	if hex == "" {
		hex = "object"
	}
	return fmt.Sprintf("backtrail-%.12s.bin", hex)
}

// AskSave asks where the bytes of a part go, and writes them there. An existing file is never overwritten, and what
// is written is never executable.
func AskSave(sh *shell.Shell, store Store, p Part) {
	about := []string{"Saves " + p.Name + ", all of it, not executable.", "Careful: these may be the attacker's bytes."}
	sh.Ask("Save", saveName(p), about, func(name string) tea.Cmd {
		ctx := sh.Context()
		return shell.Work(func() tea.Msg {
			return shell.DoneMsg{Text: "saving " + name, Err: savePart(ctx, store, p, name)}
		})
	})
}
