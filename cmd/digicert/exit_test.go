// Tests of exit codes and messages of failures.

package main

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// TestExitCode checks the exit codes of errors, including those that are hard to provoke.
func TestExitCode(t *testing.T) {
	t.Parallel()
	running := t.Context()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wrapped := func(err error) error { return fmt.Errorf("outside: %w", err) }
	for _, test := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"nothing", running, nil, exitSuccess},
		{"closed pipe", running, errClosedPipe, exitSuccess},
		{"closed pipe after a failure", running, errors.Join(errors.New("x"), errClosedPipe), exitSuccess},
		{"other error", running, errors.New("x"), exitFailure},
		{"usage", running, usageErrorf("x"), exitUsage},
		{"parameter", running, &digicert.ParamError{Param: "limit"}, exitUsage},
		{"key as a parameter", running, &digicert.ParamError{Param: "apiKey"}, exitAccess},
		{"no key", running, keyError{errNoKey}, exitAccess},
		{"key file", running, keyError{&fs.PathError{Op: "open", Err: fs.ErrNotExist}}, exitAccess},
		{"401", running, &digicert.Error{StatusCode: 401}, exitAccess},
		{"403", running, &digicert.Error{StatusCode: 403}, exitAccess},
		{"a firewall's 403", running, &digicert.Error{StatusCode: 403, Body: []byte("\n<html>blocked</html>")}, exitUnavailable},
		{"a firewall's 401", running, &digicert.Error{StatusCode: 401, Body: []byte("Unauthorized")}, exitUnavailable},
		{"a proxy's 407", running, &digicert.Error{StatusCode: 407}, exitUnavailable},
		{"404", running, &digicert.Error{StatusCode: 404}, exitNotFound},
		{"404 in a success", running, &digicert.Error{StatusCode: 200, Details: []digicert.ErrorDetail{{Code: "not_found|order"}}}, exitNotFound},
		{"409", running, &digicert.Error{StatusCode: 409}, exitFailure},
		{"429", running, &digicert.Error{StatusCode: 429}, exitRateLimited},
		{"429 in a success", running, &digicert.Error{StatusCode: 200, Details: []digicert.ErrorDetail{{Code: digicert.CodeRequestLimitExceeded}}}, exitRateLimited},
		{"503", running, &digicert.Error{StatusCode: 503}, exitUnavailable},
		{"no route", running, &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: errors.New("no route to host")}}, exitUnavailable},
		{"no name", running, &net.DNSError{Err: "no such host"}, exitUnavailable},
		{"no answer in time", running, &url.Error{Op: "Get", Err: os.ErrDeadlineExceeded}, exitUnavailable},
		{"no answer", running, &url.Error{Op: "Get", Err: io.EOF}, exitUnavailable},
		{"half an answer", running, io.ErrUnexpectedEOF, exitUnavailable},
		{"not HTTP", running, &url.Error{Op: "Get", Err: errors.New("malformed HTTP response")}, exitUnavailable},
		{"GOAWAY", running, &url.Error{Op: "Get", Err: errors.New("http2: server sent GOAWAY and closed the connection")}, exitUnavailable},
		{"no gzip", running, gzip.ErrHeader, exitUnavailable},
		{"corrupt gzip", running, flate.CorruptInputError(7), exitUnavailable},
		{"another certificate", running, &url.Error{Op: "Get", Err: &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: new(x509.Certificate), Host: "x"}}}, exitFailure},
		{"redirect", running, digicert.ErrRedirect, exitFailure},
		{"too large", running, digicert.ErrResponseTooLarge, exitFailure},
		{"not decodable", running, &digicert.DecodeError{Err: errors.New("x")}, exitFailure},
		{"command of --exec", running, errHook, exitFailure},
		{"file", running, &fs.PathError{Op: "write", Err: errors.New("no space left")}, exitFailure},
		{"interrupted", ended, context.Canceled, exitInterrupted},
		{"interrupted with a status", ended, errors.Join(&digicert.Error{StatusCode: 503}, context.Canceled), exitInterrupted},
		{"interrupted, and failed otherwise", ended, errors.New("x"), exitFailure},
		{"canceled, and not interrupted", running, context.Canceled, exitFailure},
	} {
		require.Equal(t, test.want, exitCode(test.ctx, test.err), test.name)
		if test.err != nil && test.want != exitUsage && test.want != exitInterrupted {
			require.Equal(t, test.want, exitCode(test.ctx, wrapped(test.err)), "%s, wrapped", test.name)
		}
	}
}

// TestFailures checks the exit codes and messages of errors of the service.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault string // of the sandbox
		args  string
		code  int
		want  []string
	}{
		{"bad request", "error=400:bad|thing", "reissues list 123457", exitFailure, []string{"400 Bad Request: bad|thing"}},
		{"not what was asked for", `status=200,body=[1]`, "reissues list 123457", exitFailure, []string{"cannot decode the response"}},
		{"empty body", "status=200,body=", "get /bogus", exitFailure, []string{"the body is empty"}},
		{"redirect", "redirect=https://example.com/", "reissues list 123457", exitFailure, []string{"redirect refused", "check --base-url"}},
		{"permission", "error=403:access_denied|missing_permission", "subaccounts orders", exitAccess, []string{"lacks a permission"}},
		{"denied with 200", "error=200:access_denied", "subaccounts orders", exitAccess, []string{"check the key"}},
		{"unknown order", "", "reissues list 1", exitNotFound, []string{"not_found|order", "check the id"}},
		{"unknown path", "", "get /bogus", exitUnavailable, []string{"not_implemented", "does not implement GET /bogus"}},
		{"limited for long", "rate-limited=400s", "subaccounts orders", exitRateLimited, []string{"429", "--pace"}},
		{"no implementation", "html=501", "subaccounts orders", exitUnavailable, []string{"501 Not Implemented", "try again later"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var args []string
			if test.fault != "" {
				args = []string{"--fault", test.fault}
			}
			s := sandbox(t, args...)
			for _, format := range []string{formatTable, formatJSON, formatJSONL, formatCSV} {
				if strings.HasPrefix(test.args, "get ") && (format == formatTable || format == formatCSV) {
					continue
				}
				r := s.run(t, append(strings.Fields(test.args), "-o", format)...)
				require.Equal(t, test.code, r.code, r.stderr)
				requireOneLine(t, r.stderr, test.want...)
				require.NotContains(t, r.stdout, "]", "the output must not look like a complete document")
			}
			r := s.run(t, append(strings.Fields(test.args), "--verbose")...)
			require.NotContains(t, r.stderr, key)
		})
	}
}

// TestUnreachable checks the message if the service is unreachable.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := execute(t, cleanEnv(keyVariable+"="+key), "--base-url", "http://127.0.0.1:1", "reissues", "list", "1")
	require.Equal(t, exitUnavailable, r.code)
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	require.Contains(t, lines[0], `level=WARN msg="digicert: retry"`)
	require.Contains(t, lines[len(lines)-1], "after 5 attempts; try again later")
	require.NotContains(t, r.stderr, key)
}

// TestRetriesExhausted checks the exit codes after all retries failed. The retries take seconds, so all runs are started at once.
func TestRetriesExhausted(t *testing.T) {
	t.Parallel()
	type attempt struct {
		fault          string
		code           int
		c              *exec.Cmd
		stdout, stderr lines
	}
	attempts := []*attempt{
		{fault: "status=503", code: exitUnavailable},
		{fault: "html=502", code: exitUnavailable},
		{fault: "reset", code: exitUnavailable},
		{fault: "reset-in-body", code: exitUnavailable},
		{fault: "truncate", code: exitUnavailable},
		{fault: "truncate-silently", code: exitUnavailable},
		{fault: "rate-limited=1s", code: exitRateLimited},
	}
	for _, a := range attempts {
		a.c = command(sandbox(t, "--fault", a.fault), "reissues", "list", "123457")
		a.c.Stdout, a.c.Stderr = &a.stdout, &a.stderr
		require.NoError(t, a.c.Start())
	}
	for _, a := range attempts {
		require.Equal(t, a.code, wait(t, a.c), "%s: %s", a.fault, a.stderr.String())
		require.Empty(t, a.stdout.String())
		said := strings.Split(strings.TrimSuffix(a.stderr.String(), "\n"), "\n")
		for _, line := range said[:len(said)-1] {
			require.Contains(t, line, "level=WARN")
		}
		requireOneLine(t, said[len(said)-1]+"\n", "; ", "try again later")
	}
}

// TestRetrySucceeds checks that after a successful retry, only warnings are printed.
func TestRetrySucceeds(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "3000", "--fault", "status=503,times=2")
	r := s.run(t, "subaccounts", "orders", "-o", "json")
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, 2, strings.Count(r.stderr, "level=WARN"))
	require.Equal(t, s.ok(t, "subaccounts", "orders", "-o", "json"), r.stdout)
}

// TestMessage checks that every message is one line.
func TestMessage(t *testing.T) {
	t.Parallel()
	require.Equal(t, "digicert: a b c", message(fmt.Errorf("a\nb\r\n\tc")))
	require.Equal(t, "digicert: GET /x: 404", message(fmt.Errorf("digicert: GET /x: 404")))
	require.Equal(t, "digicert: not done: GET /x: 404", message(fmt.Errorf("not done: %w", fmt.Errorf("digicert: GET /x: 404"))))
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"www-2026-11": "www-2026-11", "a b": "'a b'", "it's; ls $x": `'it'\''s; ls $x'`, "": "''"} {
		require.Equal(t, want, shellWord(text))
	}
}

// TestInTheWay checks what is said of a firewall, of a proxy and of a server that does not speak HTTP: the key is not to blame.
func TestInTheWay(t *testing.T) {
	t.Parallel()
	answering := func(answer string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					_, _ = c.Read(make([]byte, 4096))
					_, _ = io.WriteString(c, answer)
				}()
			}
		}()
		return l.Addr().String()
	}
	page := "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 20\r\nConnection: close\r\n\r\n<html>blocked</html>"
	proxy := answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	for _, test := range []struct{ name, url, env, want string }{
		{"a firewall", "http://" + answering(page), "", "403 Forbidden; the answer is not from the service: a firewall or a proxy is in the way"},
		{"a proxy", "https://service.invalid", "HTTPS_PROXY=http://me:secret@" + proxy, "; " + proxy + " (HTTPS_PROXY) asks for a user and a password"},
		{"another protocol", "http://" + answering("220 mail.example.com ESMTP\r\n"), "", "; try again later"},
		{"bad gzip", "http://" + answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{}{}"), "", "; try again later"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := execute(t, cleanEnv(keyVariable+"="+key, test.env), "--base-url", test.url, "orders", "get", "1")
			require.Equal(t, exitUnavailable, r.code, r.stderr)
			require.Contains(t, lastLine(r.stderr), test.want)
			require.NotContains(t, r.stderr, "check the key")
			require.NotContains(t, r.stderr, "secret")
		})
	}
}
