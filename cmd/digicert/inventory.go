// The inventory commands: which database they use, and how they open it.

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert/inventory"
)

// oldSync is the age of the last sync from which the reading commands warn: a day, plus the time that a sync takes.
const oldSync = 26 * time.Hour

// inventory returns the group of the inventory commands.
func (a *app) inventory() *cli.Command {
	g := group("inventory", "a database of all certificates, and a report of it",
		a.inventorySync(), a.inventoryExpiring(), a.inventorySearch(), a.inventoryCosts(), a.inventoryChanges(), a.inventoryReport(), a.inventoryServe(), a.inventorySQL())
	g.Flags = []cli.Flag{&cli.StringFlag{
		Name: "db", TakesFile: true, DefaultText: "inventory.db in the user's data directory",
		Usage: "`database`: a SQLite file, or postgres://user@host/database",
	}}
	g.Description = `digicert inventory sync fills the database and keeps it up to date. The other commands only read it: they need neither a key nor a network.

The database is named by --db, by ` + inventoryVariable + ` or by the setting "inventory" of a profile (digicert config). The default is the file
digicert/inventory.db in the user's data directory ($XDG_DATA_HOME or ~/.local/share, ~/Library/Application Support on macOS, %LocalAppData% on
Windows), or inventory-NAME.db for a profile other than "default". One database is for one account. The password of a PostgreSQL user
is read from PGPASSWORD or ~/.pgpass.

With --demo and without --db, the database is a temporary one with generated orders.`
	return g
}

// databaseOf returns the DSN of the inventory, and the name of the setting that it comes from, for messages.
func (a *app) databaseOf(ctx context.Context, c *cli.Command) (dsn, name string, err error) {
	from, err := a.settings(ctx, c)
	if err != nil {
		return "", "", err
	}
	if from.inventory != "" {
		_, err := databaseFile(from.inventoryName, from.inventory)
		return from.inventory, from.inventoryName, err
	}
	dir, err := dataDir()
	if err != nil {
		return "", "", err
	}
	file := "inventory.db"
	if from.profile != defaultProfile {
		file = "inventory-" + url.PathEscape(from.profile) + ".db"
	}
	return filepath.Join(dir, "digicert", file), "--db", nil
}

// dataDir returns the user's data directory.
func dataDir() (string, error) {
	switch runtime.GOOS {
	case "windows":
		if dir := os.Getenv("LocalAppData"); dir != "" {
			return dir, nil
		}
	case "darwin":
		if home := os.Getenv("HOME"); home != "" {
			return filepath.Join(home, "Library", "Application Support"), nil
		}
	default:
		if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) { // a relative one is to be ignored, as its specification says
			return dir, nil
		}
		if home := os.Getenv("HOME"); home != "" {
			return filepath.Join(home, ".local", "share"), nil
		}
	}
	return "", usageErrorf("the user has no data directory: name the database with --db or %s", inventoryVariable)
}

// databaseFile returns the file that a DSN names, or "" if it names a PostgreSQL server. name is that of the setting, for messages. They do
// not contain a password.
func databaseFile(name, dsn string) (string, error) {
	file, err := inventory.FileOf(dsn)
	if err == nil && file == "" {
		_, err = pgconn.ParseConfig(dsn)
	}
	if err != nil {
		return "", usageErrorf("%s: %w", name, err)
	}
	return file, nil
}

// hasPassword reports whether the URL of a PostgreSQL server has a password.
func hasPassword(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil {
		return true // unknown
	}
	_, given := u.User.Password()
	return given || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// databaseRefuses reports whether a PostgreSQL server has rejected the user, or denied a permission.
func databaseRefuses(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && (strings.HasPrefix(answer.Code, "28") || answer.Code == "42501") // invalid authorization; insufficient privilege
}

// withInventory calls f with the inventory. If there is none, it is created if create is true.
func (a *app) withInventory(ctx context.Context, c *cli.Command, create bool, f func(*inventory.Inventory) error) error {
	if c.Bool("demo") && !c.IsSet("db") {
		return a.withDemoInventory(ctx, c, !create, f)
	}
	dsn, _, err := a.databaseOf(ctx, c)
	if err != nil {
		return err
	}
	open := inventory.OpenExisting
	if create {
		open = inventory.Open
		if file, err := inventory.FileOf(dsn); err == nil && file != "" {
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				return fmt.Errorf("--db: %w", err)
			}
		}
	}
	inv, err := open(ctx, dsn)
	if errors.Is(err, fs.ErrNotExist) && !create {
		where := "the database"
		if file, _ := inventory.FileOf(dsn); file != "" {
			where = fmt.Sprintf("%q", file)
		}
		return fmt.Errorf("there is no inventory in %s: digicert inventory sync creates one", where)
	}
	if err != nil {
		return err
	}
	err = f(inv)
	if cause := context.Cause(ctx); ctx.Err() == context.Canceled && errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
		err = fmt.Errorf("%w (%w)", err, cause) // a database reports only that the context was canceled
	}
	return errors.Join(err, inv.Close())
}

// withDemoInventory calls f with a temporary inventory. If filled is true, the generated orders are synced into it first.
func (a *app) withDemoInventory(ctx context.Context, c *cli.Command, filled bool, f func(*inventory.Inventory) error) error {
	client, err := a.connect(ctx, c)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "digicert")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	inv, err := inventory.Open(ctx, filepath.Join(dir, "inventory.db"))
	if err != nil {
		return err
	}
	if filled {
		_, err = inv.Sync(ctx, client, nil)
	}
	if err == nil {
		err = f(inv)
	}
	return errors.Join(err, inv.Close())
}

// toRead calls f with the inventory, which must have been synced. It warns if the last sync ended long ago.
func (a *app) toRead(ctx context.Context, c *cli.Command, f func(*inventory.Inventory) error) error {
	return a.withInventory(ctx, c, false, func(inv *inventory.Inventory) error {
		state, err := inv.State(ctx)
		switch {
		case err != nil:
			return err
		case state.SyncedAt.IsZero():
			return errors.New("no sync of the inventory has completed yet: run digicert inventory sync")
		}
		if age := time.Since(state.SyncedAt); age.Abs() > oldSync {
			a.warn(c, "the last complete sync of the inventory ended %s", state.SyncedAt.Format(time.RFC3339))
		}
		return f(inv)
	})
}
