package inspect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/backtrail/backtrail/inspect/text"
)

// Fact is one typed statement of a case. Each kind has one implementation, with its JSON name and its fold
// into a Case; a later fact with the same key replaces the earlier one. A new kind is one file and one line in the
// table of kinds.
type Fact interface {
	// FactKind is the fact's name in JSON. It never changes.
	FactKind() string
	fold(c *Case, e Event)
}

// Event is one entry of the ledger: a fact with its place in the chain. A stream of events stays valid with every
// Progress removed.
type Event struct {
	Seq       uint64 // unique and rising; 0 for what is not recorded
	Time      Time
	Check     string // that found it; empty for what no check found
	Container string // that it is about; empty: the case
	Prev      string // sha256:… of the line before; empty in the first
	Fact      Fact
}

// eventHead is the part of an event's JSON form beside its fact.
type eventHead struct {
	Seq       uint64 `json:"seq"`
	Time      Time   `json:"time"`
	Check     string `json:"check,omitempty"`
	Container string `json:"container,omitempty"`
	Prev      string `json:"prev,omitempty"`
}

// MarshalJSON writes the event as one object: its head, and the fact under the name of its kind. Characters that
// would draw on a terminal are escaped.
func (e Event) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(eventHead{e.Seq, e.Time, e.Check, e.Container, e.Prev})
	if err != nil || e.Fact == nil {
		return text.EscapeJSON(b), err
	}
	fact, err := json.Marshal(e.Fact)
	if err != nil {
		return nil, fmt.Errorf("encoding a fact of kind %q: %w", e.Fact.FactKind(), err)
	}
	name, err := json.Marshal(e.Fact.FactKind())
	if err != nil {
		return nil, err
	}
	b = append(b[:len(b)-1], ',')
	b = append(append(b, name...), ':')
	return text.EscapeJSON(append(append(b, fact...), '}')), nil
}

// UnmarshalJSON reads the form of MarshalJSON. A kind that is not in the table becomes an UnknownFact. Names are
// exact, unlike those of encoding/json's structs: "SEQ" is a fact of another version and no second number, so that
// every reader of the record, jq too, sees the same entry.
func (e *Event) UnmarshalJSON(b []byte) error {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	*e = Event{}
	for _, part := range []struct {
		name string
		into any
	}{{"seq", &e.Seq}, {"time", &e.Time}, {"check", &e.Check}, {"container", &e.Container}, {"prev", &e.Prev}} {
		raw, there := parts[part.name]
		if !there {
			continue
		}
		if err := json.Unmarshal(raw, part.into); err != nil {
			return fmt.Errorf("decoding %q of an entry: %w", part.name, err)
		}
		delete(parts, part.name)
	}
	names := slices.Sorted(maps.Keys(parts))
	switch len(names) {
	case 0:
		return nil
	case 1:
	default:
		return fmt.Errorf("an entry with two facts: %q and %q", names[0], names[1])
	}
	fact, err := decodeFact(names[0], parts[names[0]])
	if err != nil {
		return fmt.Errorf("decoding a fact of kind %q: %w", names[0], err)
	}
	e.Fact = fact
	return nil
}

// Stamped gives the event its time, and what is kept with it the time since when.
func (e Event) Stamped(at Time) Event {
	e.Time = at
	if k, ok := e.Fact.(interface{ at(t Time) Fact }); ok {
		e.Fact = k.at(at)
	}
	return e
}

// Transient reports whether a fact is shown and not recorded.
func Transient(f Fact) bool {
	_, progress := f.(Progress)
	return progress
}

// UnknownFact is a fact of a kind that this version does not have: it is kept as it came, counted, and folds to nothing
// else.
type UnknownFact struct {
	Name string
	Raw  json.RawMessage
}

// FactKind is the fact's JSON name.
func (u UnknownFact) FactKind() string { return u.Name }

// MarshalJSON writes the fact as it came.
func (u UnknownFact) MarshalJSON() ([]byte, error) { return bytes.Clone(u.Raw), nil }

func (UnknownFact) fold(c *Case, _ Event) { c.NotUnderstood++ }

// kinds is the table of the kinds of facts, by their JSON names.
var kinds = map[string]func(json.RawMessage) (Fact, error){
	Header{}.FactKind():     decode[Header],
	Session{}.FactKind():    decode[Session],
	Expected{}.FactKind():   decode[Expected],
	Trust{}.FactKind():      decode[Trust],
	Begin{}.FactKind():      decode[Begin],
	End{}.FactKind():        decode[End],
	Progress{}.FactKind():   decode[Progress],
	Reset{}.FactKind():      decode[Reset],
	Pod{}.FactKind():        decode[Pod],
	PodChange{}.FactKind():  decode[PodChange],
	Alert{}.FactKind():      decode[Alert],
	ImageHead{}.FactKind():  decode[ImageHead],
	StoreReply{}.FactKind(): decode[StoreReply],
	Layer{}.FactKind():      decode[Layer],
	Signature{}.FactKind():  decode[Signature],
	Provenance{}.FactKind(): decode[Provenance],
	SBOM{}.FactKind():       decode[SBOM],
	Packages{}.FactKind():   decode[Packages],
	Files{}.FactKind():      decode[Files],
	Binary{}.FactKind():     decode[Binary],
	Altered{}.FactKind():    decode[Altered],
	Missing{}.FactKind():    decode[Missing],
	Autorun{}.FactKind():    decode[Autorun],
	Setting{}.FactKind():    decode[Setting],
	LockRow{}.FactKind():    decode[LockRow],
	Advisory{}.FactKind():   decode[Advisory],
	Vuln{}.FactKind():       decode[Vuln],
	VulnData{}.FactKind():   decode[VulnData],
	Thresholds{}.FactKind(): decode[Thresholds],
	Candidate{}.FactKind():  decode[Candidate],
	Diff{}.FactKind():       decode[Diff],
	Gate{}.FactKind():       decode[Gate],
	Sharing{}.FactKind():    decode[Sharing],
	Answer{}.FactKind():     decode[Answer],
	Finding{}.FactKind():    decode[Finding],
	Moment{}.FactKind():     decode[Moment],
	Clock{}.FactKind():      decode[Clock],
	Note{}.FactKind():       decode[Note],
	Notice{}.FactKind():     decode[Notice],
	Blob{}.FactKind():       decode[Blob],
	Exhibit{}.FactKind():    decode[Exhibit],
	Request{}.FactKind():    decode[Request],
	Redaction{}.FactKind():  decode[Redaction],

	ClusterIdentity{}.FactKind(): decode[ClusterIdentity],
	ClockOffset{}.FactKind():     decode[ClockOffset],
	Account{}.FactKind():         decode[Account],
	Timestamp{}.FactKind():       decode[Timestamp],
}

func decode[T Fact](raw json.RawMessage) (Fact, error) {
	var f T
	err := json.Unmarshal(raw, &f)
	return f, err
}

func decodeFact(name string, raw json.RawMessage) (Fact, error) {
	if read, ok := kinds[name]; ok {
		return read(raw)
	}
	return UnknownFact{Name: name, Raw: raw}, nil
}

// Kinds gives the zero fact of each kind, by the names of the kinds.
func Kinds() []Fact {
	var all []Fact
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if f, err := kinds[name](json.RawMessage("{}")); err == nil {
			all = append(all, f)
		}
	}
	return all
}

// Source is where events come from: a run of checks, or the replay of a saved record. It returns when no more events
// come; emit is never called by two goroutines at once.
type Source func(ctx context.Context, emit func(Event)) error
