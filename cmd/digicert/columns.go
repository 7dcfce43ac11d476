package main

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/csvsafe"
)

// column is a field of a row, also one of a struct inside it.
type column struct {
	name  string // the service's, such as "certificate.common_name"
	path  []step
	right bool // whether it is aligned to the right, as numbers are
}

// step leads from a struct to one of its fields.
type step struct {
	index    int
	omitzero bool
}

// columnsOf returns the fields of a struct in their order, by the names that their JSON has.
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
			columns = append(columns, column{prefix + name, path, isNumber(typ)})
		case f.Anonymous && name == "": // whose fields JSON takes for the outer one's
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
)

// isText reports whether a type writes itself as one text.
func isText(t reflect.Type) bool { return t.Implements(textMarshaler) }

func isNumber(t reflect.Type) bool {
	return t == decimalType || t == amountType || t.Kind() == reflect.Int || t.Kind() == reflect.Int64
}

// value returns the field, or false where the JSON of the row has none.
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

// text returns the field as a text, "" where the row has none.
func (c *column) text(row reflect.Value) string {
	v, ok := c.value(row)
	if !ok {
		return ""
	}
	return textOf(v)
}

// csv is text for a cell of a CSV file. Only texts can be taken for a formula: a negative number is a number.
func (c *column) csv(row reflect.Value) string {
	s := c.text(row)
	if c.right {
		return s
	}
	return csvsafe.Text(s)
}

func textOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.Format(time.RFC3339)
	case digicert.Amount:
		return textOf(reflect.ValueOf(x.Decimal))
	case decimal.Decimal:
		return x.StringFixed(max(0, -x.Exponent())) // with all its digits
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil { // a day that is none, which only a program makes
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
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return err.Error()
	}
	return string(b)
}
