package trustroot

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// folder is a copy of this package's two files, with a chosen root.
func folder(t *testing.T, data []byte, o Origin) string {
	t.Helper()
	dir := t.TempDir()
	if err := write(dir, data, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

var (
	today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	older = Origin{Fetched: today.Add(-100 * 24 * time.Hour), Source: "https://tuf.example", TUF: true}
)

func TestTheEmbeddedRootCanBeRead(t *testing.T) {
	m, err := root.NewTrustedRootFromJSON(Embedded())
	if err != nil || len(m.RekorLogs()) == 0 || len(m.CTLogs()) == 0 || NewestKey(m).IsZero() {
		t.Errorf("%v, newest key %s", err, NewestKey(m))
	}
	o, err := EmbeddedOrigin()
	if err != nil || o.Fetched.Before(NewestKey(m)) {
		t.Errorf("origin %+v, %v", o, err)
	}
}

func TestRenew(t *testing.T) {
	was, is := with(t, "2025-01-01T00:00:00Z"), with(t, "2026-05-01T00:00:00Z")
	r, dir := newRepository(t, is, never), folder(t, was, older)
	old, renewed, err := Renew(context.Background(), r.client(t), dir, today)
	if err != nil || old != older || renewed != (Origin{today, r.server.URL, true}) {
		t.Fatalf("old %+v, new %+v, %v", old, renewed, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, embeddedFile))
	if err != nil || !bytes.Equal(data, is) {
		t.Errorf("%d bytes were written, %v", len(data), err)
	}
	data, err = os.ReadFile(filepath.Join(dir, originFile))
	if o, originErr := readOrigin(data); err != nil || originErr != nil || o != renewed {
		t.Errorf("the origin is %+v, %v, %v", o, err, originErr)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// Whatever goes wrong, the old one stays byte by byte, and the error has its age.
func TestTheOldOneStays(t *testing.T) {
	was := with(t, "2026-01-01T00:00:00Z")
	none := bytes.Replace(was, []byte(`"tlogs"`), []byte(`"unused"`), 1)
	for name, target := range map[string][]byte{
		"no network":    nil,
		"an older root": with(t, "2024-01-01T00:00:00Z"),
		"no root":       []byte(`{"mediaType":"x"}`),
		"no log":        none,
	} {
		t.Run(name, func(t *testing.T) {
			r, dir := newRepository(t, append([]byte{}, target...), never), folder(t, was, older)
			if target == nil {
				r.server.Close()
			}
			_, _, err := Renew(context.Background(), r.client(t), dir, today)
			if err == nil || !strings.Contains(err.Error(), "the old one stays: fetched 2026-02-21 from https://tuf.example "+
				"by TUF, 100 days ago") {
				t.Errorf("the error is %v", err)
			}
			if data, _ := os.ReadFile(filepath.Join(dir, embeddedFile)); !bytes.Equal(data, was) {
				t.Error("the old one is gone")
			}
		})
	}
	if _, _, err := Renew(context.Background(), Client{}, t.TempDir(), today); err == nil {
		t.Error("a folder without a root was renewed")
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		age  time.Duration
		tuf  bool
		want string
	}{
		{"fresh", time.Hour, true, ""},
		{"at the bound", MaxAge, true, ""},
		{"past the bound", MaxAge + time.Hour, true, "90 days ago"},
		{"from the future", -48 * time.Hour, true, "future"},
		{"never by TUF", time.Hour, false, "not fetched by TUF"},
	} {
		err := Origin{today.Add(-tt.age), "there", tt.tuf}.Check(today)
		if (err == nil) != (tt.want == "") || err != nil && (!errors.Is(err, ErrStale) ||
			!strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestBrokenOrigins(t *testing.T) {
	for _, data := range []string{``, `{}`, `{"fetched":"2026-01-01T00:00:00Z"}`, `{"source":"x"}`, `{"fetched":"yesterday","source":"x"}`} {
		if o, err := readOrigin([]byte(data)); err == nil {
			t.Errorf("%q: %+v", data, o)
		}
	}
}
