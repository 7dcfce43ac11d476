// One attempt: a request, the redirects it follows, and the response, with limits of time and size.

package digicert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	keyHeader    = "X-DC-DEVKEY"
	maxRedirects = 5
	// maxErrorRead is how much of an error body is read for its codes, and maxErrorBody how much of it is kept, in bytes.
	maxErrorBody = 64 << 10
	maxErrorRead = 1 << 20
	// maxDrain is how much of an unused body is read, in bytes, so that its connection can be reused, and maxDrainTime how
	// long that may take.
	maxDrain     = 256 << 10
	maxDrainTime = 2 * time.Second
	// maxPooledBody is the largest buffer that is kept for reuse, in bytes. A page of 1000 orders has about 1 MiB.
	maxPooledBody = 4 << 20
)

// attempt is one attempt to send a request, including its redirects.
type attempt struct {
	c       *Client
	ctx     context.Context // the caller's, without AttemptTimeout
	request *request
	number  int // from 1
	key     string

	slotAt   time.Time       // when it got its slot
	release  func(sent bool) // releases the slot; nil if it has none
	timer    *time.Timer     // ends the attempt; stopped while a redirect waits for a slot
	cancel   context.CancelCauseFunc
	paceErr  error // why a redirect got no slot
	response Response
}

// end releases everything that the attempt still holds.
func (a *attempt) end() {
	a.freeSlot(true)
	if a.timer != nil {
		a.timer.Stop()
		a.cancel(nil)
	}
}

func (a *attempt) takeSlot() (err error) {
	a.release, err = a.c.pacer.acquire(a.ctx)
	a.slotAt = time.Now()
	return err
}

// checkSlot returns an error if the slot may have expired, because the process was suspended before it sent the request.
func (a *attempt) checkSlot() error {
	if a.c.expiring == nil || longestBetween(a.slotAt, time.Now()) < a.c.retry.AttemptTimeout {
		return nil
	}
	return errSlotExpired
}

func (a *attempt) freeSlot(sent bool) {
	if a.release != nil {
		a.release(sent)
		a.release = nil
	}
}

// failure returns err as the failure of the attempt at a stage.
func (a *attempt) failure(at stage, err error) *failure {
	f := newFailure(a.request, at, err)
	f.attempts = a.number
	return f
}

// attemptKey is the context key under which checkRedirect finds the attempt.
type attemptKey struct{}

// exchange sends the request and decodes the response.
func (a *attempt) exchange() error {
	limit := a.c.retry.AttemptTimeout
	timed, cancel := context.WithCancelCause(context.WithValue(a.ctx, attemptKey{}, a))
	a.cancel = cancel
	a.timer = time.AfterFunc(limit-time.Since(a.slotAt), func() { // from slotAt, because the slot may expire
		cancel(timeoutError{fmt.Sprintf("no complete response within %s", limit)})
	})
	resp, err := a.c.http.Do(a.request.build(timed, a.c.agent, a.key))
	switch {
	case a.paceErr != nil:
		return a.failure(stagePace, a.paceErr)
	case err != nil:
		f := a.failure(stageRequest, a.causeOf(timed, err))
		a.freeSlot(f.sent)
		return f
	}
	a.response.StatusCode, a.response.Header = resp.StatusCode, resp.Header
	a.response.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	if resp.StatusCode != http.StatusTooManyRequests {
		a.freeSlot(true)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, min(maxErrorRead, a.c.maxResponse))) // the status is enough
		drain(resp.Body)
		return a.newError(body)
	}
	return a.readSuccess(timed, resp)
}

// causeOf returns the reason that err stands for: the time-out of the attempt if that canceled it, else err.
func (a *attempt) causeOf(timed context.Context, err error) error {
	if a.ctx.Err() == nil && timed.Err() != nil && !errors.Is(err, errSlotExpired) {
		return context.Cause(timed)
	}
	return err
}

// bodies holds the buffers that responses are read into. Results hold copies only.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readSuccess reads and decodes the body of a response with status 2xx.
func (a *attempt) readSuccess(timed context.Context, resp *http.Response) error {
	buf := bodies.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxPooledBody {
			buf.Reset()
			bodies.Put(buf)
		}
	}()
	if err := readBounded(buf, resp, a.c.maxResponse); err != nil {
		err = a.causeOf(timed, err)
		drain(resp.Body)
		return a.failure(stageBody, err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusResetContent {
		return a.request.takeNoContent()
	}
	body := buf.Bytes()
	if carriesErrors(body, a.request.result) {
		return a.newError(body)
	}
	dropped, err := a.request.take(body, resp.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	a.logDropped(dropped)
	return nil
}

// readBounded reads a body of at most limit bytes into buf.
func readBounded(buf *bytes.Buffer, resp *http.Response, limit int64) error {
	if resp.ContentLength > limit {
		return fmt.Errorf("%w: %d bytes, maximum %d", ErrResponseTooLarge, resp.ContentLength, limit)
	}
	if announced := min(resp.ContentLength, maxPooledBody); announced > 0 {
		buf.Grow(int(announced) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(&io.LimitedReader{R: resp.Body, N: limit})
	if err != nil || n < limit {
		return err
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err == nil {
		return fmt.Errorf("%w: more than %d bytes", ErrResponseTooLarge, limit)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// drain reads the rest of a body, if it is short and arrives soon, so that the connection can be reused, and closes it.
func drain(body io.ReadCloser) {
	done := make(chan struct{})
	go func() {
		_, _ = io.CopyN(io.Discard, body, maxDrain)
		close(done)
	}()
	timer := time.NewTimer(maxDrainTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	_ = body.Close()
}

// newError builds an Error from a response that is not a success.
func (a *attempt) newError(body []byte) *Error {
	redact := a.request.redactor.redactKeys
	details := errorDetails(body)
	for i, d := range details {
		details[i] = ErrorDetail{Code: ErrorCode(redact(string(d.Code))), Message: redact(d.Message)}
	}
	kept := redact(string(body[:min(len(body), maxErrorBody+len(a.key))]))
	return &Error{
		StatusCode: a.response.StatusCode,
		Details:    details,
		Method:     a.request.method,
		Path:       redact(a.request.path),
		RetryAfter: parseRetryAfter(a.response.Header.Get("Retry-After"), a.response.Date),
		Attempts:   a.number,
		Body:       []byte(kept[:min(len(kept), maxErrorBody)]),
	}
}

// checkRedirect is the [http.Client].CheckRedirect of the client. It applies the redirect rule, releases the slot of the
// request that was redirected and acquires one for the next. It closes the response first, so that no connection is held
// while it waits for a slot, and because net/http would wait for a body that hangs.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	err := c.allowRedirect(req, via)
	if errors.Is(err, http.ErrUseLastResponse) {
		return http.ErrUseLastResponse
	}
	a := req.Context().Value(attemptKey{}).(*attempt)
	body := req.Response.Body
	req.Response.Body = http.NoBody
	a.timer.Stop()
	a.freeSlot(true)
	drain(body)
	if err == nil {
		a.request.redactor.addQuery(req.URL.RawQuery)
		err = a.takeSlot()
		a.paceErr = err
	}
	a.timer.Reset(c.retry.AttemptTimeout)
	return err
}

// allowRedirect is the redirect rule: a GET may be redirected to the same scheme, host and port, at most five times in a
// row. net/http would send the key to any other target too.
func (c *Client) allowRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case via[0].Method != http.MethodGet:
		return fmt.Errorf("%w: only a GET may be redirected", ErrRedirect)
	case !sameOrigin(via[0].URL, req.URL) || req.URL.User != nil:
		return fmt.Errorf("%w: the target has another scheme, host or port", ErrRedirect)
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: more than %d in a row", ErrRedirect, maxRedirects)
	}
	req.Header.Del("Referer") // it would contain the query
	check := c.callersCheckRedirect
	if check == nil {
		return nil
	}
	err := check(req, via)
	if err != nil && !errors.Is(err, http.ErrUseLastResponse) {
		return fmt.Errorf("%w by CheckRedirect: %w", ErrRedirect, err)
	}
	return err
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// locationChecker refuses a redirect whose Location cannot be parsed, because the error of net/http would contain the
// Location. It also checks the slot just before the request is sent.
type locationChecker struct{ next http.RoundTripper }

func (t locationChecker) RoundTrip(req *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	if a, ok := req.Context().Value(attemptKey{}).(*attempt); ok {
		if err := a.checkSlot(); err != nil {
			if req.Body != nil {
				_ = req.Body.Close()
			}
			return nil, err
		}
	}
	resp, err := next.RoundTrip(req)
	if err != nil || resp.StatusCode < 300 || resp.StatusCode > 399 {
		return resp, err
	}
	if _, err := req.URL.Parse(resp.Header.Get("Location")); err != nil {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: invalid Location", ErrRedirect)
	}
	return resp, nil
}
