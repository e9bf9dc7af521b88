package main

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/alert"
)

// checkListen refuses an address that others could reach, and --listen where nothing is on screen that could show what
// comes.
func (f *flags) checkListen(printed bool, what string) error {
	if f.listen == "" {
		return nil
	}
	if err := alert.CheckAddress(f.listen); err != nil {
		return &exitError{code: exitUsage, err: fmt.Errorf("--listen %s: %w", f.listen, err), hints: []string{
			"--listen 127.0.0.1:2801; from elsewhere a tunnel leads there: ssh -L, or ssh -R",
		}}
	}
	if !printed {
		return nil
	}
	return &exitError{code: exitUsage,
		err: fmt.Errorf("--listen takes alerts while the terminal UI is on screen; %s prints what there is, and "+
			"ends", what), hints: []string{
			"have falcosidekick or Falco write a file, and read it with --alerts FILE; or --alerts-from-cluster " +
				"reads what the cluster has",
		}}
}

// listenForAlerts opens the webhook's port: what is wrong with it is said before the screen is taken.
func (s *session) listenForAlerts() error {
	if s.flags.listen == "" {
		return nil
	}
	hook, err := alert.Listen(s.flags.listen)
	if err != nil {
		return hinted(fmt.Errorf("--listen %s: %w", s.flags.listen, err),
			"another program may have the port (2801 is falcosidekick's own, and another backtrail may run): "+
				"choose another, such as 127.0.0.1:2802")
	}
	s.alerts.Webhook = hook
	return nil
}
