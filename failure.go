// Failures of a call: internal errors that show neither key nor query.

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
	stageKey     stage = iota // the key function
	stagePace                 // the wait for the pause and the slot
	stageRequest              // the request, and the response up to its body
	stageBody                 // the body
)

// failure is an attempt that got no usable response. It stands in for the error beneath it, whose text can hold the key
// and the query: Is and As look into that error, and nothing hands it out.
type failure struct {
	stage        stage
	method, path string
	text         string // of the error, redacted, in one line
	attempts     int
	sent         bool         // whether the service may have received the request
	timeout      bool         // whether it ran out of time
	inner        func() error // a function, because fmt prints the fields of nested errors
}

// newFailure returns the failure of a request that ended with err.
func newFailure(r *request, at stage, err error) *failure {
	var inURL *url.Error // prints the URL
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	text := oneLine(strings.TrimPrefix(r.redactor.redact(err.Error()), "digicert: "), 300)
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

// timeoutError is the end of an attempt whose caller would have waited longer.
type timeoutError struct{ text string }

func (e timeoutError) Error() string   { return e.text }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

// endError is a call that ended before its next attempt: its context ended, or would end before, or no slot or key was
// to be had. It is both the reason of the end and the last failure.
type endError struct {
	method, path string
	last         error  // the last failure; nil if there was none
	reason       string // redacted
	timeout      bool
	causes       func() []error // functions of ctx and caller, whose texts may hold anything
}

// newEndError returns the end of a call for a reason, with the last failure if there was one. ctxErr is the error of the context,
// which its cause need not be; nil if it has not ended.
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

// Unwrap returns the last failure. What ended the call is matched by Is and As.
func (e *endError) Unwrap() error { return e.last }

func (e *endError) Is(target error) bool { return errors.Is(errors.Join(e.causes()...), target) }
func (e *endError) As(target any) bool   { return errors.As(errors.Join(e.causes()...), target) }

func (e *endError) Timeout() bool   { return e.timeout }
func (e *endError) Temporary() bool { return e.timeout }

// ended returns why ctx is over, or nil if it is not.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// errProxyAuth is a proxy's 407 to CONNECT.
var errProxyAuth = errors.New("proxy authentication required")

// errSlotExpired is a request that was not sent because its slot had been held for too long.
var errSlotExpired = timeoutError{"the slot of the rate limit was held for too long before anything was sent"}

// neverSent reports whether err shows that the service cannot have acted on the request: no connection was made, or the request was
// not processed.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	if errors.Is(err, errSlotExpired) {
		return true
	}
	if strings.Contains(err.Error(), "REFUSED_STREAM") { // of HTTP/2: the request was not processed
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns) || isBadCertificate(err) || isProxyAuth(err)
}

// isBadCertificate reports whether the server's certificate does not verify.
func isBadCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// isProxyAuth reports whether a proxy refused CONNECT with 407. A transport of the caller reports that by the text alone.
func isProxyAuth(err error) bool {
	return errors.Is(err, errProxyAuth) || isFailureAt(err, stageRequest) && strings.HasSuffix(err.Error(), http.StatusText(http.StatusProxyAuthRequired))
}

// isKeyFailure reports whether a call failed because there was no key to send.
func isKeyFailure(err error) bool { return isFailureAt(err, stageKey) }

func isFailureAt(err error, at stage) bool {
	var f *failure
	return errors.As(err, &f) && f.stage == at
}
