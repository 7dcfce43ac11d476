// What differs between SQLite and PostgreSQL.

package inventory

import (
	"database/sql"
	"strconv"
	"strings"
)

// dialect is a kind of database.
type dialect struct {
	name     string
	types    *strings.Replacer // of the schema, and of queries with braces
	numbered bool              // whether parameters are $1, $2, … and not ?
	maxArgs  int               // parameters of a statement

	hasVersion string             // a query: whether there is a table inventory_version
	other      string             // a query: the name of a table of a database that is not one of an inventory; empty: its tables may be among others
	alone      string             // a statement: keeps others from changing the tables until the transaction ends; empty: it does so by itself
	snapshot   sql.IsolationLevel // of a transaction that sees one state throughout
	begin      string             // a statement: begins a transaction that writes
	clear      string             // a statement, but for a table: removes all rows
}

var (
	sqliteDialect = &dialect{
		name: "SQLite",
		types: strings.NewReplacer(
			"{key}", "INTEGER PRIMARY KEY",
			"{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT", // never an id for a second time
			"{decimal}", "TEXT", // a NUMERIC would become a binary fraction
			"{bytes}", "BLOB",
			"{text}", "TEXT",
			"{clustered}", " WITHOUT ROWID",
			"{position}", "instr",
		),
		maxArgs:    32766,
		begin:      "BEGIN IMMEDIATE",
		clear:      "DELETE FROM ", // as fast as TRUNCATE
		hasVersion: "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'inventory_version')",
		other: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
			AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'inventory_version') LIMIT 1`,
	}
	postgresDialect = &dialect{
		name: "PostgreSQL",
		types: strings.NewReplacer(
			"{key}", "BIGINT PRIMARY KEY",
			"{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
			"{decimal}", "NUMERIC",
			"{bytes}", "BYTEA",
			"{text}", `TEXT COLLATE "C"`, // compares bytes, as SQLite does
			"{clustered}", "",
			"{position}", "strpos",
		),
		numbered:   true,
		maxArgs:    65535,
		begin:      "BEGIN",
		clear:      "TRUNCATE ",
		hasVersion: "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'inventory_version')",
		alone:      "SELECT pg_advisory_xact_lock(hashtext('digicert inventory schema'))",
		snapshot:   sql.LevelRepeatableRead,
	}
)

// query writes the parameters of a query as the database needs them. In the query each is a ?, which it has nowhere else.
func (d *dialect) query(text string) string {
	if !d.numbered {
		return text
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		text = after
	}
}
