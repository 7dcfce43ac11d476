// Tests of progress on a terminal.

//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// screen returns what a terminal finally shows of text, in which only clearLine moves the cursor.
func screen(text string) string {
	var shown strings.Builder
	for line := range strings.Lines(text) {
		shown.WriteString(line[lastClear(line):])
	}
	return shown.String()
}

// lastClear returns the index after the last clearLine in line.
func lastClear(line string) int {
	if i := strings.LastIndex(line, clearLine); i >= 0 {
		return i + len(clearLine)
	}
	return 0
}

// TestSharedTerminal checks that progress does not change the rows if both are written to the same terminal.
func TestSharedTerminal(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "3000", "--latency", "300ms")
	for _, format := range []string{formatTable, formatJSON, formatJSONL, formatCSV} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			c := command(s, "subaccounts", "orders", "-o", format)
			c.Env = append(c.Env, "NO_COLOR=1")
			seen := atTerminal(t, c)
			require.True(t, strings.Contains(seen, " of 3,000 rows"), "there was progress")
			want := strings.Split(s.ok(t, "subaccounts", "orders", "-o", format), "\n")
			got := strings.Split(screen(seen), "\n")
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i], got[i], "line %d", i)
			}
		})
	}
}

// TestProgressAndRows checks that progress is not shown between its clearing and the row that follows, nor within a row. It
// is shown far more often than by the clock, to provoke that.
func TestProgressAndRows(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	a := &app{out: &output{file: x.tty}, err: x.tty}
	p := a.startProgress()
	p.expect(1_000_000)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				p.show(time.Now())
			}
		}
	}()
	const rows, row = 100, "a row with nothing in front of it"
	for i := range rows {
		p.count(i + 1)
		_, err := a.out.Write([]byte(row + "\n"))
		require.NoError(t, err)
	}
	close(stop)
	<-stopped
	p.end()
	damaged, example := 0, ""
	for line := range strings.Lines(screen(x.text(t))) {
		if line != row+"\n" {
			damaged, example = damaged+1, line
		}
	}
	require.Zero(t, damaged, "of %d rows, such as %q", rows, example)
}

// TestProgressAndWarnings checks that log lines and progress do not share a line.
func TestProgressAndWarnings(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "4000", "--latency", "400ms", "--fault", "status=503,after=3,times=1")
	x := newTerminal(t)
	c := command(s, "subaccounts", "orders")
	c.Stderr = x.tty
	file, err := os.Create(filepath.Join(t.TempDir(), "orders"))
	require.NoError(t, err)
	defer file.Close()
	c.Stdout = file
	require.NoError(t, c.Start())
	require.Zero(t, wait(t, c))
	seen := x.text(t)
	require.Contains(t, seen, "of 4,000 rows, ")
	require.Contains(t, seen, "level=WARN")
	for line := range strings.Lines(seen) {
		line = line[lastClear(line):]
		require.Regexp(t, `^(time=.* level=WARN .*\n)?$`, line, "progress precedes a warning, or was not cleared")
	}
}

// TestProgressTotal checks that --limit limits the total, and that the total is requested only if progress is shown.
func TestProgressTotal(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "3000", "--latency", "300ms")
	asked := regexp.MustCompile(`limit=1(&|\n)`)
	require.Len(t, decodeLines[digicert.SubaccountOrder](t, s.ok(t, "subaccounts", "orders")), 3000)

	x := newTerminal(t)
	c := command(s, "subaccounts", "orders", "--limit", "2500")
	c.Stderr = x.tty
	require.NoError(t, c.Start())
	require.Zero(t, wait(t, c))
	seen := x.text(t)
	require.Contains(t, seen, " of 2,500 rows")
	require.NotContains(t, seen, "3,000")
	eventually(t, func() bool { return asked.MatchString(s.log.String()) }, "the request for the total")
	require.Len(t, asked.FindAllString(s.log.String(), -1), 1, "the first listing shows no progress")
}

// TestProgressFailure checks that an error is printed on a line of its own, after progress was cleared.
func TestProgressFailure(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"error=400:broken", "error=400:broken,after=3"} {
		s := sandbox(t, "--orders", "4000", "--latency", "400ms", "--fault", fault)
		x := newTerminal(t)
		c := command(s, "subaccounts", "orders")
		c.Stderr = x.tty
		require.NoError(t, c.Start())
		require.Equal(t, exitFailure, wait(t, c))
		seen := x.text(t)
		require.Contains(t, seen, "400 Bad Request: broken")
		requireOneLine(t, screen(seen))
	}
}

var warning = regexp.MustCompile(`time=\S+ level=WARN [^\n]*\n`)

// TestProgressAndPipe checks that nothing but the rows reaches a terminal on which another program prints them, and that --quiet
// ends progress and the log of retries.
func TestProgressAndPipe(t *testing.T) {
	t.Parallel()
	for args, seen := range map[string][]bool{ // whether there is progress, and a warning
		"":           {true, true},
		"--quiet":    {false, false},
		"| cat":      {false, true},
		"-q | cat":   {false, false},
		">/dev/null": {true, true},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			s := sandbox(t, "--orders", "3000", "--latency", "300ms", "--fault", "status=503,after=3,times=1")
			c := exec.Command("sh", "-c", `"$0" --base-url "$1" --pace off subaccounts orders -o jsonl `+args, binary, s.url)
			c.Env = cleanEnv(keyVariable + "=" + key)
			text := atTerminal(t, c)
			require.Equal(t, seen[0], strings.Contains(text, " of 3,000 rows"), "progress")
			require.Equal(t, seen[1], strings.Contains(text, "level=WARN"), "the log")
			if !seen[0] {
				require.NotContains(t, text, "\x1b")
			}
			if args != ">/dev/null" {
				rows := 0
				// Where two programs write, a warning of one may stand in the midst of a row of the other.
				for line := range strings.Lines(warning.ReplaceAllString(screen(text), "")) {
					require.True(t, json.Valid([]byte(line)), line)
					rows++
				}
				require.Equal(t, 3000, rows)
			}
		})
	}
	r := execute(t, cleanEnv(), "--demo", "--quiet", "--verbose", "get", "/x")
	require.Equal(t, exitUsage, r.code)
	requireOneLine(t, r.stderr, "--verbose and --quiet exclude each other")
}

var progressLine = regexp.MustCompile(`([0-9,]+) of 5,000 rows, ([0-9,]+)/s, ([0-9hms]+) left`)

// TestProgress checks that a long listing shows progress on a terminal and finally clears it.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "5000", "--latency", "400ms")
	run := func(t *testing.T, env ...string) (stdout, stderr string) {
		x := newTerminal(t)
		file, err := os.Create(filepath.Join(t.TempDir(), "orders"))
		require.NoError(t, err)
		defer file.Close()
		c := command(s, "subaccounts", "orders")
		c.Env = append(c.Env, env...)
		c.Stdout, c.Stderr = file, x.tty
		require.NoError(t, c.Start())
		require.Zero(t, wait(t, c))
		b, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		return string(b), x.text(t)
	}
	t.Run("terminal", func(t *testing.T) {
		t.Parallel()
		stdout, stderr := run(t)
		require.Len(t, decodeLines[digicert.SubaccountOrder](t, stdout), 5000)
		require.Regexp(t, progressLine, stderr)
		require.True(t, strings.HasSuffix(stderr, clearLine), "%q", stderr)
		require.NotContains(t, stderr, "\n")
		for line := range strings.SplitSeq(stderr, clearLine) {
			require.Less(t, len(line), 80)
		}
	})
	t.Run("dumb terminal", func(t *testing.T) {
		t.Parallel()
		stdout, stderr := run(t, "TERM=dumb")
		require.Len(t, decodeLines[digicert.SubaccountOrder](t, stdout), 5000)
		require.Empty(t, stderr)
	})
}
