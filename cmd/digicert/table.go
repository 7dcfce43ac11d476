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

// tableEncoder writes rows as an aligned table. The first rows set the widths; later ones that are wider stand out, so
// that a table of any length takes the memory of its beginning.
type tableEncoder struct {
	*buffered
	columns []column
	widths  []int
	pending [][]string
	begun   bool // whether the header was written
	bold    bool
}

// aligned is how many rows set the widths: a page.
const aligned = 1000

func newTableEncoder(w *buffered, all []column, l listing, bold bool) *tableEncoder {
	e := &tableEncoder{buffered: w, bold: bold}
	for _, name := range l.table {
		i := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		e.columns = append(e.columns, all[i])
		width := len(name)
		if l.live { // there are no rows to see yet
			width = max(width, liveWidth)
		}
		e.widths = append(e.widths, width)
	}
	return e
}

// liveWidth is the width of a column whose rows come one by one: that of an id, and of most statuses.
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
	if len(e.pending) < aligned {
		return nil
	}
	return e.begin()
}

// begin writes the header and the rows that set the widths.
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

// printable keeps what a name might do to a terminal, or to the lines of a table, from happening.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// cellWidth is how many places of a terminal a text takes.
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
