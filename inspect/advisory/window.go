package advisory

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// ParseWindow reads FROM,TO: two times of RFC 3339 or dates, of which one may be missing. A date as TO means its last
// second.
func ParseWindow(text string) (*Window, error) {
	from, to, ok := strings.Cut(text, ",")
	if !ok {
		return nil, fmt.Errorf("%q is no window FROM,TO", text)
	}
	w := &Window{}
	var err error
	if w.From, err = parseBound(from, 0); err != nil {
		return nil, err
	}
	if w.To, err = parseBound(to, 24*time.Hour-time.Second); err != nil {
		return nil, err
	}
	if w.From.IsZero() && w.To.IsZero() {
		return nil, fmt.Errorf("%q is no window FROM,TO", text)
	}
	if !w.From.IsZero() && !w.To.IsZero() && w.To.Before(w.From.Time) {
		return nil, fmt.Errorf("the window %q ends before it begins", text)
	}
	return w, nil
}

// parseBound reads a day or a time. Of a day it is the beginning plus ofDay.
func parseBound(s string, ofDay time.Duration) (inspect.Time, error) {
	if s = strings.TrimSpace(s); s == "" {
		return inspect.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return inspect.At(t), nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return inspect.Time{}, fmt.Errorf("reading %q of a window: it is neither a date nor a time of RFC 3339", s)
	}
	return inspect.At(t.Add(ofDay)), nil
}

// windows compares the times of the image with the windows of packs that concern it, and with that of the flag. The
// droppers of an incident erase themselves, so that the time is often all that is left; it proves nothing by itself.
func (m *matches) windows() {
	for _, p := range m.packs {
		if p.Window == nil || p.Withdrawn != "" {
			continue
		}
		// a time alone is no lead: thousands of images are built within any two hours
		if why := m.concerns(p); why != "" {
			if when := m.within(p.Window); when != "" {
				a := p.row(inspect.AdvisoryWindow, when+", with "+why)
				a.Severity = inspect.Low
				m.add(finished(a))
			}
		}
	}
	if m.window == nil {
		return
	}
	if when := m.within(m.window); when != "" {
		m.add(finished(inspect.Advisory{
			ID: "window", Source: SourceFlag, Kind: inspect.AdvisoryWindow, Subject: when, Title: "the window " +
				m.window.String(),
			Layer: -1, Severity: inspect.Low,
		}))
	}
}

// concerns names what of a pack the image has, whatever its version: a package, or the image's own name.
func (m *matches) concerns(p *Pack) string {
	repository, _ := repositoryOf(m.image.Reference)
	for _, r := range append(append([]string{}, p.Repositories...), p.References...) {
		if want, _ := repositoryOf(r); repository != "" && sameRepository(want, repository) {
			return m.image.Reference
		}
	}
	return m.concerned[p]
}

// within words which time of the image lies in a window; empty where none does. The youngest layer is looked at,
// since the config's time is often that of the last step that changed nothing.
func (m *matches) within(w *Window) string {
	stamp := func(t inspect.Time) string { return t.UTC().Format(time.RFC3339) }
	if w.Holds(m.image.Created) {
		return "image built " + stamp(m.image.Created)
	}
	for at := len(m.image.Layers) - 1; at >= 0; at-- {
		if l := m.image.Layers[at]; w.Holds(l.Created) && !l.Empty {
			return fmt.Sprintf("layer %d built %s", l.Number, stamp(l.Created))
		}
	}
	if w.Holds(m.started) {
		return "pod created " + stamp(m.started)
	}
	return ""
}
