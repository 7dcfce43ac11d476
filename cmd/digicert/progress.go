package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	progressDelay    = 500 * time.Millisecond // what is done by then needs no progress
	progressInterval = 250 * time.Millisecond
	wipeLine         = "\r\x1b[K"
)

// progress tells on a terminal how far a listing is, in a line that it writes over. A nil progress tells nothing.
type progress struct {
	mu    sync.Mutex
	w     *os.File
	start time.Time
	total int
	rows  int
	shown bool
	stop  chan struct{}
	ended sync.WaitGroup
}

// showsProgress reports whether there is anybody to tell: a terminal that can write over a line.
func (a *app) showsProgress() bool { return isTerminal(a.err) && os.Getenv("TERM") != "dumb" }

// startProgress begins to tell. Output that goes to a terminal takes the line away before it writes.
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
				p.stepAside()()
				return
			case now := <-next.C:
				p.show(now)
				next.Reset(progressInterval)
			}
		}
	})
	return p
}

// messages is standard error for lines that come while there is progress.
type messages struct {
	file     *os.File
	progress *progress // nil where there is none
}

func (m *messages) Write(p []byte) (int, error) {
	defer m.progress.stepAside()()
	return m.file.Write(p)
}

// expect sets how many rows there will be, as far as the service knows.
func (p *progress) expect(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
}

func (p *progress) count(rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows = rows
}

func (p *progress) end() {
	close(p.stop)
	p.ended.Wait()
}

// stepAside takes the line away, and keeps it away until what it returns is called.
func (p *progress) stepAside() (back func()) {
	if p == nil {
		return func() {}
	}
	p.mu.Lock()
	if p.shown {
		fmt.Fprint(p.w, wipeLine)
		p.shown = false
	}
	return p.mu.Unlock
}

func (p *progress) show(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.w, wipeLine+progressText(p.rows, p.total, now.Sub(p.start)))
	p.shown = true
}

// progressText is the line. A total that the rows have overtaken was wrong, and is not told.
func progressText(rows, total int, elapsed time.Duration) string {
	rate := float64(rows) / elapsed.Seconds()
	text := grouped(rows) + " rows"
	if total >= rows && total > 0 {
		text = grouped(rows) + " of " + grouped(total) + " rows"
	}
	if rows == 0 {
		return text
	}
	text += fmt.Sprintf(", %s/s", grouped(int(rate)))
	if total > rows && rate > 0 {
		left := time.Duration(float64(total-rows) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
