package owner

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// RPMScript is a script that rpm runs with a package.
type RPMScript struct {
	Package, Version string
	Kind             string // post-install …
	Text             string
}

// Tags of a header that hold scripts, and those that name the package (rpm's include/rpm/rpmtag.h). Triggers are lists
// of scripts that run when another package, or a file of it, comes or goes.
var rpmScriptTags = []struct {
	tag  int32
	kind string
}{
	{1023, "pre-install"},
	{1024, "post-install"},
	{1025, "pre-uninstall"},
	{1026, "post-uninstall"},
	{1151, "pre-transaction"},
	{1152, "post-transaction"},
	{1065, "trigger"},
	{1079, "verify"},
	{5066, "file trigger"},
	{5076, "transaction file trigger"},
	{5104, "pre-uninstall-transaction"},
	{5105, "post-uninstall-transaction"},
}

const (
	rpmTagName    = 1000
	rpmTagVersion = 1001
	rpmTagRelease = 1002

	rpmTypeString = 6
	rpmTypeList   = 8
	rpmTypeI18N   = 9
)

// Bounds of the scripts of a database: their number, and the bytes of one.
const (
	maxRPMScripts = 20_000
	maxRPMScript  = 1 << 20
)

// IsRPMDatabase reports whether a clean path is one of the places of rpm's database.
func IsRPMDatabase(p string) bool { return slices.Contains(rpmPlaces(), p) }

// RPMScripts reads the scripts of all packages of an rpm database, which may be in any of its forms. Where an image has
// several databases, only the one that rpm reads has scripts. Errors: errUnsound, errNoSQLite, *registry.LimitError.
func RPMScripts(ctx context.Context, t *layer.Tree, n *inspect.Node) ([]RPMScript, error) {
	for _, place := range rpmPlaces() {
		if first := t.Resolve(place); first != nil && layer.IsRegular(first) && first.Size > 0 {
			if first.SHA256 != n.SHA256 {
				return nil, nil
			}
			break
		}
	}
	c, _, err := openRPM(ctx, t, n)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	headers, err := headersOf(c)
	if err != nil {
		return nil, fmt.Errorf("reading the scripts of %s: %w", n.Path, err)
	}
	var all []RPMScript
	for _, h := range headers {
		all = append(all, scriptsIn(h)...)
		if len(all) > maxRPMScripts {
			return nil, &registry.LimitError{What: "scripts of an rpm database", Limit: maxRPMScripts}
		}
	}
	return all, nil
}

// headersOf gives the headers of the packages, whatever the form of the database. Its references are checked first. A
// database that passes soundRPM has no reference that leads out of it or around in a circle, so that the two readers
// below follow it without asking again.
func headersOf(c inspect.Content) ([][]byte, error) {
	head := make([]byte, 64)
	if n, err := c.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("%w: it ends within its header: %w", errUnsound, err)
	}
	if strings.HasPrefix(string(head), sqliteMagic) {
		return rpmHeaders(c)
	}
	if err := soundRPM(c); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	switch {
	case string(head[:4]) == "RpmP":
		return headersOfNDB(c, int(le.Uint32(head[12:])))
	case le.Uint32(head[12:]) == bdbHash:
		return headersOfBDB(c, le, head)
	default:
		return headersOfBDB(c, binary.BigEndian, head)
	}
}

// headersOfNDB follows the slots of a sound database in rpm's own form. A slot without a page is free. The size of a
// package is what its blob names, which the check of soundness compared with the file; all of them together are bounded
// by MaxRPMHeaders, since several slots may name one blob.
func headersOfNDB(c inspect.Content, pages int) ([][]byte, error) {
	slots := make([]byte, pages*ndbPage)
	if n, err := c.ReadAt(slots, 0); n < len(slots) {
		return nil, fmt.Errorf("reading slots: %w", err)
	}
	le, total := binary.LittleEndian, int64(0)
	var all [][]byte
	for at := 2 * ndbSlot; at < len(slots); at += ndbSlot {
		slot, start := slots[at:at+ndbSlot], int64(le.Uint32(slots[at+8:]))*ndbSlot
		blob := make([]byte, 16)
		if le.Uint32(slot[4:]) == 0 {
			continue
		}
		if n, err := c.ReadAt(blob, start); n < len(blob) {
			return nil, fmt.Errorf("reading a package: %w", err)
		}
		size := int64(le.Uint32(blob[12:]))
		if total += size; total > MaxRPMHeaders {
			return nil, &registry.LimitError{What: "packages of an rpm database", Limit: MaxRPMHeaders}
		}
		header := make([]byte, size)
		if n, err := c.ReadAt(header, start+16); n < len(header) {
			return nil, fmt.Errorf("reading a package: %w", err)
		}
		all = append(all, header)
	}
	return all, nil
}

// headersOfBDB follows the chains of overflow pages of a sound Berkeley DB. Items that lie within a page are no
// packages: their headers are larger.
func headersOfBDB(c inspect.Content, order binary.ByteOrder, head []byte) ([][]byte, error) {
	b := &bdbPages{from: c, order: order, size: int(order.Uint32(head[20:])), last: order.Uint32(head[32:])}
	page, next, total := make([]byte, b.size), make([]byte, b.size), int64(0)
	var all [][]byte
	for number := uint32(0); number <= b.last; number++ {
		if err := b.page(number, page); err != nil {
			return nil, err
		}
		if page[25] != bdbUnsorted && page[25] != bdbSorted {
			continue
		}
		for i := 1; i < int(order.Uint16(page[20:])); i += 2 {
			at := int(order.Uint16(page[bdbHeader+2*i:]))
			if page[at] != bdbOffPage {
				continue
			}
			var header []byte
			for link := order.Uint32(page[at+4:]); link != 0; link = order.Uint32(next[16:]) {
				if err := b.page(link, next); err != nil {
					return nil, err
				}
				used := int(order.Uint16(next[22:]))
				header = append(header, next[bdbHeader:bdbHeader+used]...)
				if total += int64(used); total > MaxRPMHeaders {
					return nil, &registry.LimitError{What: "packages of an rpm database", Limit: MaxRPMHeaders}
				}
			}
			all = append(all, header)
		}
	}
	return all, nil
}

// scriptsIn reads the scripts of one header: the number of tags, the bytes of data, an index entry of tag, type, offset
// and count for each tag, the data (rpm's lib/header.c). Numbers are big-endian, and all of them may lie. The header
// comes without its magic, as the database has it.
func scriptsIn(header []byte) []RPMScript {
	texts := rpmTexts(header)
	of := RPMScript{Package: strings.Join(texts[rpmTagName], ""), Version: strings.Join(append(slices.Clone(
		texts[rpmTagVersion]), texts[rpmTagRelease]...), "-")}
	if of.Package == "" {
		return nil
	}
	var all []RPMScript
	for _, s := range rpmScriptTags {
		for _, text := range texts[s.tag] {
			if text == "" {
				continue
			}
			of.Kind, of.Text = s.kind, text
			all = append(all, of)
		}
	}
	return all
}

// rpmTexts reads the tags of a header that hold texts, by number. A tag that leads out of the data is left out. The
// first entry of a tag counts: rpm writes each once. Counts are believed only as far as there are texts.
func rpmTexts(header []byte) map[int32][]string {
	all := map[int32][]string{}
	if len(header) < 8 {
		return all
	}
	be := binary.BigEndian
	tags := int64(be.Uint32(header))
	index := header[8:]
	if tags > int64(len(index)/16) {
		return all
	}
	data := index[tags*16:]
	for i := range tags {
		e := index[i*16:]
		tag, kind, offset, count := int32(be.Uint32(e)), be.Uint32(e[4:]), int64(be.Uint32(e[8:])),
			int64(be.Uint32(e[12:]))
		if kind != rpmTypeString && kind != rpmTypeList && kind != rpmTypeI18N || offset > int64(len(data)) ||
			!wantedTag(tag) || len(all[tag]) > 0 {
			continue
		}
		rest := data[offset:]
		for range min(count, maxRPMScripts) {
			text, after, ok := bytes.Cut(rest, []byte{0})
			if !ok {
				break
			}
			all[tag] = append(all[tag], string(text[:min(len(text), maxRPMScript)]))
			rest = after
		}
	}
	return all
}

// wantedTag reports whether a tag is one of those that are read here.
func wantedTag(tag int32) bool {
	if tag == rpmTagName || tag == rpmTagVersion || tag == rpmTagRelease {
		return true
	}
	for _, s := range rpmScriptTags {
		if s.tag == tag {
			return true
		}
	}
	return false
}
