// RetryPolicy: what is retried, why, and after how long.

package digicert

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// RetryPolicy says how failed requests are repeated. Only what may go better the next time is: transport
// errors, time-outs, truncated bodies, and the statuses 429, 500, 502, 503 and 504. A zero field takes its default.
type RetryPolicy struct {
	// MaxAttempts is how often a request is sent at the most, the first included; 1 turns
	// retries off. Default 5.
	MaxAttempts int
	// MinDelay and MaxDelay bound the backoff, which is random between 0 and a ceiling that begins at
	// MinDelay and doubles with each attempt. Defaults 500 ms and 30 s. A 429 without Retry-After pauses the
	// whole client for ten times the ceiling, at most MaxDelay.
	MinDelay time.Duration
	MaxDelay time.Duration
	// MaxRetryAfter is the longest Retry-After that is heeded; a longer one ends the call at once. After
	// a 429 the client's other requests are held all the same, for MaxRetryAfter. Default 5 min.
	MaxRetryAfter time.Duration
	// AttemptTimeout is the time of one attempt, its body included and the waiting for its
	// start not. Default 1 min.
	AttemptTimeout time.Duration
}

func (p RetryPolicy) check() error {
	for _, d := range []struct {
		name  string
		value int64
	}{
		{"MaxAttempts", int64(p.MaxAttempts)},
		{"MinDelay", int64(p.MinDelay)},
		{"MaxDelay", int64(p.MaxDelay)},
		{"MaxRetryAfter", int64(p.MaxRetryAfter)},
		{"AttemptTimeout", int64(p.AttemptTimeout)},
	} {
		if d.value < 0 {
			return paramErrorf("WithRetry", "%s is negative", d.name)
		}
	}
	if p = p.withDefaults(); p.MinDelay > p.MaxDelay {
		return paramErrorf("WithRetry", "MinDelay %s is longer than MaxDelay %s", p.MinDelay, p.MaxDelay)
	}
	return nil
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	setDefault(&p.MaxAttempts, 5)
	setDefault(&p.MinDelay, 500*time.Millisecond)
	setDefault(&p.MaxDelay, max(30*time.Second, p.MinDelay))
	setDefault(&p.MaxRetryAfter, 5*time.Minute)
	setDefault(&p.AttemptTimeout, time.Minute)
	return p
}

// ceiling is the longest backoff after attempt n.
func (p RetryPolicy) ceiling(n int, factor time.Duration) time.Duration {
	d := p.MinDelay
	for range n - 1 {
		if d *= 2; d >= p.MaxDelay {
			break
		}
	}
	if d > p.MaxDelay/factor {
		return p.MaxDelay
	}
	return d * factor
}

// backoff is the time to wait after attempt n: all of the ceiling is left to chance, so that clients that
// failed together do not return together.
func (p RetryPolicy) backoff(n int) time.Duration {
	return rand.N(p.ceiling(n, 1) + 1)
}

// retry is the decision to send a request again.
type retry struct{ wait time.Duration }

// decide says whether attempt n is followed by another, and closes the gate where the service says that the
// limit is exceeded.
func (c *Client) decide(err error, answer *Error, n int) *retry {
	again := &retry{wait: c.retry.backoff(n)}
	askedTooMuch := false
	if answer != nil {
		limited := answer.StatusCode == http.StatusTooManyRequests
		if limited {
			again.wait = c.retry.ceiling(n, limitedFactor)
		}
		if answer.RetryAfter > 0 {
			again.wait = min(answer.RetryAfter, c.retry.MaxRetryAfter)
			askedTooMuch = answer.RetryAfter > c.retry.MaxRetryAfter
		}
		if limited {
			c.gate.pause(again.wait)
		}
	}
	if !retryable(err, answer) || n >= c.retry.MaxAttempts || askedTooMuch {
		return nil
	}
	return again
}

// retryable reports whether the same request may do better the next time.
func retryable(err error, answer *Error) bool {
	if answer != nil {
		switch answer.StatusCode {
		case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var unsent *sendError
	if errors.As(err, &unsent) {
		return unsent.transient
	}
	var undecoded *DecodeError
	return errors.As(err, &undecoded) && errors.Is(err, io.ErrUnexpectedEOF)
}

// failureReason names a failure in one of few words, which hold nothing of the request or the answer.
func failureReason(err error, status int) string {
	var answer *Error
	var undecoded *DecodeError
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrRedirect):
		return "redirect refused"
	case errors.Is(err, ErrResponseTooLarge):
		return "response too large"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &undecoded) && errors.Is(err, io.ErrUnexpectedEOF):
		return "truncated body"
	case errors.As(err, &undecoded):
		return "undecodable body"
	case status == http.StatusTooManyRequests:
		return "rate limited"
	case status >= 300:
		return "status " + strconv.Itoa(status)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "truncated body"
	case errors.As(err, &answer):
		return "errors in the body"
	}
	return "transport error"
}

// parseRetryAfter reads a Retry-After header: seconds, or a date, which is compared to the service's own clock. What is
// neither, or lies in the past or a year ahead, is 0.
func parseRetryAfter(value string, now time.Time) time.Duration {
	const longest = 365 * 24 * time.Hour
	var d time.Duration
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	if d <= 0 || d > longest {
		return 0
	}
	return d
}
