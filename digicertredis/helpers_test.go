package digicertredis_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// server is a Redis that a test runs on.
type server struct {
	addrs   []string // several: a cluster
	cluster bool
	mini    *miniredis.Miniredis // or nil
}

// onEach runs a test on a miniredis, and on the servers of DIGICERT_TEST_REDIS ("127.0.0.1:6379") and DIGICERT_TEST_REDIS_CLUSTER (several
// addresses, with commas).
func onEach(t *testing.T, f func(t *testing.T, s *server)) {
	t.Helper()
	t.Parallel()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		m := miniredis.RunT(t)
		f(t, &server{addrs: []string{m.Addr()}, mini: m})
	})
	for name, variable := range map[string]string{"redis": "DIGICERT_TEST_REDIS", "cluster": "DIGICERT_TEST_REDIS_CLUSTER"} {
		if addrs := os.Getenv(variable); addrs != "" {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f(t, &server{addrs: strings.Split(addrs, ","), cluster: name == "cluster"})
			})
		}
	}
}

// machine returns a client of its own, as another machine has, whose connections go by w.
func (s *server) machine(t testing.TB, w *wire) redis.UniversalClient {
	t.Helper()
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: s.addrs, IsClusterMode: s.cluster, Dialer: w.dial, MaxRetries: 1,
		DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// newName returns a name that no other test uses.
func newName() string { return "test-" + rand.Text()[:10] }

// wire is the way from a machine to Redis, which can be cut.
type wire struct {
	mu    sync.Mutex
	cut   bool
	delay time.Duration // of each answer
	conns map[net.Conn]bool
}

var errCut = errors.New("the wire is cut")

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	if cut {
		return nil, errCut
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		w.conns = make(map[net.Conn]bool)
	}
	w.conns[conn] = true
	return &wiredConn{conn, w}, nil
}

// set cuts the wire, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if cut {
		for conn := range w.conns {
			_ = conn.Close()
			delete(w.conns, conn)
		}
	}
}

func (w *wire) slow(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = delay
}

type wiredConn struct {
	net.Conn
	w *wire
}

func (c *wiredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.w.mu.Lock()
	delay := c.w.delay
	c.w.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	return n, err
}

// counter is a service that counts requests.
type counter struct {
	mu    sync.Mutex
	times []time.Time
}

func (c *counter) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Now())
}

func (c *counter) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.times)
}

// check fails if a window held more requests than it may. Redis and the test may go by two clocks of one system, which differ by
// less than a thousandth in their pace.
func (c *counter) check(t *testing.T, extra int, windows ...digicert.Window) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range windows {
		for i := w.Requests + extra; i < len(c.times); i++ {
			first := c.times[i-w.Requests-extra]
			require.Greater(t, c.times[i].Sub(first), w.Per-w.Per/500, "request %d of %d in a window of %s for %d", i, len(c.times), w.Per, w.Requests)
		}
	}
}

// keysOf returns all Redis keys of a name with their values' sizes.
func keysOf(t *testing.T, rdb redis.UniversalClient, name string) map[string]int64 {
	t.Helper()
	sizes := make(map[string]int64)
	for _, what := range []string{"state", "slots", "queue", "seen", "out"} {
		key := fmt.Sprintf("digicert:{%s}:%s", name, what)
		switch kind, err := rdb.Type(t.Context(), key).Result(); {
		case err != nil:
			require.NoError(t, err)
		case kind == "zset":
			sizes[what] = rdb.ZCard(t.Context(), key).Val()
		case kind == "hash":
			sizes[what] = rdb.HLen(t.Context(), key).Val()
		}
	}
	return sizes
}

// newSeed returns the seed of a randomised test, from DIGICERT_TEST_SEED where that is set, and prints it.
func newSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("DIGICERT_TEST_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("DIGICERT_TEST_SEED=%d", seed)
	return seed
}

// eventually waits for a condition for longer than any machine stalls.
func eventually(t *testing.T, condition func() bool, message ...any) {
	t.Helper()
	require.Eventually(t, condition, time.Minute, time.Millisecond, message...)
}

// arranged runs an attempt until it reports that all was in time. A machine that stalls spoils some attempts, a defect all.
func arranged(t *testing.T, attempt func() (inTime bool)) {
	t.Helper()
	for range 20 {
		if attempt() {
			return
		}
	}
	t.Fatal("twenty attempts were not in time")
}

// soon is a context whose deadline is always half a second ahead, so that a machine that stalls never reaches it.
type soon struct{ context.Context }

func (soon) Deadline() (time.Time, bool) { return time.Now().Add(time.Second / 2), true }

// observed is a context that reports what the limiter asks of it. Done is called by a request that is in the queue.
type observed struct {
	context.Context
	onDone, onDeadline func()
}

func (o *observed) Done() <-chan struct{} {
	o.onDone()
	return o.Context.Done()
}

func (o *observed) Deadline() (time.Time, bool) {
	o.onDeadline()
	return o.Context.Deadline()
}

// acquireLater asks for a slot, and returns when the request is in the queue.
func acquireLater(ctx context.Context, l digicert.Limiter, then func(release func(), err error)) {
	queued := make(chan struct{})
	go func() {
		then(l.Acquire(&observed{ctx, sync.OnceFunc(func() { close(queued) }), func() {}}))
	}()
	<-queued
}

// use takes a slot, counts a request somewhere within, and gives it back.
func use(ctx context.Context, l digicert.Limiter, c *counter, before, after time.Duration) error {
	release, err := l.Acquire(ctx)
	if err != nil {
		return err
	}
	time.Sleep(before)
	c.count()
	time.Sleep(after)
	release()
	return nil
}

var _ digicert.Pauser = (*digicertredis.Limiter)(nil)

func newMini(t *testing.T) *server {
	m := miniredis.RunT(t)
	return &server{addrs: []string{m.Addr()}, mini: m}
}
