package layer

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// randomEntries makes entries as a layer may list them, the same ones for each seed.
func randomEntries(seed uint64, n int) []inspect.Entry {
	r := rand.New(rand.NewPCG(seed, 7))
	types := []inspect.EntryType{
		inspect.EntryFile, inspect.EntryDir, inspect.EntrySymlink, inspect.EntryHardlink,
		inspect.EntryChar, inspect.EntryFIFO, inspect.EntryWhiteout, inspect.EntryOpaque,
	}
	names := []string{"usr", "lib", "x", "ü", "a b", "\xff", "\n", ".wh.", strings.Repeat("n", 255)}
	list := make([]inspect.Entry, n)
	for i := range list {
		e := inspect.Entry{
			Type: types[r.IntN(len(types))], Mode: uint32(r.IntN(0o10000)), UID: r.IntN(70000) - 2,
			GID: r.IntN(70000) - 2, ModTime: r.Int64() - math.MaxInt64/2,
		}
		for range 1 + r.IntN(4) {
			e.Path += "/" + names[r.IntN(len(names))]
		}
		switch e.Type {
		case inspect.EntryFile:
			e.Size, e.Offset, e.SHA256 = r.Int64(), -r.Int64(), sumOf([]byte(e.Path))[7:]
			e.MIME, e.Kind = "text/plain", inspect.KindScript
		case inspect.EntrySymlink, inspect.EntryHardlink:
			e.Link = "../" + names[r.IntN(len(names))]
		case inspect.EntryChar:
			e.Device = fmt.Sprintf("%d:%d", r.IntN(300), r.IntN(300))
		default:
		}
		if r.IntN(3) == 0 {
			e.Xattrs = map[string]string{"user.a": "\x00\xff", "security.capability": "0x01", "user.": ""}
		}
		list[i] = e
	}
	return list
}

func TestAnIndexComesBackAsItWas(t *testing.T) {
	for _, n := range []int{0, 1, 2, 300} {
		for seed := range uint64(5) {
			entries := randomEntries(seed, n)
			data := encodeIndex(entries)
			back, err := decodeIndex(data)
			must(t, err)
			if len(back) != n || n > 0 && !reflect.DeepEqual(back, entries) {
				t.Fatalf("seed %d: %d entries do not come back", seed, n)
			}
			if again := encodeIndex(back); !bytes.Equal(again, data) {
				t.Errorf("seed %d: the same entries are written in two ways", seed)
			}
		}
	}
}

// A disk may lose the end of a record. What is left of an index is never taken for all of it: files would be missing
// from the tree, and with them what is wrong with them.
func TestAnIndexThatIsCutAnywhereIsNoIndex(t *testing.T) {
	data := encodeIndex(randomEntries(3, 20))
	for n := range data {
		entries, err := decodeIndex(data[:n])
		if err == nil {
			t.Fatalf("the first %d of %d bytes are taken for %d entries", n, len(data), len(entries))
		}
		if n < len(indexMark) && !errors.Is(err, errOldIndex) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func TestIndexesThatClaimTooMuch(t *testing.T) {
	number := func(v uint64) string {
		w := encoder{}
		w.uint(v)
		return w.buf.String()
	}
	one := string(encodeIndex([]inspect.Entry{{Path: "/a", Type: inspect.EntryFile}}))
	head := len(indexMark) + 1 // the mark, and the number of entries
	for name, test := range map[string]struct{ data, want string }{
		"nothing":                  {"", "not an index of this version"},
		"another version":          {"backtrail-index/1\n\x00", "not an index of this version"},
		"a record of another kind": {`{"packages":[]}`, "not an index of this version"},
		"no number of entries":     {indexMark, "a number is cut off"},
		"a number that never ends": {indexMark + strings.Repeat("\xff", 40), "a number is cut off"},
		"more entries than bytes": {
			indexMark + number(math.MaxUint64) + strings.Repeat("\x00", 100), "it claims",
		},
		"a path that shares what is none": {
			indexMark + number(1) + number(9) + strings.Repeat("\x00", 40), "shares 9 bytes",
		},
		"a text beyond the end": {indexMark + number(1) + number(0) + number(1<<40) + "x", "is cut off"},
		"a word that has no number": {
			indexMark + number(1) + number(0) + number(1) + "/" + number(7), "word 7 is not in",
		},
		"bytes behind the last entry": {one + "\x00", "1 bytes follow the last entry"},
		"two indexes in one":          {one + one[head:], "follow the last entry"},
	} {
		entries, err := decodeIndex([]byte(test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) || entries != nil {
			t.Errorf("%s: %d entries, error %v, want %q", name, len(entries), err, test.want)
		}
	}
}

// The number of attributes is a claim too: it must not make the program allocate before they are there.
func TestAttributesOfAnIndexAreBounded(t *testing.T) {
	data := encodeIndex([]inspect.Entry{{Path: "/a", Xattrs: map[string]string{"user.x": "y"}}})
	at := bytes.LastIndex(data, []byte("\x01\x06user.x"))
	if at < 0 {
		t.Fatalf("no attributes in %q", data)
	}
	for _, claim := range []byte{2, 100, 127} {
		bad := bytes.Clone(data)
		bad[at] = claim
		if _, err := decodeIndex(bad); err == nil {
			t.Errorf("%d attributes are taken where one is", claim)
		}
	}
}

// What is not a digest in hex cannot be in an index; it is left out, so that no file is compared with half of one.
func TestOnlyDigestsAreKeptAsDigests(t *testing.T) {
	for sum, want := range map[string]string{"": "", "00ff": "00ff", "zz": "", "abc": "", "AB": "ab"} {
		back, err := decodeIndex(encodeIndex([]inspect.Entry{{Path: "/a", SHA256: sum}}))
		must(t, err)
		if back[0].SHA256 != want {
			t.Errorf("%q comes back as %q, want %q", sum, back[0].SHA256, want)
		}
	}
}

func TestAnIndexIsSmallerThanWhatItLists(t *testing.T) {
	var entries []inspect.Entry
	names := 0
	for i := range 1000 {
		e := inspect.Entry{
			Path: fmt.Sprintf("/usr/lib/python3/site-packages/package/module_%04d.py", i),
			Type: inspect.EntryFile, MIME: "text/plain", Mode: 0o644,
		}
		names += len(e.Path) + len(e.MIME) + len(e.Type)
		entries = append(entries, e)
	}
	if size := len(encodeIndex(entries)); size > names/2 {
		t.Errorf("%d bytes for names of %d", size, names)
	}
	if i := slices.IndexFunc(entries, func(e inspect.Entry) bool { return e.Path == "" }); i >= 0 {
		t.Errorf("entry %d was changed while it was written", i)
	}
}
