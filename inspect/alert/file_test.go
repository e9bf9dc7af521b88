package alert

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// followed is a file that is followed, with what came of it.
type followed struct {
	t     *testing.T
	path  string
	store *Store
	feed  *Feed
	stop  context.CancelFunc
	done  chan error
}

func follow(t *testing.T, content string) *followed {
	t.Helper()
	f := &followed{
		t: t, path: filepath.Join(t.TempDir(), "falco.log"), store: newStore(t, 0), done: make(chan error, 1),
	}
	f.write(os.O_CREATE, content)
	f.start()
	return f
}

func (f *followed) start() {
	ctx, stop := context.WithCancel(f.t.Context())
	f.stop, f.feed = stop, f.store.Open(KindFile, f.path)
	go func() { f.done <- FollowFile(ctx, f.path, f.feed) }()
	f.t.Cleanup(stop)
}

func (f *followed) write(flag int, content string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|flag, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.WriteString(file, content); err != nil {
		f.t.Fatal(err)
	}
}

// has waits until these rules have come, in this order.
func (f *followed) has(rules ...string) {
	f.t.Helper()
	var got []string
	for range 200 {
		got = nil
		for _, a := range all(f.store) {
			got = append(got, a.Rule)
		}
		if strings.Join(got, " ") == strings.Join(rules, " ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	f.t.Fatalf("got %v, want %v; it says %q, broken %d", got, rules, f.says(), f.store.Summary().Broken)
}

func (f *followed) says() string { return f.store.Summary().Feeds[0].Condition }

func (f *followed) awaits(words string) {
	f.t.Helper()
	for range 200 {
		if strings.Contains(f.says(), words) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	f.t.Fatalf("it says %q, not %q", f.says(), words)
}

func (f *followed) ends() {
	f.t.Helper()
	f.stop()
	select {
	case err := <-f.done:
		if err != nil {
			f.t.Error(err)
		}
	case <-time.After(5 * time.Second):
		f.t.Fatal("it does not end")
	}
}

func line(rule string) string { return said(rule, "web-0", "/x", "a", 0) + "\n" }

func TestAFileIsFollowed(t *testing.T) {
	f := follow(t, line("A"))
	f.has("A")
	half := line("B")
	f.write(0, half[:40])
	time.Sleep(2 * pollEvery)
	f.has("A")
	f.write(0, half[40:]+line("C"))
	f.has("A", "B", "C")
	if s := f.store.Summary(); s.Broken != 0 {
		t.Errorf("%d broken lines: %v", s.Broken, s.Samples)
	}
	f.ends()
}

func TestAFileThatIsRotated(t *testing.T) {
	f := follow(t, line("A"))
	f.has("A")
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		t.Fatal(err)
	}
	old, err := os.OpenFile(f.path+".1", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := io.WriteString(old, line("B")); err != nil { // who wrote it had it open
		t.Fatal(err)
	}
	f.has("A", "B")
	f.awaits("waiting for the file to reappear")
	f.write(os.O_CREATE, line("C"))
	f.has("A", "B", "C")
	f.awaits("another file took its name")
	f.ends()
}

func TestAFileThatIsCutShort(t *testing.T) {
	f := follow(t, line("A")+line("B")+`{"rule":"half`)
	f.has("A", "B")
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	f.write(0, line("C"))
	f.has("A", "B", "C")
	f.awaits("written anew")
	if s := f.store.Summary(); s.Broken != 1 {
		t.Errorf("%d broken lines: the half one is", s.Broken)
	}
	f.ends()
}

// A file that was copied away and written anew is longer than before already when somebody looks.
func TestAFileThatIsWrittenAnew(t *testing.T) {
	f := follow(t, line("A"))
	f.has("A")
	if err := os.WriteFile(f.path, []byte(line("Other")+line("B")+line("C")), 0o600); err != nil {
		t.Fatal(err)
	}
	f.has("A", "Other", "B", "C")
	f.ends()
}

func TestAFileThatVanishes(t *testing.T) {
	f := follow(t, line("A"))
	f.has("A")
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.awaits("waiting for the file to reappear")
	f.write(os.O_CREATE, line("B"))
	f.has("A", "B")
	f.ends()
}

// A document is read, and what is added behind it is lines.
func TestADocumentIsFollowed(t *testing.T) {
	f := follow(t, "["+line("A")+","+line("B")+"]\n")
	f.has("A", "B")
	f.write(0, line("C"))
	f.has("A", "B", "C")
	f.ends()
}

// Text that begins as an array does is no document, nor is what is added to a file: it would be
// waited for to its end.
func TestAFileThatGrowsIsOfLines(t *testing.T) {
	for name, begin := range map[string]string{
		"dmesg": "[ 12.3] usb\n", "a library": "[libs]: started\n", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			f := follow(t, begin)
			f.awaits("following")
			f.write(0, "[{\n")
			f.write(0, `{"rule":"later"}`+"\n")
			f.has("later")
		})
	}
}

func TestAPipeIsReadOn(t *testing.T) {
	f := &followed{t: t, path: filepath.Join(t.TempDir(), "pipe"), store: newStore(t, 0), done: make(chan error, 1)}
	if err := syscall.Mkfifo(f.path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	f.start()
	f.write(0, line("A"))
	f.has("A")
	f.write(0, line("B")) // another writer
	f.has("A", "B")
	f.ends()
}

func TestReadFileOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "falco.log")
	if err := os.WriteFile(path, []byte(line("A")+"{broken\n"+strings.TrimSpace(line("B"))), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newStore(t, 0)
	if err := ReadFile(t.Context(), path, b.Open(KindFile, path)); err != nil {
		t.Fatal(err)
	}
	if s := b.Summary(); s.Alerts != 2 || s.Broken != 1 || s.Samples[0].Line != 2 || s.Samples[0].Feed != path {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsNoFileOfAlerts(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, nil, 0); err != nil {
		t.Fatal(err)
	}
	b := newStore(t, 0)
	for path, want := range map[string]error{
		dir: ErrNoAlertFile, "/dev/zero": ErrNoAlertFile, filepath.Join(dir, "none"): fs.ErrNotExist,
		secret: fs.ErrPermission,
	} {
		if path == secret && os.Getuid() == 0 {
			continue // root may read everything
		}
		for name, read := range map[string]func(context.Context, string, *Feed) error{
			"once": ReadFile, "following": FollowFile,
		} {
			if err := read(t.Context(), path, b.Open(KindFile, path)); !errors.Is(err, want) ||
				!strings.Contains(err.Error(), "opening the alerts") {
				t.Errorf("%s, %s: %v", path, name, err)
			}
		}
	}
}

// A pipe that does not end is not waited for for ever; an end in order is the end.
func TestReadingAPipeOnceEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	b := newStore(t, 0)
	var work sync.WaitGroup
	defer work.Wait()
	for _, tt := range []struct {
		words string
		ends  bool
	}{{"ended", true}, {"did not end", false}} {
		f, _, err := openFile(path)
		if err != nil {
			t.Fatal(err)
		}
		closing := make(chan struct{})
		work.Go(func() {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(w, line(tt.words))
			if !tt.ends {
				<-closing
			}
			_ = w.Close()
		})
		feed := b.Open(KindFile, tt.words)
		if err := feed.scan(
			t.Context(), &pipe{ctx: t.Context(), file: f, feed: feed, quiet: time.Second}, Limits{Day: at},
		); err != nil {
			t.Error(err)
		}
		close(closing)
		_ = f.Close()
		if s := feed.currentState(); s.Alerts != 1 || !strings.Contains(s.Condition, tt.words) || s.Failing == tt.ends {
			t.Errorf("%+v", s)
		}
	}
}
