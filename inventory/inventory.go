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
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite" // and its driver "sqlite"
)

// Inventory is a database of the certificates of an account. It is safe for concurrent use.
type Inventory struct {
	*dialect
	db   *sql.DB // writes
	read *sql.DB // only reads
	path string  // of a SQLite file; empty for PostgreSQL
	batches
	connections

	life context.Context // ends with Close
	end  context.CancelFunc
}

// connections are those to a PostgreSQL server. The channel of each is closed once nothing is left of it: after the end of the context of a
// query, pgx cancels the query and closes the connection in the background.
type connections struct {
	mu   sync.Mutex
	open []chan struct{}
}

func (c *connections) add(closed chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = slices.DeleteFunc(c.open, func(closed chan struct{}) bool {
		select {
		case <-closed:
			return true
		default:
			return false
		}
	})
	c.open = append(c.open, closed)
}

// wait waits until all are closed, but no longer than closeTimeout.
func (c *connections) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	timeout := time.After(closeTimeout)
	for _, closed := range c.open {
		select {
		case <-closed:
		case <-timeout:
			return
		}
	}
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
	return open(dsn, create, func(inv *Inventory) error { return inv.migrate(ctx) })
}

// OpenExisting is [Open] for programs that only read: it creates and changes nothing. It returns [fs.ErrNotExist] if there is no
// inventory yet, and [ErrOlderSchema] if its tables have to be brought up to date, which Open does.
func OpenExisting(ctx context.Context, dsn string) (*Inventory, error) {
	return open(dsn, exists, func(inv *Inventory) error { return inv.checkVersion(ctx) })
}

// open opens a database. file is called with the name of a file of SQLite before it is opened, and check with the open inventory.
func open(dsn string, file func(path string) error, check func(*Inventory) error) (*Inventory, error) {
	inv, err := connect(dsn, file)
	if err == nil {
		inv.life, inv.end = context.WithCancel(context.Background())
		if err = check(inv); err != nil {
			_ = inv.Close() // it was not used yet
			err = inv.named(err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return inv, nil
}

// named adds the path of the SQLite file to an error, and what may be wrong with its permissions.
func (inv *Inventory) named(err error) error {
	if inv.path == "" {
		return err
	}
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		switch failure.Code() & 0xff {
		case 8, 14: // SQLITE_READONLY, SQLITE_CANTOPEN
			return fmt.Errorf("%s: %w: the user must be permitted to read it, and to create files beside it", inv.path, err)
		}
	}
	return fmt.Errorf("%s: %w", inv.path, err)
}

func connect(dsn string, file func(path string) error) (*Inventory, error) {
	path, err := FileOf(dsn)
	switch {
	case err != nil:
		return nil, err
	case path == "":
		return openPostgres(dsn)
	}
	return openSQLite(path, file)
}

var (
	// schemed matches a DSN with a scheme. One letter is a drive of Windows.
	schemed = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+)(:(?://)?)`)
	// keywords matches what libpq reads besides URLs.
	keywords = regexp.MustCompile(`^\s*(host|hostaddr|port|dbname|user|password|passfile|service|sslmode)\s*=`)
)

// FileOf returns the file of SQLite that a DSN names, or "" if it names a PostgreSQL server. It returns an error if it names neither.
func FileOf(dsn string) (path string, err error) {
	path = dsn
	if m := schemed.FindStringSubmatch(dsn); m != nil {
		switch scheme, rest := m[1], dsn[len(m[1])+1:]; {
		case scheme == "sqlite":
			path = strings.TrimPrefix(rest, "//")
		case (scheme == "postgres" || scheme == "postgresql") && strings.HasPrefix(rest, "//"):
			return "", nil
		default:
			return "", fmt.Errorf("%q is not a database: it must be a file, sqlite:FILE or postgres://…", scheme+m[2]+"…")
		}
	}
	switch {
	case keywords.MatchString(path):
		return "", errors.New("a PostgreSQL server must be named by a URL, such as postgres://user@host/database")
	case strings.TrimSpace(path) == "", strings.HasPrefix(path, ":memory:"):
		return "", errors.New("the database must be a file")
	}
	return path, nil
}

var errClosed = errors.New("the inventory is closed")

// Close closes the database. A sync under way ends with an error.
func (inv *Inventory) Close() error {
	inv.end()
	if inv.read == inv.db {
		err := inv.db.Close()
		inv.connections.wait() // at the end of the program, a query would go on
		return err
	}
	return errors.Join(inv.read.Close(), inv.db.Close())
}

const (
	connectTimeout = 30 * time.Second
	closeTimeout   = 5 * time.Second
)

func openPostgres(dsn string) (*Inventory, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err // it does not show the password
	}
	if config.ConnectTimeout == 0 { // unless the DSN has connect_timeout: a host that does not answer would be waited for without end
		config.ConnectTimeout = connectTimeout
	}
	inv := &Inventory{dialect: postgresDialect, batches: defaultBatches}
	inv.db = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(_ context.Context, c *pgx.Conn) error {
		inv.connections.add(c.PgConn().CleanupDone())
		return nil
	}))
	inv.read = inv.db
	return inv, nil
}

func openSQLite(path string, file func(path string) error) (*Inventory, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := file(path); err != nil {
		return nil, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil { // all names of the file have one lock
		return nil, err
	}
	inv := &Inventory{dialect: sqliteDialect, path: path, batches: defaultBatches}
	if inv.db, err = sql.Open("sqlite", sqliteDSN(path, "immediate",
		// Readers see the state before the transaction of a sync while it writes. The file keeps this setting.
		"journal_mode(WAL)",
		// A loss of power may undo the last transactions as a whole, never a part of one. What was undone says how far it had got,
		// so that the next sync does the same again. FULL would wait for the disk at every batch, and gain nothing.
		"synchronous(NORMAL)",
	)); err != nil {
		return nil, err
	}
	if inv.read, err = sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(err, inv.db.Close())
	}
	return inv, nil
}

// create creates an empty file of mode 0600 unless there is a file. SQLite would create it as the umask says. The files beside it get
// its mode.
func create(path string) error {
	err := exists(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// exists returns an error if there is no file, or something else, such as a device: SQLite would leave files beside it.
func exists(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// sqliteDSN is the URI of a file with the settings of its connections.
func sqliteDSN(path, lock string, pragmas ...string) string {
	if path = filepath.ToSlash(path); !strings.HasPrefix(path, "/") {
		path = "/" + path // as in file:///C:/inventory.db
	}
	query := url.Values{"_txlock": {lock}, "_pragma": append([]string{
		"busy_timeout(30000)",
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
