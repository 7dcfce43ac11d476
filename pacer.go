// The pacer of a client, which adapts its Limiter.

package digicert

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// pacer is a limiter that can be paused. Its release function takes whether the request was sent.
type pacer interface {
	acquire(ctx context.Context) (release func(sent bool), err error)
	Pause(ctx context.Context, d time.Duration) error
}

// newPacer returns the pacer of a client whose limiter is l.
func newPacer(l Limiter) pacer {
	switch l := l.(type) {
	case *RollingLimiter:
		return l
	case Pauser:
		return pauserPacer{l}
	}
	return limiterPacer{turns: &RollingLimiter{unlimited: true}, next: l}
}

// pauserPacer is the pacer of a caller's Pauser.
type pauserPacer struct{ Pauser }

func (p pauserPacer) acquire(ctx context.Context) (func(sent bool), error) {
	release, err := p.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return func(bool) { release() }, nil
}

// limiterPacer is the pacer of a caller's Limiter that is not a Pauser. It adds the pauses.
type limiterPacer struct {
	turns *RollingLimiter // unlimited; only pauses
	next  Limiter
}

func (p limiterPacer) Pause(ctx context.Context, d time.Duration) error { return p.turns.Pause(ctx, d) }

// acquire takes a turn and then a slot. A request that holds a slot never waits for a turn.
func (p limiterPacer) acquire(ctx context.Context) (func(sent bool), error) {
	for {
		leave, err := p.turns.acquire(ctx)
		if err != nil {
			return nil, err
		}
		release, err := p.next.Acquire(ctx)
		if err != nil {
			leave(false)
			return nil, err
		}
		if !p.turns.paused() {
			return func(sent bool) { release(); leave(sent) }, nil
		}
		release() // a pause began while the request waited for the slot
		leave(false)
	}
}

// PaceWith returns a Limiter that calls w.Wait before each request. w may be a *rate.Limiter of golang.org/x/time/rate.
func PaceWith(w interface{ Wait(context.Context) error }) Limiter { return waitLimiter{w} }

type waitLimiter struct {
	w interface{ Wait(context.Context) error }
}

func (l waitLimiter) validate() error {
	if l.w == nil {
		return paramErrorf("limiter", "the argument of PaceWith is nil")
	}
	return nil
}

func (l waitLimiter) Acquire(ctx context.Context) (func(), error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	if err := l.w.Wait(ctx); err != nil {
		if _, ok := ctx.Deadline(); ok && ctx.Err() == nil && strings.Contains(err.Error(), "deadline") {
			return nil, &waitError{err} // rate.Limiter refuses a wait that would outlast the deadline
		}
		return nil, fmt.Errorf("pacing: %w", err)
	}
	return func() {}, nil
}

// waitError reports a wait that was refused because it would outlast the deadline of the context.
type waitError struct{ err error }

func (e *waitError) Error() string        { return "pacing: " + e.err.Error() }
func (e *waitError) Unwrap() error        { return e.err }
func (e *waitError) Timeout() bool        { return true }
func (e *waitError) Is(target error) bool { return (*deadlineError)(nil).Is(target) }

// sleep waits for d. It returns at once if the wait would outlast the deadline of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Now().Add(d).After(deadline) {
		return context.DeadlineExceeded
	}
	return sleepUntilEnd(ctx, d)
}

// sleepUntilEnd waits for d or until ctx is done.
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
