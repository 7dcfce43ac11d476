// Columns: the fields of a row as names and texts, for tables and CSV.

package main

import (
	"bytes"
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/csvsafe"
)

// column is a field of a row, or a field of a struct nested in it.
type column struct {
	name  string   // the JSON name, such as "certificate.common_name"
	names []string // the parts of the name
	path  []step
	right bool // align right, as for numbers
	short bool // a number, a day or a moment, which is of no use if it is cut
}

// cuttable reports whether a table may cut the texts of the column.
func (c *column) cuttable() bool { return !c.right && !c.short && !strings.HasSuffix(c.name, "status") }

// step selects a field of a struct.
type step struct {
	index    int
	omitzero bool
}

// columnsOf returns the columns of a struct type in the order of its fields. Columns have the names of the JSON members.
func columnsOf(row reflect.Type) []column { return fieldsOf(row, "", nil) }

func fieldsOf(t reflect.Type, prefix string, path []step) []column {
	var columns []column
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		path := append(path[:len(path):len(path)], step{i, strings.Contains(options, "omitzero")})
		typ := f.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch {
		case typ.Kind() != reflect.Struct || isText(typ):
			columns = append(columns, column{
				name: prefix + name, names: strings.Split(prefix+name, "."), path: path, right: isNumber(typ), short: isNumber(typ) || isText(typ),
			})
		case f.Anonymous && name == "": // embedded: encoding/json treats its fields as those of the outer struct
			columns = append(columns, fieldsOf(typ, prefix, path)...)
		default:
			columns = append(columns, fieldsOf(typ, prefix+name+".", path)...)
		}
	}
	return columns
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	decimalType   = reflect.TypeFor[decimal.Decimal]()
	amountType    = reflect.TypeFor[digicert.Amount]()
	sqlNumberType = reflect.TypeFor[sqlNumber]()
)

// isText reports whether t marshals itself as a single text.
func isText(t reflect.Type) bool { return t.Implements(textMarshaler) }

func isNumber(t reflect.Type) bool {
	return t == decimalType || t == amountType || t == sqlNumberType || t.Kind() == reflect.Int || t.Kind() == reflect.Int64
}

// value returns the field of row, or false if the JSON of the row omits it.
func (c *column) value(row reflect.Value) (reflect.Value, bool) {
	v := row
	for _, step := range c.path {
		v = v.Field(step.index)
		if step.omitzero && isZero(v) {
			return v, false
		}
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
	}
	return v, true
}

func isZero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok && v.Kind() != reflect.Pointer {
		return z.IsZero()
	}
	return v.IsZero()
}

// text returns the field of row as text, or "" if the row has no such field.
func (c *column) text(row reflect.Value) string {
	v, ok := c.value(row)
	if !ok {
		return ""
	}
	return textOf(v)
}

// csv returns the field of row as the text of a CSV cell. Numbers are not escaped: a spreadsheet
// reads -1 as a number, not as a formula.
func (c *column) csv(row reflect.Value) string {
	v, ok := c.value(row)
	if !ok {
		return ""
	}
	number := c.right
	if of, ok := v.Interface().(sqlValue); ok {
		number = of.isNumber()
	}
	if s := textOf(v); number {
		return s
	} else {
		return csvsafe.Text(s)
	}
}

// textOf formats the value of a field.
func textOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.Format(time.RFC3339)
	case digicert.Amount:
		return textOf(reflect.ValueOf(x.Decimal))
	case decimal.Decimal:
		return x.StringFixed(max(0, -x.Exponent())) // all digits, including trailing zeros
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil { // an invalid date, which is never decoded from a response
			return err.Error()
		}
		return string(b)
	case []string:
		return strings.Join(x, " ")
	}
	switch kind := v.Kind(); {
	case kind == reflect.String:
		return v.String()
	case kind == reflect.Int, kind == reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case kind == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case kind == reflect.Slice && v.Len() == 0:
		return ""
	}
	var b bytes.Buffer
	if err := marshal(&b, v.Interface()); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
