// Errors that callers handle.

package digicert

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxErrorBody is how much of an error answer is kept, in bytes.
const maxErrorBody = 64 << 10

// The kinds of failure that the status of an answer tells. Test for them with
// [errors.Is]; the codes of the service ([ErrorCode]) are finer.
var (
	ErrAccessDenied = errors.New("digicert: access denied")           // status 401 or 403
	ErrNotFound     = errors.New("digicert: not found")               // status 404
	ErrRateLimited  = errors.New("digicert: request limit exceeded")  // status 429
	ErrUnavailable  = errors.New("digicert: the service has trouble") // status 5xx
)

// Failures that the client itself raises.
var (
	// ErrRedirect: the service answered with a redirect that is not followed, because it leads
	// to another scheme, host or port, is the sixth in a row, or cannot be read.
	ErrRedirect = errors.New("redirect refused")
	// ErrResponseTooLarge: the body, decompressed, is larger than [WithMaxResponseBytes].
	ErrResponseTooLarge = errors.New("response too large")
	// ErrNoProgress: a listing asked for the next page and was given nothing new.
	ErrNoProgress = errors.New("a full page brought nothing new")
	// ErrWrongCertificate: what was downloaded does not begin with the certificate that was asked for.
	ErrWrongCertificate = errors.New("not the certificate asked for")
)

// ErrorCode is the code of one entry of the service's errors[], such as "access_denied", or
// "family|detail", such as "not_found|order". It is an error itself, so that errors.Is(err, code)
// works for every code, those without a constant here included. A code matches itself and
// its family: an error with "not_found|order" is CodeNotFound too.
type ErrorCode string

// Codes that callers act on. The service has many more.
const (
	CodeTimeFrameTooLong     ErrorCode = "time_frame_too_long"
	CodeRequestLimitExceeded ErrorCode = "request_limit_exceeded"
	CodeAccessDenied         ErrorCode = "access_denied"
	CodeInvalidKey           ErrorCode = "access_denied|access_denied_invalid_key"
	CodeMissingPermission    ErrorCode = "access_denied|missing_permission"
	CodeNotFound             ErrorCode = "not_found"
)

func (c ErrorCode) Error() string { return string(c) }

// Is reports whether target is this code or the family it belongs to.
func (c ErrorCode) Is(target error) bool {
	t, ok := target.(ErrorCode)
	return ok && (c == t || strings.HasPrefix(string(c), string(t)+"|"))
}

// ErrorDetail is one entry of the service's errors[].
type ErrorDetail struct {
	Code    ErrorCode `json:"code"`
	Message string    `json:"message"`
}

// Error is an answer of the service that is not a success: a status outside 2xx,
// or a 200 whose body carries errors. It holds what could be read of it.
//
// errors.Is matches the codes of its Details and, by status, [ErrAccessDenied],
// [ErrNotFound], [ErrRateLimited] and [ErrUnavailable].
type Error struct {
	StatusCode int           // HTTP status; 200 where a success carried errors
	Details    []ErrorDetail // every entry of errors[]; empty where the body had none
	Method     string        // always GET today
	Path       string        // relative to the base URL, without query
	RetryAfter time.Duration // what the service asked to wait; 0 where it did not
	Attempts   int           // how often the request was sent, the first included
	Body       []byte        // at most 64 KiB, as received (it may be HTML); an API key in it is blotted out
}

// Error is one line with method, path, status and codes. The service's messages are shortened.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digicert: %s %s: %d", e.Method, oneLine(e.Path, 200), e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}
	const shown = 5
	for i, d := range e.Details {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(e.Details)-shown)
			break
		}
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		b.WriteString(sep + oneLine(string(d.Code), 100))
		switch {
		case d.Message == "":
		case d.Code == "":
			b.WriteString(oneLine(d.Message, 200))
		default:
			fmt.Fprintf(&b, " (%s)", oneLine(d.Message, 200))
		}
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.Attempts)
	}
	return b.String()
}

// Unwrap gives the kind that the status tells and every code.
func (e *Error) Unwrap() []error {
	var errs []error
	switch s := e.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		errs = append(errs, ErrAccessDenied)
	case s == http.StatusNotFound:
		errs = append(errs, ErrNotFound)
	case s == http.StatusTooManyRequests:
		errs = append(errs, ErrRateLimited)
	case s >= 500 && s <= 599:
		errs = append(errs, ErrUnavailable)
	}
	for _, d := range e.Details {
		errs = append(errs, d.Code)
	}
	return errs
}

// ParamError is a parameter or option that was refused before anything was sent.
type ParamError struct {
	Param  string // the service's name of the parameter, or the argument's
	Reason string

	code ErrorCode // what the service would have answered, where that is known
}

func (e *ParamError) Error() string {
	return fmt.Sprintf("digicert: parameter %s: %s", e.Param, e.Reason)
}

// Unwrap gives the code that the service would have answered: a time frame that is too long
// is CodeTimeFrameTooLong whoever refuses it.
func (e *ParamError) Unwrap() error {
	if e.code == "" {
		return nil
	}
	return e.code
}

func paramErrorf(param, format string, args ...any) *ParamError {
	return &ParamError{Param: param, Reason: fmt.Sprintf(format, args...)}
}

// DecodeError is an answer with status 2xx whose body is not what the call expects.
type DecodeError struct {
	Path    string // of the request, relative to the base URL, without query
	Pointer string // where in the JSON (RFC 6901); "" is the whole document
	Err     error  // io.ErrUnexpectedEOF where the body was cut short
}

func (e *DecodeError) Error() string {
	where := ""
	if e.Pointer != "" {
		where = " at " + oneLine(e.Pointer, 200)
	}
	return fmt.Sprintf("digicert: GET %s: cannot decode the answer%s: %s", oneLine(e.Path, 200), where, oneLine(e.Err.Error(), 200))
}

func (e *DecodeError) Unwrap() error { return e.Err }
