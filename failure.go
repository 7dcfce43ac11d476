// Internal errors, and the redaction of keys and queries in every text.

package digicert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-json-experiment/json"
)

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

// sendError is a request that was given no usable answer. It takes the place of [url.Error],
// which prints the whole URL with its query.
type sendError struct {
	path      string
	text      string // err in one line, key and query blotted out
	err       error
	attempts  int
	transient bool // whether it may go better the next time
}

func (e *sendError) Error() string {
	s := fmt.Sprintf("digicert: GET %s: %s", oneLine(e.path, 200), e.text)
	if e.attempts > 1 {
		s += fmt.Sprintf(", after %d attempts", e.attempts)
	}
	return s
}

// Is and As look into err, which is not handed out by Unwrap: its text can hold key and query.
func (e *sendError) Is(target error) bool { return errors.Is(e.err, target) }

func (e *sendError) As(target any) bool { return errors.As(e.err, target) }

// endError ends a call whose context ended, or would end before the next attempt.
// It is both the last failure and the reason why there is no further attempt.
type endError struct {
	path    string
	failure error // the last failure; nil where there was none
	cause   error
	err     error // the context's own error, which its cause need not be; nil where it has not ended
}

func (e *endError) Error() string {
	cause := oneLine(e.cause.Error(), 200)
	if e.failure == nil {
		return fmt.Sprintf("digicert: GET %s: %s", oneLine(e.path, 200), cause)
	}
	text := strings.TrimPrefix(e.failure.Error(), "digicert: ")
	return fmt.Sprintf("digicert: %s; the last failure: %s", cause, text)
}

func (e *endError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.failure, e.cause, e.err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// ended tells whether ctx is over and why: nil while it is not.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// oneLine makes text from outside fit for a message: one line, printable, at most limit runes.
func oneLine(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == limit {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// errorDetails reads the errors of a body: an array of {code, message}, a single such object
// (seen in an old recording), or an object of them. carried tells whether there were any, legible or not.
func errorDetails(body []byte) (details []ErrorDetail, carried bool) {
	var doc struct {
		Errors jsontext.Value `json:"errors"`
	}
	if json.Unmarshal(body, &doc, decodeOptions) != nil {
		return nil, false
	}
	if d, ok := errorDetail(doc.Errors); ok {
		return []ErrorDetail{d}, true
	}
	var entries []jsontext.Value
	switch doc.Errors.Kind() {
	case '[':
		if json.Unmarshal(doc.Errors, &entries, decodeOptions) != nil {
			return nil, true
		}
	case '{':
		var byName map[string]jsontext.Value
		if json.Unmarshal(doc.Errors, &byName, decodeOptions) != nil {
			return nil, true
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			entries = append(entries, byName[name])
		}
	case 't', '0':
		return nil, true
	}
	for _, e := range entries {
		if d, ok := errorDetail(e); ok {
			details = append(details, d)
		}
	}
	return details, len(entries) > 0
}

// errorDetail reads one entry: {code, message}, or a bare text.
func errorDetail(v jsontext.Value) (ErrorDetail, bool) {
	var d ErrorDetail
	switch v.Kind() {
	case '{':
		if json.Unmarshal(v, &d, decodeOptions) != nil {
			return ErrorDetail{}, false
		}
	case '"':
		if json.Unmarshal(v, &d.Message, decodeOptions) != nil {
			return ErrorDetail{}, false
		}
	}
	return d, d != ErrorDetail{}
}
