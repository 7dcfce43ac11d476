package digicert_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// sharedLocks is a Locker within one process.
type sharedLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
	used map[string]bool
	keys []string // that were locked, in their order
	err  error    // of every Lock
	lose chan struct{}
}

var errLockLost = errors.New("the lock is lost")

func (s *sharedLocks) Lock(ctx context.Context, key string) (*digicert.Lock, error) {
	for {
		s.mu.Lock()
		if s.err != nil {
			defer s.mu.Unlock()
			return nil, s.err
		}
		if s.held == nil {
			s.held, s.used = make(map[string]chan struct{}), make(map[string]bool)
		}
		busy, ok := s.held[key]
		if !ok {
			break
		}
		s.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer s.mu.Unlock()
	free := make(chan struct{})
	s.held[key] = free
	s.keys = append(s.keys, key)
	held, cancel := context.WithCancelCause(ctx)
	if s.lose != nil {
		go func() {
			select {
			case <-s.lose:
				cancel(errLockLost)
			case <-held.Done():
			}
		}()
	}
	used := s.used[key]
	return &digicert.Lock{Context: held, UsedBefore: used, Unlock: func(wrote bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.used[key] = used || wrote
		delete(s.held, key)
		close(free)
		cancel(nil)
	}}, nil
}

// Two clients that share nothing but a Locker place one order for one id, whatever is lost and however late the service shows it.
func TestLockerOneOrder(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]digicerttest.Fault{
		"answered":        nil,
		"lost":            {digicerttest.LoseAnswer().Times(1)},
		"shown late":      {digicerttest.CommitLate(2).Times(1)},
		"lost, and late":  {digicerttest.LoseAnswer().Times(1), digicerttest.CommitLate(2).Times(1)},
		"never came":      {digicerttest.LoseRequest().Times(1)},
		"a proxy's error": {digicerttest.HTMLPage(502).On(digicerttest.PlaceOrder).AfterEffect().Times(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := digicerttest.NewServer(t)
			require.NoError(t, server.Inject(faults...))
			locks := new(sharedLocks)
			var wg sync.WaitGroup
			ids := make([]digicert.OrderID, 2)
			for i := range ids {
				_, csr := newKey(t)
				c := server.Client(digicert.WithLocker(locks), writerPolicy)
				wg.Go(func() {
					for range 2 { // a request that never came is not sent again by the call
						placed, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, "of two machines"))
						if err == nil {
							ids[i] = placed.ID
							return
						}
					}
				})
			}
			wg.Wait()
			server.Settle()
			require.Equal(t, 1, server.Count(digicerttest.PlaceOrder).Acted)
			require.NotZero(t, ids[0])
			require.Equal(t, ids[0], ids[1])
			require.Contains(t, locks.keys, "/order/alternate/of two machines")
		})
	}
}

// A refusal is no reason to look for long before the next attempt.
func TestLockerAfterARefusal(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	locks := new(sharedLocks)
	s := newService(httpmock.NewStringResponder(http.StatusBadRequest, `{"errors":[{"code":"invalid_csr"}]}`))
	c := s.client(t, digicert.WithLocker(locks), writerPolicy)
	_, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, "mine"))
	require.Error(t, err)
	require.False(t, locks.used["/order/alternate/mine"])
}

// Nothing is sent if a lock cannot be had, and nothing more once it is lost.
func TestLockerFails(t *testing.T) {
	t.Parallel()
	list, _ := writes(t)
	for _, w := range list {
		reason := errors.New("no lock")
		s := newService(httpmock.NewStringResponder(http.StatusOK, "{}"))
		err := w.do(t.Context(), s.client(t, digicert.WithLocker(&sharedLocks{err: reason})))
		require.ErrorIs(t, err, reason, w.name)
		require.ErrorContains(t, err, "WithLocker")
		require.Empty(t, s.sent(), w.name)
	}
	lost := &sharedLocks{lose: make(chan struct{})}
	s := newService(func(req *http.Request) (*http.Response, error) {
		close(lost.lose)
		<-req.Context().Done()
		return nil, req.Context().Err()
	})
	err := s.client(t, digicert.WithLocker(lost)).Do(t.Context(), http.MethodPut, "/order/certificate/12/status", nil, map[string]any{"status": "canceled"}, nil)
	var unknown *digicert.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.ErrorIs(t, err, errLockLost)
	s.only(t)
	_, err = digicert.NewClient(testKey, digicert.WithLocker(nil))
	require.ErrorContains(t, err, "the locker is nil")
}

// lockerFunc is a Locker.
type lockerFunc func(ctx context.Context, key string) (*digicert.Lock, error)

func (f lockerFunc) Lock(ctx context.Context, key string) (*digicert.Lock, error) { return f(ctx, key) }

// A lock may have no context and no Unlock. No lock at all is an error.
func TestLockerReturnsLittle(t *testing.T) {
	t.Parallel()
	s := newService(httpmock.NewStringResponder(http.StatusOK, "{}"))
	for _, lock := range []*digicert.Lock{{}, nil} {
		c := s.client(t, digicert.WithLocker(lockerFunc(func(context.Context, string) (*digicert.Lock, error) { return lock, nil })))
		err := c.Do(t.Context(), http.MethodPut, "/order/certificate/12/status", nil, map[string]any{"status": "canceled"}, nil)
		if lock == nil {
			require.ErrorContains(t, err, "neither a lock nor an error")
			continue
		}
		require.NoError(t, err)
	}
	s.only(t)
}

// Writes to one order wait for each other, those to others do not, and reads never do.
func TestLockerKeys(t *testing.T) {
	t.Parallel()
	locks := new(sharedLocks)
	s := newService(httpmock.NewStringResponder(http.StatusOK, "{}"))
	c := s.client(t, digicert.WithLocker(locks))
	require.NoError(t, c.Get(t.Context(), "/user/me", nil, nil))
	require.NoError(t, c.Do(t.Context(), http.MethodPost, "/order/certificate/ssl_plus", nil, map[string]any{"a": 1}, nil))
	require.Empty(t, locks.keys)
	require.NoError(t, c.Do(t.Context(), http.MethodPut, "/certificate/7/revoke", nil, map[string]any{"comments": "x"}, nil))
	require.Equal(t, []string{"/certificate/7"}, locks.keys)
}

// expiringLimiter is a limiter whose slots end by themselves.
type expiringLimiter struct {
	digicert.Limiter
	timeout  time.Duration
	released int
}

func (l *expiringLimiter) SetAttemptTimeout(d time.Duration) { l.timeout = d }

func (l *expiringLimiter) Acquire(ctx context.Context) (func(), error) {
	release, err := l.Limiter.Acquire(ctx)
	return func() { l.released++; release() }, err
}

// slowJar is a cookie jar that takes its time, as a process does that is suspended.
type slowJar struct{ delays []time.Duration }

func (j *slowJar) SetCookies(*url.URL, []*http.Cookie) {}

func (j *slowJar) Cookies(*url.URL) []*http.Cookie {
	time.Sleep(j.delays[0])
	j.delays = j.delays[1:]
	return nil
}

// A slot that was held for too long before anything was sent is not used: the request is sent with another.
func TestExpiringLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		l := &expiringLimiter{Limiter: digicert.Unlimited()}
		jar := &slowJar{[]time.Duration{11 * time.Second, 9 * time.Second}}
		c, err := digicert.NewClient(testKey, digicert.WithLimiter(l),
			digicert.WithRetry(digicert.RetryPolicy{AttemptTimeout: 10 * time.Second, MaxAttempts: 2}),
			digicert.WithHTTPClient(&http.Client{Jar: jar, Transport: roundTripFunc(func(req *http.Request) (*http.Response, error) {
				sent++ // whether or not the context has ended
				return httpmock.NewStringResponse(http.StatusOK, "{}"), nil
			})}))
		require.NoError(t, err)
		require.Equal(t, 10*time.Second, l.timeout)
		require.NoError(t, c.Do(t.Context(), http.MethodPost, "/order/certificate/ssl_plus", nil, map[string]any{"a": 1}, nil), "nothing was sent, so the write can be")
		require.Equal(t, 1, sent)
		require.Equal(t, 2, l.released)
	})
}
