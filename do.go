// The life of a request, from a call to its response.

package digicert

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// do sends r until it succeeds, cannot succeed, or was sent often enough. Each attempt goes the same way:
//
//	key → pause → slot → request
//
// Asking for the key and waiting for the end of a pause hold no slot. The limiter looks at the pause again when the slot
// is there. A redirect that is followed is one more request: it gives the slot back, and waits for another one.
func (c *Client) do(ctx context.Context, r *request) (Response, error) {
	var last error // the failure of the attempt before
	capture := captureFrom(ctx)
	for n := 1; ; n++ {
		a := &attempt{c: c, ctx: ctx, request: r, number: n}
		d, err := a.try()
		capture.store(a.response)
		if err == nil {
			return a.response, nil
		}
		if cause := ended(ctx); cause != nil {
			if !errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
				last = err
			}
			return a.response, r.outcome(err, newEndError(r, last, cause, ctx.Err()))
		}
		if !d.again {
			return a.response, r.outcome(err, afterFailure(r, last, err))
		}
		a.logRetry(d)
		last = err
		if err := sleep(ctx, d.wait); err != nil {
			return a.response, newEndError(r, last, err, ctx.Err())
		}
	}
}

// afterFailure returns err, together with the failure of the attempt before where err kept this one from starting.
func afterFailure(r *request, last, err error) error {
	var f *failure
	if last != nil && errors.As(err, &f) && f.stage < stageRequest {
		return newEndError(r, last, err, nil)
	}
	return err
}

// outcome returns the error of a call whose last attempt failed with last. If that was a write which the service may have
// taken, the error says so.
func (r *request) outcome(last, err error) error {
	if r.repeatable() || notTaken(last) {
		return err
	}
	return &OutcomeUnknownError{Method: r.method, Path: r.redactor.redactKeys(r.path), Err: err}
}

// try makes the attempt, and pauses the limiter if the service asks for that. It gives back what the attempt holds, also
// after a panic in code of the caller; a slot that was refused only once the pause has begun.
func (a *attempt) try() (d decision, err error) {
	defer a.end()
	if err = a.run(); err == nil {
		return decision{}, nil
	}
	d = a.c.retry.decide(a.request, err, a.number)
	if d.pause > 0 && a.c.pacer.Pause(context.WithoutCancel(a.ctx), d.pause) != nil {
		d.wait = d.pause // the limiter does not pause: this call does
	}
	return d, err
}

// run makes the attempt.
func (a *attempt) run() error {
	a.response.Attempts = a.number
	var err error
	if a.key, err = a.c.key(a.ctx); err != nil {
		return a.failure(stageKey, err)
	}
	if err = a.takeSlot(); err != nil {
		return a.failure(stagePace, err)
	}
	started := time.Now()
	err = a.exchange()
	a.logAttempt(time.Since(started), err)
	return err
}

func (a *attempt) logAttempt(took time.Duration, err error) {
	if !a.c.log.Enabled(a.ctx, slog.LevelDebug) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 6), a.logCall()...)
	attrs = append(attrs, slog.Duration("duration", took), slog.Int("attempt", a.number))
	if err != nil {
		attrs = append(attrs, slog.String("reason", reasonOf(err)))
	}
	a.c.log.LogAttrs(a.ctx, slog.LevelDebug, "digicert: attempt", attrs...)
}

func (a *attempt) logRetry(d decision) {
	a.c.log.LogAttrs(a.ctx, slog.LevelWarn, "digicert: retry", append(a.logCall(),
		slog.Int("attempt", a.number),
		slog.Duration("wait", max(d.wait, d.pause)),
		slog.String("reason", d.reason))...)
}

// logDropped logs the values of a response that were not what their fields hold, and were dropped.
func (a *attempt) logDropped(pointers []string) {
	if len(pointers) == 0 || !a.c.log.Enabled(a.ctx, slog.LevelDebug) {
		return
	}
	a.c.log.LogAttrs(a.ctx, slog.LevelDebug, "digicert: values dropped", append(a.logCall(),
		slog.String("pointers", oneLine(a.request.redactor.redactKeys(strings.Join(pointers, " ")), 1000)))...)
}

// logCall returns what every log line says of the call.
func (a *attempt) logCall() []slog.Attr {
	return []slog.Attr{
		slog.String("method", a.request.method),
		slog.String("path", a.request.redactor.redactKeys(a.request.path)),
		slog.Int("status", a.response.StatusCode),
	}
}
