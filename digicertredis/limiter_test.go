package digicertredis_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// No window of the service holds more than it may, whenever it counts a request, and all requests start.
func TestWindowsAcrossMachines(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		rng := rand.New(rand.NewPCG(newSeed(t), 1))
		windows := []digicert.Window{{Requests: 8, Per: 100 * time.Millisecond}, {Requests: 40, Per: time.Second}}
		name, c := newName(), new(counter)
		const machines, workers, each = 4, 5, 5
		var wg sync.WaitGroup
		for range machines {
			l := digicertredis.NewLimiter(s.machine(t, new(wire)), name, windows...)
			for range workers {
				waits := make([]time.Duration, 2*each)
				for i := range waits {
					waits[i] = time.Duration(rng.Int64N(int64(10 * time.Millisecond)))
				}
				wg.Go(func() {
					for i := range each {
						if err := use(t.Context(), l, c, waits[2*i], waits[2*i+1]); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		require.Equal(t, machines*workers*each, c.len())
		c.check(t, 0, windows...)
		sizes := keysOf(t, s.machine(t, new(wire)), name)
		require.LessOrEqual(t, sizes["slots"], int64(40))
		require.Zero(t, sizes["queue"]+sizes["seen"]+sizes["out"], "nobody waits")
	})
}

// The waiter who came first starts first, on whichever machine.
func TestFirstComeFirstServed(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		const per, apart = 60 * time.Millisecond, 40 * time.Millisecond
		arranged(t, func() bool {
			name, rdb := newName(), s.machine(t, new(wire))
			var machines []digicert.Limiter
			for range 3 {
				machines = append(machines, digicertredis.NewLimiter(s.machine(t, new(wire)), name, digicert.Window{Requests: 1, Per: per}))
			}
			first, err := machines[0].Acquire(t.Context())
			require.NoError(t, err)
			order := make(chan int, 9)
			for i := range 9 {
				acquireLater(t.Context(), machines[i%3], func(release func(), err error) {
					if err != nil {
						t.Error(err)
						return
					}
					order <- i
					release()
				})
				eventually(t, func() bool { return int(keysOf(t, rdb, name)["queue"]) == min(i+1, 3) })
				time.Sleep(apart) // when a request came is known as exactly as a call to Redis is fast
			}
			first()
			for i := range 9 {
				if <-order != i {
					return false
				}
			}
			return true
		})
	})
}

// A 429 to one pauses all. Afterwards they start one by one, each after the response to the one before.
func TestPauseOfAll(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, window := newName(), digicert.Window{Requests: 1000, Per: time.Minute}
		const machines, each, pause = 3, 4, 300 * time.Millisecond
		var limiters []*digicertredis.Limiter
		for range machines {
			l := digicertredis.NewLimiter(s.machine(t, new(wire)), name, window)
			release, err := l.Acquire(t.Context()) // a connection is made
			require.NoError(t, err)
			release()
			limiters = append(limiters, l)
		}
		began := time.Now()
		require.NoError(t, limiters[0].Pause(t.Context(), pause))
		require.NoError(t, limiters[1].Pause(t.Context(), time.Millisecond), "a shorter one does not end it")
		var mu sync.Mutex
		under, most := 0, 0
		var wg sync.WaitGroup
		for _, l := range limiters {
			for range each {
				wg.Go(func() {
					release, err := l.Acquire(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					if time.Since(began) < pause-pause/500 {
						t.Errorf("a request started %s after the beginning of the pause", time.Since(began))
					}
					mu.Lock()
					under++
					most = max(most, under)
					mu.Unlock()
					time.Sleep(5 * time.Millisecond)
					mu.Lock()
					under--
					mu.Unlock()
					release()
				})
			}
		}
		wg.Wait()
		require.Equal(t, 1, most)

		// Nobody waits any more: the limiter has recovered.
		var together []func()
		for _, l := range limiters {
			for range 3 {
				release, err := l.Acquire(t.Context())
				require.NoError(t, err)
				together = append(together, release)
			}
		}
		for _, release := range together {
			release()
		}
	})
}

// A pause of no length, or of one that no clock reaches, forgets no slot.
func TestLengthsOfPauses(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, rdb := newName(), s.machine(t, new(wire))
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 100, Per: time.Hour})
		require.NoError(t, use(t.Context(), l, new(counter), 0, 0))
		for _, d := range []time.Duration{math.MinInt64, -1000 * time.Hour, -1, 0, 1, time.Microsecond} {
			require.NoError(t, l.Pause(t.Context(), d))
			require.EqualValues(t, 1, keysOf(t, rdb, name)["slots"], d)
		}
		require.NoError(t, use(t.Context(), l, new(counter), 0, 0))
		require.NoError(t, l.Pause(t.Context(), math.MaxInt64))
		require.EqualValues(t, 2, keysOf(t, rdb, name)["slots"])
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		require.ErrorIs(t, use(ctx, l, new(counter), 0, 0), digicert.ErrRateLimited)
	})
}

// Slots last whatever the AttemptTimeout is, and it can change while requests are under way.
func TestAttemptTimeouts(t *testing.T) {
	t.Parallel()
	s := newMini(t)
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 200 * time.Millisecond, time.Hour, math.MaxInt64} {
		name, rdb := newName(), s.machine(t, new(wire))
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 2, Per: time.Hour})
		var wg sync.WaitGroup
		wg.Go(func() { l.SetAttemptTimeout(d) })
		_, err := l.Acquire(t.Context())
		require.NoError(t, err, d)
		wg.Wait()
		_, err = l.Acquire(t.Context())
		require.NoError(t, err, d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		require.ErrorIs(t, use(ctx, l, new(counter), 0, 0), digicert.ErrRateLimited, d)
		cancel()
	}
}

// A machine that dies with a request under way gives its slot back, and one that dies while it waits keeps nobody from starting.
func TestDeadMachine(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		const attempt, per = 200 * time.Millisecond, 100 * time.Millisecond
		arranged(t, func() bool {
			name := newName()
			newLimiter := func(w *wire) *digicertredis.Limiter {
				l := digicertredis.NewLimiter(s.machine(t, w), name, digicert.Window{Requests: 2, Per: per})
				l.SetAttemptTimeout(attempt)
				return l
			}
			began := time.Now()
			var dead [2]wire
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			holds, waits := newLimiter(&dead[0]), newLimiter(&dead[1])
			for range 2 {
				if _, err := holds.Acquire(ctx); err != nil {
					return false
				}
			}
			var started atomic.Bool
			acquireLater(ctx, waits, func(_ func(), err error) { started.Store(err == nil) })
			other := s.machine(t, new(wire))
			eventually(t, func() bool { return keysOf(t, other, name)["queue"] == 1 || started.Load() })
			for i := range dead {
				dead[i].set(true)
			}
			l := newLimiter(new(wire))
			for range 4 {
				release, err := l.Acquire(t.Context())
				if err != nil {
					return false
				}
				require.Greater(t, time.Since(began), attempt+attempt/4+per-per/500)
				release()
			}
			return !started.Load()
		})
	})
}

// A waiter that gives up leaves nothing behind.
func TestCancelledWaiter(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, rdb := newName(), s.machine(t, new(wire))
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 1, Per: time.Hour})
		release, err := l.Acquire(t.Context())
		require.NoError(t, err)

		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error)
		for range 3 {
			go func() {
				_, err := l.Acquire(ctx)
				ended <- err
			}()
		}
		eventually(t, func() bool { return keysOf(t, rdb, name)["queue"] == 1 })
		reason := errors.New("no longer needed")
		cancel(reason)
		for range 3 {
			require.ErrorIs(t, <-ended, reason)
		}
		eventually(t, func() bool { return keysOf(t, rdb, name)["queue"] == 0 })
		require.EqualValues(t, 1, keysOf(t, rdb, name)["slots"])

		_, err = l.Acquire(ctx)
		require.ErrorIs(t, err, reason)
		for range 2 { // alone, and behind another
			_, err = l.Acquire(soon{t.Context()})
			require.ErrorIs(t, err, digicert.ErrRateLimited)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			go func() { _, _ = l.Acquire(t.Context()) }()
			eventually(t, func() bool { return keysOf(t, rdb, name)["queue"] == 1 })
		}
		release()
	})
}

func TestRedisIsDown(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, w, c := newName(), new(wire), new(counter)
		windows := digicert.Window{Requests: 4, Per: 200 * time.Millisecond}
		plain := digicertredis.NewLimiter(s.machine(t, w), name, windows)
		local := digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: 50 * time.Millisecond})
		shared := digicertredis.NewLimiter(s.machine(t, w), name, windows).WithFallback(local)
		for _, l := range []digicert.Limiter{plain, shared} {
			require.NoError(t, use(t.Context(), l, c, 0, 0))
		}
		w.set(true)
		_, err := plain.Acquire(t.Context())
		require.ErrorIs(t, err, digicertredis.ErrUnavailable)
		require.ErrorContains(t, err, "Redis is unavailable")
		require.Error(t, plain.Pause(t.Context(), time.Second))

		alone := new(counter)
		for range 3 {
			require.NoError(t, use(t.Context(), shared, alone, 0, 0))
		}
		alone.check(t, 0, digicert.Window{Requests: 1, Per: 50 * time.Millisecond})
		began := time.Now()
		require.NoError(t, shared.Pause(t.Context(), 100*time.Millisecond))
		require.NoError(t, use(t.Context(), shared, alone, 0, 0))
		require.Greater(t, time.Since(began), 99*time.Millisecond)

		w.set(false)
		require.NoError(t, use(t.Context(), plain, c, 0, 0), "it is asked again")
		eventually(t, func() bool {
			before := keysOf(t, s.machine(t, new(wire)), name)["slots"]
			require.NoError(t, use(t.Context(), shared, c, 0, 0))
			return keysOf(t, s.machine(t, new(wire)), name)["slots"] > before
		})
	})
}

// A Redis that refuses what it will always refuse is no reason to use the fallback. One that cannot do it now is.
func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	for answer, kind := range map[string]error{
		"NOAUTH Authentication required.":                                             digicertredis.ErrRefused,
		"WRONGPASS invalid username-password pair or user is disabled.":               digicertredis.ErrRefused,
		"NOPERM User digicert has no permissions to run the 'evalsha' command":        digicertredis.ErrRefused,
		"DENIED Redis is running in protected mode":                                   digicertredis.ErrRefused,
		"WRONGTYPE Operation against a key holding the wrong kind of value":           digicertredis.ErrRefused,
		"ERR Protocol error: unauthenticated multibulk length":                        digicertredis.ErrRefused,
		"MOVED 5718 127.0.0.1:7922":                                                   digicertredis.ErrRefused,
		"ERR unknown command 'evalsha'":                                               digicertredis.ErrRefused,
		"ERR max number of clients reached":                                           digicertredis.ErrUnavailable,
		"OOM command not allowed when used memory > 'maxmemory'.":                     digicertredis.ErrUnavailable,
		"READONLY You can't write against a read only replica.":                       digicertredis.ErrUnavailable,
		"LOADING Redis is loading the dataset in memory":                              digicertredis.ErrUnavailable,
		"BUSY Redis is busy running a script.":                                        digicertredis.ErrUnavailable,
		"MISCONF Redis is configured to save RDB snapshots, but is unable to persist": digicertredis.ErrUnavailable,
		"MASTERDOWN Link with MASTER is down":                                         digicertredis.ErrUnavailable,
		"CLUSTERDOWN Hash slot not served":                                            digicertredis.ErrUnavailable,
		"NOREPLICAS Not enough good replicas to write.":                               digicertredis.ErrUnavailable,
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			s := newMini(t)
			s.mini.SetError(answer)
			rdb, name := s.machine(t, new(wire)), newName()
			other := map[error]error{digicertredis.ErrRefused: digicertredis.ErrUnavailable, digicertredis.ErrUnavailable: digicertredis.ErrRefused}[kind]
			_, err := digicertredis.NewLimiter(rdb, name).Acquire(t.Context())
			require.ErrorIs(t, err, kind)
			require.NotErrorIs(t, err, other)
			require.ErrorContains(t, err, "the limits of "+name)
			require.ErrorContains(t, err, answer)
			require.Equal(t, strings.Contains(answer, "unauthenticated"), strings.Contains(err.Error(), "requires a password"))
			require.Equal(t, strings.HasPrefix(answer, "MOVED"), strings.Contains(err.Error(), "is a cluster"))
			_, err = digicertredis.NewLease(rdb, name, time.Second).Lock(t.Context(), "a")
			require.ErrorIs(t, err, kind)
			_, err = digicertredis.NewCheckpoint(rdb, name).Load(t.Context())
			require.ErrorIs(t, err, kind)
			l := digicertredis.NewLimiter(rdb, name).WithFallback(digicert.Unlimited())
			for range 2 {
				_, err = l.Acquire(t.Context())
				pauseErr := l.Pause(t.Context(), time.Millisecond)
				if kind == digicertredis.ErrRefused {
					require.ErrorIs(t, err, kind)
					require.ErrorIs(t, pauseErr, kind)
					continue
				}
				require.NoError(t, err)
				require.NoError(t, pauseErr)
			}
		})
	}
}

// hanging answers nothing until the test sends what to answer.
type hanging chan error

func (h hanging) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hanging) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h hanging) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		err := <-h
		cmd.SetErr(err)
		return err
	}
}

// Requests of the fallback do not wait for a Redis that hangs, also when it is asked again.
func TestFallbackWhileRedisHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := make(hanging)
		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
		defer rdb.Close()
		rdb.AddHook(h)
		l := digicertredis.NewLimiter(rdb, "production").WithFallback(digicert.Unlimited())
		first := make(chan error)
		go func() { first <- use(t.Context(), l, new(counter), 0, 0) }()
		select {
		case <-first:
			t.Error("it waits for Redis")
		case <-time.After(time.Minute):
		}
		h <- errCut
		require.NoError(t, <-first)
		began := time.Now()
		for range 3 {
			for range 10 {
				require.NoError(t, use(t.Context(), l, new(counter), 0, 0))
				require.NoError(t, l.Pause(t.Context(), 0))
			}
			time.Sleep(20 * time.Second)
		}
		require.Equal(t, time.Minute, time.Since(began))
		for asking := true; asking; { // until the slot that Redis may have given has ended
			select {
			case h <- errCut:
			case <-time.After(time.Minute):
				asking = false
			}
		}
		require.NoError(t, use(t.Context(), l, new(counter), 0, 0))
		h <- errCut // the request has made it ask again
	})
}

// A slow Redis costs its time. An answer that comes too late is not used: the slot might end before the request does.
func TestSlowRedis(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		windows := []digicert.Window{{Requests: 3, Per: 100 * time.Millisecond}}
		name, w, c := newName(), new(wire), new(counter)
		slow := digicertredis.NewLimiter(s.machine(t, w), name, windows...)
		fast := digicertredis.NewLimiter(s.machine(t, new(wire)), name, windows...)
		var wg sync.WaitGroup
		w.slow(20 * time.Millisecond)
		for _, l := range []digicert.Limiter{slow, fast} {
			for range 6 {
				wg.Go(func() {
					if err := use(t.Context(), l, c, 0, 0); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		require.Equal(t, 12, c.len())
		c.check(t, 0, windows...)
	})
}

// granting is a Redis that gives a slot to every waiter, after a delay.
type granting struct {
	delay time.Duration
	calls int
	freed int // slots that came back unused
}

func (g *granting) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *granting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (g *granting) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		time.Sleep(g.delay)
		g.calls++
		args := cmd.Args()[3+5+4+2*2:] // after the keys, the machine and the windows
		gives := args[0].(int)
		for i := range gives {
			if !args[4*i+4].(bool) {
				g.freed++
			}
		}
		cmd.(*redis.Cmd).SetVal([]any{int64(args[4*gives+1].(int)), int64(0), int64(0), []any{}, "1"})
		return nil
	}
}

// An answer that is older than a quarter of the AttemptTimeout is not used. After a few of them Redis is unavailable.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		delay        time.Duration
		calls, freed int
		want         error
	}{
		{15 * time.Second, 2, 0, nil},
		{15*time.Second + 1, 6, 5, digicertredis.ErrUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &granting{delay: test.delay}
			rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
			defer rdb.Close()
			rdb.AddHook(g)
			err := use(t.Context(), digicertredis.NewLimiter(rdb, "production"), new(counter), 0, 0)
			time.Sleep(time.Minute)
			synctest.Wait()
			require.ErrorIs(t, err, test.want)
			if test.want != nil {
				require.ErrorContains(t, err, "the maximum is 15s")
			}
			require.Equal(t, test.calls, g.calls)
			require.Equal(t, test.freed, g.freed)
		})
	}
}

// Data that is lost lets through one window's worth at the worst.
func TestRedisLosesItsData(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		window := digicert.Window{Requests: 5, Per: 400 * time.Millisecond}
		name, c, rdb := newName(), new(counter), s.machine(t, new(wire))
		l := digicertredis.NewLimiter(rdb, name, window)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := use(t.Context(), l, c, 0, 0); err != nil {
					t.Error(err)
				}
			})
		}
		eventually(t, func() bool { return c.len() >= 5 })
		for what := range keysOf(t, rdb, name) {
			require.NoError(t, rdb.Del(t.Context(), "digicert:{"+name+"}:"+what).Err())
		}
		wg.Wait()
		c.check(t, window.Requests, window)
	})
}

// Keys expire, lie in one hash slot, and do not grow.
func TestKeysOfALimiter(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, rdb := newName(), s.machine(t, new(wire))
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 10, Per: 50 * time.Millisecond}, digicert.Window{Requests: 30, Per: 200 * time.Millisecond})
		require.NoError(t, l.Pause(t.Context(), time.Millisecond))
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() {
				if err := use(t.Context(), l, new(counter), 0, 0); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sizes := keysOf(t, rdb, name)
		require.LessOrEqual(t, sizes["slots"], int64(30))
		require.LessOrEqual(t, sizes["state"], int64(7))
		for what := range sizes {
			ttl := rdb.PTTL(t.Context(), "digicert:{"+name+"}:"+what).Val()
			require.Positive(t, ttl, what)
			require.Less(t, ttl, 3*time.Minute, what)
		}
	})
}

func TestUnusableLimiter(t *testing.T) {
	t.Parallel()
	rdb := newMini(t).machine(t, new(wire))
	for want, l := range map[string]*digicertredis.Limiter{
		"rdb":               digicertredis.NewLimiter(nil, "production"),
		"be nil":            digicertredis.NewLimiter((*redis.Client)(nil), "production"),
		"rdb: must":         new(digicertredis.Limiter),
		"empty":             digicertredis.NewLimiter(rdb, ""),
		"braces":            digicertredis.NewLimiter(rdb, "a}b"),
		"control":           digicertredis.NewLimiter(rdb, "a\nb"),
		"200 bytes":         digicertredis.NewLimiter(rdb, strings.Repeat("a", 201)),
		"0 requests per 1s": digicertredis.NewLimiter(rdb, "production", digicert.Window{Per: time.Second}),
		"at least 1µs":      digicertredis.NewLimiter(rdb, "production", digicert.Window{Requests: 1, Per: time.Nanosecond}),
	} {
		_, err := l.Acquire(t.Context())
		var invalid *digicert.ParamError
		require.ErrorAs(t, err, &invalid)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, l.Pause(t.Context(), time.Second), want)
	}
}
