// Progress of a listing, on a terminal.

package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v3"
)

const (
	progressDelay    = 500 * time.Millisecond // shorter listings show no progress
	progressInterval = 250 * time.Millisecond
	clearLine        = "\r\x1b[K"
)

// progress shows on a terminal how far a listing has got, in a line that it overwrites. A nil *progress shows nothing.
type progress struct {
	mu    sync.Mutex
	w     *os.File
	start time.Time
	stage string // what is counted is its rows; may be empty
	from  int    // how many rows of it were done before
	total int
	rows  int
	shown bool
	stop  chan struct{}
	ended sync.WaitGroup
}

// showsProgress reports whether standard error is a terminal that can overwrite a line. Where standard output is a pipe, nothing is
// shown: its reader, such as jq, may print the rows on the same terminal, which cannot be known.
func (a *app) showsProgress(c *cli.Command) bool {
	return !c.Bool("quiet") && isTerminal(a.err) && os.Getenv("TERM") != "dumb" && !isPipe(a.out.file)
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// startProgress starts to show progress. Output to a terminal and log lines hide it while they are written.
func (a *app) startProgress() *progress {
	p := &progress{w: a.err, start: time.Now(), stop: make(chan struct{})}
	a.log.progress = p
	if a.out.terminal() {
		a.out.progress = p
	}
	p.ended.Go(func() {
		next := time.NewTimer(progressDelay)
		defer next.Stop()
		for {
			select {
			case <-p.stop:
				p.hide()()
				return
			case now := <-next.C:
				p.show(now)
				next.Reset(progressInterval)
			}
		}
	})
	return p
}

// messages is standard error for lines that may be written while progress is shown. They are escaped.
type messages struct {
	file     *os.File
	progress *progress // may be nil
}

func (m *messages) Write(p []byte) (int, error) {
	defer m.progress.hide()()
	if _, err := m.file.Write(escape(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// warn logs a warning unless --quiet is set.
func (a *app) warn(c *cli.Command, format string, args ...any) {
	if !c.Bool("quiet") {
		fmt.Fprintf(&a.log, "digicert: warning: "+format+"\n", args...)
	}
}

// expect sets the number of rows that the service has announced.
func (p *progress) expect(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
}

// count sets the number of rows so far.
func (p *progress) count(rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows = rows
}

// reach sets how far a stage has got. Times are counted from the first call for it.
func (p *progress) reach(stage string, rows, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stage != p.stage {
		p.stage, p.start, p.from = stage, time.Now(), rows
	}
	p.rows, p.total = rows, total
}

// end hides the progress for good.
func (p *progress) end() {
	close(p.stop)
	p.ended.Wait()
}

// hide clears the line. It is not shown again until the returned function is called.
func (p *progress) hide() (unhide func()) {
	if p == nil {
		return func() {}
	}
	p.mu.Lock()
	if p.shown {
		fmt.Fprint(p.w, clearLine)
		p.shown = false
	}
	return p.mu.Unlock
}

func (p *progress) show(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := progressText(p.rows, p.from, p.total, now.Sub(p.start))
	if p.stage != "" {
		text = p.stage + ": " + text
	}
	fmt.Fprint(p.w, clearLine+text)
	p.shown = true
}

// progressText returns the text of the line, for rows of which some were done before the time began to count. A total smaller than rows
// is out of date and omitted.
func progressText(rows, from, total int, elapsed time.Duration) string {
	rate := float64(rows-from) / elapsed.Seconds()
	text := grouped(rows) + " rows"
	if total >= rows && total > 0 {
		text = grouped(rows) + " of " + grouped(total) + " rows"
	}
	if rows == from || elapsed <= 0 {
		return text
	}
	text += fmt.Sprintf(", %s/s", grouped(int(rate)))
	if total > rows && rate > 0 {
		left := time.Duration(float64(total-rows) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// grouped formats n with a comma between groups of three digits.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
