package sleeper

import (
	"bufio"
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestSleeperSpeaksAndStopsOnSIGTERM(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the sleeper is a linux/amd64 program")
	}
	name := filepath.Join(t.TempDir(), "sleeper")
	if err := os.WriteFile(name, ELF("good night", "never run"), 0o755); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long ", 200)
	cmd := exec.Command(name, "sweet dreams", "", long)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for _, want := range []string{"good night\n", "sweet dreams\n", "\n", long + "\n"} {
		if line, err := lines.ReadString('\n'); err != nil || line != want {
			t.Fatalf("line %q, %v; want %q", line, err, want)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("after SIGTERM: %v", err)
	}
}

func TestSleeperIsAnELFFile(t *testing.T) {
	f, err := elf.NewFile(bytes.NewReader(ELF("x", "")))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != elf.EM_X86_64 || f.Type != elf.ET_EXEC || len(f.Progs) != 1 {
		t.Fatalf("machine %v, type %v, %d segments", f.Machine, f.Type, len(f.Progs))
	}
}
