// Command trustroot renews the embedded trust root (make trust-root), or checks its age before a release (make
// trust-root-age). The first asks the TUF repository of the public Sigstore instance, the second uses no network.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/backtrail/backtrail/inspect/trustroot"
)

func main() {
	check := flag.Bool("check", false, "fail if the embedded trust root is too old for a release")
	dir := flag.String("dir", "inspect/trustroot", "the folder of the embedded trust root")
	mirror := flag.String("mirror", "", "another TUF repository of the same root keys")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *check, *dir, *mirror); err != nil {
		fmt.Fprintln(os.Stderr, "trust root:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

// run does the one or the other, and prints the ages.
func run(ctx context.Context, check bool, dir, mirror string) error {
	now := time.Now()
	if check {
		o, err := trustroot.EmbeddedOrigin()
		if err != nil {
			return err
		}
		if err := o.Check(now); err != nil {
			return err
		}
		fmt.Printf("the embedded trust root was %s, %d days ago\n", o, o.Days(now))
		return nil
	}
	cache, err := os.MkdirTemp("", "trust-root-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	old, renewed, err := trustroot.Renew(ctx, trustroot.Client{Cache: cache, Mirror: mirror}, dir, now)
	if err != nil {
		return err
	}
	fmt.Printf("old: %s, %d days ago\nnew: %s\n", old, old.Days(now), renewed)
	return nil
}
