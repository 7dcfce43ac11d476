// The pause: what a 429 does to all who share a limiter.

package digicert

import (
	"time"
)

// pause is the part of a limiter that a 429 moves. The zero pause lets every request start. After begin none
// starts until the pause is over. Then the limiter recovers: the requests that waited start one by one, each when
// the one before has its response, and after them one more at a time with each response, until none waits.
//
// The limiter's lock guards it.
type pause struct {
	until  time.Time
	count  int // pauses so far
	caught int // waiters that the pause caught
	width  int // requests that may be under way while the limiter recovers; 0: it has recovered
	out    int // requests under way that were started while it recovers
}

// begin pauses for d from now on, or longer where an earlier pause lasts longer.
func (p *pause) begin(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(p.until) {
		p.until = until
	}
	p.count++
	p.width = 1
}

// open reports whether a request may start.
func (p *pause) open(now time.Time) bool {
	return !now.Before(p.until) && (p.width == 0 || p.out < p.width)
}

// join counts a waiter that comes, or waits, while the pause is under way.
func (p *pause) join(w *waiter, now time.Time) {
	if !w.caught && now.Before(p.until) {
		w.caught = true
		p.caught++
	}
}

// quit forgets a waiter that no longer waits.
func (p *pause) quit(w *waiter) {
	if w.caught {
		w.caught = false
		p.caught--
	}
}

// start counts a request that starts.
func (p *pause) start(w *waiter) {
	w.pauses = p.count
	if p.width > 0 {
		w.recovering = true
		p.out++
	}
}

// end counts a request that has ended. One that was answered, and not refused, lets one more start.
func (p *pause) end(w *waiter, answered bool) {
	if !w.recovering {
		return
	}
	p.out--
	if answered && w.pauses == p.count && p.caught == 0 {
		p.width++
	}
}

// settle ends the recovery where nobody waits.
func (p *pause) settle(now time.Time) {
	if p.out == 0 && !now.Before(p.until) {
		p.width = 0
	}
}
