package sleeper

import (
	"bufio"
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	cmd := exec.Command(name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "good night\n" {
		t.Fatalf("first line %q, %v", line, err)
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
