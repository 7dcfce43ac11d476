// Output formats: rows as a table, JSON, JSON lines or CSV.

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"reflect"
	"slices"
	"syscall"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// The formats of --output.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatCSV   = "csv"
	formatYAML  = "yaml"
)

func outputFlag() cli.Flag {
	return &cli.StringFlag{
		Name:        "output",
		Aliases:     []string{"o"},
		DefaultText: "table on a terminal, jsonl otherwise",
		Usage:       "output `format`: table, json (one document), jsonl (one line per row), csv or yaml",
	}
}

// formatOf returns the format of --output. The default depends on whether standard output is a terminal.
func (a *app) formatOf(c *cli.Command) (string, error) {
	switch format := c.String("output"); format {
	case "":
		if a.out.terminal() {
			return formatTable, nil
		}
		return formatJSONL, nil
	case formatTable, formatJSON, formatJSONL, formatCSV, formatYAML:
		return format, nil
	default:
		return "", usageErrorf("--output %q is invalid, must be table, json, jsonl, csv or yaml", format)
	}
}

// output is standard output. It may share its terminal with the progress line on standard error. Text for a terminal is
// escaped.
type output struct {
	file     *os.File
	failed   error     // the first error of Write
	progress *progress // hidden before anything is written; may be nil
}

func (o *output) Write(p []byte) (int, error) {
	if !o.terminal() {
		return o.writeStyled(p)
	}
	if _, err := o.writeStyled(escape(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// styled is an output for text that has escape sequences of its own, and whose other parts are printable.
type styled struct{ *output }

func (s styled) Write(p []byte) (int, error) { return s.writeStyled(p) }

func (o *output) writeStyled(p []byte) (int, error) {
	defer o.progress.hide()()
	n, err := o.file.Write(p)
	switch {
	case errors.Is(err, syscall.EPIPE):
		err = errClosedPipe
	case err != nil:
		err = fmt.Errorf("write output: %w", err)
	}
	if o.failed == nil {
		o.failed = err
	}
	return n, err
}

func (o *output) terminal() bool { return isTerminal(o.file) }

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// encoder writes rows in one format.
type encoder interface {
	row(v reflect.Value) error
	end() error   // writes what follows the last row
	spill() error // writes the buffer to the output if it is large
	flush() error // writes the buffer to the output
}

// listing describes how rows are printed.
type listing struct {
	table []string  // names of the columns of a table; the other formats print all columns
	live  bool      // rows are printed at once, and there is no last one, as in a watch
	count func(int) // called after each row with the number of rows so far; may be nil
}

// list prints the rows of a sequence. If the sequence fails, the rows before the error are printed, and a JSON document
// is not closed, so that it cannot be mistaken for a complete one.
func list[T any](a *app, l listing, rows iter.Seq2[T, error]) error {
	return listValues(a, l, reflect.TypeFor[T](), func(yield func(reflect.Value, error) bool) {
		for row, err := range rows {
			if !yield(reflect.ValueOf(&row).Elem(), err) {
				return
			}
		}
	})
}

// listValues is list for rows of a type that is known only now. The values must be addressable.
func listValues(a *app, l listing, row reflect.Type, rows iter.Seq2[reflect.Value, error]) error {
	enc, err := a.encoder(row, l)
	if err != nil {
		return err
	}
	if l.live {
		if err := enc.flush(); err != nil { // the header
			return err
		}
	}
	n := 0
	for row, err := range rows {
		if err != nil {
			err = errors.Join(err, enc.flush())
			if !l.live && n > 0 {
				err = fmt.Errorf("the listing is incomplete, it ends after row %d: %w", n, err)
			}
			return err
		}
		if err := enc.row(row); err != nil {
			return err
		}
		n++
		visible := enc.spill
		if l.live {
			visible = enc.flush
		}
		if err := visible(); err != nil {
			return err
		}
		if l.count != nil {
			l.count(n)
		}
	}
	return errors.Join(enc.end(), enc.flush())
}

// values returns a sequence of the elements of rows.
func values[T any](rows []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// encoder returns an encoder of rows of the given type in the output format.
func (a *app) encoder(row reflect.Type, l listing) (encoder, error) {
	// Rows are buffered, because one write per row would take longer than encoding it.
	buffer := &buffered{to: a.out}
	all := columnsOf(row)
	if err := a.look.check(all); err != nil {
		return nil, err
	}
	columns, err := a.look.pick(all)
	if err != nil {
		return nil, err
	}
	encoded := func(v reflect.Value) any { return a.look.encoded(v, columns) }
	if a.look.template != nil {
		return &templateEncoder{buffer, a.look.template, all}, nil
	}
	switch a.format {
	case formatJSON:
		if l.live {
			return nil, usageErrorf("--output json is one document, but a watch has no end; use jsonl")
		}
		return &jsonEncoder{buffered: buffer, value: encoded}, nil
	case formatJSONL:
		return jsonlEncoder{buffer, encoded}, nil
	case formatYAML:
		return &yamlEncoder{buffered: buffer, value: encoded}, nil
	case formatCSV:
		enc := &csvEncoder{buffered: buffer, columns: columns}
		if a.look.noHeaders {
			return enc, nil
		}
		return enc, enc.header()
	default:
		buffer.to = styled{a.out}
		if a.look.columns == nil {
			columns = slices.Clone(columns[:0:0])
			for _, name := range l.table {
				columns = append(columns, all[slices.IndexFunc(all, func(c column) bool { return c.name == name })])
			}
		}
		return newTableEncoder(buffer, columns, l.live, a.look), nil
	}
}

// buffered is a buffer in front of the output. It is flushed between rows only, so that the progress line never
// interrupts a row.
type buffered struct {
	bytes.Buffer
	to io.Writer
}

const bufferSize = 64 << 10 // bytes

func (w *buffered) spill() error {
	if w.Len() < bufferSize {
		return nil
	}
	return w.flush()
}

func (w *buffered) flush() error {
	_, err := w.WriteTo(w.to)
	return err
}

// marshal writes v to w as JSON and a newline. It does not escape HTML characters, but those that a terminal obeys, because the reader of
// a pipe may print them.
func marshal(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escape(b.Bytes()))
	return err
}

// jsonlEncoder writes each row as a line of JSON.
type jsonlEncoder struct {
	*buffered
	value func(reflect.Value) any
}

func (e jsonlEncoder) row(v reflect.Value) error { return marshal(e, e.value(v)) }
func (e jsonlEncoder) end() error                { return nil }

// jsonEncoder writes the rows as a JSON array. It holds the last row back, because a comma follows only if there is
// another row.
type jsonEncoder struct {
	*buffered
	value func(reflect.Value) any
	begun bool
	held  bytes.Buffer
}

func (e *jsonEncoder) row(v reflect.Value) error {
	if e.begun {
		e.release(",\n")
	} else {
		e.WriteString("[\n")
	}
	e.begun = true
	var compact bytes.Buffer
	if err := marshal(&compact, e.value(v)); err != nil {
		return err
	}
	e.held.WriteString("  ")
	return json.Indent(&e.held, bytes.TrimSpace(compact.Bytes()), "  ", "  ")
}

// release writes the held row, followed by end.
func (e *jsonEncoder) release(end string) {
	_, _ = e.held.WriteTo(e) // a buffer, which never fails
	e.WriteString(end)
}

func (e *jsonEncoder) end() error {
	if e.begun {
		e.release("\n]\n")
	} else {
		e.WriteString("[]\n")
	}
	return nil
}

// flush also writes the held row, so it is called at the end only, complete or not.
func (e *jsonEncoder) flush() error {
	if e.held.Len() > 0 {
		e.release("\n")
	}
	return e.buffered.flush()
}

// csvEncoder writes each row as a record of CSV with all columns.
type csvEncoder struct {
	*buffered
	columns []column
	cells   []string
}

func (e *csvEncoder) header() error {
	for _, c := range e.columns {
		e.cells = append(e.cells, c.name)
	}
	return e.line()
}

func (e *csvEncoder) row(v reflect.Value) error {
	for _, c := range e.columns {
		e.cells = append(e.cells, c.csv(v))
	}
	return e.line()
}

func (e *csvEncoder) line() error {
	w := csv.NewWriter(e)
	err := w.Write(e.cells)
	w.Flush()
	e.cells = e.cells[:0]
	return errors.Join(err, w.Error())
}

func (e *csvEncoder) end() error { return nil }

// one prints a single value: as one JSON or YAML object, as a table of its fields, or as a listing of one row.
func one[T any](a *app, v T) error {
	row := reflect.ValueOf(&v).Elem()
	columns, err := a.look.pick(columnsOf(row.Type()))
	if err != nil {
		return err
	}
	switch {
	case a.look.template != nil:
	case a.format == formatJSON:
		return document(a, a.look.encoded(row, columns), true)
	case a.format == formatYAML:
		text, err := yamlOf(a.look.encoded(row, columns))
		if err == nil {
			_, err = a.out.Write(text)
		}
		return err
	case a.format == formatTable:
		type field struct {
			Field string `json:"field"`
			Value string `json:"value"`
		}
		var fields []field
		for _, c := range columns {
			if text := c.text(row); text != "" || a.look.columns != nil {
				fields = append(fields, field{c.name, text})
			}
		}
		fieldsOnly := *a
		fieldsOnly.look.columns = nil
		return list(&fieldsOnly, listing{table: []string{"field", "value"}}, values(fields))
	}
	return list(a, listing{}, values([]T{v}))
}

// document prints v as one JSON document, indented or on one line.
func document(a *app, v any, indent bool) error {
	var b, indented bytes.Buffer
	if err := marshal(&b, v); err != nil {
		return err
	}
	if indent {
		if err := json.Indent(&indented, b.Bytes(), "", "  "); err != nil {
			return err
		}
		b = indented
	}
	_, err := b.WriteTo(a.out)
	return err
}
