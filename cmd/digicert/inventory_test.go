// Tests of the inventory commands: the database, and what they read.

package main

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// inventoried is a service, and the database of an inventory of it.
type inventoried struct {
	*digicerttest.Server
	service
	db string
}

func newInventoried(t *testing.T, opts ...digicerttest.Option) inventoried {
	t.Helper()
	server := digicerttest.NewServer(t, opts...)
	return inventoried{server, service{url: server.URL()}, filepath.Join(t.TempDir(), "inventory.db")}
}

// certain are orders of the account and of a subaccount whose certificates expire in so many days.
func (i inventoried) certain(t *testing.T, days ...int) {
	t.Helper()
	for n, in := range days {
		for account := range digicert.AccountID(2) {
			o := digicert.SubaccountOrder{
				ID: digicert.OrderID(100*int(account) + n + 1), Status: digicert.OrderStatusIssued, DateCreated: time.Date(2026, time.Month(n+1), 3, 0, 0, 0, 0, time.UTC),
				Product: digicert.Product{NameID: fmt.Sprint("p", n), Name: "Product"},
				Certificate: digicert.OrderCertificate{
					ID: digicert.CertificateID(1000 + 100*int(account) + n + 1), SerialNumber: fmt.Sprintf("0A%d%d", account, n), CommonName: fmt.Sprintf("%c.example.com", 'd'-n),
					DNSNames: []string{"*.shop.example.com"}, ValidTill: digicert.DateOf(time.Now().UTC()).AddDays(in),
				},
				OrderPrice: digicert.Price{Cost: decimal.NewFromInt(199), Currency: "USD"},
			}
			if account > 0 {
				o.Subaccount = digicert.Subaccount{AccountID: account, OrganizationName: "One"}
			}
			require.NoError(t, i.AddOrder(o))
		}
	}
}

// args returns the arguments of an inventory command on the database.
func (i inventoried) args(args ...string) []string {
	return append([]string{"inventory", "--db", i.db}, args...)
}

// synced syncs, and returns what was done.
func (i inventoried) synced(t *testing.T, args ...string) inventory.Summary {
	t.Helper()
	return object[inventory.Summary](t, i.ok(t, i.args(append([]string{"sync"}, args...)...)...))
}

// open opens the database.
func (i inventoried) open(t *testing.T) *inventory.Inventory {
	t.Helper()
	inv, err := inventory.Open(t.Context(), i.db)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, inv.Close()) })
	return inv
}

// exec changes the database as no sync does.
func (i inventoried) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", i.db)
	require.NoError(t, err)
	_, err = db.Exec(statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// TestInventoryExpiring checks that the database has what the service has.
func TestInventoryExpiring(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithOrders(1, 2000))
	s.certain(t, 5, 25, 60, -5, 15)
	s.synced(t)
	sent := len(s.Requests())
	const columns = "order_id,certificate_id,serial_number,status,common_name,valid_till,product.name_id,product.name,subaccount.account_id,subaccount.organization_name"
	for _, args := range []string{"30d", "30d --subaccount 0,1", "30d --product p1,p4 --sort common_name", "90d --sort order_id", "90d --sort subaccount"} {
		both := append(strings.Fields(args), "--columns", columns, "-o", "csv")
		got := s.ok(t, s.args(append([]string{"expiring"}, both...)...)...)
		require.Equal(t, sent, len(s.Requests()), "nothing was sent")
		require.Equal(t, s.ok(t, append([]string{"expiring"}, both...)...), got, args)
		require.Greater(t, strings.Count(got, "\n"), 4, args)
		sent = len(s.Requests())
	}
	requireFormats(t, s.service, decodeLines[digicert.Expiring](t, s.ok(t, s.args("expiring", "30d")...)), s.args("expiring", "30d")...)

	r := s.run(t, s.args("expiring", "30d", "--fail", "--subaccount", "1")...)
	require.Equal(t, exitExpires, r.code)
	requireOneLine(t, r.stderr, "3 certificates expire within 30d")
	require.Equal(t, result{}, s.run(t, s.args("expiring", "30d", "--fail", "--product", "none")...))
}

// TestExpiringIn checks the days: those of UTC, the last one included, and duplicates.
func TestExpiringIn(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	now := time.Date(2031, 3, 9, 23, 30, 0, 0, time.FixedZone("", -3600)) // 00:30 of the next day in UTC
	for i, days := range []int{-1, 0, 1, 30, 31} {
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(i + 1), Status: digicert.OrderStatusIssued,
			Certificate: digicert.OrderCertificate{ID: digicert.CertificateID(i + 11), ValidTill: digicert.Date{Year: 2031, Month: 3, Day: 10}.AddDays(days)},
		}))
	}
	require.NoError(t, s.AddDuplicate(3, digicert.Duplicate{ID: 99, Status: digicert.CertificateStatusIssued, ValidTill: digicert.Date{Year: 2031, Month: 3, Day: 12}}))
	s.synced(t, "--reissues")
	var got []string
	for e, err := range expiringIn(t.Context(), s.open(t), now, 30*24*time.Hour) {
		require.NoError(t, err)
		got = append(got, fmt.Sprint(e.OrderID, " ", e.CertificateID, " ", e.DaysLeft))
	}
	require.Equal(t, []string{"2 12 0", "3 13 1", "3 99 2", "4 14 30"}, got)
}

func TestInventorySearch(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	s.certain(t, 5, 25, -3)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 50, Status: digicert.OrderStatusRevoked, Certificate: digicert.OrderCertificate{ID: 1050, CommonName: "0a10", SerialNumber: "0B"},
	}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 51, Status: digicert.OrderStatusRevoked, Certificate: digicert.OrderCertificate{ID: 1051, CommonName: "0c", SerialNumber: "0C"},
	}))
	s.synced(t)
	ids := func(args ...string) (list []int) {
		for _, cert := range decodeLines[inventory.Certificate](t, s.ok(t, s.args(append([]string{"search"}, args...)...)...)) {
			list = append(list, int(cert.OrderID))
		}
		return list
	}
	require.Equal(t, []int{1, 101}, ids("d.example.com"))
	require.Equal(t, []int{1, 101}, ids("D.Example.COM."))
	require.Empty(t, ids("example.com"))
	require.Equal(t, []int{1, 2, 3, 101, 102, 103}, ids("www.shop.example.com"), "a wildcard covers it")
	require.Empty(t, ids("a.b.shop.example.com"), "a wildcard covers one label")
	require.Equal(t, []int{1, 2, 3, 101, 102, 103}, ids("*.shop.example.com"))
	require.Equal(t, []int{1, 101}, ids("--contains", "D.EXAM"))
	require.Equal(t, []int{101, 50}, ids("0a10"), "a serial number, and a name")
	require.Equal(t, []int{102}, ids("0a:11"))
	require.Equal(t, []int{101}, ids("0x0A10"))
	require.Equal(t, []int{50}, ids("0b"))
	require.Equal(t, []int{51}, ids("0c"), "once, by its serial number and its name")
	require.Empty(t, ids("0b", "--in-use"))
	require.Empty(t, ids("none.example"))
	requireFormats(t, s.service, decodeLines[inventory.Certificate](t, s.ok(t, s.args("search", "x.shop.example.com")...)), s.args("search", "x.shop.example.com")...)

	require.NoError(t, s.RemoveOrder(101))
	s.synced(t, "--full")
	require.Equal(t, []int{1}, ids("d.example.com"))
	require.Equal(t, []int{1, 101}, ids("d.example.com", "--removed"))
}

func TestInventoryCosts(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	s.certain(t, 5, 25)
	s.synced(t)
	costs, err := s.open(t).Costs(t.Context())
	require.NoError(t, err)
	require.Len(t, costs, 4)
	requireFormats(t, s.service, costs, s.args("costs")...)
	golden(t, "table/inventory_costs.txt", s.ok(t, s.args("costs", "-o", "table")...))
}

func TestInventoryChanges(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	s.certain(t, 5)
	s.synced(t)
	require.Empty(t, s.ok(t, s.args("changes")...))
	change(t, s.Server, 1, "revoked")
	change(t, s.Server, 101, "reissue_pending")
	s.synced(t)
	changes := decodeLines[inventory.Change](t, s.ok(t, s.args("changes")...))
	require.Len(t, changes, 2)
	requireFormats(t, s.service, changes, s.args("changes")...)
	s.exec(t, "UPDATE changes SET seen_at = '2026-01-01T00:00:00Z' WHERE order_id = 1")
	require.Len(t, decodeLines[inventory.Change](t, s.ok(t, s.args("changes", "--since", "2026-01-01T00:00:00Z")...)), 2)
	require.Len(t, decodeLines[inventory.Change](t, s.ok(t, s.args("changes", "--since", "2026-01-01T00:00:01Z")...)), 1)
}

// readCommands are the commands that read what a sync has completed.
var readCommands = []string{"expiring 30d", "search www.example.com", "costs", "changes", "report"}

// TestInventoryNeedsNoKey checks that reading needs neither a key nor a network.
func TestInventoryNeedsNoKey(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	sent := len(s.Requests())
	for _, args := range append(slices.Clone(readCommands), "sql SELECT(1)") {
		r := execute(t, cleanEnv(baseURLVariable+"="+s.url), s.args(strings.Fields(args)...)...)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
	}
	require.Equal(t, sent, len(s.Requests()))
	r := execute(t, cleanEnv(baseURLVariable+"="+s.url), s.args("sync")...)
	require.Equal(t, exitAccess, r.code)
	requireOneLine(t, r.stderr, "there is no API key")
}

// TestInventoryNotSynced checks that an inventory that is not complete is not taken for one.
func TestInventoryNotSynced(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	for _, args := range append(slices.Clone(readCommands), "sql SELECT(1)") {
		r := s.run(t, s.args(strings.Fields(args)...)...)
		require.Equal(t, exitFailure, r.code)
		requireOneLine(t, r.stderr, "there is no inventory in ", s.db, "digicert inventory sync creates one")
		require.NoFileExists(t, s.db)
	}
	s.open(t)
	for _, args := range readCommands {
		r := s.run(t, s.args(strings.Fields(args)...)...)
		require.Equal(t, exitFailure, r.code)
		require.Empty(t, r.stdout)
		requireOneLine(t, r.stderr, "no sync of the inventory has completed yet")
	}
	require.Equal(t, "0\n", s.ok(t, s.args("sql", "SELECT count(*) AS n FROM orders", "--template", "{{.n}}")...))

	s.synced(t)
	for _, synced := range []string{"2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"} { // long ago, and by a clock that was wrong
		s.exec(t, "UPDATE sync_state SET synced_at = '"+synced+"'")
		for _, args := range readCommands {
			r := s.run(t, s.args(strings.Fields(args)...)...)
			require.Zero(t, r.code)
			requireOneLine(t, r.stderr, "warning: the last complete sync of the inventory ended "+synced)
			require.Empty(t, s.run(t, s.args(append(strings.Fields(args), "--quiet")...)...).stderr)
		}
	}
}

// TestInventoryDatabase checks which database is used.
func TestInventoryDatabase(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	config := path("config.yaml")
	run := func(env []string, args ...string) result {
		env = append([]string{keyVariable + "=" + key, baseURLVariable + "=" + s.url, "HOME=" + dir, "XDG_DATA_HOME=" + path("data"), configVariable + "=" + config}, env...)
		c := exec.Command(binary, args...)
		c.Env, c.Dir = cleanEnv(env...), dir
		return finish(t, c)
	}
	require.Zero(t, run(nil, "--profile", "work", "config", "set", "base-url", s.url).code)
	require.Zero(t, run(nil, "--profile", "other", "config", "set", "inventory", "other.db").code)
	for _, test := range []struct {
		env, args, file string
	}{
		{"", "", "data/digicert/inventory.db"},
		{"XDG_DATA_HOME=", "", ".local/share/digicert/inventory.db"},
		{"XDG_DATA_HOME=relative", "", ".local/share/digicert/inventory.db"},
		{profileVariable + "=work", "", "data/digicert/inventory-work.db"},
		{inventoryVariable + "=env.db", "", "env.db"},
		{inventoryVariable + "=env.db", "--profile other", "other.db"},
		{profileVariable + "=other", "", "other.db"},
		{inventoryVariable + "=env.db", "--db flag/new.db", "flag/new.db"},
		{"", "--db sqlite:uri.db", "uri.db"},
	} {
		require.NoFileExists(t, path(test.file))
		r := run([]string{test.env}, append([]string{"inventory", "sync"}, strings.Fields(test.args)...)...)
		require.Zero(t, r.code, r.stderr)
		require.FileExists(t, path(test.file))
		info, err := os.Stat(path(test.file))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		r = run([]string{test.env}, append([]string{"inventory", "sql", "SELECT count(*) > 0 AS some FROM orders"}, strings.Fields(test.args)...)...)
		require.Contains(t, r.stdout, `"some":1`)
		require.NoError(t, os.Remove(path(test.file)))
	}
	require.Equal(t, exitUsage, run([]string{"HOME=", "XDG_DATA_HOME="}, "inventory", "costs").code)

	// The demonstration has a database of its own.
	for _, args := range append(slices.Clone(readCommands), "sync", "sql SELECT(1)") {
		r := run([]string{"TMPDIR=" + dir}, append([]string{"--demo", "inventory"}, strings.Fields(args)...)...)
		require.Zero(t, r.code, r.stderr)
		if !strings.Contains(args, "search") {
			require.NotEmpty(t, r.stdout, args)
		}
	}
	require.NoFileExists(t, path("data/digicert/inventory.db"))
	left, err := filepath.Glob(path("digicert*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.Zero(t, run(nil, "--demo", "inventory", "sync", "--db", "demo.db").code)
	require.FileExists(t, path("demo.db"))
}

// TestInventoryRefused checks what is refused, and that no message shows a password.
func TestInventoryRefused(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	notADatabase := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(notADatabase, []byte(strings.Repeat("These are notes. ", 100)), 0o600))
	s.synced(t)
	newer := newInventoried(t)
	newer.open(t)
	newer.exec(t, "UPDATE inventory_version SET version = 99")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"inventory expiring", exitUsage, "takes one argument, WITHIN"},
		{"inventory expiring soon", exitUsage, "is not a length of time"},
		{"inventory expiring 30d --sort days", exitUsage, `--sort "days" is invalid`},
		{"inventory expiring 30d --subaccount=-1", exitUsage, `--subaccount "-1" is not an id`},
		{"inventory search", exitUsage, "takes one argument, NAME|SERIAL_NUMBER"},
		{"inventory costs 1", exitUsage, "takes no arguments"},
		{"inventory changes --since soon", exitUsage, `--since "soon" is not a time`},
		{"inventory sync --every 0s", exitUsage, "--every 0s is not positive"},
		{"inventory sync --details 0d", exitUsage, "--details 0d is not positive"},
		{"inventory sync --details -1d", exitUsage, "--details -1d is negative"},
		{"inventory sync --full-every 0s", exitUsage, "--full-every 0s is not positive"},
		{"inventory sync --every 5m -o json", exitUsage, "a watch has no end; use jsonl"},
		{"inventory report -o csv", exitUsage, "--output does not apply"},
		{"inventory report --columns id", exitUsage, "does not print rows"},
		{"inventory lsit", exitUsage, `inventory has no command "lsit"`},
		{"inventory costs --db mysql://me:the-secret@host/db", exitUsage, `--db: "mysql://…" is not a database`},
		{"inventory costs --db postgres://me:the-secret@host:port/db", exitUsage, "--db: cannot parse"},
		{"inventory costs --db :memory:", exitUsage, "--db: the database must be a file"},
		{"inventory costs --db " + notADatabase, exitFailure, "file is not a database"},
		{"inventory sync --db " + notADatabase, exitFailure, "file is not a database"},
		{"inventory costs --db " + newer.db, exitFailure, "changed by a newer version"},
		{"inventory sync --db " + newer.db, exitFailure, "changed by a newer version"},
		{"inventory costs --db " + t.TempDir(), exitFailure, "is not a regular file"},
		{"inventory costs --db host=db;password=the-secret", exitUsage, "--db: a PostgreSQL server must be named by a URL"},
		{"inventory costs --db postgres://me:the-secret@" + closed.Addr().String() + "/db", exitUnavailable, "; try again later"},
		{"config set inventory postgres://me:the-secret@host/db", exitUsage, "a password is never stored; put it into PGPASSWORD or ~/.pgpass"},
		{"config set inventory postgres://me@host/db?password=the-secret", exitUsage, "a password is never stored"},
		{"config set inventory postgres://me@host/db?sslpassword=the-secret", exitUsage, "a password is never stored"},
		{"config set inventory mysql://host/db", exitUsage, "inventory: \"mysql://…\" is not a database"},
	} {
		r := execute(t, cleanEnv(keyVariable+"="+key, baseURLVariable+"="+s.url, inventoryVariable+"="+s.db), strings.Fields(test.args)...)
		require.Equal(t, test.code, r.code, "%s: %s", test.args, r.stderr)
		requireOneLine(t, r.stderr, test.want)
		require.NotContains(t, r.stderr, "the-secret")
	}
	content, err := os.ReadFile(notADatabase)
	require.NoError(t, err)
	require.Contains(t, string(content), "These are notes.")
}

func TestInventorySetting(t *testing.T) {
	t.Parallel()
	c := newConfigured(t)
	here, err := os.Getwd()
	require.NoError(t, err)
	for value, want := range map[string]string{
		"inventory.db": filepath.Join(here, "inventory.db"), "sqlite:/var/lib/x.db": "/var/lib/x.db", "postgres://me@host/db?sslmode=disable": "postgres://me@host/db?sslmode=disable",
	} {
		c.run(t, 0, "config", "set", "inventory", value)
		require.Contains(t, c.content(t), "inventory: "+want+"\n")
	}
}

// TestInventoryPostgresRefuses checks what is said where a PostgreSQL server refuses the user.
func TestInventoryPostgresRefuses(t *testing.T) {
	t.Parallel()
	for code, text := range map[string]string{"28P01": `password authentication failed for user "me"`, "42501": `permission denied for database "db"`} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				server := pgproto3.NewBackend(c, c)
				if _, err := server.ReceiveStartupMessage(); err == nil {
					server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: text})
					_ = server.Flush()
				}
				_ = c.Close()
			}
		}()
		r := execute(t, cleanEnv(), "inventory", "costs", "--db", "postgres://me:the-secret@"+l.Addr().String()+"/db?sslmode=disable")
		require.Equal(t, exitAccess, r.code, r.stderr)
		requireOneLine(t, r.stderr, text, "; check the user of the database, its password (PGPASSWORD or ~/.pgpass)")
		require.NotContains(t, r.stderr, "the-secret")
	}
}

// TestInventoryDatabases runs the commands on SQLite, and on PostgreSQL if INVENTORY_TEST_POSTGRES has the DSN of a database in which
// schemas may be created.
func TestInventoryDatabases(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.certain(t, 5)
	databases := []string{s.db}
	if dsn := os.Getenv("INVENTORY_TEST_POSTGRES"); dsn != "" {
		databases = append(databases, newSchema(t, dsn))
	}
	for _, s.db = range databases {
		require.True(t, s.synced(t).Full)
		inv := s.open(t)
		costs, err := inv.Costs(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, costs)
		require.Equal(t, jsonOf(t, costs), jsonOf(t, decodeLines[inventory.Cost](t, s.ok(t, s.args("costs")...))))
		filter := inventory.Filter{Name: "d.example.com"}
		require.Equal(t, collect(t, inv.Certificates(t.Context(), filter)), decodeLines[inventory.Certificate](t, s.ok(t, s.args("search", filter.Name)...)))
		require.Len(t, decodeLines[digicert.Expiring](t, s.ok(t, s.args("expiring", "6d", "--product", "p0")...)), 2)
		change(t, s.Server, 1, "reissue_pending")
		change(t, s.Server, 1, "issued")
		s.synced(t)
		require.Equal(t, collect(t, inv.Changes(t.Context(), time.Time{})), decodeLines[inventory.Change](t, s.ok(t, s.args("changes")...)))
		require.Contains(t, s.ok(t, s.args("report")...), "d.example.com")
		require.Equal(t, `{"n":2,"name":"d.example.com","none":null}`+"\n",
			s.ok(t, s.args("sql", "SELECT count(*) AS n, max(common_name) AS name, NULL AS none FROM orders WHERE common_name = 'd.example.com'")...))
		for _, query := range []string{"DELETE FROM orders", "SELECT nothing", "SELECT 1; DELETE FROM orders"} {
			require.Equal(t, exitUsage, s.run(t, s.args("sql", query)...).code, query)
		}
	}
}

// newSchema creates an empty schema on a PostgreSQL server, which is dropped at the end of the test.
func newSchema(t *testing.T, server string) string {
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
