package digicert_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
)

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	const own = "go-digicert/" + digicert.Version
	for name, tc := range map[string]struct {
		opts  []digicert.Option
		agent string
	}{
		"default":         {nil, own},
		"with a product":  {[]digicert.Option{digicert.WithUserAgent("inventory/1.4")}, "inventory/1.4 " + own},
		"with a comment":  {[]digicert.Option{digicert.WithUserAgent("inventory/1.4 (nightly)")}, "inventory/1.4 (nightly) " + own},
		"the last counts": {[]digicert.Option{digicert.WithUserAgent("a/1"), digicert.WithUserAgent("b/2")}, "b/2 " + own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range calls {
				body := `{"id": 123, "name_id": "ssl_plus"}`
				if k.raw {
					body = pemOf(newCertificate(t, "a1"))
				}
				c, s := serve(t, http.StatusOK, body, tc.opts...)

				_, err := k.do(t.Context(), c)

				require.NoError(t, err)
				req := s.only(t)
				require.Equal(t, http.MethodGet, req.Method)
				require.Nil(t, req.Body)
				require.Equal(t, []string{testKey}, req.Header.Values("X-DC-DEVKEY"))
				if k.raw {
					require.Equal(t, []string{"*/*"}, req.Header.Values("Accept"))
				} else {
					require.Equal(t, []string{"application/json"}, req.Header.Values("Accept"), k.name)
				}
				require.Len(t, req.Header.Values("User-Agent"), 1)
				require.True(t, strings.HasPrefix(req.UserAgent(), tc.agent+" ") || req.UserAgent() == tc.agent, req.UserAgent())
				require.Len(t, req.Header, 3)
				require.Equal(t, "/services/v2"+k.path, req.URL.Path)
				require.NotContains(t, req.URL.String(), testKey)
			}
		})
	}
}

func TestMaxResponseBytes(t *testing.T) {
	t.Parallel()
	body := fixture(t, "reissues.json")
	size := int64(len(body))
	answers := map[string]httpmock.Responder{
		"announced": func(*http.Request) (*http.Response, error) {
			resp := httpmock.NewStringResponse(http.StatusOK, body)
			resp.ContentLength = size
			return resp, nil
		},
		"not announced": func(*http.Request) (*http.Response, error) {
			resp := httpmock.NewStringResponse(http.StatusOK, body)
			resp.ContentLength = -1
			return resp, nil
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, most := range []int64{size, size + 1, 10 * size} {
				got, err := newService(answer).client(t, digicert.WithMaxResponseBytes(most)).Reissues.List(t.Context(), 1, nil)
				require.NoError(t, err)
				require.Equal(t, sampleReissues(), got)
			}
			for _, most := range []int64{1, size / 2, size - 1} {
				_, err := newService(answer).client(t, digicert.WithMaxResponseBytes(most)).Reissues.List(t.Context(), 1, nil)
				require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
				require.Contains(t, err.Error(), "/order/certificate/1/reissue")
				requireOneLine(t, err)
			}
		})
	}
}

// A body that is announced as too large is not worth reading.
func TestMaxResponseBytesAnnounced(t *testing.T) {
	t.Parallel()
	c := newService(func(*http.Request) (*http.Response, error) {
		body := io.NopCloser(iotest.ErrReader(errors.New("it was read")))
		return &http.Response{StatusCode: http.StatusOK, Body: body, ContentLength: 1 << 40}, nil
	}).client(t)
	_, err := c.Reissues.List(t.Context(), 1, nil)
	require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
}

// Without the option a body of 32 MiB is read, and not a byte more.
func TestMaxResponseBytesDefault(t *testing.T) {
	t.Parallel()
	const most = 32 << 20
	answer := func(size int64) *digicert.Client {
		return newService(func(*http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{}`), io.LimitReader(blanks{}, size-2))
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body), ContentLength: -1}, nil
		}).client(t)
	}
	_, err := answer(most).Reissues.List(t.Context(), 1, nil)
	require.NoError(t, err)
	_, err = answer(most+1).Reissues.List(t.Context(), 1, nil)
	require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
}

// Calls after each other use one connection, whatever the answers are.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var connections, requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch requests.Add(1) % 4 {
		case 0:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, htmlPage+strings.Repeat(" ", 100<<10))
		case 1:
			_, _ = io.WriteString(w, `{"certificates": [{"id": "abc"}]}`+strings.Repeat(" ", 100<<10))
		case 2:
			_, _ = io.WriteString(w, `{"errors": [{"code": "a"}]}`)
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}),
		digicert.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)

	for range 12 {
		_, _ = c.Reissues.List(t.Context(), 1, nil)
	}

	require.EqualValues(t, 12, requests.Load())
	require.EqualValues(t, 1, connections.Load())
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
