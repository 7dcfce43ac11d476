// Errors that callers handle.

package digicert

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The kinds of failure that the status of a response reports. Test for them with
// [errors.Is]; the codes of the service ([ErrorCode]) are finer.
var (
	ErrAccessDenied = errors.New("digicert: access denied")          // status 401 or 403
	ErrNotFound     = errors.New("digicert: not found")              // status 404
	ErrRateLimited  = errors.New("digicert: request limit exceeded") // status 429
	ErrUnavailable  = errors.New("digicert: service unavailable")    // status 5xx
)

// Failures that the client itself reports.
var (
	// ErrRedirect is a redirect that is not followed: it leads to another scheme, host or port,
	// is the sixth in a row, or its Location cannot be read.
	ErrRedirect = errors.New("digicert: redirect refused")
	// ErrResponseTooLarge is a body that is larger than [WithMaxResponseBytes] after decompression, or that holds more
	// rows, or would take more memory, than a response may.
	ErrResponseTooLarge = errors.New("digicert: response too large")
	// ErrNoProgress is an older name for ErrIncomplete, which matches it.
	ErrNoProgress = errors.New("digicert: listing makes no progress")
	// ErrIncomplete is a listing whose end is not certain: rows may be missing. The message says why.
	ErrIncomplete error = incomplete{}
	// ErrOutcomeUnknown is a write that was sent, and nothing shows whether the service carried it out. See
	// [OutcomeUnknownError].
	ErrOutcomeUnknown = errors.New("digicert: outcome unknown")
	// ErrWrongCertificate is a download that does not begin with the certificate that was asked for.
	ErrWrongCertificate = errors.New("digicert: not the certificate asked for")
)

type incomplete struct{}

func (incomplete) Error() string        { return "digicert: listing may be incomplete" }
func (incomplete) Is(target error) bool { return target == ErrNoProgress }

// ErrorCode is the code of one entry of the service's errors[], such as "access_denied", or
// "family|detail", such as "not_found|order", or "family:path", such as "required_param:certificate.csr". It is an error itself, so that errors.Is(err, code)
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

// Codes of writes.
const (
	CodeRequiredParam      ErrorCode = "required_param" // "required_param:certificate.csr" names the member of the body
	CodeInvalidValue       ErrorCode = "invalid_value"
	CodeBadRequestFormat   ErrorCode = "bad_request_format"
	CodeAmbiguousProduct   ErrorCode = "ambiguous_product"
	CodeCSRCannotParse     ErrorCode = "csr_invalid_cannot_parse"
	CodeCAACheckFailed     ErrorCode = "caa_check_failed"
	CodeCAANotFound        ErrorCode = "caa_not_found"
	CodeInvalidCustomField ErrorCode = "invalid_custom_field_value"
	CodeInvalidApprover    ErrorCode = "access_denied|invalid_approver"
	// CodeCertValidityExceedsOrder is a certificate that would outlast its order.
	CodeCertValidityExceedsOrder ErrorCode = "cert_validity_exceeds_order_validity"
	CodeCTTurnedOff              ErrorCode = "cert_transparency_turned_off_for_account"
	CodeCannotArchivePrimary     ErrorCode = "cannot_archive_primary_certificate"
	CodeCannotLockDomain         ErrorCode = "cannot_activate_domain_lock"
	CodeCannotUnlockDomain       ErrorCode = "cannot_deactivate_domain_lock"
	CodeAuthKeyExists            ErrorCode = "auth_key_exists_for_account"
	// Checks of domain control that found nothing yet.
	CodeInvalidDNSTXT           ErrorCode = "invalid_dns_txt"
	CodeInvalidDNSMethod        ErrorCode = "invalid_dns_method"
	CodeFileRandomValueNotFound ErrorCode = "file_random_value_not_found"
	// The following are known from production clients only.
	CodeRequestAlreadyProcessed ErrorCode = "request_already_processed"
	CodeNotEligibleForRenewal   ErrorCode = "order_not_eligible_for_renewal"
	CodeRenewedAlready          ErrorCode = "order_renewed_already"
)

func (c ErrorCode) Error() string { return string(c) }

// Is reports whether target is this code or the family it belongs to: "required_param" is the family of
// "required_param:certificate.csr".
func (c ErrorCode) Is(target error) bool {
	t, ok := target.(ErrorCode)
	rest, isFamily := strings.CutPrefix(string(c), string(t))
	return ok && isFamily && (rest == "" || t != "" && (rest[0] == '|' || rest[0] == ':'))
}

// ErrorDetail is one entry of the service's errors[].
type ErrorDetail struct {
	Code    ErrorCode `json:"code"`
	Message string    `json:"message"`
}

// Error is a response of the service that is not a success: its status is not 2xx,
// or its body carries errors although its status is.
//
// errors.Is matches the codes of its Details and, by status, [ErrAccessDenied],
// [ErrNotFound], [ErrRateLimited] and [ErrUnavailable].
type Error struct {
	StatusCode int           // HTTP status; 2xx where a success carried errors
	Details    []ErrorDetail // entries of errors[]; empty if the body had none
	Method     string        // such as "GET"
	Path       string        // relative to the base URL, without query; an API key in it is redacted
	RetryAfter time.Duration // the wait that the service asked for; 0 if it did not
	Attempts   int           // times the request was sent, the first included
	Body       []byte        // at most 64 KiB, as received (it may be HTML); an API key in it is redacted
}

// Error returns one line with method, path, status and codes. The messages of the service are shortened.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("digicert: ")
	if call := callText(e.Method, e.Path); call != "" {
		b.WriteString(call + ": ")
	}
	b.WriteString(cmp.Or(statusText(e.StatusCode), "request failed"))
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
		b.WriteString(sep + d.text())
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.Attempts)
	}
	return b.String()
}

func (d ErrorDetail) text() string {
	code, message := oneLine(string(d.Code), 100), oneLine(d.Message, 200)
	switch {
	case message == "":
		return code
	case code == "":
		return message
	}
	return code + " (" + message + ")"
}

// callText names a call in a message: "GET /order/certificate/1". Either part may be empty.
func callText(method, path string) string {
	return strings.TrimSpace(oneLine(method, 20) + " " + oneLine(path, 200))
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// Unwrap returns the kind that the status reports, and every code.
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
	Param  string // the service's name of the parameter, or that of the argument
	Reason string

	code ErrorCode // what the service would have answered, if that is known
}

func (e *ParamError) Error() string {
	return fmt.Sprintf("digicert: parameter %s: %s", cmp.Or(e.Param, "(unnamed)"), cmp.Or(e.Reason, "refused"))
}

// Unwrap returns the code that the service would have answered: a time frame that is too long
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

// DecodeError is a response with status 2xx whose body is not what the call expects.
type DecodeError struct {
	Method  string // such as "GET"
	Path    string // of the request, relative to the base URL, without query; an API key in it is redacted
	Pointer string // where in the JSON (RFC 6901); "" is the whole document
	Err     error  // io.ErrUnexpectedEOF if the body was cut short
}

func (e *DecodeError) Error() string {
	text := "cannot decode the response"
	if call := callText(e.Method, e.Path); call != "" {
		text = call + ": " + text
	}
	if e.Pointer != "" {
		text += " at " + oneLine(e.Pointer, 200)
	}
	if e.Err != nil {
		text += ": " + oneLine(strings.TrimPrefix(e.Err.Error(), "digicert: "), 200)
	}
	return "digicert: " + text
}

func (e *DecodeError) Unwrap() error { return e.Err }

// OutcomeUnknownError is a write that the service may have carried out or not: its answer was lost, or says neither. It
// matches [ErrOutcomeUnknown] and wraps the last failure. Nothing was sent again. Look for the effect before sending
// the write again: an order is billed each time it is placed.
type OutcomeUnknownError struct {
	Method             string // such as "POST"
	Path               string // relative to the base URL, without query; an API key in it is redacted
	AlternativeOrderID string // under which an order that was placed can be found; "" for other writes
	Err                error  // the last failure
}

func (e *OutcomeUnknownError) Error() string {
	text := ErrOutcomeUnknown.Error()
	if call := callText(e.Method, e.Path); call != "" {
		text += ": " + call
	}
	if e.AlternativeOrderID != "" {
		text += " with alternative order id " + oneLine(e.AlternativeOrderID, 100)
	}
	if e.Err != nil {
		text += ": " + strings.TrimPrefix(e.Err.Error(), "digicert: ")
	}
	return text
}

// Unwrap returns ErrOutcomeUnknown and the last failure.
func (e *OutcomeUnknownError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrOutcomeUnknown}
	}
	return []error{ErrOutcomeUnknown, e.Err}
}
