// One attempt: a single http.Do, bounded in time and size, and its response read.

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
