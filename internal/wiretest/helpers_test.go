package wiretest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
)

// testKey is like nothing else in these tests: where it turns up, it leaked.
const testKey = "K3Y-never-to-be-shown-0123456789"

// unlimited is a limiter that never waits.
type unlimited struct{}

func (unlimited) Acquire(context.Context) (func(), error) { return func() {}, nil }

// fixture returns a file of testdata, which holds the bodies that the service documents.
func fixture(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
	require.NoError(t, err)
	return string(body)
}

// want returns what the endpoint's call returns for its fixture.
func (e wireEndpoint) want(t testing.TB) any {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(http.StatusOK, fixture(t, e.fixture)))
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: mock}))
	require.NoError(t, err)
	result, err := e.do(t.Context(), c)
	require.NoError(t, err)
	require.NotEmpty(t, result)
	return result
}

// requireOneLine asserts what every message of this package owes its reader: that it is one
// printable line of bearable length, from this package, without key and host.
func requireOneLine(t testing.TB, err error) {
	t.Helper()
	text := err.Error()
	require.True(t, strings.HasPrefix(text, "digicert: "), text)
	require.NotContains(t, text, testKey)
	require.NotContains(t, text, "www.digicert.com")
	require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' }), "%q", text)
	require.Less(t, len(text), 2500)
}

// wireServer is a server on a raw loopback socket, which can break HTTP wherever a test wants it broken.
type wireServer struct {
	url    string
	done   chan struct{} // closed when the server closes
	answer func(n int, c *net.TCPConn) (keep bool)
	ln     net.Listener
	wg     sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	requests []*http.Request
}

// newWireServer gives the nth request, from 1, to answer, which says whether its connection is kept.
func newWireServer(t testing.TB, answer func(n int, c *net.TCPConn) (keep bool)) *wireServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wireServer{url: "http://" + ln.Addr().String(), done: make(chan struct{}), answer: answer, ln: ln}
	w.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.conns = append(w.conns, c)
			w.mu.Unlock()
			w.wg.Go(func() { w.serve(c.(*net.TCPConn)) })
		}
	})
	t.Cleanup(w.close)
	return w
}

func (w *wireServer) serve(c *net.TCPConn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.requests = append(w.requests, req)
		n := len(w.requests)
		w.mu.Unlock()
		if !w.answer(n, c) {
			return
		}
	}
}

// close returns when nothing of the server is left.
func (w *wireServer) close() {
	close(w.done)
	w.ln.Close()
	w.mu.Lock()
	for _, c := range w.conns {
		c.Close()
	}
	w.mu.Unlock()
	w.wg.Wait()
}

func (w *wireServer) sent() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*http.Request(nil), w.requests...)
}

// wireAnswer is an HTTP answer as it travels. header is lines with their ends.
func wireAnswer(status int, header, body string) string {
	return wireHead(status, header+"Content-Length: "+strconv.Itoa(len(body))+"\r\n") + body
}

func wireHead(status int, header string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n%s\r\n", status, http.StatusText(status), header)
}

// countingTransport counts what a client sends, whether it arrives or not.
type countingTransport struct {
	*http.Transport

	sent atomic.Int64
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return c.Transport.RoundTrip(r)
}

// wireLog keeps a log.
type wireLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *wireLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *wireLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// logger writes everything, down to below debug.
func (l *wireLog) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.Level(-100)}))
}

type wireRecord struct {
	Level, Msg, Method, Path, Reason string
	Status, Attempt                  int
	Time                             time.Time
	Duration, Wait                   *time.Duration
}

// records returns the records of a level. A field that may not be logged fails the test.
func (l *wireLog) records(t testing.TB, level slog.Level) []wireRecord {
	t.Helper()
	var records []wireRecord
	dec := json.NewDecoder(strings.NewReader(l.String()))
	dec.DisallowUnknownFields()
	for dec.More() {
		var r wireRecord
		require.NoError(t, dec.Decode(&r), l)
		if r.Level == level.String() {
			records = append(records, r)
		}
	}
	return records
}

// wireClient returns a client of the server at url that retries fast and is not paced, its log, and the count of what it
// sends.
func wireClient(t testing.TB, url string, opts ...digicert.Option) (*digicert.Client, *wireLog, *countingTransport) {
	t.Helper()
	transport := &countingTransport{Transport: &http.Transport{}}
	t.Cleanup(transport.CloseIdleConnections)
	log := new(wireLog)
	c, err := digicert.NewClient(testKey, append([]digicert.Option{
		digicert.WithBaseURL(url + "/services/v2"),
		digicert.WithHTTPClient(&http.Client{Transport: transport}),
		digicert.WithLimiter(unlimited{}),
		digicert.WithLogger(log.logger()),
		digicert.WithRetry(wirePolicy(3, time.Minute)),
	}, opts...)...)
	require.NoError(t, err)
	return c, log, transport
}

func wirePolicy(attempts int, timeout time.Duration) digicert.RetryPolicy {
	return digicert.RetryPolicy{MaxAttempts: attempts, MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond, AttemptTimeout: timeout}
}

// wireContext ends what hangs although it should not, long after everything that works has ended.
func wireContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// wireEndpoint is one documented call with a query that is found again where it leaks.
type wireEndpoint struct {
	name    string
	path    string
	query   string // a part of it
	fixture string
	do      func(context.Context, *digicert.Client) (any, error)
}

func wireEndpoints() []wireEndpoint {
	return []wireEndpoint{
		{"Reissues.List", "/order/certificate/123/reissue", "show_archived", "reissues.json", func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Reissues.List(ctx, 123, &digicert.ListReissuesParams{ShowArchived: true})
		}},
		{"Subaccounts.ListOrders", "/account/subaccount/order", "hidden-name", "subaccount_orders.json", func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Subaccounts.ListOrders(ctx, &digicert.ListSubaccountOrdersParams{
				Filters: digicert.SubaccountOrderFilters{CommonName: "hidden-name.example"},
			})
		}},
		{"StatusChanges.List", "/order/certificate/status-changes", "minutes=", "status_changes.json", func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.StatusChanges.List(ctx, digicert.Last(77*time.Minute))
		}},
	}
}

// requireClean asserts that an error, however printed, and all errors that it wraps are without
// key and query, and that its message is one line.
func requireClean(t testing.TB, err error, e wireEndpoint) {
	t.Helper()
	requireOneLine(t, err)
	require.Contains(t, err.Error(), e.path)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		requireNoSecret(t, fmt.Sprintf(verb, err), e)
	}
	for _, inner := range wireUnwrap(err) {
		requireNoSecret(t, inner.Error(), e)
	}
}

func requireNoSecret(t testing.TB, text string, e wireEndpoint) {
	t.Helper()
	require.NotContains(t, text, testKey)
	require.NotContains(t, text, e.query)
}

// wireUnwrap returns every error that err wraps.
func wireUnwrap(err error) []error {
	var inner []error
	switch e := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() error }:
		if next := e.Unwrap(); next != nil {
			inner = append(inner, next)
		}
	case interface{ Unwrap() []error }:
		inner = append(inner, e.Unwrap()...)
	}
	for _, next := range inner {
		inner = append(inner, wireUnwrap(next)...)
	}
	return inner
}

// maxFaultBody is the bound of the clients in the fault matrix: more than every fixture has.
const maxFaultBody = 64 << 10
