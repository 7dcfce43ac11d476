//go:build unix

package main

import (
	"bytes"
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
)

// TestCheckpointStays checks that a change whose command failed leaves the checkpoint alone, and the same bytes in its file. The
// changes lie further back than polls overlap, so that only the checkpoint brings them again.
func TestCheckpointStays(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	s := newWatched(t)
	clock := digicerttest.NewClock(time.Now())
	s.SetClock(clock.Now)
	s.watch(t).stop(t, syscall.SIGTERM)
	before, err := os.ReadFile(s.checkpoint)
	require.NoError(t, err)

	clock.Advance(time.Hour)
	change(t, s.Server, 1, "issued")
	clock.Advance(time.Second)
	change(t, s.Server, 2, "revoked")
	clock.Advance(time.Hour)
	require.NoError(t, os.WriteFile(s.hooked+".fail", nil, 0o600))
	for n := range 2 {
		failing := s.watch(t, "--exec", "'"+self+"'")
		require.Equal(t, exitFailure, wait(t, failing.cmd))
		require.Len(t, s.hooks(t), n+1, "the watch ends with the first command that fails")
		require.Len(t, failing.changes(t), 1)
		after, err := os.ReadFile(s.checkpoint)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after))
		lines := strings.Split(strings.TrimSuffix(failing.stderr.String(), "\n"), "\n")
		require.Equal(t, "the hook's own output", lines[0])
		requireOneLine(t, lines[1]+"\n", "failed for order ", "exit status 3", "the change will be repeated")
	}

	require.NoError(t, os.Remove(s.hooked+".fail"))
	mended := s.watch(t, "--exec", "'"+self+"'")
	eventually(t, func() bool { return len(s.hooks(t)) == 4 }, "both changes come again")
	eventually(t, func() bool {
		after, err := os.ReadFile(s.checkpoint)
		return err == nil && !bytes.Equal(before, after)
	}, "the checkpoint moves")
	mended.stop(t, syscall.SIGTERM)
	require.ElementsMatch(t, []any{"1", "2"}, []any{s.hooks(t)[2]["DIGICERT_ORDER_ID"], s.hooks(t)[3]["DIGICERT_ORDER_ID"]})

	clock.Advance(time.Hour)
	last := change(t, s.Server, 3, "issued")
	after := s.watch(t)
	eventually(t, func() bool { return strings.Contains(after.stdout.String(), "\n") }, "the change")
	after.stop(t, os.Interrupt)
	require.Equal(t, []digicert.StatusChange{last}, after.changes(t), "what succeeded does not come again")
}

// TestWatchFormats checks that every row is written as it comes, in every format that has no end.
func TestWatchFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string][]string{
		formatJSONL: {`{"order_id":1,"certificate_id":1,"status":"issued"}`, `{"order_id":2,"certificate_id":2,"status":"revoked"}`},
		formatCSV:   {"order_id,certificate_id,status", "1,1,issued", "2,2,revoked"},
		formatTable: {
			"    order_id  certificate_id  status",
			"           1               1  issued",
			"           2               2  revoked",
		},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := newWatched(t)
			running := s.watch(t, "-o", format)
			got := func() []string { return strings.Split(strings.TrimSuffix(running.stdout.String(), "\n"), "\n") }
			change(t, s.Server, 1, "issued")
			eventually(t, func() bool { return len(got()) == len(want)-1 && strings.HasSuffix(running.stdout.String(), "\n") }, "the first")
			change(t, s.Server, 2, "revoked")
			eventually(t, func() bool { return len(got()) == len(want) && strings.HasSuffix(running.stdout.String(), "\n") }, "the second")
			running.stop(t, os.Interrupt)
			require.Equal(t, want, got())
			require.Empty(t, running.stderr.String())
		})
	}
}

// TestWatchSince checks where a watch begins.
func TestWatchSince(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	at := time.Now().Add(-30 * 24 * time.Hour).UTC().Truncate(time.Second)
	require.NoError(t, s.SetStatusAt(1, "issued", at))
	require.NoError(t, s.SetStatusAt(2, "issued", at.Add(-24*time.Hour)))
	require.NoError(t, s.SetStatusAt(3, "issued", at.Add(-24*time.Hour)))

	from := s.watch(t, "--since", at.Format(time.RFC3339))
	eventually(t, func() bool { return strings.Contains(from.stdout.String(), "\n") }, "a change of a month ago")
	from.stop(t, os.Interrupt)
	require.Len(t, from.changes(t), 1)
	require.Equal(t, digicert.OrderID(1), from.changes(t)[0].OrderID)

	again := s.watch(t, "--since", at.Add(-48*time.Hour).Format(time.RFC3339))
	polls := len(s.Requests())
	eventually(t, func() bool { return len(s.Requests()) > polls+1 }, "polls")
	again.stop(t, os.Interrupt)
	require.Empty(t, again.stdout.String(), "the checkpoint goes before --since")
}

// TestWatchRepeats checks that a watch outlasts what a listing would not, and says so.
func TestWatchRepeats(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	running := s.watch(t)
	require.NoError(t, s.Inject(digicerttest.APIError(400, "out_of_sorts", "").Times(1)))
	eventually(t, func() bool { return strings.Contains(running.stderr.String(), "level=WARN") }, "a warning")
	change(t, s.Server, 1, "issued")
	eventually(t, func() bool { return strings.Contains(running.stdout.String(), "issued") }, "the change")
	running.stop(t, os.Interrupt)
	require.NotContains(t, running.stderr.String(), key)
}

// TestWatchClosedPipe checks that a watch ends when a change finds nobody who reads, and that neither the command of --exec
// nor the checkpoint is told of that change.
func TestWatchClosedPipe(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	s := newWatched(t)
	clock := digicerttest.NewClock(time.Now())
	s.SetClock(clock.Now)
	s.watch(t).stop(t, os.Interrupt)
	before, err := os.ReadFile(s.checkpoint)
	require.NoError(t, err)
	clock.Advance(time.Hour)
	missed := change(t, s.Server, 1, "issued")
	clock.Advance(time.Hour)

	c := command(s.service, "status-changes", "watch", "--interval", "20ms", "--checkpoint", s.checkpoint, "--exec", "'"+self+"'")
	c.Env = append(c.Env, hookVariable+"="+s.hooked)
	toNobody(t, c)
	r := finish(t, c)
	require.Zero(t, r.code, r.stderr)
	require.Empty(t, r.stderr)
	require.Empty(t, s.hooks(t))
	after, err := os.ReadFile(s.checkpoint)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))

	running := s.watch(t)
	eventually(t, func() bool { return strings.Contains(running.stdout.String(), "\n") }, "the change that nobody read")
	running.stop(t, os.Interrupt)
	require.Equal(t, []digicert.StatusChange{missed}, running.changes(t))
}

// toNobody gives a command a pipe whose other end is closed.
func toNobody(t *testing.T, c *exec.Cmd) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	t.Cleanup(func() { _ = w.Close() })
	c.Stdout = w
}

// TestClosedFromTheBeginning checks that nobody who reads is no failure of any command, whatever it prints.
func TestClosedFromTheBeginning(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"--help", "--version", "completion bash", "reissues", "reissues list --help",
		"--demo reissues list 123457 -o table", "--demo reissues list 123457 -o csv", "--demo reissues list 123457 -o json",
		"--demo subaccounts orders", "--demo status-changes list --last 10m", "--demo get /account/subaccount/order",
		"--demo status-changes watch", "sandbox", "sandbox -o json",
		"--demo inventory sync", "--demo inventory report", "--demo inventory serve --addr 127.0.0.1:0", "--demo inventory sync --every 1h",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(binary, strings.Fields(args)...)
			c.Env = cleanEnv()
			toNobody(t, c)
			require.Equal(t, result{}, finish(t, c))
		})
	}
}

// TestWatchCommandGone checks a command that was there when the watch began.
func TestWatchCommandGone(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	path := filepath.Join(t.TempDir(), "hook")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700))
	running := s.watch(t, "--exec", "'"+path+"'")
	require.NoError(t, os.Remove(path))
	change(t, s.Server, 1, "issued")
	require.Equal(t, exitFailure, wait(t, running.cmd))
	requireOneLine(t, running.stderr.String(), "no such file", "the change will be repeated")
	require.NotContains(t, running.stderr.String(), "incomplete", "a watch never is anything else")
}
