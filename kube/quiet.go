package kube

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// maxNotice bounds one line that is handed on, in bytes.
const maxNotice = 4 << 10

// Quiet sends what is written on this process's stderr to notice, line by line, until restore is
// called: klog's lines and those of child processes such as credential plugins, which would
// otherwise tear a terminal UI's screen. A crash of the program still goes to the real stderr.
//
// client-go gives a plugin the stderr that was there when the client was made, so what has
// to be exchanged is the descriptor behind it; on systems where that cannot be done (Windows) only
// klog is redirected. The order for a terminal UI is: Open, Login (prompts work), Detach (no stdin),
// Quiet, run the UI, restore.
//
// notice is called from one goroutine at a time; it must neither block nor write to stderr.
func Quiet(notice func(line string)) (restore func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe for stderr: %w", err)
	}
	back, err := redirectStderr(w)
	if err != nil {
		return nil, fmt.Errorf("redirecting stderr: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		handOn(r, notice)
	}()
	var once sync.Once
	return func() {
		once.Do(func() {
			back()
			_ = w.Close()
			// A child that outlives us may hold the pipe open: its output is not waited for.
			_ = r.SetReadDeadline(pipeGrace())
			<-done
			_ = r.Close()
		})
	}, nil
}

// klogHead is what klog puts before each line: severity, date, time, thread, file.
// I0301 08:00:00.000000 12345 reflector.go:150] text
var klogHead = regexp.MustCompile(`^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ [^ \]]+\] `)

// handOn reads lines until the other end is closed or the deadline has passed.
func handOn(r io.Reader, notice func(string)) {
	lines := bufio.NewReaderSize(r, maxNotice)
	for {
		line, isPrefix, err := lines.ReadLine()
		if err != nil {
			return
		}
		text := strings.TrimSpace(klogHead.ReplaceAllString(string(line), ""))
		if text != "" {
			notice(text)
		}
		for isPrefix && err == nil { // the rest of a line that is too long
			_, isPrefix, err = lines.ReadLine()
		}
	}
}
