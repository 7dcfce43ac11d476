package digicertredis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// clock is the clock of a miniredis, which a test sets.
type clock struct {
	s   *server
	now time.Time
}

func newClock(t *testing.T) *clock {
	c := &clock{s: newMini(t), now: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)}
	c.advance(0)
	return c
}

func (c *clock) advance(d time.Duration) {
	c.now = c.now.Add(d)
	c.s.mini.SetTime(c.now)
}

// limiter returns a limiter of another machine.
func (c *clock) limiter(t *testing.T, windows ...digicert.Window) *digicertredis.Limiter {
	l := digicertredis.NewLimiter(c.s.machine(t, new(wire)), "clock", windows...)
	l.SetAttemptTimeout(8 * time.Second) // slots are held for 10 s
	return l
}

// waitOf returns how long a request would have to wait, as Redis computes it: 0 if it starts.
func waitOf(t *testing.T, l digicert.Limiter) time.Duration {
	t.Helper()
	release, err := l.Acquire(soon{t.Context()})
	if err == nil {
		release()
		return 0
	}
	require.ErrorIs(t, err, digicert.ErrRateLimited)
	var text string
	_, scanErr := fmt.Sscanf(err.Error(), "digicert: the rate limit requires a wait of %s", &text)
	require.NoError(t, scanErr, err.Error())
	wait, parseErr := time.ParseDuration(text[:len(text)-1])
	require.NoError(t, parseErr)
	return wait
}

// requireWait fails if a request would not have to wait for so long. The wait is shorter by as much as a machine stalled before it reported
// that a slot was released.
func requireWait(t *testing.T, want time.Duration, l digicert.Limiter, message ...any) {
	t.Helper()
	got := waitOf(t, l)
	require.LessOrEqual(t, got, want, message...)
	require.Greater(t, got, want-5*time.Second, message...)
}

// A wait is as long as the slots that are missing need, by Redis's clock, and no longer.
func TestComputedWaits(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	l := c.limiter(t, digicert.Window{Requests: 2, Per: 60 * time.Second}, digicert.Window{Requests: 3, Per: 300 * time.Second})
	other := c.limiter(t, digicert.Window{Requests: 2, Per: 60 * time.Second}, digicert.Window{Requests: 3, Per: 300 * time.Second})
	release, err := l.Acquire(t.Context())
	require.NoError(t, err)
	require.Zero(t, waitOf(t, other))
	c.advance(5 * time.Second)
	requireWait(t, 55*time.Second, l, "one is under way, one was released 5 s ago")
	release()
	requireWait(t, 55*time.Second, other)
	c.advance(55 * time.Second)
	require.Zero(t, waitOf(t, other))
	requireWait(t, 240*time.Second, l, "the second window")
}

// A slot whose machine died is free after the longest that a request can last, and one window.
func TestSlotOfTheDead(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	l := c.limiter(t, digicert.Window{Requests: 1, Per: 60 * time.Second})
	_, err := c.limiter(t, digicert.Window{Requests: 1, Per: 60 * time.Second}).Acquire(t.Context())
	require.NoError(t, err)
	c.advance(10 * time.Second)
	requireWait(t, 60*time.Second, l)
	c.advance(50 * time.Second)
	requireWait(t, 10*time.Second, l)
	c.advance(10 * time.Second)
	require.Zero(t, waitOf(t, l))
}

// Machines with different windows keep to their own, and what is remembered stays bounded by them.
func TestDifferentWindows(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	rare, often := c.limiter(t, digicert.Window{Requests: 5, Per: 1000 * time.Hour}), c.limiter(t, digicert.Window{Requests: 3, Per: time.Minute})
	rdb := c.s.machine(t, new(wire))
	require.Zero(t, waitOf(t, rare))
	c.advance(time.Minute)
	for i := range 10 {
		for range 3 {
			require.Zero(t, waitOf(t, often))
		}
		requireWait(t, time.Minute, often)
		eventually(t, func() bool { return keysOf(t, rdb, "clock")["queue"] == 0 })
		if i > 0 {
			require.Greater(t, waitOf(t, rare), 999*time.Hour, "the requests of both count: one of the last five has to end")
			eventually(t, func() bool { return keysOf(t, rdb, "clock")["queue"] == 0 })
		}
		require.LessOrEqual(t, keysOf(t, rdb, "clock")["slots"], int64(7), "5, and those released at the same moment as the first of them")
		c.advance(time.Minute)
	}
	c.advance(1000 * time.Hour)
	require.Zero(t, waitOf(t, rare))
}

// A slot is held for as long as a request of its own machine can last, whatever those of others may.
func TestDifferentAttemptTimeouts(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	window := digicert.Window{Requests: 1, Per: 60 * time.Second}
	slow := c.limiter(t, window)
	slow.SetAttemptTimeout(time.Hour)
	require.Zero(t, waitOf(t, slow))
	c.advance(60 * time.Second)
	l := c.limiter(t, window)
	_, err := l.Acquire(t.Context()) // and dies
	require.NoError(t, err)
	c.advance(70 * time.Second)
	require.Zero(t, waitOf(t, l))
}

// A machine that dies while it waits holds up the next slot for two seconds, and not for a window.
func TestWaiterThatDied(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	window := digicert.Window{Requests: 1, Per: 60 * time.Second}
	l := c.limiter(t, window)
	release, err := l.Acquire(t.Context())
	require.NoError(t, err)
	release()
	w := new(wire)
	dead := digicertredis.NewLimiter(c.s.machine(t, w), "clock", window)
	go func() { _, _ = dead.Acquire(t.Context()) }()
	rdb := c.s.machine(t, new(wire))
	eventually(t, func() bool { return keysOf(t, rdb, "clock")["queue"] == 1 })
	w.set(true)
	c.advance(60 * time.Second)
	wait := waitOf(t, l)
	require.Positive(t, wait)
	require.LessOrEqual(t, wait, 2*time.Second+time.Millisecond)
	c.advance(3 * time.Second)
	require.Zero(t, waitOf(t, l))
}

// A machine whose waiter came first keeps its turn while responses to its other requests arrive.
func TestTurnIsKept(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	window := digicert.Window{Requests: 2, Per: 60 * time.Second}
	client, rdb := c.s.machine(t, new(wire)), c.s.machine(t, new(wire))
	first := digicertredis.NewLimiter(client, "clock", window)
	var releases []func()
	for range 2 {
		release, err := first.Acquire(t.Context())
		require.NoError(t, err)
		releases = append(releases, release)
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan struct{})
	acquireLater(ctx, first, func(func(), error) { close(left) })
	queue := func() int64 { return keysOf(t, rdb, "clock")["queue"] }
	eventually(t, func() bool { return queue() == 1 })
	releases[0]()
	c.advance(60 * time.Second)
	require.Positive(t, waitOf(t, c.limiter(t, window)), "who came later starts later")
	client.AddHook(afterAnswer(func() { // the waiter gives up while the next release is reported
		cancel()
		<-left
	}))
	releases[1]()
	eventually(t, func() bool { return queue() == 0 }, "nothing stays of a waiter that gave up")
}

// A clock that is set back holds slots and pauses for no longer than they last.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	l := c.limiter(t, digicert.Window{Requests: 1, Per: 60 * time.Second})
	release, err := l.Acquire(t.Context())
	require.NoError(t, err)
	release()
	c.advance(-24 * time.Hour)
	requireWait(t, 60*time.Second, l, "as if it were under way")
	c.advance(70 * time.Second)
	require.Zero(t, waitOf(t, l))

	c.advance(time.Hour)
	require.NoError(t, l.Pause(t.Context(), 100*time.Second))
	c.advance(-24 * time.Hour)
	requireWait(t, 100*time.Second, l)
	c.advance(40 * time.Second)
	requireWait(t, 60*time.Second, l, "it ends")
	c.advance(-40 * time.Second)
	require.NoError(t, l.Pause(t.Context(), time.Second))
	requireWait(t, 100*time.Second, l)
	c.advance(70 * time.Second)
	requireWait(t, 30*time.Second, l)
}

// The response to a request that started after one pause lets nobody start after the next.
func TestPauseAfterAPause(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	window := digicert.Window{Requests: 1000, Per: time.Hour}
	l, rdb := c.limiter(t, window), c.s.machine(t, new(wire))
	started := make(chan func())
	wait := func() {
		go func() {
			release, err := l.Acquire(t.Context())
			if err != nil {
				t.Error(err)
			}
			started <- release
		}()
	}
	waits := func(n int64) {
		t.Helper()
		eventually(t, func() bool { return keysOf(t, rdb, "clock")["queue"] == n })
	}
	pause := func() {
		require.NoError(t, c.limiter(t, window).Pause(t.Context(), 100*time.Millisecond))
	}
	pause()
	wait()
	waits(1)
	c.advance(time.Second)
	first := <-started
	wait() // it came after the pause, so that the next response lets one more start
	waits(1)
	first()
	second := <-started
	wait()
	third := <-started
	pause()
	c.advance(time.Second)
	second()
	wait()
	waits(1)
	third()
	(<-started)()
	waits(0)
}

// A machine that dies after a pause, with the only request that may be under way, holds up the others for as long as a request can last,
// and no longer if the clock is set back.
func TestDeadAfterAPause(t *testing.T) {
	t.Parallel()
	for _, passes := range []time.Duration{10 * time.Second, -24 * time.Hour} {
		t.Run(passes.String(), func(t *testing.T) {
			t.Parallel()
			c := newClock(t)
			window := digicert.Window{Requests: 1000, Per: time.Hour}
			dies, other, rdb := c.limiter(t, window), c.limiter(t, window), c.s.machine(t, new(wire))
			require.NoError(t, other.Pause(t.Context(), time.Second))
			started := make(chan error, 2)
			acquireLater(t.Context(), dies, func(_ func(), err error) { started <- err })
			eventually(t, func() bool { return keysOf(t, rdb, "clock")["queue"] == 1 })
			c.advance(time.Second)
			require.NoError(t, <-started)
			acquireLater(t.Context(), other, func(_ func(), err error) { started <- err })
			eventually(t, func() bool { return keysOf(t, rdb, "clock")["queue"] == 1 })
			require.EqualValues(t, 1, keysOf(t, rdb, "clock")["out"])
			c.advance(passes)
			for asks := 0; ; asks++ { // a pause that was set back lasts as long again
				select {
				case err := <-started:
					require.NoError(t, err)
					return
				case <-time.After(100 * time.Millisecond):
					require.Less(t, asks, 600)
					c.advance(time.Second)
				}
			}
		})
	}
}

// A lease that has ended is not extended, even if nobody has taken it.
func TestLeaseThatEndedUnseen(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	lease := digicertredis.NewLease(c.s.machine(t, new(wire)), "clock", 3*time.Second)
	err := lease.Hold(t.Context(), func(ctx context.Context) error {
		c.advance(time.Minute)
		require.ErrorIs(t, lease.Checkpoint("place").Save(ctx, []byte("state")), digicertredis.ErrLeaseLost)
		return nil
	})
	require.ErrorIs(t, err, digicertredis.ErrLeaseLost)
	err = lease.Hold(t.Context(), func(ctx context.Context) error {
		c.advance(time.Minute)
		<-ctx.Done() // after the next attempt to extend it
		return nil
	})
	require.ErrorIs(t, err, digicertredis.ErrLeaseLost)
}

// The lease of a holder that died ends after its TTL, also if the clock is set back.
func TestLeaseAfterClockSetBack(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	newLease := func() *digicertredis.Lease {
		return digicertredis.NewLease(c.s.machine(t, new(wire)), "clock", time.Minute)
	}
	_, err := newLease().Lock(t.Context(), "a")
	require.NoError(t, err)
	c.advance(-24 * time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = newLease().Lock(ctx, "a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	c.advance(time.Minute)
	lock, err := newLease().Lock(t.Context(), "a")
	require.NoError(t, err)
	lock.Unlock(false)
}

// Who dies with a lock may have written, and who comes back late does not give away the lock of another.
func TestLockOfTheDead(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	newLease := func() *digicertredis.Lease {
		return digicertredis.NewLease(c.s.machine(t, new(wire)), "clock", time.Minute)
	}
	late, err := newLease().Lock(t.Context(), "a")
	require.NoError(t, err)
	require.False(t, late.UsedBefore)
	c.advance(61 * time.Second)
	second, err := newLease().Lock(t.Context(), "a")
	require.NoError(t, err)
	require.True(t, second.UsedBefore)
	late.Unlock(false)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = newLease().Lock(ctx, "a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	second.Unlock(false)
}

// afterAnswer is called when Redis has done what it was asked, before the limiter has the answer.
type afterAnswer func()

func (f afterAnswer) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f afterAnswer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (f afterAnswer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil {
			f()
		}
		return err
	}
}

// repeating sends each call again, as a client does that got no answer.
type repeating struct{ afterAnswer }

func (repeating) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := next(ctx, cmd); err != nil {
			return err
		}
		return next(ctx, cmd)
	}
}

// A call that is sent again has the effect of one.
func TestCallsSentAgain(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, rdb := newName(), s.machine(t, new(wire))
		rdb.AddHook(repeating{})
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 1, Per: time.Hour})
		require.NoError(t, use(t.Context(), l, new(counter), 0, 0))
		require.EqualValues(t, 1, keysOf(t, rdb, name)["slots"])
		require.Greater(t, waitOf(t, l), 59*time.Minute)
		lease := digicertredis.NewLease(rdb, name, time.Minute)
		require.NoError(t, lease.Hold(t.Context(), func(ctx context.Context) error {
			for range 2 {
				if err := lease.Checkpoint("place").Save(ctx, []byte("state")); err != nil {
					return err
				}
			}
			return nil
		}))
		checkpoint := digicertredis.NewCheckpoint(rdb, name)
		for range 2 {
			require.NoError(t, checkpoint.Save(t.Context(), []byte("state")))
		}
	})
}

// A slot that comes when nobody wants it any more goes back, as if it had never been taken.
func TestCancelledWhenTheSlotComes(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, rdb := newName(), s.machine(t, new(wire))
		ctx, cancel := context.WithCancel(t.Context())
		rdb.AddHook(afterAnswer(func() {
			cancel()
			time.Sleep(5 * time.Millisecond)
		}))
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 1, Per: time.Hour})
		_, err := l.Acquire(ctx)
		require.ErrorIs(t, err, context.Canceled)
		next, err := l.Acquire(t.Context())
		require.NoError(t, err)
		next()
	})
}

// A context that ends when the slot is there already: Acquire returns either, and a slot that it does not return goes to the next waiter.
func TestSlotAndEndAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		for range 100 { // select chooses by chance
			rdb := s.machine(t, new(wire))
			l := digicertredis.NewLimiter(rdb, newName(), digicert.Window{Requests: 1, Per: time.Hour})
			firstWaits, secondWaits, granted := make(chan struct{}), make(chan struct{}), make(chan struct{})
			rdb.AddHook(afterAnswer(func() { <-secondWaits }))
			ctx, cancel := context.WithCancel(t.Context())
			first := make(chan error)
			go func() {
				_, err := l.Acquire(&observed{ctx, func() {
					close(firstWaits)
					<-granted
					cancel()
				}, func() {}})
				first <- err
			}()
			<-firstWaits
			looks := 0
			rest, cancelRest := context.WithCancel(t.Context())
			second := make(chan error, 1)
			go func() {
				_, err := l.Acquire(&observed{rest, func() { close(secondWaits) }, func() {
					if looks++; looks == 2 { // after the first one has got its slot
						close(granted)
					}
				}})
				second <- err
			}()
			if err := <-first; err != nil {
				require.ErrorIs(t, err, context.Canceled)
				select {
				case err := <-second:
					require.NoError(t, err)
				case <-time.After(30 * time.Second):
					t.Error("the slot is lost")
				}
				cancelRest()
				return
			}
			cancelRest()
			require.Error(t, <-second)
		}
		t.Error("the slot was returned a hundred times")
	})
}

// A slot that nobody wants any more goes to the next waiter at once, not a window later.
func TestUnwantedSlot(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, rdb := newName(), s.machine(t, new(wire))
		l := digicertredis.NewLimiter(rdb, name, digicert.Window{Requests: 2, Per: time.Hour})
		_, err := l.Acquire(t.Context())
		require.NoError(t, err)
		ended := make(chan error, 2)
		later := func(ctx context.Context) {
			acquireLater(ctx, l, func(_ func(), err error) { ended <- err })
		}
		first, cancelFirst := context.WithCancel(t.Context())
		second, cancelSecond := context.WithCancel(t.Context())
		answers := 0
		rdb.AddHook(afterAnswer(func() {
			switch answers++; answers {
			case 1:
				cancelFirst()
				later(second)
				later(t.Context())
			case 2: // of both
				cancelSecond()
				time.Sleep(5 * time.Millisecond) // or it has its slot already, and gives it back
			}
		}))
		_, err = l.Acquire(first)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, <-ended)
	})
}
