// The differences between SQLite and PostgreSQL.

package inventory

import (
	"database/sql"
	"strconv"
	"strings"
)

// dialect is a kind of database.
type dialect struct {
	types    *strings.Replacer // replaces what the schema and queries have in braces
	numbered bool              // whether parameters are $1, $2, … instead of ?

	hasVersion string             // query: whether the table inventory_version exists
	other      string             // query: a table of another program, if there is no inventory; empty if the inventory may share the database
	indexes    string             // query: the names of all indexes
	alone      string             // statement that lets nobody else change the tables until the transaction ends; empty if every transaction does
	snapshot   sql.IsolationLevel // of a transaction that sees one state of the database
	begin      string             // statement that begins a transaction that writes
	clear      string             // statement that removes all rows of the table whose name follows
}

var (
	sqliteDialect = &dialect{
		types: strings.NewReplacer(
			"{key}", "INTEGER PRIMARY KEY",
			"{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT", // never uses an id twice
			"{decimal}", "TEXT", // NUMERIC would become a binary fraction
			"{bytes}", "BLOB",
			"{text}", "TEXT",
			"{clustered}", " WITHOUT ROWID",
			"{position}", "instr",
		),
		begin:      "BEGIN IMMEDIATE",
		clear:      "DELETE FROM ", // as fast as TRUNCATE
		hasVersion: "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'inventory_version')",
		indexes:    "SELECT name FROM sqlite_schema WHERE type = 'index'",
		other: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
			AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'inventory_version') LIMIT 1`,
	}
	postgresDialect = &dialect{
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
		begin:      "BEGIN",
		clear:      "TRUNCATE ",
		hasVersion: "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'inventory_version')",
		indexes:    "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
		alone:      "SELECT pg_advisory_xact_lock(hashtext('digicert inventory schema'))",
		snapshot:   sql.LevelRepeatableRead,
	}
)

// query returns a query with its parameters in the form of the database. In text each parameter is a ?, which must not occur elsewhere.
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
