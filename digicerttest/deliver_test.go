package digicerttest_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestFaultsThatPad(t *testing.T) {
	t.Parallel()
	const size = 5<<20 + 12345
	for _, fault := range []digicerttest.Fault{digicerttest.HugeBody(size), digicerttest.GzipBomb(size)} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
				require.NoError(t, s.Inject(fault))
				got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.Empty(t, got.header.Get("Content-Length"))
				require.Empty(t, got.header.Get("Content-Encoding"), "net/http hides it")
				require.Equal(t, size, len(got.body)-len(strings.TrimSpace(got.body)))
				require.JSONEq(t, sample(t, "reissues"), got.body)
			})
		})
	}
}

// TestGzipBombIsSmall checks the compressed body, which a client receives that asks for compression.
func TestGzipBombIsSmall(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
		require.NoError(t, s.Inject(digicerttest.GzipBomb(size)))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+reissuePath, nil)
		require.NoError(t, err)
		req.Header.Set("X-DC-DEVKEY", s.Key())
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := hc.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
		require.Less(t, resp.ContentLength, int64(size/500))
		z, err := gzip.NewReader(resp.Body)
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, z)
		require.NoError(t, err)
		require.Greater(t, n, int64(size))
	})
}

func TestWaits(t *testing.T) {
	t.Parallel()
	t.Run("delay", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New()
			require.NoError(t, err)
			require.NoError(t, s.Inject(digicerttest.Delay(3*time.Second)))
			start := time.Now()
			// The answer shows the state at the time of the request.
			time.AfterFunc(time.Second, func() { _ = s.RemoveOrder(123456) })
			require.Len(t, rows(t, get(t, s, orderPath), "orders"), 3)
			require.Equal(t, 3*time.Second, time.Since(start))

			_, err = send(t, &http.Client{Transport: s.Transport(), Timeout: time.Second}, http.MethodGet, s.URL()+reissuePath, s.Key())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 4*time.Second, time.Since(start))
		})
	})
	t.Run("hang", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New()
			require.NoError(t, err)
			require.NoError(t, s.Inject(digicerttest.Hang()))
			cause := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Hour, func() { cancel(cause) })
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+reissuePath, nil)
			require.NoError(t, err)
			start := time.Now()
			_, err = s.Transport().RoundTrip(req)
			require.ErrorIs(t, err, cause)
			require.Equal(t, time.Hour, time.Since(start))
			require.Zero(t, s.Requests()[0].Status)
			_, err = s.Transport().RoundTrip(req)
			require.ErrorIs(t, err, cause)
			require.Len(t, s.Requests(), 1, "a request whose context has ended is not sent")
		})
	})
	t.Run("drip", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New()
			require.NoError(t, err)
			whole := get(t, s, reissuePath).body
			require.NoError(t, s.Inject(digicerttest.Drip(100, time.Second)))
			start := time.Now()
			require.Equal(t, whole, get(t, s, reissuePath).body)
			require.Equal(t, time.Duration((len(whole)-1)/100)*time.Second, time.Since(start), "a pause between any two drops")

			start = time.Now()
			got, err := send(t, &http.Client{Transport: s.Transport(), Timeout: 2500 * time.Millisecond}, http.MethodGet, s.URL()+reissuePath, s.Key())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, whole[:300], got.body)
			require.Equal(t, 2500*time.Millisecond, time.Since(start))
		})
	})
}

// TestWaitsOverConnections checks delays over real connections, without waiting for them.
func TestWaitsOverConnections(t *testing.T) {
	t.Parallel()
	t.Run("a hanging request ends with the client", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		require.NoError(t, s.Inject(digicerttest.Hang()))
		ctx, cancel := context.WithCancel(t.Context())
		s.OnRequest(func(*http.Request) { cancel() })
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+reissuePath, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		require.ErrorIs(t, err, context.Canceled)
	})
	for _, fault := range []digicerttest.Fault{digicerttest.Hang(), digicerttest.Delay(time.Hour), digicerttest.Drip(1, time.Hour)} {
		t.Run(fault.String()+" ends with the server", func(t *testing.T) {
			t.Parallel()
			s := digicerttest.NewServer(t)
			require.NoError(t, s.Inject(fault))
			arrived := make(chan struct{})
			s.OnRequest(func(*http.Request) { close(arrived) })
			go func() {
				<-arrived
				s.Close()
			}()
			_, err := send(t, http.DefaultClient, http.MethodGet, s.URL()+reissuePath, s.Key())
			require.Error(t, err)
		})
	}
	t.Run("a hanging request whose body nobody reads ends with the server", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		require.NoError(t, s.Inject(digicerttest.Hang()))
		arrived := make(chan context.Context, 1)
		s.OnRequest(func(r *http.Request) { arrived <- r.Context() })
		go func() {
			req, _ := http.NewRequest(http.MethodPost, s.URL()+reissuePath, strings.NewReader("x"))
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}()
		ctx := <-arrived
		s.Close()
		<-ctx.Done()
	})
	t.Run("drip", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		require.NoError(t, s.Inject(digicerttest.Drip(100, time.Nanosecond)))
		require.JSONEq(t, sample(t, "reissues"), get(t, s, reissuePath).body)
	})
}

// TestBreakingWithoutHijacker checks a reset with a writer that is not a connection.
func TestBreakingWithoutHijacker(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	req := httptest.NewRequest(http.MethodGet, digicerttest.BasePath+reissuePath, nil)
	req.Header.Set("X-DC-DEVKEY", s.Key())
	for _, fault := range []digicerttest.Fault{digicerttest.Reset(), digicerttest.ResetInBody(), digicerttest.Truncate()} {
		require.NoError(t, s.Inject(fault.Times(1)))
		require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { s.ServeHTTP(httptest.NewRecorder(), req) }, fault)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	require.JSONEq(t, sample(t, "reissues"), w.Body.String())
}
