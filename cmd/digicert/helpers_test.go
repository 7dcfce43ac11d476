// Helpers that build the program, run it and compare its output.

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// binary is the path of the program under test, built once by TestMain.
var binary string

// buildFlags are the arguments of the go command that builds it. With the race detector, the program has it too.
var buildFlags = []string{"build", "-buildvcs=false"}

// hookVariable makes the test binary act as a command of --exec, which writes what it received to the file that the variable names.
const hookVariable = "DIGICERT_TEST_HOOK"

func TestMain(m *testing.M) {
	if path := os.Getenv(hookVariable); path != "" {
		os.Exit(actAsHook(path))
	}
	flag.Parse()
	dir, err := os.MkdirTemp("", "digicert")
	if err == nil {
		binary = filepath.Join(dir, "digicert")
		if runtime.GOOS == "windows" {
			binary += ".exe"
		}
		var out []byte
		if out, err = exec.Command("go", append(buildFlags, "-o", binary, ".")...).CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// key is the API key of every sandbox.
const key = "digicerttest-this-is-not-a-real-api-key"

// cleanEnv returns an environment without variables that change the behaviour of the program.
func cleanEnv(extra ...string) []string {
	env := []string{"TZ=UTC", "TERM=xterm", configVariable + "=" + filepath.Join(filepath.Dir(binary), "none.yaml")}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if testing.CoverMode() != "" { // else the test binary, as a command of --exec, would print a warning
		env = append(env, "GOCOVERDIR="+filepath.Dir(binary))
	}
	return append(env, extra...)
}

// result is the result of a run of the program.
type result struct {
	stdout, stderr string
	code           int
}

// tooLong limits the time that a test may hang.
const tooLong = 2 * time.Minute

// execute runs the program and waits until it exits.
func execute(t *testing.T, env []string, args ...string) result {
	t.Helper()
	c := exec.Command(binary, args...)
	c.Env = env
	return finish(t, c)
}

// finish starts c and waits until it exits.
func finish(t *testing.T, c *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &stdout
	}
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	return result{code: wait(t, c), stdout: stdout.String(), stderr: stderr.String()}
}

// wait waits until c exits and returns its exit code.
func wait(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	defer time.AfterFunc(tooLong, func() { _ = c.Process.Kill() }).Stop()
	_ = c.Wait() // a failure shows in the exit code
	return c.ProcessState.ExitCode()
}

// service is a sandbox in its own process.
type service struct {
	url string
	log *lines // requests, as printed by --verbose
}

// serve starts a server, which writes JSON about its access on its first line. When the test ends, it is stopped by SIGTERM and must
// exit with 0. serve returns what the server logs.
func serve(t *testing.T, c *exec.Cmd, access any) *lines {
	t.Helper()
	log := new(lines)
	c.Stderr = log
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		require.NoError(t, c.Process.Signal(syscall.SIGTERM))
		require.Zero(t, wait(t, c), "%s", log)
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "%s", log)
	require.NoError(t, json.Unmarshal([]byte(line), access))
	return log
}

// sandbox starts a sandbox.
func sandbox(t *testing.T, args ...string) service {
	t.Helper()
	c := exec.Command(binary, append([]string{"sandbox", "--verbose", "-o", "jsonl"}, args...)...)
	c.Env = cleanEnv()
	var access struct{ URL, Key string }
	log := serve(t, c, &access)
	require.Equal(t, key, access.Key)
	return service{access.URL, log}
}

// run runs the program against the sandbox.
func (s service) run(t *testing.T, args ...string) result {
	t.Helper()
	return execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", s.url, "--pace", "off"}, args...)...)
}

// ok is run for commands that must succeed and print nothing on standard error. It returns standard output.
func (s service) ok(t *testing.T, args ...string) string {
	t.Helper()
	r := s.run(t, args...)
	require.Zero(t, r.code, r.stderr)
	require.Empty(t, r.stderr)
	return r.stdout
}

// requireRequest waits until the log of the sandbox contains text, which is part of a request. The log may arrive after
// the response.
func (s service) requireRequest(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(s.log.String(), text) }, text)
}

// client returns a client of the sandbox, for expected values.
func (s service) client(t *testing.T) *digicert.Client {
	t.Helper()
	client, err := digicert.NewClient(key, digicert.WithBaseURL(s.url), digicert.WithLimiter(digicert.Unlimited()))
	require.NoError(t, err)
	return client
}

// lines is what a process has printed so far. It is safe for concurrent use.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventually waits until condition holds.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, tooLong, 5*time.Millisecond, what)
}

// collect returns all rows of a sequence that must not fail.
func collect[T any](t *testing.T, rows func(func(T, error) bool)) []T {
	t.Helper()
	var list []T
	for row, err := range rows {
		require.NoError(t, err)
		list = append(list, row)
	}
	return list
}

// decodeLines decodes each line of text as a JSON value.
func decodeLines[T any](t *testing.T, text string) []T {
	t.Helper()
	var list []T
	for line := range strings.Lines(text) {
		require.True(t, strings.HasSuffix(line, "\n"), "incomplete line: %q", line)
		var row T
		require.NoError(t, json.Unmarshal([]byte(line), &row), line)
		list = append(list, row)
	}
	return list
}

// requireOneLine checks that stderr is one line that contains want and does not contain the key.
func requireOneLine(t *testing.T, stderr string, want ...string) {
	t.Helper()
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	require.True(t, strings.HasPrefix(stderr, "digicert: "), stderr)
	for _, text := range want {
		require.Contains(t, stderr, text)
	}
	require.NotContains(t, stderr, key)
}

// unusedServer returns the URL of a server that must not receive requests.
func unusedServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was sent", r.URL)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// golden compares got with a golden file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./cmd/digicert -update writes it")
	require.Equal(t, string(want), got)
}

// command returns a command that runs the program against the sandbox. It is not started.
func command(s service, args ...string) *exec.Cmd {
	c := exec.Command(binary, append([]string{"--base-url", s.url, "--pace", "off"}, args...)...)
	c.Env = cleanEnv(keyVariable + "=" + key)
	return c
}

// actAsHook is the command of --exec. It appends what it received to the file at path, as a line of JSON. It fails if a
// file of the same name plus ".fail" exists.
func actAsHook(path string) int {
	stdin, err := io.ReadAll(os.Stdin)
	if err == nil {
		seen := map[string]any{"stdin": string(stdin), "args": os.Args[1:]}
		for _, name := range []string{"DIGICERT_ORDER_ID", "DIGICERT_CERTIFICATE_ID", "DIGICERT_STATUS", "DIGICERT_CHANGE", keyVariable, keyFileVariable, baseURLVariable, profileVariable} {
			if value, ok := os.LookupEnv(name); ok {
				seen[name] = value
			}
		}
		var line []byte
		if line, err = json.Marshal(seen); err == nil {
			var f *os.File
			if f, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
				_, err = f.Write(append(line, '\n'))
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("the hook's own output")
	if _, err := os.Stat(path + ".fail"); err == nil {
		return 3
	}
	return 0
}

func jsonOf(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// sampleServer starts a service in the process of the test, with a fixed clock and an order that has reissues and duplicates.
func sampleServer(t *testing.T) (*digicerttest.Server, service) {
	t.Helper()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithClock(func() time.Time { return day(31) }))
	for _, o := range []digicert.SubaccountOrder{
		{ID: 1, Certificate: digicert.OrderCertificate{ID: 11, CommonName: "www.example.com"}, Status: "issued", DateCreated: day(1)},
		{ID: 2, Certificate: digicert.OrderCertificate{ID: 12, CommonName: "mail.example.com"}, Status: "pending", DateCreated: day(2)},
		{
			ID: 3, Certificate: digicert.OrderCertificate{ID: 13, CommonName: "sub.example.com"}, Status: "issued", DateCreated: day(3),
			Subaccount: digicert.Subaccount{AccountID: 5, OrganizationName: "Five"},
		},
	} {
		require.NoError(t, server.AddOrder(o))
	}
	require.NoError(t, server.AddReissue(1, digicert.Reissue{ID: 21, DateCreated: day(4)}))
	require.NoError(t, server.AddReissue(1, digicert.Reissue{ID: 22, DateCreated: day(5), Status: "rejected"}))
	require.NoError(t, server.AddDuplicate(1, digicert.Duplicate{ID: 31, DateCreated: day(6)}))
	require.NoError(t, server.AddDuplicate(1, digicert.Duplicate{ID: 32, DateCreated: day(7), Archived: true}))
	return server, service{url: server.URL()}
}

// accountServer is sampleServer with three organizations and three domains, some of them in a container of their own.
func accountServer(t *testing.T) (*digicerttest.Server, service) {
	t.Helper()
	server, s := sampleServer(t)
	require.NoError(t, server.AddContainer(77, "A division"))
	for _, org := range []digicerttest.Organization{
		{ID: 8, Name: "Example GmbH", City: "Köln", Country: "de", ContainerID: 77, Pending: true},
		{ID: 9, Name: "Another", Inactive: true},
	} {
		require.NoError(t, server.AddOrganization(org))
	}
	for _, domain := range []digicerttest.Domain{
		{ID: 8, Name: "validated.example", Validated: true, DCVMethod: "dns-txt-token"},
		{ID: 9, Name: "inactive.example", Inactive: true, OrganizationID: 8, ContainerID: 77},
	} {
		require.NoError(t, server.AddDomain(domain))
	}
	return server, s
}

// change sets the status of an order, and returns the change as the service reports it.
func change(t *testing.T, s *digicerttest.Server, id digicert.OrderID, status digicert.OrderStatus) digicert.StatusChange {
	t.Helper()
	require.NoError(t, s.SetStatus(id, status))
	order, ok := s.Order(id)
	require.True(t, ok)
	return digicert.StatusChange{OrderID: id, CertificateID: order.Certificate.ID, Status: status}
}

// requireSameQuery runs a listing of the program, and checks that it prints the rows of the library's and sends the same query to path.
func requireSameQuery[T any](t *testing.T, server *digicerttest.Server, s service, path string, rows iter.Seq2[T, error], args []string) {
	t.Helper()
	server.ResetRequests()
	want := collect(t, rows)
	query := queryOf(server, path)
	server.ResetRequests()
	got := s.ok(t, args...)
	require.Equal(t, jsonOf(t, want), jsonOf(t, decodeLines[T](t, got)), args)
	require.Equal(t, query, queryOf(server, path), args)
}

// queryOf returns the query of the first request for path, or "none" if there was no request.
func queryOf(server *digicerttest.Server, path string) string {
	for _, r := range server.Requests() {
		if r.Path == path {
			return r.RawQuery
		}
	}
	return "none"
}
