// Client.Do, and the rule of every write: one intent, one effect.

package digicert

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Do calls any endpoint, with the same authentication, pacing, decoding and errors as [Client.Get]. body is encoded as JSON;
// nil sends none. params, path and result are those of Get. result is nil if the response is of no interest.
//
// A GET is retried as Get is; body must be nil. POST, PUT, PATCH and DELETE are writes. The service has no idempotency
// key and bills what it is sent, so a write is sent again only if it is certain that the service did not take it: no connection was
// made, HTTP/2 said that the request was not processed, or the status was 429. After any other failure (a reset, a time-out, a 5xx, a
// redirect, a success that cannot be read, the end of ctx while it was sent) the error is an *[OutcomeUnknownError], and
// nothing is sent again. PUT …/dcv-random-value is the exception: the service returns an existing value again, so it is retried as a
// GET is. Writes of one client to one order or certificate are sent one after another; with [WithLocker], those of all who share it.
//
// An invalid method, path, params, body or result is a *[ParamError]; so is a body that contains a private key.
func (c *Client) Do(ctx context.Context, method, path string, params, body, result any) error {
	if method == http.MethodGet {
		if body != nil {
			return paramErrorf("body", "must be nil for a GET")
		}
		return c.Get(ctx, path, params, result)
	}
	if !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method) {
		return paramErrorf("method", "must be GET, POST, PUT, PATCH or DELETE")
	}
	text, err := encodeBody(body)
	if err != nil {
		return err
	}
	r, err := c.newRequest(method, path, params, text, result)
	if err != nil {
		return err
	}
	held, err := c.lock(ctx, targetOf(r.path), "")
	if err != nil {
		return newEndError(r, nil, err, ctx.Err())
	}
	defer held.unlock()
	held.wrote = true
	_, err = c.do(held.ctx, r)
	return err
}

// repeatable reports whether sending the request twice has the effect of sending it once.
func (r *request) repeatable() bool {
	return r.method == http.MethodGet || r.method == http.MethodPut && strings.HasSuffix(r.path, "/dcv-random-value")
}

// notTaken reports whether it is certain that the service did not act on a request that failed with err.
func notTaken(err error) bool {
	var f *failure
	var answer *Error
	switch {
	case errors.As(err, &answer):
		return !isUnclearStatus(answer.StatusCode)
	case errors.As(err, &f):
		return !f.sent
	}
	return false // a success that cannot be read
}

// isUnclearStatus reports whether a status leaves open whether the service, or a proxy before it, passed the request on and it
// was carried out.
func isUnclearStatus(status int) bool {
	return status >= 500 || status >= 300 && status <= 399 || status == http.StatusRequestTimeout || status < 200
}

// target is what a write changes: an order or a certificate.
var target = regexp.MustCompile(`^/(order/certificate|certificate)/[0-9A-Fa-f]+(/|$)`)

// targetOf returns what a write to path changes, or "" if it is not known to change one thing.
func targetOf(path string) string { return strings.TrimSuffix(target.FindString(path), "/") }
