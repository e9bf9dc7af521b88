package report

import (
	"bytes"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// tableColumns is the widest that a line of plain text gets: the width of a terminal that is half a laptop's screen.
const tableColumns = 120

// minColumn is how narrow a column of a table may become before others give way.
// A short digest has 12 characters and stays whole in it.
const minColumn = 14

// table draws columns as wide as their widest cell, and wraps the widest where that is too much. A column that is empty
// in every row is left out.
// Every row has as many cells as the head.
func (p *printer) table(t table) {
	rows := append([][]cell{headCells(t.head)}, t.rows...)
	widths := p.columnWidths(t, rows)
	for n, row := range rows {
		p.row(row, widths, n == 0)
	}
}

// columnWidths are the widths that fit: prose gives way before digests and paths, which people copy.
//
// Each step takes one column from the widest that may give way, which leaves columns of nearly equal width. Where all
// are at minColumn, the table is wider than a terminal rather than unreadable.
func (p *printer) columnWidths(t table, rows [][]cell) []int {
	widths, code := make([]int, len(t.head)), make([]bool, len(t.head))
	for n, row := range rows {
		for at, c := range row {
			code[at] = code[at] || c.code
			if n > 0 || p.filled(t, at) {
				widths[at] = max(widths[at], min(columns(p.cell(c)), tableColumns))
			}
		}
	}
	for _, givesWay := range []bool{false, true} {
		for total(widths) > tableColumns {
			widest := -1
			for at, w := range widths {
				if code[at] == givesWay && w > minColumn && (widest < 0 || w > widths[widest]) {
					widest = at
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

// total is the width of a row: two blanks before each column.
func total(widths []int) int {
	sum := 0
	for _, w := range widths {
		if w > 0 {
			sum += w + 2
		}
	}
	return sum
}

// row draws the cells beside each other, each in as many lines as it needs.
// Blanks at the end of a line are cut: they would be copied.
func (p *printer) row(row []cell, widths []int, head bool) {
	parts := make([][]string, len(row))
	height := 0
	for at, c := range row {
		if widths[at] == 0 {
			continue
		}
		parts[at] = broken(p.cell(c), widths[at])
		height = max(height, len(parts[at]))
	}
	for n := range height {
		line := p.line[:0]
		for at, c := range row {
			if widths[at] == 0 {
				continue
			}
			text := ""
			if n < len(parts[at]) {
				text = parts[at][n]
			}
			text = pad(text, widths[at])
			if !head && c.status != "" {
				text = p.style.Paint(c.status, text)
			}
			line = append(append(line, "  "...), text...)
		}
		p.b.Write(append(bytes.TrimRight(line, " "), '\n'))
		p.line = line
	}
}

// broken breaks text to a width: at blanks, and a word that is wider after a part of it, as those of a path.
// Paths and digests break behind a separator, so that the parts can be put together again without a blank.
func broken(text string, width int) []string {
	if isPlain(text) && len(text) <= width && !strings.Contains(text, "  ") && text == strings.TrimSpace(text) {
		return []string{text}
	}
	var lines []string
	for _, line := range wrap(text, width, maxWrapped) {
		if columns(line) <= width {
			lines = append(lines, line)
			continue
		}
		for part := range strings.SplitSeq(ansi.Wrap(line, width, "/@,;=&"), "\n") {
			lines = append(lines, strings.TrimSpace(part))
		}
	}
	return lines
}

// filled reports whether a column has any text.
func (p *printer) filled(t table, column int) bool {
	for _, row := range t.rows {
		if p.cell(row[column]) != "" {
			return true
		}
	}
	return false
}

// headCells are the cells of a head.
func headCells(head []string) []cell {
	cells := make([]cell, len(head))
	for i, h := range head {
		cells[i].text = h
	}
	return cells
}

// cell is the text of a cell with the sign and word of its status.
// It is the text that is measured and drawn, before colors.
func (p *printer) cell(c cell) string {
	if c.status == "" {
		return c.text
	}
	return strings.TrimSpace(p.style.Sign(c.status) + " " + c.status.Words() + suffix(c.text))
}

// suffix is a text behind a word.
func suffix(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
