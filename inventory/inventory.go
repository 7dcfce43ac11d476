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
	db   *sql.DB // for writing
	read *sql.DB // for reading only
	path string  // of the SQLite file; empty for PostgreSQL
	batches
	connections

	life context.Context // ends with Close
	end  context.CancelFunc
}

// connections are the connections to a PostgreSQL server. Each has a channel that is closed when its cleanup is done: when the context of a
// query ends, pgx cancels the query and closes the connection in the background.
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

// wait waits until the cleanup of all connections is done, at most closeTimeout.
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

// batches are the sizes of transactions.
type batches struct {
	rows   int // rows of a list; as many as a page has
	before int // rows that a resumed listing reads again. So many rows may have been removed from the part that was listed
	orders int // orders that are read one by one
}

var defaultBatches = batches{rows: 1000, before: 1000, orders: 100}

// Open opens an inventory. It creates the inventory if there is none, and upgrades its tables if needed. dsn names the database:
//
//	inventory.db, sqlite:inventory.db     an SQLite file
//	postgres://user@host/database?…       a PostgreSQL database, with the parameters of libpq
//
// A new file has mode 0600. While it is open, SQLite keeps two more files beside it, whose names end with "-wal" and "-shm". A sync
// locks a file whose name ends with "-sync". SQLite files on network file systems may become corrupt: use PostgreSQL there. In
// PostgreSQL, the tables are created in the first schema of the search_path. An SQLite file must not have tables of other programs.
//
// Open returns [ErrNewerSchema] if a newer version of this package changed the tables.
func Open(ctx context.Context, dsn string) (*Inventory, error) {
	return open(dsn, create, func(inv *Inventory) error { return inv.migrate(ctx) })
}

// OpenExisting is [Open] for programs that only read: it creates and changes nothing. It returns [fs.ErrNotExist] if there is no
// inventory, and [ErrOlderSchema] if Open would have to upgrade its tables.
func OpenExisting(ctx context.Context, dsn string) (*Inventory, error) {
	return open(dsn, exists, func(inv *Inventory) error { return inv.checkVersion(ctx) })
}

// open opens a database. It calls file with the path of an SQLite file before it opens the file, and check with the open inventory.
func open(dsn string, file func(path string) error, check func(*Inventory) error) (*Inventory, error) {
	inv, err := connect(dsn, file)
	if err == nil {
		inv.life, inv.end = context.WithCancel(context.Background())
		if err = check(inv); err != nil {
			_ = inv.Close() // nothing was written
			err = inv.named(err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return inv, nil
}

// named adds the path of the SQLite file to an error, and a hint if permissions may be missing.
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
	// schemed matches a DSN with a scheme. A single letter is a Windows drive.
	schemed = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+)(:(?://)?)`)
	// keywords matches the other form of DSN that libpq accepts.
	keywords = regexp.MustCompile(`^\s*(host|hostaddr|port|dbname|user|password|passfile|service|sslmode)\s*=`)
)

// FileOf returns the path of the SQLite file that a DSN names, or "" if the DSN names a PostgreSQL database. Other DSNs are an error.
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
		return nil, err // pgx redacts the password
	}
	if config.ConnectTimeout == 0 { // the DSN has no connect_timeout
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
	if path, err = filepath.EvalSymlinks(path); err != nil { // so that all names of the file share one lock
		return nil, err
	}
	inv := &Inventory{dialect: sqliteDialect, path: path, batches: defaultBatches}
	if inv.db, err = sql.Open("sqlite", sqliteDSN(path, "immediate",
		// In WAL mode, readers do not wait for a sync: they see the last committed state. The mode is stored in the file, so that
		// readers need not set it.
		"journal_mode(WAL)",
		// A power failure may undo whole transactions, never a part of one. Progress is undone with them, so that the next sync repeats
		// them. FULL would wait for the disk at every batch and gain nothing.
		"synchronous(NORMAL)",
	)); err != nil {
		return nil, err
	}
	if inv.read, err = sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(err, inv.db.Close())
	}
	return inv, nil
}

// create creates an empty file of mode 0600 unless the file exists. The mode of a file that SQLite creates depends on the umask. SQLite
// gives the files beside it the same mode.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return exists(path)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// exists returns an error unless path is a regular file. SQLite would create files beside a device.
func exists(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// sqliteDSN returns the URI of a file with the settings of its connections.
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

// View calls f with a read-only transaction. It sees one state of the database, also while a sync writes.
func (inv *Inventory) View(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := inv.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: inv.snapshot})
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return f(tx)
}
