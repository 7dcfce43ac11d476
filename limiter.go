// Limiters: what paces requests.

package digicert

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Limiter paces requests. Clients that use the same key must share one.
type Limiter interface {
	// Acquire waits until a request may start. The caller calls release once the response has arrived.
	Acquire(ctx context.Context) (release func(), err error)
}

// Pauser is a Limiter that can pause. A 429 to one client then pauses all clients that share the limiter. [RollingLimiter] is a
// Pauser. A client whose Limiter is not one pauses only itself.
type Pauser interface {
	Limiter
	// Pause lets no request start for d. Afterwards they start one by one, each after the response to the one before,
	// then more and more. It is called before the release of the request that was refused.
	Pause(ctx context.Context, d time.Duration) error
}

// ExpiringLimiter is a Limiter that frees the slots of processes that died. It must not free a slot before the AttemptTimeout has
// passed. A client that has had its slot for longer, such as after it was suspended, sends nothing with it.
type ExpiringLimiter interface {
	Limiter
	// SetAttemptTimeout is called by [NewClient] with the AttemptTimeout of the client's [RetryPolicy]. The longest one counts if
	// several clients share the limiter.
	SetAttemptTimeout(d time.Duration)
}

// Window is one rolling window of a rate limit: at most Requests within any span of length Per.
type Window struct {
	Requests int
	Per      time.Duration
}

// The documented limits of a key, "subject to change without notice".
var documentedWindows = []Window{
	{Requests: 100, Per: 5 * time.Second},
	{Requests: 1000, Per: 3 * time.Minute},
}

// RollingLimiter keeps requests within rolling windows, as the service counts them. The service
// counts a request at some moment between its sending and its response. A slot is therefore taken
// before the request is sent, and becomes free one window after the response arrived:
// whatever the network does, no window holds more requests than it may.
//
// Requests start in the order in which they asked. Memory is bounded by the windows. The zero
// RollingLimiter has the documented windows of the service.
type RollingLimiter struct {
	given     []Window // as passed to NewRollingLimiter
	unlimited bool     // no windows at all: it only pauses

	mu      sync.Mutex
	windows []window  // set on first use
	busy    int       // slots of requests under way; they count in every window
	queue   list.List // of *waiter, in the order of their arrival
	timer   *time.Timer
	pause   pause
}

type window struct {
	Window
	free []time.Time // when the slots of completed requests become free, ascending
}

// NewRollingLimiter returns a limiter that keeps to all of the given windows, or without any to the documented
// limits of the service, 100 requests in 5 s and 1000 in 3 min. A window that allows nothing or lasts no
// time is an error of [WithLimiter] and Acquire.
func NewRollingLimiter(windows ...Window) *RollingLimiter {
	return &RollingLimiter{given: slices.Clone(windows)}
}

// Unlimited returns a limiter that never makes a request wait, unless the service refuses requests. It is for tests
// and sandboxes: the service limits every key.
func Unlimited() Limiter { return &RollingLimiter{unlimited: true} }

// validate returns an error if l cannot be used.
func (l *RollingLimiter) validate() error {
	if l == nil {
		return paramErrorf("limiter", "must not be nil")
	}
	for _, w := range l.given {
		if w.Requests <= 0 || w.Per <= 0 {
			return paramErrorf("limiter", "window of %d requests per %s: both must be positive", w.Requests, w.Per)
		}
	}
	return nil
}

// Acquire waits for a slot. If none can become free before the deadline of ctx, it
// fails at once, with an error that is both [ErrRateLimited] and [context.DeadlineExceeded].
func (l *RollingLimiter) Acquire(ctx context.Context) (release func(), err error) {
	giveBack, err := l.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return func() { giveBack(true) }, nil
}

// acquire is Acquire for callers that know whether they used the slot: one that sent nothing is free again at once.
func (l *RollingLimiter) acquire(ctx context.Context) (release func(sent bool), err error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	now := time.Now()
	l.expire(now)
	w := newWaiter(ctx)
	if l.queue.Len() == 0 && l.open(now) {
		l.start(w)
		l.mu.Unlock()
		return l.releaseOf(w), nil
	}
	if err := checkDeadline(ctx, now, l.earliest(now)); err != nil {
		l.mu.Unlock()
		return nil, err
	}
	e := l.queue.PushBack(w)
	l.pause.join(w, now)
	l.admit(now)
	l.mu.Unlock()
	if err := w.wait(); err != nil {
		l.abandon(w, e)
		return nil, err
	}
	return l.releaseOf(w), nil
}

// start gives w a slot.
func (l *RollingLimiter) start(w *waiter) {
	l.busy++
	l.pause.start(w)
	w.admit(nil)
}

// abandon takes back the place or the slot of a waiter that gave up.
func (l *RollingLimiter) abandon(w *waiter, e *list.Element) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch started, err := w.admitted(); {
	case !started:
		l.remove(e)
	case err == nil: // the slot came at the moment of giving up
		l.busy--
		l.pause.end(w, false)
	}
	l.admit(time.Now())
}

// releaseOf returns the function that gives the slot of w back, once.
func (l *RollingLimiter) releaseOf(w *waiter) func(sent bool) {
	var once sync.Once
	return func(sent bool) { once.Do(func() { l.release(w, sent) }) }
}

func (l *RollingLimiter) release(w *waiter, sent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.expire(now)
	l.busy--
	for i := range l.windows {
		if w := &l.windows[i]; sent {
			w.free = append(w.free, now.Add(w.Per))
		}
	}
	l.pause.end(w, sent)
	l.admit(now)
}

// Pause implements [Pauser]. Waiters whose deadline is before the end of the pause fail at once.
func (l *RollingLimiter) Pause(_ context.Context, d time.Duration) error {
	if err := l.validate(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.pause.begin(now, d)
	var next *list.Element
	for e := l.queue.Front(); e != nil; e = next {
		next = e.Next()
		w := e.Value.(*waiter)
		l.pause.join(w, now)
		if err := checkDeadline(w.ctx, now, l.pause.until); err != nil {
			l.remove(e)
			w.admit(err)
		}
	}
	l.admit(now)
	return nil
}

// paused reports whether a pause is under way.
func (l *RollingLimiter) paused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.pause.until)
}

func (l *RollingLimiter) remove(e *list.Element) *waiter {
	w := l.queue.Remove(e).(*waiter)
	l.pause.quit(w)
	return w
}

// expire forgets the slots that have become free.
func (l *RollingLimiter) expire(now time.Time) {
	if l.windows == nil && !l.unlimited {
		given := l.given
		if len(given) == 0 {
			given = documentedWindows
		}
		for _, w := range given {
			l.windows = append(l.windows, window{Window: w})
		}
	}
	for i := range l.windows {
		w := &l.windows[i]
		n := 0
		for n < len(w.free) && !w.free[n].After(now) {
			n++
		}
		w.free = w.free[n:]
	}
}

// open reports whether a request may start now: the pause lets it, and every window has a free slot.
func (l *RollingLimiter) open(now time.Time) bool {
	if !l.pause.open(now) {
		return false
	}
	for i := range l.windows {
		if w := &l.windows[i]; l.busy+len(w.free) >= w.Requests {
			return false
		}
	}
	return true
}

// earliest returns the soonest moment at which a request that joins the queue now can start, as far as is certain:
// when the requests under way will complete is not known.
func (l *RollingLimiter) earliest(now time.Time) time.Time {
	at := now
	if l.pause.until.After(at) {
		at = l.pause.until
	}
	for i := range l.windows {
		w := &l.windows[i]
		var free time.Time
		switch missing := l.busy + len(w.free) + l.queue.Len() + 1 - w.Requests; {
		case missing <= 0:
			continue
		case missing <= len(w.free):
			free = w.free[missing-1]
		default: // it takes the slot of a request that has not completed
			free = now.Add(w.Per)
		}
		if free.After(at) {
			at = free
		}
	}
	return at
}

// admit starts the waiters at the head of the queue that may start, and sets a timer for the next one.
func (l *RollingLimiter) admit(now time.Time) {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.expire(now)
	for l.queue.Len() > 0 && l.open(now) {
		l.start(l.remove(l.queue.Front()))
	}
	if l.queue.Len() == 0 {
		l.pause.settle(now)
		return
	}
	if next := l.next(now); !next.IsZero() {
		l.timer = time.AfterFunc(next.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.admit(time.Now())
		})
	}
}

// next returns when the head of the queue may start, or zero where that depends on a request under way, whose release
// calls admit.
func (l *RollingLimiter) next(now time.Time) time.Time {
	next := l.pause.until
	if !now.Before(next) && !l.pause.open(now) {
		return time.Time{}
	}
	for i := range l.windows {
		if w := &l.windows[i]; l.busy+len(w.free) >= w.Requests {
			if len(w.free) == 0 {
				return time.Time{}
			}
			if w.free[0].After(next) {
				next = w.free[0]
			}
		}
	}
	return next
}

// waiter is a request that waits for a slot, or has one.
type waiter struct {
	ctx   context.Context
	ready chan struct{} // closed once it has a slot, or err says why it never will
	err   error

	// What the pause notes of it.
	caught     bool // it waited while the pause was under way
	recovering bool // it was started after a pause, one by one
	pauses     int  // the pauses before its start
}

func newWaiter(ctx context.Context) *waiter {
	return &waiter{ctx: ctx, ready: make(chan struct{})}
}

// admit ends the waiting. The caller holds the lock of the queue.
func (w *waiter) admit(err error) {
	w.err = err
	close(w.ready)
}

func (w *waiter) admitted() (bool, error) {
	select {
	case <-w.ready:
		return true, w.err
	default:
		return false, nil
	}
}

func (w *waiter) wait() error {
	select {
	case <-w.ready:
		return w.err
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}

// deadlineError is a wait for the rate limit that would outlast the deadline of the context.
type deadlineError struct{ wait time.Duration }

func (e *deadlineError) Error() string {
	return fmt.Sprintf("the rate limit requires a wait of %s, past the deadline of the context", e.wait.Round(time.Millisecond))
}

func (e *deadlineError) Is(target error) bool {
	return target == ErrRateLimited || target == context.DeadlineExceeded
}

func (e *deadlineError) Timeout() bool   { return true }
func (e *deadlineError) Temporary() bool { return true }

// checkDeadline returns an error if a wait until at would outlast the deadline of ctx.
func checkDeadline(ctx context.Context, now, at time.Time) error {
	if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
		return &deadlineError{wait: at.Sub(now)}
	}
	return nil
}
