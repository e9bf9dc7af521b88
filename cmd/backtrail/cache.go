package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

func cacheCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "The cache of registries: its size; prune and verify",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withStore(func(s *registry.Store) error { return size(std, s) })
		},
	}
	var days int
	prune := &cobra.Command{
		Use:   "prune",
		Short: "Remove unused entries; what cases need that were not exported is kept",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 0 {
				return usage("cache prune: --days %d is no number of days", days)
			}
			return f.withStore(func(s *registry.Store) error { return pruneCache(cmd.Context(), std, s, days) })
		},
	}
	prune.Flags().IntVar(&days, "days", 30, "keep entries that were used in the last `DAYS`")
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Read every entry again and compare it with its digest; damaged entries are set aside",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withStore(func(s *registry.Store) error { return verifyCache(cmd.Context(), std, s) })
		},
	}
	cmd.AddCommand(prune, verify)
	return cmd
}

func (f *flags) withStore(do func(*registry.Store) error) error {
	dir, err := f.cacheDir()
	if err != nil {
		return err
	}
	store, err := registry.OpenStore(dir)
	if err != nil {
		return hinted(err, "--cache DIR chooses another place for the cache")
	}
	return do(store)
}

func size(std streams, s *registry.Store) error {
	bytes, files, err := s.Size()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %d files, %d bytes (%s)\n", s.Dir(), files, bytes, text.Size(bytes))
	return err
}

func verifyCache(ctx context.Context, std streams, s *registry.Store) error {
	bad, err := s.Verify(ctx)
	if err != nil {
		return err
	}
	for _, name := range bad {
		if err := s.SetAside(name); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "damaged, set aside: %s\n", name)
	}
	if len(bad) > 0 {
		return &exitError{code: exitFailed,
			err: fmt.Errorf("of the files of the cache %d are not what their name or checksum says", len(bad)),
			hints: []string{
				"they are set aside in " + filepath.Join(s.Dir(), "damaged") +
					": the next case that needs what they should have been reads it anew",
			}}
	}
	_, err = fmt.Fprintln(std.out, "every file is what its digest says")
	return err
}
