// The inventory sql command: the rows of a query.

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert/inventory"
)

func (a *app) inventorySQL() *cli.Command {
	return &cli.Command{
		Name:      "sql",
		Usage:     "print the rows of a query",
		ArgsUsage: "QUERY",
		Description: `The query can only read. The tables and ten queries are in docs/inventory.md; the view inventory has each certificate with its order.
Name computed columns with AS, to use them in --columns and --template.

Examples:
   digicert inventory sql "SELECT status, count(*) AS orders FROM orders GROUP BY status ORDER BY 2 DESC"
   digicert inventory sql -o csv "SELECT valid_till, common_name, order_id FROM inventory WHERE in_use ORDER BY 1"`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			query, err := oneArg(c)
			if err != nil {
				return err
			}
			return a.withInventory(ctx, c, false, func(inv *inventory.Inventory) error { return a.printQuery(ctx, inv, query) })
		}),
	}
}

// printQuery prints the rows of a query.
func (a *app) printQuery(ctx context.Context, inv *inventory.Inventory, query string) error {
	err := inv.Query(ctx, query, func(columns []string, rows iter.Seq2[[]any, error]) error {
		next, stop := iter.Pull2(rows)
		defer stop()
		first, err, ok := next() // its values tell which columns are numbers
		row := rowType(columns, first)
		var table []string
		for _, c := range columnsOf(row) {
			table = append(table, c.name)
		}
		return listValues(a, listing{table: table}, row, func(yield func(reflect.Value, error) bool) {
			for values := first; ok; values, err, ok = next() {
				v := reflect.New(row).Elem()
				for i, value := range values {
					v.Field(i).Set(reflect.ValueOf(sqlValue{value}))
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
		})
	})
	var fault *inventory.QueryError
	if errors.As(err, &fault) {
		return usageError{err}
	}
	return err
}

// sqlNumber is the type of a column of numbers. The fields of other columns have the type any.
type sqlNumber any

// rowType returns a struct type whose fields have the names of columns. They hold values of type sqlValue.
func rowType(columns []string, first []any) reflect.Type {
	fields := make([]reflect.StructField, len(columns))
	used := make(map[string]bool)
	for i, column := range columns {
		name := memberName(column)
		for n := 2; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", memberName(column), n)
		}
		used[name] = true
		fields[i] = reflect.StructField{Name: fmt.Sprint("C", i), Type: reflect.TypeFor[any](), Tag: reflect.StructTag("json:" + strconv.Quote(name))}
		if first != nil && (sqlValue{first[i]}).isNumber() {
			fields[i].Type = reflect.TypeFor[sqlNumber]()
		}
	}
	return reflect.StructOf(fields)
}

// memberName returns the name of a column in a form that is valid in JSON, --columns and a struct tag.
func memberName(column string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("!#$%&()*+-/:;<=>?@[]^_{|}~ ", r) {
			return r
		}
		return '_' // also for a dot, which --columns reads as a path
	}, column)
	if name = strings.TrimSpace(name); name == "" || name == "-" {
		return "column"
	}
	return name
}

// sqlValue is a value of a query.
type sqlValue struct{ v any }

// isNumber reports whether it is a number that JSON can represent.
func (s sqlValue) isNumber() bool {
	switch v := s.v.(type) {
	case int64, decimal.Decimal:
		return true
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return false
}

// plain is the value for a template.
func (s sqlValue) plain() any {
	switch v := s.v.(type) {
	case nil:
		return ""
	case bool, int64, float64, string:
		return v
	}
	text, _ := s.MarshalText() // which never fails
	return string(text)
}

// MarshalText returns the text of the value; that of NULL is empty.
func (s sqlValue) MarshalText() ([]byte, error) {
	switch v := s.v.(type) {
	case nil:
		return nil, nil
	case []byte:
		return base64.StdEncoding.AppendEncode(nil, v), nil
	case time.Time:
		return []byte(v.Format(time.RFC3339Nano)), nil
	case decimal.Decimal:
		return []byte(textOf(reflect.ValueOf(v))), nil
	case float64:
		if s.isNumber() {
			return json.Marshal(v)
		}
	}
	return fmt.Append(nil, s.v), nil
}

// MarshalJSON returns numbers and booleans as such, NULL as null, and everything else as text.
func (s sqlValue) MarshalJSON() ([]byte, error) {
	text, err := s.MarshalText()
	switch s.v.(type) {
	case nil:
		return []byte("null"), nil
	case bool:
		return text, err
	}
	if s.isNumber() || err != nil {
		return text, err
	}
	var b bytes.Buffer
	err = marshal(&b, string(text))
	return b.Bytes(), err
}
