//go:build unix

// Command picture renders docs/terminal.svg: what the command line looks like in a terminal, from real runs on generated orders. Run it
// in cmd/digicert:
//
//	go run ./picture >../../docs/terminal.svg
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/creack/pty"

	"github.com/go-digicert/digicert/digicerttest"
)

const columns = 96

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	dir, err := os.MkdirTemp("", "picture")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "digicert")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	server, err := digicerttest.Start(digicerttest.WithOrders(1, 40_000), digicerttest.WithLatency(300*time.Millisecond))
	if err != nil {
		return err
	}
	defer server.Close()
	env := append(os.Environ(), "DIGICERT_API_KEY="+server.Key(), "DIGICERT_BASE_URL="+server.URL(), "TERM=xterm", "NO_COLOR=", "DIGICERT_CONFIG="+filepath.Join(dir, "none"))
	table := exec.Command(program, "expiring", "3d", "--columns", "days_left,valid_till,order_valid_till,common_name,order_id,status")
	progress := exec.Command(program, "subaccounts", "orders", "-o", "csv")
	file, err := os.Create(filepath.Join(dir, "orders.csv"))
	if err != nil {
		return err
	}
	defer file.Close()
	progress.Stdout = file
	var lines []string
	for _, shown := range []struct {
		typed  string
		cmd    *exec.Cmd
		rows   int
		during bool // what is there while it runs, and not in the end
	}{
		{"digicert expiring 3d --columns days_left,valid_till,order_valid_till,common_name,order_id,status", table, 10, false},
		{"digicert subaccounts orders -o csv >orders.csv", progress, 1, true},
	} {
		shown.cmd.Env = env
		text, err := atTerminal(shown.cmd, shown.during)
		if err != nil {
			return err
		}
		lines = append(lines, "\x1b[1m$ "+shown.typed+"\x1b[0m")
		rows := strings.Split(strings.TrimRight(text, "\n"), "\n")
		lines = append(lines, rows[:min(len(rows), shown.rows)]...)
		lines = append(lines, "")
	}
	_, err = io.WriteString(w, svg(lines))
	return err
}

// atTerminal runs a command on a terminal and returns what was on it: in the end, or halfway.
func atTerminal(c *exec.Cmd, during bool) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	master, tty, err := pty.Open()
	if err != nil {
		return "", err
	}
	defer master.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 30, Cols: columns}); err != nil {
		return "", err
	}
	if c.Stdout == nil {
		c.Stdout = tty
	}
	c.Stderr = tty
	if err := c.Start(); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	seen := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(master) // ends with an error once nobody has the terminal any more
		seen <- string(text)
	}()
	err = c.Wait()
	_ = tty.Close()
	text := strings.ReplaceAll(<-seen, "\r\n", "\n")
	if !during {
		return text, err
	}
	var states []string
	for _, state := range strings.Split(text, "\r\x1b[K") {
		if strings.Contains(state, " left") {
			states = append(states, state)
		}
	}
	if err == nil && len(states) == 0 {
		err = errors.New("no progress was shown")
	}
	if err != nil {
		return "", err
	}
	return states[len(states)/2], nil
}

var escape = regexp.MustCompile("\x1b\\[(\\d*)m")

// svg draws lines with the colours of their escape sequences.
func svg(lines []string) string {
	const size, advance, height, margin = 14, 8.43, 19, 16
	colors := map[string]string{"31": "#f7768e", "32": "#9ece6a", "33": "#e0af68", "1": "#ffffff"}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	var b bytes.Buffer
	w, h := columns*9+2*margin, len(lines)*height+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="digicert in a terminal">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#1a1b26"/>`+"\n", w, h)
	fmt.Fprintf(&b, `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="%d" fill="#a9b1d6" xml:space="preserve">`+"\n", size)
	for n, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d">`, margin, margin+(n+1)*height-5)
		column := 0
		color := ""
		for len(line) > 0 {
			text, code := line, ""
			if at := escape.FindStringSubmatchIndex(line); at != nil {
				text, code, line = line[:at[0]], line[at[2]:at[3]], line[at[1]:]
			} else {
				line = ""
			}
			if text != "" {
				fill := ""
				if color != "" {
					fill = ` fill="` + color + `"`
				}
				fmt.Fprintf(&b, `<tspan x="%.2f"%s>%s</tspan>`, margin+float64(column)*advance, fill, strings.ReplaceAll(html.EscapeString(text), " ", "\u00a0")) // spaces of SVG collapse
				column += len([]rune(text))
			}
			color = colors[code]
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}
