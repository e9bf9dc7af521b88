package widget

// Bounds of the layout, in cells.
const (
	// MinWidth is the width under which there is no room for any region.
	MinWidth = 30
	// MinHeight is the same for the height.
	MinHeight = 8
	// OneWidth is the width under which one region is shown at a time.
	OneWidth = 60
	// OneHeight is the same for the height.
	OneHeight = 15
	// from here on list and detail stand side by side
	sideWidth = 100
	// rows of a body that has room for a list and the first lines of what leads it
	leadFrom = 7
)

// Region is a part of the body that can have the focus.
type Region int

// The regions.
const (
	RegionList Region = iota
	RegionDetail
	// above the list: the brief
	RegionTop
)

// Rect is a rectangle of cells. A rectangle without area is not drawn.
type Rect struct{ X, Y, W, H int }

// Empty reports whether the rectangle has no area.
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

// Contains reports whether a cell lies in the rectangle.
func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Shape is the layout that the current screen requests.
type Shape struct {
	Tabs bool
	// Top: rows that the region above the list would like, its title counted; 0: there is none
	Top int
	// Lead: on a screen that has room for one region only, the first lines of the region above the list stay in sight
	Lead bool
	// Foot: rows below the detail; 0: none
	Foot int
	// Share: percent of the width that the list gets beside the detail
	Share int
	// Rows: lines that the list needs, its title counted; 0: as many as there are
	Rows int
	// Zoom: the region with the focus has all of the screen
	Zoom bool
	// Stacked: list and detail stand above each other at any width
	Stacked bool
	Focus   Region
}

// Places is where everything stands.
type Places struct {
	Header, Tabs, Top, List, Detail, Foot, Status, Keys Rect
	// Small: too small to draw
	Small bool
	// one region at a time
	one bool
}

// Body gives the rectangle of a region.
func (f Places) Body(r Region) Rect {
	switch r {
	case RegionDetail:
		return f.Detail
	case RegionTop:
		return f.Top
	default:
		return f.List
	}
}

// Place lays out a screen of w × h cells. It is a pure function of the size and of the screen's shape.
func Place(w, h int, s Shape) Places {
	if w < MinWidth || h < MinHeight {
		return Places{Small: true}
	}
	f := Places{Header: Rect{0, 0, w, 1}, Status: Rect{0, h - 2, w, 1}, Keys: Rect{0, h - 1, w, 1}}
	body := Rect{0, 1, w, h - 3}
	if s.Tabs {
		f.Tabs = Rect{0, 1, w, 1}
		body = Rect{0, 2, w, h - 4}
	}
	if w < OneWidth || h < OneHeight || s.Zoom {
		f.one = true
		if s.Lead && s.Top > 0 && !s.Zoom && s.Focus == RegionList && body.H >= leadFrom {
			f.Top = Rect{0, body.Y, w, min(s.Top, body.H/2)}
			body.Y, body.H = body.Y+f.Top.H, body.H-f.Top.H
		}
		f.place(s.Focus, body)
		return f
	}
	if s.Top > 0 {
		share := 45
		if s.Focus == RegionTop {
			share = 75
		}
		f.Top = Rect{0, body.Y, w, min(s.Top, max(4, body.H*share/100))}
		body.Y, body.H = body.Y+f.Top.H, body.H-f.Top.H
	}
	if w >= sideWidth && !s.Stacked {
		f.beside(body, s)
	} else {
		f.stack(body, s)
	}
	return f
}

// place gives one region all of the body.
func (f *Places) place(r Region, at Rect) {
	switch r {
	case RegionDetail:
		f.Detail = at
	case RegionTop:
		f.Top = at
	default:
		f.List = at
	}
}

// beside puts the list on the left, three columns with a rule, and the detail on the right.
func (f *Places) beside(body Rect, s Shape) {
	left := body.W * s.Share / 100
	f.List = Rect{body.X, body.Y, left - 1, body.H}
	f.Detail = Rect{body.X + left + 2, body.Y, body.W - left - 2, body.H}
	f.cutFoot(min(s.Foot, f.Detail.H/3))
}

// stack puts the detail below the list. What has the focus gets the larger part.
func (f *Places) stack(body Rect, s Shape) {
	upper := (body.H*55 + 99) / 100
	if s.Foot > 0 {
		upper = body.H * 35 / 100
	}
	if s.Focus == RegionTop {
		upper = body.H / 2
	}
	if s.Rows > 0 {
		upper = min(upper, max(4, s.Rows))
	}
	f.List = Rect{body.X, body.Y, body.W, upper}
	f.Detail = Rect{body.X, body.Y + upper, body.W, body.H - upper}
	f.cutFoot(min(s.Foot, f.Detail.H/3))
}

// cutFoot takes the lines below the detail from it, where at least three are left for them.
func (f *Places) cutFoot(h int) {
	if h < 3 {
		return
	}
	f.Detail.H -= h
	f.Foot = Rect{f.Detail.X, f.Detail.Y + f.Detail.H, f.Detail.W, h}
}
