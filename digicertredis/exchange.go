// How a limiter talks to Redis: one goroutine, one call at a time, for all waiters and slots.

package digicertredis

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-digicert/digicert"
)

// start starts run, or wakes it. The caller holds the lock.
func (l *Limiter) start() {
	if !l.running {
		l.running = true
		go l.run()
		return
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run asks Redis for the slots of waiters, and gives slots back, until there is nothing left to do.
func (l *Limiter) run() {
	for {
		l.mu.Lock()
		e, wait := l.next(time.Now())
		if e == nil && wait < 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if e != nil {
			l.exchange(e)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// exchange is one call to Redis.
type exchange struct {
	asked []*waiter
	gives []*give
	stays bool // the waiters are not asked for, and keep their place in the queue
	began time.Time
}

// next returns the next call, or nil and how long to wait for it. A negative wait means that there is nothing to do.
func (l *Limiter) next(now time.Time) (e *exchange, wait time.Duration) {
	ask := l.queue.Len() > 0 && (!now.Before(l.due) || slices.ContainsFunc(l.gives, l.mayStartOther))
	leave := l.queue.Len() == 0 && l.registered
	if !ask && !leave && !l.probe && (len(l.gives) == 0 || now.Before(l.down)) {
		switch {
		case l.queue.Len() > 0:
			return nil, l.due.Sub(now)
		case len(l.gives) > 0:
			return nil, l.down.Sub(now)
		}
		return nil, -1
	}
	e = &exchange{gives: l.gives, stays: !ask && l.queue.Len() > 0, began: now}
	l.gives, l.probe = nil, false
	if ask {
		most := l.windows[0].Requests // no more can start at once
		for _, w := range l.windows {
			most = min(most, w.Requests)
		}
		for i := l.queue.Front(); i != nil && len(e.asked) < min(most, 200); i = i.Next() {
			e.asked = append(e.asked, i.Value.(*waiter))
		}
	}
	return e, 0
}

// mayStartOther reports whether a slot that is given back may let a waiter start at once. A slot that was used does so one window
// later.
func (l *Limiter) mayStartOther(g *give) bool { return l.recovering || !g.used }

// exchange makes a call, and starts the waiters that have a slot.
func (l *Limiter) exchange(e *exchange) {
	a, err := l.call(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err != nil {
		l.fail(e, now, err)
		return
	}
	l.down, l.out, l.probe = time.Time{}, false, false
	for _, g := range e.gives {
		g.done()
	}
	if len(e.asked) == 0 {
		if !e.stays && l.queue.Len() == 0 {
			l.registered, l.due = false, time.Time{}
		}
		return
	}
	for _, w := range e.asked {
		if arrival := a.now - e.began.Sub(w.arrived).Microseconds(); w.known == 0 || arrival < w.known {
			w.known = arrival
		}
	}
	for _, w := range e.asked[:a.started] {
		w.asked, w.pauses = e.began, a.pauses
		if w.gone {
			l.gives = append(l.gives, &give{waiter: w, at: now})
			continue
		}
		l.remove(w, nil)
	}
	if a.started > 0 {
		l.poll = 0
	}
	l.recovering = a.width > 0
	l.registered = len(a.waits) > 0
	l.due = time.Time{}
	l.setDue(a, now)
}

// setDue ends the waiters whose turn comes after their deadline, and sets when to ask for the others. Waiters that Redis was not
// asked for come last.
func (l *Limiter) setDue(a *answer, now time.Time) {
	left := 0
	var wait time.Duration
	var next *list.Element
	for i := l.queue.Front(); i != nil; i = next {
		next = i.Next()
		w := i.Value.(*waiter)
		if left < len(a.waits) { // of the waiter that has this place by now
			wait = a.waits[left]
		}
		if deadline, ok := w.ctx.Deadline(); ok && now.Add(wait).After(deadline) {
			l.remove(w, &deadlineError{wait})
			continue
		}
		if left == 0 && wait >= 0 {
			l.due = now.Add(wait)
		}
		if left == 0 && wait < 0 { // until a response on another machine
			l.poll = min(max(2*l.poll, minPoll), maxPoll)
			l.due = now.Add(l.poll)
		}
		left++
	}
}

// remove ends the wait of w.
func (l *Limiter) remove(w *waiter, err error) {
	for i := l.queue.Front(); i != nil; i = i.Next() {
		if i.Value.(*waiter) == w {
			l.queue.Remove(i)
			break
		}
	}
	w.err = err
	close(w.ready)
}

// fail ends all waits. Slots that Redis may have taken are given back with the next call, as are those of this call.
func (l *Limiter) fail(e *exchange, now time.Time, err error) {
	l.down, l.out, l.probe = now.Add(retryAfter), !isRefusal(err), false
	err = unusable("the limits of "+l.name, err)
	l.registered, l.recovering, l.due = false, false, time.Time{}
	for _, w := range e.asked {
		e.gives = append(e.gives, &give{waiter: w, at: now})
	}
	for i := l.queue.Front(); i != nil; i = l.queue.Front() {
		w := l.queue.Remove(i).(*waiter)
		w.err = err
		close(w.ready)
	}
	for _, g := range e.gives {
		g.done()
		if now.Sub(g.at) < l.hold() { // later it has become free by itself
			l.gives = append(l.gives, g)
		}
	}
}

func (g *give) done() {
	if g.told != nil {
		close(g.told)
		g.told = nil
	}
}

// answer is what limiter.lua returns.
type answer struct {
	started int             // number of waiters that have a slot, from the first
	pauses  int64           // number of pauses so far
	width   int64           // greater than 0 while the limiter recovers from a pause
	waits   []time.Duration // of the other waiters; negative if unknown
	now     int64           // in µs, by Redis's clock
}

// call runs limiter.lua.
func (l *Limiter) call(e *exchange) (*answer, error) {
	l.mu.Lock()
	args := []any{l.machine, l.hold().Microseconds(), l.longest().Microseconds(), len(l.windows)}
	l.mu.Unlock()
	for _, w := range l.windows {
		args = append(args, w.Requests, w.Per.Microseconds())
	}
	args = append(args, len(e.gives))
	for _, g := range e.gives {
		args = append(args, g.slot, e.began.Sub(g.at).Microseconds(), g.pauses, g.used)
	}
	waiting := len(e.asked)
	if e.stays {
		waiting = -1
	}
	args = append(args, waiting)
	for _, w := range e.asked {
		args = append(args, w.slot, e.began.Sub(w.arrived).Microseconds(), w.known)
	}
	values, err := limiterScript.Run(context.Background(), l.rdb, l.keys, args...).Slice()
	if err != nil {
		return nil, err
	}
	return parseAnswer(values, len(e.asked))
}

func parseAnswer(values []any, asked int) (*answer, error) {
	if len(values) == 5 {
		started, ok1 := values[0].(int64)
		pauses, ok2 := values[1].(int64)
		width, ok3 := values[2].(int64)
		waits, ok4 := values[3].([]any)
		now, err := microseconds(values[4])
		if ok1 && ok2 && ok3 && ok4 && err == nil && started >= 0 && int(started)+len(waits) == asked {
			a := &answer{started: int(started), pauses: pauses, width: width, now: now}
			for _, v := range waits {
				us, err := microseconds(v)
				if err != nil {
					return nil, err
				}
				a.waits = append(a.waits, time.Duration(us)*time.Microsecond)
			}
			return a, nil
		}
	}
	return nil, errors.New("the answer of the script is malformed")
}

func microseconds(v any) (int64, error) {
	text, _ := v.(string)
	return strconv.ParseInt(text, 10, 64)
}

// longest returns the longest window.
func (l *Limiter) longest() time.Duration {
	var longest time.Duration
	for _, w := range l.windows {
		longest = max(longest, w.Per)
	}
	return longest
}

// deadlineError is the error of a wait that would end after the deadline of the context.
type deadlineError struct{ wait time.Duration }

func (e *deadlineError) Error() string {
	return fmt.Sprintf("digicert: the rate limit requires a wait of %s, past the deadline of the context", e.wait.Round(time.Millisecond))
}

func (e *deadlineError) Is(target error) bool {
	return target == digicert.ErrRateLimited || target == context.DeadlineExceeded
}

func (e *deadlineError) Timeout() bool   { return true }
func (e *deadlineError) Temporary() bool { return true }
