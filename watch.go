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
	// maxAway is the longest absence that a watch catches up with: the longest order lasts three years.
	maxAway = 3 * 366 * 24 * time.Hour
	// savePause is the minimum time between two saves while the changes of a poll are yielded.
	savePause = 250 * time.Millisecond
)

// WatchParams are the parameters of [StatusChangesService.Watch].
type WatchParams struct {
	// Start is where a watch without a saved checkpoint begins; zero means now. Changes from a few minutes before Start may be
	// yielded too, as by Since. A Start more than a minute in the future, by the local clock, is refused.
	Start time.Time
	// Interval is the time between two polls. The default is 1 min.
	Interval time.Duration
	// Overlap is how far each poll reaches back before the last one, for changes that the service shows late. The default is
	// 2 min.
	Overlap time.Duration
	// Checkpoint stores the progress of the watch. Without one, every watch begins at Start.
	Checkpoint Checkpoint
	// OnError is called for every failed poll, including the last one of a watch, and for every row that cannot be
	// decoded, which is skipped. It is called in the goroutine of the loop, between two changes. The errors are also
	// logged.
	OnError func(error)
}

// Watch polls the status changes of the account's orders and yields each change once. The sequence does not end by itself.
// If an order changes more than once between two polls, the service reports the latest status only.
//
// An order that is in the present response and was not in the last one is yielded, whatever its status. A second change of an
// order to the same status and certificate is not detected if it follows the first within twice the overlap and a few minutes
// (a few hours after an outage of more than seven days).
//
// With a Checkpoint the watch continues where it stopped, and a clean stop repeats nothing. A change counts as handled when the
// loop body has finished with it; if the body leaves the loop, the next watch yields the change again. Progress is saved after
// each change, at most four times a second, and when the watch ends. A crash repeats at most the changes handled since the last
// save, and loses none.
//
// Each poll requests the time since the last one began, by the monotonic or the wall clock, whichever is longer: some systems stop
// the monotonic clock while they sleep. A Date header never shortens that time. After a restart the watch requests the time that has
// passed by the local clock or by the service's clock, whichever is longer; a wrong clock may then repeat changes. After an absence
// of more than seven days, older changes, of up to three years, are requested by ranges, as in Since. A change can be lost only
// then, and only if the Date headers are wrong by more than 48 hours.
//
// A poll without changes is one request. A failed poll is logged, reported to OnError and repeated after the interval; no
// change is lost. The watch ends with an error if the service rejects the API key or a permission is missing, if the checkpoint
// cannot be loaded or saved, and if ctx is done. Before the first response it also ends at other permanent failures: a status 4xx
// (except 429, and a 403 of a firewall, which has no codes), a certificate that does not verify, a proxy that refuses, and a failing
// key function.
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

// watch is one iteration over the sequence of Watch.
type watch struct {
	WatchParams
	s     *StatusChangesService
	ctx   context.Context
	close func() // unlocks the checkpoint

	// What the checkpoint stores.
	base   time.Time     // when the last finished poll began: all earlier changes were yielded
	date   time.Time     // the same by the service's clock; zero if unknown
	begun  bool          // whether there was a poll
	window time.Duration // of its last response
	known  knownRows

	ahead    []time.Duration // how far the service's clock was ahead of the local one in the last responses
	restored bool            // base is from an earlier process
	future   bool            // base was in the future by the local clock
	answered bool            // whether a poll of this process succeeded
	failed   bool            // whether the last request failed
	bad      map[string]int  // invalid rows of the last responses, and how often a response had each
	started  bool            // whether the start is saved
	unsaved  bool
	saved    time.Time // when a change was saved last
}

// run returns the error that ends the watch, or nil if the caller left the loop.
func (w *watch) run(yield func(StatusChange, error) bool) (err error) {
	defer func() { // even if the loop body panics
		if !w.unsaved {
			return
		}
		// If the caller left the loop, the error cannot be yielded.
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

// handOver yields the changes of a poll and saves that they were handled. left reports whether the caller left the loop;
// nothing may be yielded after that.
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
		return false, nil // the next poll follows soon
	}
	return false, w.save()
}

// advance updates the state after a poll whose changes were all yielded.
func (w *watch) advance(p *poll) {
	w.base, w.begun, w.restored, w.future = p.final.begun, true, false, false
	w.window = p.final.window
	w.date = w.serviceTime(p.final)
	p.done()
}

// serviceTime returns when a request was sent, by the service's clock. It is zero if the response has no Date, or if the Dates of
// the last responses are inconsistent.
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

// save stores the progress of the watch, even if the context is done.
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

// open locks and loads the checkpoint. It also saves it once before anything is yielded, so that a checkpoint that
// cannot be saved does not repeat changes.
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

// begin resumes from a saved state, or begins at Start.
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

// saveStart saves where a new watch begins, before anything is yielded. The time is by both clocks, or by the local one if the
// first poll failed.
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

// resume continues from a state.
func (w *watch) resume(state *watchState) {
	away := time.Since(time.UnixMilli(state.Local))
	if w.future = away < -clockMargin; w.future {
		w.warn("digicert: the checkpoint is in the future by the local clock", -away)
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
		return paramErrorf("Start", "%s is in the future, by %s", w.Start.Format(time.RFC3339), ahead.Round(time.Second))
	}
	setDefault(&w.Interval, defaultInterval)
	setDefault(&w.Overlap, defaultOverlap)
	return nil
}

// warn logs an implausible time since the last poll.
func (w *watch) warn(message string, by time.Duration) {
	w.s.client().log.LogAttrs(w.ctx, slog.LevelWarn, message, slog.Duration("by", by.Round(time.Second)))
}
