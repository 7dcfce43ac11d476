package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// TestExitCode sorts errors that a test cannot bring about at will, or not in a reasonable time.
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
		{"whatever", running, errors.New("x"), exitFailure},
		{"usage", running, usageErrorf("x"), exitUsage},
		{"parameter", running, &digicert.ParamError{Param: "limit"}, exitUsage},
		{"key as a parameter", running, &digicert.ParamError{Param: "apiKey"}, exitAccess},
		{"no key", running, keyError{errNoKey}, exitAccess},
		{"key file", running, keyError{&fs.PathError{Op: "open", Err: fs.ErrNotExist}}, exitAccess},
		{"401", running, &digicert.Error{StatusCode: 401}, exitAccess},
		{"403", running, &digicert.Error{StatusCode: 403}, exitAccess},
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

// TestInSpiteOfTrying checks the codes of what is tried again, in vain. The attempts take seconds, all at the same time.
func TestInSpiteOfTrying(t *testing.T) {
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

// TestFlaky checks that what is tried again with success leaves nothing but warnings.
func TestFlaky(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "3000", "--fault", "status=503,times=2")
	r := s.run(t, "subaccounts", "orders", "-o", "json")
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, 2, strings.Count(r.stderr, "level=WARN"))
	require.Equal(t, s.ok(t, "subaccounts", "orders", "-o", "json"), r.stdout)
}

// TestUsageOfTheRest checks the commands that package cli brings along, which have to fail in the same way.
func TestUsageOfTheRest(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"help bogus", "completion bogus", "reissues list 1 --region", "--output", "--api-key=" + key + " reissues list 1",
		"sandbox --orders many", "sandbox --latency long", "sandbox --seed -1", "status-changes watch --interval often",
		"subaccounts orders --limit few", "reissues list 1 --archived=perhaps",
	} {
		r := execute(t, cleanEnv(), strings.Fields(args)...)
		require.Equal(t, exitUsage, r.code, args)
		require.Empty(t, r.stdout, args)
		requireOneLine(t, r.stderr, " --help tells more")
	}
}

// TestSecrecy checks that no failure shows the key, not even where the service does, and whatever is logged.
func TestSecrecy(t *testing.T) {
	t.Parallel()
	good := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(good, []byte(key+"\n"), 0o644))
	double := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(double, []byte(key+"\n"+key+"\n"), 0o600))
	for _, test := range []struct {
		fault string
		args  string
	}{
		{"error=400:bad,message=the key " + key + " is bad", ""},
		{"error=403:access_denied|" + key, ""},
		{"status=400,body=" + key, ""},
		{"status=200,body=" + key, ""},
		{"status=200,body=[" + key + "]", ""}, // get would print what is JSON
		{"redirect=http://127.0.0.1:1/" + key + "?key=" + key, ""},
		{"status=429,header=Retry-After:" + key + ",header=Retry-After:400", ""},
		{"rate-limited=400s", ""},
		{"html=501", ""},
		{"error=400:bad", "--api-key-file " + good},
		{"error=400:bad", "--api-key-file " + double},
	} {
		t.Run(test.fault+test.args, func(t *testing.T) {
			t.Parallel()
			s := sandbox(t, "--fault", test.fault)
			for _, args := range []string{"reissues list 123457", "subaccounts orders -o json", "status-changes list --last 1m", "get /bogus"} {
				r := s.run(t, append([]string{"--verbose"}, strings.Fields(test.args+" "+args)...)...)
				require.NotZero(t, r.code, args)
				require.NotEmpty(t, r.stderr)
				require.NotContains(t, r.stdout+r.stderr, key, args)
			}
		})
	}
}
