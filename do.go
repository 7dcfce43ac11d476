// The attempts of a call, and their log.

package digicert

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// do sends r until it succeeds, fails permanently, or reaches MaxAttempts. Each attempt takes the same steps:
//
//	key → pause → slot → request
//
// The attempt holds no slot while it gets the key and while it waits for a pause to end. The limiter checks the pause again
// when a slot is free. A redirect is a request of its own: it releases the slot and waits for another one.
func (c *Client) do(ctx context.Context, r *request) (Response, error) {
	var last error // the failure of the previous attempt
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

// afterFailure returns err, together with the failure of the previous attempt if err prevented this one from being sent.
func afterFailure(r *request, last, err error) error {
	var f *failure
	if last != nil && errors.As(err, &f) && f.stage < stageRequest {
		return newEndError(r, last, err, nil)
	}
	return err
}

// outcome returns err, the error of a call whose last attempt failed with last. If the service may have processed the
// request and it must not be repeated, outcome returns an OutcomeUnknownError instead.
func (r *request) outcome(last, err error) error {
	if r.repeatable() || notTaken(last) {
		return err
	}
	return &OutcomeUnknownError{Method: r.method, Path: r.redactor.redactKeys(r.path), Err: err}
}

// try makes the attempt, and pauses the limiter after a 429. It releases everything that the attempt holds, even if code of
// the caller panics. After a 429 the slot is released once the pause has begun.
func (a *attempt) try() (d decision, err error) {
	defer a.end()
	if err = a.run(); err == nil {
		return decision{}, nil
	}
	d = a.c.retry.decide(a.request, err, a.number)
	if d.pause > 0 && a.c.pacer.Pause(context.WithoutCancel(a.ctx), d.pause) != nil {
		d.wait = d.pause // the limiter cannot pause: this call waits
	}
	return d, err
}

// run gets the key and a slot, sends the request and logs the attempt.
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

// logDropped logs the JSON pointers of the values of a response that were dropped.
func (a *attempt) logDropped(pointers []string) {
	if len(pointers) == 0 || !a.c.log.Enabled(a.ctx, slog.LevelDebug) {
		return
	}
	a.c.log.LogAttrs(a.ctx, slog.LevelDebug, "digicert: values dropped", append(a.logCall(),
		slog.String("pointers", oneLine(a.request.redactor.redactKeys(strings.Join(pointers, " ")), 1000)))...)
}

// logCall returns the attributes of every log line about the call.
func (a *attempt) logCall() []slog.Attr {
	return []slog.Attr{
		slog.String("method", a.request.method),
		slog.String("path", a.request.redactor.redactKeys(a.request.path)),
		slog.Int("status", a.response.StatusCode),
	}
}
