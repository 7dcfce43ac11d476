// Tests of the hosts of the sandbox.

package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// askedAs sends a request with a Host and further headers to a sandbox, and returns the line with the status.
func (s service) askedAs(t *testing.T, host, header string) string {
	t.Helper()
	address := strings.TrimPrefix(strings.TrimSuffix(s.url, "/services/v2"), "http://")
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /services/v2/user/me HTTP/1.1\r\nHost: "+host+"\r\nX-DC-DEVKEY: "+key+"\r\n"+header+"Connection: close\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(c)
	if len(answer) == 0 {
		require.NoError(t, err)
	}
	line, _, _ := bytes.Cut(answer, []byte("\r\n"))
	return string(line)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	own := []string{"localhost", "LOCALHOST", "localhost.", "localhost:1", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:8080"}
	remote := []string{"10.0.0.1", "192.0.2.1:8080", "[2001:db8::1]:80", "sandbox", "sandbox:8080", "my_service", "Digicert"}
	named := []string{"sandbox.example.com", "Sandbox.Example.com:8080", "sandbox.example.com."}
	foreign := []string{
		"", ":", ":80", ".", "attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example", "sandbox.example.com.attacker.example", "x.sandbox.example.com",
		"127.1", "fe80::1%eth0", "a b", "sandbox/", "[", "[]", "..",
	}
	for _, test := range []struct {
		hosts          hosts
		allow, refused []string
	}{
		{hosts{}, own, slices.Concat(remote, named, foreign)},
		{hosts{names: []string{"sandbox.example.com"}}, slices.Concat(own, named), slices.Concat(remote, foreign)},
		{hosts{remote: true}, slices.Concat(own, remote), slices.Concat(named, foreign)},
		{hosts{remote: true, names: []string{"sandbox.example.com"}}, slices.Concat(own, remote, named), foreign},
	} {
		for _, host := range test.allow {
			require.True(t, test.hosts.allow(host), "%+v %q", test.hosts, host)
		}
		for _, host := range test.refused {
			require.False(t, test.hosts.allow(host), "%+v %q", test.hosts, host)
		}
	}
}

// TestGuardRefuses checks that a refused request does not reach the handler.
func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	handler := hosts{}.guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was handled", r.Host) }))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "http://attacker.example/_sandbox/faults", nil))
	require.Equal(t, http.StatusMisdirectedRequest, w.Code)
}

// TestSandboxHost checks that a sandbox answers only requests for its own hosts, and bounds headers.
func TestSandboxHost(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for host, want := range map[string]string{"localhost": "200", "127.1.2.3:80": "200", "attacker.example": "421", "sandbox": "421", "": "4"} {
		require.Contains(t, s.askedAs(t, host, ""), " "+want, host)
	}
	require.Contains(t, s.askedAs(t, "localhost", "X: "+strings.Repeat("x", 1<<20)+"\r\n"), " 431")
}

// TestAllowRemote checks that a sandbox that others can reach still refuses a Host that a web page could have.
func TestAllowRemote(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--addr", "0.0.0.0:0", "--allow-remote", "--allow-host", "Sandbox.Example.com", "--allow-host", "other.example")
	require.Contains(t, s.url, "http://127.0.0.1:")
	for host, want := range map[string]string{
		"localhost": "200", "10.0.0.1:8080": "200", "digicert:8080": "200", "sandbox.example.com:8080": "200", "OTHER.example": "200", "attacker.example": "421",
	} {
		require.Contains(t, s.askedAs(t, host, ""), " "+want, host)
	}
}
