package digicert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

var writeMethods = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func TestDoSends(t *testing.T) {
	t.Parallel()
	for _, method := range writeMethods {
		s := newService(httpmock.NewStringResponder(http.StatusCreated, `{"id": "12"}`))
		var got struct {
			ID digicert.OrderID `json:"id"`
		}
		body := map[string]any{"status": "canceled", "note": "no longer needed"}
		require.NoError(t, s.client(t).Do(t.Context(), method, "/order/certificate/12/status", url.Values{"a": {"b"}}, body, &got))
		require.EqualValues(t, 12, got.ID)
		req := s.only(t)
		require.Equal(t, method, req.Method)
		require.Equal(t, "/services/v2/order/certificate/12/status", req.URL.Path)
		require.Equal(t, "a=b", req.URL.RawQuery)
		require.Equal(t, "application/json", req.Header.Get("Content-Type"))
		require.Equal(t, testKey, req.Header.Get("X-DC-DEVKEY"))
		require.Empty(t, req.Header.Get("Idempotency-Key"))
		text, err := io.ReadAll(req.Body)
		require.NoError(t, err)
		require.JSONEq(t, `{"status": "canceled", "note": "no longer needed"}`, string(text))
	}
}

// Every write is sent once, with the key, and as JSON if it has a body. If the service refuses it, that is the error, and neither the key nor
// the CSR is in it.
func TestWritesRefused(t *testing.T) {
	t.Parallel()
	list, csr := writes(t)
	for _, w := range list {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := newService(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodGet { // a look before the write shows nothing that speaks against it
					return httpmock.NewStringResponse(http.StatusOK, `{"id":123,"status":"issued","certificate":{"id":5,"status":"issued"}}`), nil
				}
				return httpmock.NewStringResponse(http.StatusForbidden, `{"errors":[{"code":"access_denied|missing_permission"}]}`), nil
			})
			err := w.do(t.Context(), s.client(t))
			require.ErrorIs(t, err, digicert.ErrAccessDenied)
			require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
			requireOneLine(t, err)
			without(t, err, csr)
			require.Contains(t, err.Error(), w.method+" "+w.path+": ")
			sent := 0
			for _, req := range s.sent() {
				require.Equal(t, []string{testKey}, req.Header.Values("X-DC-DEVKEY"))
				if req.Method == http.MethodGet {
					continue
				}
				sent++
				require.Equal(t, w.method, req.Method)
				require.Equal(t, "/services/v2"+w.path, req.URL.Path)
				if w.body {
					require.Equal(t, "application/json", req.Header.Get("Content-Type"))
					require.NotNil(t, bodyOf(t, req))
				} else {
					require.Empty(t, req.Header.Get("Content-Type"))
					require.Nil(t, req.Body)
				}
			}
			require.Equal(t, 1, sent)
		})
	}
}

func TestDoWithoutBody(t *testing.T) {
	t.Parallel()
	s := newService(httpmock.NewStringResponder(http.StatusNoContent, ""))
	require.NoError(t, s.client(t).Do(t.Context(), http.MethodPut, "/certificate/5/archive", nil, nil, nil))
	require.Nil(t, s.only(t).Body)
	require.Empty(t, s.only(t).Header.Get("Content-Type"))
}

func TestDoGetIsGet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: statuses(503, 0)}
		require.NoError(t, s.run(t).Do(t.Context(), http.MethodGet, "/user/me", nil, nil, nil))
		require.Len(t, s.sent, 3)
	})
}

func TestDoRefused(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{}`)
	for name, test := range map[string]struct {
		method, path string
		body, result any
		param        string
	}{
		"method":                  {"BREW", "/x", nil, nil, "method"},
		"no method":               {"", "/x", nil, nil, "method"},
		"body of a GET":           {"GET", "/x", 1, nil, "body"},
		"body that is no JSON":    {"POST", "/x", func() {}, nil, "body"},
		"path":                    {"POST", "/..;/x", nil, nil, "path"},
		"result":                  {"POST", "/x", nil, 1, "result"},
		"private key":             {"POST", "/x", map[string]any{"csr": "-----BEGIN RSA PRIVATE KEY-----\nMIIE"}, nil, "body"},
		"private key, very deep":  {"POST", "/x", []any{map[string]any{"a": []string{"-----BEGIN PRIVATE KEY-----"}}}, nil, "body"},
		"private key as raw JSON": {"PUT", "/x", json.RawMessage(`"-----BEGIN EC PRIVATE KEY-----"`), nil, "body"},
	} {
		err := c.Do(t.Context(), test.method, test.path, nil, test.body, test.result)
		requireParamError(t, err, test.param)
		require.NotContains(t, err.Error(), "MIIE", name)
	}
	require.Empty(t, s.sent())
}

// What a write's failure means: whether it is sent again, and whether its outcome is known.
func TestDoOutcomes(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for name, test := range map[string]struct {
		status  int
		body    string
		err     error
		sent    int // times, at most five
		unknown bool
	}{
		"success":                      {status: 200, body: `{}`, sent: 1},
		"not connected":                {err: dial, sent: 5},
		"unknown host":                 {err: &net.DNSError{Err: "no such host"}, sent: 5},
		"stream refused":               {err: errors.New("stream error: stream ID 3; REFUSED_STREAM; received from peer"), sent: 5},
		"rate limited":                 {status: 429, body: limitExceeded, sent: 5},
		"reset":                        {err: reset, sent: 1, unknown: true},
		"end of file":                  {err: io.ErrUnexpectedEOF, sent: 1, unknown: true},
		"canceled stream":              {err: errors.New("stream error: stream ID 3; INTERNAL_ERROR"), sent: 1, unknown: true},
		"500":                          {status: 500, sent: 1, unknown: true},
		"502":                          {status: 502, body: "<html>", sent: 1, unknown: true},
		"503":                          {status: 503, sent: 1, unknown: true},
		"504":                          {status: 504, sent: 1, unknown: true},
		"request timeout":              {status: 408, sent: 1, unknown: true},
		"a success that is not JSON":   {status: 201, body: "<html>", sent: 1, unknown: true},
		"a success that is cut short":  {status: 201, body: `{"id": 1`, sent: 1, unknown: true},
		"bad request":                  {status: 400, body: `{"errors":[{"code":"required_param:certificate.csr"}]}`, sent: 1},
		"access denied":                {status: 403, body: `{"errors":[{"code":"access_denied|missing_permission"}]}`, sent: 1},
		"not found":                    {status: 404, body: `{"errors":[{"code":"not_found|order"}]}`, sent: 1},
		"errors in a success":          {status: 200, body: `{"errors":[{"code":"access_denied"}]}`, sent: 1},
		"not modified, without a word": {status: 304, sent: 1, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range writeMethods {
				synctest.Test(t, func(t *testing.T) {
					s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
						if test.err != nil {
							return nil, test.err
						}
						return answerJSON(r, test.status, test.body), nil
					}}
					var result struct{}
					err := s.run(t).Do(t.Context(), method, "/order/certificate/1/x", nil, map[string]int{"a": 1}, &result)
					require.Len(t, s.sent, test.sent)
					var unknown *digicert.OutcomeUnknownError
					require.Equal(t, test.unknown, errors.Is(err, digicert.ErrOutcomeUnknown), err)
					require.Equal(t, test.unknown, errors.As(err, &unknown), err)
					if test.unknown {
						require.Equal(t, method, unknown.Method)
						require.Equal(t, "/order/certificate/1/x", unknown.Path)
						require.Error(t, unknown.Err)
						requireOneLine(t, err)
					}
					if test.err != nil {
						require.ErrorIs(t, err, test.err)
					}
				})
			}
		})
	}
}

// The end of the context leaves the outcome open only once the write was sent.
func TestDoEndOfContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.run(t).Do(ctx, http.MethodPost, "/x", nil, nil, nil)
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		limiter := digicert.NewRollingLimiter()
		require.NoError(t, limiter.Pause(t.Context(), time.Hour))
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s = &script{answer: statuses()}
		err = s.run(t, digicert.WithLimiter(limiter)).Do(ctx, http.MethodPost, "/x", nil, nil, nil)
		require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.ErrorIs(t, err, digicert.ErrRateLimited)
		require.Empty(t, s.sent)
	})
}

// The one write that is idempotent by nature.
func TestDoDCVRandomValueIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: statuses(503, 0)}
		require.NoError(t, s.run(t).Do(t.Context(), http.MethodPut, "/order/certificate/1/dcv-random-value", nil, nil, nil))
		require.Len(t, s.sent, 3)
	})
}

// Writes to one order go one after another; others do not wait for them.
func TestDoOneAfterAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		underWay, most := map[string]int{}, map[string]int{}
		s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
			order := r.Header.Get("Accept") + r.URL.Path[:len("/services/v2/order/certificate/1")]
			mu.Lock()
			underWay[order]++
			most[order] = max(most[order], underWay[order])
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			underWay[order]--
			mu.Unlock()
			return answerJSON(r, http.StatusOK, `{}`), nil
		}}
		c := s.run(t)
		var wg sync.WaitGroup
		for i := range 10 {
			path := []string{"/order/certificate/1/reissue", "/order/certificate/1/duplicate", "/order/certificate/2/reissue"}[i%3]
			wg.Go(func() {
				if err := c.Do(t.Context(), http.MethodPost, path, nil, nil, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Len(t, s.sent, 10)
		for order, n := range most {
			require.Equal(t, 1, n, order)
		}
		require.Equal(t, 7*time.Second, time.Since(s.start), "order 2 does not wait for order 1")
	})
}

// unclearAnswers leave open whether a write was carried out.
var unclearAnswers = map[string]func(w http.ResponseWriter){
	"reset": func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	},
	"closed": func(w http.ResponseWriter) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	},
	"503": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
	"cut": func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":`)
	},
	"redirect": func(w http.ResponseWriter) {
		w.Header().Set("Location", "/services/v2/again")
		w.WriteHeader(http.StatusTemporaryRedirect)
	},
}

// A write is never followed by a second one after a reset, a time-out, a 5xx or a cut answer: counted by the server, over
// connections that are new and that were used before.
func TestDoIsCountedByTheServer(t *testing.T) {
	t.Parallel()
	for _, method := range writeMethods {
		for name, fail := range unclearAnswers {
			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()
				var writes atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						return
					}
					writes.Add(1)
					fail(w)
				}))
				t.Cleanup(server.Close)
				transport := new(http.Transport)
				t.Cleanup(transport.CloseIdleConnections)
				c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL+"/services/v2"),
					digicert.WithHTTPClient(&http.Client{Transport: transport}),
					digicert.WithRetry(digicert.RetryPolicy{MinDelay: 1, MaxDelay: 1}))
				require.NoError(t, err)
				for i := range 4 {
					if i%2 == 1 { // now there is a connection that was used
						require.NoError(t, c.Get(t.Context(), "/warm", nil, nil))
					}
					var result struct{}
					err := c.Do(t.Context(), method, "/order/certificate/1/x", nil, map[string]int{"a": 1}, &result)
					require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
					require.EqualValues(t, i+1, writes.Load())
				}
			})
		}
	}
}

// A typed write is sent once, whatever becomes of its answer, counted by the server. The looks before and after it show nothing.
func TestWritesAreCountedByTheServer(t *testing.T) {
	t.Parallel()
	list, csr := writes(t)
	for _, w := range list {
		if strings.HasSuffix(w.path, "/dcv-random-value") {
			continue // the service returns the same again
		}
		for name, fail := range unclearAnswers {
			t.Run(w.name+" "+name, func(t *testing.T) {
				t.Parallel()
				var writes atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						_, _ = io.WriteString(rw, `{"id":123,"status":"issued","certificate":{"id":5,"status":"issued"}}`)
						return
					}
					writes.Add(1)
					fail(rw)
				}))
				t.Cleanup(server.Close)
				transport := new(http.Transport)
				t.Cleanup(transport.CloseIdleConnections)
				c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL+"/services/v2"),
					digicert.WithHTTPClient(&http.Client{Transport: transport}), digicert.WithLimiter(digicert.Unlimited()),
					digicert.WithRetry(digicert.RetryPolicy{MinDelay: 1, MaxDelay: 1}))
				require.NoError(t, err)
				err = w.do(t.Context(), c)
				require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
				require.EqualValues(t, 1, writes.Load())
				without(t, err, csr)
			})
		}
	}
}

// Nothing of a body is logged, at whatever level, whether the write succeeds or not.
func TestWritesAreNotLogged(t *testing.T) {
	t.Parallel()
	list, csr := writes(t)
	secrets := []string{testKey, "why", "a.example", "B.example", "117483"}
	for _, line := range strings.Split(csr, "\n") {
		if len(line) > 20 && !strings.HasPrefix(line, "-----") {
			secrets = append(secrets, line)
		}
	}
	for _, w := range list {
		for _, status := range []int{http.StatusCreated, http.StatusNoContent, http.StatusBadRequest, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprint(w.name, " ", status), func(t *testing.T) {
				t.Parallel()
				s := newService(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodGet {
						return httpmock.NewStringResponse(http.StatusOK, `{"id":123,"status":"issued","certificate":{"id":5,"status":"issued"}}`), nil
					}
					if status == http.StatusNoContent {
						return httpmock.NewStringResponse(status, ""), nil
					}
					return httpmock.NewStringResponse(status, `{"id":"x","errors":[],"dcv_random_value":7}`), nil
				})
				var log bytes.Buffer
				handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4, AddSource: true})
				_ = w.do(t.Context(), s.client(t, digicert.WithLogger(slog.New(handler)), quick))
				require.Contains(t, log.String(), w.path, "it is logged that it was sent")
				for _, secret := range secrets {
					require.NotContains(t, log.String(), secret)
				}
			})
		}
	}
}

// Against the fake: the answer to a cancellation is lost. It is not sent again, and the order shows what became of it.
func TestDoWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, lost := range []struct {
		fault digicerttest.Fault
		want  digicert.OrderStatus
	}{
		{digicerttest.LoseRequest(), digicert.OrderStatusPending},
		{digicerttest.LoseAnswer(), digicert.OrderStatusCanceled},
		{digicerttest.CutWhileActing(), digicert.OrderStatusCanceled},
	} {
		server := digicerttest.NewServer(t)
		require.NoError(t, server.AddOrder(digicert.SubaccountOrder{ID: 1, Status: digicert.OrderStatusPending}))
		require.NoError(t, server.Inject(lost.fault.Times(1)))
		client := server.Client()
		body := map[string]string{"status": "canceled", "note": "no longer needed"}
		err := client.Do(t.Context(), http.MethodPut, "/order/certificate/1/status", nil, body, nil)
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown, lost.fault)
		order, err := client.Orders.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, lost.want, order.Status, lost.fault)
		writes := 0
		for _, r := range server.Requests() {
			if r.Method == http.MethodPut {
				writes++
			}
		}
		require.Equal(t, 1, writes, lost.fault)
	}
}
