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
	file     *os.File
	failed   error     // the first error of Write
	progress *progress // what has to leave the line before anything is written; nil where there is none
}

func (o *output) Write(p []byte) (int, error) {
	defer o.progress.stepAside()()
	n, err := o.file.Write(p)
	switch {
	case errors.Is(err, syscall.EPIPE):
		err = errClosedPipe
	case err != nil:
		err = fmt.Errorf("writing the output: %w", err)
	}
	if o.failed == nil {
		o.failed = err
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
	end() error   // what follows the last row
	spill() error // writes out what was gathered, if that is much
	flush() error // writes out all
}

// listing is how rows are to be printed.
type listing struct {
	table []string  // the columns of a table, by the service's names; other formats have all
	live  bool      // whether rows come one by one, each wanted at once, and without an end
	count func(int) // is told after each row how many there were; may be nil
}

// list prints the rows of a sequence. Where the sequence fails, what came before is printed, and a JSON document is
// left without its end, so that nobody takes it for complete.
func list[T any](a *app, l listing, rows iter.Seq2[T, error]) error {
	enc, err := a.encoder(reflect.TypeFor[T](), l)
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

func (a *app) encoder(row reflect.Type, l listing) (encoder, error) {
	// Rows are gathered, because a write for each would take longer than to make them.
	buffer := &buffered{to: a.out}
	switch a.format {
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

// buffered gathers what is written. It is written out between rows only, because the progress may come
// in between, and takes a line for itself.
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

// jsonEncoder writes a list of all rows. It holds the last one back, because what follows it in its line depends on
// whether there is another.
type jsonEncoder struct {
	*buffered
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
	if err := marshal(&compact, v.Addr().Interface()); err != nil {
		return err
	}
	e.held.WriteString("  ")
	return json.Indent(&e.held, bytes.TrimSpace(compact.Bytes()), "  ", "  ")
}

// release writes the row that was held back, and what follows it.
func (e *jsonEncoder) release(end string) {
	_, _ = e.held.WriteTo(e) // which only gathers
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

// flush is for the end, whole or not.
func (e *jsonEncoder) flush() error {
	if e.held.Len() > 0 {
		e.release("\n")
	}
	return e.buffered.flush()
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
func one[T any](a *app, v T) error {
	switch a.format {
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
		return list(a, listing{table: []string{"field", "value"}}, values(fields))
	}
	return list(a, listing{}, values([]T{v}))
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
