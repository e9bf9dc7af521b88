package provenance

import (
	"context"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Check reads every statement that is stored with an image, states what each claims, and sets the gate of provenance.
//
// The signatures were verified by the check before it. This one reads what they were made over, from the store, and
// what BuildKit claims without one. A statement that cannot be read blocks the check, so that it is never taken for
// absent.
func Check(client *registry.Client) engine.Check {
	return engine.Check{
		Name: inspect.CheckProvenance, Scope: engine.PerImage, Needs: []string{inspect.CheckSignatures},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image, expected := on.Image(), on.Case().Expected
			if err := image.Read(); err != nil {
				return err
			}
			all, unread := signed(client.Store(), image.Signatures)
			unasked := unaskedStores(image, on.Ended(inspect.CheckSignatures))
			claims, err := claimed(ctx, client, image, ofImage, emit)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			sayStore(image, len(claims), err, emit)
			if err != nil {
				unasked = append(unasked, err.Error())
			}
			rows := judgeAll(append(all, claims...), image, expected)
			say(on.Container, rows, expected, append(unasked, unread...), emit)
			if len(unread) > 0 {
				return engine.Unchecked("a signed statement could not be read: %s", unread[0])
			}
			if err != nil {
				return engine.Unchecked("claims in the index could not be read: %s", err)
			}
			return nil
		},
	}
}

// signed reads the statements of the signatures that carry provenance out of the store. What could not be read is
// said in words.
func signed(store *registry.Store, signatures []inspect.Signature) (all []found, unread []string) {
	for _, sig := range signatures {
		f := found{predicate: sig.PredicateType, signature: &sig}
		for _, part := range sig.Raw {
			if part.Name == "statement" {
				f.digest = part.Digest
			}
		}
		if !IsProvenance(f.predicate) {
			continue
		}
		if f.digest != "" {
			data, err := store.Read(f.digest, MaxStatement)
			var limit *registry.LimitError
			if err != nil && !errors.As(err, &limit) {
				unread = append(unread, err.Error())
				continue
			}
			f.data = data
		}
		all = append(all, f)
	}
	return all, unread
}

// unaskedStores are the stores of signatures that could not be asked.
func unaskedStores(image inspect.Image, ended inspect.CheckState) []string {
	var list []string
	for _, s := range image.Stores {
		if s.Status == inspect.StoreUnreachable {
			list = append(list, fmt.Sprintf("%s: %s", s.Store, s.Detail))
		}
	}
	if len(list) == 0 && ended.Status == inspect.CheckBlocked {
		list = append(list, ended.Reason)
	}
	return list
}

// sayStore describes what the index answered, as a store of attestations.
func sayStore(image inspect.Image, n int, err error, emit func(inspect.Event)) {
	if image.Index == "" {
		return
	}
	reply := inspect.StoreReply{Store: storeBuildKit, Subject: image.Digest, Status: inspect.StoreFound, Found: n}
	switch {
	case err != nil:
		reply.Status, reply.Detail = inspect.StoreUnreachable, err.Error()
	case n == 0:
		reply.Status, reply.Detail = inspect.StoreEmpty, "no provenance of this image in the index"
	default:
		reply.Detail = "unsigned claims"
	}
	emit(inspect.Event{Fact: reply})
}

func judgeAll(all []found, image inspect.Image, expected inspect.Expected) []judged {
	rows := make([]judged, 0, len(all))
	for _, f := range all {
		rows = append(rows, judge(f, image, expected))
	}
	return rows
}

// say emits rows, times, findings and the gate.
func say(subject string, rows []judged, expected inspect.Expected, unasked []string, emit func(inspect.Event)) {
	for _, j := range rows {
		row := j.row
		emit(inspect.Event{Fact: row})
		sayTimes(row, emit)
	}
	g := gate(rows, expected.Provenance(), unasked)
	emit(inspect.Event{Fact: g})
	for _, f := range findings(subject, rows, g, expected.Provenance()) {
		emit(inspect.Event{Fact: f})
	}
}

// sayTimes puts the build on the timeline: signed where the statement's signature holds, else claimed.
func sayTimes(row inspect.Provenance, emit func(inspect.Event)) {
	m := inspect.Moment{Source: "provenance by " + orNone(row.Builder), Trust: inspect.ByClaim}
	if row.Status == inspect.Verified {
		m.Trust = inspect.BySignature
	}
	started, finished := "build started", "build finished"
	if isSummary(row.PredicateType) {
		finished, m.Source = "provenance verified by another party", "verification summary"
	}
	if !row.Started.IsZero() {
		m := m
		m.Time, m.What = row.Started, started
		emit(inspect.Event{Fact: m})
	}
	if !row.Finished.IsZero() {
		m.Time, m.What = row.Finished, finished
		emit(inspect.Event{Fact: m})
	}
}
