// RetryPolicy: which failures are retried, and after which delay.

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

// limitedFactor is the ratio of the pause after a 429 without Retry-After to the ceiling of other backoffs. By
// default the pause begins at 5 s, the shorter of the documented windows.
const limitedFactor = 10

// RetryPolicy configures the retries of requests that fail with a transport error, a time-out, a truncated
// body, or status 429, 500, 502, 503 or 504. A zero field has its default.
type RetryPolicy struct {
	// MaxAttempts is the maximum number of times a request is sent, including the first; 1 disables
	// retries. The default is 5.
	MaxAttempts int
	// MinDelay and MaxDelay bound the backoff, which is random between 0 and a ceiling that begins at
	// MinDelay and doubles with each attempt. The defaults are 500 ms and 30 s. A 429 without Retry-After pauses
	// all requests that share the limiter for ten times the ceiling, at most MaxDelay.
	MinDelay time.Duration
	MaxDelay time.Duration
	// MaxRetryAfter is the longest Retry-After that a call waits for; a longer one fails the call at once. A 429 still
	// pauses the other requests, for MaxRetryAfter. The default is 5 min.
	MaxRetryAfter time.Duration
	// AttemptTimeout limits one request including its response body, but not the wait for a slot. The default is
	// 1 min.
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

// backoff returns the time to wait after attempt n. It has full jitter, so that clients that failed at the same
// time do not retry at the same time.
func (p RetryPolicy) backoff(n int) time.Duration {
	return rand.N(p.ceiling(n, 1) + 1)
}

// decision is what to do after a failed attempt.
type decision struct {
	again  bool          // whether to send the request again
	wait   time.Duration // before that
	pause  time.Duration // for all requests that share the limiter; 0 is none
	reason string        // why the attempt failed, a fixed phrase
}

// decide returns what to do after attempt n of r, which failed with err.
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
		d.pause, d.wait = d.wait, 0 // the limiter makes the call wait
	}
	return d
}

// condition is a kind of failure.
type condition struct {
	holds     func(error) bool
	reason    string
	transient bool // whether the same request may succeed later
}

// conditions are the kinds of failure. The first that holds applies.
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

// reasonOf returns a fixed phrase for a failure. It contains nothing of the request or the response except the status.
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

// statusOf returns the status of an *Error, or 0 for any other error.
func statusOf(err error) int {
	var answer *Error
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// parseRetryAfter parses a Retry-After header: seconds, or a date relative to now, the Date of the same response, or relative to
// the local clock if now is zero. It returns 0 for an invalid value, a time in the past, and one more than a year ahead.
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
