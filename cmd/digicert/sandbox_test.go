// Tests of the sandbox command.

package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// TestSandbox checks that a sandbox prints its URL and key in every format, that they work, and that both signals stop it
// with exit code 0.
func TestSandbox(t *testing.T) {
	t.Parallel()
	type access struct{ URL, Key string }
	for _, test := range []struct {
		args   []string
		signal os.Signal
		lines  int
		read   func(t *testing.T, text string) access
	}{
		{nil, os.Interrupt, 1, func(t *testing.T, text string) access { return decodeLines[access](t, text)[0] }},
		{[]string{"-o", "jsonl"}, syscall.SIGTERM, 1, func(t *testing.T, text string) access { return decodeLines[access](t, text)[0] }},
		{[]string{"-o", "json"}, os.Interrupt, 4, func(t *testing.T, text string) (a access) {
			require.NoError(t, json.Unmarshal([]byte(text), &a))
			return a
		}},
		{[]string{"-o", "csv"}, os.Interrupt, 2, func(t *testing.T, text string) access {
			cells, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			require.NoError(t, err)
			require.Equal(t, []string{"url", "key"}, cells[0])
			return access{cells[1][0], cells[1][1]}
		}},
		{[]string{"-o", "table"}, syscall.SIGTERM, 3, func(t *testing.T, text string) access {
			words := strings.Fields(text)
			require.Len(t, words, 6)
			require.Equal(t, []string{"field", "value", "url", "key"}, []string{words[0], words[1], words[2], words[4]})
			return access{words[3], words[5]}
		}},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			c := exec.Command(binary, append([]string{"sandbox"}, test.args...)...)
			c.Env = cleanEnv()
			var stdout, stderr lines
			c.Stdout, c.Stderr = &stdout, &stderr
			require.NoError(t, c.Start())
			t.Cleanup(func() { _ = c.Process.Kill() })
			eventually(t, func() bool { return strings.Count(stdout.String(), "\n") == test.lines }, "the URL and the key")
			got := test.read(t, stdout.String())
			require.Equal(t, key, got.Key)
			require.Len(t, collect(t, service{url: got.URL}.client(t).Subaccounts.AllOrders(t.Context(), nil)), 3)
			require.NoError(t, c.Process.Signal(test.signal))
			require.Zero(t, wait(t, c), stderr.String())
			require.Equal(t, test.lines, strings.Count(stdout.String(), "\n"))
			require.Empty(t, stderr.String(), "requests are logged with --verbose only")
		})
	}
}

// TestSandboxAddr checks --addr with a given port, an IPv6 address and a port in use.
func TestSandboxAddr(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := taken.Addr().String()
	for _, test := range []struct {
		addr, want string
		code       int
	}{
		{addr, "--addr: listen tcp", exitFailure}, {"127.0.0.1:99999", "is not HOST:PORT", exitUsage}, {"127.0.0.1:bogus", "is not HOST:PORT", exitUsage},
	} {
		r := execute(t, cleanEnv(), "sandbox", "--addr", test.addr)
		requireOneLine(t, r.stderr, test.want)
		require.Equal(t, test.code, r.code, "not the code for an unavailable service: %s", r.stderr)
		require.NotContains(t, r.stderr, "try again later")
	}
	require.NoError(t, taken.Close())
	require.Contains(t, sandbox(t, "--addr", addr).url, "http://"+addr+"/")

	require.Contains(t, sandbox(t, "--addr", "localhost:0").url, "http://")
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil { // no IPv6 on this machine: then the sandbox reports that
		r := execute(t, cleanEnv(), "sandbox", "--addr", "[::1]:0")
		require.Equal(t, exitFailure, r.code)
		requireOneLine(t, r.stderr, "listen tcp")
		return
	}
	require.NoError(t, six.Close())
	s := sandbox(t, "--addr", "[::1]:0")
	require.Contains(t, s.url, "http://[::1]:")
	require.NotEmpty(t, s.ok(t, "subaccounts", "orders"))
}

// TestSandboxOrders checks that the seed determines the generated orders.
func TestSandboxOrders(t *testing.T) {
	t.Parallel()
	three := sandbox(t, "--orders", "50", "--seed", "3").ok(t, "subaccounts", "orders")
	require.Equal(t, 50, strings.Count(three, "\n"))
	require.Equal(t, three, sandbox(t, "--orders", "50", "--seed", "3").ok(t, "subaccounts", "orders"))
	require.NotEqual(t, three, sandbox(t, "--orders", "50", "--seed", "4").ok(t, "subaccounts", "orders"))
	require.Empty(t, sandbox(t, "--orders", "0").ok(t, "subaccounts", "orders"))
}

// TestSandboxFlags checks --latency, --rate-limits and --fault.
func TestSandboxFlags(t *testing.T) {
	t.Parallel()
	slow := sandbox(t, "--latency", "150ms")
	begin := time.Now()
	slow.ok(t, "reissues", "list", "123457")
	require.GreaterOrEqual(t, time.Since(begin), 150*time.Millisecond)

	strict := sandbox(t, "--rate-limits")
	once := digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1})
	client, err := digicert.NewClient(key, digicert.WithBaseURL(strict.url), digicert.WithLimiter(digicert.Unlimited()), once)
	require.NoError(t, err)
	for begin = time.Now(); err == nil; {
		require.Less(t, time.Since(begin), tooLong, "the sandbox refuses more than 100 requests in 5 seconds")
		_, err = client.Reissues.List(t.Context(), 123457, nil)
	}
	require.ErrorIs(t, err, digicert.ErrRateLimited)

	faulty := sandbox(t, "--fault", "error=400:the_first,times=1", "--fault", "error=400:the_second,times=1")
	requireOneLine(t, faulty.run(t, "subaccounts", "orders").stderr, "the_first")
	requireOneLine(t, faulty.run(t, "subaccounts", "orders").stderr, "the_second")
	faulty.ok(t, "subaccounts", "orders")
}

// pipeListener is a listener for one connection in memory.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.conns) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestSandboxTimeouts checks that a connection is closed whose request does not come, or whose header does not end, and that an answer may
// take longer.
func TestSandboxTimeouts(t *testing.T) {
	t.Parallel()
	const request = "GET / HTTP/1.1\r\nHost: localhost\r\n"
	for _, test := range []struct {
		name, sent string
		takes      time.Duration // of the handler
		want       time.Duration // until the connection is closed
	}{
		{"nothing is sent", "", 0, headerTimeout},
		{"half of a line", "GET / HT", 0, headerTimeout},
		{"half of a header", request, 0, headerTimeout},
		{"no second request", request + "\r\n", 0, idleTimeout},
		{"half of a second request", request + "\r\n" + request, 0, headerTimeout},
		{"an answer that takes long", request + "\r\n", time.Hour, time.Hour + idleTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &pipeListener{conns: make(chan net.Conn, 1)}
				server := newHTTPServer(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(test.takes)
					w.WriteHeader(http.StatusNoContent)
				}))
				served := make(chan error, 1)
				go func() { served <- server.Serve(l) }()
				here, there := net.Pipe()
				l.conns <- there
				begin := time.Now()
				go func() { _, _ = io.WriteString(here, test.sent) }()
				_, err := io.ReadAll(here) // until it is closed
				require.NoError(t, err)
				require.Equal(t, test.want, time.Since(begin))
				require.NoError(t, here.Close())
				require.NoError(t, server.Close())
				require.ErrorIs(t, <-served, http.ErrServerClosed)
			})
		})
	}
}

// trickle writes a text, and then a byte every second until that fails.
func trickle(conn net.Conn, text, again string) {
	for _, err := io.WriteString(conn, text); err == nil; _, err = io.WriteString(conn, again) {
		time.Sleep(time.Second)
	}
}

// TestBodyThatTrickles checks that a body that never ends is cut off, whether the handler reads it or not.
func TestBodyThatTrickles(t *testing.T) {
	t.Parallel()
	const begin = "POST /_sandbox/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	for name, test := range map[string]struct {
		begin, again string
		handler      http.HandlerFunc
		want         string
	}{
		"with a length": {begin + "Content-Length: 1000000\r\n\r\n{", " ", readBody, "HTTP/1.1 408 "},
		"in chunks":     {begin + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", readBody, "HTTP/1.1 408 "},
		"not read":      {begin + "Content-Length: 100000\r\n\r\n", " ", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "HTTP/1.1 204 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var client sync.WaitGroup
				defer client.Wait()
				onPipe(t, test.handler, func(conn net.Conn) {
					start := time.Now()
					client.Go(func() { trickle(conn, test.begin, test.again) })
					answer, err := io.ReadAll(conn) // until it is closed
					require.NoError(t, err)
					require.True(t, strings.HasPrefix(string(answer), test.want), "%s", answer)
					require.Less(t, time.Since(start), requestTimeout+5*time.Second)
				})
			})
		})
	}
}

// readBody answers as the control API does.
func readBody(w http.ResponseWriter, r *http.Request) {
	answer(w, r, func(r *http.Request) (any, error) { return nil, decodeBody(r, new(struct{})) })
}

// TestAnswerAfterBody checks that an answer may take longer than the body, and that its connection can be used again.
func TestAnswerAfterBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		onPipe(t, func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			select {
			case <-time.After(time.Hour):
			case <-r.Context().Done():
				err = context.Cause(r.Context())
			}
			if err != nil {
				t.Errorf("the request: %s", err)
			}
			w.WriteHeader(http.StatusNoContent)
		}, func(conn net.Conn) {
			r := bufio.NewReader(conn)
			for range 2 {
				_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
				require.NoError(t, err)
				answer, err := http.ReadResponse(r, nil)
				require.NoError(t, err)
				require.Equal(t, http.StatusNoContent, answer.StatusCode)
			}
		})
	})
}
