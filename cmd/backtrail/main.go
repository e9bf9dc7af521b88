// Command backtrail follows a container image back from an alert to its origin.
//
// A file per verb; checks.go has the one list of checks. A verb works in the same steps everywhere:
//
//  1. Its flags are checked, before anything is read: an unknown form of output, a flag that it does not use.
//  2. newSession opens what it works with, and targetOpener finds what it is about. A target that is not there is an
//     error (exit 1), and no case is begun.
//  3. start begins the case: its ledger is on disk before the first check runs.
//  4. The events are folded into an inspect.Case, by the terminal UI as they come or by headless to the end.
//  5. endOf turns the outcome into the exit code, with the reasons on stderr.
//
// Nothing here decides about an image: verdicts are those of the packages below inspect, and this package wires them.
// It writes below the cache folder and the data folder of the person, and to paths that a flag names; nowhere else.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/trustroot"
	"github.com/spf13/cobra"
)

// version and revision are set by the linker of a release (-X main.version=…); tool has what they are without it.
var version, revision = "dev", ""

func main() {
	limitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first ctrl+c ends the work in order: the case is printed and exported as partial. A second one ends the
	// program at once, with the disposition that signals have by default.
	go func() { <-ctx.Done(); stop() }()
	code := run(ctx, os.Args[1:], streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, plugin: isPlugin(os.Args[0]),
	})
	os.Exit(code)
}

// streams are where a run reads and writes: results go to out, progress and notes to err. Nothing else in this package
// uses os.Stdin, os.Stdout or os.Stderr, so that a test runs the whole command line within its own process.
type streams struct {
	in       io.Reader
	out, err io.Writer
	plugin   bool // the program runs as a plugin of kubectl, and names itself so
}

// run executes the command line and gives the exit code. For every one but 0 the reason is on stderr.
func run(ctx context.Context, args []string, std streams) int {
	root := rootCommand(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	var exit *exitError
	// An outcome (3, 4) that was reached before the interruption stays: the work was done when it came.
	if err != nil && ctx.Err() != nil && (!errors.As(err, &exit) || exit.code == exitCouldNotRun) {
		err = context.Canceled // whatever was under way names an error of its own when it is interrupted
	}
	if std.plugin {
		return exitCode(pluginWriter{std.err}, err)
	}
	return exitCode(std.err, err)
}

// pluginWriter writes messages whose hints name commands as kubectl runs them.
type pluginWriter struct{ io.Writer }

// Write takes whole lines, as exitCode writes them.
func (w pluginWriter) Write(p []byte) (int, error) {
	line := string(p)
	if hint, ok := strings.CutPrefix(line, "hint: "); ok {
		line = "hint: " + inPluginWords(hint)
	}
	if _, err := io.WriteString(w.Writer, line); err != nil {
		return 0, err
	}
	return len(p), nil
}

// softMemory is where the garbage collector begins to work harder, in bytes. Left alone it lets the heap grow to
// twice of what is in use, which for an image of 200,000 files is more than the 600 MiB that backtrail may take on a
// laptop, with about 100 MiB for the program itself. It is not a bound: what is needed beyond it is allocated.
const softMemory = 416 << 20

// limitMemory sets softMemory, unless GOMEMLIMIT is set.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
}

// buildReport is what version prints as JSON: the program, and the modules that are compiled into it. With them an
// auditor can look up whether a known vulnerability of a module is in this binary, and compare the sums with those of
// the source.
type buildReport struct {
	inspect.Tool
	Go      string        `json:"go"` // version of the toolchain
	Root    embeddedTrust `json:"trustRoot"`
	Modules []buildModule `json:"modules"` // sorted by path; empty without build information
}

// embeddedTrust is the trusted root of the public Sigstore instance that is compiled in, for use without network.
type embeddedTrust struct {
	Digest  string       `json:"digest"`
	Fetched inspect.Time `json:"fetched"`
	Age     string       `json:"age"` // 83d
	Source  string       `json:"source"`
	TUF     bool         `json:"tuf"` // fetched and verified by The Update Framework
}

// newEmbeddedTrust describes the compiled-in root at a time.
func newEmbeddedTrust(now time.Time) embeddedTrust {
	o, err := trustroot.EmbeddedOrigin()
	if err != nil {
		return embeddedTrust{Source: err.Error()}
	}
	return embeddedTrust{
		Digest:  fmt.Sprintf("sha256:%x", sha256.Sum256(trustroot.Embedded())),
		Fetched: inspect.At(o.Fetched), Age: fmt.Sprintf("%dd", o.Days(now)), Source: o.Source, TUF: o.TUF,
	}
}

// buildModule is a dependency as the linker used it: where it was replaced, that is the replacement.
type buildModule struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"` // h1:…, as go.sum has it; empty for a local directory
}

// newBuild reads the build information of this binary, which the Go toolchain has written into it (debug/buildinfo). It
// is a claim of whoever built the binary, as its version is: a release is compared with its checksums.
func newBuild(t inspect.Tool) buildReport {
	b := buildReport{Tool: t, Go: runtime.Version(), Root: newEmbeddedTrust(time.Now())}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Modules = append(b.Modules, buildModule{m.Path, m.Version, m.Sum})
	}
	slices.SortFunc(b.Modules, func(a, b buildModule) int { return strings.Compare(a.Path, b.Path) })
	return b
}

// versionCommand is the verb version.
func versionCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := f.checkOutput("plain", "json"); err != nil {
				return err
			}
			t := tool()
			if f.output == "json" {
				b, err := inspect.EncodeJSON(newBuild(t))
				if err != nil {
					return err
				}
				_, err = std.out.Write(b)
				return err
			}
			_, err := fmt.Fprintf(std.out, "backtrail %s %s\n", t.Version, t.Revision)
			return err
		},
	}
}
