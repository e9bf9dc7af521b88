package tui

import (
	"context"
	"io"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/pods"
)

// Cluster is the backend of a list of pods and of the cases that are opened from it.
type Cluster interface {
	pods.Backend
	caseview.Backend
	// OpenCase opens the case of a pod. A pod without a name stands for its first alert, which no pod matches. It is
	// called outside of Update; the case that was open before has been closed.
	OpenCase(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error)
}

// Options are how the terminal UI looks and starts.
type Options struct {
	Context   string // of the kubeconfig, or the snapshot's name, for the header until a list or a case names it
	Namespace string // the list starts with this namespace only, and A shows all; empty: all from the start
	Alerts    string // where the alerts come from, in words; empty: none were loaded
	Version   string // for help

	Notices <-chan inspect.Notice // from outside of a case: klog, credential plugins, rate limits; may be nil
	Now     func() time.Time      // nil: the wall clock

	Theme   Theme // ThemeAuto asks the terminal
	NoColor bool
	ASCII   bool      // letters in place of signs
	Input   io.Reader // nil: the terminal
	Output  io.Writer // nil: the terminal
}

// Theme chooses the colors.
type Theme int

// The themes.
const (
	ThemeAuto Theme = iota
	ThemeDark
	ThemeLight
)
