// Command backtrail follows a container image back from an alarm to its origin.
//
// A file per verb; checks.go holds the one slice of checks.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version and revision are set by the linker of a release.
var version, revision = "dev", ""

func main() {
	limitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second ctrl+c ends the program at once.
	go func() { <-ctx.Done(); stop() }()
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	os.Exit(code)
}

// streams are where a run reads and writes: results go to out, progress and notes to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run executes the command line and gives the exit code; every one that is not 0 has said why on stderr.
func run(ctx context.Context, args []string, std streams) int {
	root := rootCommand(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	var exit *exitError
	if err != nil && ctx.Err() != nil && (!errors.As(err, &exit) || exit.code == exitCouldNotRun) {
		err = context.Canceled // whatever was under way names an error of its own when it is interrupted
	}
	return exitCode(std.err, err)
}
