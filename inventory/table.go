// Reading and writing many rows of a table.

package inventory

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// table describes a table whose rows are of type R.
type table[R any] struct {
	name    string
	key     string // the primary key; if empty, write does not replace rows
	columns []string
	values  func([]any, *R) []any // appends the values to write
	fields  func(*R) []any        // returns the destinations to scan into
}

// chunks are the numbers of rows that one statement writes. One statement for each row would take twice as long.
var chunks = []int{100, 10, 1}

// upsert returns the statement that inserts or replaces n rows.
func (t *table[R]) upsert(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES ")
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ") + ")"
	b.WriteString(strings.TrimSuffix(strings.Repeat(row+", ", n), ", "))
	if t.key == "" {
		return b.String() + " ON CONFLICT DO NOTHING"
	}
	b.WriteString(" ON CONFLICT (" + t.key + ") DO UPDATE SET ")
	set := make([]string, 0, len(t.columns))
	for _, column := range t.columns {
		if column != t.key {
			set = append(set, column+" = excluded."+column)
		}
	}
	return b.String() + strings.Join(set, ", ")
}

// write inserts or replaces rows. No two of them may have the same key.
func (t *table[R]) write(ctx context.Context, tx *transaction, rows []R) error {
	for _, n := range chunks {
		for len(rows) >= n {
			args := make([]any, 0, n*len(t.columns))
			for i := range rows[:n] {
				args = t.values(args, &rows[i])
			}
			stmt, err := tx.prepared(ctx, t.name+strconv.Itoa(n), func() string { return t.upsert(n) })
			if err != nil {
				return err
			}
			if _, err := stmt.ExecContext(ctx, args...); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	return nil
}

// read returns the rows with the given keys, by their keys.
func (t *table[R]) read(ctx context.Context, tx *transaction, ids []int64, id func(*R) int64) (map[int64]*R, error) {
	found := make(map[int64]*R)
	for len(ids) > 0 {
		n := min(len(ids), 1000)
		err := tx.each(ctx, "SELECT "+strings.Join(t.columns, ", ")+" FROM "+t.name+" WHERE "+t.key+" IN ("+marks(n)+")", anys(ids[:n]), func(rows *sql.Rows) error {
			row := new(R)
			err := rows.Scan(t.fields(row)...)
			found[id(row)] = row
			return err
		})
		if err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return found, nil
}

// marks returns n parameters.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func anys(ids []int64) []any {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return list
}
