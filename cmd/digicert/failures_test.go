//go:build unix

// Tests of what a watch does about a command that fails, and of what it gives to the command.

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// self is the command of --exec: the test binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return "'" + path + "'"
}

// TestSkippedAndReplayed checks that one bad order does not stop the watch, and that nothing of it is lost.
func TestSkippedAndReplayed(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	failures := filepath.Join(t.TempDir(), "failed.jsonl")
	require.NoError(t, os.WriteFile(failures, []byte(`{"change":{"order_id":77,"status":"issued"},"error":"old","time":"2026-01-01T00:00:00Z"}`), 0o600)) // cut off
	running := s.watch(t, "--exec", self(t), "--on-failure", "skip", "--failures", failures)
	require.NoError(t, os.WriteFile(s.hooked+".fail", nil, 0o600))
	bad := change(t, s.Server, 1, "issued")
	eventually(t, func() bool { return strings.Contains(running.stderr.String(), "was skipped, and is in "+failures) }, "the skipped change")
	require.NoError(t, os.Remove(s.hooked+".fail"))
	change(t, s.Server, 2, "revoked")
	eventually(t, func() bool { return len(s.hooks(t)) == 2 }, "the watch goes on")
	running.stop(t, syscall.SIGTERM)
	polls := len(s.Requests())
	again := s.watch(t, "--exec", self(t))
	eventually(t, func() bool { return len(s.Requests()) > polls+1 }, "polls")
	again.stop(t, syscall.SIGTERM)
	require.Len(t, s.hooks(t), 2, "a skipped change does not come again")
	content, err := os.ReadFile(failures)
	require.NoError(t, err)
	rows := decodeLines[failedChange](t, string(content))
	require.Len(t, rows, 2)
	require.Equal(t, bad, rows[1].Change)
	require.Contains(t, rows[1].Error, "failed for order 1: exit status 3")
	require.NotZero(t, rows[1].Time)

	replay := func(want int, args ...string) result {
		c := exec.Command(binary, append([]string{"status-changes", "watch", "--replay", failures, "--exec", self(t)}, args...)...)
		c.Env = cleanEnv(hookVariable + "=" + s.hooked)
		r := finish(t, c)
		require.Equal(t, want, r.code, r.stderr)
		return r
	}
	require.NoError(t, os.WriteFile(s.hooked+".fail", nil, 0o600))
	r := replay(exitFailure)
	require.Contains(t, r.stderr, "2 changes have failed again, and are in "+failures)
	require.Len(t, s.hooks(t), 4)
	require.NoError(t, os.Remove(s.hooked+".fail"))
	replay(0, "--status", "revoked")
	require.Len(t, s.hooks(t), 4, "others are kept")
	require.NoError(t, os.Rename(failures, replaying(failures))) // a replay was killed
	replay(0)
	require.Equal(t, []any{"77", "1"}, []any{s.hooks(t)[4]["DIGICERT_ORDER_ID"], s.hooks(t)[5]["DIGICERT_ORDER_ID"]})
	require.NoFileExists(t, failures)
	require.NoFileExists(t, replaying(failures))
	requireOneLine(t, replay(exitUsage).stderr, "--replay", "no such file")
}

// TestRetries checks that a command that fails is run again, and that a signal ends the wait.
func TestRetries(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	require.NoError(t, os.WriteFile(s.hooked+".fail", nil, 0o600))
	running := s.watch(t, "--exec", self(t), "--retries", "5")
	change(t, s.Server, 1, "issued")
	eventually(t, func() bool { return strings.Contains(running.stderr.String(), "exit status 3; again in 1s") }, "the first failure")
	require.NoError(t, os.Remove(s.hooked+".fail"))
	eventually(t, func() bool { return len(s.hooks(t)) == 2 }, "the second run")
	running.stop(t, os.Interrupt)

	require.NoError(t, os.WriteFile(s.hooked+".fail", nil, 0o600))
	running = s.watch(t, "--exec", self(t), "--retries", "100")
	change(t, s.Server, 2, "issued")
	eventually(t, func() bool { return strings.Contains(running.stderr.String(), "again in 2s") }, "a wait")
	running.stop(t, syscall.SIGTERM)
}

// TestWatchStatus checks that only the statuses that matter are printed and acted on.
func TestWatchStatus(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	running := s.watch(t, "--status", "revoked,rejected", "--exec", self(t))
	change(t, s.Server, 1, "issued")
	want := change(t, s.Server, 2, "revoked")
	eventually(t, func() bool { return len(s.hooks(t)) == 1 }, "the revocation")
	running.stop(t, os.Interrupt)
	require.Equal(t, []digicert.StatusChange{want}, running.changes(t))
}

// TestExecWithKey checks that the key is withheld from a command, and that with the flag the command can use it without seeing it.
func TestExecWithKey(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	file := keyFileWith(t, key)
	start := func(env string, args ...string) watch {
		c := command(s.service, append([]string{"status-changes", "watch", "--interval", "20ms", "--exec", self(t)}, args...)...)
		c.Env = append(cleanEnv(env), hookVariable+"="+s.hooked)
		running := watch{c, new(lines), new(lines)}
		c.Stdout, c.Stderr = running.stdout, running.stderr
		require.NoError(t, c.Start())
		t.Cleanup(func() { _ = c.Process.Kill() })
		return running
	}
	given := func(n int, status digicert.OrderStatus, running watch) map[string]any {
		polls := len(s.Requests())
		eventually(t, func() bool { return len(s.Requests()) > polls }, "a poll")
		change(t, s.Server, 1, status)
		eventually(t, func() bool { return len(s.hooks(t)) > n }, "the command")
		running.stop(t, os.Interrupt)
		return s.hooks(t)[n]
	}
	got := given(0, "issued", start(keyFileVariable+"="+file))
	require.NotContains(t, got, keyVariable)
	require.NotContains(t, got, keyFileVariable)
	got = given(1, "revoked", start(keyFileVariable+"="+file, "--exec-with-key"))
	require.NotContains(t, got, keyVariable)
	require.Equal(t, file, got[keyFileVariable])
	require.Equal(t, s.url, got[baseURLVariable])

	r := finish(t, command(s.service, "status-changes", "watch", "--exec", self(t), "--exec-with-key")) // the key is in a variable
	require.Equal(t, exitUsage, r.code)
	requireOneLine(t, r.stderr, "the key is not in one: use --api-key-file, or a profile")
}

// TestStrangeStatus checks that a change whose text an environment cannot hold does not stop the watch.
func TestStrangeStatus(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	running := s.watch(t, "--exec", self(t))
	odd := digicert.OrderStatus("a\x00b\x1b[31m")
	change(t, s.Server, 1, odd)
	eventually(t, func() bool { return len(s.hooks(t)) == 1 }, "the odd one")
	long := digicert.OrderStatus(strings.Repeat("x", 200_000))
	change(t, s.Server, 2, long)
	eventually(t, func() bool { return len(s.hooks(t)) == 2 }, "the long one")
	running.stop(t, os.Interrupt)
	first, second := s.hooks(t)[0], s.hooks(t)[1]
	require.Equal(t, odd, object[digicert.StatusChange](t, first["stdin"].(string)).Status)
	require.Equal(t, "a\uFFFDb\uFFFD[31m", first["DIGICERT_STATUS"])
	require.Equal(t, long, object[digicert.StatusChange](t, second["stdin"].(string)).Status)
	require.Equal(t, maxVariable, len(second["DIGICERT_STATUS"].(string)))
	require.NotContains(t, second, "DIGICERT_CHANGE")
}

func TestExecRefused(t *testing.T) {
	t.Parallel()
	url := unusedServer(t)
	for args, want := range map[string]string{
		"--retries 1": "--retries needs --exec", "--failures f": "--failures needs --exec", "--replay f": "--replay needs --exec", "--exec-with-key": "--exec-with-key needs --exec",
		"--exec true --retries=-1": "--retries -1 is negative", "--exec true --on-failure maybe": `--on-failure "maybe" is invalid`,
		"--exec true --on-failure skip": "--on-failure skip needs --failures", "--exec true --failures f": "--failures needs --on-failure skip",
		"--exec true --replay f --checkpoint c": "--replay takes no other file", "--status issued,,revoked": "has an empty value",
	} {
		r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", url, "status-changes", "watch"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, r.code, r.stderr)
		requireOneLine(t, r.stderr, want)
	}
}
