// The errors that calls return.

package digicert

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kinds of failure by the status of the response, for [errors.Is]. The codes of the service ([ErrorCode]) are more specific.
var (
	ErrAccessDenied = errors.New("digicert: access denied")          // status 401 or 403
	ErrNotFound     = errors.New("digicert: not found")              // status 404
	ErrRateLimited  = errors.New("digicert: request limit exceeded") // status 429
	ErrUnavailable  = errors.New("digicert: service unavailable")    // status 5xx
)

// Kinds of failure that the client detects, for [errors.Is].
var (
	// ErrRedirect means that a redirect was not followed, because it leads to another scheme, host or port, is the
	// sixth in a row, has an invalid Location, or would redirect a write.
	ErrRedirect = errors.New("digicert: redirect refused")
	// ErrResponseTooLarge means that a body is larger than [WithMaxResponseBytes] after decompression, has too many
	// rows, or would take too much memory.
	ErrResponseTooLarge = errors.New("digicert: response too large")
	// ErrNoProgress is an older name: every ErrIncomplete also matches it.
	ErrNoProgress = errors.New("digicert: listing makes no progress")
	// ErrIncomplete means that the end of a listing is uncertain: rows may be missing. The message gives the reason.
	ErrIncomplete error = incomplete{}
	// ErrOutcomeUnknown means that a write was sent, and it is unknown whether the service processed it. See
	// [OutcomeUnknownError].
	ErrOutcomeUnknown = errors.New("digicert: outcome unknown")
	// ErrWrongCertificate means that a download does not begin with the requested certificate.
	ErrWrongCertificate = errors.New("digicert: not the certificate asked for")
)

type incomplete struct{}

func (incomplete) Error() string        { return "digicert: listing may be incomplete" }
func (incomplete) Is(target error) bool { return target == ErrNoProgress }

// ErrorCode is the code of one entry of the service's errors[], such as "access_denied". A code may have a family, as in
// "not_found|order" or "required_param:certificate.csr". ErrorCode is itself an error, so that errors.Is(err, code) works for
// every code, including those without a constant. A code matches itself and its family: an error with the code
// "not_found|order" also matches CodeNotFound.
type ErrorCode string

// Common codes. The service has many more.
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
	// The certificate would outlast its order.
	CodeCertValidityExceedsOrder ErrorCode = "cert_validity_exceeds_order_validity"
	CodeCTTurnedOff              ErrorCode = "cert_transparency_turned_off_for_account"
	CodeCannotArchivePrimary     ErrorCode = "cannot_archive_primary_certificate"
	CodeCannotLockDomain         ErrorCode = "cannot_activate_domain_lock"
	CodeCannotUnlockDomain       ErrorCode = "cannot_deactivate_domain_lock"
	CodeAuthKeyExists            ErrorCode = "auth_key_exists_for_account"
	// A check of domain control found no token yet.
	CodeInvalidDNSTXT           ErrorCode = "invalid_dns_txt"
	CodeInvalidDNSMethod        ErrorCode = "invalid_dns_method"
	CodeFileRandomValueNotFound ErrorCode = "file_random_value_not_found"
	// The following codes are known only from production clients.
	CodeRequestAlreadyProcessed ErrorCode = "request_already_processed"
	CodeNotEligibleForRenewal   ErrorCode = "order_not_eligible_for_renewal"
	CodeRenewedAlready          ErrorCode = "order_renewed_already"
)

func (c ErrorCode) Error() string { return string(c) }

// Is reports whether target is this code or its family: "required_param" is the family of "required_param:certificate.csr".
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

// Error is a response of the service that is not a success: its status is not 2xx, or its body has errors despite a status
// 2xx.
//
// errors.Is matches the codes of its Details and, by status, [ErrAccessDenied],
// [ErrNotFound], [ErrRateLimited] and [ErrUnavailable].
type Error struct {
	StatusCode int           // HTTP status; 2xx if a success had errors
	Details    []ErrorDetail // entries of errors[]; empty if the body had none
	Method     string        // such as "GET"
	Path       string        // relative to the base URL, without query; an API key in it is redacted
	RetryAfter time.Duration // the Retry-After of the response; 0 if it had none
	Attempts   int           // number of attempts, including the first
	Body       []byte        // at most 64 KiB, as received (it may be HTML); an API key in it is redacted
}

// Error returns one line with the method, path, status and codes, and with shortened messages of the service.
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

// callText returns a call for a message, such as "GET /order/certificate/1". Either part may be empty.
func callText(method, path string) string {
	return strings.TrimSpace(oneLine(method, 20) + " " + oneLine(path, 200))
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// Unwrap returns the kind of failure by the status, and every code.
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

// ParamError means that a parameter or option is invalid. Nothing was sent.
type ParamError struct {
	Param  string // the service's name of the parameter, or the name of the argument
	Reason string

	code ErrorCode // the code that the service would have returned, if it is known
}

func (e *ParamError) Error() string {
	return fmt.Sprintf("digicert: parameter %s: %s", cmp.Or(e.Param, "(unnamed)"), cmp.Or(e.Reason, "refused"))
}

// Unwrap returns the code that the service would have returned, if it is known: a time frame that is too long matches
// CodeTimeFrameTooLong whether the client or the service refuses it.
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
	Pointer string // JSON pointer of the value (RFC 6901); "" is the whole document
	Err     error  // io.ErrUnexpectedEOF if the body was truncated
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

// OutcomeUnknownError means that a write was sent, and it is unknown whether the service processed it: the response was lost, or
// does not show the outcome. The error matches [ErrOutcomeUnknown] and wraps the last failure. The write was not sent again. Look
// for its effect before you send it again: an order is billed each time it is placed.
type OutcomeUnknownError struct {
	Method             string // such as "POST"
	Path               string // relative to the base URL, without query; an API key in it is redacted
	AlternativeOrderID string // by which a placed order can be found; "" for other writes
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
