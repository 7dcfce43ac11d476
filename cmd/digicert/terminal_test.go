// Tests on a pseudo-terminal.

//go:build unix

package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// terminal is a pseudo-terminal that records what is written to it.
type terminal struct {
	tty  *os.File
	seen *lines
	done chan error
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, tty, err := pty.Open()
	require.NoError(t, err)
	x := &terminal{tty, new(lines), make(chan error, 1)}
	go func() {
		_, err := io.Copy(x.seen, master)
		_ = master.Close()
		x.done <- err
	}()
	return x
}

// text closes the terminal and returns what was written to it, with line ends as written.
func (x *terminal) text(t *testing.T) string {
	t.Helper()
	require.NoError(t, x.tty.Close())
	if err := <-x.done; !errors.Is(err, syscall.EIO) { // Linux reports a closed pseudo-terminal as EIO
		require.NoError(t, err)
	}
	return strings.ReplaceAll(x.seen.String(), "\r\n", "\n")
}

// atTerminal runs a command with standard output and standard error on a terminal, and returns what was written.
func atTerminal(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	x := newTerminal(t)
	c.Stdout, c.Stderr = x.tty, x.tty
	require.NoError(t, c.Start())
	wait(t, c)
	return x.text(t)
}

// TestTable checks that a table is the default format on a terminal, with a bold header unless that is disabled.
func TestTable(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	piped := s.ok(t, "reissues", "list", "123457", "-o", "table")
	require.NotContains(t, piped, "\x1b")
	header, rows, _ := strings.Cut(piped, "\n")
	for _, test := range []struct {
		env  string
		want string
	}{
		{"", "\x1b[1m" + header + "\x1b[0m\n" + rows},
		{"NO_COLOR=1", piped},
		{"TERM=dumb", piped},
	} {
		c := command(s, "reissues", "list", "123457")
		c.Env = append(c.Env, test.env)
		require.Equal(t, test.want, atTerminal(t, c), test.env)
	}
}

// TestTerminalEscapes checks that nothing of what the service sends is obeyed by a terminal, in any format and in messages.
func TestTerminalEscapes(t *testing.T) {
	t.Parallel()
	_, sample := sampleServer(t)
	file := nasty + "\n" + sample.ok(t, "certificates", "download", "11")
	text := jsonOf(t, nasty)
	answers := map[string]service{
		"chain": answering(t, http.StatusOK, "application/json", `{"intermediates":[`+jsonOf(t, map[string]string{"subject_common_name": nasty, "pem": file})+`]}`),
		"file":  answering(t, http.StatusOK, "application/x-pem-file", file),
		"raw":   answering(t, http.StatusOK, "application/json", `{`+text+`:["\x7f\xc2\x9b",`+text+`]}`),
		"order": answering(t, http.StatusOK, "application/json", `{"id":11,"status":`+text+`,"certificate":{"common_name":`+text+`,"dns_names":[`+text+`]}}`),
		"page":  answering(t, http.StatusOK, "application/json", `{"orders":[{"id":11,"status":`+text+`}],"page":{"total":1,"limit":1000,"offset":0}}`),
		"error": answering(t, http.StatusBadRequest, "application/json", `{"errors":[{"code":`+text+`,"message":`+text+`}]}`),
		"cut":   answering(t, http.StatusOK, "application/json", `{"intermediates":[{"subject_common_name":`+text+`}]}`),
		"moved": answering(t, http.StatusOK, "application/json", "\x1b[31m\u009b"),
	}
	for _, test := range []struct{ answer, args string }{
		{"chain", "certificates chain 11"}, {"chain", "certificates chain 11 -o csv"}, {"chain", "certificates chain 11 -o json"},
		{"chain", "certificates chain 11 -o jsonl"}, {"chain", "certificates chain 11 --pem"},
		{"file", "certificates download 11"}, {"file", "certificates download 11 --out /dev/stdout"}, {"file", "certificates download 11 --out /dev/stderr"},
		{"raw", "get /x"}, {"raw", "get /x -o jsonl"},
		{"order", "orders get 11"}, {"order", "orders get 11 -o csv"}, {"order", "orders get 11 -o json"},
		{"page", "orders list"}, {"page", "orders list -o csv"}, {"page", "orders list -o json"},
		{"error", "orders list"}, {"error", "get /x --verbose"}, {"cut", "certificates chain 11 --pem"}, {"moved", "get /x"}, {"moved", "orders get 11"},
	} {
		t.Run(test.answer+" "+test.args, func(t *testing.T) {
			t.Parallel()
			c := command(answers[test.answer], strings.Fields(test.args)...)
			c.Env = append(c.Env, "NO_COLOR=1")
			shown := strings.ReplaceAll(atTerminal(t, c), clearLine, "") // of the progress
			require.NotEmpty(t, shown)
			requireEscaped(t, shown)
		})
	}
}

// TestREADME runs the commands in the README on a terminal and compares their output.
func TestREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(readme), "```console\n")
	require.True(t, ok)
	shown, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	commands := strings.Split("\n"+shown, "\n$ ")[1:]
	require.Greater(t, len(commands), 3)
	for _, command := range commands {
		line, want, _ := strings.Cut(command, "\n")
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c := exec.Command("sh", "-c", line)
			c.Env = append(cleanEnv("NO_COLOR=1"), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
			require.Equal(t, strings.TrimSuffix(want, "\n")+"\n", atTerminal(t, c))
		})
	}
}

// TestConfirm checks that on a terminal a write is asked about, and sent only after a yes.
func TestConfirm(t *testing.T) {
	t.Parallel()
	path, _ := csrFile(t, "a.example", "b.example")
	for args, question := range writeCommands(path) {
		for _, answer := range []string{"", "no", "y y"} {
			c := exec.Command(binary, append([]string{"--base-url", unusedServer(t)}, strings.Fields(args)...)...)
			c.Env = cleanEnv(keyVariable + "=" + key)
			text := answered(t, c, answer+"\n")
			require.Equal(t, exitFailure, c.ProcessState.ExitCode(), text)
			require.Contains(t, text, question)
			require.Contains(t, text, "digicert: not confirmed; nothing was sent\n")
		}
	}
	s := sandbox(t)
	for _, answer := range []string{"y", " YES "} {
		c := command(s, "orders", "place", "ssl_plus", "--csr", path, "--names-from-csr", "--organization", "117483", "-o", "jsonl")
		text := answered(t, c, answer+"\n")
		require.Zero(t, c.ProcessState.ExitCode(), text)
		require.Contains(t, text, `{"id":`)
	}
}

// answered runs a command with all of its streams on a terminal, at which somebody types an answer.
func answered(t *testing.T, c *exec.Cmd, answer string) string {
	t.Helper()
	master, tty, err := pty.Open()
	require.NoError(t, err)
	seen, done := new(lines), make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(seen, master)
	}()
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	require.NoError(t, c.Start())
	eventually(t, func() bool { return strings.Contains(seen.String(), "[y/N] ") }, "the question")
	_, err = master.WriteString(answer)
	require.NoError(t, err)
	wait(t, c)
	require.NoError(t, tty.Close())
	<-done
	require.NoError(t, master.Close())
	return strings.ReplaceAll(seen.String(), "\r\n", "\n")
}
