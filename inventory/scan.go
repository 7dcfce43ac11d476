// Reading rows of the database.

package inventory

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/go-digicert/digicert"
)

// rowsOf yields the rows of a query, then at most one error.
func rowsOf[T any](ctx context.Context, inv *Inventory, query string, args []any, scan func(*sql.Rows) (T, error)) iter.Seq2[T, error] {
	return rowsIn(ctx, inv.dialect, inv.read, query, args, scan)
}

// rowsIn is rowsOf for any querier, such as a transaction.
func rowsIn[T any](ctx context.Context, d *dialect, q querier, query string, args []any, scan func(*sql.Rows) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		fail := func(err error) { yield(*new(T), fmt.Errorf("inventory: %w", err)) }
		rows, err := q.QueryContext(ctx, d.query(query), args...)
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scan(rows)
			if err != nil {
				fail(err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

// nullable scans a column into a field that is zero for NULL.
type nullable[T any] struct{ to *T }

func orZero[T any](to *T) nullable[T] { return nullable[T]{to} }

func (n nullable[T]) Scan(value any) error {
	var v sql.Null[T]
	if err := v.Scan(value); err != nil {
		return err
	}
	*n.to = v.V
	return nil
}

// dayColumn and momentColumn scan the texts of days and moments.
type (
	dayColumn    struct{ to *digicert.Date }
	momentColumn struct{ to *time.Time }
)

func day(to *digicert.Date) dayColumn       { return dayColumn{to} }
func moment(to *time.Time) momentColumn     { return momentColumn{to} }
func (d dayColumn) Scan(value any) error    { return scanText(value, d.to.UnmarshalText) }
func (m momentColumn) Scan(value any) error { return scanText(value, m.to.UnmarshalText) }

func scanText(value any, parse func([]byte) error) error {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		return parse([]byte(value))
	case []byte:
		return parse(value)
	}
	return fmt.Errorf("a %T where a text is expected", value)
}
