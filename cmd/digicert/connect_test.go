// Tests of the connection: key, key file, pace, log and demo.

package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for _, test := range []struct {
		env  string
		want string
	}{
		{"", "there is no API key"},
		{keyVariable + "=", "there is no API key"},
		{keyVariable + "=wrong-key-of-nobody", "access_denied|access_denied_invalid_key"},
		{keyVariable + "=" + key + "\n", "digicert: the API key in " + keyVariable + " cannot be used: it begins or ends with white space"},
		{keyVariable + "= ", "digicert: the API key in " + keyVariable + " cannot be used: it begins or ends with white space"},
		{keyVariable + "=" + key[:9] + " " + key[9:], "digicert: the API key in " + keyVariable + " cannot be used: it has a space"},
	} {
		r := execute(t, cleanEnv(test.env), "--base-url", s.url, "reissues", "list", "123457")
		require.Equal(t, exitAccess, r.code, r.stderr)
		requireOneLine(t, r.stderr, test.want)
		require.NotContains(t, r.stderr, "wrong-key-of-nobody")
		require.NotContains(t, r.stderr, "apiKey")
	}
	for _, flag := range []string{"--api-key", "--key"} {
		r := execute(t, cleanEnv(), flag, key, "reissues", "list", "1")
		require.Equal(t, exitUsage, r.code, "no flag takes the key")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	write := func(content string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	withFile := func(path string, env ...string) result {
		return execute(t, cleanEnv(env...), "--base-url", s.url, "--api-key-file", path, "reissues", "list", "123457")
	}
	for _, content := range []string{key, key + "\n", "  " + key + "\r\n"} {
		r := withFile(write(content, 0o600), keyVariable+"=of-another-account")
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o602} {
		r := withFile(write(key, mode))
		require.Zero(t, r.code)
		requireOneLine(t, r.stderr, "warning: other users can read or change the key file", "chmod 600")
	}
	for name, test := range map[string]struct{ path, want string }{
		"missing":   {filepath.Join(t.TempDir(), "none"), "no such file"},
		"empty":     {write("\n", 0o600), "is empty"},
		"directory": {t.TempDir(), "is a directory"},
		"too large": {write(strings.Repeat(key, 1000), 0o600), "is larger than 4096 bytes"},
		"two words": {write(key+" "+key, 0o600), "cannot be used: it has a space"},
	} {
		r := withFile(test.path)
		require.Equal(t, exitAccess, r.code, name)
		requireOneLine(t, r.stderr, test.want)
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	windows, off, err := paceOf("--pace", nil, digicert.BaseURLUS)
	require.NoError(t, err)
	require.False(t, off)
	require.Empty(t, windows, "the default of the client")
	windows, off, err = paceOf("--pace", []string{"50/5s", "500/3m"}, digicert.BaseURLUS)
	require.NoError(t, err)
	require.False(t, off)
	require.Equal(t, []digicert.Window{{Requests: 50, Per: 5 * time.Second}, {Requests: 500, Per: 3 * time.Minute}}, windows)
	_, _, err = paceOf("--pace", []string{"off"}, digicert.BaseURLEU)
	require.ErrorAs(t, err, new(usageError))
	_, off, err = paceOf("--pace", []string{"off"}, "http://127.0.0.1:8080")
	require.NoError(t, err)
	require.True(t, off)
}

// TestPaceFlag checks that requests are paced as --pace says, and by default as the package does.
func TestPaceFlag(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "3000")
	paced := func(args ...string) time.Duration {
		begin := time.Now()
		r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", s.url, "subaccounts", "orders"}, args...)...)
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, 3000, strings.Count(r.stdout, "\n"))
		return time.Since(begin)
	}
	require.Greater(t, paced("--pace", "1/300ms"), 600*time.Millisecond)
	require.Greater(t, paced("--pace", "100/5s", "--pace", "1/300ms"), 600*time.Millisecond, "all windows hold")
	require.Less(t, paced(), 5*time.Second)
}

// TestKeyRedacted checks that no error and no log line contains the key, even if the response does.
func TestKeyRedacted(t *testing.T) {
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
		{"status=200,body=[" + key + "]", ""}, // not JSON, which get would print
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

// TestVerbose checks that requests are logged without query and key.
func TestVerbose(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	r := s.run(t, "--verbose", "subaccounts", "orders", "--common-name", "secret.example")
	require.Zero(t, r.code)
	require.Contains(t, r.stderr, "path=/account/subaccount/order status=200")
	require.NotContains(t, r.stderr, key)
	require.NotContains(t, r.stderr, "secret.example")
}

// TestRequest checks the key and the User-Agent of a request.
func TestRequest(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	service{url: s.URL()}.ok(t, "reissues", "list", "123457")
	require.Len(t, s.Requests(), 1)
	require.True(t, s.Requests()[0].KeyKnown)
	require.Contains(t, s.Requests()[0].Header.Get("User-Agent"), "digicert-cli/"+digicert.Version)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"reissues", "list", "123457"},
		{"subaccounts", "orders"},
		{"status-changes", "list", "--last", "10m"},
		{"get", "/account/subaccount/order"},
	} {
		r := execute(t, cleanEnv(), append([]string{"--demo"}, args...)...)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
		require.NotEmpty(t, r.stdout)
	}
	orders := decodeLines[digicert.SubaccountOrder](t, execute(t, cleanEnv(), "--demo", "subaccounts", "orders").stdout)
	require.Greater(t, len(orders), demoOrders)
}

// TestDemoWatch checks that a watch with --demo finds more changes with every poll.
func TestDemoWatch(t *testing.T) {
	t.Parallel()
	c := exec.Command(binary, "--demo", "status-changes", "watch", "--interval", "20ms")
	c.Env = cleanEnv()
	var stdout, stderr lines
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	eventually(t, func() bool { return strings.Count(stdout.String(), "\n") > 20 }, "changes")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Zero(t, wait(t, c))
	require.Empty(t, stderr.String())
	statuses := make(map[digicert.OrderStatus]bool)
	for _, change := range decodeLines[digicert.StatusChange](t, stdout.String()) {
		statuses[change.Status] = true
	}
	require.Subset(t, slices.Collect(maps.Keys(statuses)), []digicert.OrderStatus{"issued", "revoked", "reissue_pending"})
}
