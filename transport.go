package digicert

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
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

// call is one request of a caller, however often it is sent.
type call struct {
	path   string // as errors and logs show it: without host and query
	url    *url.URL
	result any // what the answer is decoded into; a *Download takes it as it is
}

// accept is what the call asks for.
func (k *call) accept() string {
	if _, raw := k.result.(*Download); raw {
		return "*/*"
	}
	return "application/json"
}

// take gives the body of a success to the call's result, which keeps nothing of it but copies.
func (k *call) take(body []byte, mediaType string) *DecodeError {
	switch result := k.result.(type) {
	case nil:
		return nil
	case *Download:
		if len(bytes.TrimSpace(body)) == 0 {
			return newDecodeError(k.path, body, nil)
		}
		if strings.HasPrefix(strings.ToLower(mediaType), "text/html") { // of a proxy or firewall: no file that is asked for is one
			return &DecodeError{Path: k.path, Err: errors.New("the body is HTML, not a file")}
		}
		result.MediaType, result.Body = mediaType, bytes.Clone(body)
		return nil
	}
	return decode(k.path, body, k.result)
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

// retry is the decision to send a request again.
type retry struct{ wait time.Duration }

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

// attempt sends the request once and decodes the answer. status is 0 where there was none.
func (c *Client) attempt(sent *sending) (date time.Time, status int, err error) {
	k := sent.call
	resp, err := c.send(sent)
	if err != nil {
		return time.Time{}, 0, err
	}
	defer sent.drain(resp.Body)
	if date, err = http.ParseTime(resp.Header.Get("Date")); err != nil {
		date = time.Now()
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // the status says enough
		return time.Time{}, resp.StatusCode, sent.newError(resp, date, body)
	}

	buf := bodies.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxPooledBody {
			buf.Reset()
			bodies.Put(buf)
		}
	}()
	if err := c.read(buf, resp); err != nil {
		return time.Time{}, resp.StatusCode, sent.broken(err)
	}
	// A search for the name is much cheaper than to parse every body twice.
	if bytes.Contains(buf.Bytes(), []byte(`"errors"`)) {
		if _, carried := errorDetails(buf.Bytes()); carried {
			return time.Time{}, resp.StatusCode, sent.newError(resp, date, buf.Bytes())
		}
	}
	if err := k.take(buf.Bytes(), resp.Header.Get("Content-Type")); err != nil {
		sent.redact(err)
		return time.Time{}, resp.StatusCode, err
	}
	return date, resp.StatusCode, nil
}

// bodies holds the buffers that answers are read into; no result keeps anything of them.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBody is the largest buffer that is kept, in bytes: a page of 1000 orders has about 1 MiB.
const maxPooledBody = 4 << 20

// read reads a body within the client's bound.
func (c *Client) read(buf *bytes.Buffer, resp *http.Response) error {
	if resp.ContentLength > c.maxResponse {
		return fmt.Errorf("%w: %d bytes are announced, at most %d are read", ErrResponseTooLarge, resp.ContentLength, c.maxResponse)
	}
	n, err := buf.ReadFrom(&io.LimitedReader{R: resp.Body, N: c.maxResponse})
	if err != nil || n < c.maxResponse {
		return err
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err == nil {
		return fmt.Errorf("%w: more than %d bytes", ErrResponseTooLarge, c.maxResponse)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// sending is one attempt: its time limit, and what its errors need to know.
type sending struct {
	ctx    context.Context // the caller's
	call   *call
	key    string
	slot   func()          // gives the limiter's slot back; nil where none is held
	timed  context.Context // ends with the caller's and with the attempt's time; nil until the time begins
	cancel context.CancelFunc
}

func (s *sending) end() {
	if s.cancel != nil {
		s.cancel()
	}
	s.freeSlot()
}

func (s *sending) freeSlot() {
	if s.slot != nil {
		s.slot()
		s.slot = nil
	}
}

// takeSlot waits for a slot of the limiter.
func (c *Client) takeSlot(s *sending) error {
	slot, err := c.limiter.Acquire(s.ctx)
	if err != nil {
		return s.failed(err)
	}
	s.slot = slot
	return nil
}

// drain lets go of a body. Where little is left of it, and comes soon, its connection can be used again.
func (s *sending) drain(body io.ReadCloser) {
	defer time.AfterFunc(maxDrainTime, s.cancel).Stop()
	_, _ = io.CopyN(io.Discard, body, maxDrain)
	_ = body.Close()
}

// timeoutError is the end of an attempt whose caller would have waited longer.
type timeoutError struct{ after time.Duration }

func (e timeoutError) Error() string { return fmt.Sprintf("no complete answer within %s", e.after) }
func (e timeoutError) Timeout() bool { return true }

// begin asks for the key and starts the time of the attempt.
func (c *Client) begin(s *sending) error {
	key, err := c.key(s.ctx)
	if err == nil {
		err = checkKey(key)
	}
	if err != nil {
		return fmt.Errorf("no API key: %w", err)
	}
	s.key = key
	s.timed, s.cancel = context.WithTimeoutCause(s.ctx, c.retry.AttemptTimeout, timeoutError{c.retry.AttemptTimeout})
	return nil
}

// send sends the request and follows the redirects that may be followed: to the same scheme, host
// and port, at most five. net/http would pass the key on to any other place, so it is never
// asked to follow one.
func (c *Client) send(s *sending) (*http.Response, error) {
	target := s.call.url
	var via []*http.Request
	for {
		req, resp, err := c.roundTrip(s, target)
		if err != nil {
			return nil, err
		}
		via = append(via, req)
		next, err := c.redirect(resp, via)
		if err == nil && next == nil {
			return resp, nil
		}
		s.drain(resp.Body)
		if err != nil {
			return nil, s.failed(err)
		}
		target = next
	}
}

// roundTrip puts a request on the wire in a slot of the limiter, which is held until the answer arrives.
func (c *Client) roundTrip(s *sending, target *url.URL) (*http.Request, *http.Response, error) {
	if s.slot == nil { // a redirect is one more request
		if err := c.takeSlot(s); err != nil {
			return nil, nil, err
		}
	}
	defer s.freeSlot()
	if s.timed == nil {
		if err := c.begin(s); err != nil {
			return nil, nil, s.failed(err)
		}
	}
	req := c.newRequest(s.timed, target, s.call.accept())
	// On the request and never in a transport, which would add it to the requests of others.
	req.Header.Set(keyHeader, s.key)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, s.broken(err)
	}
	return req, resp, nil
}

func (c *Client) newRequest(ctx context.Context, target *url.URL, accept string) *http.Request {
	req := &http.Request{
		Method: http.MethodGet,
		URL:    target,
		Host:   target.Host,
		Header: http.Header{"Accept": {accept}, "User-Agent": {c.agent}},
	}
	return req.WithContext(ctx)
}

// redirect returns where an answer leads to, or nil where it is no redirect.
func (c *Client) redirect(resp *http.Response, via []*http.Request) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	from := via[len(via)-1].URL
	to, err := from.Parse(location)
	switch {
	case err != nil: // err repeats what the service sent
		return nil, fmt.Errorf("%w: its location cannot be read", ErrRedirect)
	case to.Scheme != from.Scheme || !strings.EqualFold(to.Hostname(), from.Hostname()) || port(to) != port(from) || to.User != nil:
		return nil, fmt.Errorf("%w: it leads to another place", ErrRedirect)
	case len(via) > maxRedirects:
		return nil, fmt.Errorf("%w: more than %d in a row", ErrRedirect, maxRedirects)
	}
	to.Fragment = ""
	if c.checkRedirect != nil {
		next := c.newRequest(via[0].Context(), to, via[0].Header.Get("Accept"))
		next.Response = resp
		if err := c.checkRedirect(next, via); errors.Is(err, http.ErrUseLastResponse) {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("%w by CheckRedirect: %w", ErrRedirect, err)
		}
	}
	return to, nil
}

// readableLocation refuses what [Client.redirect] would refuse too, but would not be given: net/http reads
// a Location even where it is not to follow it, and its error repeats what the service sent.
type readableLocation struct{ next http.RoundTripper }

func (t readableLocation) RoundTrip(req *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(req)
	if err != nil || resp.StatusCode < 300 || resp.StatusCode > 399 {
		return resp, err
	}
	if _, err := req.URL.Parse(resp.Header.Get("Location")); err != nil {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: its location cannot be read", ErrRedirect)
	}
	return resp, nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// newError makes of an answer what can be made of it.
func (s *sending) newError(resp *http.Response, date time.Time, body []byte) *Error {
	details, _ := errorDetails(body)
	e := &Error{
		StatusCode: resp.StatusCode,
		Details:    details,
		Method:     http.MethodGet,
		Path:       s.call.path,
		RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), date),
		Attempts:   1,
		Body:       []byte(s.redactCut(string(body[:min(len(body), maxErrorBody)]))),
	}
	for i, d := range e.Details {
		e.Details[i] = ErrorDetail{Code: ErrorCode(s.redactKey(string(d.Code))), Message: s.redactKey(d.Message)}
	}
	return e
}

// failed makes of a failure without a usable answer an error that shows neither key nor query.
func (s *sending) failed(err error) *sendError {
	var inURL *url.Error // prints the URL
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	text := s.redactKey(err.Error())
	if q := s.call.url.RawQuery; q != "" {
		text = strings.ReplaceAll(text, q, "…")
	}
	return &sendError{path: s.call.path, text: oneLine(text, 300), err: err, attempts: 1}
}

// broken is failed for what went wrong on the wire, most of which may go better the next time.
func (s *sending) broken(err error) *sendError {
	if s.ctx.Err() == nil && s.timed.Err() != nil {
		err = context.Cause(s.timed)
	}
	e := s.failed(err)
	var badCertificate *tls.CertificateVerificationError
	e.transient = !errors.Is(err, ErrResponseTooLarge) && !errors.Is(err, ErrRedirect) && !errors.As(err, &badCertificate)
	return e
}

// minSecret is the length below which a key is not looked for in texts: it would be found in words
// that have nothing to do with it. The service's own keys are much longer.
const minSecret = 8

func (s *sending) redactKey(text string) string {
	if len(s.key) < minSecret {
		return text
	}
	return strings.ReplaceAll(text, s.key, "[key]")
}

// redactCut is redactKey for a text that may end in the middle of the key.
func (s *sending) redactCut(text string) string {
	end := len(text)
	for n := len(s.key) - 1; n >= minSecret && end == maxErrorBody; n-- {
		if strings.HasSuffix(text, s.key[:n]) {
			end -= n
		}
	}
	return s.redactKey(text[:end])
}

// redact blots the key out of a decoding error, where the service sent it back.
func (s *sending) redact(err *DecodeError) {
	err.Pointer = s.redactKey(err.Pointer)
	if text := err.Err.Error(); s.redactKey(text) != text {
		err.Err = errors.New(s.redactKey(text))
	}
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
