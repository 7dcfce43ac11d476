// The retry loop.

package digicert

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// The life of a request, from the outside in: attempts repeats what can be repeated; attempt is one
// sending, its answer read and decoded, or taken as it is; send follows redirects; roundTrip takes a slot of
// the limiter and puts the request on the wire.

const (
	keyHeader    = "X-DC-DEVKEY"
	maxRedirects = 5
	// maxDrain is how much of an unwanted body is read, in bytes, to keep its connection.
	maxDrain = 256 << 10
	// maxDrainTime is how long that may take, which is much for what is on its way.
	maxDrainTime = 2 * time.Second
	// limitedFactor is how many times longer than another backoff the one for a 429 without Retry-After is: by
	// default it begins at 5 s, the shortest of the service's windows.
	limitedFactor = 10
)

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// call is one request of a caller, however often it is sent.
type call struct {
	path   string // as errors and logs show it: without host and query
	url    *url.URL
	result any // what the answer is decoded into; a *Download takes it as it is
}

// attempts sends the request until it succeeds, cannot succeed, or has been sent often enough.
func (c *Client) attempts(ctx context.Context, k *call) (time.Time, error) {
	var failure error
	for n := 1; ; n++ {
		date, retry, err := c.attemptAtGate(ctx, k, n)
		if err == nil {
			return date, nil
		}
		if cause := ended(ctx); cause != nil {
			if !errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
				failure = err
			}
			return time.Time{}, &endError{path: k.path, failure: failure, cause: cause, err: ctx.Err()}
		}
		var late *deadlineError
		if errors.As(err, &late) {
			return time.Time{}, &endError{path: k.path, failure: failure, cause: late}
		}
		if retry == nil {
			return time.Time{}, err
		}
		failure = err
		if err := sleep(ctx, retry.wait); err != nil {
			return time.Time{}, &endError{path: k.path, failure: failure, cause: err, err: ctx.Err()}
		}
	}
}

// attemptAtGate makes attempt n when the limiter has a slot for it and the gate lets it pass. The gate comes last: it
// may be closed while requests wait for a slot. A failure that may be repeated comes with how to.
func (c *Client) attemptAtGate(ctx context.Context, k *call, n int) (time.Time, *retry, error) {
	if err := c.gate.late(ctx); err != nil {
		return time.Time{}, nil, err
	}
	sent := &sending{ctx: ctx, call: k}
	defer sent.end()
	if err := c.takeSlot(sent); err != nil {
		return time.Time{}, nil, err
	}
	leave, err := c.gate.enter(ctx)
	if err != nil {
		return time.Time{}, nil, err
	}
	answered := false
	defer func() { leave(answered) }()

	started := time.Now()
	date, status, err := c.attempt(sent)
	reason := failureReason(err, status)
	attrs := []slog.Attr{
		slog.String("method", http.MethodGet),
		slog.String("path", k.path),
		slog.Int("status", status),
		slog.Duration("duration", time.Since(started)),
		slog.Int("attempt", n),
	}
	if reason != "" {
		attrs = append(attrs, slog.String("reason", reason))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "digicert: attempt", attrs...)
	answered = status != 0 && status != http.StatusTooManyRequests
	if err == nil {
		return date, nil, nil
	}

	var answer *Error
	if errors.As(err, &answer) {
		answer.Attempts = n
	}
	var unsent *sendError
	if errors.As(err, &unsent) {
		unsent.attempts = n
	}
	again := c.decide(err, answer, n)
	if again == nil || ctx.Err() != nil {
		return time.Time{}, nil, err
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "digicert: retry",
		slog.String("method", http.MethodGet),
		slog.String("path", k.path),
		slog.Int("status", status),
		slog.Int("attempt", n),
		slog.Duration("wait", again.wait),
		slog.String("reason", reason))
	if status == http.StatusTooManyRequests {
		again.wait = 0 // it waits at the gate, in the queue with all others
	}
	return time.Time{}, again, err
}
