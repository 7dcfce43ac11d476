package wiretest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// fault is one way in which a service, or what lies before it, fails.
type fault struct {
	name     string
	answer   func(w *wireServer, c *net.TCPConn, good string) (keep bool)
	slow     bool // it takes an attempt's whole time
	tries    int  // MaxAttempts; 3 where it is 0
	attempts int  // how many a persisting fault takes
	requests int  // in all of them together; as many as attempts where it is 0
	status   int  // of the *Error, 0 where there is none
	logged   int  // the status in the log
	reason   string
	is       []error
	check    func(t *testing.T, err error)
}

// says answers with the same text whatever was asked, and keeps the connection.
func says(text string) func(*wireServer, *net.TCPConn, string) bool {
	return func(_ *wireServer, c *net.TCPConn, _ string) bool {
		_, err := io.WriteString(c, text)
		return err == nil
	}
}

// hang reads until the other side has had enough.
func hang(c *net.TCPConn) bool {
	_, _ = io.Copy(io.Discard, c)
	return false
}

// pour writes until the other side has had enough.
func pour(c *net.TCPConn, chunk string) bool {
	for {
		if _, err := io.WriteString(c, chunk); err != nil {
			return false
		}
	}
}

func isTimeout(t *testing.T, err error) {
	t.Helper()
	var timeout interface{ Timeout() bool }
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
	require.NotErrorIs(t, err, context.Canceled)
}

func isUndecodable(t *testing.T, err error) {
	t.Helper()
	var undecoded *digicert.DecodeError
	require.ErrorAs(t, err, &undecoded)
}

func isTruncatedDocument(t *testing.T, err error) {
	t.Helper()
	isUndecodable(t, err)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func hasRetryAfter(d time.Duration) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		t.Helper()
		var answer *digicert.Error
		require.ErrorAs(t, err, &answer)
		require.Equal(t, d, answer.RetryAfter)
	}
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.String()
}

func faults(t testing.TB) []fault {
	const limited = `{"errors":[{"code":"request_limit_exceeded","message":"Service unavailable, please limit request volume"}]}`
	const html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>"
	bomb := gzipped(t, `{"orders":[`+strings.Repeat(" ", 16<<20)+`]}`)
	require.Less(t, len(bomb), maxFaultBody)
	return []fault{
		{
			name: "reset before the answer",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_ = c.SetLinger(0)
				return false
			},
			attempts: 3, reason: "transport error", is: []error{syscall.ECONNRESET},
		},
		{
			name: "reset in the body",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				_, _ = io.WriteString(c, wireAnswer(200, "", good)[:200])
				_ = c.SetLinger(0)
				return false
			},
			attempts: 3, logged: -1, reason: "transport error", is: []error{syscall.ECONNRESET},
		},
		{
			name:     "closed before the answer",
			answer:   func(*wireServer, *net.TCPConn, string) bool { return false },
			attempts: 3, reason: "transport error", is: []error{io.EOF},
		},
		{
			name:     "another protocol",
			answer:   says("SSH-2.0-OpenSSH_9.6\r\n"),
			attempts: 3, reason: "transport error",
		},
		{
			name: "another protocol that repeats the request",
			answer: func(w *wireServer, c *net.TCPConn, _ string) bool {
				sent := w.sent()
				r := sent[len(sent)-1]
				_, _ = io.WriteString(c, "sent:"+r.Header.Get("X-Dc-Devkey")+"?"+r.URL.RawQuery+"\r\n")
				return false
			},
			attempts: 3, reason: "transport error",
		},
		{
			name: "truncated JSON, right Content-Length",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				_, _ = io.WriteString(c, wireAnswer(200, "", good[:len(good)/2]))
				return true
			},
			attempts: 3, logged: 200, reason: "truncated body", check: isTruncatedDocument,
		},
		{
			name: "truncated JSON, wrong Content-Length",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				_, _ = io.WriteString(c, wireHead(200, "Content-Length: "+strconv.Itoa(len(good))+"\r\n")+good[:len(good)/2])
				return false
			},
			attempts: 3, logged: 200, reason: "truncated body", is: []error{io.ErrUnexpectedEOF},
		},
		{
			name: "whole JSON, wrong Content-Length",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				_, _ = io.WriteString(c, wireHead(200, "Content-Length: "+strconv.Itoa(len(good)+1)+"\r\n")+good)
				return false
			},
			attempts: 3, logged: 200, reason: "truncated body", is: []error{io.ErrUnexpectedEOF},
		},
		{
			name: "chunked body cut",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				_, _ = fmt.Fprintf(c, "%s%x\r\n%s\r\n", wireHead(200, "Transfer-Encoding: chunked\r\n"), 100, good[:100])
				return false
			},
			attempts: 3, logged: 200, reason: "truncated body", is: []error{io.ErrUnexpectedEOF},
		},
		{
			name: "gzip body cut",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				packed := gzipped(t, good)
				_, _ = io.WriteString(c, wireAnswer(200, "Content-Encoding: gzip\r\n", packed[:len(packed)/2]))
				return true
			},
			attempts: 3, logged: 200, reason: "truncated body", is: []error{io.ErrUnexpectedEOF},
		},
		{
			name:     "HTML 502",
			answer:   says(wireAnswer(502, "", html)),
			attempts: 3, status: 502, reason: "status 502", is: []error{digicert.ErrUnavailable},
			check: func(t *testing.T, err error) {
				var answer *digicert.Error
				require.ErrorAs(t, err, &answer)
				require.Equal(t, html, string(answer.Body))
				require.Empty(t, answer.Details)
			},
		},
		{
			name:     "empty 500",
			answer:   says(wireAnswer(500, "", "")),
			attempts: 3, status: 500, reason: "status 500", is: []error{digicert.ErrUnavailable},
		},
		{
			name:     "503 with an error in JSON",
			answer:   says(wireAnswer(503, "", `{"errors":[{"code":"maintenance","message":"back soon"}]}`)),
			attempts: 3, status: 503, reason: "status 503", is: []error{digicert.ErrUnavailable, digicert.ErrorCode("maintenance")},
		},
		{
			name: "504 without Content-Length",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(504, "Connection: close\r\n")+html)
				return false
			},
			attempts: 3, status: 504, reason: "status 504", is: []error{digicert.ErrUnavailable},
		},
		{
			name: "502 whose body is cut",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(502, "Content-Length: 1000\r\n")+html)
				return false
			},
			attempts: 3, status: 502, reason: "status 502", is: []error{digicert.ErrUnavailable},
		},
		{
			name: "502 whose body never comes",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(502, "Content-Length: 1000\r\n"))
				return hang(c)
			},
			slow: true, attempts: 3, status: 502, reason: "status 502", is: []error{digicert.ErrUnavailable},
		},
		{
			name:     "501",
			answer:   says(wireAnswer(501, "", "")),
			attempts: 1, status: 501, reason: "status 501", is: []error{digicert.ErrUnavailable},
		},
		{
			name:     "403",
			answer:   says(wireAnswer(403, "Retry-After: 1\r\n", `{"errors":[{"code":"access_denied"}]}`)),
			attempts: 1, status: 403, reason: "status 403", is: []error{digicert.ErrAccessDenied, digicert.CodeAccessDenied},
		},
		{
			name:     "429 without Retry-After",
			answer:   says(wireAnswer(429, "", limited)),
			attempts: 3, status: 429, reason: "rate limited",
			is:    []error{digicert.ErrRateLimited, digicert.CodeRequestLimitExceeded},
			check: hasRetryAfter(0),
		},
		{
			name:   "429 with Retry-After",
			answer: says(wireAnswer(429, "Retry-After: 1\r\n", limited)),
			tries:  2, attempts: 2, status: 429, reason: "rate limited",
			is:    []error{digicert.ErrRateLimited, digicert.CodeRequestLimitExceeded},
			check: hasRetryAfter(time.Second),
		},
		{
			name:     "429 with a Retry-After beyond MaxRetryAfter",
			answer:   says(wireAnswer(429, "Retry-After: 3600\r\n", limited)),
			attempts: 1, status: 429, reason: "rate limited",
			is:    []error{digicert.ErrRateLimited, digicert.CodeRequestLimitExceeded},
			check: hasRetryAfter(time.Hour),
		},
		{
			name:   "hung server",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool { return hang(c) },
			slow:   true, attempts: 3, reason: "timeout", check: isTimeout,
		},
		{
			name: "header only",
			answer: func(_ *wireServer, c *net.TCPConn, good string) bool {
				_, _ = io.WriteString(c, wireHead(200, "Content-Length: "+strconv.Itoa(len(good))+"\r\n"))
				return hang(c)
			},
			slow: true, attempts: 3, logged: -1, reason: "timeout", check: isTimeout,
		},
		{
			name: "dripping server",
			answer: func(w *wireServer, c *net.TCPConn, good string) bool {
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				if _, err := io.WriteString(c, wireHead(200, "Content-Length: "+strconv.Itoa(maxFaultBody)+"\r\n")); err != nil {
					return false
				}
				for i := 0; ; i++ {
					if _, err := io.WriteString(c, good[i%len(good):][:1]); err != nil {
						return false
					}
					select {
					case <-tick.C:
					case <-w.done:
						return false
					}
				}
			},
			slow: true, attempts: 3, logged: -1, reason: "timeout", check: isTimeout,
		},
		{
			name: "huge body, announced",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(200, "Content-Length: 1000000000000\r\n"))
				return pour(c, strings.Repeat(" ", 4096))
			},
			attempts: 1, logged: 200, reason: "response too large", is: []error{digicert.ErrResponseTooLarge},
		},
		{
			name: "huge body, chunked",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(200, "Transfer-Encoding: chunked\r\n"))
				return pour(c, "1000\r\n"+strings.Repeat(" ", 4096)+"\r\n")
			},
			attempts: 1, logged: 200, reason: "response too large", is: []error{digicert.ErrResponseTooLarge},
		},
		{
			name: "huge body, until the connection closes",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(200, "Connection: close\r\n"))
				return pour(c, strings.Repeat("[", 4096))
			},
			attempts: 1, logged: 200, reason: "response too large", is: []error{digicert.ErrResponseTooLarge},
		},
		{
			name: "huge error body",
			answer: func(_ *wireServer, c *net.TCPConn, _ string) bool {
				_, _ = io.WriteString(c, wireHead(400, "Transfer-Encoding: chunked\r\n"))
				return pour(c, "1000\r\n"+strings.Repeat("x", 4096)+"\r\n")
			},
			attempts: 1, status: 400, reason: "status 400",
			check: func(t *testing.T, err error) {
				var answer *digicert.Error
				require.ErrorAs(t, err, &answer)
				require.Len(t, answer.Body, 64<<10)
			},
		},
		{
			name:     "gzip bomb",
			answer:   says(wireAnswer(200, "Content-Encoding: gzip\r\n", bomb)),
			attempts: 1, logged: 200, reason: "response too large", is: []error{digicert.ErrResponseTooLarge},
		},
		{
			name:     "gzip bomb as an error",
			answer:   says(wireAnswer(404, "Content-Encoding: gzip\r\n", bomb)),
			attempts: 1, status: 404, reason: "status 404", is: []error{digicert.ErrNotFound},
			check: func(t *testing.T, err error) {
				var answer *digicert.Error
				require.ErrorAs(t, err, &answer)
				require.Len(t, answer.Body, 64<<10)
			},
		},
		{
			name:     "garbage",
			answer:   says(wireAnswer(200, "", "%$&/ \x00\xff no JSON")),
			attempts: 1, logged: 200, reason: "undecodable body", check: isUndecodable,
		},
		{
			name:     "HTML 200",
			answer:   says(wireAnswer(200, "", html)),
			attempts: 1, logged: 200, reason: "undecodable body", check: isUndecodable,
		},
		{
			name:     "redirect loop",
			answer:   says(wireAnswer(302, "Location: /services/v2/again\r\n", html)),
			attempts: 1, requests: 6, reason: "redirect refused", is: []error{digicert.ErrRedirect},
		},
	}
}

// TestFaultMatrix is not parallel, and so alone, because it counts goroutines when it is through.
func TestFaultMatrix(t *testing.T) {
	before := wireGoroutines()
	t.Run("cells", func(t *testing.T) {
		for _, f := range faults(t) {
			for _, e := range wireEndpoints() {
				t.Run(f.name+"/"+e.name, func(t *testing.T) {
					t.Parallel()
					t.Run("persists", func(t *testing.T) { testFaultPersists(t, f, e) })
					if f.attempts > 1 {
						t.Run("once", func(t *testing.T) { testFaultOnce(t, f, e) })
					}
				})
			}
		}
	})
	requireNoNewGoroutines(t, before)
}

func testFaultPersists(t *testing.T, f fault, e wireEndpoint) {
	good := fixture(t, e.fixture)
	w := newWireServer(t, nil)
	w.answer = func(_ int, c *net.TCPConn) bool { return f.answer(w, c, good) }
	tries, timeout := 3, time.Minute
	if f.tries != 0 {
		tries = f.tries
	}
	switch {
	case f.slow && f.status != 0: // its header has to be seen, on a busy machine too
		timeout = time.Second
	case f.slow:
		timeout = 50 * time.Millisecond
	}
	c, log, transport := wireClient(t, w.url,
		digicert.WithRetry(wirePolicy(tries, timeout)), digicert.WithMaxResponseBytes(maxFaultBody))
	got, err := e.do(wireContext(t), c)
	require.Error(t, err)
	require.Empty(t, got)
	requireClean(t, err, e)

	for _, target := range f.is {
		require.ErrorIs(t, err, target)
	}
	if f.check != nil {
		f.check(t, err)
	}
	if f.slow && f.status == 0 {
		require.Contains(t, err.Error(), timeout.String())
	}
	var answer *digicert.Error
	require.Equal(t, f.status != 0, errors.As(err, &answer))
	if answer != nil {
		require.Equal(t, f.status, answer.StatusCode)
		require.Equal(t, f.attempts, answer.Attempts)
		require.Equal(t, http.MethodGet, answer.Method)
		require.Equal(t, e.path, answer.Path)
	}

	requests := f.requests
	if requests == 0 {
		requests = f.attempts
	}
	require.EqualValues(t, requests, transport.sent.Load())
	if !f.slow { // on a busy machine an attempt's time can be over before it was seen
		require.Len(t, w.sent(), requests)
	}
	attempts, retries := log.records(t, slog.LevelDebug), log.records(t, slog.LevelWarn)
	require.Len(t, attempts, f.attempts)
	require.Len(t, retries, f.attempts-1)
	for i, r := range append(attempts, retries...) {
		require.Equal(t, i%f.attempts+1, r.Attempt)
		require.Equal(t, f.reason, r.Reason)
		require.Equal(t, e.path, r.Path)
		require.Equal(t, http.MethodGet, r.Method)
		switch {
		case f.status != 0:
			require.Equal(t, f.status, r.Status)
		case f.logged >= 0: // else it depends on how fast the header was seen
			require.Equal(t, f.logged, r.Status)
		}
	}
	requireNoSecret(t, log.String(), e)
}

func testFaultOnce(t *testing.T, f fault, e wireEndpoint) {
	good := fixture(t, e.fixture)
	w := newWireServer(t, nil)
	w.answer = func(n int, c *net.TCPConn) bool {
		if n == 1 {
			return f.answer(w, c, good)
		}
		_, err := io.WriteString(c, wireAnswer(200, "", good))
		return err == nil
	}
	timeout := time.Minute
	switch {
	case f.slow && f.status != 0:
		timeout = time.Second
	case f.slow:
		timeout = 250 * time.Millisecond
	}
	c, log, _ := wireClient(t, w.url,
		digicert.WithRetry(wirePolicy(10, timeout)), digicert.WithMaxResponseBytes(maxFaultBody))
	got, err := e.do(wireContext(t), c)
	require.NoError(t, err)
	require.Equal(t, e.want(t), got)

	retries := log.records(t, slog.LevelWarn)
	require.NotEmpty(t, retries)
	require.Equal(t, f.reason, retries[0].Reason)
	require.NotNil(t, retries[0].Wait)
	attempts := log.records(t, slog.LevelDebug)
	last := attempts[len(attempts)-1]
	require.Equal(t, 200, last.Status)
	require.Empty(t, last.Reason)
	if !f.slow {
		require.Len(t, w.sent(), 2)
		require.Len(t, retries, 1)
		require.Equal(t, 2, last.Attempt)
	}
	requireNoSecret(t, log.String(), e)
}

// wireGoroutines returns the goroutines that have to do with this package or HTTP, by their ids.
func wireGoroutines() map[string]string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	found := map[string]string{}
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if strings.Contains(stack, "net/http.") || strings.Contains(stack, "go-digicert/digicert") {
			id, _, _ := strings.Cut(stack, " [")
			found[id] = stack
		}
	}
	return found
}

// requireNoNewGoroutines waits for those that are about to end.
func requireNoNewGoroutines(t testing.TB, before map[string]string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	enough := time.After(20 * time.Second)
	for {
		var left []string
		for id, stack := range wireGoroutines() {
			if _, old := before[id]; !old {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-enough:
			require.Empty(t, strings.Join(left, "\n\n"), "goroutines are left")
			return
		}
	}
}

func TestLimitedServiceIsAskedAgainOnlyWhenThePauseIsOver(t *testing.T) {
	t.Parallel()
	e := wireEndpoints()[2]
	good := fixture(t, e.fixture)
	w := newWireServer(t, func(n int, c *net.TCPConn) bool {
		if n == 1 {
			_, _ = io.WriteString(c, wireAnswer(429, "Retry-After: 1\r\n", ""))
			return true
		}
		_, _ = io.WriteString(c, wireAnswer(200, "", good))
		return true
	})
	c, log, _ := wireClient(t, w.url)
	started := time.Now()
	got, err := e.do(wireContext(t), c)
	require.NoError(t, err)
	require.Equal(t, e.want(t), got)
	require.GreaterOrEqual(t, time.Since(started), time.Second)
	retries := log.records(t, slog.LevelWarn)
	require.Len(t, retries, 1)
	require.Equal(t, time.Second, *retries[0].Wait)
}

// TestCancelInTheMiddleOfAnAttempt has the context end while a server hangs.
func TestCancelInTheMiddleOfAnAttempt(t *testing.T) {
	t.Parallel()
	errStopped := errors.New("the operator stopped it")
	hangs := map[string]string{
		"before the answer":    "",
		"before the body":      wireHead(200, "Content-Length: 1000\r\n"),
		"in the body":          wireHead(200, "Content-Length: 1000\r\n") + `{"orders":[`,
		"in a chunk":           wireHead(200, "Transfer-Encoding: chunked\r\n") + "1000\r\n{",
		"in the body of a 502": wireHead(502, "Content-Length: 1000\r\n") + "<html>",
	}
	for name, text := range hangs {
		for _, e := range wireEndpoints() {
			for _, earlier := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/earlier failure %t", name, e.name, earlier), func(t *testing.T) {
					t.Parallel()
					ctx, cancel := context.WithCancelCause(wireContext(t))
					defer cancel(nil)
					w := newWireServer(t, func(n int, c *net.TCPConn) bool {
						if earlier && n == 1 {
							_, _ = io.WriteString(c, wireAnswer(503, "", `{"errors":[{"code":"maintenance"}]}`))
							return true
						}
						_, _ = io.WriteString(c, text)
						cancel(errStopped)
						return hang(c)
					})
					c, log, transport := wireClient(t, w.url)
					_, err := e.do(ctx, c)
					require.ErrorIs(t, err, errStopped)
					require.ErrorIs(t, err, context.Canceled)
					requireClean(t, err, e)
					require.Equal(t, 1, strings.Count(err.Error(), "digicert: "))
					require.Contains(t, err.Error(), errStopped.Error())
					requireNoSecret(t, log.String(), e)

					requests := 1
					if earlier {
						requests = 2
						var answer *digicert.Error
						require.ErrorAs(t, err, &answer)
						require.ErrorIs(t, err, digicert.ErrUnavailable)
						if answer.StatusCode == http.StatusServiceUnavailable { // else the 502 was seen before the end
							require.ErrorIs(t, err, digicert.ErrorCode("maintenance"))
							require.Equal(t, 1, answer.Attempts)
							require.Contains(t, err.Error(), "503 Service Unavailable: maintenance")
						} else {
							require.Equal(t, "in the body of a 502", name)
						}
					}
					require.EqualValues(t, requests, transport.sent.Load())
				})
			}
		}
	}
}

// TestDeadlineInTheMiddleOfAnAttempt: the caller's deadline, not the attempt's, ends the call for good.
func TestDeadlineInTheMiddleOfAnAttempt(t *testing.T) {
	t.Parallel()
	for _, e := range wireEndpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			w := newWireServer(t, func(_ int, c *net.TCPConn) bool { return hang(c) })
			c, _, transport := wireClient(t, w.url)
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			_, err := e.do(ctx, c)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, digicert.ErrRateLimited)
			requireClean(t, err, e)
			require.EqualValues(t, 1, transport.sent.Load())
		})
	}
}

// explosive panics with what it is given to read.
type explosive struct{}

func (*explosive) UnmarshalJSON(text []byte) error { panic("cannot read " + string(text)) }

func TestPanicInADecoder(t *testing.T) {
	t.Parallel()
	for _, limited := range []bool{false, true} { // a 429 before it: the panic happens while the gate lets in one at a time
		t.Run(fmt.Sprintf("after a 429 %t", limited), func(t *testing.T) {
			t.Parallel()
			e := wireEndpoints()[2]
			good := fixture(t, e.fixture)
			var conns atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if limited && r.URL.Path == "/services/v2/explosive" && r.URL.Query().Get("n") == "1" {
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				_, _ = io.WriteString(w, good)
			}))
			srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					conns.Add(1)
				}
			}
			srv.Start()
			t.Cleanup(srv.Close)
			c, log, _ := wireClient(t, srv.URL,
				digicert.WithRetry(wirePolicy(1, time.Minute)),
				// One slot: if the panic kept it, nobody would get it again.
				digicert.WithLimiter(digicert.NewRollingLimiter(digicert.Window{Requests: 1, Per: time.Millisecond})))
			ctx := wireContext(t)
			if limited {
				err := c.Get(ctx, "/explosive", url.Values{"n": {"1"}}, nil)
				require.ErrorIs(t, err, digicert.ErrRateLimited)
			}
			for range 3 {
				var stack []byte
				value := func() (value any) {
					defer func() {
						value = recover()
						stack = debug.Stack()
					}()
					_ = c.Get(ctx, "/explosive", nil, new(explosive))
					return nil
				}()
				require.NotNil(t, value)
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
					require.NotContains(t, fmt.Sprintf(verb, value), testKey)
				}
				require.NotContains(t, string(stack), testKey)

				got, err := e.do(ctx, c)
				require.NoError(t, err)
				require.Equal(t, e.want(t), got)
			}
			require.EqualValues(t, 1, conns.Load())
			require.NotContains(t, log.String(), testKey)
		})
	}
}

// TestOneConnection makes 300 sequential calls over HTTP/1.1, whose answers need all sorts of draining.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	e := wireEndpoints()[2]
	good := fixture(t, e.fixture)
	write := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	chunked := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, body[len(body)/2:])
		}
	}
	all := map[string][]http.HandlerFunc{
		"successes": {write(200, good)},
		"chunked":   {chunked(200, good)},
		"everything": {
			write(200, good),
			chunked(200, good),
			chunked(200, good+strings.Repeat(" ", 100<<10)),
			write(400, `{"errors":[{"code":"time_frame_too_long"}]}`),
			write(404, ""),
			chunked(403, strings.Repeat("forbidden ", 100)),
			write(500, strings.Repeat("x", 200<<10)), // more than is kept
			chunked(502, strings.Repeat("<html>", 10<<10)),
			write(429, `{"errors":[{"code":"request_limit_exceeded"}]}`),
			write(200, `{"errors":[{"code":"access_denied"}]}`),
			write(200, good[:50]),
			write(200, "garbage"),
			write(204, ""),
			write(200, strings.Repeat(" ", 150<<10)),   // too large, and says so
			chunked(200, strings.Repeat(" ", 150<<10)), // too large
			func(w http.ResponseWriter, r *http.Request) { // followed
				if r.URL.Path != "/moved" {
					w.Header().Set("Location", "/moved")
					w.WriteHeader(http.StatusFound)
				}
				_, _ = io.WriteString(w, good)
			},
			func(w http.ResponseWriter, _ *http.Request) { // refused
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(http.StatusFound)
				_, _ = io.WriteString(w, strings.Repeat("moved ", 10<<10))
			},
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				_, _ = io.WriteString(z, good)
				_ = z.Close()
			},
		},
	}
	const noContent = 12 // in everything
	want := e.want(t)
	for name, answers := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var conns, requests, kind atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if r.ProtoMajor != 1 {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				answers[kind.Load()](w, r)
			}))
			srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					conns.Add(1)
				}
			}
			srv.Start()
			t.Cleanup(srv.Close)
			c, _, _ := wireClient(t, srv.URL,
				digicert.WithRetry(wirePolicy(1, time.Minute)), digicert.WithMaxResponseBytes(128<<10))
			ctx := wireContext(t)
			succeeded := 0
			for i := range 300 {
				kind.Store(int64(i % len(answers)))
				got, err := e.do(ctx, c)
				switch {
				case name == "everything" && i%len(answers) == noContent:
					require.NoError(t, err)
					require.Empty(t, got)
				case err == nil:
					require.Equal(t, want, got)
					succeeded++
				}
				require.EqualValues(t, 1, conns.Load(), "after answer %d", i%len(answers))
			}
			require.GreaterOrEqual(t, requests.Load(), int64(300))
			if name == "everything" {
				require.Equal(t, 300/len(answers)*5+3, succeeded)
			} else {
				require.Equal(t, 300, succeeded)
			}
		})
	}
}

// A 204 is a success with nothing in it.
func TestNoContent(t *testing.T) {
	t.Parallel()
	for _, e := range wireEndpoints() {
		w := newWireServer(t, func(_ int, c *net.TCPConn) bool {
			_, err := io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
			return err == nil
		})
		c, _, _ := wireClient(t, w.url)
		got, err := e.do(wireContext(t), c)
		require.NoError(t, err, e.name)
		if page, ok := got.(*digicert.SubaccountOrderPage); ok {
			got = page.Orders
		}
		require.NotNil(t, got, e.name)
		require.Empty(t, got, e.name)
		require.Len(t, w.sent(), 1, e.name)
	}
}

// A body that ends before its announced length is none; the next may be whole.
func TestDownloadTruncated(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	whole := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for cut, want := range map[int]string{1: whole, 2: whole, 99: ""} {
		w := newWireServer(t, func(n int, c *net.TCPConn) bool {
			if n <= cut {
				_, _ = io.WriteString(c, wireHead(http.StatusOK, fmt.Sprintf("Content-Length: %d\r\n", len(whole)))+whole[:len(whole)-1])
				return false
			}
			_, err := io.WriteString(c, wireAnswer(http.StatusOK, "", whole))
			return err == nil
		})
		c, _, _ := wireClient(t, w.url)

		got, err := c.Certificates.Download(wireContext(t), 5, digicert.FormatCER)

		require.Len(t, w.sent(), min(cut+1, 3))
		if want != "" {
			require.NoError(t, err)
			require.Equal(t, want, string(got.Body))
			continue
		}
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Contains(t, err.Error(), "after 3 attempts")
		requireOneLine(t, err)
		require.Nil(t, got)
	}
}
