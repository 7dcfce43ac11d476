// Watching order status changes.

package digicert

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"time"
)

const (
	defaultInterval = time.Minute
	defaultOverlap  = 2 * time.Minute
	// maxAway is how far a watch catches up at the most: the longest order lasts three years.
	maxAway = 3 * 366 * 24 * time.Hour
	// savePause is the least time between two saves while the changes of a poll are handed over.
	savePause = 250 * time.Millisecond
)

// WatchParams are the parameters of StatusChangesService.Watch.
type WatchParams struct {
	// Start is where a watch begins that has no checkpoint yet; zero: now. Changes of the last minutes before it may be
	// yielded too, as by Since. A Start that is more than a minute in the future, by the local clock, is refused.
	Start time.Time
	// Interval is the time between two polls. The default is one minute.
	Interval time.Duration
	// Overlap is how far each poll reaches back over the last one, for changes that the service shows late. The default is
	// two minutes.
	Overlap time.Duration
	// Checkpoint stores how far the watch has got. Without one, every watch begins at Start.
	Checkpoint Checkpoint
	// OnError is called for every poll that fails, the last one of a watch included, and for every row that cannot be
	// read, which does not hold back the others. It is called by the goroutine of the loop, between two changes. The
	// same is logged.
	OnError func(error)
}

// Watch yields the status changes of the account's orders as they happen, without end: it polls, and yields
// each change once. If an order changes more than once between two polls, the service reports the latest
// status only.
//
// An order that is in this answer and was not in the last one is yielded, whatever its status. What cannot be told from a
// repeat is a second change of an order within twice the overlap and a few minutes (a few hours after an outage of more than
// seven days) that ends in the same status and certificate as the first.
//
// With a Checkpoint the watch continues where it stopped, and a clean stop repeats nothing. A change is handled when the loop
// body has returned for it: a change during which the loop is left is yielded again. What was handled is saved after each
// change, at most four times a second, and whenever the watch ends. A crash repeats at most what was handled since the last
// save, and loses nothing.
//
// Each poll asks for the time since the last one began, by the local clock: the monotonic one, or the wall
// clock where that is longer, because some systems stop the monotonic clock while they sleep. No Date header
// shortens it. After a restart the watch asks for the longer of the times that have passed by the local clock and by that of the
// service. A clock that is wrong may then repeat changes. After an absence of more than seven days, older changes are asked for by
// moments, as in Since, for three years at most: only then, and if the Date headers are wrong by more than 48 hours, may a change be lost.
//
// A quiet poll is one request. A poll that fails is logged, reported to OnError and repeated after the interval, and
// nothing is lost. What ends the watch, as the sequence's last error, is a key that the service does not
// accept or a missing permission, a checkpoint that cannot be loaded or saved, or the end of ctx; and before the first answer, all that no
// repetition mends: a status 4xx other than 429 (and than a firewall's 403, which has no codes), a certificate
// that does not verify, a proxy that refuses, and a key that cannot be had.
func (s *StatusChangesService) Watch(ctx context.Context, params *WatchParams) iter.Seq2[StatusChange, error] {
	var p WatchParams
	if params != nil {
		p = *params
	}
	return func(yield func(StatusChange, error) bool) {
		if err := s.client().ready(); err != nil {
			yield(StatusChange{}, err)
			return
		}
		w := &watch{s: s, ctx: ctx, WatchParams: p, known: make(knownRows)}
		err := w.open()
		if err == nil {
			defer w.close()
			err = w.run(yield)
		}
		if err != nil {
			yield(StatusChange{}, err)
		}
	}
}

// watch is one walk through the sequence of Watch.
type watch struct {
	WatchParams
	s     *StatusChangesService
	ctx   context.Context
	close func() // unlocks the checkpoint

	// What the checkpoint stores.
	base   time.Time     // when the last poll that is done began: all changes before were handed over
	date   time.Time     // the same by the service's clock; zero: not known
	begun  bool          // whether there was a poll
	window time.Duration // of its last answer
	known  knownRows

	ahead    []time.Duration // how far the service's clock was ahead of the local one in the last answers
	restored bool            // base is of an earlier process
	future   bool            // and lay in the future by the local clock
	answered bool            // whether a poll of this process succeeded
	failed   bool            // whether the last one failed
	bad      map[string]int  // rows of the last answer that could not be read, and how often it had them
	started  bool            // whether the start is saved
	unsaved  bool
	saved    time.Time // when a change was saved last
}

// run returns the error that ends the watch, or nil where the loop was left.
func (w *watch) run(yield func(StatusChange, error) bool) (err error) {
	defer func() { // also where the loop body panics
		if !w.unsaved {
			return
		}
		// Where the loop was left, nothing can be yielded.
		if saveErr := w.save(); saveErr != nil && err == nil {
			w.report(saveErr)
		} else if saveErr != nil {
			err = saveErr
		}
	}()
	for {
		p, err := w.pollUntilDone()
		if err != nil {
			return err
		}
		if err := w.saveStart(p.final); err != nil {
			return err
		}
		if left, err := w.handOver(p, yield); left || err != nil {
			return err
		}
		if err := sleepUntilEnd(w.ctx, w.Interval); err != nil {
			return w.endError(nil, err)
		}
	}
}

// handOver yields the changes of a poll, and saves that they were handled. left reports that the loop was left, after
// which nothing may be yielded.
func (w *watch) handOver(p *poll, yield func(StatusChange, error) bool) (left bool, err error) {
	for _, c := range p.changes() {
		if err := ended(w.ctx); err != nil {
			return false, w.endError(nil, err)
		}
		if !yield(c.StatusChange, nil) {
			return true, nil
		}
		p.handedOver(c)
		w.unsaved = true
		if time.Since(w.saved) >= savePause {
			if err := w.save(); err != nil {
				return false, err
			}
		}
	}
	w.advance(p)
	w.unsaved = true
	if w.Interval < savePause && time.Since(w.saved) < savePause {
		return false, nil // the next poll is near
	}
	return false, w.save()
}

// advance moves on behind a poll whose changes were all handed over.
func (w *watch) advance(p *poll) {
	w.base, w.begun, w.restored, w.future = p.final.begun, true, false, false
	w.window = p.final.window
	w.date = w.serviceTime(p.final)
	p.done()
}

// serviceTime is when an answer was asked for, by the service's clock; zero where it is not known, or the Dates of the last
// answers differ: then they are no clock.
func (w *watch) serviceTime(a *windowed) time.Time {
	const most = 8
	ahead, ok := a.ahead()
	if !ok {
		return time.Time{}
	}
	w.ahead = append(w.ahead, ahead)
	w.ahead = w.ahead[max(len(w.ahead)-most, 0):]
	if slices.Max(w.ahead)-slices.Min(w.ahead) > zoneMargin {
		return time.Time{}
	}
	return a.begun.Add(slices.Max(w.ahead))
}

// save stores how far the watch has got, also when the context has just ended: what was handed over is done.
func (w *watch) save() error {
	w.unsaved = false
	if w.Checkpoint == nil {
		return nil
	}
	w.saved = time.Now()
	state, err := encodeState(w.state())
	if err == nil {
		err = w.Checkpoint.Save(context.WithoutCancel(w.ctx), state)
	}
	if err != nil {
		return fmt.Errorf("digicert: saving the checkpoint: %w", err)
	}
	return nil
}

// open finds out where the watch starts, and locks the checkpoint. It saves the start before anything is handed over, so that a
// checkpoint that cannot be saved does not make everything come again.
func (w *watch) open() (err error) {
	if err := w.setDefaults(); err != nil {
		return err
	}
	w.close = func() {}
	if l, ok := w.Checkpoint.(locker); ok {
		if w.close, err = l.lock(); err != nil {
			return fmt.Errorf("digicert: locking the checkpoint: %w", err)
		}
		defer func() {
			if err != nil {
				w.close()
			}
		}()
	}
	var saved []byte
	if w.Checkpoint != nil {
		if saved, err = w.Checkpoint.Load(w.ctx); err != nil {
			return fmt.Errorf("digicert: loading the checkpoint: %w", err)
		}
	}
	if err := w.begin(saved); err != nil {
		return fmt.Errorf("digicert: loading the checkpoint%s: %w", nameOf(w.Checkpoint), err)
	}
	if len(saved) > 0 {
		w.started = true
		if err := w.Checkpoint.Save(context.WithoutCancel(w.ctx), saved); err != nil {
			return fmt.Errorf("digicert: saving the checkpoint: %w", err)
		}
	}
	return nil
}

// begin continues from what was saved, or begins at Start.
func (w *watch) begin(saved []byte) error {
	w.base = time.Now()
	state := stateAt(w.Start)
	if len(saved) > 0 {
		var err error
		if state, err = decodeState(saved); err != nil {
			return err
		}
	} else if w.Start.IsZero() {
		return nil
	}
	w.resume(state)
	return nil
}

// saveStart saves where a new watch begins, before anything is handed over: by both clocks, or by the local one if the first poll
// failed.
func (w *watch) saveStart(first *windowed) error {
	if w.started {
		return nil
	}
	w.started = true
	if first != nil && w.date.IsZero() {
		if ahead, ok := first.ahead(); ok {
			w.date = w.base.Add(ahead)
		}
	}
	err := w.save()
	w.saved = time.Time{}
	return err
}

// resume continues from a state, or from Start.
func (w *watch) resume(state *watchState) {
	away := time.Since(time.UnixMilli(state.Local))
	if w.future = away < -clockMargin; w.future {
		w.warn("digicert: the checkpoint lies in the future by the local clock", -away)
	}
	w.restored = true
	w.restore(state, max(away, 0))
}

func nameOf(c Checkpoint) string {
	if s, ok := c.(fmt.Stringer); ok {
		return " " + oneLine(s.String(), 200)
	}
	return ""
}

func (w *watch) setDefaults() error {
	if w.Interval < 0 {
		return paramErrorf("Interval", "%s is negative", w.Interval)
	}
	if w.Overlap < 0 {
		return paramErrorf("Overlap", "%s is negative", w.Overlap)
	}
	if ahead := time.Until(w.Start); ahead > clockMargin {
		return paramErrorf("Start", "it is %s in the future", ahead.Round(time.Second))
	}
	setDefault(&w.Interval, defaultInterval)
	setDefault(&w.Overlap, defaultOverlap)
	return nil
}

// warn logs what is odd about how long the watch was away.
func (w *watch) warn(message string, by time.Duration) {
	w.s.client().log.LogAttrs(w.ctx, slog.LevelWarn, message, slog.Duration("by", by.Round(time.Second)))
}
