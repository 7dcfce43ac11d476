package digicert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func TestAPIKeyFunc(t *testing.T) {
	t.Parallel()
	type ctxKey struct{}
	asked := 0
	s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
	c, err := digicert.NewClient("", append(s.options(), digicert.WithAPIKeyFunc(func(ctx context.Context) (string, error) {
		asked++
		return fmt.Sprint(ctx.Value(ctxKey{}), asked), nil
	}))...)
	require.NoError(t, err)
	require.Zero(t, asked)

	for range 3 {
		_, err := c.Reissues.List(context.WithValue(t.Context(), ctxKey{}, "rotating"), 1, nil)
		require.NoError(t, err)
	}

	var keys []string
	for _, req := range s.sent() {
		keys = append(keys, req.Header.Get("X-DC-DEVKEY"))
	}
	require.Equal(t, []string{"rotating1", "rotating2", "rotating3"}, keys)
}

func TestAPIKeyFuncFails(t *testing.T) {
	t.Parallel()
	sealed := errors.New("the vault is sealed")
	s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
	c, err := digicert.NewClient("", append(s.options(), digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
		return testKey, sealed
	}))...)
	require.NoError(t, err)

	_, err = c.Reissues.List(t.Context(), 1, nil)

	require.ErrorIs(t, err, sealed)
	require.Contains(t, err.Error(), sealed.Error())
	requireOneLine(t, err)
	require.Zero(t, s.GetTotalCallCount())
}

func TestAPIKeyFuncBadKey(t *testing.T) {
	t.Parallel()
	bad := map[string]string{"empty": ""}
	for name, key := range badKeys {
		bad[name] = key
	}
	for name, key := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
			c, err := digicert.NewClient("", append(s.options(), digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
				return key, nil
			}))...)
			require.NoError(t, err)

			_, err = c.Reissues.List(t.Context(), 1, nil)

			require.Error(t, err)
			requireOneLine(t, err)
			require.NotContains(t, err.Error(), "distinctive")
			require.Zero(t, s.GetTotalCallCount())
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

// A key function that hangs holds no slot, and delays nobody else.
func TestAPIKeyFuncThatHangsDelaysNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := digicert.NewRollingLimiter(digicert.Window{Requests: 2, Per: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 2 {
			s := &script{answer: statuses()}
			c, err := digicert.NewClient("", digicert.WithHTTPClient(&http.Client{Transport: s}), digicert.WithLimiter(limiter),
				digicert.WithAPIKeyFunc(func(ctx context.Context) (string, error) {
					<-ctx.Done()
					return "", ctx.Err()
				}))
			require.NoError(t, err)
			wg.Go(func() {
				if err := poll(ctx, c); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		s := &script{answer: statuses()}
		c := s.run(t, digicert.WithLimiter(limiter))
		start := time.Now()
		require.NoError(t, poll(t.Context(), c))
		require.NoError(t, poll(t.Context(), c))
		require.Zero(t, time.Since(start))
		cancel()
		wg.Wait()
	})
}

// Whatever ends a call, its error holds the last failure too.
func TestErrorsHoldTheLastFailure(t *testing.T) {
	t.Parallel()
	t.Run("a pace that refuses the deadline", func(t *testing.T) {
		t.Parallel()
		for name, limiter := range map[string]digicert.Limiter{
			"rolling":      digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Hour}),
			"rate.Limiter": digicert.PaceWith(rate.NewLimiter(rate.Every(time.Hour), 1)),
		} {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: statuses(503, 503)}
				c := s.run(t, digicert.WithLimiter(limiter))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := poll(ctx, c)
				requireUnavailable(t, err)
				require.ErrorIs(t, err, digicert.ErrRateLimited, name)
				require.ErrorIs(t, err, context.DeadlineExceeded, name)
				require.Len(t, s.sent, 1)
				var timeout net.Error
				require.ErrorAs(t, err, &timeout)
				require.True(t, timeout.Timeout())
			})
		}
	})
	t.Run("a key function that fails later", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: statuses(503, 503)}
			asked := 0
			gone := errors.New("vault sealed")
			c, err := digicert.NewClient("", digicert.WithHTTPClient(&http.Client{Transport: s}),
				digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
					if asked++; asked > 1 {
						return "", gone
					}
					return testKey, nil
				}))
			require.NoError(t, err)
			err = poll(t.Context(), c)
			require.ErrorIs(t, err, gone)
			requireUnavailable(t, err)
			require.Contains(t, err.Error(), "vault sealed")
			require.Contains(t, err.Error(), "503")
		})
	})
	t.Run("a context that is cancelled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("shutting down with key a-distinctive-key")
			s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
				cancel(cause)
				return answerJSON(r, 503, ""), nil
			}}
			err := poll(ctx, s.run(t))
			require.ErrorIs(t, err, cause)
			require.ErrorIs(t, err, context.Canceled)
			requireUnavailable(t, err)
			require.Contains(t, err.Error(), "shutting down with key [key]")
			require.NotContains(t, err.Error(), "distinctive")
		})
	})
}

// requireUnavailable asserts that an error holds a response with status 503.
func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	var answer *digicert.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
}

func TestTimeoutIsANetError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		c := s.run(t, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 2}))
		var timeout net.Error
		err := poll(t.Context(), c)
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.NotErrorIs(t, err, context.Canceled)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = poll(ctx, c)
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// A panic in code of the caller leaves no slot behind.
func TestPanicGivesTheSlotBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n < 3 {
				panic("a round tripper of the caller")
			}
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		c := s.run(t, digicert.WithLimiter(digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Second})))
		for range 3 {
			require.Panics(t, func() { _ = poll(t.Context(), c) })
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, poll(ctx, c))
	})
}
