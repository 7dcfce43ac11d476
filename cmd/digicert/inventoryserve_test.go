//go:build unix

// Tests of the inventory serve command.

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

// served is a running server of an inventory.
type served struct {
	url    string
	stderr *lines
	cmd    *exec.Cmd
}

// serving starts the server of an inventory.
func (i inventoried) serving(t *testing.T, args ...string) served {
	t.Helper()
	c := command(i.service, i.args(append([]string{"serve", "--addr", "127.0.0.1:0", "-o", "jsonl"}, args...)...)...)
	var access struct{ URL string }
	stderr := serve(t, c, &access)
	return served{access.URL, stderr, c}
}

// ask sends a request with headers, which are names and values in turn, and returns the response and its body.
func ask(t *testing.T, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

func TestInventoryServe(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	s.certain(t, 5, 20)
	s.synced(t)
	server := s.serving(t, "--verbose")
	resp, page := ask(t, http.MethodGet, server.url)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-cache", "Content-Security-Policy": "", "Access-Control-Allow-Origin": "",
	} {
		require.Equal(t, want, resp.Header.Get(name), name)
	}
	require.Contains(t, page, `<meta http-equiv="Content-Security-Policy"`)
	require.Contains(t, page, "d.example.com")
	tag := resp.Header.Get("ETag")
	_, again := ask(t, http.MethodGet, server.url)
	require.Equal(t, page, again)
	resp, none := ask(t, http.MethodGet, server.url, "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, resp.StatusCode)
	require.Empty(t, none)
	resp, none = ask(t, http.MethodHead, server.url)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Empty(t, none)

	// What another program stores is shown.
	require.NoError(t, s.RemoveOrder(1))
	require.NoError(t, s.RemoveOrder(101))
	s.synced(t, "--full")
	_, page = ask(t, http.MethodGet, server.url, "If-None-Match", tag)
	require.Contains(t, page, "c.example.com")
	_, metrics := ask(t, http.MethodGet, server.url+"metrics")
	samples := samplesOf(t, []byte(metrics))
	require.EqualValues(t, 2, samples["digicert_inventory_orders issued"])
	require.EqualValues(t, 2, samples["digicert_inventory_certificates_expiring 30"])
	require.EqualValues(t, 0, samples["digicert_inventory_certificates_expiring 14"])
	require.Less(t, samples["digicert_inventory_last_sync_age_seconds"], tooLong.Seconds())
	require.NotContains(t, samples, "digicert_inventory_requests_total", "it sends nothing")
	resp, body := ask(t, http.MethodGet, server.url+"healthz")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "ok\n", body)

	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "other", 404}, {http.MethodGet, "metrics/", 404}, {http.MethodPost, "", 405}, {http.MethodPut, "metrics", 405}, {http.MethodDelete, "healthz", 405},
		{http.MethodGet, "?token=the-token-of-somebody", 400},
	} {
		resp, body := ask(t, test.method, server.url+test.path)
		require.Equal(t, test.want, resp.StatusCode, test.path)
		require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
		require.NotContains(t, body, "example.com")
	}
	for host, want := range map[string]int{"localhost": 200, "127.1.2.3:80": 200, "attacker.example": 421, "certificates": 421, "10.0.0.1": 421} {
		resp, _ := ask(t, http.MethodGet, server.url+"healthz", "Host", host)
		require.Equal(t, want, resp.StatusCode, host)
	}
	require.Contains(t, server.stderr.String(), "GET /metrics\n")
	require.NotContains(t, server.stderr.String(), "the-token-of-somebody")
}

func TestInventoryServeToken(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	const token = "a-token-of-many-letters"
	path := keyFileWith(t, token+"\n")
	server := s.serving(t, "--addr", "0.0.0.0:0", "--token-file", path, "--allow-host", "certificates.example.com")
	require.Contains(t, server.url, "http://127.0.0.1:")
	for _, path := range []string{"", "metrics"} {
		for authorization, want := range map[string]int{
			"": 401, "Bearer": 401, "Bearer ": 401, "Bearer " + token: 200, "bearer " + token: 200, "Bearer " + token + "x": 401, "Bearer  " + token: 401,
			"Bearer " + token[:len(token)-1]: 401, "Basic " + token: 401, token: 401,
		} {
			resp, body := ask(t, http.MethodGet, server.url+path, "Authorization", authorization)
			require.Equal(t, want, resp.StatusCode, "%q", authorization)
			if want == 401 {
				require.Contains(t, resp.Header.Get("WWW-Authenticate"), "Bearer ")
				require.NotContains(t, body, "digicert_")
				require.NotContains(t, body, token)
			}
		}
		resp, body := ask(t, http.MethodGet, server.url+path+"?token="+token, "Authorization", "Bearer "+token)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
		require.Contains(t, body, "A token in a URL ends up in logs")
	}
	resp, _ := ask(t, http.MethodGet, server.url+"healthz")
	require.Equal(t, http.StatusOK, resp.StatusCode, "the health check needs no token")
	for host, want := range map[string]int{"certificates.example.com": 200, "10.0.0.1:8090": 200, "certificates": 200, "attacker.example": 421} {
		resp, _ := ask(t, http.MethodGet, server.url, "Host", host, "Authorization", "Bearer "+token)
		require.Equal(t, want, resp.StatusCode, host)
	}
	require.Empty(t, server.stderr.String())
}

func TestInventoryServeRefused(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	file := func(text string) string { return keyFileWith(t, text) }
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"--addr 0.0.0.0:0", exitUsage, "is not a loopback address, must be like 127.0.0.1:8080; --token-file allows others"},
		{"--addr 8090", exitUsage, "is not HOST:PORT"},
		{"--addr " + taken.Addr().String(), exitFailure, "--addr: listen tcp"},
		{"--addr 127.0.0.1:99999", exitUsage, "is not HOST:PORT"},
		{"--token-file=", exitUsage, "--token-file is empty"},
		{"--allow-host *.example.com", exitUsage, "is not a name"},
		{"--token-file " + file("short"), exitUsage, "the token is shorter than 16 characters"},
		{"--token-file " + file("two words of some length"), exitUsage, "must be one word of printable ASCII"},
		{"--token-file " + file(strings.Repeat("x", 5000)), exitUsage, "must be one word"},
		{"--token-file " + filepath.Join(t.TempDir(), "none"), exitUsage, "--token-file: open "},
		{"--stale 0s", exitUsage, "--stale 0s is not positive"},
		{"--sync soon", exitUsage, "is not a length of time"},
		{"--reissues", exitUsage, "--reissues needs --sync"},
		{"--full-every 1h", exitUsage, "--full-every needs --sync"},
		{"--details 90d", exitUsage, "--details needs --sync"},
		{"--full", exitUsage, "--full needs --sync"},
		{"1", exitUsage, "takes no arguments"},
	} {
		r := s.run(t, s.args(append([]string{"serve", "--addr", "127.0.0.1:0"}, strings.Fields(test.args)...)...)...)
		require.Equal(t, test.code, r.code, "%s: %s", test.args, r.stderr)
		requireOneLine(t, r.stderr, test.want)
		require.Empty(t, r.stdout)
	}
	s.db += ".none"
	requireOneLine(t, s.run(t, s.args("serve", "--addr", "127.0.0.1:0")...).stderr, "there is no inventory in ")
	require.NoFileExists(t, s.db)
	r := execute(t, cleanEnv(baseURLVariable+"="+s.url), s.args("serve", "--addr", "127.0.0.1:0", "--sync", "1h")...)
	require.Equal(t, exitAccess, r.code)
	requireOneLine(t, r.stderr, "there is no API key")
	require.NoFileExists(t, s.db)
	r = execute(t, cleanEnv(baseURLVariable+"="+s.url, keyVariable+"=another-key"), s.args("serve", "--addr", "127.0.0.1:0", "--sync", "1h")...)
	require.Equal(t, exitAccess, r.code, r.stderr)
	requireOneLine(t, r.stderr, "; check the key and the region")
}

// TestInventoryServeSync checks that a server that syncs shows what changes, and counts what it sends.
func TestInventoryServeSync(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	s.certain(t, 5)
	server := s.serving(t, "--sync", "30ms")
	status := func() int {
		resp, _ := ask(t, http.MethodGet, server.url+"healthz")
		return resp.StatusCode
	}
	samples := func() map[string]float64 {
		resp, text := ask(t, http.MethodGet, server.url+"metrics")
		require.Equal(t, http.StatusOK, resp.StatusCode)
		return samplesOf(t, []byte(text))
	}
	eventually(t, func() bool { return status() == http.StatusOK }, "the first sync")
	require.EqualValues(t, 2, samples()["digicert_inventory_orders issued"])
	change(t, s.Server, 1, "revoked")
	eventually(t, func() bool { return samples()["digicert_inventory_orders revoked"] == 1 }, "the change")
	require.NoError(t, s.Inject(digicerttest.APIError(400, "out_of_sorts", "").On(digicerttest.StatusChanges).Times(2)))
	eventually(t, func() bool { return samples()["digicert_inventory_syncs_total failed"] == 2 }, "failures")
	complete := samples()["digicert_inventory_syncs_total complete"]
	require.Positive(t, complete)
	eventually(t, func() bool { return samples()["digicert_inventory_syncs_total complete"] > complete }, "it goes on")
	before := len(s.Requests())
	sent := samples()["digicert_inventory_requests_total"]
	require.GreaterOrEqual(t, sent, float64(before))
	require.LessOrEqual(t, sent, float64(len(s.Requests())+1), "one may be on its way")
	require.Contains(t, server.stderr.String(), "out_of_sorts")
	_, page := ask(t, http.MethodGet, server.url)
	require.Contains(t, page, "d.example.com")
}

// TestInventoryHealth checks when the health check fails.
func TestInventoryHealth(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	inv := s.open(t)
	now := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var warnings []error
	server := &inventoryServer{inv: inv, ctx: ctx, stale: time.Hour, now: func() time.Time { return now }, warn: func(err error) { warnings = append(warnings, err) }}
	handler := server.handler()
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	code, text := get("/healthz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, "No sync has completed yet.\n", text)
	code, text = get("/")
	require.Equal(t, http.StatusOK, code, "a report says so itself")
	require.Contains(t, text, "</html>")
	s.synced(t)
	state, err := inv.State(t.Context())
	require.NoError(t, err)
	now = state.SyncedAt.Add(time.Hour)
	code, _ = get("/healthz")
	require.Equal(t, http.StatusOK, code)
	now = now.Add(time.Second)
	code, text = get("/healthz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, "The last complete sync ended "+state.SyncedAt.Format(time.RFC3339)+", more than 1h0m0s ago.\n", text)
	code, _ = get("/metrics")
	require.Equal(t, http.StatusOK, code)
	for _, later := range []time.Duration{0, reportAge - 1, 1} { // then it has the days of another time
		created := server.report.computed
		now = now.Add(later)
		code, _ = get("/")
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, later == reportAge-1, server.report.computed.Equal(created), later)
	}
	now = state.SyncedAt.Add(-time.Hour)
	code, _ = get("/healthz")
	require.Equal(t, http.StatusOK, code, "clocks differ a little")
	now = now.Add(-time.Second)
	code, text = get("/healthz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, "The last complete sync ended "+state.SyncedAt.Format(time.RFC3339)+", which is in the future: a clock is wrong.\n", text)

	s.exec(t, "DROP TABLE sync_state")
	require.Empty(t, warnings)
	for _, path := range []string{"/", "/metrics", "/healthz"} {
		code, text := get(path)
		require.Equal(t, http.StatusServiceUnavailable, code)
		require.Equal(t, "The database cannot be read.\n", text)
	}
	require.Len(t, warnings, 3)
	cancel() // the server ends
	get("/healthz")
	require.Len(t, warnings, 3)
}

// TestCached checks that a value is computed once for all requests, and again for another version, after its time and after an error.
func TestCached(t *testing.T) {
	t.Parallel()
	var k cached[int]
	made := 0
	now := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	next := func() (int, error) { made++; return made, nil }
	var readers sync.WaitGroup
	for range 50 {
		readers.Go(func() {
			if v, err := k.get("a", now, time.Minute, next); v != 1 || err != nil {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
	readers.Wait()
	for _, test := range []struct {
		version string
		after   time.Duration
		most    time.Duration
		want    int
	}{
		{"a", time.Minute - 1, time.Minute, 1},
		{"a", time.Minute, time.Minute, 2},
		{"a", time.Hour, 0, 2},
		{"b", time.Hour, 0, 3},
		{"a", time.Hour, 0, 4},
	} {
		v, err := k.get(test.version, now.Add(test.after), test.most, next)
		require.NoError(t, err)
		require.Equal(t, test.want, v)
	}
	own := errors.New("own")
	_, err := k.get("c", now, 0, func() (int, error) { return 0, own })
	require.Equal(t, own, err)
	v, err := k.get("c", now, 0, next)
	require.NoError(t, err)
	require.Equal(t, 5, v)
}

// TestTokenPipe checks that a token may be in a pipe, and that a signal ends the wait for it.
func TestTokenPipe(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o644))
	c := command(s.service, s.args("serve", "--addr", "127.0.0.1:0", "--token-file", pipe)...)
	require.NoError(t, c.Start())
	writer := opened(t, pipe)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Equal(t, exitInterrupted, wait(t, c))
	require.NoError(t, writer.Close())

	go func() { _ = os.WriteFile(pipe, []byte("a-token-of-many-letters\n"), 0o600) }()
	server := s.serving(t, "--token-file", pipe)
	resp, _ := ask(t, http.MethodGet, server.url, "Authorization", "Bearer a-token-of-many-letters")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Empty(t, server.stderr.String())
	requireOneLine(t, s.run(t, s.args("serve", "--addr", "127.0.0.1:0", "--token-file", "/dev/zero")...).stderr, "must be one word of printable ASCII")
}

// TestTokenFileMode checks the warning of a token that others can read.
func TestTokenFileMode(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	path := keyFileWith(t, "a-token-of-many-letters")
	require.NoError(t, os.Chmod(path, 0o644))
	server := s.serving(t, "--token-file", path)
	eventually(t, func() bool {
		return strings.Contains(server.stderr.String(), "other users can read or change the token file")
	}, "a warning")
}
