// The pause of a limiter after a 429.

package digicert

import (
	"time"
)

// pause is the state of a limiter's pause. The zero pause lets every request start. After begin no request
// starts until the pause is over. Then the limiter recovers: the requests that waited start one by one, each when
// the one before has its response. After them, each response lets one more request run at a time, until none waits.
//
// The mutex of the limiter guards it.
type pause struct {
	until  time.Time
	count  int // pauses so far
	caught int // waiters that the pause holds back
	width  int // maximum number of requests in flight during the recovery; 0 if recovered
	out    int // requests in flight that were started during the recovery
}

// begin pauses until d after now. An earlier pause that ends later is kept.
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

// join counts a waiter that is waiting during the pause.
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

// end counts a request that has ended. A response other than a 429 lets one more request run at a time.
func (p *pause) end(w *waiter, answered bool) {
	if !w.recovering {
		return
	}
	p.out--
	if answered && w.pauses == p.count && p.caught == 0 {
		p.width++
	}
}

// settle ends the recovery once all its requests have ended. The caller has checked that none waits.
func (p *pause) settle(now time.Time) {
	if p.out == 0 && !now.Before(p.until) {
		p.width = 0
	}
}
