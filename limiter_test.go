package digicert_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

// roundTripFunc is a service in memory, for tests in simulated time.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// mustAcquire takes a slot and reports when, counted from start.
func mustAcquire(t *testing.T, l digicert.Limiter, start time.Time) (release func(), at time.Duration) {
	t.Helper()
	release, err := l.Acquire(t.Context())
	require.NoError(t, err)
	return release, time.Since(start)
}

func TestRollingLimiterFreesASlotOneWindowAfterItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := digicert.NewRollingLimiter(digicert.Window{Requests: 2, Per: 10 * time.Second})
		start := time.Now()
		first, at := mustAcquire(t, l, start)
		require.Zero(t, at)
		second, at := mustAcquire(t, l, start)
		require.Zero(t, at)
		go func() {
			time.Sleep(3 * time.Second)
			first()
			first() // a second call is nothing
			time.Sleep(4 * time.Second)
			second()
		}()
		third, at := mustAcquire(t, l, start)
		require.Equal(t, 13*time.Second, at)
		third()
		_, at = mustAcquire(t, l, start)
		require.Equal(t, 17*time.Second, at)
		_, at = mustAcquire(t, l, start)
		require.Equal(t, 23*time.Second, at)
	})
}

func TestRollingLimiterKeepsEveryWindow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		limiter *digicert.RollingLimiter
	}{
		{"the documented windows", digicert.NewRollingLimiter()},
		{"the zero value", new(digicert.RollingLimiter)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var at []time.Duration
				for range 1001 {
					release, d := mustAcquire(t, tt.limiter, start)
					release()
					at = append(at, d)
				}
				require.Equal(t, time.Duration(0), at[99])
				require.Equal(t, 5*time.Second, at[100])
				require.Equal(t, 45*time.Second, at[999])
				require.Equal(t, 3*time.Minute, at[1000])
			})
		})
	}
}

func TestRollingLimiterIsFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Second})
		release, _ := mustAcquire(t, l, time.Now())
		release()
		var mu sync.Mutex
		var order []int
		for i := range 20 {
			go func() {
				release, err := l.Acquire(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				release()
			}()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, order, 20)
		require.True(t, slices.IsSorted(order), "%v", order)
	})
}

func TestRollingLimiterCancelledWaiterLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Second})
		start := time.Now()
		release, _ := mustAcquire(t, l, start)
		why := errors.New("no longer needed")
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := l.Acquire(ctx)
			failed <- err
		}()
		synctest.Wait()
		cancel(why)
		require.ErrorIs(t, <-failed, why)
		_, err := l.Acquire(ctx)
		require.ErrorIs(t, err, why, "an ended context takes no slot")
		release()
		_, at := mustAcquire(t, l, start)
		require.Equal(t, time.Second, at, "the cancelled waiter's place is free")
	})
}

// The cancellation and the slot can come in the same moment, in either order.
func TestRollingLimiterCancelledAtTheMomentOfItsSlot(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			l := digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Second})
			start := time.Now()
			release, _ := mustAcquire(t, l, start)
			release()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			got, err := l.Acquire(ctx)
			want := time.Second
			if err == nil {
				got()
				want = 2 * time.Second
			}
			_, at := mustAcquire(t, l, start)
			require.Equal(t, want, at)
		})
	}
}

func TestRollingLimiterFailsAtOnceWhereTheDeadlineIsTooNear(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := digicert.NewRollingLimiter(digicert.Window{Requests: 2, Per: 10 * time.Second})
		start := time.Now()
		for range 2 {
			release, _ := mustAcquire(t, l, start)
			release()
			time.Sleep(time.Second)
		}
		for _, tt := range []struct {
			left time.Duration
			ok   bool
		}{{8*time.Second - 1, false}, {8*time.Second + 1, true}} {
			ctx, cancel := context.WithTimeout(t.Context(), tt.left)
			before := time.Now()
			release, err := l.Acquire(ctx)
			cancel()
			if !tt.ok {
				require.ErrorIs(t, err, digicert.ErrRateLimited)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Zero(t, time.Since(before))
				continue
			}
			require.NoError(t, err)
			release()
		}
	})
}

func TestRollingLimiterRefusesWindowsThatAllowNothing(t *testing.T) {
	t.Parallel()
	for _, w := range []digicert.Window{{}, {Requests: 1}, {Per: time.Second}, {Requests: -1, Per: time.Second}, {Requests: 1, Per: -1}} {
		l := digicert.NewRollingLimiter(w)
		_, err := l.Acquire(t.Context())
		var param *digicert.ParamError
		require.ErrorAs(t, err, &param)
		_, err = digicert.NewClient("key", digicert.WithLimiter(l))
		require.ErrorAs(t, err, &param)
	}
}

// simulated is a service that counts each request at a random moment of its flight, as the real one may.
type simulated struct {
	mu      sync.Mutex
	rng     *rand.Rand
	counted []time.Time
	calls   []flight
}

type flight struct{ sent, answered time.Time }

func (s *simulated) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	latency := 20*time.Millisecond + time.Duration(s.rng.Int64N(int64(2980*time.Millisecond)))
	moment := time.Duration(s.rng.Int64N(int64(latency) + 1))
	s.mu.Unlock()
	sent := time.Now()
	time.Sleep(moment)
	counted := time.Now()
	time.Sleep(latency - moment)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counted = append(s.counted, counted)
	s.calls = append(s.calls, flight{sent, time.Now()})
	return answerJSON(r, http.StatusOK, `{}`), nil
}

func TestNoWindowIsExceededWhateverTheNetworkDoes(t *testing.T) {
	t.Parallel()
	const goroutines, requests = 64, 5000
	seed := randomSeed(t)
	synctest.Test(t, func(t *testing.T) {
		service := &simulated{rng: rand.New(rand.NewPCG(seed, 0))}
		c, err := digicert.NewClient("key", digicert.WithHTTPClient(&http.Client{Transport: service}))
		require.NoError(t, err)
		start := time.Now()
		var wg sync.WaitGroup
		work := make(chan struct{}, requests)
		for range requests {
			work <- struct{}{}
		}
		close(work)
		for range goroutines {
			wg.Go(func() {
				for range work {
					if _, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Minute)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		took := time.Since(start)

		require.Len(t, service.counted, requests)
		slices.SortFunc(service.counted, time.Time.Compare)
		windows := []digicert.Window{{Requests: 100, Per: 5 * time.Second}, {Requests: 1000, Per: 3 * time.Minute}}
		for _, w := range windows {
			for i := range len(service.counted) - w.Requests {
				require.GreaterOrEqual(t, service.counted[i+w.Requests].Sub(service.counted[i]), w.Per,
					"%d requests within less than %s, from request %d on", w.Requests+1, w.Per, i)
			}
		}
		least := leastTime(windows, goroutines, service.calls)
		t.Logf("took %s, the slot rule permits %s", took, least)
		require.LessOrEqual(t, float64(took), 1.05*float64(least))
	})
}

// leastTime is how long the same flights take where each starts as soon as the slot rule and the number of
// goroutines permit.
func leastTime(windows []digicert.Window, goroutines int, calls []flight) time.Duration {
	slices.SortStableFunc(calls, func(a, b flight) int { return a.sent.Compare(b.sent) })
	idle := make([]time.Duration, goroutines) // when each goroutine is idle again
	var answered []time.Duration              // ascending
	var last time.Duration
	for _, call := range calls {
		worker := 0
		for i, d := range idle {
			if d < idle[worker] {
				worker = i
			}
		}
		start := idle[worker]
		// A request may start when all but Requests-1 of those before it were answered a window ago.
		for _, w := range windows {
			if n := len(answered) - w.Requests; n >= 0 {
				start = max(start, answered[n]+w.Per)
			}
		}
		end := start + call.answered.Sub(call.sent)
		idle[worker] = end
		at, _ := slices.BinarySearch(answered, end)
		answered = slices.Insert(answered, at, end)
		last = max(last, end)
	}
	return last
}

func TestClientsShareALimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Second})
		var sent []time.Duration
		start := time.Now()
		hc := &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
			sent = append(sent, time.Since(start))
			return answerJSON(r, http.StatusOK, `{}`), nil
		})}
		for range 3 {
			c, err := digicert.NewClient("key", digicert.WithHTTPClient(hc), digicert.WithLimiter(l))
			require.NoError(t, err)
			_, err = c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
			require.NoError(t, err)
		}
		require.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, sent)
	})
}

// waitFunc is anything that can be waited for.
type waitFunc func(context.Context) error

func (f waitFunc) Wait(ctx context.Context) error { return f(ctx) }
