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
