// Command bench compares backtrail with the programs that a responder would run in its place, one after the other, on
// the same images, from the same registry, in the same run:
//
//	crane pull, cosign verify, cosign verify-attestation, syft on the suspect and on the known-good, dive
//
// and with the floor that nobody can be below: gunzip and sha256 of the layers. It builds the peers from their modules
// and makes Debian images by mmdebstrap; both are kept in $XDG_CACHE_HOME/backtrail-bench. Ratios within one run are
// what counts: times on a shared machine prove little.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Verbs of the program's own children: their memory and time are measured apart from its own.
const (
	verbServe   = "serve"   // the registry
	verbFloor   = "floor"   // gunzip and sha256
	verbMeasure = "measure" // any program
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case verbServe:
			return serve(ctx, args[1:])
		case verbFloor:
			return floor(ctx, args[1:])
		case verbMeasure:
			return measureHere(ctx, args[1:])
		}
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.backtrail, "backtrail", "", "the built `PROGRAM` (default: built from the folder two above)")
	flags.IntVar(&o.rounds, "rounds", 3, "how often everything is run; the table holds medians")
	flags.BoolVar(&o.large, "large", true, "also the image of 2 GB with 200,000 files, for memory")
	flags.BoolVar(&o.onlyScreens, "screens", false, "only the lists and the terminal UI, no budgets")
	flags.BoolVar(&o.peers, "peers", true, "also the peers; false gives backtrail against the floor")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.rounds < 1 {
		return fmt.Errorf("usage: bench [--rounds N] [--backtrail PROGRAM] [--large=false] [--peers=false]")
	}
	return o.run(ctx)
}

// options are the flags.
type options struct {
	backtrail    string
	rounds       int
	large, peers bool
	onlyScreens  bool
}
