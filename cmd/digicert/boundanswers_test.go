// Tests of answers that are not read.

package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// onPipe serves one connection in memory by the server of a sandbox, and calls f with its other end. It must be called in a bubble of
// package synctest.
func onPipe(t *testing.T, handler http.HandlerFunc, f func(conn net.Conn)) {
	t.Helper()
	l := &pipeListener{conns: make(chan net.Conn, 1)}
	server := newHTTPServer(t.Context(), boundAnswers(handler))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	here, there := net.Pipe()
	l.conns <- there
	f(here)
	require.NoError(t, here.Close())
	require.NoError(t, server.Close())
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}

// TestAnswerNotTaken checks that an answer that nobody takes ends, and that one may be taken slowly.
func TestAnswerNotTaken(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 10*answerPart)
	const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		onPipe(t, func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.WriteString(w, body)
			failed <- err
		}, func(conn net.Conn) {
			start := time.Now()
			_, err := io.WriteString(conn, request)
			require.NoError(t, err)
			require.Error(t, <-failed)
			require.Equal(t, partTimeout, time.Since(start))
		})
	})
	synctest.Test(t, func(t *testing.T) {
		onPipe(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }, func(conn net.Conn) {
			start := time.Now()
			_, err := io.WriteString(conn, request)
			require.NoError(t, err)
			answer, err := http.ReadResponse(bufio.NewReaderSize(conn, answerPart), nil)
			require.NoError(t, err)
			got := 0
			for part := make([]byte, answerPart/2); err == nil; time.Sleep(partTimeout / 4) {
				var n int
				n, err = io.ReadFull(answer.Body, part)
				got += n
			}
			require.Equal(t, len(body), got, "%s", err)
			require.Greater(t, time.Since(start), 4*partTimeout)
		})
	})
}

// TestAnswerOnSameConnection checks that the deadline of an answer does not end the next one, which has no body.
func TestAnswerOnSameConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		onPipe(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/first" {
				_, _ = io.WriteString(w, "first")
				return
			}
			time.Sleep(time.Hour)
			w.WriteHeader(http.StatusNoContent)
		}, func(conn net.Conn) {
			r := bufio.NewReader(conn)
			for _, path := range []string{"/first", "/second"} {
				_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
				require.NoError(t, err)
				answer, err := http.ReadResponse(r, nil)
				require.NoError(t, err)
				_, err = io.ReadAll(answer.Body)
				require.NoError(t, err)
			}
		})
	})
}
