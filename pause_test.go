package digicert_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func TestPauseHoldsAllRequestsOfTheClient(t *testing.T) {
	t.Parallel()
	const waiting = 30
	synctest.Test(t, func(t *testing.T) {
		var m meter
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return statuses(429)(n, r)
			}
			m.during(100 * time.Millisecond)
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		c := s.run(t)
		var wg sync.WaitGroup
		for i := range waiting {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait() // it is told, and all others are held
			}
		}
		wg.Wait()
		require.Len(t, s.sent, waiting+1)
		for i, at := range s.sent[1:] {
			require.Equal(t, 5*time.Second+time.Duration(i)*100*time.Millisecond, at, "one by one, each with the answer before it")
		}
		require.Equal(t, 1, m.most)

		// Afterwards the limiter has recovered: as many at once as there are.
		m.most = 0
		for range 10 {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 10, m.most)
	})
}

func TestPauseHoldsThoseThatWaitForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n > 0 {
				return answerJSON(r, http.StatusOK, `{}`), nil
			}
			time.Sleep(100 * time.Millisecond)
			resp := answerJSON(r, http.StatusTooManyRequests, limitExceeded)
			resp.Header.Set("Retry-After", "60")
			return resp, nil
		}}
		c := s.run(t, digicert.WithLimiter(digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Second})))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		require.Len(t, s.sent, 6)
		require.Equal(t, 60100*time.Millisecond, s.sent[1])
	})
}

func TestPauseEndsSlowlyForThoseThatComeLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		underWay := 0
		var beside []int // how many were under way when each was sent
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return statuses(429)(n, r)
			}
			mu.Lock()
			underWay++
			beside = append(beside, underWay)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			underWay--
			mu.Unlock()
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		c := s.run(t, digicert.WithLimiter(unlimited{}))
		var wg sync.WaitGroup
		send := func() {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		send()
		time.Sleep(5500 * time.Millisecond) // the pause is over, the first is under way again
		for range 20 {
			send()
		}
		wg.Wait()
		require.Len(t, beside, 21)
		for i, n := range beside {
			require.LessOrEqual(t, n, i+1)
			require.LessOrEqual(t, n, 1+i, "%v", beside)
		}
		require.Equal(t, []int{1, 1, 2}, beside[:3], "%v", beside)
	})
}

func TestPauseBeginsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: statuses(429, 429)}
		c := s.run(t)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		wg.Wait()
		// The first is told and waits 5 s; then it is told again, its second time: 10 s.
		require.Equal(t, 5*time.Second, s.sent[1])
		require.Equal(t, 15*time.Second, s.sent[2])
		require.Len(t, s.sent, 5)
	})
}

func TestPauseWaiters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: statuses(429)}
		c := s.run(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := poll(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()

		tooShort, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		err := poll(tooShort, c)
		require.ErrorIs(t, err, digicert.ErrRateLimited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, time.Since(s.start), "it fails at once")
		requireOneLine(t, err)

		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		require.ErrorIs(t, poll(ctx, c), context.Canceled)
		require.Equal(t, time.Second, time.Since(s.start))
		wg.Wait()
		require.NoError(t, poll(t.Context(), c))
		require.Equal(t, []time.Duration{0, 5 * time.Second, 5 * time.Second}, s.sent, "who has given up left nothing behind")
	})
}

// A 429 to one client pauses all clients that share the limiter.
func TestPauseHoldsAllClientsThatShareTheLimiter(t *testing.T) {
	t.Parallel()
	const clients = 40
	for name, limiter := range map[string]digicert.Limiter{"rolling": digicert.NewRollingLimiter(), "unlimited": digicert.Unlimited()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
					resp := answerJSON(r, http.StatusTooManyRequests, limitExceeded)
					resp.Header.Set("Retry-After", "60")
					return resp, nil
				}}
				var wg sync.WaitGroup
				for i := range clients {
					c := s.run(t, digicert.WithLimiter(limiter))
					wg.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
						defer cancel()
						if err := poll(ctx, c); !errors.Is(err, digicert.ErrRateLimited) && !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
					})
					if i == 0 {
						synctest.Wait()
					}
				}
				wg.Wait()
				require.LessOrEqual(t, len(s.sent), 6, "one a minute")
			})
		})
	}
}

// The one-by-one return after a pause holds for all clients of a limiter, too.
func TestPauseEndsOneByOneForAllClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m meter
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return statuses(429)(n, r)
			}
			m.during(time.Second)
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		limiter := digicert.NewRollingLimiter()
		var wg sync.WaitGroup
		for i := range 20 {
			c := s.run(t, digicert.WithLimiter(limiter))
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		wg.Wait()
		require.Equal(t, 1, m.most)
		require.Len(t, s.sent, 21)
	})
}

// Callers that give up during a pause leave the window as it was.
func TestPauseGivenUpCostsNoWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := digicert.NewRollingLimiter(digicert.Window{Requests: 20, Per: time.Hour})
		require.NoError(t, limiter.Pause(t.Context(), time.Minute))
		var wg sync.WaitGroup
		for range 19 {
			ctx, cancel := context.WithCancel(t.Context())
			wg.Go(func() {
				if _, err := limiter.Acquire(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
			synctest.Wait()
			cancel()
		}
		wg.Wait()
		time.Sleep(time.Minute)
		start := time.Now()
		for range 20 {
			release, at := mustAcquire(t, limiter, start)
			require.Zero(t, at)
			release()
		}
	})
}

// A pause that comes while requests wait for a slot holds those too, also for a limiter that cannot be paused.
func TestPauseIsCheckedAgainWithTheSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n > 0 {
				return answerJSON(r, http.StatusOK, `{}`), nil
			}
			resp := answerJSON(r, http.StatusTooManyRequests, limitExceeded)
			resp.Header.Set("Retry-After", "60")
			return resp, nil
		}}
		c := s.run(t, digicert.WithLimiter(digicert.PaceWith(rate.NewLimiter(rate.Every(time.Second), 1))))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Len(t, s.sent, 6)
		require.GreaterOrEqual(t, s.sent[1], time.Minute)
	})
}

// One 429, a service that redirects every request, and more callers than the windows have slots: all are served.
func TestPauseAndRedirectsServeEverybody(t *testing.T) {
	t.Parallel()
	const callers = 201
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			switch {
			case n == 50:
				resp := answerJSON(r, http.StatusTooManyRequests, limitExceeded)
				resp.Header.Set("Retry-After", "10")
				return resp, nil
			case r.URL.Query().Get("again") == "":
				resp := answerJSON(r, http.StatusFound, "moved")
				resp.Header.Set("Location", "?again=1")
				return resp, nil
			}
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		c := s.run(t)
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.GreaterOrEqual(t, len(s.sent), 2*callers+1)
		requireWithinWindows(t, s.sent, digicert.Window{Requests: 100, Per: 5 * time.Second}, digicert.Window{Requests: 1000, Per: 3 * time.Minute})
	})
}

// requireWithinWindows asserts that no window holds more requests than it may.
func requireWithinWindows(t *testing.T, sent []time.Duration, windows ...digicert.Window) {
	t.Helper()
	for _, w := range windows {
		for i := w.Requests; i < len(sent); i++ {
			require.GreaterOrEqual(t, sent[i]-sent[i-w.Requests], w.Per, "request %d", i)
		}
	}
}

func TestPauseOfAForeignPauser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, fails := range []bool{false, true} {
			p := &foreignPauser{fails: fails}
			s := &script{answer: statuses(429)}
			c := s.run(t, digicert.WithLimiter(p))
			start := time.Now()
			require.NoError(t, poll(t.Context(), c))
			require.Equal(t, []time.Duration{5 * time.Second}, p.pauses)
			if fails {
				require.Equal(t, 5*time.Second, time.Since(start), "where the limiter cannot pause, the call does")
			} else {
				require.Zero(t, time.Since(start), "the limiter decides")
			}
		}
	})
}

// foreignPauser is a Pauser of a caller.
type foreignPauser struct {
	fails  bool
	pauses []time.Duration
}

func (p *foreignPauser) Acquire(context.Context) (func(), error) { return func() {}, nil }

func (p *foreignPauser) Pause(_ context.Context, d time.Duration) error {
	p.pauses = append(p.pauses, d)
	if p.fails {
		return errors.New("store unavailable")
	}
	return nil
}

// meter counts how many requests are under way at a time.
type meter struct {
	mu        sync.Mutex
	now, most int
}

// during is a request that takes d.
func (m *meter) during(d time.Duration) {
	m.mu.Lock()
	m.now++
	m.most = max(m.most, m.now)
	m.mu.Unlock()
	time.Sleep(d)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now--
}
