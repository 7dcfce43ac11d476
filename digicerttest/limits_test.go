package digicerttest_test

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// limited returns a server with limits, its clock, and a function that sends a request and returns
// the status.
func limited(t *testing.T, windows ...digicert.Window) (*digicerttest.Server, *digicerttest.Clock, func(key, path string) reply) {
	t.Helper()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithClock(clock.Now), digicerttest.WithRateLimits(windows...), digicerttest.WithKey("other"))
	hc := &http.Client{Transport: s.Transport()}
	return s, clock, func(key, path string) reply {
		t.Helper()
		got, err := send(t, hc, http.MethodGet, s.URL()+path, key)
		require.NoError(t, err)
		return got
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	s, clock, request := limited(t, digicert.Window{Requests: 2, Per: 5 * time.Second}, digicert.Window{Requests: 3, Per: time.Minute})
	for i, step := range []struct {
		advance time.Duration
		path    string
		status  int
	}{
		{0, orderPath, 200},
		{time.Second, "/nowhere", 501}, // counts like any other
		{0, orderPath, 429},
		{0, "/nowhere", 429}, // every request
		{4*time.Second - 1, orderPath, 429},
		{1, orderPath, 200},           // exactly 5 s after the first, which the half-open window no longer includes
		{time.Second, orderPath, 429}, // the long window is full
		{54*time.Second - 1, orderPath, 429},
		{1, orderPath, 200}, // a minute after the first: refused requests did not count
		{0, orderPath, 429},
	} {
		clock.Advance(step.advance)
		got := request(s.Key(), step.path)
		require.Equal(t, step.status, got.status, "step %d", i)
		if step.status == 429 {
			require.JSONEq(t, `{"errors":[{"code":"request_limit_exceeded","message":"Service unavailable, please limit request volume"}]}`, got.body)
			require.Empty(t, got.header.Values("Retry-After"), "which the service does not send")
		}
	}
	require.Equal(t, digicerttest.Stats{Requests: 10, Refused: 6}, s.Stats())

	require.Equal(t, 200, request("other", orderPath).status, "every key has its own windows")
	for range 5 {
		require.Equal(t, 403, request("wrong", orderPath).status, "bad keys have none")
	}
	clock.Set(noon.Add(-time.Hour))
	require.Equal(t, 200, request(s.Key(), orderPath).status, "a clock that was set back does not lock anybody out")
}

func TestDocumentedRateLimits(t *testing.T) {
	t.Parallel()
	s, clock, request := limited(t)
	accepted := func() int {
		n := 0
		for request(s.Key(), changesPath+"?minutes=1").status == http.StatusOK {
			n++
		}
		return n
	}
	for range 10 {
		require.Equal(t, 100, accepted())
		clock.Advance(5 * time.Second)
	}
	require.Equal(t, 0, accepted(), "1000 within 50 s")
	clock.Advance(130*time.Second - 1)
	require.Equal(t, 0, accepted())
	clock.Advance(1)
	require.Equal(t, 100, accepted(), "3 min after the first burst")
}

func TestNoRateLimitsByDefault(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 1100 {
		require.Equal(t, http.StatusOK, get(t, s, changesPath+"?minutes=1").status)
	}
	require.Equal(t, digicerttest.Stats{Requests: 1100}, s.Stats())
}

// TestRateLimitsAgainstReference compares random requests with a simple count.
func TestRateLimitsAgainstReference(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	chance := rand.New(rand.NewPCG(seed, 0))
	windows := []digicert.Window{{Requests: 4, Per: 5 * time.Second}, {Requests: 9, Per: 30 * time.Second}}
	s, clock, request := limited(t, windows...)
	var counted []time.Time
	for range 2000 {
		clock.Advance(time.Duration(chance.IntN(5)) * time.Second / 2)
		now := clock.Now()
		want := http.StatusOK
		for _, w := range windows {
			n := 0
			for _, at := range counted {
				if at.After(now.Add(-w.Per)) {
					n++
				}
			}
			if n >= w.Requests {
				want = http.StatusTooManyRequests
			}
		}
		if want == http.StatusOK {
			counted = append(counted, now)
		}
		require.Equal(t, want, request(s.Key(), changesPath+"?minutes=1").status)
	}
}

// TestConcurrentLimits checks that of many concurrent requests exactly as many pass as the window allows.
func TestConcurrentLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithRateLimits(digicert.Window{Requests: 100, Per: time.Second}))
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				got, err := send(t, &http.Client{Transport: s.Transport()}, http.MethodGet, s.URL()+changesPath+"?minutes=1", s.Key())
				if err == nil && got.status == http.StatusOK {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 100, passed.Load())
	require.Equal(t, digicerttest.Stats{Requests: 400, Refused: 300}, s.Stats())
}
