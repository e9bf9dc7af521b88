// Package unpack compares the tree that backtrail shows of an image with what containerd unpacks of it.
package unpack

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"
)

// generator makes layers that are odd in every way that a tar allows: members in any order, several of one name, names that
// lead through links, whiteouts of all kinds. The same seed makes the same layers.
type generator struct {
	*rand.Rand
	wild  bool     // its layers may be such as containerd refuses
	below []string // names of the layers below
	here  []string // names of this layer
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, seed))}
	g.wild = g.IntN(3) == 0
	return g
}

// layer makes the members of a layer. Those of a tame image are taken one by one, if containerd takes them.
func (g *generator) layer(accepts func(data []byte) bool) []byte {
	var taken []member
	for range 1 + g.IntN(14) {
		one := []member{g.member()}
		if g.IntN(300) == 0 {
			one = chain(g.IntN(300))
		}
		if more := append(slices.Clone(taken), one...); g.wild || accepts(tarOf(more)) {
			taken = more
			g.here = append(g.here, one[0].path)
		}
	}
	g.below = append(g.below, g.here...)
	g.here = nil
	return tarOf(taken)
}

// member is a member of a layer.
type member struct {
	path    string // as the generator picked it
	header  *tar.Header
	content []byte
}

func tarOf(list []member) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range list {
		m.header.Size = int64(len(m.content))
		if err := w.WriteHeader(m.header); err != nil {
			continue // what no tar can hold
		}
		_, _ = w.Write(m.content)
	}
	_ = w.Close()
	return b.Bytes()
}

// chain makes a file behind a chain of links.
func chain(n int) []member {
	var list []member
	for i := range n {
		list = append(list, member{"l0", &tar.Header{Name: fmt.Sprintf("l%d", i), Linkname: fmt.Sprintf("l%d", i+1), Typeflag: tar.TypeSymlink, Mode: 0o777}, nil})
	}
	return append(list, member{"l0", &tar.Header{Name: "l0/end", Typeflag: tar.TypeReg, Mode: 0o644}, nil})
}

// clean gives a short name: names meet each other often.
func (g *generator) clean() string {
	parts := make([]string, 1+g.IntN(3))
	for i := range parts {
		parts[i] = string(rune('p' + g.IntN(3)))
	}
	return strings.Join(parts, "/")
}

func (g *generator) pick(names []string) string {
	if len(names) == 0 || g.IntN(4) == 0 {
		return g.clean()
	}
	return names[g.IntN(len(names))]
}

// named gives a name one of its many forms.
func (g *generator) named(name string) string {
	switch g.IntN(14) {
	case 0:
		return "./" + name
	case 1:
		return "/" + name
	case 2:
		return "../" + name
	case 3:
		return name + "/"
	case 4:
		return "x/../" + name
	case 5:
		return strings.ReplaceAll(name, "/", "//")
	case 6:
		return name + "/."
	default:
		return name
	}
}

func (g *generator) member() member {
	h := &tar.Header{ModTime: time.Unix(1_700_000_000, 0), Format: tar.FormatPAX, Uid: g.IntN(2) * 1000, Gid: g.IntN(2) * 1000}
	h.Mode = []int64{0o644, 0o755, 0o700, 0o4755, 0o2755, 0o1777, 0}[g.IntN(7)]
	name := g.pick(append(g.below, g.here...))
	var content []byte
	switch n := g.IntN(40); {
	case n < 12:
		h.Typeflag, content = tar.TypeReg, fmt.Appendf(nil, "%x", g.Uint32())
	case n < 20:
		h.Typeflag = tar.TypeDir
	case n < 25:
		h.Typeflag, h.Linkname = tar.TypeSymlink, g.target()
	case n < 29:
		h.Typeflag, h.Linkname = tar.TypeLink, g.named(g.linked())
	case n < 30:
		h.Typeflag, h.Devmajor, h.Devminor = tar.TypeChar, int64(g.IntN(2)), int64(g.IntN(2)*5)
	case n < 31:
		h.Typeflag = []byte{tar.TypeFifo, tar.TypeBlock}[g.IntN(2)]
	case n < 36:
		h.Typeflag, name = tar.TypeReg, g.whiteout()
	case n < 38:
		h.Typeflag, name = tar.TypeReg, path.Join(path.Dir(name), ".wh..wh..opq")
	case n < 39 && g.wild:
		return g.strange(h, name)
	default:
		h.Typeflag = tar.TypeDir
		name = path.Dir(name)
	}
	g.attributes(h)
	h.Name = g.named(name)
	return member{name, h, content}
}

func (g *generator) linked() string {
	if g.wild && g.IntN(3) == 0 {
		return g.pick(g.below)
	}
	return g.pick(g.here)
}

func (g *generator) target() string {
	to := g.clean()
	return []string{to, "/" + to, "../" + to, "../../" + to, to + "/../" + g.clean(), "./" + to, ".", "..", "/"}[g.IntN(9)]
}

// whiteout names a file of a lower layer, or any.
func (g *generator) whiteout() string {
	dir, base := path.Split(g.pick(g.below))
	if g.wild && g.IntN(6) == 0 {
		base = []string{"", ".", "..", ".wh.plnk", "\xff"}[g.IntN(5)]
	}
	return dir + ".wh." + base
}

// strange makes a member that few tars have.
func (g *generator) strange(h *tar.Header, name string) member {
	switch g.IntN(4) {
	case 0:
		return member{name, &tar.Header{Name: name, Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, nil}
	case 1:
		h.Typeflag = tar.TypeCont
	case 2:
		h.Typeflag, name = tar.TypeReg, name+"/"+strings.Repeat("n", 250+g.IntN(10))
	default:
		h.Typeflag, name = tar.TypeReg, strings.Repeat("./x/../", 1000)+name
	}
	h.Name = name
	return member{name, h, nil}
}

func (g *generator) attributes(h *tar.Header) {
	if g.IntN(6) > 0 {
		return
	}
	const capability = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" // cap_net_raw, version 2
	all := []struct{ name, value string }{{"user.note", "n"}, {"user.other", "\x00\xff"}, {"security.capability", capability}, {"trusted.x", "t"}, {"nothing.x", "n"}}
	h.PAXRecords = map[string]string{}
	for range 1 + g.IntN(2) {
		a := all[g.IntN(len(all))]
		h.PAXRecords["SCHILY.xattr."+a.name] = a.value
	}
}

// members lists the members of a tar, a line each.
func members(data []byte) string {
	var b strings.Builder
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if err != nil {
			return b.String()
		}
		fmt.Fprintf(&b, "  %c %04o %d:%d %.60q", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Name)
		if h.Linkname != "" {
			fmt.Fprintf(&b, " -> %q", h.Linkname)
		}
		if h.Typeflag == tar.TypeChar || h.Typeflag == tar.TypeBlock {
			fmt.Fprintf(&b, " %d:%d", h.Devmajor, h.Devminor)
		}
		for name, value := range h.PAXRecords {
			if strings.HasPrefix(name, "SCHILY.") {
				fmt.Fprintf(&b, " %s=%q", name, value)
			}
		}
		b.WriteString("\n")
	}
}
