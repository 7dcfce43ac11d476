// Creating and upgrading the tables.

package inventory

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// ErrNewerSchema is the error for a database whose tables a newer version of this package changed.
var ErrNewerSchema = errors.New("the database was changed by a newer version of this program")

// ErrOlderSchema is the error for a database whose tables an older version of this package made.
var ErrOlderSchema = errors.New("the database needs an upgrade, which a sync with this version of the program does")

// Each file of the schema upgrades the tables of the version before it. A released file never changes.
//
//go:embed schema/*.sql
var schema embed.FS

const schemaVersion = 1

// migrate upgrades the tables, each version in a transaction.
func (inv *Inventory) migrate(ctx context.Context) error {
	for {
		done, err := inv.migrateOnce(ctx)
		if done || err != nil {
			return err
		}
	}
}

// migrateOnce upgrades the tables by one version. done reports whether they are up to date.
func (inv *Inventory) migrateOnce(ctx context.Context) (done bool, err error) {
	// Usually nothing is to be done. Then it must not wait for another program's sync, as a transaction that writes would.
	if version, err := inv.version(ctx, inv.read); err != nil || version == schemaVersion {
		return version == schemaVersion, err
	}
	if inv.other != "" {
		var name string
		if err := inv.read.QueryRowContext(ctx, inv.other).Scan(&name); err == nil {
			return false, fmt.Errorf("the database is of another program: it has a table %q", name)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
	}
	tx, err := inv.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() //nolint:errcheck // fails after the commit
	if inv.alone != "" {
		if _, err := tx.ExecContext(ctx, inv.alone); err != nil {
			return false, err
		}
	}
	version, err := inv.version(ctx, tx) // another program may have upgraded them
	if err != nil || version == schemaVersion {
		return version == schemaVersion, err
	}
	next := version + 1
	text, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", next))
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, inv.types.Replace(string(text))); err != nil {
		return false, fmt.Errorf("changing the tables to version %d: %w", next, err)
	}
	if _, err := tx.ExecContext(ctx, inv.query("UPDATE inventory_version SET version = ?"), next); err != nil {
		return false, err
	}
	return next == schemaVersion, tx.Commit()
}

// checkVersion returns an error unless the tables are up to date.
func (inv *Inventory) checkVersion(ctx context.Context) error {
	version, err := inv.version(ctx, inv.read)
	switch {
	case err != nil:
		return err
	case version == 0:
		return fmt.Errorf("the database has no inventory: %w", fs.ErrNotExist)
	case version < schemaVersion:
		return fmt.Errorf("%w: its tables have version %d, and this program needs %d", ErrOlderSchema, version, schemaVersion)
	}
	return nil
}

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// version returns the version of the tables, or 0 if there are none.
func (inv *Inventory) version(ctx context.Context, q querier) (int, error) {
	var exists bool
	if err := q.QueryRowContext(ctx, inv.hasVersion).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	var version int
	if err := q.QueryRowContext(ctx, "SELECT version FROM inventory_version").Scan(&version); err != nil {
		return 0, err
	}
	if version > schemaVersion {
		return 0, fmt.Errorf("%w: its tables have version %d, and this program knows versions up to %d", ErrNewerSchema, version, schemaVersion)
	}
	return version, nil
}
