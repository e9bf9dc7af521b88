package tui

// Bounds of the layout, in cells.
const (
	minWidth, minHeight = 30, 8  // under these the screen says what it needs
	oneWidth, oneHeight = 60, 15 // under these one region is shown at a time
	sideWidth           = 100    // from here on list and detail stand side by side
)

// region is a part of the body that can have the focus.
type region int

const (
	regionList region = iota
	regionDetail
	regionTop // above the list: the brief
)

// rect is a rectangle of cells. A rectangle without area is not drawn.
type rect struct{ x, y, w, h int }

func (r rect) empty() bool { return r.w <= 0 || r.h <= 0 }

// contains says that a cell lies in the rectangle.
func (r rect) contains(x, y int) bool {
	return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h
}

// shape is what the screen on show wants of the layout.
type shape struct {
	tabs    bool
	top     int  // rows that the region above the list would like, its title counted; 0: there is none
	foot    int  // rows below the detail; 0: none
	share   int  // percent of the width that the list gets beside the detail
	rows    int  // lines that the list needs, its title counted; 0: as many as there are
	stacked bool // list and detail stand above each other at any width
	focus   region
}

// frame is where everything stands.
type frame struct {
	header, tabs, top, list, detail, foot, status, keys rect
	small                                               bool // too small to draw
	one                                                 bool // one region at a time
}

// body gives the rectangle of a region.
func (f frame) body(r region) rect {
	switch r {
	case regionDetail:
		return f.detail
	case regionTop:
		return f.top
	default:
		return f.list
	}
}

// layout places everything. It is a pure function of the size and of what the screen wants.
func layout(w, h int, s shape) frame {
	if w < minWidth || h < minHeight {
		return frame{small: true}
	}
	f := frame{header: rect{0, 0, w, 1}, status: rect{0, h - 2, w, 1}, keys: rect{0, h - 1, w, 1}}
	body := rect{0, 1, w, h - 3}
	if s.tabs {
		f.tabs = rect{0, 1, w, 1}
		body = rect{0, 2, w, h - 4}
	}
	if w < oneWidth || h < oneHeight {
		f.one = true
		f.place(s.focus, body)
		return f
	}
	if s.top > 0 {
		share := 45
		if s.focus == regionTop {
			share = 75
		}
		f.top = rect{0, body.y, w, min(s.top, max(4, body.h*share/100))}
		body.y, body.h = body.y+f.top.h, body.h-f.top.h
	}
	if w >= sideWidth && !s.stacked {
		f.beside(body, s)
	} else {
		f.stack(body, s)
	}
	return f
}

func (f *frame) place(r region, at rect) {
	switch r {
	case regionDetail:
		f.detail = at
	case regionTop:
		f.top = at
	default:
		f.list = at
	}
}

// beside puts the list on the left, three columns with a rule, and the detail on the right.
func (f *frame) beside(body rect, s shape) {
	left := body.w * s.share / 100
	f.list = rect{body.x, body.y, left - 1, body.h}
	f.detail = rect{body.x + left + 2, body.y, body.w - left - 2, body.h}
	f.cutFoot(min(s.foot, f.detail.h/3))
}

// stack puts the detail below the list. What has the focus gets the larger part.
func (f *frame) stack(body rect, s shape) {
	upper := (body.h*55 + 99) / 100
	if s.foot > 0 {
		upper = body.h * 35 / 100
	}
	if s.focus == regionTop {
		upper = body.h / 2
	}
	if s.rows > 0 {
		upper = min(upper, max(4, s.rows))
	}
	f.list = rect{body.x, body.y, body.w, upper}
	f.detail = rect{body.x, body.y + upper, body.w, body.h - upper}
	f.cutFoot(min(s.foot, f.detail.h/3))
}

func (f *frame) cutFoot(h int) {
	if h < 3 {
		return
	}
	f.detail.h -= h
	f.foot = rect{f.detail.x, f.detail.y + f.detail.h, f.detail.w, h}
}
