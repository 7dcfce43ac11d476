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

// limitedFactor is how many times longer than another backoff the pause for a 429 without Retry-After is: by
// default it begins at 5 s, the shorter of the documented windows.
const limitedFactor = 10

// RetryPolicy says how failed requests are retried: those that failed with a transport error, a time-out, a truncated
// body, or status 429, 500, 502, 503 or 504. A zero field takes its default.
type RetryPolicy struct {
	// MaxAttempts is the maximum number of times a request is sent, the first included; 1 turns
	// retries off. Default 5.
	MaxAttempts int
	// MinDelay and MaxDelay bound the backoff, which is random between 0 and a ceiling that begins at
	// MinDelay and doubles with each attempt. Defaults 500 ms and 30 s. A 429 without Retry-After pauses all
	// who share the limiter for ten times the ceiling, at most MaxDelay.
	MinDelay time.Duration
	MaxDelay time.Duration
	// MaxRetryAfter is the longest Retry-After that is waited for; a longer one ends the call at once. A 429 still
	// pauses the other requests, for MaxRetryAfter. Default 5 min.
	MaxRetryAfter time.Duration
	// AttemptTimeout bounds one request and its response, body included. Waiting for a slot is not part of it.
	// Default 1 min.
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

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
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

// decision is what follows a failed attempt.
type decision struct {
	again  bool          // whether the request is sent again
	wait   time.Duration // before that
	pause  time.Duration // of all who share the limiter; 0 is none
	reason string        // why the attempt failed, in one of few fixed phrases
}

// decide returns what follows attempt n of r, which failed with err.
func (p RetryPolicy) decide(r *request, err error, n int) decision {
	c := conditionOf(err)
	d := decision{
		again:  c.transient && (r.repeatable() || notTaken(err)) && n < p.MaxAttempts,
		wait:   p.backoff(n),
		reason: reasonOf(err),
	}
	limited := isRateLimited(err)
	if limited {
		d.wait = p.ceiling(n, limitedFactor)
	}
	var answer *Error
	if errors.As(err, &answer) && answer.RetryAfter > 0 {
		d.again = d.again && answer.RetryAfter <= p.MaxRetryAfter
		d.wait = min(answer.RetryAfter, p.MaxRetryAfter)
	}
	if limited {
		d.pause, d.wait = d.wait, 0 // the call waits with all others, for its turn
	}
	return d
}

// condition is a kind of failure.
type condition struct {
	holds     func(error) bool
	reason    string
	transient bool // whether the same request may succeed later
}

// conditions are the kinds of failure. The first that holds decides.
var conditions = []condition{
	{isKeyFailure, "no API key", false},
	{isPaceFailure, "no slot", false},
	{isRedirectRefused, "redirect refused", false},
	{isTooLarge, "response too large", false},
	{isUndecodable, "undecodable body", false},
	{isTruncated, "truncated body", true},
	{isRateLimited, "rate limited", true},
	{isServerError, "status", true},
	{isOtherStatus, "status", false},
	{isErrorsInBody, "errors in the body", false},
	{isBadCertificate, "certificate not verified", false},
	{isProxyAuth, "proxy authentication required", false},
	{isCanceled, "canceled", true},
	{isTimeout, "timeout", true},
	{isAnything, "transport error", true},
}

func conditionOf(err error) condition {
	for _, c := range conditions {
		if c.holds(err) {
			return c
		}
	}
	return condition{}
}

// reasonOf names a failure in one of few phrases, which hold nothing of the request or the response.
func reasonOf(err error) string {
	reason := conditionOf(err).reason
	if reason == "status" {
		reason += " " + strconv.Itoa(statusOf(err))
	}
	return reason
}

func isPaceFailure(err error) bool     { return isFailureAt(err, stagePace) }
func isRedirectRefused(err error) bool { return errors.Is(err, ErrRedirect) }
func isTooLarge(err error) bool        { return errors.Is(err, ErrResponseTooLarge) }
func isCanceled(err error) bool        { return errors.Is(err, context.Canceled) }
func isTruncated(err error) bool       { return errors.Is(err, io.ErrUnexpectedEOF) && statusOf(err) == 0 }
func isRateLimited(err error) bool     { return statusOf(err) == http.StatusTooManyRequests }
func isOtherStatus(err error) bool     { return statusOf(err) >= 300 || statusOf(err) == 101 }
func isErrorsInBody(err error) bool    { return statusOf(err) != 0 }
func isAnything(error) bool            { return true }

func isUndecodable(err error) bool {
	var undecoded *DecodeError
	return errors.As(err, &undecoded) && !isTruncated(err)
}

func isServerError(err error) bool {
	switch statusOf(err) {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// statusOf returns the status of a response that was not a success, or 0 if err is none.
func statusOf(err error) int {
	var answer *Error
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// parseRetryAfter reads a Retry-After header: seconds, or a date, which is compared to the Date of the same response, or the
// local clock without one. Anything else, a moment in the past, and one more than a year ahead are 0.
func parseRetryAfter(value string, now time.Time) time.Duration {
	const longest = 365 * 24 * time.Hour
	var d time.Duration
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		if now.IsZero() {
			now = time.Now()
		}
		d = at.Sub(now)
	}
	if d <= 0 || d > longest {
		return 0
	}
	return d
}
