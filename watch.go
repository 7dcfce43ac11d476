// Watching order status changes.

package digicert

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

const (
	defaultInterval = time.Minute
	defaultOverlap  = 2 * time.Minute
)

// WatchParams are the parameters of StatusChangesService.Watch.
type WatchParams struct {
	// Start is where a watch begins that has no checkpoint yet; zero: now, by the service's clock. Changes of the
	// last minutes before it may be yielded too, as by Since.
	Start time.Time
	// Interval is the time between two polls; zero: one minute.
	Interval time.Duration
	// Overlap is how far each poll reaches back over the last one; zero: two minutes. It makes up for
	// changes that the service shows late.
	Overlap time.Duration
	// Checkpoint keeps how far the watch has got; nil: nothing is kept, and every watch begins at Start.
	Checkpoint Checkpoint
}

// Watch yields the status changes of the account's orders as they happen, for ever: it polls, and yields
// each change once. Between two polls an order may change more than once; the service tells the latest
// status only.
//
// With a Checkpoint it resumes where it was left. The checkpoint moves when the loop body has returned for every
// change of a poll, so that a crash in between repeats changes, and loses none. A loop that is
// left early does not move it either. A watch that was away for long catches up as Since does.
//
// A poll that fails is repeated after a while, and logged. What ends the watch, as the sequence's last error, is a
// broken key or a missing permission, a checkpoint that cannot be loaded or saved, or the end of ctx. The
// service's own clock is used throughout: a local clock that is wrong or jumps loses nothing.
func (s *StatusChangesService) Watch(ctx context.Context, params *WatchParams) iter.Seq2[StatusChange, error] {
	var p WatchParams
	if params != nil {
		p = *params
	}
	return func(yield func(StatusChange, error) bool) {
		w := &watch{s: s, ctx: ctx, WatchParams: p, delivered: make(map[OrderID]delivery)}
		if err := w.run(yield); err != nil {
			yield(StatusChange{}, err)
		}
	}
}

// watch is one walk through the sequence of Watch.
type watch struct {
	WatchParams
	s   *StatusChangesService
	ctx context.Context

	clock     serviceClock
	upTo      time.Time // all changes up to then were handed over
	from      time.Time // where the next poll begins
	delivered map[OrderID]delivery
}

// delivery is a change that was handed over.
type delivery struct {
	change StatusChange
	seen   time.Time // when a poll showed it last, by the service's clock
}

// run returns the error that ends the watch, or nil where the loop was left.
func (w *watch) run(yield func(StatusChange, error) bool) error {
	if err := w.begin(); err != nil {
		return err
	}
	for {
		var changes []StatusChange
		var now time.Time
		err := w.persist(func() (err error) {
			changes, now, err = w.s.since(w.ctx, w.from, &w.clock)
			return err
		})
		if err != nil {
			return err
		}
		for _, change := range changes {
			known, ok := w.delivered[change.OrderID]
			if ok && known.change == change {
				w.delivered[change.OrderID] = delivery{change, now}
				continue
			}
			if err := ended(w.ctx); err != nil {
				return w.endError(nil, err)
			}
			if !yield(change, nil) {
				return nil
			}
			w.delivered[change.OrderID] = delivery{change, now}
		}
		if now.After(w.upTo) {
			w.upTo = now
		}
		if err := w.save(w.upTo); err != nil {
			return err
		}
		w.from = w.upTo.Add(-w.Overlap)
		w.forget()
		if err := sleepUntilEnd(w.ctx, w.Interval); err != nil {
			return w.endError(nil, err)
		}
	}
}

// begin finds out where the watch starts, and saves it where nothing was saved yet.
func (w *watch) begin() error {
	if w.Interval < 0 {
		return paramErrorf("Interval", "%s is negative", w.Interval)
	}
	if w.Overlap < 0 {
		return paramErrorf("Overlap", "%s is negative", w.Overlap)
	}
	setDefault(&w.Interval, defaultInterval)
	setDefault(&w.Overlap, defaultOverlap)
	if w.Checkpoint != nil {
		saved, err := w.Checkpoint.Load(w.ctx)
		if err != nil {
			return fmt.Errorf("digicert: loading the checkpoint: %w", err)
		}
		if !saved.IsZero() {
			w.upTo, w.from = saved, saved.Add(-w.Overlap)
			return nil
		}
	}
	if !w.Start.IsZero() {
		w.upTo, w.from = w.Start, w.Start
		return w.save(w.upTo)
	}
	// Now, by the service's clock: any answer tells it. A poll that took long tells an earlier moment, never a later one.
	err := w.persist(func() error {
		_, complete, date, err := w.s.read(w.ctx, Last(clockMargin))
		w.upTo = complete
		w.clock.set(date)
		return err
	})
	if err != nil {
		return err
	}
	w.from = w.upTo
	return w.save(w.upTo)
}

// persist repeats op, with backoff, until it succeeds or there is no point in going on.
func (w *watch) persist(op func() error) error {
	for n := 1; ; n++ {
		err := op()
		if err == nil {
			return nil
		}
		if cause := ended(w.ctx); cause != nil {
			return w.endError(err, cause)
		}
		if hopeless(err) {
			return err
		}
		wait := w.s.c.retry.backoff(n)
		status := 0
		if answer := (*Error)(nil); errors.As(err, &answer) {
			status = answer.StatusCode
		}
		w.s.c.log.LogAttrs(w.ctx, slog.LevelWarn, "digicert: poll failed",
			slog.String("method", http.MethodGet),
			slog.String("path", statusChangesPath),
			slog.Int("status", status),
			slog.Int("attempt", n),
			slog.Duration("wait", wait),
			slog.String("reason", reasonOf(err)))
		if cause := sleepUntilEnd(w.ctx, wait); cause != nil {
			return w.endError(err, cause)
		}
	}
}

// hopeless reports whether a poll failed because of the key, its permissions or the parameters. A 403 without the service's
// code is not its own: firewalls send such pages, and stop again.
func hopeless(err error) bool {
	var param *ParamError
	var answer *Error
	return errors.Is(err, CodeAccessDenied) || errors.As(err, &param) ||
		errors.As(err, &answer) && answer.StatusCode == http.StatusUnauthorized
}

func (w *watch) endError(failure, cause error) error {
	if errors.Is(failure, cause) {
		return failure
	}
	return newEndError(&request{method: http.MethodGet, path: statusChangesPath, redactor: redactor{ring: w.s.c.keys}}, failure, cause, w.ctx.Err())
}

// save moves the checkpoint, also when the context has just ended: what was handed over is done.
func (w *watch) save(t time.Time) error {
	if w.Checkpoint == nil {
		return nil
	}
	if err := w.Checkpoint.Save(context.WithoutCancel(w.ctx), t); err != nil {
		return fmt.Errorf("digicert: saving the checkpoint: %w", err)
	}
	return nil
}

// forget drops what no later poll can show again. How far a poll may reach back beyond its beginning are Since's margins.
func (w *watch) forget() {
	oldest := w.from.Add(-2*zoneMargin - maxClockMargin)
	for id, d := range w.delivered {
		if d.seen.Before(oldest) {
			delete(w.delivered, id)
		}
	}
}
