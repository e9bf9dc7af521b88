package main

import (
	"context"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect/binary"
)

// readCheckpoint reads the kubelet checkpoint that a flag names, "" for none.
func (s *session) readCheckpoint(ctx context.Context, file string) error {
	if file == "" {
		return nil
	}
	p, err := s.cache.ReadCheckpoint(ctx, file)
	if err != nil {
		return hinted(err, "a kubelet checkpoint is a tar with config.dump, spec.dump and rootfs-diff.tar, on the "+
			"node below /var/lib/kubelet/checkpoints")
	}
	s.checkpoint = p
	return nil
}

// withCheckpoint adds the check of run-time state, where there is a checkpoint.
func (s *session) withCheckpoint(checks []engine.Check) []engine.Check {
	if s.checkpoint == nil {
		return checks
	}
	return append(checks, binary.Runtime(s.cache, s.owners, s.checkpoint))
}
