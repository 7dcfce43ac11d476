package inventory_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	gosync "sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

func canceled(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestOpenNames(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, dsn := range map[string]string{
		"plain.db":          "plain.db",
		"with scheme.db":    "sqlite:with scheme.db",
		"what?mode=ro.db":   "what?mode=ro.db",
		"100%25 #1.db":      "100%25 #1.db",
		"ünïcode.db":        "ünïcode.db",
		"_pragma=x(1).db":   "_pragma=x(1).db",
		"semi;colon&.db":    "sqlite:semi;colon&.db",
		"quote'double\".db": "quote'double\".db",
	} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, `?"`) {
			continue // no file may have such a name
		}
		scheme := ""
		if rest, found := strings.CutPrefix(dsn, "sqlite:"); found {
			scheme, dsn = "sqlite:", rest
		}
		inv := open(t, scheme+filepath.Join(folder, dsn))
		require.Empty(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{})))
		info, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			info, err = os.Stat(filepath.Join(folder, name+"-wal"))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("This is not a database.\n", 100)), 0o600))
	for dsn, want := range map[string]string{
		"":                                    "needs the name of a file",
		":memory:":                            "needs the name of a file",
		"sqlite:":                             "needs the name of a file",
		"mysql://root:secret@host/db":         "mysql",
		folder:                                folder + " is not a regular file",
		filepath.Join(folder, "none", "a.db"): "none",
		text:                                  "not a database",
		"postgres://user:secret@host:port/db": "invalid port",
		"postgres://user:secret@127.0.0.1:1/db?connect_timeout=5&sslmode=disable": "127.0.0.1",
	} {
		inv, err := inventory.Open(t.Context(), dsn)
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), "inventory: "), err)
		require.NotContains(t, err.Error(), "secret")
		require.Nil(t, inv)
	}
	content, err := os.ReadFile(text)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(content), "This is not a database.\n"))
}

func TestOpenRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		open(t, dsn)
		alter(t, dsn, "UPDATE schema_version SET version = 1000")
		_, err := inventory.Open(t.Context(), dsn)
		require.ErrorIs(t, err, inventory.ErrNewerSchema)
		require.ErrorContains(t, err, "1000")

		dsn = newDSN(t)
		alter(t, dsn, "CREATE TABLE orders (id INTEGER)") // of somebody else
		_, err = inventory.Open(t.Context(), dsn)
		require.ErrorContains(t, err, "orders")
		alter(t, dsn, "INSERT INTO orders (id) VALUES (1)")
	})
}

// TestOpenOtherFile checks that another database of SQLite stays as it is.
func TestOpenOtherFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "other.db")
	alter(t, path, "CREATE TABLE bookmarks (id INTEGER)")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = inventory.OpenExisting(t.Context(), path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestOpenWithoutPermission checks what is said where SQLite cannot create the files that it needs. A folder is in the place of one, because
// root may do everything else.
func TestOpenWithoutPermission(t *testing.T) {
	t.Parallel()
	dsn := newSQLite(t)
	inv, err := inventory.Open(t.Context(), dsn)
	require.NoError(t, err)
	require.NoError(t, inv.Close())
	require.NoError(t, os.Mkdir(dsn+"-wal", 0o700))
	for _, open := range []func(context.Context, string) (*inventory.Inventory, error){inventory.Open, inventory.OpenExisting} {
		_, err = open(t.Context(), dsn)
		require.ErrorContains(t, err, dsn+": unable to open database file")
		require.ErrorContains(t, err, "permitted to read it, and to create files beside it")
	}
}

func TestOpenAtTheSameTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		var wg gosync.WaitGroup
		for range 8 {
			wg.Go(func() {
				inv, err := inventory.Open(t.Context(), dsn)
				if err != nil {
					t.Error(err)
					return
				}
				for _, err := range inv.Certificates(t.Context(), inventory.Filter{}) {
					t.Error(err)
				}
				if err := inv.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestClosed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv, err := inventory.Open(t.Context(), newDSN(t))
		require.NoError(t, err)
		require.NoError(t, inv.Close())
		_, err = inv.Sync(t.Context(), digicerttest.NewServer(t).Client(), nil)
		require.ErrorContains(t, err, "closed")
		_, err = inv.Costs(t.Context())
		require.ErrorContains(t, err, "closed")
	})
}
