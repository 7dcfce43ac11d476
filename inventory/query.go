// Queries of users.

package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/shopspring/decimal"
	"modernc.org/sqlite"
)

// QueryError is the error of a query that the database rejects, or that would do more than read.
type QueryError struct {
	Message string // of the database
	Write   bool   // whether the query would do more than read
}

func (e *QueryError) Error() string {
	if e.Write {
		return "only queries that read are allowed: " + e.Message
	}
	return e.Message
}

// Query runs a query that a user wrote. It calls f with the names of the columns and the sequence of rows, and returns what f returns. A row
// is valid until the next one. Its values are nil for NULL, int64, float64, decimal.Decimal, bool, string, []byte or time.Time. The sequence
// ends after its first error.
//
// The query sees one state of the database. It can only read: it can neither write, nor open another file, nor change a setting of the
// connection. On PostgreSQL, functions may do whatever the database user may do: those of a superuser may read files. The time and memory
// of a query are not limited, except by ctx. Errors in the query are a *[QueryError].
func (inv *Inventory) Query(ctx context.Context, query string, f func(columns []string, rows iter.Seq2[[]any, error]) error) error {
	if strings.TrimSpace(query) == "" {
		return &QueryError{Message: "the query is empty"}
	}
	conn, err := inv.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: inv.snapshot})
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	var args []any
	if inv.numbered {
		if err := describe(ctx, conn, query); err != nil {
			return queryFailure(ctx, err)
		}
		args = []any{pgx.QueryExecModeDescribeExec} // allows only one statement, whatever the DSN says
	} else {
		if hasMore(query) {
			return &QueryError{Message: "there is more than one statement"}
		}
		if err := authorize(conn, onlyReads); err != nil {
			return fmt.Errorf("inventory: %w", err)
		}
		defer authorize(conn, nil) //nolint:errcheck // the connection serves others too
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return queryFailure(ctx, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return queryFailure(ctx, err)
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name()
	}
	if len(names) == 0 { // such as ROLLBACK
		return errNoColumns
	}
	return f(names, func(yield func([]any, error) bool) {
		if err := eachRow(rows, types, func(values []any) bool { return yield(values, nil) }); err != nil {
			yield(nil, queryFailure(ctx, err))
		}
	})
}

// eachRow calls yield for each row until it returns false.
func eachRow(rows *sql.Rows, types []*sql.ColumnType, yield func([]any) bool) error {
	values, into := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, t := range types {
			if text, ok := values[i].(string); ok && t.DatabaseTypeName() == "NUMERIC" { // of PostgreSQL
				if number, err := decimal.NewFromString(text); err == nil { // NaN and Infinity are not
					values[i] = number
				}
			}
		}
		if !yield(values) {
			return nil
		}
	}
	return rows.Err()
}

// queryFailure returns the error of a query as Query returns it.
func queryFailure(ctx context.Context, err error) error {
	if fault := faultOf(err); fault != nil && ctx.Err() == nil {
		return fault
	}
	return fmt.Errorf("inventory: %w", err)
}

var (
	errNoColumns  = &QueryError{Message: "the query returns no columns"}
	errParameters = &QueryError{Message: "the query has parameters"}
)

// describe returns an error if a query for PostgreSQL returns no columns or has parameters. Statements without columns, such as DO and
// COPY TO PROGRAM, must not run: a read-only transaction does not stop all that they can do.
func describe(ctx context.Context, conn *sql.Conn, query string) error {
	return conn.Raw(func(c any) error {
		d, err := c.(*stdlib.Conn).Conn().Prepare(ctx, "", query)
		switch {
		case err != nil:
			return err
		case len(d.Fields) == 0:
			return errNoColumns
		case len(d.ParamOIDs) > 0:
			return errParameters
		}
		return nil
	})
}

const comment = `--[^\n]*|/\*(?:[^*]|\*+[^*/])*(?:\*+/|\**$)`

// The first statement of an SQLite query, with its strings, quoted names and comments, and what may follow it.
var (
	firstStatement = regexp.MustCompile(`^(?:[;\s]|` + comment + `)*(?:'[^']*'|"[^"]*"|\x60[^\x60]*\x60|\[[^]]*]|` + comment + `|[^;'"\x60[])*`)
	afterStatement = regexp.MustCompile(`^(?:[;\s]|` + comment + `)*$`)
)

// hasMore reports whether an SQLite query has more than one statement. The driver would run them all, and return the rows of the last
// one.
func hasMore(query string) bool {
	rest := query[len(firstStatement.FindString(query)):]
	return strings.HasPrefix(rest, ";") && !afterStatement.MatchString(rest)
}

// authorize sets the authorizer of an SQLite connection, or removes it if allowed is nil.
func authorize(conn *sql.Conn, allowed sqlite.AuthorizerFn) error {
	return conn.Raw(func(c any) error {
		registerer, ok := c.(sqlite.AuthorizerRegisterer)
		if !ok {
			return errors.New("the driver has no authorizer")
		}
		return registerer.RegisterAuthorizer(allowed)
	})
}

// onlyReads allows what a SELECT does.
func onlyReads(action sqlite.AuthorizerActionCode, operation, _, _, _ string) sqlite.AuthorizerReturnCode {
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthFunction, sqlite.AuthRecursive:
		return sqlite.AuthorizerOK
	case sqlite.AuthTransaction:
		if operation == "ROLLBACK" { // as at the end of the context
			return sqlite.AuthorizerOK
		}
	}
	return sqlite.AuthorizerDeny
}

// faultOf returns err as a QueryError if it is an error in the query, otherwise nil.
func faultOf(err error) *QueryError {
	const (
		sqliteError    = 1  // no such table, and all that is wrong with the text
		sqliteReadOnly = 8  // it writes
		sqliteMismatch = 20 // of types
		sqliteAuth     = 23 // onlyReads denies it
		sqliteRange    = 25 // it has parameters
	)
	if fault, ok := errors.AsType[*QueryError](err); ok {
		return fault
	}
	var ofSQLite *sqlite.Error
	if errors.As(err, &ofSQLite) {
		switch ofSQLite.Code() & 0xff {
		case sqliteAuth, sqliteReadOnly:
			return &QueryError{ofSQLite.Error(), true}
		case sqliteError, sqliteMismatch, sqliteRange:
			return &QueryError{Message: ofSQLite.Error()}
		}
		return nil
	}
	if strings.HasPrefix(err.Error(), "missing ") { // of the driver of SQLite: "missing argument with index 1"
		return errParameters
	}
	var ofPostgres *pgconn.PgError
	if !errors.As(err, &ofPostgres) {
		return nil
	}
	switch {
	case ofPostgres.Code == "25006": // read_only_sql_transaction
		return &QueryError{ofPostgres.Message, true}
	case ofPostgres.Code == "25001": // active_sql_transaction: VACUUM and the like need that there is none
		return &QueryError{Message: ofPostgres.Message}
	case ofPostgres.Code == "42501": // insufficient_privilege: of the user, not of the query
		return nil
	}
	switch ofPostgres.Code[:2] { // the class; see https://www.postgresql.org/docs/current/errcodes-appendix.html
	case "0A", "21", "22", "26", "2F", "34", "42", "54", "P0":
		// not supported, cardinality, data, statement name, routine, cursor name, syntax or access rule, limit, PL/pgSQL
		return &QueryError{Message: ofPostgres.Message}
	}
	return nil
}
