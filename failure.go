// Internal errors of a call, without the key and the query.

package digicert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// stage is how far an attempt got before it failed.
type stage int

const (
	stageKey     stage = iota // getting the key
	stagePace                 // waiting for a pause to end and for a slot
	stageRequest              // sending the request and reading the response header
	stageBody                 // reading the body
)

// failure is an attempt without a usable response. It replaces the underlying error, whose text may contain the key and the
// query. Is and As match that error, but Unwrap does not return it.
type failure struct {
	stage        stage
	method, path string
	text         string // of the underlying error, redacted, in one line
	attempts     int
	sent         bool         // whether the service may have received the request
	timeout      bool         // whether it timed out
	inner        func() error // a function, because fmt prints the fields of nested errors
}

// newFailure returns the failure of an attempt that ended with err at a stage.
func newFailure(r *request, at stage, err error) *failure {
	var inURL *url.Error // its text contains the URL
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	text := oneLine(r.redactor.redact(strings.TrimPrefix(err.Error(), "digicert: ")), 300)
	if at == stageKey {
		text = "no API key: " + text
	}
	var timeout interface{ Timeout() bool }
	return &failure{
		stage: at, method: r.method, path: r.redactor.redactKeys(r.path), text: text, attempts: 1,
		sent:    at >= stageRequest && !neverSent(err),
		timeout: errors.As(err, &timeout) && timeout.Timeout(),
		inner:   func() error { return err },
	}
}

func (e *failure) Error() string {
	s := "digicert: " + callText(e.method, e.path) + ": " + e.text
	if e.attempts > 1 {
		s += fmt.Sprintf(", after %d attempts", e.attempts)
	}
	return s
}

func (e *failure) Is(target error) bool { return errors.Is(e.inner(), target) }
func (e *failure) As(target any) bool   { return errors.As(e.inner(), target) }

// Timeout and Temporary make a failure a [net.Error].
func (e *failure) Timeout() bool   { return e.timeout }
func (e *failure) Temporary() bool { return e.timeout }

// timeoutError is a time-out that the client sets itself, not the caller's context.
type timeoutError struct{ text string }

func (e timeoutError) Error() string   { return e.text }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

// endError is a call that ended before its next attempt, because its context ended or would end too soon, or because there was
// no slot or no key. It matches the reason and the last failure.
type endError struct {
	method, path string
	last         error  // the last failure; nil if there was none
	reason       string // redacted
	timeout      bool
	causes       func() []error // a function, because fmt prints the fields of nested errors
}

// newEndError returns the error of a call that ended for a reason, with the last failure if there was one. ctxErr is the
// context's Err, which may differ from its cause, or nil if the context has not ended.
func newEndError(r *request, last, reason, ctxErr error) *endError {
	text := r.redactor.redact(strings.TrimPrefix(reason.Error(), "digicert: "))
	var timeout interface{ Timeout() bool }
	return &endError{
		method: r.method, path: r.redactor.redactKeys(r.path), last: last,
		reason:  oneLine(text, 300),
		timeout: errors.As(errors.Join(ctxErr, reason), &timeout) && timeout.Timeout(),
		causes:  func() []error { return []error{reason, ctxErr} },
	}
}

func (e *endError) Error() string {
	if e.last == nil {
		return "digicert: " + callText(e.method, e.path) + ": " + e.reason
	}
	return "digicert: " + e.reason + "; last failure: " + strings.TrimPrefix(e.last.Error(), "digicert: ")
}

// Unwrap returns the last failure. Is and As match the reason.
func (e *endError) Unwrap() error { return e.last }

func (e *endError) Is(target error) bool { return errors.Is(errors.Join(e.causes()...), target) }
func (e *endError) As(target any) bool   { return errors.As(errors.Join(e.causes()...), target) }

func (e *endError) Timeout() bool   { return e.timeout }
func (e *endError) Temporary() bool { return e.timeout }

// ended returns the cause of ctx, or nil if ctx has not ended.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// errProxyAuth means that a proxy responded to CONNECT with status 407.
var errProxyAuth = errors.New("proxy authentication required")

// errSlotExpired means that a request was not sent because its slot may have expired.
var errSlotExpired = timeoutError{"the slot of the rate limit expired before the request was sent"}

// neverSent reports whether err shows that the service did not process the request: no connection was made, or HTTP/2 reported
// that the request was not processed.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	if errors.Is(err, errSlotExpired) {
		return true
	}
	if strings.Contains(err.Error(), "REFUSED_STREAM") { // HTTP/2
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns) || isBadCertificate(err) || isProxyAuth(err)
}

// isBadCertificate reports whether the verification of the server's certificate failed.
func isBadCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// isProxyAuth reports whether a proxy responded to CONNECT with status 407. Without errProxyAuth, as in a transport of the
// caller, only the text of the error shows that.
func isProxyAuth(err error) bool {
	return errors.Is(err, errProxyAuth) ||
		isFailureAt(err, stageRequest) && strings.HasSuffix(err.Error(), http.StatusText(http.StatusProxyAuthRequired))
}

// isKeyFailure reports whether a call failed because there was no valid key.
func isKeyFailure(err error) bool { return isFailureAt(err, stageKey) }

func isFailureAt(err error, at stage) bool {
	var f *failure
	return errors.As(err, &f) && f.stage == at
}
