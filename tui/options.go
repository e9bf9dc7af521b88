package tui

import (
	"context"
	"io"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/fleet"
	"github.com/backtrail/backtrail/tui/pods"
)

// Cluster is the backend of a list of pods and of the cases that are opened from it.
type Cluster interface {
	pods.Backend
	caseview.Backend
	fleet.Backend
	// OpenCase opens the case of a pod, or goes on with the one that it has. A pod without a name stands for its first
	// alert, which no pod matches. It is called outside of Update; the case that was open before has been closed.
	OpenCase(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error)
	// OpenPlace does the same with a pod of a workload, one that runs the digest of the place where there is one.
	OpenPlace(ctx context.Context, place fleet.Place) (inspect.Source, error)
}

// Options are how the terminal UI looks and starts.
type Options struct {
	// Context: of the kubeconfig, or the snapshot's name, for the header until a list or a case names it
	Context string
	// Namespace: the list starts with this namespace only, and A shows all; empty: all from the start
	Namespace string
	// Alerts: where the alerts come from, in words; empty: none were loaded
	Alerts string
	// Version: for help
	Version string

	// Tour: the steps of a guided walk, shown one at a time below the screens; empty: none
	Tour []TourStep

	// Notices: from outside of a case: klog, credential plugins, rate limits; may be nil
	Notices <-chan inspect.Notice
	// Now: nil: the wall clock
	Now func() time.Time

	// ThemeAuto asks the terminal. Theme: of the background, which decides which colors can be read
	Theme   Theme
	NoColor bool
	// ASCII: letters in place of signs
	ASCII bool
	// Input: nil: the terminal
	Input io.Reader
	// Output: nil: the terminal
	Output io.Writer
}

// Theme chooses the colors.
type Theme int

// The themes.
const (
	ThemeAuto Theme = iota
	ThemeDark
	ThemeLight
)
