package digicertredis_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// One at a time holds a lease, and each in its turn.
func TestLeaseOneAtATime(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name := newName()
		var holders, turns atomic.Int32
		var wg sync.WaitGroup
		for range 3 {
			l := digicertredis.NewLease(s.machine(t, new(wire)), name, time.Minute)
			for range 2 { // the waiters of one process take turns too
				wg.Go(func() {
					err := l.Hold(t.Context(), func(ctx context.Context) error {
						if n := holders.Add(1); n > 1 {
							t.Errorf("%d holders", n)
						}
						time.Sleep(10 * time.Millisecond)
						holders.Add(-1)
						turns.Add(1)
						return ctx.Err()
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		require.EqualValues(t, 6, turns.Load())
	})
}

// A holder keeps the lease for longer than its TTL, and Hold returns what f returns.
func TestLeaseIsExtended(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		ttl := 2 * time.Second
		arranged(t, func() bool {
			name, reason := newName(), errors.New("done")
			holder := digicertredis.NewLease(s.machine(t, new(wire)), name, ttl)
			standby := digicertredis.NewLease(s.machine(t, new(wire)), name, ttl)
			err := holder.Hold(t.Context(), func(ctx context.Context) error {
				short, cancel := context.WithTimeout(ctx, ttl+ttl/2)
				defer cancel()
				if standby.Hold(short, func(context.Context) error { return nil }) == nil {
					return digicertredis.ErrLeaseLost
				}
				return reason
			})
			if errors.Is(err, digicertredis.ErrLeaseLost) {
				return false
			}
			require.Equal(t, reason, err)
			require.NoError(t, standby.Hold(t.Context(), func(context.Context) error { return nil }))
			return true
		})
	})
}

// A holder that is cut off from Redis learns that it has lost the lease before another has it.
func TestLeaseIsTakenOver(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		const ttl = 400 * time.Millisecond
		arranged(t, func() bool {
			name, w := newName(), new(wire)
			holder := digicertredis.NewLease(s.machine(t, w), name, ttl)
			standby := digicertredis.NewLease(s.machine(t, new(wire)), name, ttl)
			var ended atomic.Bool
			began := make(chan struct{})
			lost := make(chan error)
			go func() {
				lost <- holder.Hold(t.Context(), func(ctx context.Context) error {
					w.set(true)
					close(began)
					<-ctx.Done()
					ended.Store(true)
					return nil
				})
			}()
			<-began
			inTime := false
			require.NoError(t, standby.Hold(t.Context(), func(context.Context) error {
				inTime = ended.Load()
				return nil
			}))
			require.ErrorIs(t, <-lost, digicertredis.ErrLeaseLost)
			return inTime
		})
	})
}

// A holder that does not know yet that another has taken over cannot save, nor load.
func TestFence(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, ttl, rdb := newName(), time.Minute, s.machine(t, new(wire))
		old, other := digicertredis.NewLease(rdb, name, ttl), digicertredis.NewLease(s.machine(t, new(wire)), name, ttl)
		checkpoint, others := old.Checkpoint("place"), other.Checkpoint("place")
		err := old.Hold(t.Context(), func(ctx context.Context) error {
			require.NoError(t, checkpoint.Save(ctx, []byte("first")))
			require.ErrorIs(t, others.Save(ctx, []byte("without the lease")), digicertredis.ErrLeaseLost)

			require.NoError(t, rdb.HDel(ctx, "digicert:{"+name+"}:lease", "until").Err()) // as when the TTL has passed
			require.NoError(t, other.Hold(t.Context(), func(ctx context.Context) error {
				state, err := others.Load(ctx)
				require.NoError(t, err)
				require.Equal(t, "first", string(state))
				require.NoError(t, ctx.Err())
				require.NoError(t, others.Save(ctx, []byte("second")))
				require.ErrorIs(t, checkpoint.Save(ctx, []byte("of the past")), digicertredis.ErrLeaseLost)
				return others.Save(ctx, []byte("third"))
			}))
			require.ErrorIs(t, context.Cause(ctx), digicertredis.ErrLeaseLost)
			require.ErrorIs(t, checkpoint.Save(ctx, []byte("of the past")), digicertredis.ErrLeaseLost)
			_, err := checkpoint.Load(ctx)
			require.ErrorIs(t, err, digicertredis.ErrLeaseLost)
			return nil
		})
		require.ErrorIs(t, err, digicertredis.ErrLeaseLost)
		_, err = others.Load(t.Context())
		require.ErrorContains(t, err, "outside of Hold")
		require.NoError(t, old.Hold(t.Context(), func(ctx context.Context) error {
			state, err := checkpoint.Load(ctx)
			require.Equal(t, "third", string(state))
			return err
		}))
	})
}

func TestCheckpoint(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name := newName()
		one := digicertredis.NewCheckpoint(s.machine(t, new(wire)), name)
		state, err := one.Load(t.Context())
		require.NoError(t, err)
		require.Empty(t, state)
		for _, text := range []string{"\x00\xff\r\n", "", "second"} {
			require.NoError(t, one.Save(t.Context(), []byte(text)))
			state, err = digicertredis.NewCheckpoint(s.machine(t, new(wire)), name).Load(t.Context())
			require.NoError(t, err)
			require.Equal(t, text, string(state))
		}
		two := digicertredis.NewCheckpoint(s.machine(t, new(wire)), name)
		_, err = two.Load(t.Context())
		require.NoError(t, err)
		require.NoError(t, two.Save(t.Context(), []byte("of two")))
		err = one.Save(t.Context(), []byte("of one"))
		require.ErrorIs(t, err, digicertredis.ErrMoved)
		require.ErrorContains(t, err, name)
		state, err = one.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, "of two", string(state))
		require.NoError(t, one.Save(t.Context(), []byte("of one")))
		require.ErrorContains(t, one.Save(t.Context(), make([]byte, 16<<20+1)), "the maximum is 16777216")
	})
}

// Whatever f does, the lease is given back; Hold within it is an error instead of a wait without end.
func TestHoldEnds(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name := newName()
		l := digicertredis.NewLease(s.machine(t, new(wire)), name, time.Minute)
		twin := digicertredis.NewLease(s.machine(t, new(wire)), name, time.Minute)
		other := digicertredis.NewLease(s.machine(t, new(wire)), name+"-other", time.Minute)
		require.PanicsWithValue(t, "f", func() {
			_ = l.Hold(t.Context(), func(context.Context) error { panic("f") })
		})
		ran := false
		require.NoError(t, l.Hold(t.Context(), func(ctx context.Context) error {
			nothing := func(context.Context) error { return nil }
			require.ErrorContains(t, l.Hold(ctx, nothing), name+": Hold is called within Hold")
			require.NoError(t, other.Hold(ctx, nothing))
			ran = true
			return nil
		}))
		require.True(t, ran)
		require.NoError(t, twin.Hold(t.Context(), func(context.Context) error { return nil }))
	})
}

// A process that takes the lease again after Redis has lost its data goes on from where it was.
func TestCheckpointThatRedisLost(t *testing.T) {
	t.Parallel()
	s := newMini(t)
	rdb := s.machine(t, new(wire))
	saves, loads, other := digicertredis.NewLease(rdb, "watch", time.Minute), digicertredis.NewLease(rdb, "watch", time.Minute), digicertredis.NewLease(rdb, "watch", time.Minute)
	holds := func(l *digicertredis.Lease, want string, save ...string) {
		t.Helper()
		require.NoError(t, l.Hold(t.Context(), func(ctx context.Context) error {
			state, err := l.Checkpoint("place").Load(ctx)
			require.NoError(t, err)
			require.Equal(t, want, string(state))
			for _, text := range save {
				state := []byte(text)
				require.NoError(t, l.Checkpoint("place").Save(ctx, state))
				clear(state) // it is the caller's again
			}
			return nil
		}))
	}
	holds(saves, "", "first", "second")
	holds(loads, "second")
	s.mini.FlushAll()
	holds(other, "")
	holds(saves, "second")
	holds(loads, "second", "third")
	holds(saves, "third", "")
	s.mini.FlushAll()
	holds(saves, "")
	require.NoError(t, saves.Hold(t.Context(), func(ctx context.Context) error {
		state, err := saves.Checkpoint("other").Load(ctx)
		require.Empty(t, state)
		return err
	}))
}

// The error of a lease that was lost is one line, with that of f.
func TestHoldJoinsErrors(t *testing.T) {
	t.Parallel()
	s, reason := newMini(t), errors.New("the reason of f")
	rdb := s.machine(t, new(wire))
	l := digicertredis.NewLease(rdb, "watch", 60*time.Millisecond)
	err := l.Hold(t.Context(), func(ctx context.Context) error {
		s.mini.FlushAll()
		<-ctx.Done()
		return reason
	})
	require.ErrorIs(t, err, digicertredis.ErrLeaseLost)
	require.ErrorIs(t, err, reason)
	require.NotContains(t, err.Error(), "\n")
}

// Locks of different keys do not wait for each other, and one remembers that something was written under it.
func TestLocks(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name := newName()
		one := digicertredis.NewLease(s.machine(t, new(wire)), name, time.Minute)
		two := digicertredis.NewLease(s.machine(t, new(wire)), name, time.Minute)
		a, err := one.Lock(t.Context(), "a")
		require.NoError(t, err)
		require.False(t, a.UsedBefore)
		b, err := two.Lock(t.Context(), "b")
		require.NoError(t, err)
		b.Unlock(false)

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = two.Lock(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		next := make(chan *digicert.Lock)
		go func() {
			l, err := two.Lock(t.Context(), "a")
			if err != nil {
				t.Error(err)
			}
			next <- l
		}()
		a.Unlock(true)
		a.Unlock(false) // changes nothing
		require.ErrorIs(t, a.Context.Err(), context.Canceled)
		l := <-next
		require.True(t, l.UsedBefore)
		l.Unlock(false)
		for range 2 {
			l, err = one.Lock(t.Context(), "a")
			require.NoError(t, err)
			require.True(t, l.UsedBefore, "what another wrote is not forgotten")
			l.Unlock(false)
		}
		b, err = one.Lock(t.Context(), "b")
		require.NoError(t, err)
		require.False(t, b.UsedBefore)
		b.Unlock(false)
	})
}

func TestUnusableLease(t *testing.T) {
	t.Parallel()
	s, w := newMini(t), new(wire)
	rdb := s.machine(t, w)
	for want, l := range map[string]*digicertredis.Lease{
		"is 1ms": digicertredis.NewLease(rdb, "watch", time.Millisecond),
		"parameter ttl: must be from 50ms to 24h0m0s": digicertredis.NewLease(rdb, "watch", math.MaxInt64),
		"digicert: parameter":                         new(digicertredis.Lease),
		"rdb":                                         digicertredis.NewLease(nil, "watch", time.Minute),
		"braces":                                      digicertredis.NewLease(rdb, "{watch}", time.Minute),
	} {
		var invalid *digicert.ParamError
		require.ErrorAs(t, l.Hold(t.Context(), nil), &invalid)
		require.ErrorContains(t, l.Hold(t.Context(), nil), want)
		_, err := l.Lock(t.Context(), "a")
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, l.Checkpoint("place").Save(t.Context(), nil), want)
	}
	require.ErrorContains(t, digicertredis.NewCheckpoint(rdb, "").Save(t.Context(), nil), "empty")
	require.ErrorContains(t, digicertredis.NewLease(rdb, "watch", time.Minute).Hold(t.Context(), nil), "parameter f: must not be nil")
	w.set(true)
	err := digicertredis.NewLease(rdb, "watch", time.Second).Hold(t.Context(), func(context.Context) error { panic("never called") })
	require.ErrorIs(t, err, digicertredis.ErrUnavailable)
	_, err = digicertredis.NewCheckpoint(rdb, "watch").Load(t.Context())
	require.ErrorIs(t, err, digicertredis.ErrUnavailable)
	require.ErrorContains(t, err, "the checkpoint watch")
}

// A Redis that hangs does not hold up who gives a lock or a slot back.
func TestRedisHangs(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		name, w := newName(), new(wire)
		rdb := s.machine(t, w)
		lock, err := digicertredis.NewLease(rdb, name, time.Minute).Lock(t.Context(), "a")
		require.NoError(t, err)
		release, err := digicertredis.NewLimiter(rdb, name).Acquire(t.Context())
		require.NoError(t, err)
		w.slow(10 * time.Second)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			lock.Unlock(true)
			release()
		}()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Error("it waits for Redis")
		}
	})
}
