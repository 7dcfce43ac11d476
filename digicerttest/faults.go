// Fault and its constructors.

package digicerttest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-digicert/digicert"
)

// Fault is a fault of the server, for [Server.Inject]. One of the functions below creates it, and its
// methods limit it; each returns a modified copy:
//
//	digicerttest.HTMLPage(502).Times(2).On(digicerttest.SubaccountOrders)
//
// Without Times or Share it affects every request.
type Fault struct {
	kind      faultKind
	status    int
	code      digicert.ErrorCode
	text      string // body, message or URL
	header    [][2]string
	wait      time.Duration
	bytes     int64
	endpoints []Endpoint
	times     int     // 0: no limit
	after     int     // requests to skip first
	effect    bool    // AfterEffect
	share     float64 // 0: all
	seed      uint64
	stale     *atomic.Int64 // see TotalStale; of an injected fault
}

type faultKind string

// The kinds are the words of ParseFault. Those before kindDrip act before the service handles the request,
// the others on a successful response.
const (
	kindStatus           faultKind = "status"
	kindError            faultKind = "error"
	kindHTML             faultKind = "html"
	kindRedirect         faultKind = "redirect"
	kindRateLimited      faultKind = "rate-limited"
	kindLoseRequest      faultKind = "lose-request"
	kindDelay            faultKind = "delay"
	kindHang             faultKind = "hang"
	kindReset            faultKind = "reset"
	kindDrip             faultKind = "drip"
	kindResetInBody      faultKind = "reset-in-body"
	kindTruncate         faultKind = "truncate"
	kindTruncateSilently faultKind = "truncate-silently"
	kindHugeBody         faultKind = "huge-body"
	kindGzipBomb         faultKind = "gzip-bomb"
	kindEmptyArrays      faultKind = "empty-arrays"
	kindNumbersAsStrings faultKind = "numbers-as-strings"
	kindDuplicateRows    faultKind = "duplicate-rows"
	kindNulls            faultKind = "nulls"
	kindMissingKeys      faultKind = "missing-keys"
	kindRepeatPrimary    faultKind = "repeat-primary"
	kindWrongCertificate faultKind = "wrong-certificate"
	kindChildAccounts    faultKind = "child-accounts"
	kindLoseAnswer       faultKind = "lose-answer"
	kindCutWhileActing   faultKind = "cut-while-acting"
	kindCommitLate       faultKind = "commit-late"
	kindOtherForm        faultKind = "other-form"
)

// Status sends a response with a status, 200 to 599, and any body. The first character of the body
// determines the Content-Type.
func Status(status int, body string) Fault {
	return Fault{kind: kindStatus, status: status, text: body}
}

// APIError sends a response with a status, 200 to 599, and the documented error body. With status 200 it
// is a success with errors.
func APIError(status int, code digicert.ErrorCode, message string) Fault {
	return Fault{kind: kindError, status: status, code: code, text: message}
}

// HTMLPage sends a response with a status, 200 to 599, and an HTML page, as proxies and firewalls do.
func HTMLPage(status int) Fault { return Fault{kind: kindHTML, status: status} }

// Redirect sends status 302 with a URL. For another status use Status with a Location header.
func Redirect(url string) Fault { return Fault{kind: kindRedirect, text: url} }

// RateLimited sends status 429 with the recorded body, regardless of the limits. A positive retryAfter is
// sent as Retry-After in whole seconds; the service is not known to send one.
func RateLimited(retryAfter time.Duration) Fault {
	return Fault{kind: kindRateLimited, wait: retryAfter}
}

// Delay delays the response by d. The server handles the request before the delay.
func Delay(d time.Duration) Fault { return Fault{kind: kindDelay, wait: d} }

// Hang never responds; the request ends with its context, its connection or the server.
func Hang() Fault { return Fault{kind: kindHang} }

// Reset resets the connection instead of responding. On a reused connection net/http
// retries a GET itself, so that a caller may not notice a single Reset.
func Reset() Fault { return Fault{kind: kindReset} }

// Drip sends the body n bytes at a time, with a pause before each piece but the first.
func Drip(n int, pause time.Duration) Fault {
	return Fault{kind: kindDrip, bytes: int64(n), wait: pause}
}

// ResetInBody resets the connection after half of the body.
func ResetInBody() Fault { return Fault{kind: kindResetInBody} }

// Truncate sends half of the body with the Content-Length of the whole, so that HTTP reports that the
// rest is missing.
func Truncate() Fault { return Fault{kind: kindTruncate} }

// TruncateSilently sends half of the body with the Content-Length of the half, so that only the JSON
// shows that the rest is missing.
func TruncateSilently() Fault { return Fault{kind: kindTruncateSilently} }

// HugeBody sends n bytes of white space before the body, without a Content-Length. The body
// remains valid JSON; a Download becomes invalid.
func HugeBody(n int64) Fault { return Fault{kind: kindHugeBody, bytes: n} }

// GzipBomb is like HugeBody, but compressed to about a thousandth, whether or not the client accepts gzip.
func GzipBomb(n int64) Fault { return Fault{kind: kindGzipBomb, bytes: n} }

// EmptyArraysForObjects sends [] for every object within a response, for the missing certificate of an
// order, and for a response that would be {}. Like all faults that alter JSON, it does not affect
// Download.
func EmptyArraysForObjects() Fault { return Fault{kind: kindEmptyArrays} }

// NumbersAsStrings sends every number as a string.
func NumbersAsStrings() Fault { return Fault{kind: kindNumbersAsStrings} }

// DuplicateRows lists every row twice. Pages, total and offset count the repeated rows. It affects
// only endpoints with a list.
func DuplicateRows() Fault { return Fault{kind: kindDuplicateRows} }

// Nulls sends null for the documented keys that a row or an order lacks, and for an absent list.
func Nulls() Fault { return Fault{kind: kindNulls} }

// MissingKeys omits all keys of a row or an order except its ids, and the page object.
func MissingKeys() Fault { return Fault{kind: kindMissingKeys} }

// RepeatPrimary lists the order's primary certificate in place of each of its reissues, and once if it
// has none. It affects Reissues only.
func RepeatPrimary() Fault { return Fault{kind: kindRepeatPrimary} }

// WrongCertificate sends another certificate than the requested one: the first other issued one of the
// order, its reissues and its duplicates, or an invented one if there is none. The service is known to
// do so in a Download. The fault affects Download and Chain.
func WrongCertificate() Fault { return Fault{kind: kindWrongCertificate} }

// ChildAccounts lists subaccounts under "child_accounts", the name on one page of the documentation,
// instead of "subaccounts". It affects Subaccounts only.
func ChildAccounts() Fault { return Fault{kind: kindChildAccounts} }

// Times limits the fault to n requests.
func (f Fault) Times(n int) Fault {
	f.times = n
	if n == 0 {
		f.times = -1 // Inject returns an error for it; 0 would mean no limit
	}
	return f
}

// After skips the first n requests that the fault could affect.
func (f Fault) After(n int) Fault { f.after = n; return f }

// Share limits the fault to a random share of the requests, above 0 and at most 1. The same seed
// selects the same requests, as long as they arrive in the same order.
func (f Fault) Share(share float64, seed uint64) Fault {
	f.share, f.seed = share, seed
	if share == 0 {
		f.share = -1 // as in Times
	}
	return f
}

// On limits the fault to endpoints.
func (f Fault) On(endpoints ...Endpoint) Fault {
	f.endpoints = append(slices.Clone(f.endpoints), endpoints...)
	return f
}

// Header adds a header, such as Retry-After, to a fault that sends its own response.
func (f Fault) Header(name, value string) Fault {
	f.header = append(slices.Clone(f.header), [2]string{name, value})
	return f
}

// replies reports whether the fault sends its own response.
func (f Fault) replies() bool {
	return slices.Contains([]faultKind{kindStatus, kindError, kindHTML, kindRedirect, kindRateLimited}, f.kind)
}

// inFront reports whether the fault acts before the service handles the request.
func (f Fault) inFront() bool {
	return !f.effect && (f.stopsOrDelays() || f.kind.ofDate())
}

// stopsOrDelays reports whether the fault stops or delays requests. Without AfterEffect such a fault acts before the
// service handles the request.
func (f Fault) stopsOrDelays() bool {
	return f.replies() || slices.Contains([]faultKind{kindDelay, kindHang, kindReset, kindLoseRequest}, f.kind)
}

// canActAt reports whether the fault can affect an endpoint.
func (f Fault) canActAt(endpoint Endpoint) bool {
	if f.kind == kindIgnoredSort {
		return endpoint == Orders || endpoint == SubaccountOrders
	}
	if f.kind.lists() {
		return paged(endpoint)
	}
	switch f.kind {
	case kindLoseRequest, kindLoseAnswer, kindCutWhileActing, kindCommitLate, kindOtherForm:
		return endpoint.writes()
	case kindRepeatPrimary:
		return endpoint == Reissues
	case kindWrongCertificate:
		return endpoint == Download || endpoint == Chain
	case kindChildAccounts:
		return endpoint == Subaccounts
	case kindDuplicateRows:
		r := routeOf(endpoint)
		return r != nil && r.shape.list != ""
	case kindEmptyArrays, kindNumbersAsStrings, kindNulls, kindMissingKeys:
		r := routeOf(endpoint)
		return r != nil && !r.file
	}
	return true
}

func (f Fault) check() error {
	needsStatus := f.kind == kindStatus || f.kind == kindError || f.kind == kindHTML
	needsWait := slices.Contains([]faultKind{kindDelay, kindDrip, kindDateAhead, kindDateBehind, kindDateGrowing}, f.kind)
	needsBytes := f.kind == kindDrip || f.kind == kindHugeBody || f.kind == kindGzipBomb
	switch {
	case f.kind == "":
		return errors.New("the zero Fault does nothing")
	case needsStatus && (f.status < 200 || f.status > 599):
		return fmt.Errorf("status %d is outside 200 to 599", f.status)
	case f.kind == kindRedirect && f.text == "":
		return errors.New("a redirect requires a URL")
	case needsWait && f.wait <= 0, f.wait < 0:
		return fmt.Errorf("the duration %s is not positive", f.wait)
	case f.kind == kindCommitLate && (f.bytes < 0 || f.wait < 0 || f.bytes == 0 && f.wait == 0):
		return errors.New("the number of reads or the duration must be positive")
	case f.effect && (!f.stopsOrDelays() || f.kind == kindLoseRequest):
		return fmt.Errorf("%s cannot act after the effect", f.kind)
	case needsBytes && f.bytes <= 0:
		return fmt.Errorf("the number of bytes, %d, is not positive", f.bytes)
	case f.kind.counts() && (f.bytes <= 0 || f.bytes > math.MaxInt32):
		return fmt.Errorf("the number of rows, %d, is outside 1 to %d", f.bytes, math.MaxInt32)
	case f.times < 0:
		return errors.New("the number of times must be positive")
	case f.after < 0:
		return errors.New("the number of requests to skip is negative")
	case !(f.share >= 0 && f.share <= 1):
		return errors.New("the share must be above 0 and at most 1")
	case len(f.header) > 0 && !f.replies():
		return errors.New("only a fault that sends its own response can have a header")
	}
	for _, e := range f.endpoints {
		if routeOf(e) == nil {
			return fmt.Errorf("the endpoint %q does not exist", e)
		}
		switch {
		case f.canActAt(e):
		case f.kind == kindRepeatPrimary:
			return errors.New("it affects the endpoint reissues only")
		default:
			return fmt.Errorf("it cannot affect the endpoint %q", e)
		}
	}
	return nil
}
