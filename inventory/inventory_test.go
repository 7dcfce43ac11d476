package inventory_test

import (
	"crypto/rand"
	"database/sql"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/inventory"
)

// onEach runs a test on SQLite, and on PostgreSQL if INVENTORY_TEST_POSTGRES has the DSN of a database in which schemas may be created.
// newDSN names an empty inventory.
func onEach(t *testing.T, test func(t *testing.T, newDSN func(testing.TB) string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newSQLite)
	})
	if server := os.Getenv("INVENTORY_TEST_POSTGRES"); server != "" {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			test(t, func(t testing.TB) string { return newSchema(t, server) })
		})
	}
}

func newSQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "inventory.db") }

// newSchema creates an empty schema on a PostgreSQL server, which is dropped at the end of the test.
func newSchema(t testing.TB, server string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := "test_" + strings.ToLower(rand.Text())
	_, err = db.Exec("CREATE SCHEMA " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

// open opens an inventory that is closed when the test ends.
func open(t testing.TB, dsn string) *inventory.Inventory {
	t.Helper()
	inv, err := inventory.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, inv.Close()) })
	return inv
}

// collect returns the rows of a sequence.
func collect[T any](t testing.TB, rows func(func(T, error) bool)) []T {
	t.Helper()
	var list []T
	for row, err := range rows {
		require.NoError(t, err)
		list = append(list, row)
	}
	return list
}

func TestOpenEmpty(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		for range 2 { // a new one, and one that is there
			inv := open(t, dsn)
			require.Empty(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{})))
			require.Empty(t, collect(t, inv.Changes(t.Context(), time.Time{})))
			costs, err := inv.Costs(t.Context())
			require.NoError(t, err)
			require.Empty(t, costs)
		}
	})
}

func TestOpenExisting(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		_, err := inventory.OpenExisting(t.Context(), dsn)
		require.ErrorIs(t, err, fs.ErrNotExist)
		if !strings.Contains(dsn, "://") {
			_, err = os.Stat(dsn)
			require.ErrorIs(t, err, fs.ErrNotExist)
			require.NoError(t, os.WriteFile(dsn, nil, 0o600))
		}
		_, err = inventory.OpenExisting(t.Context(), dsn)
		require.ErrorIs(t, err, fs.ErrNotExist, "an empty one")
		if !strings.Contains(dsn, "://") {
			info, err := os.Stat(dsn)
			require.NoError(t, err)
			require.Zero(t, info.Size(), "it stays empty")
		}
		created := open(t, dsn)
		inv, err := inventory.OpenExisting(t.Context(), dsn)
		require.NoError(t, err)
		require.Empty(t, collect(t, inv.Changes(t.Context(), time.Time{})))
		require.NoError(t, inv.Close())
		for version, want := range map[int]error{0: fs.ErrNotExist, 2: inventory.ErrNewerSchema} {
			created.Exec(t, "UPDATE inventory_version SET version = ?", version)
			_, err = inventory.OpenExisting(t.Context(), dsn)
			require.ErrorIs(t, err, want)
		}
	})
}

func TestFileOf(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"inventory.db": "inventory.db", "sqlite:a/b.db": "a/b.db", "sqlite:///a/b.db": "/a/b.db", `C:\inventory.db`: `C:\inventory.db`, "a:b": "a:b", "./ab:c": "./ab:c", "a/b:c": "a/b:c", "sqlite:ab:c": "ab:c", "x=1": "x=1",
		"postgres://user@host/db": "", "postgresql://host": "",
	} {
		path, err := inventory.FileOf(dsn)
		require.NoError(t, err, dsn)
		require.Equal(t, want, path, dsn)
	}
	for _, dsn := range []string{"", "sqlite:", ":memory:", "sqlite::memory:", "mysql://user:secret@host/db", "postgres:secret", "Postgres://user:secret@host/db", "user=x password=secret", "pg:secret", "password = secret://x"} {
		_, err := inventory.FileOf(dsn)
		require.Error(t, err, dsn)
		require.NotContains(t, err.Error(), "secret")
	}
}
