// Decoding of a response: syntax, limits, and errors.

package digicert

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"
)

// The service departs from its documentation in known ways, and one unusual value must not fail a whole page of orders.
// Bodies are therefore decoded by the rules of this package, into its own types and into those of the callers of Client.Get.
// Package jsontext checks the syntax. Each Go type has a plan (plan.go), which is built from rules for scalars (scalar.go),
// composite values (composite.go) and maps (maps.go).

// The limits of what one response may allocate. Without them, a body with a few bytes per row would take many times its size
// in memory.
const (
	// maxRows is the maximum number of objects in a list: ten times the documented page.
	maxRows = 10 * maxPageLimit
	// maxChanges is maxRows for status changes, which are not paged. Each takes 32 bytes.
	maxChanges = 1_000_000
	// allocFactor is the number of bytes that may be allocated for each byte of a body. The body itself and the garbage
	// collector take the rest of the documented 20.
	allocFactor = 14
	// minAlloc is the number of bytes that any body may allocate, enough for 10,000 sparse rows.
	minAlloc = 16 << 20
)

// decodeFailure is the reason why a body cannot be decoded. Its texts are not shortened, because they must be redacted first.
type decodeFailure struct {
	pointer string // RFC 6901; "" is the whole document
	value   string // the invalid value; "" if the reason is enough
	reason  string // what follows the value, such as "is not a whole number", or the whole text
	err     error  // io.ErrUnexpectedEOF, ErrResponseTooLarge, or the error of a type's own method; else nil
}

func (f *decodeFailure) Error() string {
	if f.value == "" {
		return f.reason
	}
	return strconv.Quote(f.value) + " " + f.reason
}

// syntaxOptions accept invalid UTF-8, which becomes U+FFFD, and duplicate names, of which the last wins.
var syntaxOptions = []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}

// decode decodes body into result, a non-nil pointer, and returns the JSON pointers of dropped values. It sets *result only on
// success, so that a failed attempt leaves nothing in the result of the next one.
func decode(body []byte, result any) (dropped []string, err error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !jsontext.Value(body).IsValid(syntaxOptions...) {
		return nil, syntaxFailure(body)
	}
	target := reflect.ValueOf(result).Elem()
	fresh := reflect.New(target.Type()).Elem()
	d := newDecoder(body)
	defer d.free()
	d.space()
	if err := planOf(target.Type()).decode(d, fresh); err != nil {
		return nil, err
	}
	target.Set(fresh)
	return d.drops(), nil
}

// syntaxFailure returns the failure of a body that is not JSON.
func syntaxFailure(body []byte) error {
	text := bytes.TrimSpace(body)
	switch {
	case len(text) == 0:
		return &decodeFailure{reason: "the body is empty"}
	case text[0] == '<':
		return &decodeFailure{reason: "the body is HTML or XML, not JSON"}
	}
	dec := jsontext.NewDecoder(bytes.NewReader(body), syntaxOptions...)
	var err error
	for err == nil {
		_, err = dec.ReadToken()
		if err == nil && dec.StackDepth() == 0 {
			if _, err = dec.ReadToken(); err == nil || errors.Is(err, io.EOF) {
				err = errors.New("more than one value")
			}
		}
	}
	f := &decodeFailure{reason: err.Error(), pointer: string(dec.StackPointer())}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		f.pointer, f.reason = string(syntax.JSONPointer), syntax.Err.Error()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		f.reason, f.err = "the body ends too early", io.ErrUnexpectedEOF
	}
	return f
}

// decoder reads a body that is known to be valid JSON.
type decoder struct {
	body   []byte
	at     int // index of the next byte
	budget int // bytes that may still be allocated

	path     []pathElement
	dropped  []string // the first maxDropped pointers
	drop     int      // the number of dropped values
	interned [512]string
	amounts  map[string]decimal.Decimal // by their JSON
}

// pathElement is one step of a JSON pointer: a quoted name as in the body, or an index.
type pathElement struct {
	name  []byte
	index int
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// newDecoder returns a decoder of a valid body.
func newDecoder(body []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.body, d.budget = body, max(allocFactor*len(body), minAlloc)
	return d
}

// free returns d to the pool, without references to its body.
func (d *decoder) free() {
	path := d.path[:0]
	clear(path[:cap(path)])
	*d = decoder{path: path}
	decoders.Put(d)
}

// maxDropped is the maximum number of pointers of dropped values that are kept.
const maxDropped = 10

func (d *decoder) drops() []string {
	if more := d.drop - len(d.dropped); more > 0 {
		return append(d.dropped, fmt.Sprintf("and %d more", more))
	}
	return d.dropped
}

// noteDrop records that the value at the current path was replaced by zero.
func (d *decoder) noteDrop() {
	if d.drop++; len(d.dropped) < maxDropped {
		d.dropped = append(d.dropped, d.pointer())
	}
}

func (d *decoder) pointer() string {
	var b strings.Builder
	for _, e := range d.path {
		b.WriteByte('/')
		if e.name == nil {
			b.WriteString(strconv.Itoa(e.index))
			continue
		}
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(unquote(e.name)))
	}
	return b.String()
}

// fail returns the failure of the value at the current path.
func (d *decoder) fail(value, reason string) error {
	return &decodeFailure{pointer: d.pointer(), value: value, reason: reason}
}

// failShape is fail for a value of the wrong JSON kind.
func (d *decoder) failShape(want string) error {
	return d.fail("", "JSON "+kindName(d.peek())+" is not "+want)
}

// charge subtracts n bytes from the budget, and returns an error if it is exceeded.
func (d *decoder) charge(n int) error {
	if d.budget -= n; d.budget < 0 {
		return d.failBound("it takes too much memory for its size")
	}
	return nil
}

func (d *decoder) failBound(reason string) error {
	text := strings.TrimPrefix(ErrResponseTooLarge.Error(), "digicert: ")
	return &decodeFailure{pointer: d.pointer(), reason: text + ": " + reason, err: ErrResponseTooLarge}
}

// space skips white space.
func (d *decoder) space() {
	for d.at < len(d.body) && d.body[d.at] <= ' ' {
		d.at++
	}
}

// peek returns the first byte of the next value.
func (d *decoder) peek() byte { return d.body[d.at] }

func kindName(first byte) string {
	switch first {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	}
	return "number"
}

// value consumes the next value and returns its text, without spare capacity, so that an append copies it.
func (d *decoder) value() []byte {
	from := d.at
	d.at = valueEnd(d.body, d.at)
	return d.body[from:d.at:d.at]
}

// isEmptyArray reports whether the next value is [], which the service also sends for an empty object.
func (d *decoder) isEmptyArray() bool {
	if d.peek() != '[' {
		return false
	}
	rest := bytes.TrimLeft(d.body[d.at+1:], " \t\r\n")
	return rest[0] == ']'
}

// valueEnd returns the index behind the value that begins at from.
func valueEnd(body []byte, from int) int {
	switch c := body[from]; c {
	case '"':
		return stringEnd(body, from)
	case '{', '[':
		depth := 0
		for i := from; ; i++ {
			switch body[i] {
			case '"':
				i = stringEnd(body, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	i := from
	for i < len(body) && body[i] > ' ' && body[i] != ',' && body[i] != ']' && body[i] != '}' {
		i++
	}
	return i
}

// stringEnd returns the index behind the closing quote of the string that begins at from.
func stringEnd(body []byte, from int) int {
	for i := from + 1; ; {
		n := bytes.IndexByte(body[i:], '"')
		i += n + 1
		escapes := 0
		for body[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}

// unquote returns the text of a JSON string.
func unquote(raw []byte) string {
	text := raw[1 : len(raw)-1]
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			plain, _ := jsontext.AppendUnquote(nil, raw) // the error reports invalid UTF-8, which is replaced
			return string(plain)
		}
	}
	return string(text)
}

// str consumes the next value, a string, and returns its text.
func (d *decoder) str() string { return d.text(d.value()) }

// text is unquote with a cache for short texts, which often recur.
func (d *decoder) text(raw []byte) string {
	if len(raw) < 3 || len(raw) > 34 {
		return unquote(raw)
	}
	text := raw[1 : len(raw)-1]
	slot := &d.interned[(uint(text[0])*31+uint(text[len(text)-1])*131+uint(text[len(text)/2])*17+uint(len(text)))%uint(len(d.interned))]
	if *slot != string(text) {
		plain := unquote(raw)
		if plain != string(text) {
			return plain // it has escapes
		}
		*slot = plain
	}
	return *slot
}

// newDecodeError returns the error of a body that cannot be decoded. Its text is redacted, then shortened.
func (r *request) newDecodeError(err error) *DecodeError {
	e := &DecodeError{Method: r.method, Path: r.redactor.redactKeys(r.path)}
	var f *decodeFailure
	if !errors.As(err, &f) {
		e.Err = r.redactor.redactError(err)
		return e
	}
	e.Pointer = r.redactor.redactKeys(f.pointer)
	text := r.redactor.redactKeys(f.reason)
	if f.value != "" {
		text = fmt.Sprintf("%q %s", oneLine(r.redactor.redactKeys(f.value), 40), text)
	}
	e.Err = &redactedError{text: text, inner: func() error { return cmp.Or(f.err, error(f)) }}
	return e
}
