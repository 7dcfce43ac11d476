package digicerttest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

// Fault is a way in which the server misbehaves, for [Server.Inject]. It is made by one of the
// functions that return one, and then narrowed down by its methods, each of which returns a changed
// copy:
//
//	digicerttest.HTMLPage(502).Times(2).On(digicerttest.SubaccountOrders)
//
// Without Times or Share it befalls every request.
type Fault struct {
	kind      faultKind
	status    int
	code      digicert.ErrorCode
	text      string // body, message or URL
	header    [][2]string
	wait      time.Duration
	bytes     int64
	endpoints []Endpoint
	times     int     // 0: always
	after     int     // requests to spare first
	share     float64 // 0: all
	seed      uint64
}

type faultKind string

// The kinds are the words of ParseFault. Those before kindDrip act in front of the service, the
// others on an answer that is a success.
const (
	kindStatus           faultKind = "status"
	kindError            faultKind = "error"
	kindHTML             faultKind = "html"
	kindRedirect         faultKind = "redirect"
	kindRateLimited      faultKind = "rate-limited"
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
)

// Status answers with a status, 200 to 599, and a body of any kind in place of the service's
// answer. The Content-Type follows the first character of the body.
func Status(status int, body string) Fault {
	return Fault{kind: kindStatus, status: status, text: body}
}

// APIError answers with a status, 200 to 599, and the documented error body. With 200 it is a
// success that carries errors.
func APIError(status int, code digicert.ErrorCode, message string) Fault {
	return Fault{kind: kindError, status: status, code: code, text: message}
}

// HTMLPage answers with a status, 200 to 599, and an HTML page such as those of proxies and
// firewalls.
func HTMLPage(status int) Fault { return Fault{kind: kindHTML, status: status} }

// Redirect answers 302 to a URL. For another status there is Status with a header "Location".
func Redirect(url string) Fault { return Fault{kind: kindRedirect, text: url} }

// RateLimited answers 429 with the recorded body, whatever the real limits. A retryAfter above 0 is
// sent as Retry-After in whole seconds, which the service has never been seen to do.
func RateLimited(retryAfter time.Duration) Fault {
	return Fault{kind: kindRateLimited, wait: retryAfter}
}

// Delay holds the answer, of whatever kind, back for d. The answer is made up before the wait.
func Delay(d time.Duration) Fault { return Fault{kind: kindDelay, wait: d} }

// Hang never answers; the request ends with its context, its connection or the server.
func Hang() Fault { return Fault{kind: kindHang} }

// Reset breaks the connection in place of an answer. Where the connection was used before, net/http
// repeats a GET by itself, so that a Reset that befalls one request in a row may not be seen by its
// caller.
func Reset() Fault { return Fault{kind: kindReset} }

// Drip sends the body n bytes at a time, with a pause between any two of these drops.
func Drip(n int, pause time.Duration) Fault {
	return Fault{kind: kindDrip, bytes: int64(n), wait: pause}
}

// ResetInBody breaks the connection in the middle of the body.
func ResetInBody() Fault { return Fault{kind: kindResetInBody} }

// Truncate sends half of the body under the Content-Length of the whole, so that HTTP tells that
// something is missing.
func Truncate() Fault { return Fault{kind: kindTruncate} }

// TruncateSilently sends half of the body under the Content-Length of the half, so that only its
// JSON tells that something is missing.
func TruncateSilently() Fault { return Fault{kind: kindTruncateSilently} }

// HugeBody puts n bytes of white space in front of the body, without a Content-Length. JSON allows
// that; a Download is spoilt by it.
func HugeBody(n int64) Fault { return Fault{kind: kindHugeBody, bytes: n} }

// GzipBomb is HugeBody compressed to about a thousandth, whether the client takes gzip or not.
func GzipBomb(n int64) Fault { return Fault{kind: kindGzipBomb, bytes: n} }

// EmptyArraysForObjects sends [] for every object within an answer, for the certificate where an
// order shows none, and for an answer that would be {}. As all faults that distort JSON, it spares
// Download.
func EmptyArraysForObjects() Fault { return Fault{kind: kindEmptyArrays} }

// NumbersAsStrings sends every number as a string.
func NumbersAsStrings() Fault { return Fault{kind: kindNumbersAsStrings} }

// DuplicateRows makes every row appear twice in its list. A paged list is cut into pages as if it
// had all its rows twice: total and offset count them all. It spares the endpoints without a list.
func DuplicateRows() Fault { return Fault{kind: kindDuplicateRows} }

// Nulls sends null for the documented keys that would be absent from a row or an order, and for a
// list that would be.
func Nulls() Fault { return Fault{kind: kindNulls} }

// MissingKeys leaves out all keys of a row or an order but its ids, and the page object.
func MissingKeys() Fault { return Fault{kind: kindMissingKeys} }

// RepeatPrimary lists the order's primary certificate as often as the order has reissues, in place
// of them; once where it has none. It is for Reissues alone.
func RepeatPrimary() Fault { return Fault{kind: kindRepeatPrimary} }

// WrongCertificate gives another certificate than the one that was asked for: the first other issued
// one among the order's own, its reissues and its duplicates, or one that is made up where there is
// none. The service has been seen to do so in a Download; the fault is for that and for Chain.
func WrongCertificate() Fault { return Fault{kind: kindWrongCertificate} }

// ChildAccounts lists subaccounts as "child_accounts", as one part of the documentation has it where
// another has "subaccounts". It is for Subaccounts alone.
func ChildAccounts() Fault { return Fault{kind: kindChildAccounts} }

// Times makes the fault befall n requests and then be over.
func (f Fault) Times(n int) Fault {
	f.times = n
	if n == 0 {
		f.times = -1 // which Inject refuses, where 0 would be for ever
	}
	return f
}

// After spares the first n requests that the fault could befall.
func (f Fault) After(n int) Fault { f.after = n; return f }

// Share makes the fault befall a share of the requests, above 0 and at most 1, chosen at random:
// the same ones for the same seed, as long as the requests come in the same order.
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

// Header adds a header to the answer of a fault that answers itself, such as "Retry-After".
func (f Fault) Header(name, value string) Fault {
	f.header = append(slices.Clone(f.header), [2]string{name, value})
	return f
}

// replies reports whether the fault answers itself.
func (f Fault) replies() bool {
	return slices.Contains([]faultKind{kindStatus, kindError, kindHTML, kindRedirect, kindRateLimited}, f.kind)
}

// inFront reports whether the fault acts in front of the service.
func (f Fault) inFront() bool {
	return f.replies() || f.kind == kindDelay || f.kind == kindHang || f.kind == kindReset || f.kind.ofDate()
}

// suits reports whether the fault can act at an endpoint. Where it cannot it spares the requests.
func (f Fault) suits(endpoint Endpoint) bool {
	switch f.kind {
	case kindRepeatPrimary:
		return endpoint == Reissues
	case kindWrongCertificate:
		return endpoint == Download || endpoint == Chain
	case kindChildAccounts:
		return endpoint == Subaccounts
	case kindDuplicateRows:
		return routeOf(endpoint).shape.list != ""
	case kindEmptyArrays, kindNumbersAsStrings, kindNulls, kindMissingKeys:
		return routeOf(endpoint).mediaType == nil // which is JSON
	}
	return true
}

func (f Fault) check() error {
	needsStatus := f.kind == kindStatus || f.kind == kindError || f.kind == kindHTML
	needsWait := f.kind == kindDelay || f.kind == kindDrip ||
		f.kind == kindDateAhead || f.kind == kindDateBehind || f.kind == kindDateGrowing
	needsBytes := f.kind == kindDrip || f.kind == kindHugeBody || f.kind == kindGzipBomb
	switch {
	case f.kind == "":
		return errors.New("the zero Fault does nothing")
	case needsStatus && (f.status < 200 || f.status > 599):
		return fmt.Errorf("status %d is outside 200 to 599", f.status)
	case f.kind == kindRedirect && f.text == "":
		return errors.New("a redirect without a URL")
	case needsWait && f.wait <= 0, f.wait < 0:
		return fmt.Errorf("a wait of %s", f.wait)
	case needsBytes && f.bytes <= 0:
		return fmt.Errorf("%d bytes", f.bytes)
	case f.times < 0:
		return errors.New("the number of times must be positive")
	case f.after < 0:
		return errors.New("the number of requests to spare is negative")
	case !(f.share >= 0 && f.share <= 1):
		return errors.New("the share must be above 0 and at most 1")
	case len(f.header) > 0 && !f.replies():
		return errors.New("a header is for faults that answer themselves")
	}
	for _, e := range f.endpoints {
		if routeOf(e) == nil {
			return fmt.Errorf("there is no endpoint %q", e)
		}
		switch {
		case f.suits(e):
		case f.kind == kindRepeatPrimary:
			return errors.New("only the list of reissues can repeat the primary certificate")
		default:
			return fmt.Errorf("the endpoint %q has nothing that it could act on", e)
		}
	}
	return nil
}

// Inject adds faults to those that there are. Of the faults that answer themselves, hang or reset,
// the first that befalls a request keeps the others away; all others act together, except that a
// body is cut only once.
//
// A fault that distorts or cuts a body only befalls, and only uses up its Times on, requests that
// the service answers with a success. One that acts in front of the service befalls requests with a
// bad key too, and keeps them from counting against a rate limit. Waits take real time, whatever
// the server's clock says.
//
// A fault that makes no sense is an error, and then none is added.
func (s *Server) Inject(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("digicerttest: fault %s: %w", cmp.Or(string(f.kind), "of no kind"), err)
		}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, f := range faults {
		s.faults.active = append(s.faults.active, &activeFault{
			Fault:  f,
			chance: rand.New(rand.NewPCG(f.seed, 0)),
		})
	}
	return nil
}

// ClearFaults removes all faults. Requests that they have befallen already are not released.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = nil
}

type faultList struct {
	mu     sync.Mutex
	active []*activeFault
}

type activeFault struct {
	Fault
	chance   *rand.Rand
	befell   int // how often it has befallen a request
	standing standingDate
}

// befalls decides about a request, and counts it.
func (f *activeFault) befalls(endpoint Endpoint) bool {
	if !f.suits(endpoint) || len(f.endpoints) > 0 && !slices.Contains(f.endpoints, endpoint) {
		return false
	}
	if f.after > 0 {
		f.after--
		return false
	}
	return f.share == 0 || f.chance.Float64() < f.share
}

// draw lets the faults that act in front of the service, or those that act on its answer, befall a
// request. A fault that has done so for the last time is removed.
func (l *faultList) draw(endpoint Endpoint, inFront bool, m *mischief) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = slices.DeleteFunc(l.active, func(f *activeFault) bool {
		if f.inFront() != inFront || !m.admits(f.kind) || !f.befalls(endpoint) {
			return false
		}
		f.befell++
		m.add(f.Fault)
		m.date.add(f, f.befell)
		f.times-- // below 0 it never ends
		return f.times == 0
	})
}

// mischief is what faults do to one request.
type mischief struct {
	faulted bool    // whether they do anything
	reply   *answer // in place of the service's
	delivery

	emptyArrays, numbersAsStrings, duplicateRows, nulls, missingKeys, repeatPrimary, wrongCertificate, childAccounts bool
}

// copies is how often a row stands in its list.
func (m *mischief) copies() int {
	if m.duplicateRows {
		return 2
	}
	return 1
}

// admits reports whether a fault can still act beside those that do.
func (m *mischief) admits(kind faultKind) bool {
	switch kind {
	case kindDelay, kindDateAhead, kindDateBehind, kindDateGrowing, kindDateStanding, kindDateMissing:
		return true
	case kindTruncate, kindTruncateSilently, kindResetInBody:
		return m.cut == uncut
	}
	return m.reply == nil && !m.hang && !m.reset
}

func (m *mischief) add(f Fault) {
	m.faulted = true
	switch f.kind {
	case kindDelay:
		m.delay += f.wait
	case kindHang:
		m.hang = true
	case kindReset:
		m.reset = true
	case kindDrip:
		m.dripBytes, m.dripEvery = int(f.bytes), f.wait
	case kindResetInBody:
		m.cut = cutByReset
	case kindTruncate:
		m.cut = cutOff
	case kindTruncateSilently:
		m.cut = cutSilently
	case kindHugeBody:
		m.padding += f.bytes
	case kindGzipBomb:
		m.bomb += f.bytes
	case kindEmptyArrays:
		m.emptyArrays = true
	case kindNumbersAsStrings:
		m.numbersAsStrings = true
	case kindDuplicateRows:
		m.duplicateRows = true
	case kindNulls:
		m.nulls = true
	case kindMissingKeys:
		m.missingKeys = true
	case kindRepeatPrimary:
		m.repeatPrimary = true
	case kindWrongCertificate:
		m.wrongCertificate = true
	case kindChildAccounts:
		m.childAccounts = true
	case kindDateAhead, kindDateBehind, kindDateGrowing, kindDateStanding, kindDateMissing:
	default:
		m.reply = f.reply()
	}
}

const page = `<!DOCTYPE html>
<html>
<head><title>%s</title></head>
<body>
<h1>%s</h1>
</body>
</html>
`

// reply is the answer of a fault that answers itself.
func (f Fault) reply() *answer {
	var a *answer
	switch f.kind {
	case kindStatus:
		a = newAnswer(f.status, contentTypeOf(f.text), []byte(f.text))
	case kindError:
		a = newAnswer(f.status, contentJSON, appendErrors(nil, []digicert.ErrorDetail{{Code: f.code, Message: f.text}}))
	case kindHTML:
		title := strconv.Itoa(f.status) + " " + http.StatusText(f.status)
		a = newAnswer(f.status, contentHTML, fmt.Appendf(nil, page, title, title))
	case kindRedirect:
		a = newAnswer(http.StatusFound, "", nil)
		a.header.Set("Location", f.text)
	case kindRateLimited:
		a = newAnswer(http.StatusTooManyRequests, contentJSON, appendErrors(nil, errRequestLimit.errors))
		if f.wait > 0 {
			a.header.Set("Retry-After", strconv.Itoa(int((f.wait+time.Second-1)/time.Second)))
		}
	}
	for _, h := range f.header {
		a.header.Set(h[0], h[1])
	}
	return a
}
