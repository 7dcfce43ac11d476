// Tests of signals, pipes and a running watch.

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// TestInterrupted checks that SIGINT during a listing leaves complete rows, a JSON document that is not closed, and the exit
// code that shells expect.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "100000", "--latency", "100ms")
	for _, format := range []string{formatJSONL, formatJSON, formatCSV, formatTable} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			c := command(s, "subaccounts", "orders", "-o", format)
			var stdout, stderr lines
			c.Stdout, c.Stderr = &stdout, &stderr
			require.NoError(t, c.Start())
			eventually(t, func() bool { return stdout.String() != "" }, "the first rows")
			require.NoError(t, c.Process.Signal(os.Interrupt))
			require.Equal(t, exitInterrupted, wait(t, c), stderr.String())
			requireOneLine(t, stderr.String(), "the listing is incomplete, it ends after row ", "interrupt")
			switch format {
			case formatJSONL:
				rows := decodeLines[digicert.SubaccountOrder](t, stdout.String())
				require.Contains(t, stderr.String(), "row "+jsonOf(t, len(rows))+":")
			case formatJSON:
				require.False(t, json.Valid([]byte(stdout.String())))
				require.True(t, json.Valid([]byte(stdout.String()+"\n]")), "only the end of the document is missing")
			default:
				require.True(t, strings.HasSuffix(stdout.String(), "\n"))
			}
		})
	}
}

// TestInventorySQLInterrupted checks that SIGINT ends a query, and that the message has the reason.
func TestInventorySQLInterrupted(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	c := command(s.service, s.args("sql", "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) SELECT n FROM endless")...)
	var stdout, stderr lines
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	eventually(t, func() bool { return stdout.String() != "" }, "the first rows")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Equal(t, exitInterrupted, wait(t, c))
	requireOneLine(t, stderr.String(), "the listing is incomplete, it ends after row ", "context canceled (interrupt")
}

// TestInventoryDatabasesEndQueries checks that SIGINT ends a query on a PostgreSQL server too, which does not notice by itself that the program
// has ended. It needs INVENTORY_TEST_POSTGRES.
func TestInventoryDatabasesEndQueries(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("INVENTORY_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	s := newInventoried(t)
	s.db = newSchema(t, dsn)
	s.synced(t)
	server, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	marker := "marker_" + rand.Text() // a name does not begin with a digit
	running := func() (n int) {
		require.NoError(t, server.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%"+marker+"%' AND state = 'active' AND pid <> pg_backend_pid()").Scan(&n))
		return n
	}
	for range 5 {
		c := command(s.service, s.args("sql", "SELECT pg_sleep(1000) AS "+marker)...)
		require.NoError(t, c.Start())
		eventually(t, func() bool { return running() == 1 }, "the query")
		require.NoError(t, c.Process.Signal(os.Interrupt))
		require.Equal(t, exitInterrupted, wait(t, c))
		require.Zero(t, running())
	}
	require.NoError(t, server.Close())
}

// TestTerminated checks SIGTERM before the first response.
func TestTerminated(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--fault", "hang")
	c := command(s, "reissues", "list", "1")
	var stderr lines
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	eventually(t, func() bool { return s.log.String() != "" }, "the request")
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitInterrupted, wait(t, c))
	requireOneLine(t, stderr.String(), "terminated")
}

// TestClosedPipe checks that a reader that closes the pipe early, such as head, is not an error.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "20000")
	for _, format := range []string{formatJSONL, formatJSON, formatCSV, formatTable} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			c := command(s, "subaccounts", "orders", "-o", format)
			var stderr bytes.Buffer
			c.Stderr = &stderr
			stdout, err := c.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, c.Start())
			_, err = bufio.NewReaderSize(stdout, 16).ReadString('\n')
			require.NoError(t, err)
			require.NoError(t, stdout.Close())
			require.Zero(t, wait(t, c), stderr.String())
			require.Empty(t, stderr.String())
		})
	}
	shell := exec.Command("sh", "-c", `"$0" --demo get /account/subaccount/order | head -n 1`, binary)
	shell.Env = cleanEnv()
	require.Equal(t, result{stdout: "{\n"}, finish(t, shell))
}

// TestKeyPipe checks that a key from a pipe, which can be read only once, is used for all requests.
func TestKeyPipe(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "3000")
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	go func() { _ = os.WriteFile(path, []byte(key+"\n"), 0o600) }()
	r := execute(t, cleanEnv(), "--base-url", s.url, "--api-key-file", path, "subaccounts", "orders")
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, 3000, strings.Count(r.stdout, "\n"))
}

// opened waits until a process reads a named pipe, and returns the end that is written.
func opened(t *testing.T, path string) *os.File {
	t.Helper()
	var pipe *os.File
	eventually(t, func() (ok bool) {
		var err error
		pipe, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails without a reader
		return err == nil
	}, "the reader of the pipe")
	t.Cleanup(func() { _ = pipe.Close() })
	return pipe
}

// TestSignalBeforeKey checks that a program that waits for its key ends at the first signal.
func TestSignalBeforeKey(t *testing.T) {
	t.Parallel()
	url := unusedServer(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		for _, args := range []string{"reissues list 1", "subaccounts orders", "get /x", "status-changes list --last 1m"} {
			t.Run(signal.String()+" "+args, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "pipe")
				require.NoError(t, syscall.Mkfifo(path, 0o600))
				c := exec.Command(binary, append([]string{"--base-url", url, "--api-key-file", path}, strings.Fields(args)...)...)
				c.Env = cleanEnv()
				var stderr lines
				c.Stderr = &stderr
				require.NoError(t, c.Start())
				pipe := opened(t, path)
				_, err := pipe.WriteString("half of a k")
				require.NoError(t, err)
				require.NoError(t, c.Process.Signal(signal))
				require.Equal(t, exitInterrupted, wait(t, c), stderr.String())
				requireOneLine(t, stderr.String(), signal.String())
			})
		}
	}
}

// TestSignalBeforeInput checks that a program that waits for its config file, a CSR or what else it is to send ends at the first signal.
func TestSignalBeforeInput(t *testing.T) {
	t.Parallel()
	url := unusedServer(t)
	for _, test := range []struct {
		args   string // PIPE is the name of the pipe
		config bool   // whether the pipe is the config file
	}{
		{"orders get 1", true},
		{"config list", true},
		{"config set region eu", true},
		{"status-changes watch --exec true --exec-with-key", true},
		{"orders place ssl_plus --csr example.csr --common-name a.example --dry-run", true},
		{completeCommand + " --profile d", true},
		{"orders place ssl_plus --csr PIPE --common-name a.example --yes", false},
		{"orders place ssl_plus --csr PIPE --names-from-csr --dry-run", false},
		{"orders place ssl_plus --extra @PIPE --common-name a.example", false},
		{"reissues create 1 --csr PIPE", false},
		{"orders duplicate 1 --extra @PIPE", false},
		{"orders wait 1 --csr PIPE", false},
		{"orders wait 1 --csr -", false},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "pipe")
			require.NoError(t, syscall.Mkfifo(path, 0o600))
			csr, _ := csrFile(t, "a.example")
			args := strings.Fields(strings.NewReplacer("PIPE", path, "example.csr", csr).Replace(test.args))
			if args[0] != completeCommand && args[0] != "config" { // neither sends anything
				args = append([]string{"--base-url", url}, args...)
			}
			c := exec.Command(binary, args...)
			c.Env = cleanEnv(keyVariable + "=" + key)
			if test.config {
				c.Env = append(c.Env, configVariable+"="+path)
			}
			var stderr lines
			c.Stderr = &stderr
			if strings.HasSuffix(test.args, " -") {
				stdin, written, err := os.Pipe()
				require.NoError(t, err)
				defer stdin.Close()
				defer written.Close()
				c.Stdin = stdin
				require.NoError(t, c.Start())
				_, err = written.Write(make([]byte, 256<<10)) // more than a pipe holds
				require.NoError(t, err)
			} else {
				require.NoError(t, c.Start())
				_, err := opened(t, path).WriteString("half of a ")
				require.NoError(t, err)
			}
			require.NoError(t, c.Process.Signal(syscall.SIGTERM))
			require.Equal(t, exitInterrupted, wait(t, c), stderr.String())
			requireOneLine(t, stderr.String(), "terminated")
		})
	}
}

// TestConfigPipe checks that each command reads a config file once, which may be a pipe.
func TestConfigPipe(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	dir := t.TempDir()
	file := keyFileWith(t, key)
	config := "profiles:\n  default:\n    base-url: " + s.url + "\n    api-key-command: cat '" + file + "'\n    pace: [off]\n"
	for i, args := range []string{
		"reissues list 123457", "config list", "config set region eu", "config set profile default", "config unset pace",
		"status-changes watch --exec true --exec-with-key --interval 20ms --timeout 300ms",
	} {
		path := filepath.Join(dir, strconv.Itoa(i))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		written := make(chan error, 1)
		go func() { written <- os.WriteFile(path, []byte(config), 0o600) }()
		r := execute(t, cleanEnv(configVariable+"="+path), strings.Fields(args)...)
		require.NoError(t, <-written)
		if strings.HasPrefix(args, "config ") && args != "config list" {
			requireOneLine(t, r.stderr, "not a regular file") // it is not replaced
			continue
		}
		require.Zero(t, r.code, "%s: %s", args, r.stderr)
	}
}

// TestKeyFromPipe checks that waiting for a pipe that nobody opens ends with the context, and that the key is read once.
func TestKeyFromPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	read := keyFromPipe(path)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := read(ended)
	require.ErrorIs(t, err, context.Canceled)
	pipe := opened(t, path)
	_, err = pipe.WriteString(key + "\n")
	require.NoError(t, err)
	require.NoError(t, pipe.Close())
	for range 3 {
		got, err := read(t.Context())
		require.NoError(t, err)
		require.Equal(t, key, got)
	}
}

// TestSignalBeforeKeyCommand checks that nobody waits for what the command that prints the key has left behind.
func TestSignalBeforeKeyCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	begun, config := filepath.Join(dir, "begun"), filepath.Join(dir, "config.yaml")
	script := `touch "` + begun + `"; while [ -e "` + begun + `" ]; do sleep 0.02; done; :`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "script"), []byte("sh -c '"+script+"'; :\n"), 0o600))
	require.NoError(t, os.WriteFile(config, []byte("profiles:\n  default:\n    api-key-command: sh "+filepath.Join(dir, "script")+"\n"), 0o600))
	c := exec.Command(binary, "--base-url", unusedServer(t), "reissues", "list", "1")
	c.Env = cleanEnv(configVariable + "=" + config)
	var stderr lines
	c.Stderr = &stderr
	c.WaitDelay = time.Millisecond // what the command has left behind holds the pipe open
	require.NoError(t, c.Start())
	exists := func() bool { _, err := os.Stat(begun); return err == nil }
	eventually(t, exists, "the command")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Equal(t, exitInterrupted, wait(t, c), stderr.String())
	require.True(t, exists(), "it was not waited for")
	require.NoError(t, os.Remove(begun))
}

// TestSignalBeforeReader checks that a download into a pipe that nobody reads further ends at the first signal.
func TestSignalBeforeReader(t *testing.T) {
	t.Parallel()
	_, sample := sampleServer(t)
	s := answering(t, http.StatusOK, "", sample.ok(t, "certificates", "download", "11")+strings.Repeat("\n", 1<<20)) // more than a pipe holds
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	pipe, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	defer pipe.Close()
	c := command(s, "certificates", "download", "11", "--out", path)
	var stderr lines
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	eventually(t, func() bool { n, _ := pipe.Read(make([]byte, 1)); return n == 1 }, "the file")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Equal(t, exitInterrupted, wait(t, c), stderr.String())
	requireOneLine(t, stderr.String(), "interrupt")
}

// watched is a service whose orders change when the test says so.
type watched struct {
	*digicerttest.Server
	service
	checkpoint string
	hooked     string // what the command of --exec wrote
}

func newWatched(t *testing.T) watched {
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	for id := digicert.OrderID(1); id <= 3; id++ {
		require.NoError(t, server.AddOrder(digicert.SubaccountOrder{ID: id, DateCreated: time.Now().AddDate(0, 0, -1)}))
	}
	dir := t.TempDir()
	return watched{server, service{url: server.URL()}, filepath.Join(dir, "checkpoint"), filepath.Join(dir, "hooked")}
}

// watch is a running watch.
type watch struct {
	cmd            *exec.Cmd
	stdout, stderr *lines
}

func (w watched) watch(t *testing.T, args ...string) watch {
	t.Helper()
	c := command(w.service, append([]string{"status-changes", "watch", "--interval", "20ms", "--checkpoint", w.checkpoint}, args...)...)
	c.Env = append(c.Env, hookVariable+"="+w.hooked, "DIGICERT_STATUS=of-somebody-else")
	running := watch{c, new(lines), new(lines)}
	c.Stdout, c.Stderr = running.stdout, running.stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	eventually(t, func() bool { _, err := os.Stat(w.checkpoint); return err == nil || c.ProcessState != nil }, "the first poll")
	return running
}

func (w watch) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, w.cmd.Process.Signal(signal))
	require.Zero(t, wait(t, w.cmd), w.stderr)
}

func (w watch) changes(t *testing.T) []digicert.StatusChange {
	return decodeLines[digicert.StatusChange](t, w.stdout.String())
}

// TestWatch checks that changes are printed as they happen, and after a stop those that happened in between.
func TestWatch(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	first := s.watch(t)
	want := []digicert.StatusChange{change(t, s.Server, 1, "issued")}
	eventually(t, func() bool { return strings.Contains(first.stdout.String(), "\n") }, "the first change")
	require.Equal(t, want, first.changes(t))
	want = append(want, change(t, s.Server, 2, "issued"))
	eventually(t, func() bool { return strings.Count(first.stdout.String(), "\n") == 2 }, "the second change")
	require.Equal(t, want, first.changes(t))
	first.stop(t, os.Interrupt)
	require.Empty(t, first.stderr.String())

	missed := change(t, s.Server, 3, "revoked")
	second := s.watch(t, "-o", "csv")
	eventually(t, func() bool { return strings.Contains(second.stdout.String(), "revoked") }, "the change during the stop")
	second.stop(t, syscall.SIGTERM)
	require.Equal(t, "order_id,certificate_id,status", strings.SplitN(second.stdout.String(), "\n", 2)[0])
	require.Contains(t, second.stdout.String(), "3,"+jsonOf(t, missed.CertificateID)+",revoked\n")
}

// hooks reads what the command of --exec was given.
func (w watched) hooks(t *testing.T) []map[string]any {
	b, err := os.ReadFile(w.hooked)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	var list []map[string]any
	for line := range bytes.Lines(b) {
		if bytes.HasSuffix(line, []byte("\n")) {
			var seen map[string]any
			require.NoError(t, json.Unmarshal(line, &seen))
			list = append(list, seen)
		}
	}
	return list
}

// TestExec checks what a command is given, and that one that fails ends the watch and gets its change again.
func TestExec(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	s := newWatched(t)
	exec := "'" + self + `' '$HOME;*' "two words"`
	first := s.watch(t, "--exec", exec)
	at, err := digicert.FileCheckpoint(s.checkpoint).Load(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, at)

	want := change(t, s.Server, 1, "issued")
	eventually(t, func() bool { return len(s.hooks(t)) == 1 }, "the command")
	object := jsonOf(t, want)
	require.Equal(t, map[string]any{
		"stdin":                   object + "\n",
		"args":                    []any{"$HOME;*", "two words"},
		"DIGICERT_ORDER_ID":       "1",
		"DIGICERT_CERTIFICATE_ID": jsonOf(t, want.CertificateID),
		"DIGICERT_STATUS":         "issued",
		"DIGICERT_CHANGE":         object,
	}, s.hooks(t)[0], "and the key is not among it")
	eventually(t, func() bool {
		moved, err := digicert.FileCheckpoint(s.checkpoint).Load(t.Context())
		return err == nil && !bytes.Equal(moved, at)
	}, "the checkpoint moves")
	require.Equal(t, []digicert.StatusChange{want}, first.changes(t), "the command's output is not among the data")
	require.Contains(t, first.stderr.String(), "the hook's own output")
	first.stop(t, syscall.SIGTERM)

	require.NoError(t, os.WriteFile(s.hooked+".fail", nil, 0o600))
	second := s.watch(t, "--exec", exec)
	change(t, s.Server, 2, "issued")
	require.Equal(t, exitFailure, wait(t, second.cmd))
	require.Contains(t, second.stderr.String(), "exit status 3; the checkpoint was not moved, so the change will be repeated\n")
	seen := len(s.hooks(t))

	require.NoError(t, os.Remove(s.hooked+".fail"))
	third := s.watch(t, "--exec", exec)
	eventually(t, func() bool {
		for _, h := range s.hooks(t)[seen:] {
			if h["DIGICERT_ORDER_ID"] == "2" {
				return true
			}
		}
		return false
	}, "the change comes again")
	third.stop(t, os.Interrupt)
}

// TestExecOnce checks that a watch that is stopped and started again runs the command once for each change.
func TestExecOnce(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	s := newWatched(t)
	var want []any
	for n := range 10 {
		for id := digicert.OrderID(1); id <= 3; id++ {
			status := []digicert.OrderStatus{"issued", "revoked"}[n%2]
			if n > 0 || id > 1 { // the first one begins with an order that changes while it runs
				change(t, s.Server, id, status)
				want = append(want, []any{jsonOf(t, id), string(status)})
			}
		}
		running := s.watch(t, "--exec", "'"+self+"'")
		if n == 0 {
			change(t, s.Server, 1, "issued")
			want = append(want, []any{"1", "issued"})
		}
		eventually(t, func() bool { return len(s.hooks(t)) >= len(want) }, "the commands")
		polls := len(s.Requests())
		eventually(t, func() bool { return len(s.Requests()) > polls+n%3 }, "polls")
		running.stop(t, syscall.SIGTERM)
	}
	var got []any
	for _, hook := range s.hooks(t) {
		got = append(got, []any{hook["DIGICERT_ORDER_ID"], hook["DIGICERT_STATUS"]})
	}
	require.ElementsMatch(t, want, got)
}

// TestExecDelayed checks that a command that is under way when the watch is told to end runs to its end.
func TestExecDelayed(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	dir := t.TempDir()
	begun, ended := filepath.Join(dir, "begun"), filepath.Join(dir, "ended")
	running := s.watch(t, "--exec", `sh -c 'touch "$0"; while [ -e "$0" ]; do sleep 0.02; done; touch "$1"' "`+begun+`" "`+ended+`"`)
	change(t, s.Server, 1, "issued")
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	eventually(t, func() bool { return exists(begun) }, "the command")
	require.NoError(t, running.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, os.Remove(begun))
	require.Zero(t, wait(t, running.cmd), running.stderr)
	require.True(t, exists(ended))
}

// TestSecondSignal checks that whoever does not want to wait for a command need not.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	begun := filepath.Join(t.TempDir(), "begun")
	running := s.watch(t, "--exec", `sh -c 'touch "$0"; while [ -e "$0" ]; do sleep 0.02; done' "`+begun+`"`)
	change(t, s.Server, 1, "issued")
	eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, "the command")
	// The command outlives the watch and holds the pipes open, which is not to be waited for.
	running.cmd.WaitDelay = time.Millisecond
	// The first one is handled at some moment, and what comes before that counts as the same.
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait(t, running.cmd)
	}()
	eventually(t, func() bool {
		_ = running.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
			return true
		default:
			return false
		}
	}, "the end")
	require.Equal(t, syscall.SIGTERM, running.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	require.NoError(t, os.Remove(begun))
}

// TestRotatingKey checks that a watch goes on with the key that takes the place of another in its file.
func TestRotatingKey(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	require.NoError(t, s.AddKey("the-second-key"))
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(s.Key()), 0o600))
	running := s.watch(t, "--api-key-file", path)
	require.NoError(t, os.WriteFile(path+".new", []byte("the-second-key\n"), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
	polls := len(s.Requests())
	eventually(t, func() bool { return len(s.Requests()) > polls+2 }, "polls that did not begin with the first key")
	require.NoError(t, s.RemoveKey(s.Key()))
	change(t, s.Server, 1, "issued")
	eventually(t, func() bool { return strings.Contains(running.stdout.String(), "issued") }, "the change")
	running.stop(t, os.Interrupt)
	require.Empty(t, running.stderr.String())
}

// TestWatchFailures checks what ends a watch besides a signal.
func TestWatchFailures(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	require.NoError(t, os.WriteFile(s.checkpoint, []byte("garbage"), 0o600))
	r := s.run(t, "status-changes", "watch", "--checkpoint", s.checkpoint)
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "not a checkpoint", "remove it to start over")

	running := s.watch(t, "--checkpoint", filepath.Join(t.TempDir(), "other"), "--since", time.Now().Add(-time.Hour).Format(time.RFC3339))
	polls := len(s.Requests())
	eventually(t, func() bool { return len(s.Requests()) > polls }, "a poll")
	r = s.run(t, "status-changes", "watch", "--checkpoint", running.cmd.Args[slices.Index(running.cmd.Args, "--since")-1])
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "in use")
	require.NoError(t, s.RemoveKey(s.Key()))
	require.Equal(t, exitAccess, wait(t, running.cmd))
	lines := strings.Split(strings.TrimSuffix(running.stderr.String(), "\n"), "\n")
	require.Len(t, lines, 2, "the log, and why it ended")
	require.Contains(t, lines[0], "poll failed")
	requireOneLine(t, lines[1]+"\n", "access_denied_invalid_key")
}
