// Inject: which requests a fault acts on, and what it does to them.

package digicerttest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

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
	chance *rand.Rand
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
		m.add(f.Fault)
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
	case kindDelay:
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
