package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// announced is stderr; url gets the address of the metrics once it is printed.
type announced struct {
	all bytes.Buffer
	url chan string
}

var metricsURL = regexp.MustCompile(`metrics of this audit are at (http://\S+)`)

func (a *announced) Write(p []byte) (int, error) {
	a.all.Write(p)
	if m := metricsURL.FindSubmatch(p); m != nil {
		a.url <- string(m[1])
	}
	return len(p), nil
}

// The metrics of an audit are served until the program is interrupted, and the exit code is that of the audit.
func TestAuditServesItsMetricsUntilInterrupted(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME", "DOCKER_CONFIG"} {
		t.Setenv(name, home)
	}
	dump := filepath.Join(home, "dump.json")
	pod := func(phase string) string {
		return `{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"` + strings.ToLower(phase) +
			`"},"spec":{"containers":[{"name":"app","image":"reg.example/app:1"}]},"status":{"phase":"` + phase + `"}}`
	}
	for want, phase := range map[int]string{exitPassed: "Succeeded", exitIncomplete: "Pending"} {
		if err := os.WriteFile(dump, []byte(`{"apiVersion":"v1","kind":"List","items":[`+pod(phase)+`]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		errs, ended := &announced{url: make(chan string, 1)}, make(chan int, 1)
		var out bytes.Buffer
		go func() {
			ended <- run(ctx, []string{"audit", "--snapshot", dump, "--metrics", "127.0.0.1:0"},
				streams{in: strings.NewReader(""), out: &out, err: errs})
		}()
		select {
		case url := <-errs.url:
			resp, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || !strings.Contains(string(body), "backtrail_audit_balanced 1\n") || !strings.HasSuffix(string(body), "# EOF\n") {
				t.Errorf("%s: %v\n%s", phase, err, body)
			}
		case code := <-ended:
			t.Fatalf("%s: it ended with %d before it served\n%s", phase, code, errs.all.String())
		}
		interrupt()
		if code := <-ended; code != want || !strings.Contains(out.String(), "listed 1 = ") {
			t.Errorf("%s: exit %d, want %d\n%s%s", phase, code, want, out.String(), errs.all.String())
		}
	}
	for _, args := range [][]string{
		{"--metrics", "127.0.0.1:no"},
		{"--metrics", "9464", "--manifest"},
		{"--metrics", "9464", "--shard", "0/2", "--out", home},
	} {
		var errs bytes.Buffer
		code := run(t.Context(), append([]string{"audit", "--snapshot", dump}, args...), streams{in: strings.NewReader(""), out: io.Discard, err: &errs})
		if code != exitUsage && code != exitCouldNotRun {
			t.Errorf("%q: exit %d\n%s", args, code, errs.String())
		}
	}
}
