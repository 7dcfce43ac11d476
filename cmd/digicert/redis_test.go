//go:build unix

// Tests of what programs share by Redis.

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// unpaced is command without --pace.
func unpaced(s service, args ...string) *exec.Cmd {
	c := exec.Command(binary, append([]string{"--base-url", s.url}, args...)...)
	c.Env = cleanEnv(keyVariable+"="+key, configVariable+"="+os.DevNull)
	return c
}

// Programs that run at the same moment keep the limits together.
func TestRedisSharesTheLimits(t *testing.T) {
	t.Parallel()
	r := miniredis.RunT(t)
	window := digicert.Window{Requests: 2, Per: 200 * time.Millisecond}
	server := digicerttest.NewServer(t, digicerttest.WithRateLimits(window))
	s := service{url: server.URL()}
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("profiles:\n  default:\n    redis: redis://"+r.Addr()+"\n    pace: [2/200ms]\n"), 0o600))
	var wg sync.WaitGroup
	for i := range 6 {
		args := []string{"--redis", "redis://" + r.Addr() + "/0", "--pace", "2/200ms", "users", "me"}
		if i%2 == 0 {
			args = []string{"users", "me"}
		}
		c := unpaced(s, args...)
		if i%2 == 0 {
			c.Env = append(c.Env, configVariable+"="+config)
		}
		wg.Go(func() {
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 6, server.Stats().Requests)
	require.Zero(t, server.Stats().Refused)
	require.Contains(t, strings.Join(r.Keys(), " "), "digicert:{default}:slots")
}

// Two programs that place one order at the same moment place one.
func TestRedisOneOrder(t *testing.T) {
	t.Parallel()
	r := miniredis.RunT(t)
	server := digicerttest.NewServer(t)
	s := service{url: server.URL()}
	path, _ := csrFile(t, "www.example.com")
	var wg sync.WaitGroup
	for range 4 {
		c := unpaced(s, "--redis", "redis://"+r.Addr(), "--redis-name", "production", "orders", "place", "ssl_plus", "--csr", path,
			"--names-from-csr", "--organization", "117483", "--alternative-id", "mine", "--yes")
		wg.Go(func() {
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, server.Count(digicerttest.PlaceOrder).Acted)
}

// sharing starts a watch with its place in Redis.
func (s watched) sharing(t *testing.T, r *miniredis.Miniredis) watch {
	t.Helper()
	c := unpaced(s.service, "--redis", "redis://"+r.Addr(), "--pace", "1000/1s", "status-changes", "watch", "--interval", "20ms")
	w := watch{c, new(lines), new(lines)}
	c.Stdout, c.Stderr = w.stdout, w.stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return w
}

// Of two watches one is at work. The other takes over where that ended.
func TestRedisWatch(t *testing.T) {
	t.Parallel()
	r := miniredis.RunT(t)
	s := newWatched(t)
	first := s.sharing(t, r)
	eventually(t, func() bool { return len(s.Requests()) > 1 }, "polls")
	second := s.sharing(t, r)
	eventually(t, func() bool { return second.stderr.String() != "" }, "a message")
	requireOneLine(t, second.stderr.String(), `another program has the watch "watch"`)
	one := change(t, s.Server, 1, "issued")
	eventually(t, func() bool { return strings.Contains(first.stdout.String(), "\n") }, "the change")
	first.stop(t, os.Interrupt)
	two := change(t, s.Server, 2, "issued")
	eventually(t, func() bool { return strings.Contains(second.stdout.String(), "\n") }, "the next change")
	second.stop(t, os.Interrupt)
	require.Equal(t, []digicert.StatusChange{one}, first.changes(t))
	require.Equal(t, []digicert.StatusChange{two}, second.changes(t))
}

// A watch and its standby survive a Redis that is restarted, with or without its data.
func TestRedisWatchRestart(t *testing.T) {
	t.Parallel()
	r := miniredis.RunT(t)
	s := newWatched(t)
	var changes []digicert.StatusChange
	first := s.sharing(t, r)
	next := func(id digicert.OrderID) {
		t.Helper()
		changes = append(changes, change(t, s.Server, id, "issued"))
	}
	printed := func(w watch) {
		t.Helper()
		last := changes[len(changes)-1]
		eventually(t, func() bool { return strings.Contains(w.stdout.String(), fmt.Sprintf(`"order_id":%d,`, last.OrderID)) }, "the change")
	}
	eventually(t, func() bool { return len(s.Requests()) > 1 }, "polls")
	next(1)
	printed(first)
	r.Close()
	eventually(t, func() bool { return strings.Contains(first.stderr.String(), "connection refused") }, "a poll that fails")
	r.FlushAll()
	next(2)
	require.NoError(t, r.Restart())
	printed(first)

	second := s.sharing(t, r)
	eventually(t, func() bool { return strings.Contains(second.stderr.String(), "another program") }, "a message")
	r.Close()
	eventually(t, func() bool { return strings.Contains(second.stderr.String(), "goes on when it can") }, "the message of the standby")
	require.NoError(t, r.Restart())
	first.stop(t, os.Interrupt)
	next(3)
	printed(second)
	second.stop(t, os.Interrupt)
	require.Equal(t, changes[2:], second.changes(t))
	require.Subset(t, changes[:2], first.changes(t), "one may come again: its place was not saved when the lease was lost")
}

func TestRedisFailures(t *testing.T) {
	t.Parallel()
	r := miniredis.RunT(t)
	r.RequireAuth("the-password")
	server := digicerttest.NewServer(t)
	s := service{url: server.URL()}
	unused := strings.TrimPrefix(unusedServer(t), "http://")
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"--redis redis://" + unused + " account", exitUnavailable, "Redis is unavailable"},
		{"--redis redis://" + r.Addr() + " account", exitAccess, "the limits of default: Redis refused the command: NOAUTH"},
		{"--redis redis://u:the-secret@" + r.Addr() + " account", exitAccess, "WRONGPASS"},
		{"--redis " + r.Addr() + " account", exitUsage, "--redis must be the URL of a Redis, such as redis://host:6379"},
		{"--redis redis://u:the-secret@host/?nosuch=1 account", exitUsage, "--redis: unexpected option: nosuch"},
		{"--redis redis://u:the-secret@host/notanumber account", exitUsage, "--redis: invalid database number"},
		{"--redis http://u:the-secret@host account", exitUsage, "--redis: invalid URL scheme: http"},
		{"--redis-name production account", exitUsage, "--redis-name needs --redis"},
		{"--redis redis://host --redis-name {a} account", exitUsage, `--redis-name "{a}" is invalid`},
		{"--redis redis://host --redis-name a\x01b account", exitUsage, "without braces and spaces"},
		{"--redis= account", exitUsage, "--redis is empty"},
		{"--redis redis://host --redis-name= account", exitUsage, "--redis-name is empty"},
		{"status-changes watch --redis redis://" + unused, exitUnavailable, "the checkpoint default-watch-watch: Redis is unavailable"},
		{"--redis redis://host --pace off account", exitUsage, "--pace off and --redis exclude each other"},
		{"status-changes watch --redis-watch a", exitUsage, "--redis-watch needs --redis"},
		{"--redis redis://host status-changes watch --redis-watch a --checkpoint b", exitUsage, "--redis-watch and --checkpoint exclude each other"},
		{"config set redis redis://u:the-secret@host", exitUsage, "a password is never stored; put it into REDISCLI_AUTH"},
		{"config set redis host:6379", exitUsage, "redis must be the URL of a Redis"},
		{"config set redis-name a}", exitUsage, `redis-name "a}" is invalid`},
	} {
		args := strings.Fields(test.args)
		c := unpaced(s, args...)
		if args[0] == "config" { // which sends nothing
			c.Args = append(c.Args[:1], args...)
		}
		got := finish(t, c)
		require.Equal(t, test.code, got.code, "%s: %s", test.args, got.stderr)
		requireOneLine(t, got.stderr, test.want)
		require.NotContains(t, got.stderr, "the-secret")
	}
	require.Zero(t, server.Stats().Requests, "nothing was sent")
	c := unpaced(s, "--redis", "redis://"+r.Addr(), "account")
	c.Env = append(c.Env, redisPasswordVariable+"=the-password")
	require.NoError(t, c.Run())
}
