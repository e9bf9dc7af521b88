package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/registry"
)

// alarms are the alerts of a session, read once and matched to pods as often as these are listed.
type alarms struct {
	preset io.Reader // in place of --alerts: the demo's
	once   sync.Once
	err    error

	mu     sync.Mutex
	intake alert.Intake
}

// maxAlertsInCase bounds the alerts that one case takes in.
const maxAlertsInCase = 1000

// readAlerts reads what --alerts names. An empty file has no alerts, and that is no error.
func (s *session) readAlerts() ([]alert.Alert, error) {
	s.alarms.once.Do(func() { s.alarms.err = s.loadAlerts() })
	if s.alarms.err != nil {
		return nil, s.alarms.err
	}
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	return s.alarms.intake.Alerts, nil
}

func (s *session) loadAlerts() error {
	in, day := s.alarms.preset, time.Time{}
	switch {
	case in != nil:
	case s.flags.alerts == "":
		return nil
	case s.flags.alerts == "-":
		in = s.std.in
	default:
		f, err := os.Open(s.flags.alerts)
		if err != nil {
			return hinted(fmt.Errorf("opening the alerts: %w", err), "--alerts takes a file of Falco's output, or - for stdin")
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			day = info.ModTime()
		}
		in = f
	}
	intake, err := alert.Read(in, alert.Limits{Day: day})
	if err != nil {
		return hinted(fmt.Errorf("reading the alerts of %s: %w", s.flags.alerts, err))
	}
	intake.Alerts = folded(intake.Alerts)
	s.alarms.intake = intake
	for _, n := range intake.Notes {
		s.notice(n)
	}
	return nil
}

// folded makes lines that are the same one alert that counts them, where the first of them stood.
func folded(all []alert.Alert) []alert.Alert {
	at := make(map[string]int, len(all))
	kept := all[:0:0]
	for _, a := range all {
		if i, again := at[a.ID]; again {
			kept[i].Count += a.Count
			continue
		}
		at[a.ID] = len(kept)
		kept = append(kept, a)
	}
	return kept
}

// paste adds alert lines that a person pasted.
func (s *session) paste(_ context.Context, text string) error {
	if _, err := s.readAlerts(); err != nil {
		return err
	}
	more, err := alert.Read(bytes.NewBufferString(text), alert.Limits{Day: s.now()})
	if err != nil {
		return err
	}
	if len(more.Alerts) == 0 {
		return errors.New("reading the pasted text: no line of it is an alert of Falco or Tetragon")
	}
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	s.alarms.intake.Alerts = folded(append(s.alarms.intake.Alerts, more.Alerts...))
	s.alarms.intake.Broken += more.Broken
	return nil
}

// loaded says that there are alerts to look at.
func (s *session) loaded() bool { return s.flags.alerts != "" || s.alarms.preset != nil }

// alertsOf gives the alerts that belong to a pod as events, each with the line as it was received. Without a pod, those
// that name the image.
func (s *session) alertsOf(pod *corev1.Pod, all []alert.Alert) []inspect.Event {
	index := alert.NewIndex()
	index.Add(pod)
	var events []inspect.Event
	for _, a := range all {
		m := index.Match(&a)
		containers, ok := m.Of(pod.Namespace, pod.Name)
		if !ok {
			continue
		}
		a.Apply(m)
		a.Subject = containers[0]
		events = append(events, s.alertEvents(a)...)
		if len(events) > 2*maxAlertsInCase {
			events = append(events, inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: fmt.Sprintf("more than %d alerts fit this pod: the others are not in the case", maxAlertsInCase)}})
			break
		}
	}
	return events
}

// alertEvents are an alert, the time of it, and its line as an exhibit.
func (s *session) alertEvents(a alert.Alert) []inspect.Event {
	kept := a.Alert
	// A command line may hold a password; what is matched by was read before.
	kept.Output, _ = cluster.Redact(kept.Output)
	line, redacted := cluster.Redact(a.Line)
	if len(redacted) > 0 {
		sum := sha256.Sum256([]byte(line))
		kept.Raw = "sha256:" + hex.EncodeToString(sum[:]) // what was received is not kept
	}
	events := []inspect.Event{{Alert: &kept}}
	if !a.Time.IsZero() && !a.Imprecise {
		what := a.Rule
		if what == "" {
			what = kept.Output
		}
		events = append(events, inspect.Event{Moment: &inspect.Moment{Time: a.Time, What: a.Priority + " alert: " + what, Source: a.Source, Trust: inspect.ByAlert}})
	}
	x := inspect.Exhibit{Path: "alerts/" + a.ID + ".json", Digest: kept.Raw, Size: int64(len(line)), Source: s.alertSource(), Redacted: redacted}
	if err := keepBytes(s.client.Store(), x.Digest, line); err != nil {
		return append(events, inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: "the alert's line is not kept: " + err.Error()}})
	}
	return append(events, inspect.Event{Exhibit: &x})
}

// alertSource names where the alerts come from, for the header and the chain of custody.
func (s *session) alertSource() string {
	switch s.flags.alerts {
	case "":
		if s.alarms.preset != nil {
			return "the demo"
		}
		return ""
	case "-":
		return "stdin"
	default:
		return s.flags.alerts
	}
}

func keepBytes(store *registry.Store, digest, data string) error {
	if store.Has(digest) {
		return nil
	}
	return store.Put(digest, []byte(data))
}
