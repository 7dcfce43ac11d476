// The table format.

package main

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-digicert/digicert"
	"golang.org/x/text/width"
)

// tableEncoder writes rows as an aligned table. Only the first rows set the widths of the columns, so that a table of any length needs
// constant memory. On a terminal, wider texts in later rows are cut; other wider cells are not aligned.
type tableEncoder struct {
	*buffered
	columns []column
	widths  []int
	pending [][]string
	live    bool
	begun   bool // the header was written
	look    look
	today   digicert.Date
}

// alignedRows is the number of rows that set the widths: one page.
const alignedRows = 1000

func newTableEncoder(w *buffered, columns []column, live bool, look look) *tableEncoder {
	e := &tableEncoder{buffered: w, columns: columns, live: live, look: look, today: digicert.DateOf(time.Now().UTC())}
	for _, c := range columns {
		width := 0
		if !look.noHeaders {
			width = cellWidth(header(c.name))
		}
		if live { // the header is written before there are rows
			width = max(width, c.liveWidth())
		}
		e.widths = append(e.widths, width)
	}
	return e
}

// liveWidth returns the width of a column of a live table: ids and days fit, and the documented statuses.
func (c *column) liveWidth() int {
	switch {
	case c.right:
		return 12
	case c.short:
		return len(time.DateOnly)
	case !c.cuttable():
		return len(digicert.OrderStatusReissueProcessing)
	}
	return cutWidth
}

// liveTextWidth is the width up to which a text of a live table takes what is left of a terminal: a common name is no longer.
const liveTextWidth = 64

func (e *tableEncoder) row(v reflect.Value) error {
	cells := make([]string, len(e.columns))
	for i := range e.columns {
		cells[i] = printable(e.columns[i].text(v))
	}
	if e.begun {
		return e.line(cells)
	}
	e.pending = append(e.pending, cells)
	if len(e.pending) < alignedRows {
		return nil
	}
	return e.begin()
}

// begin writes the header and the pending rows.
func (e *tableEncoder) begin() error {
	if e.begun {
		return nil
	}
	e.begun = true
	for i := range e.columns {
		for _, cells := range e.pending {
			e.widths[i] = max(e.widths[i], cellWidth(cells[i]))
		}
	}
	if e.look.width > 0 {
		e.fit()
	}
	if !e.look.noHeaders {
		names := make([]string, len(e.columns))
		for i := range e.columns {
			names[i] = header(e.columns[i].name)
		}
		on, off := "", ""
		if e.look.color {
			on, off = "\x1b[1m", plain
		}
		if _, err := io.WriteString(e, on+e.aligned(names, false)+off+"\n"); err != nil {
			return err
		}
	}
	for _, cells := range e.pending {
		if err := e.line(cells); err != nil {
			return err
		}
	}
	e.pending = nil
	return nil
}

const (
	columnGap = 2
	cutWidth  = 24 // the least width of a column of text while there are columns to drop
	leastCut  = 4
)

// fit makes the table at most as wide as the terminal. It cuts the widest texts, then drops columns from the right, which matter least,
// unless the user named them, and then cuts more. The texts then take the width that is left.
func (e *tableEncoder) fit() {
	whole := slices.Clone(e.widths)
	defer func() { e.widen(whole) }()
	e.cut(cutWidth)
	for e.look.columns == nil && e.total() > e.look.width && len(e.widths) > 1 {
		e.widths = e.widths[:len(e.widths)-1]
		e.columns = e.columns[:len(e.widths)]
	}
	e.cut(leastCut)
}

func (e *tableEncoder) total() int {
	sum := columnGap * (len(e.widths) - 1)
	for _, w := range e.widths {
		sum += w
	}
	return sum
}

// cut narrows the widest columns of text, to least at the least.
func (e *tableEncoder) cut(least int) {
	for excess := e.total() - e.look.width; excess > 0; excess-- {
		widest := -1
		for i, w := range e.widths {
			if w > least && e.columns[i].cuttable() && (widest < 0 || w > e.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		e.widths[widest]--
	}
}

// widen widens the narrowest columns of text that are narrower than their texts, as far as the terminal allows.
func (e *tableEncoder) widen(whole []int) {
	for left := e.look.width - e.total(); left > 0; left-- {
		narrowest := -1
		for i, w := range e.widths {
			most := whole[i]
			if e.live {
				most = max(most, liveTextWidth)
			}
			if w < most && e.columns[i].cuttable() && (narrowest < 0 || w < e.widths[narrowest]) {
				narrowest = i
			}
		}
		if narrowest < 0 {
			return
		}
		e.widths[narrowest]++
	}
}

func (e *tableEncoder) line(cells []string) error {
	_, err := io.WriteString(e, e.aligned(cells, e.look.color)+"\n")
	return err
}

// aligned pads the cells of a line to the widths of the columns. On a terminal it cuts the texts that are wider. A number or a day is
// never cut, because what is left of it would be another.
func (e *tableEncoder) aligned(cells []string, color bool) string {
	var b strings.Builder
	gaps := 0 // spaces to write before the next cell
	for i := range e.columns {
		cell := cells[i]
		if e.look.width > 0 && e.columns[i].cuttable() {
			cell = cutTo(cell, e.widths[i])
		}
		if i > 0 {
			gaps += columnGap
		}
		pad := max(0, e.widths[i]-cellWidth(cell))
		if e.columns[i].right {
			gaps, pad = gaps+pad, 0
		}
		if cell != "" {
			b.WriteString(strings.Repeat(" ", gaps))
			gaps = 0
			if on := cellColor(e.columns[i].name, cell, e.today); color && on != "" {
				cell = on + cell + plain
			}
			b.WriteString(cell)
		}
		gaps += pad
	}
	return b.String()
}

// cutTo cuts a text to a width, and marks that by "…".
func cutTo(s string, most int) string {
	if cellWidth(s) <= most {
		return s
	}
	used := 0
	for i, r := range s {
		w := cellWidth(string(r))
		if used+w > most-1 {
			return s[:i] + "…"
		}
		used += w
	}
	return s
}

func (e *tableEncoder) flush() error {
	if err := e.begin(); err != nil {
		return err
	}
	return e.buffered.flush()
}

func (e *tableEncoder) end() error { return e.begin() }

// printable replaces characters that are not printable: names may contain escape sequences and newlines.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// cellWidth returns the number of terminal cells that s occupies.
func cellWidth(s string) int {
	n := 0
	for _, r := range s {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
