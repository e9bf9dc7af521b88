package audit

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// packedMark begins facts in the packed form. JSON cannot begin so: a store that an earlier version wrote is read on.
const packedMark = "backtrail-facts-2\n"

// errPacked is the error of a packed form that breaks off, or whose lengths do not fit its bytes.
var errPacked = errors.New("the list of packages is damaged")

// packFacts writes facts as JSON without their packages, and these as a table behind it:
//
//	packedMark, length of the JSON, JSON, number of packages, number of locations and CPEs of all of them,
//	for each: type, name, version, purl, layer, number of locations, locations, number of CPEs, CPEs
//
// Numbers are varints (encoding/binary), texts have their length in front. A recheck reads three million packages, and
// spent four fifths of its time in decoding JSON: of this form a text is a part of the one string that was read, so
// that the table of an image costs three allocations whatever it has.
func packFacts(f Facts) ([]byte, error) {
	packages := f.Image.Packages
	f.Image.Packages = nil
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	texts, size := 0, 0
	for _, p := range packages {
		texts += len(p.Locations) + len(p.CPEs)
		size += 64 + len(p.Name) + len(p.PURL)
	}
	b := make([]byte, 0, len(packedMark)+len(raw)+size)
	b = append(b, packedMark...)
	b = binary.AppendUvarint(b, uint64(len(raw)))
	b = append(b, raw...)
	b = binary.AppendUvarint(b, uint64(len(packages)))
	b = binary.AppendUvarint(b, uint64(texts))
	for _, p := range packages {
		for _, s := range []string{p.Type, p.Name, p.Version, p.PURL} {
			b = appendText(b, s)
		}
		b = binary.AppendVarint(b, int64(p.Layer))
		b = appendTexts(b, p.Locations)
		b = appendTexts(b, p.CPEs)
	}
	return b, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

// unpackFacts reads what packFacts wrote, or JSON. The bytes may be those of another program: no length in them is
// trusted beyond what is left of them.
func unpackFacts(doc []byte) (f Facts, err error) {
	rest, packed := strings.CutPrefix(string(doc), packedMark)
	if !packed {
		err = json.Unmarshal(doc, &f)
		return f, err
	}
	u := &unpacker{rest: rest}
	if err := json.Unmarshal([]byte(u.text()), &f); err != nil {
		return Facts{}, err
	}
	f.Image.Packages = u.packages()
	if u.failed || u.rest != "" {
		return Facts{}, errPacked
	}
	return f, nil
}

// unpacker reads the packed form from its beginning. Once something does not fit, all that follows is empty.
type unpacker struct {
	rest   string
	failed bool
	texts  []string // room for the locations and CPEs of all packages
}

// minPacked is the least size of a package: seven numbers of one byte.
const minPacked = 7

// packages reads the table.
func (u *unpacker) packages() []inspect.Package {
	count, texts := u.number(), u.number()
	// A text takes at least a byte: what claims more of them than there are bytes is damaged, and gets no memory.
	if u.failed || count > uint64(len(u.rest)/minPacked) || texts > uint64(len(u.rest)) {
		u.failed = true
		return nil
	}
	if count == 0 {
		return nil
	}
	u.texts = make([]string, 0, texts)
	list := make([]inspect.Package, count)
	for n := range list {
		p := &list[n]
		p.Type, p.Name, p.Version, p.PURL = u.text(), u.text(), u.text(), u.text()
		p.Layer = u.layer()
		p.Locations, p.CPEs = u.list(), u.list()
		if u.failed {
			return nil
		}
	}
	return list
}

// number reads a length or a count.
func (u *unpacker) number() uint64 {
	value, shift := uint64(0), 0
	for n := 0; n < len(u.rest) && n < binary.MaxVarintLen64; n++ {
		c := u.rest[n]
		value |= uint64(c&0x7f) << shift
		if c < 0x80 {
			u.rest = u.rest[n+1:]
			return value
		}
		shift += 7
	}
	u.failed, u.rest = true, ""
	return 0
}

// layer reads the number of a layer, which may be negative (zigzag, as binary.AppendVarint writes it).
func (u *unpacker) layer() int {
	v := u.number()
	return int(int64(v>>1) ^ -int64(v&1))
}

// text reads one text.
func (u *unpacker) text() string {
	n := u.number()
	if n > uint64(len(u.rest)) {
		u.failed, u.rest = true, ""
		return ""
	}
	s := u.rest[:n]
	u.rest = u.rest[n:]
	return s
}

// list reads a list of texts into the room that was made for all of them.
func (u *unpacker) list() []string {
	n := u.number()
	if n == 0 {
		return nil
	}
	if n > uint64(cap(u.texts)-len(u.texts)) {
		u.failed, u.rest = true, ""
		return nil
	}
	from := len(u.texts)
	for range n {
		u.texts = append(u.texts, u.text())
	}
	return u.texts[from:len(u.texts):len(u.texts)]
}

// encodeFacts writes facts, compressed: the same facts are the same bytes.
func encodeFacts(f Facts) ([]byte, error) {
	raw, err := packFacts(f)
	if err != nil {
		return nil, fmt.Errorf("encoding the facts of %s: %w", f.Unit, err)
	}
	w, _ := coders()
	return w.EncodeAll(raw, nil), nil
}

// decodeFacts reads what encodeFacts wrote, within bounds.
func decodeFacts(raw []byte) (Facts, error) {
	_, r := coders()
	doc, err := r.DecodeAll(raw, nil)
	if err != nil {
		return Facts{}, fmt.Errorf("reading facts: %w", err)
	}
	f, err := unpackFacts(doc)
	if err != nil {
		return Facts{}, fmt.Errorf("reading facts: %w", err)
	}
	return f, nil
}
