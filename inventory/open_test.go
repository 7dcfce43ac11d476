package inventory_test

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	gosync "sync"
	"testing"
	"testing/synctest"

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

// socketFolder is a folder with a path that is short enough for a socket.
func socketFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "s")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("This is not a database.\n", 100)), 0o600))
	// Not in folder, whose path may be too long for it.
	socket, err := net.Listen("unix", filepath.Join(socketFolder(t), "s"))
	require.NoError(t, err)
	defer socket.Close()
	for dsn, want := range map[string]string{
		socket.Addr().String():                "is not a regular file",
		"":                                    "must be a file",
		" ":                                   "must be a file",
		":memory:":                            "must be a file",
		":memory:?cache=shared":               "must be a file",
		"sqlite:":                             "must be a file",
		"mysql://root:secret@host/db":         `"mysql://…" is not a database`,
		"file:inventory.db?key=secret":        `"file:…" is not a database`,
		"sqlite3:inventory.db":                `"sqlite3:…" is not a database`,
		"postgres:password = secret x":        `"postgres:…" is not a database`,
		"host=h password=secret dbname=x":     "must be named by a URL",
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
		alter(t, dsn, "UPDATE inventory_version SET version = 1000")
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

// TestOpenLeavesOtherDatabasesAlone opens SQLite files of other programs.
func TestOpenLeavesOtherDatabasesAlone(t *testing.T) {
	t.Parallel()
	for _, tables := range []string{"CREATE TABLE bookmarks (id INTEGER)", "CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (1)"} {
		dsn := newSQLite(t)
		alter(t, dsn, tables)
		before, err := os.ReadFile(dsn)
		require.NoError(t, err)
		_, err = inventory.Open(t.Context(), dsn)
		require.ErrorContains(t, err, dsn+": the database is of another program: it has a table ")
		_, err = inventory.OpenExisting(t.Context(), dsn)
		require.ErrorIs(t, err, fs.ErrNotExist)
		after, err := os.ReadFile(dsn)
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
}

// TestOpenLinks opens a file by a symbolic link.
func TestOpenLinks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path, link := filepath.Join(folder, "inventory.db"), filepath.Join(folder, "link.db")
	if err := os.Symlink(path, link); err != nil && runtime.GOOS == "windows" {
		return // needs a privilege
	}
	_, err := inventory.Open(t.Context(), link)
	require.ErrorContains(t, err, link+": ")
	s := digicerttest.NewServer(t)
	inv, byLink := open(t, path), open(t, link)
	tried := false
	syncAll(t, inv, s, &inventory.SyncParams{Progress: func(inventory.Progress) {
		_, err := byLink.Sync(t.Context(), s.Client(), nil)
		require.ErrorIs(t, err, inventory.ErrBusy)
		tried = true
	}})
	require.True(t, tried)
	requireEqual(t, s, byLink)
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

// TestCloseEndsASync closes an inventory at each step of a sync.
func TestCloseEndsASync(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		synctest.Test(t, func(t *testing.T) { // so that Close does not take long while it waits for the connection of the sync
			s, err := digicerttest.New()
			require.NoError(t, err)
			for step := 1; ; step++ {
				inv, err := inventory.Open(t.Context(), dsn)
				require.NoError(t, err)
				steps := 0
				_, err = inv.Sync(t.Context(), s.Client(), &inventory.SyncParams{Full: true, Progress: func(inventory.Progress) {
					if steps++; steps == step {
						require.NoError(t, inv.Close())
					}
				}})
				if steps >= step {
					require.EqualError(t, err, "inventory: the inventory is closed")
					continue
				}
				require.NoError(t, err)
				require.NoError(t, inv.Close())
				require.Greater(t, step, 4)
				break
			}
			requireEqual(t, s, open(t, dsn))
		})
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
		require.NoError(t, inv.Close())
	})
}
