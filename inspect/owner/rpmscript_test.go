package owner

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// scripted is the header of a package with two scripts.
func scripted() []byte {
	return layertest.RPMScripted("openssl", 8, map[int32]string{1024: "echo in\n", 5066: "echo file\n"})
}

// entry gives where the index entry of a tag begins in a header.
func entry(t testing.TB, header []byte, tag uint32) int {
	t.Helper()
	for at := 8; at+16 <= len(header); at += 16 {
		if binary.BigEndian.Uint32(header[at:]) == tag {
			return at
		}
	}
	t.Fatalf("there is no tag %d", tag)
	return 0
}

func TestScriptsOfAHeader(t *testing.T) {
	got := scriptsIn(scripted())
	want := []RPMScript{
		{"openssl", "1.0-1.el9", "post-install", "echo in\n"},
		{"openssl", "1.0-1.el9", "file trigger", "echo file\n"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

// A header that is cut off anywhere, or whose numbers lie, has the scripts that are whole, and no others.
func TestScriptsOfBrokenHeaders(t *testing.T) {
	whole := scripted()
	put := func(tag uint32, field int, value uint32) []byte {
		b := slices.Clone(whole)
		binary.BigEndian.PutUint32(b[entry(t, b, tag)+4*field:], value)
		return b
	}
	for name, tt := range map[string]struct {
		header []byte
		want   int
	}{
		"empty":                        {nil, 0},
		"shorter than its counts":      {whole[:7], 0},
		"counts alone":                 {whole[:8], 0},
		"cut in the index":             {whole[:30], 0},
		"cut after the index":          {whole[:8+16*int(binary.BigEndian.Uint32(whole))], 0},
		"without its last byte":        {whole[:len(whole)-1], 2},
		"more tags than fit":           {append([]byte{0xff, 0xff, 0xff, 0xff}, whole[4:]...), 0},
		"no tags":                      {append([]byte{0, 0, 0, 0}, whole[4:]...), 0},
		"offset past the data":         {put(1024, 2, 0x7fffffff), 1},
		"offset that is negative":      {put(1024, 2, 0xffffffff), 1},
		"offset at the end":            {put(1024, 2, uint32(len(whole))), 1},
		"a number for a text":          {put(1024, 1, 4), 1},
		"count of none":                {put(1024, 3, 0), 1},
		"count of billions":            {put(5066, 3, 0xffffffff), -1},
		"name that is none":            {put(1000, 2, 0x7fffffff), 0},
		"script at the package's name": {put(1024, 2, 0), 2},
	} {
		got := scriptsIn(tt.header)
		if tt.want >= 0 && len(got) != tt.want {
			t.Errorf("%s: %d scripts: %+v", name, len(got), got)
		}
		for _, s := range got {
			if s.Package == "" || s.Kind == "" || s.Text == "" {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
	for at := range whole {
		if got := scriptsIn(whole[:at]); len(got) > 2 {
			t.Errorf("cut at %d: %+v", at, got)
		}
	}
}

// A text of any length is bounded, and so is their number.
func TestScriptsAreBounded(t *testing.T) {
	long := layertest.RPMScripted("p", 8, map[int32]string{1024: strings.Repeat("x", maxRPMScript+10)})
	if got := scriptsIn(long); len(got) != 1 || len(got[0].Text) != maxRPMScript {
		t.Errorf("%d scripts", len(got))
	}
	many := layertest.RPMScripted("p", 8, map[int32]string{1065: strings.Repeat("x\x00", maxRPMScripts+10)})
	at := entry(t, many, 1065)
	binary.BigEndian.PutUint32(many[at+4:], rpmTypeList)
	binary.BigEndian.PutUint32(many[at+12:], maxRPMScripts+10)
	if got := scriptsIn(many); len(got) != maxRPMScripts {
		t.Errorf("%d scripts", len(got))
	}
}

// FuzzRPMScripts changes headers: no text is longer than its header, and none is without its package.
func FuzzRPMScripts(f *testing.F) {
	f.Add(scripted())
	f.Add(layertest.RPMHeader("setup", 8))
	f.Add(scripted()[:40])
	f.Fuzz(func(t *testing.T, header []byte) {
		total := 0
		for _, s := range scriptsIn(header) {
			total += len(s.Text)
			if s.Package == "" || s.Kind == "" || s.Text == "" || strings.ContainsRune(s.Text, 0) {
				t.Errorf("%+v", s)
			}
		}
		if total > len(header)*len(rpmScriptTags) {
			t.Errorf("%d bytes of scripts in a header of %d", total, len(header))
		}
	})
}
