package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

func TestAges(t *testing.T) {
	const day = 24 * time.Hour
	for words, want := range map[string]time.Duration{
		"0d": 0, "1d": day, "400d": 400 * day, "12w": 84 * day, "99999d": 99999 * day,
		"36h": 36 * time.Hour, "90m": 90 * time.Minute,
		"100000d": -1, "-1d": -1, "-3h": -1, "d": -1, "1.5d": -1, "1y": -1,
		"soon": -1, "": -1, " 1d": -1, "1d ": -1, "1D": -1,
	} {
		got, err := parseAge(words)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q is %v (%v), want %v", words, got, err, want)
		}
	}
}

// journalOfACase is a home with a journal in which one case is.
func journalOfACase(t *testing.T) (path string) {
	t.Helper()
	home, _ := savedCalm(t)
	path = filepath.Join(home, ".local", "share", "backtrail", "journal.db")
	if !isFile(path) {
		t.Fatal("there is no journal")
	}
	return path
}

// What an export was before it was interrupted would be taken for all of it on the machine that it is carried to.
func TestAnInterruptedExportOfTheJournalLeavesNoFile(t *testing.T) {
	j, err := journal.Open(t.Context(), journalOfACase(t))
	layertest.Must(t, err)
	defer j.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	to := filepath.Join(t.TempDir(), "fleet.jsonl")
	if _, err := exportTo(ctx, j, to); err == nil || isFile(to) {
		t.Errorf("%v; a file is left: %v", err, isFile(to))
	}
	if done, err := exportTo(t.Context(), j, to); err != nil || done.Lines < 3 || !isFile(to) {
		t.Errorf("afterwards: %+v, %v", done, err)
	}
	if _, err := exportTo(t.Context(), j, filepath.Join(to, "below-a-file")); err == nil {
		t.Error("exported below a file")
	}
}

// Exported, imported into an empty journal and exported again it is the same, by file and by pipe; importing twice adds
// nothing.
func TestTheJournalIsCarriedToAnotherMachine(t *testing.T) {
	journalOfACase(t)
	first := call(t, "journal", "export", "-")
	first.wants(t, exitPassed, "lines")
	file := fileIn(t, "fleet.jsonl", first.out)
	newHome(t)
	call(t, "journal", "import", file).wants(t, exitPassed, "lines")
	callWith(t, first.out, "journal", "import", "-").wants(t, exitPassed, "lines")
	if second := call(t, "journal", "export", "-"); second.out != first.out {
		t.Errorf("it was\n%s\nand is\n%s", first.out, second.out)
	}
	sound := call(t, "journal")
	sound.wants(t, exitPassed)
	if !strings.Contains(sound.out, "sound") || !strings.Contains(sound.out, "images     1\n") {
		t.Errorf("check: %s", sound.out)
	}
}

// A file that is refused leaves the journal usable, and the reason names the line.
func TestImportsThatAreRefused(t *testing.T) {
	journalOfACase(t)
	whole := call(t, "journal", "export", "-").out
	lines := strings.SplitAfter(whole, "\n")
	for name, content := range map[string]string{
		"empty":         "",
		"cut off":       strings.Join(lines[:len(lines)-2], ""),
		"half a line":   whole[:len(whole)/2],
		"another file":  "{\"kind\": \"List\"}\n",
		"not JSON":      "\x7fELF\x02\x01\x01",
		"without begin": strings.Join(lines[1:], ""),
	} {
		t.Run(name, func(t *testing.T) {
			o := callWith(t, content, "journal", "import", "-")
			o.wants(t, exitCouldNotRun, "hint: journal import takes what journal export wrote")
			call(t, "journal", "check").wants(t, exitPassed)
		})
	}
	o := call(t, "journal", "import", filepath.Join(t.TempDir(), "missing"))
	o.wants(t, exitCouldNotRun, "importing a journal", "missing")
}

// A journal whose pages were overwritten is found, set aside under another name and kept; the next one begins empty and
// is sound.
func TestADamagedJournal(t *testing.T) {
	path := journalOfACase(t)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	layertest.Must(t, err)
	info, err := file.Stat()
	layertest.Must(t, err)
	for at := int64(8192); at < info.Size(); at += 4096 { // the header and the schema stay
		_, err = file.WriteAt([]byte(strings.Repeat("\xff", 4096)), at)
		layertest.Must(t, err)
	}
	layertest.Must(t, file.Close())
	o := call(t, "journal", "check")
	o.wants(t, exitFailed, "damaged")
	if strings.Contains(o.out, "sound") {
		t.Errorf("stdout %s", o.out)
	}
	if aside, err := filepath.Glob(path + ".damaged-*"); err != nil || len(aside) == 0 {
		t.Errorf("the damaged file is not kept: %v (%v)\n%s", aside, err, o.err)
	}
	o = call(t, "journal", "check")
	o.wants(t, exitPassed)
	if !strings.Contains(o.out, "sound") || !strings.Contains(o.out, "images     0\n") {
		t.Errorf("afterwards: %s", o.out)
	}
}
