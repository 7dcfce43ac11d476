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
	"sync"
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
)

func outputFlag() cli.Flag {
	return &cli.StringFlag{
		Name:        "output",
		Aliases:     []string{"o"},
		DefaultText: "table on a terminal, else jsonl",
		Usage:       "the `format`: table, json (one document), jsonl (a line for each row) or csv",
	}
}

// formatOf returns the format that the flags or else the output ask for.
func (a *app) formatOf(c *cli.Command) (string, error) {
	switch format := c.String("output"); format {
	case "":
		if a.out.terminal() {
			return formatTable, nil
		}
		return formatJSONL, nil
	case formatTable, formatJSON, formatJSONL, formatCSV:
		return format, nil
	default:
		return "", usageErrorf("--output %q is none of table, json, jsonl and csv", format)
	}
}

// output is standard output. It may share its terminal with the progress on standard error.
type output struct {
	file *os.File
	mu   sync.Mutex
	wipe func() // removes what stands in the current line of the terminal; nil where nothing ever does
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wipe != nil {
		o.wipe()
	}
	n, err := o.file.Write(p)
	switch {
	case errors.Is(err, syscall.EPIPE):
		err = errClosedPipe
	case err != nil:
		err = fmt.Errorf("writing the output: %w", err)
	}
	return n, err
}

func (o *output) terminal() bool { return isTerminal(o.file) }

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// coloured reports whether texts on f may be emphasized.
func coloured(f *os.File) bool {
	return isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// encoder writes rows in one format.
type encoder interface {
	row(v reflect.Value) error
	flush() error // makes what was written visible
	end() error   // what follows the last row
}

// listing is how rows are to be printed.
type listing struct {
	table []string  // the columns of a table, by the service's names; other formats have all
	live  bool      // whether rows come one by one, each wanted at once, and without an end
	count func(int) // is told after each row how many there were; may be nil
}

// list prints the rows of a sequence. Where the sequence fails, what came before is printed, and a JSON document is
// left without its end, so that nobody takes it for complete.
func list[T any](a *app, c *cli.Command, l listing, rows iter.Seq2[T, error]) error {
	enc, err := a.encoder(c, reflect.TypeFor[T](), l)
	if err != nil {
		return err
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
		if err := enc.row(reflect.ValueOf(&row).Elem()); err != nil {
			return err
		}
		n++
		if l.live {
			if err := enc.flush(); err != nil {
				return err
			}
		}
		if l.count != nil {
			l.count(n)
		}
	}
	return errors.Join(enc.end(), enc.flush())
}

// values makes a sequence of a list.
func values[T any](rows []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (a *app) encoder(c *cli.Command, row reflect.Type, l listing) (encoder, error) {
	format, err := a.formatOf(c)
	if err != nil {
		return nil, err
	}
	// Rows are gathered, because a write for each would take longer than to make them.
	buffer := &buffered{to: a.out}
	switch format {
	case formatJSON:
		if l.live {
			return nil, usageErrorf("--output json is one document, and a watch has no end; take jsonl")
		}
		return &jsonEncoder{buffered: buffer}, nil
	case formatJSONL:
		return jsonlEncoder{buffer}, nil
	case formatCSV:
		enc := &csvEncoder{buffered: buffer, columns: columnsOf(row)}
		return enc, enc.header()
	default:
		return newTableEncoder(buffer, columnsOf(row), l, coloured(a.out.file)), nil
	}
}

// buffered gathers what is written.
type buffered struct {
	to io.Writer
	b  bytes.Buffer
}

const bufferSize = 64 << 10 // bytes

func (w *buffered) Write(p []byte) (int, error) {
	n, err := w.b.Write(p)
	if w.b.Len() >= bufferSize {
		err = w.flush()
	}
	return n, err
}

func (w *buffered) flush() error {
	if w.b.Len() == 0 {
		return nil
	}
	_, err := w.b.WriteTo(w.to)
	return err
}

// marshal is json.Marshal without the escapes that only HTML needs, and with a newline at the end.
func marshal(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// jsonlEncoder writes a line of JSON for each row.
type jsonlEncoder struct{ *buffered }

func (e jsonlEncoder) row(v reflect.Value) error { return marshal(e, v.Addr().Interface()) }
func (e jsonlEncoder) end() error                { return nil }

// jsonEncoder writes a list of all rows.
type jsonEncoder struct {
	*buffered
	begun bool
	line  bytes.Buffer
}

func (e *jsonEncoder) row(v reflect.Value) error {
	e.line.Reset()
	if err := marshal(&e.line, v.Addr().Interface()); err != nil {
		return err
	}
	separator := ",\n  "
	if !e.begun {
		separator = "[\n  "
	}
	e.begun = true
	if _, err := io.WriteString(e, separator); err != nil {
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(e.line.Bytes()), "  ", "  "); err != nil {
		return err
	}
	_, err := e.Write(indented.Bytes())
	return err
}

func (e *jsonEncoder) end() error {
	text := "\n]\n"
	if !e.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(e, text)
	return err
}

// csvEncoder writes a line of CSV for each row, all columns of it.
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

// one prints a single value: as the row of a listing, but as a table of its fields, and as one JSON object.
func one[T any](a *app, c *cli.Command, v T) error {
	format, err := a.formatOf(c)
	if err != nil {
		return err
	}
	switch format {
	case formatJSON:
		return document(a, &v, true)
	case formatTable:
		type field struct {
			Field string `json:"field"`
			Value string `json:"value"`
		}
		var fields []field
		for _, c := range columnsOf(reflect.TypeFor[T]()) {
			if text := c.text(reflect.ValueOf(&v).Elem()); text != "" {
				fields = append(fields, field{c.name, text})
			}
		}
		return list(a, c, listing{table: []string{"field", "value"}}, values(fields))
	}
	return list(a, c, listing{}, values([]T{v}))
}

// document prints one JSON document, indented or in one line.
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
