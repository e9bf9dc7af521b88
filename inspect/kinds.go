package inspect

import (
	"encoding/json"
	"maps"
	"slices"
)

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
