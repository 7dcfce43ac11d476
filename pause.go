// The pause that a 429 causes.

package digicert

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

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
