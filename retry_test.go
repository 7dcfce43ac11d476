package digicert_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

func answerJSON(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		Header:        http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}
}

const limitExceeded = `{"errors":[{"code":"request_limit_exceeded","message":"Service unavailable, please limit request volume"}]}`

// script answers the n-th request, from 0 on, in simulated time, and keeps when each was sent.
type script struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu    sync.Mutex
	start time.Time
	sent  []time.Duration
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	n := len(s.sent)
	s.sent = append(s.sent, time.Since(s.start))
	s.mu.Unlock()
	return s.answer(n, r)
}

// run starts the script's clock and returns a client for it.
func (s *script) run(t *testing.T, opts ...digicert.Option) *digicert.Client {
	t.Helper()
	s.start = time.Now()
	opts = append([]digicert.Option{digicert.WithHTTPClient(&http.Client{Transport: s})}, opts...)
	c, err := digicert.NewClient("a-distinctive-key", opts...)
	require.NoError(t, err)
	return c
}

// statuses answers with one status after another, and with success when they are used up.
func statuses(codes ...int) func(int, *http.Request) (*http.Response, error) {
	return func(n int, r *http.Request) (*http.Response, error) {
		switch {
		case n >= len(codes):
			return answerJSON(r, http.StatusOK, `{}`), nil
		case codes[n] == 0:
			return nil, errors.New("connection reset by peer")
		case codes[n] == http.StatusTooManyRequests:
			return answerJSON(r, codes[n], limitExceeded), nil
		}
		return answerJSON(r, codes[n], ``), nil
	}
}

func poll(ctx context.Context, c *digicert.Client) error {
	_, err := c.StatusChanges.List(ctx, digicert.Last(time.Minute))
	return err
}

func TestRetriesBackOffWithFullJitter(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: statuses(500, 502, 503, 504, 0, 503)}
			c := s.run(t, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 7, MinDelay: time.Second, MaxDelay: 5 * time.Second}))
			require.NoError(t, poll(t.Context(), c))
			require.Len(t, s.sent, 7)
			for i, ceiling := range []time.Duration{1, 2, 4, 5, 5, 5} {
				require.LessOrEqual(t, s.sent[i+1]-s.sent[i], ceiling*time.Second)
			}
		})
	}
	// The chance that what is left to chance stays in the lower half twenty times is one in a million.
	synctest.Test(t, func(t *testing.T) {
		var low, high bool
		for range 20 {
			s := &script{answer: statuses(503)}
			c := s.run(t, digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Second}))
			require.NoError(t, poll(t.Context(), c))
			low, high = low || s.sent[1] < time.Second/2, high || s.sent[1] > time.Second/2
		}
		require.True(t, low && high)
	})
}

func TestWhatIsRetried(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		sent   int
	}{
		{0, 3},
		{500, 3},
		{502, 3},
		{503, 3},
		{504, 3},
		{429, 3},
		{400, 1},
		{401, 1},
		{403, 1},
		{404, 1},
		{405, 1},
		{409, 1},
		{410, 1},
		{422, 1},
		{501, 1},
		{505, 1},
		{304, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: statuses(tt.status, tt.status, tt.status, tt.status)}
			err := poll(t.Context(), s.run(t, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 3})))
			require.Error(t, err)
			require.Len(t, s.sent, tt.sent, "status %d", tt.status)
			requireOneLine(t, err)
			var answer *digicert.Error
			if tt.status != 0 {
				require.ErrorAs(t, err, &answer)
				require.Equal(t, tt.sent, answer.Attempts)
			}
			if tt.sent > 1 {
				require.ErrorContains(t, err, "after 3 attempts")
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		header func() string
		want   time.Duration // between the first and the second request; negative: no second
	}{
		{"503, seconds", 503, func() string { return "7" }, 7 * time.Second},
		{"429, seconds", 429, func() string { return "7" }, 7 * time.Second},
		{"a date", 429, func() string { return time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat) }, 30 * time.Second},
		{"the longest", 503, func() string { return "60" }, time.Minute},
		{"longer than that", 503, func() string { return "61" }, -1},
		{"longer than that, 429", 429, func() string { return "61" }, -1},
		{"nonsense", 429, func() string { return "soon" }, 10 * time.Second},
		{"negative", 429, func() string { return "-5" }, 10 * time.Second},
		{"overflowing", 429, func() string { return "99999999999999999999" }, 10 * time.Second},
		{"a century", 429, func() string { return "3153600000" }, 10 * time.Second},
		{"a past date", 429, func() string { return time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) }, 10 * time.Second},
		{"none", 429, func() string { return "" }, 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n > 0 {
						return answerJSON(r, http.StatusOK, `{}`), nil
					}
					resp := answerJSON(r, tt.status, limitExceeded)
					resp.Header.Set("Retry-After", tt.header())
					return resp, nil
				}}
				err := poll(t.Context(), s.run(t, digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Second, MaxRetryAfter: time.Minute})))
				if tt.want < 0 {
					var answer *digicert.Error
					require.ErrorAs(t, err, &answer)
					require.Equal(t, 61*time.Second, answer.RetryAfter)
					require.Len(t, s.sent, 1)
					require.Zero(t, time.Since(s.start), "it ends at once")
					return
				}
				require.NoError(t, err)
				require.Equal(t, []time.Duration{0, tt.want}, s.sent)
			})
		})
	}
}

func TestNoWaitOutlastsTheDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		status   int
		sentinel error
	}{
		{"backoff", 503, digicert.ErrUnavailable},
		{"pause", 429, digicert.ErrRateLimited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
					resp := answerJSON(r, tt.status, ``)
					resp.Header.Set("Retry-After", "10")
					return resp, nil
				}}
				c := s.run(t)
				ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
				defer cancel()
				err := poll(ctx, c)
				require.ErrorIs(t, err, tt.sentinel)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				requireOneLine(t, err)
				var answer *digicert.Error
				require.ErrorAs(t, err, &answer)
				require.Equal(t, 1, answer.Attempts)
				require.Zero(t, time.Since(s.start), "it returns now instead")
			})
		})
	}
}

func TestTheEndOfTheContextWrapsTheLastFailure(t *testing.T) {
	t.Parallel()
	why := errors.New("the operator lost patience")
	hang := func(_ int, r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	for _, tt := range []struct {
		name    string
		answer  func(int, *http.Request) (*http.Response, error)
		failure error
	}{
		{"in the first attempt", hang, nil},
		{"while waiting", statuses(503, 503), digicert.ErrUnavailable},
		{"in a later attempt", func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return answerJSON(r, http.StatusBadGateway, `<html>`), nil
			}
			return hang(n, r)
		}, digicert.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer}
				// Backoffs of an hour's ceiling: by chance one of a second is not to be expected, and harmless.
				c := s.run(t, digicert.WithRetry(digicert.RetryPolicy{MinDelay: 100 * time.Hour, MaxDelay: 100 * time.Hour, AttemptTimeout: 1000 * time.Hour}))
				if tt.name == "in a later attempt" {
					c = s.run(t, digicert.WithRetry(digicert.RetryPolicy{AttemptTimeout: time.Hour}))
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(why) })
				err := poll(ctx, c)
				require.ErrorIs(t, err, why)
				require.ErrorIs(t, err, context.Canceled)
				requireOneLine(t, err)
				require.ErrorContains(t, err, why.Error())
				if tt.failure != nil {
					require.ErrorIs(t, err, tt.failure)
				}
				require.Equal(t, time.Second, time.Since(s.start))
			})
		})
	}
}

func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n < 2 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		policy := digicert.RetryPolicy{MinDelay: 1, MaxDelay: 1, AttemptTimeout: 10 * time.Second, MaxAttempts: 3}
		require.NoError(t, poll(t.Context(), s.run(t, digicert.WithRetry(policy))))
		require.GreaterOrEqual(t, s.sent[2], 20*time.Second)

		s.sent = nil
		policy.MaxAttempts = 2
		err := poll(t.Context(), s.run(t, digicert.WithRetry(policy)))
		require.ErrorContains(t, err, "no complete response within 10s")
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context goes on")
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
	})
}

func TestALimitExceededHoldsAllRequestsOfTheClient(t *testing.T) {
	t.Parallel()
	const waiting = 30
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		underWay, most := 0, 0
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return statuses(429)(n, r)
			}
			mu.Lock()
			underWay++
			most = max(most, underWay)
			mu.Unlock()
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			underWay--
			mu.Unlock()
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
		require.Equal(t, 1, most)

		// Afterwards the gate is open again: as many at once as there are.
		most = 0
		for range 10 {
			wg.Go(func() {
				if err := poll(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 10, most)
	})
}

func TestALimitExceededHoldsThoseTooThatWaitForASlot(t *testing.T) {
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

func TestRequestsThatComeWhileTheGateOpensGrowInNumberSlowly(t *testing.T) {
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

func TestAnotherLimitExceededClosesTheGateAgain(t *testing.T) {
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

func TestWaitersAtTheGate(t *testing.T) {
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

func TestTheLogHoldsNothingButTheAllowList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			switch n {
			case 0:
				return nil, errors.New("dial " + r.URL.String() + " with " + r.Header.Get("X-DC-DEVKEY"))
			case 1:
				return answerJSON(r, 429, strings.Replace(limitExceeded, "Service", "a-distinctive-key", 1)), nil
			}
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		c := s.run(t, digicert.WithLogger(logger), digicert.WithRetry(digicert.RetryPolicy{MinDelay: 1, MaxDelay: 1}))
		require.NoError(t, poll(t.Context(), c))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 5)
		const request = " method=GET path=/order/certificate/status-changes "
		require.Equal(t, `level=DEBUG msg="digicert: attempt"`+request+`status=0 duration=0s attempt=1 reason="transport error"`, lines[0])
		require.Regexp(t, `^level=WARN msg="digicert: retry"`+request+`status=0 attempt=1 wait=[01]n?s reason="transport error"$`, lines[1])
		require.Equal(t, `level=DEBUG msg="digicert: attempt"`+request+`status=429 duration=0s attempt=2 reason="rate limited"`, lines[2])
		require.Equal(t, `level=WARN msg="digicert: retry"`+request+`status=429 attempt=2 wait=1ns reason="rate limited"`, lines[3])
		require.Equal(t, `level=DEBUG msg="digicert: attempt"`+request+`status=200 duration=0s attempt=3`, lines[4])
	})
}

func TestAPIKeyFuncIsAskedForEveryAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var keys []string
		answer := statuses(503, 503)
		c, err := digicert.NewClient("", digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
			asked++
			return "key-" + strings.Repeat("x", asked), nil
		}), digicert.WithHTTPClient(&http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
			keys = append(keys, r.Header.Get("X-DC-DEVKEY"))
			return answer(len(keys)-1, r)
		})}))
		require.NoError(t, err)
		require.NoError(t, poll(t.Context(), c))
		require.Equal(t, []string{"key-x", "key-xx", "key-xxx"}, keys)
	})
}

func TestRetryPolicyRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []digicert.RetryPolicy{
		{MaxAttempts: -1},
		{MinDelay: -1},
		{MaxDelay: -1},
		{MaxRetryAfter: -1},
		{AttemptTimeout: -1},
		{MinDelay: 2 * time.Second, MaxDelay: time.Second},
	} {
		_, err := digicert.NewClient("key", digicert.WithRetry(p))
		requireParamError(t, err, "WithRetry")
	}
}
