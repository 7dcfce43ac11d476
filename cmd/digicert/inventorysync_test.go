//go:build unix

// Tests of the inventory commands that sync and write.

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/internal/atomicfile"
	"github.com/go-digicert/digicert/inventory"
)

func TestInventorySync(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithOrders(1, 1500))
	s.certain(t, 5)
	first := s.synced(t)
	require.True(t, first.Full)
	require.Greater(t, first.Listed, 1500)
	require.Equal(t, first.Listed, first.Added)
	second := s.synced(t)
	require.Equal(t, inventory.Summary{Listed: second.Listed}, second, "nothing happened")
	change(t, s.Server, 1, "revoked")
	third := s.synced(t)
	require.False(t, third.Full)
	require.Equal(t, 1, third.Changes)
	require.Equal(t, 1, third.Read)
	require.NoError(t, s.AddDuplicate(101, digicert.Duplicate{ID: 5000, Status: digicert.CertificateStatusIssued}))
	change(t, s.Server, 101, "issued")
	require.Positive(t, s.synced(t, "--reissues").HistoriesRead)
	require.NoError(t, s.RemoveOrder(1))
	require.Zero(t, s.synced(t).Removed)
	full := s.synced(t, "--full")
	require.True(t, full.Full)
	require.Equal(t, 1, full.Removed)
	require.True(t, s.synced(t, "--full-every", "1ms").Full)
	require.Contains(t, s.ok(t, s.args("sync", "-o", "table")...), "full            false\n")
}

// TestInventoryDetails checks that --details shows the last day of orders that expire soon.
func TestInventoryDetails(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	last := digicert.DateOf(time.Now().UTC()).AddDays(20)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 5, Status: digicert.OrderStatusIssued, DateCreated: time.Now().Add(-48 * time.Hour), Subaccount: digicert.Subaccount{AccountID: 7, OrganizationName: "Seven"},
		Certificate: digicert.OrderCertificate{CommonName: "e.example.com", ValidTill: last},
	}))
	require.Zero(t, s.synced(t).Read)
	lastDay := func() digicert.Date {
		return object[digicert.Expiring](t, s.ok(t, s.args("expiring", "30d", "-o", "jsonl")...)).OrderValidTill
	}
	require.Zero(t, lastDay())
	require.Zero(t, s.synced(t, "--details", "10d").Read)
	require.Equal(t, 1, s.synced(t, "--details", "30d").Read)
	require.True(t, lastDay().After(last), "%s", lastDay())
	require.Zero(t, s.synced(t, "--details", "30d").Read)
}

// TestInventoryBusy checks the messages while another sync is running.
func TestInventoryBusy(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	held, err := atomicfile.Acquire(s.db + "-sync")
	require.NoError(t, err)
	r := s.run(t, s.args("sync")...)
	require.Equal(t, exitBusy, r.code)
	require.Empty(t, r.stdout)
	requireOneLine(t, r.stderr, "another sync of this inventory is under way")
	require.Equal(t, result{code: exitBusy}, s.run(t, s.args("sync", "--quiet")...))
	require.NotEmpty(t, s.ok(t, s.args("costs")...), "reading is not blocked")

	running := s.syncing(t, "--every", "20ms")
	eventually(t, func() bool { return strings.Contains(running.stderr.String(), "is under way") }, "a warning")
	require.Empty(t, running.stdout.String())
	require.NoError(t, held.Release())
	eventually(t, func() bool { return running.stdout.String() != "" }, "its turn")
	running.stop(t, syscall.SIGTERM)
	require.Zero(t, s.run(t, s.args("sync")...).code)
}

// TestInventoryOtherAccount checks that a sync with the key of another account changes nothing, and that none follows it.
func TestInventoryOtherAccount(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	const query = "SELECT count(*) AS orders, count(removed_at) AS removed FROM orders"
	before := s.ok(t, s.args("sql", query)...)
	s.exec(t, "UPDATE sync_state SET account_id = 4711")
	for _, args := range []string{"sync --full", "sync --every 1h", "serve --addr 127.0.0.1:0 --sync 1h", "sync --quiet"} {
		r := s.run(t, s.args(strings.Fields(args)...)...)
		require.Equal(t, exitAccess, r.code, "%s: %s", args, r.stderr)
		requireOneLine(t, r.stderr, "another account", "4711", "; use a key of that account, or name another database with --db")
	}
	require.Equal(t, before, s.ok(t, s.args("sql", query)...))
	require.NotEmpty(t, s.ok(t, s.args("costs")...), "reading needs no key")

	// A key that may not read the account is trusted.
	require.NoError(t, s.Inject(digicerttest.APIError(403, "access_denied|missing_permission", "").On(digicerttest.AccountInfo)))
	require.Zero(t, s.synced(t, "--full").Removed)
}

// TestInventorySyncCannotCreate checks what is said where the database cannot be created.
func TestInventorySyncCannotCreate(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	file := keyFileWith(t, "a file")
	link := filepath.Join(t.TempDir(), "link.db")
	require.NoError(t, os.Symlink(file+".none", link))
	for db, want := range map[string]string{
		filepath.Join(file, "inventory.db"): "--db: mkdir " + file + ": not a directory",
		link:                                link + ": no such file or directory",
		filepath.Dir(file):                  filepath.Dir(file) + " is not a regular file",
	} {
		s.db = db
		r := s.run(t, s.args("sync")...)
		require.Equal(t, exitFailure, r.code)
		requireOneLine(t, r.stderr, want)
	}
	require.Empty(t, s.Requests())
}

// syncing starts a sync that goes on.
func (i inventoried) syncing(t *testing.T, args ...string) watch {
	t.Helper()
	c := command(i.service, i.args(append([]string{"sync"}, args...)...)...)
	running := watch{c, new(lines), new(lines)}
	c.Stdout, c.Stderr = running.stdout, running.stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return running
}

// TestInventorySyncEvery checks that one sync follows another, also after failures, until a signal.
func TestInventorySyncEvery(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	running := s.syncing(t, "--every", "30ms")
	rows := func() []inventory.Summary {
		text := running.stdout.String()
		return decodeLines[inventory.Summary](t, text[:strings.LastIndexByte(text, '\n')+1])
	}
	eventually(t, func() bool { return len(rows()) > 1 }, "two syncs")
	require.True(t, rows()[0].Full)
	require.False(t, rows()[1].Full)
	require.NoError(t, s.Inject(digicerttest.APIError(400, "out_of_sorts", "").On(digicerttest.StatusChanges).Times(2)))
	eventually(t, func() bool { return strings.Count(running.stderr.String(), "; the next sync tries again") == 2 }, "warnings")
	n := len(rows())
	change(t, s.Server, 259, "revoked")
	eventually(t, func() bool { return len(rows()) > n+1 }, "more syncs")
	changes := 0
	for _, row := range rows()[1:] {
		changes += row.Changes
	}
	require.Equal(t, 1, changes)
	running.stop(t, os.Interrupt)
	require.NotContains(t, running.stderr.String(), "digicert: warning: digicert:")

	csv := s.syncing(t, "--every", "30ms", "-o", "csv", "--columns", "listed,read")
	eventually(t, func() bool { return strings.Count(csv.stdout.String(), "\n") > 1 }, "a sync")
	csv.stop(t, syscall.SIGTERM)
	require.Equal(t, "listed,read", strings.SplitN(csv.stdout.String(), "\n", 2)[0])

	// A key that is not accepted is not accepted the next time either.
	c := exec.Command(binary, append([]string{"--base-url", s.url, "--pace", "off"}, s.args("sync", "--every", "1h")...)...)
	c.Env = cleanEnv(keyVariable + "=another-key")
	r := finish(t, c)
	require.Equal(t, exitAccess, r.code, r.stderr)
}

// TestInventorySyncInterrupted checks that a signal ends a sync, and the next one completes it.
func TestInventorySyncInterrupted(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	require.NoError(t, s.Inject(digicerttest.Hang().Times(1)))
	running := s.syncing(t)
	eventually(t, func() bool { return len(s.Requests()) > 0 }, "a request")
	require.NoError(t, running.cmd.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitInterrupted, wait(t, running.cmd))
	require.Empty(t, running.stdout.String())
	requireOneLine(t, running.stderr.String(), "inventory: ", "terminated")
	require.Equal(t, 1, strings.Count(running.stderr.String(), "terminated"))
	require.True(t, s.synced(t).Full)
}

// TestInventoryUnread checks that an order that cannot be read is logged, and does not fail the sync.
func TestInventoryUnread(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	change(t, s.Server, 260, "revoked")
	change(t, s.Server, 261, "revoked")
	require.NoError(t, s.Inject(digicerttest.APIError(400, "out_of_sorts", "").On(digicerttest.OrderInfo).Times(1)))
	r := s.run(t, s.args("sync")...)
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, 1, object[inventory.Summary](t, r.stdout).Unread)
	requireOneLine(t, r.stderr, "digicert: warning: ", "out_of_sorts")
	require.Equal(t, 1, s.synced(t).Read)
}

// TestInventoryProgress checks that a sync shows on a terminal what it is doing.
func TestInventoryProgress(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithOrders(1, 4000), digicerttest.WithLatency(300*time.Millisecond))
	x := newTerminal(t)
	c := command(s.service, s.args("sync")...)
	c.Stdout, c.Stderr = x.tty, x.tty
	require.NoError(t, c.Start())
	require.Zero(t, wait(t, c))
	seen := x.text(t)
	require.Regexp(t, `subaccount orders: ([0-9,]+ of )?[0-9,]+ rows`, seen)
	require.Regexp(t, `(?m)^full +true$`, screen(seen))
}

func TestInventoryReport(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	s.certain(t, 5)
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, []byte("the last one"), 0o640))
	require.Equal(t, exitFailure, s.run(t, s.args("report", "--out", path)...).code)
	require.Equal(t, "the last one", read(t, path), "what fails replaces nothing")
	s.synced(t)
	require.Empty(t, s.ok(t, s.args("report", "--out", path)...))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	for _, page := range []string{read(t, path), s.ok(t, s.args("report")...), s.ok(t, s.args("report", "--out", "/dev/stdout")...)} {
		require.True(t, strings.HasPrefix(page, "<!DOCTYPE html>"), page[:100])
		require.Contains(t, page, "d.example.com")
		require.Contains(t, page, "</html>")
	}
	x := newTerminal(t)
	c := command(s.service, s.args("report")...)
	c.Stdout = x.tty
	r := finish(t, c)
	require.Empty(t, x.text(t))
	require.Equal(t, exitUsage, r.code)
	requireOneLine(t, r.stderr, "which is not printed on a terminal: use --out FILE")
}

// TestInventoryExamples runs the examples in the help of the commands that read.
func TestInventoryExamples(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	root := (&app{out: &output{file: os.Stdout}, err: os.Stderr}).root()
	ran := 0
	for _, c := range root.Command("inventory").Commands {
		_, examples, _ := strings.Cut(c.Description, "Examples:\n")
		for line := range strings.Lines(examples) {
			if strings.Contains(line, " sync") || strings.Contains(line, " serve") {
				continue
			}
			sh := exec.Command("sh", "-c", strings.TrimSpace(line))
			sh.Dir = t.TempDir()
			sh.Env = append(cleanEnv(inventoryVariable+"="+s.db), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
			r := finish(t, sh)
			require.Empty(t, r.stderr, line)
			if !strings.Contains(line, "--fail") {
				require.Zero(t, r.code, line)
			}
			ran++
		}
	}
	require.Greater(t, ran, 10)
}
