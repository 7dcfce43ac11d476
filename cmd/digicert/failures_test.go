//go:build unix

// Tests of what a watch does about a command that fails, and of what it gives to the command.

package main

import (
	"context"
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

// TestReplayRefused checks that a replay touches no file that a watch has not written, and nothing that is not a file.
func TestReplayRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, os.WriteFile(at("notes"), []byte("my notes\n{\"order_id\":1}\n"), 0o600))
	require.NoError(t, syscall.Mkfifo(at("pipe"), 0o600))
	require.NoError(t, os.Mkdir(at("folder"), 0o700))
	require.NoError(t, os.Symlink("pipe", at("link")))
	names := map[string]string{"notes": "has no line that a watch has written", "pipe": "not a regular file", "folder": "not a regular file", "link": "not a regular file", "none": "no such file"}
	if syscall.Mknod(at("device"), syscall.S_IFCHR|0o600, 1<<8|3) == nil { // another /dev/null, which root can make
		names["device"] = "not a regular file"
	}
	before, err := os.ReadDir(folder)
	require.NoError(t, err)
	for name, want := range names {
		r := execute(t, cleanEnv(), "status-changes", "watch", "--replay", at(name), "--exec", self(t))
		require.Equal(t, exitUsage, r.code, r.stderr)
		requireOneLine(t, r.stderr, "--replay", want)
	}
	after, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing is renamed")
}

// TestReplayTwice checks that of two replays of one file at the same time one is refused, and that a link to the file stays.
func TestReplayTwice(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	failures, link := filepath.Join(folder, "failed.jsonl"), filepath.Join(folder, "link")
	require.NoError(t, os.WriteFile(failures, []byte(`{"change":{"order_id":1,"status":"issued"},"error":"e","time":"2026-01-01T00:00:00Z"}`+"\n"), 0o600))
	require.NoError(t, os.Symlink(failures, link))
	replay := func(path, hook string) *exec.Cmd {
		c := exec.Command(binary, "status-changes", "watch", "--replay", path, "--exec", hook)
		c.Env = cleanEnv()
		return c
	}
	started, end := filepath.Join(folder, "started"), filepath.Join(folder, "end")
	require.NoError(t, syscall.Mkfifo(end, 0o600))
	first := replay(link, "sh -c 'touch "+started+"; read line <"+end+"; exit 3'")
	var stderr lines
	first.Stderr = &stderr
	require.NoError(t, first.Start())
	eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, "the command")
	r := finish(t, replay(failures, "true"))
	require.Equal(t, exitUsage, r.code)
	requireOneLine(t, r.stderr, "it is in use by another process")
	require.NoError(t, os.WriteFile(end, []byte("\n"), 0))
	require.Equal(t, exitFailure, wait(t, first), stderr.String())
	require.Contains(t, stderr.String(), "1 change has failed again, and is in "+failures)
	content, err := os.ReadFile(link)
	require.NoError(t, err)
	require.Contains(t, string(content), "exit status 3")
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, os.ModeSymlink, info.Mode().Type())
	require.Zero(t, finish(t, replay(link, "true")).code)
	require.NoFileExists(t, failures)
}

// TestReplayInterrupted checks that a replay that is interrupted keeps the changes whose command it has not run.
func TestReplayInterrupted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "failed.jsonl")
	content := `{"change":{"order_id":1,"certificate_id":2,"status":"issued"},"error":"e","time":"2026-01-01T00:00:00Z"}` + "\n" +
		`{"change":{"order_id":3,"certificate_id":4,"status":"revoked"},"error":"f","time":"2026-01-02T00:00:00Z"}` + "\n"
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &app{log: messages{file: os.Stderr}}
	require.ErrorIs(t, a.replay(ctx, path, watchAction{hook: &hook{words: []string{"no-such-program"}}}), context.Canceled)
	require.Equal(t, content, read(t, path))
	require.NoFileExists(t, replaying(path))
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
		"--exec true --on-failure skp": `--on-failure "skp" is invalid`, "--exec true --retries=-1": "--retries -1 is negative", "--exec true --on-failure maybe": `--on-failure "maybe" is invalid`,
		"--exec true --on-failure skip": "--on-failure skip needs --failures", "--exec true --failures f": "--failures needs --on-failure skip",
		"--exec true --replay f --checkpoint c": "--replay and --checkpoint exclude each other", "--status issued,,revoked": "has an empty value",
	} {
		r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", url, "status-changes", "watch"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, r.code, r.stderr)
		requireOneLine(t, r.stderr, want)
	}
}
