// The tables of an inventory, and how they are brought up to date.

package inventory

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// ErrNewerSchema is a database whose tables a later version of this package has changed.
var ErrNewerSchema = errors.New("the database was changed by a newer version of this program")

// ErrOlderSchema is a database whose tables an earlier version of this package has made.
var ErrOlderSchema = errors.New("the database has to be brought up to date by a sync of this version of the program")

// Each file of the schema changes the tables of the version before it. A file is never changed once it was released.
//
//go:embed schema/*.sql
var schema embed.FS

const schemaVersion = 1

// migrate brings the tables up to date, each version in a transaction.
func (inv *Inventory) migrate(ctx context.Context) error {
	for {
		done, err := inv.migrateOnce(ctx)
		if done || err != nil {
			return err
		}
	}
}

// migrateOnce makes the tables one version newer. done reports that they are up to date.
func (inv *Inventory) migrateOnce(ctx context.Context) (done bool, err error) {
	// Most often nothing is to be done. Then nothing is written, so that a sync of another program is not waited for.
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
	defer tx.Rollback() //nolint:errcheck // it fails once it is committed
	if inv.alone != "" {
		if _, err := tx.ExecContext(ctx, inv.alone); err != nil {
			return false, err
		}
	}
	version, err := inv.version(ctx, tx) // another program may have been faster
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

// version returns the version of the tables; 0: there are none.
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
