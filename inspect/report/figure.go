package report

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
)

// figure is a drawing of the page: boxes, lines and texts in a coordinate system of Width by Height units. Colors come
// from classes of the page's style, so that it follows light, dark and print. Its fields are exported for
// html/template.
type figure struct {
	Title         string
	Width, Height int
	Boxes         []figureBox
	Texts         []figureText
}

// figureBox is a rectangle; Title is shown when pointed at.
type figureBox struct {
	X, Y, W, H int
	Class      string
	Title      string
}

// figureText is a text that begins, is centered or ends at a point: start, middle, end.
type figureText struct {
	X, Y   int
	Anchor string
	Text   string
}

const (
	figureWidth = 960 // units; the page scales it to its own width
	laneLeft    = 150 // where lanes begin, right of their names
	laneHeight  = 26
	maxMoments  = 60 // on the figure of the timeline; the table has more
)

// lanes are whose word a time is, the surest first.
var lanes = []string{
	inspect.BySignature, inspect.ByCluster, inspect.ByRegistry, inspect.ByAlert, inspect.ByClaim, inspect.ByUs,
}

// timelineFigure draws the moments in their order, each in the lane of whoever states it. Distances are not to scale:
// in an incident seconds and months stand beside each other, so gaps of a day and more are written.
func timelineFigure(all []inspect.Moment) *figure {
	all = slices.DeleteFunc(slices.Clone(all), func(m inspect.Moment) bool { return m.Time.IsZero() })
	if len(all) < 2 {
		return nil
	}
	if len(all) > maxMoments {
		all = all[len(all)-maxMoments:]
	}
	f := &figure{Title: "Timeline, not to scale", Width: figureWidth, Height: (len(lanes)+2)*laneHeight + 8}
	for n, lane := range lanes {
		f.Texts = append(f.Texts, figureText{laneLeft - 10, n*laneHeight + 20, "end", laneWord(lane)})
		f.Boxes = append(f.Boxes, figureBox{laneLeft, n*laneHeight + 15, figureWidth - laneLeft - 10, 1, "axis", ""})
	}
	step := (figureWidth - laneLeft - 40) / len(all)
	bottom := len(lanes)*laneHeight + 18
	for n, m := range all {
		x, lane := laneLeft+10+n*step, max(slices.Index(lanes, m.Trust), 0)
		class := "moment"
		if m.Trust == inspect.ByAlert {
			class = "suspect"
		}
		f.Boxes = append(f.Boxes, figureBox{x, lane*laneHeight + 9, min(step-2, 12), 12, class, m.Time.Stamp() + " " +
			m.What})
		f.Texts = append(f.Texts, figureText{x + 6, bottom, "middle", strconv.Itoa(n + 1)})
		if n == 0 {
			continue
		}
		if gap := m.Time.Sub(all[n-1].Time.Time); gap >= 24*time.Hour && step >= 28 {
			f.Texts = append(f.Texts, figureText{x + 6, bottom + 16, "middle", fmt.Sprintf("+%d d",
				int(gap.Hours())/24)})
		}
	}
	f.Texts = append(
		f.Texts, figureText{laneLeft, bottom + 34, "start", all[0].Time.Stamp()},
		figureText{figureWidth - 10, bottom + 34, "end", all[len(all)-1].Time.Stamp()},
	)
	f.Height = bottom + 42
	return f
}

// laneWord names a lane.
func laneWord(trust string) string {
	switch trust {
	case inspect.ByClaim:
		return "claimed"
	case inspect.ByUs:
		return "this machine"
	default:
		return trust
	}
}

// layerFigure draws the layers of an image in their order, and below it those that the image compared with has too. The
// widths follow the square root of the size: the largest layer may be a thousand times the smallest.
func layerFigure(c inspect.Case, i inspect.Image) *figure {
	var layers []inspect.Layer
	for _, l := range i.Layers {
		if !l.Empty {
			layers = append(layers, l)
		}
	}
	if len(layers) == 0 || len(layers) > maxMoments {
		return nil
	}
	suspect := suspectLayers(c, i)
	widths := layerWidths(layers, figureWidth-laneLeft-10)
	f := &figure{Title: "Layers, the lowest first", Width: figureWidth, Height: 44}
	f.Texts = append(f.Texts, figureText{laneLeft - 10, 24, "end", "this image"})
	x, shared, sharedEnd := laneLeft, 0, laneLeft
	if i.Diff != nil && i.Diff.Layers != nil {
		shared = min(i.Diff.Layers.Shared, len(layers))
	}
	for n, l := range layers {
		class := "own"
		switch {
		case suspect[l.Number]:
			class = "suspect"
		case l.Base:
			class = "base"
		}
		f.Boxes = append(f.Boxes, figureBox{x, 6, widths[n] - 2, 28, class, fmt.Sprintf("layer %d, %s: %s", l.Number,
			text.Size(l.Size), step(l.CreatedBy))})
		f.Texts = append(f.Texts, figureText{x + widths[n]/2, 24, "middle", strconv.Itoa(l.Number)})
		if x += widths[n]; n < shared {
			sharedEnd = x
		}
	}
	if i.Diff == nil || i.Diff.KnownGood == nil || i.Diff.Layers == nil {
		return f
	}
	f.Height = 88
	f.Texts = append(f.Texts, figureText{laneLeft - 10, 66, "end", i.Diff.KnownGood.Word() + " image"})
	words := figureText{sharedEnd + 8, 66, "start", text.Count(i.Diff.Layers.Shared, "layer") +
		" shared; only in this image: " +
		strconv.Itoa(i.Diff.Layers.Added)}
	if shared > 0 {
		f.Boxes = append(f.Boxes, figureBox{
			laneLeft, 48, sharedEnd - laneLeft - 2, 28, "base",
			"layers that both images have",
		})
	}
	if sharedEnd > figureWidth-320 { // no room beside it
		words.X, words.Y, f.Height = laneLeft, 92, 100
	}
	f.Texts = append(f.Texts, words)
	return f
}

// minLayer is the least width of a layer, so that its number fits.
const minLayer = 16

// layerWidths are the widths of layers that together fill the room.
func layerWidths(layers []inspect.Layer, room int) []int {
	roots, total := make([]int, len(layers)), 0
	for n, l := range layers {
		for roots[n]*roots[n] < int(min(max(l.Size, 0), 1<<40)>>10) {
			roots[n]++
		}
		total += roots[n]
	}
	left := max(room-minLayer*len(layers), 0)
	widths := make([]int, len(layers))
	for n := range layers {
		widths[n] = minLayer + left*roots[n]/max(total, 1)
	}
	return widths
}

// axisFigure is the figure of the timeline of a case.
func axisFigure(c inspect.Case, now time.Time) *figure { return timelineFigure(respond.Axis(&c, now)) }
