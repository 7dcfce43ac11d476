// Tests on a pseudo-terminal.

//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
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

// TestTable checks that a table is the default format on a terminal, with a bold header and colours unless that is disabled.
func TestTable(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	piped := s.ok(t, "reissues", "list", "123457", "-o", "table")
	require.NotContains(t, piped, "\x1b")
	header, _, _ := strings.Cut(piped, "\n")
	for _, test := range []struct {
		env, args string
		colored   bool
	}{
		{"", "", true},
		{"NO_COLOR=1", "", false},
		{"TERM=dumb", "", false},
		{"", "--color never", false},
		{"NO_COLOR=1", "--color always", true},
	} {
		c := command(s, append([]string{"reissues", "list", "123457"}, strings.Fields(test.args)...)...)
		c.Env = append(c.Env, test.env)
		text := atTerminal(t, c)
		if !test.colored {
			require.Equal(t, piped, text, test)
			continue
		}
		require.Contains(t, text, "\x1b[1m"+header+"\x1b[0m\n", test)
		for _, want := range []string{green + "issued" + plain, red + "rejected" + plain, yellow + "pending" + plain, red + "2020-04-08" + plain} {
			require.Contains(t, text, want)
		}
		require.Equal(t, piped, regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(text, ""), "colours do not change the widths")
	}
	require.Contains(t, s.ok(t, "reissues", "list", "123457", "-o", "table", "--color", "always"), green)
}

// TestTableFits checks tables on terminals of several widths.
func TestTableFits(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for _, width := range []int{20, 60, 100, 200} {
		for name, args := range map[string]string{"subaccounts_orders": "subaccounts orders", "columns": "subaccounts orders --columns id,certificate.common_name,product.name,subaccount.organization_name"} {
			x := newTerminal(t)
			require.NoError(t, pty.Setsize(x.tty, &pty.Winsize{Rows: 24, Cols: uint16(width)}))
			c := command(s, append(strings.Fields(args), "--color", "never")...)
			c.Stdout, c.Stderr = x.tty, x.tty
			require.NoError(t, c.Start())
			require.Zero(t, wait(t, c))
			text := x.text(t)
			for line := range strings.Lines(text) {
				require.LessOrEqual(t, cellWidth(strings.TrimSuffix(line, "\n")), max(width, 28), text) // four columns of four cells, if they are named
			}
			golden(t, fmt.Sprintf("table/%s_%d.txt", name, width), text)
		}
	}
}

// TestWatchFits checks the table of a watch with details on terminals of several widths: its header is written before there are rows.
func TestWatchFits(t *testing.T) {
	t.Parallel()
	for _, width := range []int{60, 100, 200} {
		s := newWatched(t)
		for id, name := range map[digicert.OrderID]string{2048573951: "www.example.com", 2048573952: "portal.of-the-shop-with-the-long-name.example.com"} {
			until := digicert.Date{Year: 2099, Month: 12, Day: 31}
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
				ID: id, Status: "issued", DateCreated: time.Now().AddDate(0, 0, -1), OrderValidTill: until, Product: digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL"},
				Certificate: digicert.OrderCertificate{ID: digicert.CertificateID(id) + 1000, CommonName: name, ValidTill: until},
			}))
		}
		x := newTerminal(t)
		require.NoError(t, pty.Setsize(x.tty, &pty.Winsize{Rows: 24, Cols: uint16(width)}))
		c := command(s.service, "status-changes", "watch", "--details", "--interval", "20ms", "--color", "never")
		c.Stdout = x.tty
		require.NoError(t, c.Start())
		t.Cleanup(func() { _ = c.Process.Kill() })
		seen := func(text string) {
			eventually(t, func() bool { return strings.Contains(x.seen.String(), text) }, text)
		}
		seen("order_id")
		eventually(t, func() bool { return len(s.Requests()) > 0 }, "the first poll")
		change(t, s.Server, 2048573951, "reissue_processing")
		seen("www.example.com")
		change(t, s.Server, 2048573952, "revoked")
		seen("portal.")
		require.NoError(t, c.Process.Signal(syscall.SIGTERM))
		require.Zero(t, wait(t, c))
		text := x.text(t)
		for line := range strings.Lines(text) {
			require.LessOrEqual(t, cellWidth(strings.TrimSuffix(line, "\n")), width, text)
		}
		golden(t, fmt.Sprintf("table/watch_%d.txt", width), text)
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

// tainted returns a service that answers as another does, but with nasty at the end of every text that is not a status, a number or
// a time.
func tainted(t *testing.T, behind service) service {
	t.Helper()
	target, err := url.Parse(behind.url)
	require.NoError(t, err)
	numeric := regexp.MustCompile(`^[0-9 :.T+-]*Z?$`)
	var taint func(name string, v any) any
	taint = func(name string, v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name := range v {
				v[name] = taint(name, v[name])
			}
		case []any:
			for i := range v {
				v[i] = taint(name, v[i])
			}
		case string:
			if name != "status" && !numeric.MatchString(v) {
				return v + nasty
			}
		}
		return v
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, target.Host
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber()
			var v any
			if d.Decode(&v) == nil {
				if body, err = json.Marshal(taint("", v)); err != nil {
					return err
				}
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Del("Content-Length")
			return nil
		},
	})
	t.Cleanup(proxy.Close)
	return service{url: proxy.URL + target.Path}
}

// TestTerminalTainted checks every command that prints rows, in every format: a terminal obeys nothing of what was sent.
func TestTerminalTainted(t *testing.T) {
	t.Parallel()
	server, behind := sampleServer(t)
	require.NoError(t, server.AddOrder(digicert.SubaccountOrder{
		ID: 4, Certificate: digicert.OrderCertificate{ID: 14, CommonName: "soon.example.com", ValidTill: digicert.Date{Year: 2026, Month: 2, Day: 5}}, Status: "issued",
	}))
	s := tainted(t, behind)
	own := regexp.MustCompile(`\x1b\[(1|32|33|0)m|\x1b\[31m(\d|rejected)`) // the colours of the program: nasty has red before another letter
	for _, args := range []string{
		"orders list", "orders get 1", "orders duplicates 1", "orders history 1", "reissues list 1", "subaccounts list", "subaccounts orders",
		"subaccounts order 3", "status-changes list --last 7d", "status-changes list --last 7d --details", "certificates chain 11", "expiring 30d",
		"organizations list --validations", "organizations get 117483", "organizations validation 117483", "domains list --dcv --validations",
		"domains get 4000001 --dcv --validations", "products list", "users me", "account",
	} {
		for _, look := range []string{
			"-o table", "-o table --color always", "-o json", "-o jsonl", "-o csv", "-o yaml", "--template {{.}}",
		} {
			t.Run(args+" "+look, func(t *testing.T) {
				t.Parallel()
				c := command(s, append(strings.Fields(args), strings.Fields(look)...)...)
				c.Env = append(c.Env, "NO_COLOR=1")
				shown := strings.ReplaceAll(atTerminal(t, c), clearLine, "") // of the progress
				require.Zero(t, c.ProcessState.ExitCode(), shown)
				if strings.Contains(look, "color") {
					shown = own.ReplaceAllString(shown, "")
				}
				require.NotEmpty(t, shown)
				requireEscaped(t, shown)
			})
		}
	}
	for _, args := range []string{"orders get 999", "certificates download 999", "reissues list 999", "orders list --verbose", "subaccounts order 999", "products get ssl_plus"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			requireEscaped(t, strings.ReplaceAll(atTerminal(t, command(s, append(strings.Fields(args), "--color", "never")...)), clearLine, ""))
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
