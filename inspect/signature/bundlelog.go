package signature

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/backtrail/backtrail/inspect"
)

// outsideValidity is sigstore-go's error for a valid entry whose time does not fit the certificate.
// The library has no type for this error.
const outsideValidity = "integrated time outside certificate validity"

// explainLog compares the log entries with the log's key, the signature, the certificate and the digest.
//
// Without an inclusion promise or proof an entry proves nothing, and one that is there must hold even where none is
// demanded: a forged entry is the sign of an attack.
func (s *sigstoreBundle) explainLog(c *chain, m keyed) []observed {
	logs := m.RekorLogs()
	if len(s.entries) == 0 {
		if s.cert == nil {
			c.absent(inspect.StepLog, "no log entry came with it, and a managed key needs none")
		} else if len(logs) == 0 {
			c.absent(inspect.StepLog, "no log entry came with it, and the trusted root has no transparency log")
		} else {
			c.fail(inspect.StepLog, inspect.ReasonLogMismatch,
				"no log entry came with it, and the trusted root names %d logs",
				len(logs))
		}
		return nil
	}
	entity, _ := s.asMessage()
	var stamps []root.Timestamp
	err := protect("verifying the log entry", func() (err error) {
		stamps, err = verify.VerifyTlogEntry(entity, m, 1, true)
		return err
	})
	if err != nil && strings.Contains(err.Error(), outsideValidity) {
		c.pass(inspect.StepLog, "%s", s.describeEntry(logs))
		return []observed{{s.entries[0].IntegratedTime(), "log " + logName(logs, s.entries[0])}}
	}
	for _, e := range s.entries {
		if err == nil {
			err = consistent(e)
		}
	}
	if err != nil {
		c.fail(inspect.StepLog, inspect.ReasonLogMismatch, "%s does not hold: %v", s.describeEntry(logs), err)
		return nil
	}
	c.pass(inspect.StepLog, "%s has this signature, by the log's key", s.describeEntry(logs))
	var times []observed
	for _, t := range stamps {
		times = append(times, observed{t.Time, "log " + t.URI})
	}
	return times
}

// explainLogValidity compares the time of signing with the validity of the log's key, where the entry has no signed
// time of its own: that is Rekor v2, for which sigstore-go 1.3.0 leaves this out.
func (s *sigstoreBundle) explainLogValidity(c *chain, m keyed, times []observed) {
	if c.status(inspect.StepLog) != inspect.Verified {
		return
	}
	logs := m.RekorLogs()
	for _, e := range s.entries {
		l, ok := logs[hex.EncodeToString([]byte(e.LogKeyID()))]
		if !ok || e.HasInclusionPromise() {
			continue
		}
		for _, t := range times {
			if l.ValidityPeriodStart.IsZero() || t.time.Before(l.ValidityPeriodStart) ||
				!l.ValidityPeriodEnd.IsZero() && t.time.After(l.ValidityPeriodEnd) {
				c.fail(inspect.StepLog, inspect.ReasonLogMismatch, "%s: the log's key was not valid at %s",
					s.describeEntry(logs),
					stamp(t.time))
			}
		}
	}
}

// describeEntry names the first log entry.
// A bundle has one mostly; more are counted.
func (s *sigstoreBundle) describeEntry(logs map[string]*root.TransparencyLog) string {
	e := s.entries[0].TransparencyLogEntry()
	return fmt.Sprintf("entry %d (%s %s) of %s", e.GetLogIndex(), e.GetKindVersion().GetKind(),
		e.GetKindVersion().GetVersion(), logName(logs, s.entries[0]))
}

// logName is the log of an entry by its address.
// An unknown log is named by the beginning of its key's digest.
func logName(logs map[string]*root.TransparencyLog, e *tlog.Entry) string {
	if l, ok := logs[hex.EncodeToString([]byte(e.LogKeyID()))]; ok && l.BaseURL != "" {
		return l.BaseURL
	}
	return "an unknown log"
}

// explainTimestamps verifies every timestamp by itself. One that an authority signed counts, whichever else there are:
// a single one outside the certificate's validity spoils it.
// The times of the log are passed through, so that all trusted times are judged together.
func (s *sigstoreBundle) explainTimestamps(c *chain, m keyed, fromLog []observed) []observed {
	var times []observed
	var errs []string
	for _, t := range s.timestamps {
		var stamps []*root.Timestamp
		var refused []error
		err := protect("verifying a timestamp", func() (err error) {
			stamps, refused, err = verify.VerifySignedTimestamp(&stamped{content: s.content, timestamp: t}, m)
			return err
		})
		if err != nil {
			refused = append(refused, err)
		}
		for _, r := range refused {
			errs = append(errs, r.Error())
		}
		for _, stamp := range stamps {
			times = append(times, observed{stamp.Time, "timestamp authority " + stamp.URI})
		}
	}
	must := len(s.timestamps) > 0 && len(m.TimestampingAuthorities()) > 0
	explainTime(c, m, s.cert, append(append([]observed{}, fromLog...), times...), must && len(times) == 0, errs)
	return times
}
