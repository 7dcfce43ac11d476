// Opening an inventory.

package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Inventory is a database of the certificates of an account. It is safe for concurrent use.
type Inventory struct {
	*dialect
	db   *sql.DB // writes
	read *sql.DB // only reads
	path string  // of a SQLite file; empty for PostgreSQL
	batches
}

// batches are how much is stored in one transaction.
type batches struct {
	rows   int // of a list; a page has as many
	before int // how many rows before the place where it was interrupted a listing begins. That many may have been removed of those before it
	orders int // that are read one by one
}

var defaultBatches = batches{rows: 1000, before: 1000, orders: 100}

// Open opens an inventory, and creates it or brings its tables up to date where needed. dsn names the database:
//
//	inventory.db, sqlite:inventory.db     a file of SQLite
//	postgres://user@host/database?…       a PostgreSQL server, with the parameters of libpq
//
// A new file has mode 0600. SQLite keeps two more files beside it while it is open, with "-wal" and "-shm" behind its name, and a
// sync locks one with "-sync". A file on a network file system may get damaged: use PostgreSQL there. In PostgreSQL the tables are created in the
// first schema of the search_path.
//
// Open returns [ErrNewerSchema] if a later version of this package has changed the tables.
func Open(ctx context.Context, dsn string) (*Inventory, error) {
	inv, err := open(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return inv, nil
}

func open(ctx context.Context, dsn string) (*Inventory, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	var inv *Inventory
	var err error
	switch {
	case found && (scheme == "postgres" || scheme == "postgresql"):
		inv, err = openPostgres(dsn)
	case found && scheme == "sqlite":
		inv, err = openSQLite(strings.TrimPrefix(rest, "//"))
	case strings.Contains(dsn, "://"):
		err = fmt.Errorf("%q is not a database this package knows: a file, sqlite:… or postgres://…", scheme+"://…")
	default:
		inv, err = openSQLite(dsn)
	}
	if err != nil {
		return nil, err
	}
	if err := inv.migrate(ctx); err != nil {
		_ = inv.Close() // it was not used yet
		if inv.path != "" {
			err = fmt.Errorf("%s: %w", inv.path, err)
		}
		return nil, err
	}
	return inv, nil
}

// Close closes the database. A sync under way fails.
func (inv *Inventory) Close() error {
	if inv.read == inv.db {
		return inv.db.Close()
	}
	return errors.Join(inv.read.Close(), inv.db.Close())
}

func openPostgres(dsn string) (*Inventory, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err // it does not show the password
	}
	db := stdlib.OpenDB(*config)
	return &Inventory{dialect: postgresDialect, db: db, read: db, batches: defaultBatches}, nil
}

func openSQLite(path string) (*Inventory, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("the database needs the name of a file")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// SQLite would create it as the umask says. The files beside it get its mode.
	if err := create(path); err != nil {
		return nil, err
	}
	inv := &Inventory{dialect: sqliteDialect, path: path, batches: defaultBatches}
	if inv.db, err = sql.Open("sqlite", sqliteDSN(path, "immediate")); err != nil {
		return nil, err
	}
	if inv.read, err = sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(err, inv.db.Close())
	}
	return inv, nil
}

// create creates an empty file of mode 0600 unless there is a file.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteDSN is the URI of a file with the settings of its connections.
func sqliteDSN(path, lock string, pragmas ...string) string {
	if path = filepath.ToSlash(path); !strings.HasPrefix(path, "/") {
		path = "/" + path // as in file:///C:/inventory.db
	}
	query := url.Values{"_txlock": {lock}, "_pragma": append([]string{
		"busy_timeout(30000)",
		// Readers see the state before the transaction of a sync while it writes.
		"journal_mode(WAL)",
		// A loss of power may undo the last transactions as a whole, never a part of one. What was undone says how far it had got,
		// so that the next sync does the same again. FULL would wait for the disk at every batch, and gain nothing.
		"synchronous(NORMAL)",
		"cache_size(-32768)", // KiB
	}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// View calls f with a transaction that can only read, and sees one state of the database throughout, also while a sync writes.
func (inv *Inventory) View(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := inv.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: inv.snapshot})
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return f(tx)
}
