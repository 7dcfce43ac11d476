package digicert

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Limiter paces requests. A Limiter may be shared by clients, and must be where they use one key.
type Limiter interface {
	// Acquire waits until a request may start. The caller calls release once its answer has arrived.
	Acquire(ctx context.Context) (release func(), err error)
}

// Window is one rolling window of a rate limit: at most Requests within any span of length Per.
type Window struct {
	Requests int
	Per      time.Duration
}

// The service's limits per key, as documented in 2024; "subject to change without notice".
var documentedWindows = []Window{
	{Requests: 100, Per: 5 * time.Second},
	{Requests: 1000, Per: 3 * time.Minute},
}

// RollingLimiter keeps requests within rolling windows as the service counts them. The service
// counts a request at some moment between its sending and its answer, so a slot is taken
// before the request is sent and becomes free one window after its answer arrived:
// whatever the network does, no window can hold more requests than it may.
//
// Requests start in the order in which they asked. The memory it takes is bounded by its windows. The zero
// RollingLimiter has the service's documented windows.
type RollingLimiter struct {
	mu      sync.Mutex
	windows []window  // set on first use
	given   []Window  // as passed to NewRollingLimiter
	busy    int       // slots of requests that are under way; they count in every window
	queue   list.List // of *waiter, in the order of their coming
	timer   *time.Timer
}

type window struct {
	Window
	free []time.Time // when the slots of answered requests become free, ascending; none is in the past for long
}

// NewRollingLimiter returns a limiter with the given windows, all of which hold; without any, with
// the service's documented limits, 100 per 5 s and 1000 per 3 min. A window that allows nothing or lasts no
// time is an error of WithLimiter and Acquire.
func NewRollingLimiter(windows ...Window) *RollingLimiter {
	return &RollingLimiter{given: slices.Clone(windows)}
}

// flaw says why l cannot be used; "" means that it can.
func (l *RollingLimiter) flaw() string {
	if l == nil {
		return "the limiter is nil"
	}
	for _, w := range l.given {
		if w.Requests <= 0 || w.Per <= 0 {
			return fmt.Sprintf("a window of %d requests per %s: both must be positive", w.Requests, w.Per)
		}
	}
	return ""
}

// Acquire waits for a slot. Where it is certain that none becomes free before the deadline of
// ctx, it fails at once, with an error that is both [ErrRateLimited] and [context.DeadlineExceeded].
func (l *RollingLimiter) Acquire(ctx context.Context) (release func(), err error) {
	if flaw := l.flaw(); flaw != "" {
		return nil, &ParamError{Param: "limiter", Reason: flaw}
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.windows == nil {
		given := l.given
		if len(given) == 0 {
			given = documentedWindows
		}
		for _, w := range given {
			l.windows = append(l.windows, window{Window: w})
		}
	}
	now := time.Now()
	l.expire(now)
	if l.queue.Len() > 0 || !l.room() {
		if err := pastDeadline(ctx, now, l.earliest(now)); err != nil {
			l.mu.Unlock()
			return nil, err
		}
		w := newWaiter(ctx)
		e := l.queue.PushBack(w)
		l.admit()
		l.mu.Unlock()
		if err := w.wait(ctx); err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			if w.admitted() { // in the same moment: hand the slot on, nothing was sent
				l.busy--
			} else {
				l.queue.Remove(e)
			}
			l.admit()
			return nil, err
		}
	} else {
		l.busy++
		l.mu.Unlock()
	}
	return sync.OnceFunc(l.release), nil
}

func (l *RollingLimiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.expire(now)
	l.busy--
	for i := range l.windows {
		w := &l.windows[i]
		w.free = append(w.free, now.Add(w.Per))
	}
	l.admit()
}

// expire forgets the slots that have become free.
func (l *RollingLimiter) expire(now time.Time) {
	for i := range l.windows {
		w := &l.windows[i]
		n := 0
		for n < len(w.free) && !w.free[n].After(now) {
			n++
		}
		w.free = w.free[n:]
	}
}

// room reports whether every window has a free slot.
func (l *RollingLimiter) room() bool {
	for i := range l.windows {
		if w := &l.windows[i]; l.busy+len(w.free) >= w.Requests {
			return false
		}
	}
	return true
}

// earliest is the soonest that a request which joins the queue now can start, as far as is certain:
// the answers to the requests under way are not known yet.
func (l *RollingLimiter) earliest(now time.Time) time.Time {
	at := now
	for i := range l.windows {
		w := &l.windows[i]
		var free time.Time
		switch missing := l.busy + len(w.free) + l.queue.Len() + 1 - w.Requests; {
		case missing <= 0:
			continue
		case missing <= len(w.free):
			free = w.free[missing-1]
		default: // it takes a slot that is not even waiting to become free
			free = now.Add(w.Per)
		}
		if free.After(at) {
			at = free
		}
	}
	return at
}

// admit starts those at the head of the queue for whom there is room, and sees to it that the next is
// started when there is.
func (l *RollingLimiter) admit() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	now := time.Now()
	l.expire(now)
	for l.queue.Len() > 0 && l.room() {
		l.busy++
		l.queue.Remove(l.queue.Front()).(*waiter).admit(nil)
	}
	if l.queue.Len() == 0 {
		return
	}
	// The head needs one more slot in each full window. A window that is full of requests under way has
	// no moment yet: the release of one of them comes back here.
	var next time.Time
	for i := range l.windows {
		if w := &l.windows[i]; l.busy+len(w.free) >= w.Requests {
			if len(w.free) == 0 {
				return
			}
			if w.free[0].After(next) {
				next = w.free[0]
			}
		}
	}
	l.timer = time.AfterFunc(next.Sub(now), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.admit()
	})
}

// PaceWith makes a Limiter of anything that can be waited for, such as a *rate.Limiter of golang.org/x/time.
func PaceWith(w interface{ Wait(context.Context) error }) Limiter { return pacer{w} }

type pacer struct {
	w interface{ Wait(context.Context) error }
}

func (p pacer) flaw() string {
	if p.w == nil {
		return "PaceWith was given nothing to wait for"
	}
	return ""
}

func (p pacer) Acquire(ctx context.Context) (func(), error) {
	if flaw := p.flaw(); flaw != "" {
		return nil, &ParamError{Param: "limiter", Reason: flaw}
	}
	if err := p.w.Wait(ctx); err != nil {
		return nil, fmt.Errorf("pacing: %w", err)
	}
	return func() {}, nil
}

// gate is open until the service says that the key's limit is exceeded, which somebody else who
// uses the key can bring about at any time. Then it is closed for all requests of the client until
// the pause is over, and opens slowly: those that were caught go one by one, each when
// the one before has its answer, and then one more at a time with each answer, until nobody waits.
type gate struct {
	mu     sync.Mutex
	closed bool
	until  time.Time // the end of the pause
	queue  list.List // of *waiter, in the order of their coming
	caught int       // how many of the queue came before the pause was over
	out    int       // requests under way that came through the queue
	width  int       // how many of them there may be
	timer  *time.Timer
}

// enter waits while the gate is closed. The caller calls leave with whether the service answered
// other than with 429, after having called pause where it did not.
func (g *gate) enter(ctx context.Context) (leave func(ok bool), err error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	g.mu.Lock()
	now := time.Now()
	g.admit(now)
	if !g.closed {
		g.mu.Unlock()
		return func(bool) {}, nil
	}
	if err := pastDeadline(ctx, now, g.until); err != nil {
		g.mu.Unlock()
		return nil, err
	}
	w := newWaiter(ctx)
	w.caught = now.Before(g.until)
	if w.caught {
		g.caught++
	}
	e := g.queue.PushBack(w)
	g.admit(now)
	g.mu.Unlock()
	if err := w.wait(ctx); err != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		switch {
		case !w.admitted():
			g.remove(e)
		case w.err == nil: // let in at the same moment
			g.out--
		}
		g.admit(time.Now())
		return nil, err
	}
	return func(ok bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.out--
		if ok && g.caught == 0 {
			g.width++
		}
		g.admit(time.Now())
	}, nil
}

// late is an error where the pause lasts past the deadline of ctx.
func (g *gate) late(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		return nil
	}
	return pastDeadline(ctx, time.Now(), g.until)
}

// pause closes the gate for d from now on, or longer where it is closed for longer already.
func (g *gate) pause(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if until := now.Add(d); until.After(g.until) {
		g.until = until
	}
	g.closed, g.width = true, 1
	var next *list.Element
	for e := g.queue.Front(); e != nil; e = next {
		next = e.Next()
		w := e.Value.(*waiter)
		if !w.caught {
			w.caught = true
			g.caught++
		}
		if err := pastDeadline(w.ctx, now, g.until); err != nil {
			g.remove(e)
			w.admit(err)
		}
	}
	g.admit(now)
}

func (g *gate) remove(e *list.Element) *waiter {
	w := g.queue.Remove(e).(*waiter)
	if w.caught {
		g.caught--
	}
	return w
}

func (g *gate) admit(now time.Time) {
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	if !g.closed {
		return
	}
	if wait := g.until.Sub(now); wait > 0 {
		if g.queue.Len() > 0 {
			g.timer = time.AfterFunc(wait, func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.admit(time.Now())
			})
		}
		return
	}
	for g.queue.Len() > 0 && g.out < g.width {
		g.out++
		g.remove(g.queue.Front()).admit(nil)
	}
	g.closed = g.out > 0 || g.queue.Len() > 0
}

// waiter is a request in a queue.
type waiter struct {
	ctx    context.Context
	ready  chan struct{} // closed when its turn has come, or err says why it never will
	err    error
	caught bool // by a pause of the gate
}

func newWaiter(ctx context.Context) *waiter {
	return &waiter{ctx: ctx, ready: make(chan struct{})}
}

// admit ends the waiting. The caller holds the lock of the queue.
func (w *waiter) admit(err error) {
	w.err = err
	close(w.ready)
}

func (w *waiter) admitted() bool {
	select {
	case <-w.ready:
		return true
	default:
		return false
	}
}

func (w *waiter) wait(ctx context.Context) error {
	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// deadlineError is a wait for the rate limit that would outlast the deadline of the context.
type deadlineError struct{ wait time.Duration }

func (e *deadlineError) Error() string {
	return fmt.Sprintf("the rate limit asks to wait %s, past the deadline of the context", e.wait.Round(time.Millisecond))
}

func (e *deadlineError) Is(target error) bool {
	return target == ErrRateLimited || target == context.DeadlineExceeded
}

// pastDeadline is an error where a wait until at would outlast the deadline of ctx.
func pastDeadline(ctx context.Context, now, at time.Time) error {
	if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
		return &deadlineError{wait: at.Sub(now)}
	}
	return nil
}

// sleep waits for d. A sleep that would outlast the deadline of ctx is not begun.
func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Now().Add(d).After(deadline) {
		return context.DeadlineExceeded
	}
	return sleepUntilEnd(ctx, d)
}

// sleepUntilEnd waits for d or for the end of ctx, whatever its deadline.
func sleepUntilEnd(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
