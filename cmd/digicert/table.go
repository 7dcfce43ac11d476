// The table format.

package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// tableEncoder writes rows as an aligned table. Only the first rows set the widths of the columns; wider cells in later
// rows are not aligned. So a table of any length needs constant memory.
type tableEncoder struct {
	*buffered
	columns []column
	widths  []int
	pending [][]string
	begun   bool // the header was written
	bold    bool
}

// alignedRows is the number of rows that set the widths: one page.
const alignedRows = 1000

func newTableEncoder(w *buffered, all []column, l listing, bold bool) *tableEncoder {
	e := &tableEncoder{buffered: w, bold: bold}
	for _, name := range l.table {
		i := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		e.columns = append(e.columns, all[i])
		width := len(name)
		if l.live { // the header is written before there are rows
			width = max(width, liveWidth)
		}
		e.widths = append(e.widths, width)
	}
	return e
}

// liveWidth is the width of each column of a live table. Ids and most statuses fit.
const liveWidth = 15

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
	header := make([]string, len(e.columns))
	for i := range e.columns {
		header[i] = e.columns[i].name
		for _, cells := range e.pending {
			e.widths[i] = max(e.widths[i], cellWidth(cells[i]))
		}
	}
	on, off := "", ""
	if e.bold {
		on, off = "\x1b[1m", "\x1b[0m"
	}
	if _, err := io.WriteString(e, on+e.aligned(header)+off+"\n"); err != nil {
		return err
	}
	for _, cells := range e.pending {
		if err := e.line(cells); err != nil {
			return err
		}
	}
	e.pending = nil
	return nil
}

func (e *tableEncoder) line(cells []string) error {
	_, err := fmt.Fprintln(e, e.aligned(cells))
	return err
}

// aligned pads the cells of a line to the widths of the columns.
func (e *tableEncoder) aligned(cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		gap := strings.Repeat(" ", max(0, e.widths[i]-cellWidth(cell)))
		if i > 0 {
			b.WriteString("  ")
		}
		if e.columns[i].right {
			b.WriteString(gap + cell)
		} else {
			b.WriteString(cell + gap)
		}
	}
	return strings.TrimRight(b.String(), " ")
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
